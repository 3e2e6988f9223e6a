// Kinds of model: random packings.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <numbers>
#include <numeric>
#include <optional>

#include "base/error.hpp"
#include "base/random.hpp"
#include "drivers/command.hpp"
#include "drivers/model_kind.hpp"
#include "drivers/quantity.hpp"
#include "drivers/text_checks.hpp"
#include "io/structure_file.hpp"
#include "models/contacts.hpp"
#include "models/elements.hpp"
#include "models/event_driven.hpp"
#include "models/packing.hpp"

namespace vitrobeam {
namespace {

constexpr double kFraction = 0.64;       // of the volume that jammed spheres fill, about
constexpr double kClosePacked = 0.7405;  // of the volume: the densest that equal spheres can be

struct PackingChoice {
  std::string box, composition = "Cu64.5Zr35.5";
  int atoms = 0;
  std::optional<double> density;
};

void add_packing_choice(Settings& o, PackingChoice& s) {
  o.section("Packing");
  o.add("composition", s.composition, "Cu64.5Zr35.5", "elements with their shares")
      .reads(a_composition());
  o.add("box", s.box, "L|LXxLYxLZ", "cell").reads(a_box());
  o.add("atoms", s.atoms, "number of atoms; 0 = what fills --box").at_least(0).at_most(2e6);
  o.add("density", s.density, "atoms/A3",
        "number density (default: spheres touch at their metallic radii)")
      .above(0)
      .at_most(1);
}

// Mean volume of a sphere of the metallic radius, Angstrom^3.
double mean_sphere_volume(const Composition& c) {
  double volume = 0, all = 0;
  for (std::size_t k = 0; k < c.elements.size(); ++k) {
    volume += c.shares[k] * 4 * std::numbers::pi / 3 * std::pow(metallic_radius(c.elements[k]), 3);
    all += c.shares[k];
  }
  return volume / all;
}

// A density at which the spheres at half their distance of closest approach could not even be
// stacked as a crystal (0.74) says that a unit is wrong.
void check_density(double density, const Composition& c) {
  constexpr double kSofter = 1.6;
  const double most = kSofter * kClosePacked / mean_sphere_volume(c);
  if (density > most)
    fail(Fault::physics,
         "a density of {:g} atoms/Angstrom^3 is impossible: atoms of these radii touch at {:.3f} "
         "in a close-packed crystal, and {:.3f} would press them to 0.85 of their distance; give "
         "the number density, not that of the mass",
         density, kClosePacked / mean_sphere_volume(c), most);
}

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
  if (s.density) check_density(*s.density, p.composition);
  if (s.atoms > 0) {
    p.atoms = std::size_t(s.atoms);
    p.scale_box = s.box.empty();
    if (!p.scale_box) check_density(s.atoms / p.box.prod(), p.composition);
    return p;
  }
  const double density = s.density.value_or(kFraction / mean_sphere_volume(p.composition));
  const double count = std::round(density * p.box.prod());
  if (count > 2e6) fail(Fault::usage, "--box {}: {:.3g} atoms are too many", s.box, count);
  p.atoms = std::size_t(count);
  p.density = 0;  // the box is met exactly, the density to half an atom
  p.scale_box = false;
  return p;
}

PlanModel describe_packing(Settings& o) {
  auto s = std::make_shared<PackingChoice>();
  add_packing_choice(o, *s);
  return [s](const ModelRun& run) -> ModelPlan {
    const PackingSettings settings = packing_settings(*s, run.common.seed);
    return {expected_size(settings), [settings]() -> BuiltModel {
              const Packing packing = random_packing(settings);
              Atoms atoms = packing.atoms;
              atoms.labels["motif"].values = std::vector<std::int64_t>(atoms.size(), 0);
              atoms.info["contact"] = fmt::format("{:.5g}", packing.contact);
              return atoms;
            }};
  };
}

struct SphereSettings {
  PackingChoice choice;
  bool jam = false;
  std::optional<double> fraction;
  double polydispersity = 0, time_limit_s = 120;
  GrowthSettings growth;
};

// The elements and the sizes of the spheres, mean 1.
struct Sizes {
  std::vector<int> numbers;
  std::vector<double> relative;
  double mean_diameter = 0;  // Angstrom
};

Sizes sphere_sizes(const PackingSettings& p, double polydispersity) {
  constexpr std::uint64_t kStream = 0x706f6c79;
  Sizes out;
  const auto counts = atom_counts(p.composition, p.atoms);
  for (std::size_t k = 0; k < counts.size(); ++k)
    out.numbers.insert(out.numbers.end(), counts[k], p.composition.elements[k]);
  for (std::size_t i = 0; i < out.numbers.size(); ++i) {
    const double g = std::clamp(normal4(p.seed, kStream, i)[0], -3.0, 3.0);
    out.relative.push_back(2 * metallic_radius(out.numbers[i]) * (1 + polydispersity * g));
  }
  out.mean_diameter =
      std::accumulate(out.relative.begin(), out.relative.end(), 0.0) / double(out.relative.size());
  for (double& d : out.relative) d /= out.mean_diameter;
  return out;
}

Atoms as_atoms(const HardSpheres& spheres, const std::vector<int>& numbers, double scale) {
  Atoms atoms;
  const Vector3d edges = spheres.box * scale;
  atoms.cell = Cell::orthogonal(edges.x(), edges.y(), edges.z());
  std::vector<double> radii;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    atoms.add(numbers[i], spheres.positions[i] * scale);
    radii.push_back(spheres.sizes[i] * spheres.diameter * scale / 2);
  }
  atoms.labels["radius"].values = std::move(radii);
  atoms.info["packing_fraction"] = fmt::format("{:.6f}", spheres.fraction());
  atoms.info["pressure"] = fmt::format("{:.6g}", spheres.pressure);
  return atoms;
}

