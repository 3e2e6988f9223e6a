#include "drivers/library_build.hpp"

#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "base/first_failure.hpp"
#include "base/random.hpp"
#include "models/embedding.hpp"
#include "models/rotations.hpp"
#include "models/transform.hpp"

namespace vitrobeam {
namespace {

// Random streams of the build.
constexpr std::uint64_t kNullStream = 1, kPlantedStream = 2, kTemplateStream = 3;

struct Member {
  Motif motif;
  MotifSize size;
  std::vector<BeamDirection> views;
};

std::vector<Member> members(const LibraryPlan& plan) {
  std::vector<Member> list;
  for (const auto& name : plan.motifs) {
    Member m{find_motif(name), {plan.elements, plan.bond, plan.radius}, {}};
    m.size.elements.resize(std::min(m.size.elements.size(), 1 + m.motif.other_elements.size()));
    m.views = directions(m.motif, plan.spacing_deg);
    const Vector3d size = extent(build_motif(m.motif, m.size));
    if (size.norm() > plan.thickness && size.maxCoeff() > plan.thickness)
      fail(Fault::physics,
           "the motif {} is {:.3g} Angstrom long and does not fit into a thickness of {:.3g}; give "
           "a larger --thickness",
           name, size.maxCoeff(), plan.thickness);
    list.push_back(std::move(m));
  }
  return list;
}

// A slab of the periodic packing from a random height, moved sideways at random: box x box x
// thickness.
Atoms random_slab(const Atoms& packing, const LibraryPlan& plan, RandomSequence& random) {
  const Vector3d edges = packing.cell.lengths();
  Vector3d lo;
  for (int k = 0; k < 3; ++k) lo[k] = random.uniform() * edges[k];
  return cut_box(packing, lo, lo + Vector3d(plan.box, plan.box, plan.thickness));
}

// The motif alone in the cell.
Atoms free_cluster(const Member& member, const Eigen::Matrix3d& rotation, const LibraryPlan& plan) {
  Atoms atoms = rotated(build_motif(member.motif, member.size), rotation);
  atoms.cell = Cell::orthogonal(plan.box, plan.box, plan.thickness);
  for (auto& r : atoms.positions) r += Vector3d(plan.box, plan.box, plan.thickness) / 2;
  return atoms;
}

// Calls work(i) for all i < n on several threads; the first error is thrown again at the end.
void for_all(std::size_t n, int threads, const std::function<bool()>& stop,
             const std::function<void(std::size_t)>& work) {
  FirstFailure failure;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::size_t i = 0; i < n; ++i)
    if (!failure.halted() && !stop()) failure.guard([&] { work(i); });
  failure.rethrow();
}

class Builder {
 public:
  Builder(const LibraryPlan& plan, const std::vector<Atoms>& packings,
          const std::function<void(std::size_t)>& progress, const std::function<bool()>& stop)
      : plan_(plan),
        packings_(packings),
        progress_(progress),
        stop_(stop),
        members_(members(plan)) {
    const Simulation<float> empty(free_cluster(members_.front(), Eigen::Matrix3d::Identity(), plan),
                                  plan.simulation);
    rows_ = empty.q_y().size();
    columns_ = empty.q_x().size();
    library_.pixel_qx = 1 / plan.box;
    library_.pixel_qy = 1 / plan.box;
  }

  MotifLibrary build() {
    make_templates();
    make_null();
    make_planted();
    return std::move(library_);
  }

 private:
  Stack<float> stack(std::size_t n) const { return Stack<float>({n, rows_, columns_}); }

  PlaneF pattern(const Atoms& atoms, const Vector2d& position) const {
    PlaneF result;
    Simulation<float>(atoms, plan_.simulation)
        .run({position}, 1, [&](std::size_t, const ProbeResult<float>& r) { result = r.pattern; });
    return result;
  }

  // A random slab with the motif at mid-depth under (x, y).
  Atoms planted_slab(const Member& member, const Eigen::Matrix3d& rotation, const Vector2d& at,
                     RandomSequence& random) const {
    const Atoms& packing = packings_[random.below(packings_.size())];
    const Atoms slab = random_slab(packing, plan_, random);
    return embed(slab, rotated(build_motif(member.motif, member.size), rotation),
                 {member.motif.name, "", {at.x(), at.y(), plan_.thickness / 2}});
  }

