// The program: a table of commands, and the translation of errors into exit statuses.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <new>
#include <string_view>

#include "base/error.hpp"
#include "base/printable.hpp"
#include "drivers/command.hpp"
#include "drivers/crash_report.hpp"
#include "drivers/log.hpp"
#include "options/version.hpp"
#include "runtime/ranks.hpp"

namespace vitrobeam {

// The commands: drivers/<name>.cpp. A new one takes its declaration here and its line in the table.
int run_model(const std::vector<std::string>& arguments);
int run_structure(const std::vector<std::string>& arguments);
int run_simulate(const std::vector<std::string>& arguments);
int run_camera(const std::vector<std::string>& arguments);
int run_library(const std::vector<std::string>& arguments);
int run_plan(const std::vector<std::string>& arguments);
int run_match(const std::vector<std::string>& arguments);
int run_estimate(const std::vector<std::string>& arguments);
int run_strain(const std::vector<std::string>& arguments);
int run_correlation(const std::vector<std::string>& arguments);
int run_convert(const std::vector<std::string>& arguments);
int run_symmetry(const std::vector<std::string>& arguments);
int run_fluctuation(const std::vector<std::string>& arguments);
int run_radial(const std::vector<std::string>& arguments);
int run_density(const std::vector<std::string>& arguments);
int run_atlas(const std::vector<std::string>& arguments);
int run_report(const std::vector<std::string>& arguments);
int run_info(const std::vector<std::string>& arguments);

}  // namespace vitrobeam

namespace {

struct Command {
  std::string_view name;
  vitrobeam::CommandFunction run;
  std::string_view summary;
  std::string_view actions = "";  // words that choose a command of its own: "library build"
};

// Commands whose work several processes share (runtime/ranks.hpp).
constexpr std::array<std::string_view, 4> kShared = {"simulate", "library build", "library extend",
                                                     "estimate calibrate"};

constexpr std::array kCommands = {
    Command{"model", vitrobeam::run_model, "build an atomic model with its ground-truth labels"},
    Command{"structure", vitrobeam::run_structure,
            "analyse a model: Voronoi, g(r), S(q), order, density"},
    Command{"simulate", vitrobeam::run_simulate,
            "atoms -> diffraction patterns, HAADF, exit waves"},
    Command{"camera", vitrobeam::run_camera, "noiseless patterns -> counts of a camera"},
    Command{"library", vitrobeam::run_library, "build and describe a motif diffraction library",
            "build extend merge subset migrate info plot"},
    Command{"plan", vitrobeam::run_plan, "library -> beam, dose, thickness, step, detector"},
    Command{"match", vitrobeam::run_match, "patterns + library -> motif map with an error rate"},
    Command{"estimate", vitrobeam::run_estimate,
            "patterns + calibration -> maps of structure with intervals", "calibrate plan"},
    Command{"strain", vitrobeam::run_strain, "ring ellipticity -> strain tensor maps with errors"},
    Command{"correlation", vitrobeam::run_correlation, "time series -> g2(t), relaxation-time map"},
    Command{"convert", vitrobeam::run_convert,
            "measured patterns of any format -> the HDF5 result file, prepared"},
    Command{"symmetry", vitrobeam::run_symmetry,
            "patterns -> n-fold symmetry with significance; symmetry limit", "limit"},
    Command{"fluctuation", vitrobeam::run_fluctuation,
            "patterns -> normalised variance V(q) by its several definitions"},
    Command{"radial", vitrobeam::run_radial,
            "patterns -> I(q), structure factor, reduced pair distribution"},
    Command{"density", vitrobeam::run_density,
            "HAADF <-> density: relative density with errors; density calibrate", "calibrate"},
    Command{"atlas", vitrobeam::run_atlas,
            "one model or trajectory -> every heterogeneity on the same columns"},
    Command{"plot", vitrobeam::run_plot, "PNG pictures from any result file or atomic model"},
    Command{"report", vitrobeam::run_report, "one self-contained HTML page from result files"},
    Command{"info", vitrobeam::run_info, "what a file holds, its provenance, its audit ledger"},
};

void print_usage(std::ostream& out) {
  out << "vitrobeam: electron scattering by glasses and clusters, forward and back\n\n"
         "usage: vitrobeam <command> [input] [options]\n       vitrobeam <command> --help\n\n";
  for (const auto& c : kCommands) out << fmt::format("  {:<11} {}\n", c.name, c.summary);
  out << "\n  --version  print the version\n";
}

int run(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) {
    print_usage(std::cerr);
    return 2;
  }
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(std::cout);
    return 0;
  }
  if (name == "--list-commands") {  // for completions and manual pages
    for (const auto& c : kCommands)
      std::cout << c.name << (c.actions.empty() ? "" : " ") << c.actions << '\n';
    return 0;
  }
  if (name == "--version") {
    std::cout << "vitrobeam " << vitrobeam::version() << " (" << vitrobeam::revision() << ")\n";
    return 0;
  }
  for (const auto& c : kCommands)
    if (c.name == name) {
      const std::string action = arguments.size() > 1 ? name + " " + arguments[1] : name;
      const auto is_shared = [](const std::string& s) {
        return std::find(kShared.begin(), kShared.end(), s) != kShared.end();
      };
      if (vitrobeam::ranks().count() > 1 && !is_shared(name) && !is_shared(action))
        vitrobeam::fail(vitrobeam::Fault::usage, "{}: runs in one process; start it without mpirun",
                        name);
      return c.run({arguments.begin() + 1, arguments.end()});
    }
  std::vector<std::string> names;
  for (const auto& c : kCommands) names.emplace_back(c.name);
  vitrobeam::fail(vitrobeam::Fault::usage,
                  "unknown command '{}'; did you mean '{}'? (vitrobeam --help lists them)", name,
                  vitrobeam::nearest(name, names));
}

// Says it once, and ends the other processes.
int failed(std::string_view message, int status) {
  const vitrobeam::Ranks& ranks = vitrobeam::ranks();
  ranks.let_leader_fail_first();
  constexpr std::size_t kLongest = 3000;  // names out of files may be of any length
  std::cerr << "vitrobeam: " << message.substr(0, kLongest)
            << (message.size() > kLongest ? " ..\n" : "\n");
  ranks.end_all(status);
  return status;
}

// What was printed has arrived; else exit status 5, and what the run wrote into files stays.
int said(int status) {
  if (!vitrobeam::ranks().is_leader()) return status;
  errno = 0;
  std::cout.flush();
  const bool good = std::fflush(stdout) == 0 && std::cout.good() && std::ferror(stdout) == 0;
  if (good || status != 0) return status;
  return failed(fmt::format("error: standard output cannot be written ({}); files are whole",
                            std::strerror(errno != 0 ? errno : EIO)),
                int(vitrobeam::Fault::machine));
}

}  // namespace

int main(int argc, char** argv) {
  using vitrobeam::Fault;
  vitrobeam::report_crashes();
  const vitrobeam::PrintableStream out(std::cout), error(std::cerr);
  try {
    if (!vitrobeam::ranks().is_leader()) std::cout.setstate(std::ios::failbit);
    return said(run(argc, argv));
  } catch (const vitrobeam::Interrupted&) {
    return vitrobeam::nothing_written();
  } catch (const vitrobeam::Error& e) {
    return failed("error: " + e.message().with_fields(vitrobeam::option_name), int(e.fault()));
  } catch (const std::bad_alloc&) {
    return failed("error: out of memory; --dry-run prints what a run needs", int(Fault::machine));
  } catch (const std::exception& e) {
    return failed(fmt::format("internal error: {}", e.what()), int(Fault::machine));
  }
}