// Where a packing that was stopped is kept; no file without an output.
std::string state_file(const ModelRun& run) {
  return run.common.output.empty() ? "" : run.common.output + ".state.xyz";
}

// The state as a structure file: every number to its last bit.
void save_state(const HardSpheres& spheres, const std::vector<int>& numbers, std::uint64_t seed,
                const std::string& path) {
  Atoms atoms = as_atoms(spheres, numbers, 1);
  Label position{3, std::vector<double>()}, velocity{3, std::vector<double>()};
  for (std::size_t i = 0; i < numbers.size(); ++i)
    for (int k = 0; k < 3; ++k) {
      std::get<std::vector<double>>(position.values).push_back(spheres.positions[i][k]);
      std::get<std::vector<double>>(velocity.values).push_back(spheres.velocities[i][k]);
    }
  atoms.labels["state_position"] = std::move(position);
  atoms.labels["state_velocity"] = std::move(velocity);
  atoms.labels["state_size"].values = spheres.sizes;
  atoms.info["state_diameter"] = fmt::format("{}", spheres.diameter);
  atoms.info["state_collisions"] = fmt::format("{}", spheres.collisions);
  atoms.info["seed"] = std::to_string(seed);
  write_extxyz(atoms, path);
}

HardSpheres load_state(const std::string& path, const Sizes& sizes, std::uint64_t seed) {
  const Atoms atoms = read_structure(path);
  const auto values = [&](const char* name, int columns) {
    const auto found = atoms.labels.find(name);
    if (found == atoms.labels.end() || found->second.columns != columns ||
        !std::holds_alternative<std::vector<double>>(found->second.values))
      fail(Fault::input, "{}: holds no {}; a state that `model hard-spheres` kept is expected",
           path, name);
    return std::get<std::vector<double>>(found->second.values);
  };
  const auto number = [&](const char* name) {
    const auto found = atoms.info.find(name);
    if (found == atoms.info.end()) fail(Fault::input, "{}: holds no {}", path, name);
    return parse_quantity(found->second, "", name);
  };
  HardSpheres s;
  s.box = atoms.cell.vectors.diagonal();
  const auto r = values("state_position", 3), v = values("state_velocity", 3);
  s.sizes = values("state_size", 1);
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    s.positions.emplace_back(r[3 * i], r[3 * i + 1], r[3 * i + 2]);
    s.velocities.emplace_back(v[3 * i], v[3 * i + 1], v[3 * i + 2]);
  }
  s.diameter = number("state_diameter");
  s.collisions = number("state_collisions");
  const auto seed_there = atoms.info.find("seed");
  if (atoms.numbers != sizes.numbers || s.sizes != sizes.relative ||
      seed_there == atoms.info.end() || seed_there->second != std::to_string(seed))
    fail(Fault::usage,
         "{} is the state of another packing (atoms, composition, polydispersity or seed differ); "
         "give the same options, or --force to start anew",
         path);
  return s;
}

