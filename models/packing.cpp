#include "models/packing.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/elements.hpp"
#include "models/occupancy.hpp"
#include "models/soft_spheres.hpp"

namespace vitrobeam {
namespace {

constexpr double kDense = 0.66, kLoose = 0.60;  // fractions between which spheres jam

// The atoms, and one sphere for each: the metallic radii in units of the mean diameter.
struct Spheres {
  std::vector<int> numbers;
  std::vector<double> radii;
  double mean_diameter = 0;  // Angstrom
};

Spheres metallic_spheres(const PackingSettings& settings) {
  if (settings.atoms < 20)
    fail(Fault::usage, "a packing of {} atoms is too small; take at least 20", settings.atoms);
  if (!(settings.box.minCoeff() > 0) || !(settings.density >= 0))
    fail(Fault::usage, "a packing needs a box with positive edges and a density above 0");
  Spheres out;
  const auto counts = atom_counts(settings.composition, settings.atoms);
  for (std::size_t k = 0; k < counts.size(); ++k)
    for (std::size_t n = 0; n < counts[k]; ++n) {
      out.numbers.push_back(settings.composition.elements[k]);
      out.radii.push_back(metallic_radius(settings.composition.elements[k]));
    }
  out.mean_diameter =
      2 * std::accumulate(out.radii.begin(), out.radii.end(), 0.0) / double(out.radii.size());
  for (double& r : out.radii) r /= out.mean_diameter;
  return out;
}

// Spheres in a box of the given shape of which they fill `fraction`; no places yet.
SoftSpheres boxed_spheres(const PackingSettings& settings, const std::vector<double>& radii,
                          double fraction) {
  SoftSpheres s;
  s.radii = radii;
  const double volume = s.sphere_volume() / fraction;
  s.box = settings.box * std::cbrt(volume / settings.box.prod());
  const double thinnest = s.box.minCoeff() / (2 * *std::max_element(radii.begin(), radii.end()));
  if (thinnest < 4)
    fail(Fault::physics,
         "a packing of {} atoms in a box of shape {:g} x {:g} x {:g} is only {:.2g} spheres thick; "
         "at least 4 are needed: take more atoms or a thicker box",
         radii.size(), settings.box.x(), settings.box.y(), settings.box.z(), thinnest);
  return s;
}

void scatter(SoftSpheres& s, std::uint64_t seed) {
  for (std::size_t i = 0; i < s.radii.size(); ++i) {
    const auto u = uniform4(seed, 0x7061636b, i);
    s.positions.emplace_back(u[0] * s.box.x(), u[1] * s.box.y(), u[2] * s.box.z());
  }
}

// Bisects between the last fraction with overlaps and the first without; ends on a packing without
// overlaps.
SoftSpheres jammed(SoftSpheres start) {
  constexpr double kPrecision = 5e-5, kFree = 1e-13;
  start.scale_to(kDense);
  if (relax(start, kFree) < kFree)
    fail(
        Fault::physics,
        "spheres still find room at a fraction of {:.3f}, beyond random close packing: the packing "
        "has ordered or its sizes differ too much; try another seed or more atoms",
        kDense);
  double high = kDense, low = kLoose;
  SoftSpheres last_free;
  while (high - low > kPrecision || last_free.positions.empty()) {
    const double middle =
        last_free.positions.empty() && high - low < kPrecision ? low : (high + low) / 2;
    SoftSpheres next = start;
    next.scale_to(middle);
    if (relax(next, kFree) < kFree) {
      low = middle;
      last_free = std::move(next);
    } else if (middle == low) {
      fail(Fault::physics, "the packing jams already at a fraction of {:.3f}; try another seed",
           low);
    } else {
      high = middle;
      start = std::move(next);
    }
  }
  return last_free;
}

}  // namespace

Composition parse_composition(const std::string& text) {
  Composition out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    while (end < text.size() && std::islower(static_cast<unsigned char>(text[end]))) ++end;
    const std::string name = text.substr(i, end - i);
    const int z = std::isupper(static_cast<unsigned char>(text[i])) ? atomic_number(name) : 0;
    if (z == 0)
      fail(Fault::usage,
           "'{}' in the composition '{}' is no element; something like Cu64.5Zr35.5 is expected",
           name, text);
    i = std::min(text.find_first_not_of("0123456789.", end), text.size());
    const std::string number = text.substr(end, i - end);
    double share = 1;
    if (!number.empty()) {
      if (std::count(number.begin(), number.end(), '.') > 1 || number == ".")
        fail(Fault::usage, "'{}' in the composition '{}' is no number", number, text);
      share = std::stod(number);
    }
    if (!(share > 0)) fail(Fault::usage, "the share of {} in '{}' must be above 0", name, text);
    if (std::count(out.elements.begin(), out.elements.end(), z))
      fail(Fault::usage, "{} occurs twice in the composition '{}'", name, text);
    out.elements.push_back(z);
    out.shares.push_back(share);
  }
  if (out.elements.empty())
    fail(Fault::usage, "the composition is empty; something like Cu64.5Zr35.5 is expected");
  // Sums near 100 are meant as per cent; formulas (CuZr2) are far from it or exactly there.
  const double sum = std::accumulate(out.shares.begin(), out.shares.end(), 0.0);
  if (std::abs(sum - 100) > 0.5 && std::abs(sum - 100) < 12)
    fail(Fault::usage, "the shares of '{}' sum to {:g}, not to 100 %", text, sum);
  return out;
}

