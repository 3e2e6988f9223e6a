// Kinds of model: random packings.
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/model_kind.hpp"
#include "io/packing_state.hpp"
#include "models/sphere_packing.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

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

PackingSettings packing_settings(const PackingChoice& s, std::uint64_t seed) {
  PackingRequest request{{}, std::size_t(s.atoms), s.density};
  if (!s.box.empty()) request.box = parse_box(s.box, "box");
  PackingSettings p = packing_of(parse_composition(s.composition), request, seed);
  if (p.atoms > 2000000)
    fail(Fault::usage, "--box {}: {:.3g} atoms are too many", s.box, double(p.atoms));
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

// Where a packing that was stopped is kept; no file without an output.
std::string state_file(const ModelRun& run) {
  return run.common.output.empty() ? "" : run.common.output + ".state.xyz";
}

std::string contact_note(const ContactCount& c, double pressure) {
  const std::string text = fmt::format(
      "contacts     {:.2f} of a supported sphere (surfaces within {:g} of the sum of the radii), "
      "{:.1f} % rattle; ",
      c.mean, c.gap, 100 * c.rattling);
  return text + (c.at_no_gap
                     ? fmt::format("{:.2f} extrapolated to no gap (Z + c gap^0.6, gaps of "
                                   "0.001 to 0.03)",
                                   *c.at_no_gap)
                     : fmt::format("not jammed: mean gap {:.2g}, --jam closes it", 1 / pressure));
}

GrowthSettings growth_of(const SphereSettings& s) {
  if (s.jam && s.fraction)
    fail(Fault::usage, "--jam and --fraction {}: give one of them", *s.fraction);
  GrowthSettings growth = s.growth;
  growth.fraction = s.jam ? kClosePackedFraction : s.fraction.value_or(growth.fraction);
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
HardSpheres grown(const SphereSettings& s, const PackingSettings& p, const SphereSizes& sizes,
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
      resumes ? read_packing_state(state, sizes, p.seed) : random_gas(box, sizes.relative, p.seed);
  const auto start = std::chrono::steady_clock::now();
  const GrowthSettings growth = growth_of(s);
  const auto end = grow(spheres, growth, [&](const HardSpheres&) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    return !run.control.stopped() && passed.count() < s.time_limit_s;
  });
  if (end == GrowthEnd::stopped || (end == GrowthEnd::jammed && !s.jam)) {
    write_packing_state(spheres, sizes.numbers, p.seed, state);
    fail_unfinished(end, spheres, s, growth, state);
  }
  if (resumes) std::filesystem::remove(state);  // and what is not its own stays
  return spheres;
}

BuiltModel build_hard_spheres(const SphereSettings& s, const PackingSettings& p,
                              const ModelRun& run) {
  const SphereSizes sizes = sphere_sizes(p, s.polydispersity);
  const HardSpheres spheres = grown(s, p, sizes, run);
  const double scale = unit_length(p, sizes, spheres);
  Atoms atoms = atoms_of(spheres, sizes.numbers, scale);
  atoms.labels["motif"].values = std::vector<std::int64_t>(atoms.size(), 0);
  atoms.info["contact"] = fmt::format("{:.6g}", spheres.diameter * scale);
  atoms.info["seed"] = std::to_string(p.seed);
  const ContactCount contacts = label_contacts(atoms, spheres.pressure);
  BuiltModel built(std::move(atoms));
  built.notes.push_back(
      fmt::format("packing      fraction {:.5f}, reduced pressure {:.3g}, {:.0f} collisions per "
                  "sphere, contact of mean spheres {:.4g} Angstrom",
                  spheres.fraction(), spheres.pressure, 2 * spheres.collisions / double(p.atoms),
                  spheres.diameter * scale));
  built.notes.push_back(contact_note(contacts, spheres.pressure));
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
