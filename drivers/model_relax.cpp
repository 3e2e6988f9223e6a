// Kinds of model: relaxation by an interatomic potential, chemical order, and a melt-quench by
// LAMMPS.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/model_kind.hpp"
#include "io/lammps_script.hpp"
#include "io/setfl.hpp"
#include "io/structure_file.hpp"
#include "models/elements.hpp"
#include "models/interaction.hpp"
#include "models/order_steering.hpp"
#include "models/packing.hpp"
#include "models/pair_distribution.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"
#include "runtime/program.hpp"

namespace vitrobeam {
namespace {

struct PotentialChoice {
  std::string potential = "contacts";
  double depth = 0.4, decay = 1.5, contact = 1;
};

void add_potential(Settings& o, PotentialChoice& p) {
  o.section("Potential");
  o.add(
      "potential", p.potential, "NAME|FILE",
      "contacts (pushes apart what is closer than the metallic radii), lj, morse, or a setfl file "
      "(eam/alloy or eam/fs)");
  o.add("depth", p.depth, "", "of lj and morse, eV").above(0).at_most(10);
  o.add("decay", p.decay, "1/Angstrom", "of morse").above(0).at_most(10);
  o.add("contact", p.contact, "", "distances as a share of the sums of the metallic radii")
      .above(0)
      .at_most(2);
}

Interaction interaction(const PotentialChoice& p, const std::vector<int>& numbers) {
  const Contacts contacts = metallic_contacts(numbers, p.contact);
  if (p.potential == "contacts") return contacts;
  if (p.potential == "lj") return LennardJones{p.depth, contacts.distance};
  if (p.potential == "morse") return Morse{p.depth, p.decay, contacts.distance};
  if (!std::filesystem::exists(p.potential))
    fail(Fault::usage, "--potential '{}' is neither contacts, lj, morse nor a file", p.potential);
  return read_setfl(p.potential);
}

struct RelaxChoice {
  StructureInput input;
  PotentialChoice potential;
  RelaxSettings relax;
};

BuiltModel build_relaxed(const Atoms& atoms, const Interaction& by, const RelaxSettings& settings,
                         const RunControl& run) {
  const Relaxed r = relax(atoms, by, settings, run);
  BuiltModel built(r.atoms);
  const double n = double(atoms.size());
  built.frames[0].info["energy_per_atom"] = fmt::format("{:.8g}", r.energy / n);
  built.notes.push_back(
      fmt::format("energy       {:.8g} per atom after {} ({:.8g} before), largest force {:.3g}{}",
                  r.energy / n, counted(r.steps, "step"), r.energy_before / n, r.largest_force,
                  r.largest_force > settings.force && settings.most_steps > 0
                      ? ": not yet relaxed, give more --steps"
                      : ""));
  return built;
}

PlanModel describe_relax(Settings& o) {
  auto s = std::make_shared<RelaxChoice>();
  add_potential(o, s->potential);
  o.section("Relaxation");
  o.add("largest-force", s->relax.force, "", "largest force left, eV/Angstrom")
      .above(0)
      .at_most(10);
  o.add("steps", s->relax.most_steps, "most steps; 0 = the energy alone").at_least(0).at_most(1e7);
  o.section("Structure files");
  add_structure_input(o, s->input);
  return [s](const ModelRun& run) -> ModelPlan {
    const Atoms atoms = read_whole_model(s->input, run.files[0]);
    const Interaction by = interaction(s->potential, atoms.numbers);
    check_elements(by, atoms);
    return {atoms,
            [s, atoms, by, &run] { return build_relaxed(atoms, by, s->relax, run.control); }};
  };
}

struct OrderSettings {
  StructureInput input;
  std::string pair = "Cu,Zr";
  double target = 0, cutoff = 0;
};

BuiltModel build_ordered(const OrderSettings& s, const std::vector<int>& pair, const Atoms& atoms,
                         std::uint64_t seed) {
  const PairDistribution g = pair_distribution(atoms, 8, 0.1);
  const double cutoff = s.cutoff > 0 ? s.cutoff : first_minimum(g.r, g.total);
  const Steered r = steer_order(atoms, pair[0], pair[1], s.target, cutoff, seed);
  if (std::abs(r.after - s.target) > 0.02)
    fail(Fault::physics,
         "swaps bring the parameter from {:.3f} to {:.3f} and no farther; {:.3f} was asked for: "
         "the composition or the packing does not allow it",
         r.before, r.after, s.target);
  BuiltModel built(r.atoms);
  built.frames[0].info["warren_cowley"] = fmt::format("{:.5f}", r.after);
  built.notes.push_back(fmt::format(
      "order        {} around {}: {:.4f} after {} ({:.4f} before), neighbours within "
      "{:.3g} Angstrom",
      symbol(pair[1]), symbol(pair[0]), r.after, counted(r.swaps, "swap"), r.before, cutoff));
  return built;
}

PlanModel describe_order(Settings& o) {
  auto s = std::make_shared<OrderSettings>();
  o.section("Chemical order");
  o.add("pair", s->pair, "A,B", "the two elements whose atoms are swapped").reads(elements());
  o.add("target", s->target, "",
        "Warren-Cowley parameter of B around A: 0 random, below 0 they prefer each other")
      .at_least(-10)
      .at_most(1);
  o.add("cutoff", s->cutoff, "Angstrom", "neighbours; 0 = to the first minimum of g(r)")
      .at_least(0)
      .at_most(20);
  o.section("Structure files");
  add_structure_input(o, s->input);
  return [s](const ModelRun& run) -> ModelPlan {
    const auto pair = parse_elements(s->pair);
    if (pair.size() != 2) fail(Fault::usage, "--pair '{}': expected two elements", s->pair);
    const Atoms atoms = read_whole_model(s->input, run.files[0]);
    return {atoms, [s, pair, atoms, seed = run.common.seed] {
              return build_ordered(*s, pair, atoms, seed);
            }};
  };
}

struct QuenchSettings {
  MeltQuench quench;
  std::string program = "lmp", folder;
};

BuiltModel build_quench(const QuenchSettings& s, const ModelRun& run) {
  const Composition c = parse_composition(s.quench.composition);
  const std::string folder = s.folder.empty() ? run.common.output + ".lammps" : s.folder;
  const std::string script = melt_quench_script(s.quench, run.common.seed);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::ofstream(folder + "/in.melt_quench") << script;
  if (!std::filesystem::exists(folder + "/in.melt_quench"))
    fail(Fault::machine, "{}/in.melt_quench: cannot be written", folder);
  if (!std::filesystem::exists(s.quench.potential))
    fail(Fault::input,
         "{}: the potential does not exist; Debian's lammps-data has CuZr_mm.eam.fs (the "
         "script is in {})",
         s.quench.potential, folder);
  const int status = run_program(s.program, {"-in", "in.melt_quench"}, folder, "lammps.out");
  if (status == 127)
    fail(Fault::machine,
         "{} cannot be started: install Debian's lammps and lammps-data, or run {}/in.melt_quench "
         "elsewhere and read its dump",
         s.program, folder);
  if (status != 0 || !std::filesystem::exists(folder + "/quenched.dump"))
    fail(Fault::machine, "{} stopped with status {}; its output is {}/lammps.out", s.program,
         status, folder);
  StructureReadOptions options;
  options.types = c.elements;
  Atoms atoms = read_structure(folder + "/quenched.dump", options);
  wrap(atoms);
  atoms.info["quench"] =
      fmt::format("{:g} K to {:g} K at {:g} K/ps", s.quench.melt, s.quench.end, s.quench.rate);
  atoms.info["seed"] = std::to_string(run.common.seed);
  return atoms;
}

PlanModel describe_quench(Settings& o) {
  auto s = std::make_shared<QuenchSettings>();
  MeltQuench& q = s->quench;
  o.section("Melt and quench");
  o.add("composition", q.composition, "Cu64.5Zr35.5", "elements with their shares")
      .reads(a_composition());
  o.add("atoms", q.atoms, "number of atoms, rounded to a cube of fcc cells")
      .at_least(108)
      .at_most(1e7);
  o.add("potential", q.potential, "FILE", "setfl file that knows the elements");
  o.add("style", q.style, "NAME", "LAMMPS pair style of the potential: eam/fs or eam/alloy");
  o.add("melt", q.melt, "K", "temperature of the melt").above(0).at_most(1e5);
  o.add("end", q.end, "K", "temperature of the glass").above(0).at_most(1e5);
  o.add("rate", q.rate, "", "cooling rate, K/ps (1 K/ps is 1e12 K/s)").above(0);
  o.add("melt-time", q.melt_ps, "", "time in the melt, ps").above(0);
  o.add("hold-time", q.hold_ps, "", "time at the end, ps").at_least(0);
  o.add("timestep", q.step_fs, "", "femtoseconds").above(0).at_most(10);
  o.add("program", s->program, "NAME", "LAMMPS' executable");
  o.add("folder", s->folder, "FOLDER", "where script, log and dump go (default: OUTPUT.lammps)");
  return [s](const ModelRun& run) -> ModelPlan {
    parse_composition(s->quench.composition);  // for its errors
    if (!(s->quench.melt > s->quench.end))
      fail(Fault::usage, "--melt {:g} must be above --end {:g}", s->quench.melt, s->quench.end);
    if (run.common.dry_run && !std::filesystem::exists(s->quench.potential))
      fail(Fault::input,
           "{}: the potential does not exist; Debian's lammps-data has CuZr_mm.eam.fs",
           s->quench.potential);
    return {starting_size(s->quench), [s, &run] { return build_quench(*s, run); }};
  };
}

}  // namespace

std::vector<ModelKind> relaxation_kinds() {
  return {{"relax", "STRUCTURE", "moved downhill by contacts, Lennard-Jones, Morse or an EAM table",
           describe_relax},
          {"order", "STRUCTURE", "chemical order steered by swaps to a Warren-Cowley parameter",
           describe_order},
          {"melt-quench", "", "a glass by molecular dynamics: runs LAMMPS, which must be installed",
           describe_quench}};
}

}  // namespace vitrobeam