// Labels the contacts of every sphere and returns what is printed about them. At the end of growth
// some contacts of a jammed packing are still open by up to a thousandth of a diameter, and of one
// that is not jammed all of them.
std::string count_contacts(Atoms& atoms, double pressure) {
  constexpr double kGap = 1e-3, kJammed = 1e4;
  const auto& radii = std::get<std::vector<double>>(atoms.labels.at("radius").values);
  SphereContacts c = sphere_contacts(atoms.cell, atoms.positions, radii, kGap);
  atoms.info["contact_gap"] = fmt::format("{:g}", kGap);
  atoms.info["coordination_at_contact"] = fmt::format("{:.4f}", c.mean);
  atoms.info["rattlers"] = fmt::format("{:.4f}", c.rattling);
  std::string text = fmt::format(
      "contacts     {:.2f} of a supported sphere (surfaces within {:g} of the sum of the radii), "
      "{:.1f} % rattle; ",
      c.mean, kGap, 100 * c.rattling);
  atoms.labels["contacts"].values = std::move(c.number);
  if (pressure < kJammed)
    return text + fmt::format("not jammed: mean gap {:.2g}, --jam closes it", 1 / pressure);
  const double z = contacts_at_no_gap(atoms.cell, atoms.positions, radii);
  atoms.info["coordination_at_no_gap"] = fmt::format("{:.4f}", z);
  return text +
         fmt::format("{:.2f} extrapolated to no gap (Z + c gap^0.6, gaps of 0.001 to 0.03)", z);
}

// The cell to come, Angstrom; where contact decides, about.
Vector3d sphere_box(const PackingSettings& p) {
  if (p.density == 0 && !p.scale_box) return p.box;
  const double volume = p.density > 0
                            ? double(p.atoms) / p.density
                            : double(p.atoms) * mean_sphere_volume(p.composition) / kFraction;
  return p.box * std::cbrt(volume / p.box.prod());
}

GrowthSettings growth_of(const SphereSettings& s) {
  if (s.jam && s.fraction)
    fail(Fault::usage, "--jam and --fraction {}: give one of them", *s.fraction);
  GrowthSettings growth = s.growth;
  growth.fraction = s.jam ? kClosePacked : s.fraction.value_or(growth.fraction);
  return growth;
}

// Says where the state of a packing that is not finished has been kept.
[[noreturn]] void fail_unfinished(GrowthEnd end, const HardSpheres& spheres,
                                  const SphereSettings& s, const GrowthSettings& growth,
                                  const std::string& state) {
  if (end == GrowthEnd::stopped)
    fail(Fault::physics,
         "the spheres fill {:.4f} of the volume after {:.3g} s, {} were asked for; the state is in "
         "{}: --resume goes on from it, with a longer --time-limit",
         spheres.fraction(), s.time_limit_s,
         s.jam ? "jammed ones" : fmt::format("{:.4f}", growth.fraction), state);
  fail(Fault::physics,
       "the spheres jam at {:.4f} of the volume, {:.4f} were asked for; the state is in {}; ask "
       "for less, or grow slower (--growth {:g}), which packs denser",
       spheres.fraction(), growth.fraction, state, s.growth.slow / 3);
}

// Grown from a gas, or from the state that a stopped run kept; what does not get there is kept.
HardSpheres grown(const SphereSettings& s, const PackingSettings& p, const Sizes& sizes,
                  const ModelRun& run) {
  const std::string state = state_file(run);
  const bool is_there = !state.empty() && std::filesystem::exists(state),
             resumes = run.common.resume && is_there;
  if (is_there && !resumes && !run.common.force)
    fail(Fault::usage,
         "{}: holds the state of an interrupted run; give --resume to continue it, or --force to "
         "start over",
         state);
  const Vector3d box =
      p.box * std::cbrt(double(p.atoms) / p.box.prod());  // one sphere per unit volume
  HardSpheres spheres =
      resumes ? load_state(state, sizes, p.seed) : random_gas(box, sizes.relative, p.seed);
  const auto start = std::chrono::steady_clock::now();
  const GrowthSettings growth = growth_of(s);
  const auto end = grow(spheres, growth, [&](const HardSpheres&) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    return !run.control.stopped() && passed.count() < s.time_limit_s;
  });
  if (end == GrowthEnd::stopped || (end == GrowthEnd::jammed && !s.jam)) {
    save_state(spheres, sizes.numbers, p.seed, state);
    fail_unfinished(end, spheres, s, growth, state);
  }
  if (resumes) std::filesystem::remove(state);  // and what is not its own stays
  return spheres;
}

