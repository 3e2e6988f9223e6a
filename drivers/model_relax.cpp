// Kinds of model: relaxation by an interatomic potential, chemical order, and a melt-quench by
// LAMMPS.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/error.hpp"
#include "drivers/model_kind.hpp"
#include "drivers/quantity.hpp"
#include "drivers/text_checks.hpp"
#include "io/setfl.hpp"
#include "io/structure_file.hpp"
#include "models/elements.hpp"
#include "models/interaction.hpp"
#include "models/order_steering.hpp"
#include "models/packing.hpp"
#include "models/pair_distribution.hpp"

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
  built.notes.push_back(fmt::format(
      "energy       {:.8g} per atom after {} steps ({:.8g} before), largest force {:.3g}{}",
      r.energy / n, r.steps, r.energy_before / n, r.largest_force,
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
      "order        {} around {}: {:.4f} after {} swaps ({:.4f} before), neighbours within "
      "{:.3g} Angstrom",
      symbol(pair[1]), symbol(pair[0]), r.after, r.swaps, r.before, cutoff));
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
  std::string composition = "Cu64.5Zr35.5",
              potential = "/usr/share/lammps/potentials/CuZr_mm.eam.fs", style = "eam/fs",
              program = "lmp", folder;
  int atoms = 4000;
  double melt = 2000, end = 300, rate = 10, melt_ps = 15, hold_ps = 10, step_fs = 3;
};

constexpr double kStartLattice = 4.0;  // Angstrom, of the fcc crystal that is melted

int quench_cells(const QuenchSettings& s) {
  return std::max(3, int(std::lround(std::cbrt(s.atoms / 4.0))));
}

// A melt, a quench at constant pressure, a hold and an energy minimum.
std::string quench_script(const QuenchSettings& s, const Composition& c, std::uint64_t seed) {
  const int cells = quench_cells(s);
  const double dt = s.step_fs / 1000;  // ps
  const auto steps = [&](double ps) { return std::max(1L, std::lround(ps / dt)); };
  const double quench_ps = (s.melt - s.end) / s.rate;
  const int lammps_seed = int(seed % 900000000) + 1;
  const auto counts =
      atom_counts(c, 4 * std::size_t(cells) * std::size_t(cells) * std::size_t(cells));
  std::string names, set, mass;
  for (std::size_t k = 0; k < c.elements.size(); ++k) {
    names += fmt::format(" {}", symbol(c.elements[k]));
    mass += fmt::format("mass {} {}\n", k + 1, atomic_mass(c.elements[k]));
    if (k > 0)
      set +=
          fmt::format("set type 1 type/subset {} {} {}\n", k + 1, counts[k], lammps_seed + int(k));
  }
  return fmt::format(
      "# melt-quench of {composition}: {melt} K for {melt_ps} ps, to {end} K at {rate} K/ps, "
      "{hold_ps} ps there, energy minimum\n"
      "units metal\natom_style atomic\nboundary p p p\nlattice fcc {lattice:.1f}\n"
      "region b block 0 {cells} 0 {cells} 0 {cells}\n"
      "create_box {kinds} b\ncreate_atoms 1 box\n{set}{mass}"
      "pair_style {style}\npair_coeff * * {potential}{names}\n"
      "neighbor 1.0 bin\nneigh_modify delay 2 every 2 check yes\ntimestep {dt}\nthermo 1000\n"
      "velocity all create {hot} {seed} dist gaussian\n"
      "fix 1 all npt temp {melt} {melt} 0.2 iso 0 0 2.0\nrun {melt_steps}\nunfix 1\n"
      "fix 1 all npt temp {melt} {end} 0.2 iso 0 0 2.0\nrun {quench_steps}\nunfix 1\n"
      "fix 1 all npt temp {end} {end} 0.2 iso 0 0 2.0\nrun {hold_steps}\nunfix 1\n"
      "min_style cg\nminimize 1e-10 1e-6 1000 5000\n"
      "write_dump all custom quenched.dump id type element x y z modify element{names} sort id\n",
      fmt::arg("composition", s.composition), fmt::arg("melt", s.melt),
      fmt::arg("melt_ps", s.melt_ps), fmt::arg("end", s.end), fmt::arg("rate", s.rate),
      fmt::arg("hold_ps", s.hold_ps), fmt::arg("cells", cells), fmt::arg("lattice", kStartLattice),
      fmt::arg("kinds", c.elements.size()), fmt::arg("set", set), fmt::arg("mass", mass),
      fmt::arg("style", s.style), fmt::arg("potential", s.potential), fmt::arg("names", names),
      fmt::arg("dt", dt), fmt::arg("hot", 1.5 * s.melt), fmt::arg("seed", lammps_seed),
      fmt::arg("melt_steps", steps(s.melt_ps)), fmt::arg("quench_steps", steps(quench_ps)),
      fmt::arg("hold_steps", steps(s.hold_ps)));
}

