// Two motifs in one pattern: how often 'match --components 2' names both, and how often it names a
// second one that is not there. Multislice simulations of icosahedra and fcc clusters turned at
// random, one above the other in the same column of 18 Angstrom of Cu64.5Zr35.5 packing (centres at
// 3 to 4.5 Angstrom from either face), or one of them alone at random depth, or none; packings that
// the library never saw, 200 kV, 3.58 mrad. Prints for each content the shares of patterns, with
// their 95 % intervals, in which at p <= 5 %
//   first        a first component is found, and is of a motif that is there,
//   both named   two are found and their names are those of the two motifs,
//   a second     a second one is found at all.
//   overlapping [threads] [seed] [electrons] [patterns per content]
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/random.hpp"
#include "models/embedding.hpp"
#include "models/rotations.hpp"
#include "models/transform.hpp"
#include "multislice/changed_slab.hpp"
#include "patterns/match_mixture.hpp"
#include "patterns/match_neighbours.hpp"
#include "studies/library_build.hpp"
#include "validation/analytic/cu_zr_packings.hpp"

using namespace vitrobeam;

namespace {

constexpr double kBox = 24, kThickness = 18;

// Motifs by index in a slab of a fresh packing.
PlaneF pattern_of(const std::vector<int>& content, const LibraryPlan& plan,
                  const std::vector<Atoms>& packings, RandomSequence& r) {
  const Vector3d low(kBox * r.uniform(), kBox * r.uniform(), 18 * r.uniform());
  const Atoms slab =
      cut_box(packings[r.below(packings.size())], low, low + Vector3d(kBox, kBox, kThickness));
  Atoms motifs;
  for (std::size_t k = 0; k < content.size(); ++k) {
    const Atoms turned = rotated(build_motif(find_motif(plan.motifs[std::size_t(content[k])]),
                                             {plan.decorations[0], plan.bond, 0}),
                                 random_rotation(r));
    double depth = 3 + 1.5 * r.uniform();
    if (content.size() == 1) depth = 3 + (kThickness - 6) * r.uniform();
    if (k == 1) depth = kThickness - depth;
    for (std::size_t i = 0; i < turned.size(); ++i)
      motifs.add(turned.numbers[i], turned.positions[i] + Vector3d(kBox / 2, kBox / 2, depth));
  }
  const ChangedSlab<float> changed(slab, plan.simulation, plan.decorations[0],
                                   {{kBox / 2, kBox / 2}});
  const auto scratch = changed.make_scratch();
  motifs.cell = slab.cell;
  return changed(motifs,
                 motifs.size() > 0 ? displaced_atoms(slab, motifs) : std::vector<std::size_t>{},
                 *scratch)[0];
}

}  // namespace

int main(int argc, char** argv) {
  const auto given = [&](int k, double otherwise) {
    return argc > k ? std::atof(argv[k]) : otherwise;
  };
  LibraryPlan plan = cu_zr_plan(kThickness, kBox, 130, 10, int(given(1, 2)));
  const auto seed = std::uint64_t(given(2, 1));
  const double dose = given(3, 1e5);
  const int n = int(given(4, 100));
  plan.null_patterns = 600;
  plan.planted_patterns = 0;
  plan.seed = 100000 * seed + 1;
  const MotifLibrary library = build_library(
      plan, cu_zr_packings(18, kBox, kThickness, 100000 * seed, plan.threads), [](std::size_t) {},
      [] { return false; });
  const auto fresh = cu_zr_packings(12, kBox, kThickness, 100000 * seed + 500, plan.threads);
  RecognitionSettings settings;
  settings.dose = dose;
  settings.seed = plan.seed;
  const PolarGrid grid = likelihood_grid(settings.grid);
  const ScanRecognition scan(library, PlaneF::Ones(grid.n_q, grid.n_theta), settings, Patch(),
                             plan.threads);
  const PolarTransform camera(Eigen::Index(library.patterns.shape[1]),
                              Eigen::Index(library.patterns.shape[2]), library.calibration(), grid);
  std::vector<PlaneF> templates;
  for (std::size_t t = 0; t < library.templates.size(); ++t)
    templates.push_back(camera(library.patterns.plane(t)));
  const MixtureSearch search(scan.background(), scan.likelihood(), templates,
                             scan.ranking_patterns(), plan.threads);
  fmt::print("{:.1f} nm, {:.0e} electrons, {} templates, {} patterns each\n", kThickness / 10, dose,
             library.templates.size(), n);
  std::uint64_t stream = 0;
  for (const std::vector<int>& content :
       {std::vector<int>{0, 1}, {0, 0}, {1, 1}, {0}, {1}, std::vector<int>{}}) {
    std::vector<int> first(std::size_t(n), 0), both = first, second = first;
#pragma omp parallel for schedule(dynamic) num_threads(plan.threads)
    for (int i = 0; i < n; ++i) {
      RandomSequence r(100000 * seed + 77, stream + std::uint64_t(i));
      PlaneF image = pattern_of(content, plan, fresh, r);
      add_camera_noise(image, dose, 100000 * seed + 5, stream + std::uint64_t(i));
      const auto found = search(scan.contrast(camera(image)), 2);
      std::vector<int> names;
      for (const auto& c : found)
        if (c.p <= 0.05 && c.amplitude > 0)
          names.push_back(scan.likelihood().views()[std::size_t(c.view)].motif);
      const auto k = std::size_t(i);
      first[k] = !names.empty() &&
                 (content.empty() || std::count(content.begin(), content.end(), names[0]) > 0);
      second[k] = names.size() > 1;
      std::sort(names.begin(), names.end());
      both[k] = content.size() == 2 && names == content;
    }
    stream += std::uint64_t(n);
    const auto sum = [](const std::vector<int>& v) {
      return double(std::count(v.begin(), v.end(), 1));
    };
    std::string name;
    for (const int m : content) name += (name.empty() ? "" : " and ") + plan.motifs[std::size_t(m)];
    fmt::print("  {:<28} first {}", content.empty() ? "none" : name, share_text(sum(first), n, 0));
    if (content.size() == 2) fmt::print("; both named {}", share_text(sum(both), n, 0));
    fmt::print("; a second {}\n", share_text(sum(second), n, 0));
    std::fflush(stdout);
  }
}