  void make_templates() {
    library_.motif_names = plan_.motifs;
    std::vector<const Member*> owner;
    for (std::size_t m = 0; m < members_.size(); ++m)
      for (const auto& view : members_[m].views) {
        library_.templates.push_back({int(m), view.direction});
        owner.push_back(&members_[m]);
      }
    library_.patterns = stack(owner.size());
    const Vector2d centre(plan_.box / 2, plan_.box / 2);
    for_all(owner.size(), plan_.threads, stop_, [&](std::size_t t) {
      const Eigen::Matrix3d rotation = rotation_to_beam(library_.templates[t].direction);
      if (plan_.matrix == Matrix::none) {
        library_.patterns.plane(t) = pattern(free_cluster(*owner[t], rotation, plan_), centre);
        progress_(1);
        return;
      }
      RandomSequence random(plan_.seed, (kTemplateStream << 32) + t);
      library_.patterns.plane(t).setZero();
      for (int k = 0; k < plan_.realisations && !stop_(); ++k) {
        library_.patterns.plane(t) +=
            pattern(planted_slab(*owner[t], rotation, centre, random), centre) /
            float(plan_.realisations);
        progress_(1);
      }
    });
  }

  // Patterns at random positions of one slab of every packing.
  void make_null() {
    const std::size_t slabs = packings_.size(), n = std::size_t(plan_.null_patterns);
    library_.null_patterns = stack(n);
    library_.null_packing.resize(n);
    for (std::size_t s = 0, first = 0; s < slabs && !stop_(); ++s) {
      const std::size_t count = n * (s + 1) / slabs - first;
      RandomSequence random(plan_.seed, (kNullStream << 32) + s);
      const Atoms slab = random_slab(packings_[s], plan_, random);
      std::vector<Vector2d> positions;
      for (std::size_t k = 0; k < count; ++k) {
        const double x = random.uniform();
        positions.emplace_back(x * plan_.box, random.uniform() * plan_.box);
        library_.null_packing[first + k] = int(s);
      }
      if (count > 0)
        Simulation<float>(slab, plan_.simulation, plan_.threads)
            .run(
                positions, plan_.threads,
                [&](std::size_t k, const ProbeResult<float>& r) {
                  library_.null_patterns.plane(first + k) = r.pattern;
                  progress_(1);
                },
                stop_);
      first += count;
    }
  }

  void make_planted() {
    const std::size_t each = std::size_t(plan_.planted_patterns), n = each * members_.size();
    library_.planted_patterns = stack(n);
    library_.planted_motif.resize(n);
    for_all(n, plan_.threads, stop_, [&](std::size_t i) {
      RandomSequence random(plan_.seed, (kPlantedStream << 32) + i);
      library_.planted_motif[i] = int(i / each);
      const Vector2d centre(plan_.box / 2, plan_.box / 2);
      const Eigen::Matrix3d rotation = random_rotation(random);
      library_.planted_patterns.plane(i) =
          pattern(planted_slab(members_[i / each], rotation, centre, random), centre);
      progress_(1);
    });
  }

  const LibraryPlan& plan_;
  const std::vector<Atoms>& packings_;
  const std::function<void(std::size_t)>& progress_;
  const std::function<bool()>& stop_;
  std::vector<Member> members_;
  std::size_t rows_ = 0, columns_ = 0;
  MotifLibrary library_;
};

}  // namespace

std::size_t patterns_to_simulate(const LibraryPlan& plan) {
  std::size_t views = 0;
  const auto list = members(plan);
  for (const auto& m : list) views += m.views.size();
  const std::size_t each = plan.matrix == Matrix::none ? 1 : std::size_t(plan.realisations);
  return views * each + std::size_t(plan.null_patterns) +
         list.size() * std::size_t(plan.planted_patterns);
}

MotifLibrary build_library(const LibraryPlan& plan, const std::vector<Atoms>& packings,
                           const std::function<void(std::size_t)>& progress,
                           const std::function<bool()>& stop) {
  return Builder(plan, packings, progress, stop).build();
}

}  // namespace vitrobeam
