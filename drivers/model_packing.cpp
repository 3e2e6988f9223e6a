// Kinds of model: random packings.
#include <cmath>
#include <memory>
#include <numbers>
#include <optional>

#include "base/error.hpp"
#include "drivers/model_kind.hpp"
#include "drivers/quantity.hpp"
#include "models/elements.hpp"
#include "models/packing.hpp"

namespace vitrobeam {
namespace {

struct PackingChoice {
  std::string box, composition = "Cu64.5Zr35.5";
  int atoms = 0;
  std::optional<double> density;
};

// Box, number of atoms and density: two of them, the third follows.
PackingSettings packing_settings(const PackingChoice& s, std::uint64_t seed) {
  PackingSettings p;
  p.composition = parse_composition(s.composition);
  p.seed = seed;
  p.density = s.density.value_or(0);
  if (s.box.empty() && s.atoms == 0) fail(Fault::usage, "a packing needs --box, --atoms, or both");
  if (!s.box.empty()) p.box = parse_box(s.box, "box");
  if (s.atoms > 0 && !s.box.empty() && s.density)
    fail(Fault::usage, "--box, --atoms and --density: give two of them, the third follows");
  if (s.atoms > 0) {
    p.atoms = std::size_t(s.atoms);
    p.scale_box = s.box.empty();
    return p;
  }
  double volume = 0, all = 0;  // mean volume of a sphere
  for (std::size_t k = 0; k < p.composition.elements.size(); ++k) {
    volume += p.composition.shares[k] * 4 * std::numbers::pi / 3 *
              std::pow(metallic_radius(p.composition.elements[k]), 3);
    all += p.composition.shares[k];
  }
  constexpr double kJammed = 0.64;
  const double density = s.density.value_or(kJammed * all / volume);
  const double count = std::round(density * p.box.prod());
  if (count > 2e6) fail(Fault::usage, "--box {}: {:.3g} atoms are too many", s.box, count);
  p.atoms = std::size_t(count);
  p.density = 0;  // the box is met exactly, the density to half an atom
  p.scale_box = false;
  return p;
}

BuildModel describe_packing(Settings& o) {
  auto s = std::make_shared<PackingChoice>();
  o.section("Packing");
  o.add("composition", s->composition, "Cu64.5Zr35.5", "elements with their shares");
  o.add("box", s->box, "L|LXxLYxLZ", "cell; with --atoms its shape alone may change");
  o.add("atoms", s->atoms, "number of atoms; 0 = what fills --box").at_least(0).at_most(2e6);
  o.add("density", s->density, "atoms/A3",
        "number density (default: spheres touch at their metallic radii)")
      .above(0)
      .at_most(1);
  return [s](const ModelRun& run) -> BuiltModel {
    const Packing packing = random_packing(packing_settings(*s, run.common.seed));
    Atoms atoms = packing.atoms;
    atoms.labels["motif"].values = std::vector<std::int64_t>(atoms.size(), 0);
    atoms.info["contact"] = fmt::format("{:.5g}", packing.contact);
    return atoms;
  };
}

}  // namespace

std::vector<ModelKind> packing_kinds() {
  return {{"packing", "", "jammed soft spheres: the null model, and Bernal's dense random packing",
           describe_packing}};
}

}  // namespace vitrobeam