// Runs a program in a folder, its output in a file there; the exit status, or -1 if it cannot
// start.
int run_program(const std::string& program, const std::vector<std::string>& arguments,
                const std::string& folder, const std::string& log) {
  const pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    std::vector<char*> argv;
    std::string name = program;
    std::vector<std::string> copies = arguments;
    argv.push_back(name.data());
    for (auto& a : copies) argv.push_back(a.data());
    argv.push_back(nullptr);
    if (chdir(folder.c_str()) != 0 || !std::freopen(log.c_str(), "w", stdout) || dup2(1, 2) < 0)
      _exit(127);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

BuiltModel build_quench(const QuenchSettings& s, const ModelRun& run) {
  const Composition c = parse_composition(s.composition);
  const std::string folder = s.folder.empty() ? run.common.output + ".lammps" : s.folder;
  const std::string script = quench_script(s, c, run.common.seed);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::ofstream(folder + "/in.melt_quench") << script;
  if (!std::filesystem::exists(folder + "/in.melt_quench"))
    fail(Fault::machine, "{}/in.melt_quench: cannot be written", folder);
  if (!std::filesystem::exists(s.potential))
    fail(Fault::input,
         "{}: the potential does not exist; Debian's lammps-data has CuZr_mm.eam.fs (the "
         "script is in {})",
         s.potential, folder);
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
  atoms.info["quench"] = fmt::format("{:g} K to {:g} K at {:g} K/ps", s.melt, s.end, s.rate);
  atoms.info["seed"] = std::to_string(run.common.seed);
  return atoms;
}

PlanModel describe_quench(Settings& o) {
  auto s = std::make_shared<QuenchSettings>();
  o.section("Melt and quench");
  o.add("composition", s->composition, "Cu64.5Zr35.5", "elements with their shares")
      .reads(a_composition());
  o.add("atoms", s->atoms, "number of atoms, rounded to a cube of fcc cells")
      .at_least(108)
      .at_most(1e7);
  o.add("potential", s->potential, "FILE", "setfl file that knows the elements");
  o.add("style", s->style, "NAME", "LAMMPS pair style of the potential: eam/fs or eam/alloy");
  o.add("melt", s->melt, "K", "temperature of the melt").above(0).at_most(1e5);
  o.add("end", s->end, "K", "temperature of the glass").above(0).at_most(1e5);
  o.add("rate", s->rate, "", "cooling rate, K/ps (1 K/ps is 1e12 K/s)").above(0);
  o.add("melt-time", s->melt_ps, "", "time in the melt, ps").above(0);
  o.add("hold-time", s->hold_ps, "", "time at the end, ps").at_least(0);
  o.add("timestep", s->step_fs, "", "femtoseconds").above(0).at_most(10);
  o.add("program", s->program, "NAME", "LAMMPS' executable");
  o.add("folder", s->folder, "FOLDER", "where script, log and dump go (default: OUTPUT.lammps)");
  return [s](const ModelRun& run) -> ModelPlan {
    parse_composition(s->composition);  // for its errors
    if (!(s->melt > s->end))
      fail(Fault::usage, "--melt {:g} must be above --end {:g}", s->melt, s->end);
    if (run.common.dry_run && !std::filesystem::exists(s->potential))
      fail(Fault::input,
           "{}: the potential does not exist; Debian's lammps-data has CuZr_mm.eam.fs",
           s->potential);
    const int cells = quench_cells(*s);
    const ModelSize size{4 * std::pow(cells, 3), Vector3d::Constant(kStartLattice * cells)};
    return {size, [s, &run] { return build_quench(*s, run); }};
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