BuiltModel build_hard_spheres(const SphereSettings& s, const PackingSettings& p,
                              const ModelRun& run) {
  const Sizes sizes = sphere_sizes(p, s.polydispersity);
  const HardSpheres spheres = grown(s, p, sizes, run);
  double scale = sizes.mean_diameter / spheres.diameter;
  if (p.density > 0)
    scale = std::cbrt(double(p.atoms) / p.density / spheres.box.prod());
  else if (!p.scale_box)
    scale = p.box.x() / spheres.box.x();
  Atoms atoms = as_atoms(spheres, sizes.numbers, scale);
  atoms.labels["motif"].values = std::vector<std::int64_t>(atoms.size(), 0);
  atoms.info["contact"] = fmt::format("{:.6g}", spheres.diameter * scale);
  atoms.info["seed"] = std::to_string(p.seed);
  const std::string contacts = count_contacts(atoms, spheres.pressure);
  BuiltModel built(std::move(atoms));
  built.notes.push_back(
      fmt::format("packing      fraction {:.5f}, reduced pressure {:.3g}, {:.0f} collisions per "
                  "sphere, contact of mean spheres {:.4g} Angstrom",
                  spheres.fraction(), spheres.pressure, 2 * spheres.collisions / double(p.atoms),
                  spheres.diameter * scale));
  built.notes.push_back(contacts);
  return built;
}

ModelPlan plan_hard_spheres(const std::shared_ptr<SphereSettings>& s, const ModelRun& run) {
  const PackingSettings p = packing_settings(s->choice, run.common.seed);
  if (p.atoms < 100)
    fail(Fault::usage, "a packing of {} spheres is too small; take at least 100", p.atoms);
  const std::string state = state_file(run);
  if (std::filesystem::exists(state) && !run.common.resume && !run.common.force)
    fail(Fault::usage,
         "{} is the state of a packing that was stopped: --resume goes on from it, --force starts "
         "anew",
         state);
  growth_of(*s);  // for its error
  const ModelSize size{double(p.atoms), sphere_box(p)};
  return {size, [s, p, &run] { return build_hard_spheres(*s, p, run); }};
}

PlanModel describe_hard_spheres(Settings& o) {
  auto s = std::make_shared<SphereSettings>();
  add_packing_choice(o, s->choice);
  o.add("polydispersity", s->polydispersity, "",
        "standard deviation of the diameters of an element, as a share (normal, cut at 3)")
      .at_least(0)
      .at_most(0.3);
  o.section("Growth");
  o.add("fraction", s->fraction, "",
        "share of the volume that the spheres shall fill (default 0.63)")
      .at_least(0.3)
      .at_most(0.74);
  o.add("jam", s->jam, "grow until the spheres jam, whatever they fill then");
  o.add("growth", s->growth.slow, "",
        "growth of the diameter over the thermal speed above a fraction of 0.5: slower packs "
        "denser, below 1e-4 equal spheres crystallise")
      .at_least(1e-6)
      .at_most(1);
  o.add("time-limit", s->time_limit_s, "s", "stop after this time and keep the state for --resume")
      .above(0);
  return [s](const ModelRun& run) { return plan_hard_spheres(s, run); };
}

}  // namespace

std::vector<ModelKind> packing_kinds() {
  return {
      {"packing", "", "jammed soft spheres: the null model, and Bernal's dense random packing",
       describe_packing},
      {"hard-spheres", "", "hard spheres packed by collisions while they grow, one size or many",
       describe_hard_spheres}};
}

}  // namespace vitrobeam