std::string composition_text(const Atoms& atoms) {
  const auto occupancy = occupancies(atoms);
  std::vector<double> counts(kElements + 1);
  for (std::size_t i = 0; i < atoms.size(); ++i)
    counts[std::size_t(atoms.numbers[i])] += occupancy[i];
  std::string out;
  for (int z = 1; z <= kElements; ++z)
    if (counts[std::size_t(z)] > 0)
      out += fmt::format("{}{}{:.4g}", out.empty() ? "" : " ", symbol(z),
                         100.0 * counts[std::size_t(z)] / atoms_in(atoms));
  return out;
}

std::vector<std::size_t> atom_counts(const Composition& composition, std::size_t atoms) {
  const double all = std::accumulate(composition.shares.begin(), composition.shares.end(), 0.0);
  std::vector<std::size_t> counts, order;
  std::vector<double> remainder;
  for (double share : composition.shares) {
    const double exact = share / all * double(atoms);
    counts.push_back(std::size_t(exact));
    remainder.push_back(exact - std::floor(exact));
    order.push_back(order.size());
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainder[a] > remainder[b]; });
  const auto placed = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  for (std::size_t k = 0; k < atoms - placed; ++k) ++counts[order[k % order.size()]];
  return counts;
}

ModelSize expected_size(const PackingSettings& settings) {
  constexpr double kJammed = 0.64;
  const Spheres spheres = metallic_spheres(settings);
  boxed_spheres(settings, spheres.radii, kDense);  // for its errors
  ModelSize out{double(settings.atoms), settings.box};
  if (settings.density > 0)
    out.box *= std::cbrt(out.atoms / settings.density / settings.box.prod());
  else if (settings.scale_box)
    out.box = boxed_spheres(settings, spheres.radii, kJammed).box * spheres.mean_diameter;
  return out;
}

Packing random_packing(const PackingSettings& settings) {
  Packing out;
  Spheres atoms = metallic_spheres(settings);
  out.atoms.numbers = std::move(atoms.numbers);
  const double mean = atoms.mean_diameter;
  SoftSpheres start = boxed_spheres(settings, atoms.radii, kDense);
  scatter(start, settings.seed);
  const SoftSpheres spheres = jammed(std::move(start));
  out.fraction = spheres.fraction();
  const double diameter = 2 * std::accumulate(spheres.radii.begin(), spheres.radii.end(), 0.0) /
                          double(spheres.radii.size());
  double scale = mean / diameter;
  if (settings.density > 0)
    scale = std::cbrt(double(settings.atoms) / settings.density / spheres.box.prod());
  else if (!settings.scale_box)
    scale = settings.box.x() / spheres.box.x();
  out.contact = diameter * scale;
  const Vector3d box =
      settings.density == 0 && !settings.scale_box ? settings.box : Vector3d(spheres.box * scale);
  out.atoms.cell = Cell::orthogonal(box.x(), box.y(), box.z());
  for (const auto& r : spheres.positions) out.atoms.positions.push_back(r * scale);
  wrap(out.atoms);
  out.atoms.info["packing_fraction"] = fmt::format("{:.5f}", out.fraction);
  out.atoms.info["seed"] = std::to_string(settings.seed);
  return out;
}

}  // namespace vitrobeam
