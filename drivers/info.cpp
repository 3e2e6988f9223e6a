// vitrobeam info: what a file holds, where it comes from, and whether its bookkeeping adds up.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/info_patterns.hpp"
#include "drivers/structure_input.hpp"
#include "io/description.hpp"
#include "io/hdf5_values.hpp"
#include "io/pattern_frames.hpp"
#include "io/provenance.hpp"
#include "io/structure_file.hpp"
#include "models/elements.hpp"
#include "models/occupancy.hpp"

namespace vitrobeam {
namespace {

std::string size_text(double bytes) {
  if (bytes < 1000) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1e6) return fmt::format("{:.1f} kB", bytes / 1e3);
  return bytes < 1e9 ? fmt::format("{:.1f} MB", bytes / 1e6)
                     : fmt::format("{:.2f} GB", bytes / 1e9);
}

// The same arrays under the names that other readers look for; users of ours need no list of them.
bool is_interchange(const std::string& path) {
  for (const char* root : {"/datacube_root/", "/Experiments/", "/entry/"})
    if (path.rfind(root, 0) == 0) return true;
  return false;
}

// A line for every dataset of the file's own names; a single value is printed.
void print_datasets(const Hdf5Reader& file) {
  const auto tree = file.tree();
  const bool is_own = file.exists("/simulation") || file.exists("/structure") ||
                      file.exists("/motif_library") || file.exists("/match");
  const auto is_shown = [&](const Hdf5Entry& e) {
    return e.is_dataset && !(is_own && is_interchange(e.path));
  };
  constexpr std::size_t kWidest = 100;
  std::size_t longest = 0;
  for (const auto& e : tree)
    if (is_shown(e)) longest = std::max(longest, std::min(kWidest, e.path.size()));
  std::cout << "\ndatasets\n";
  for (const auto& e : tree) {
    if (!is_shown(e)) continue;
    std::string note =
        file.has_attribute(e.path, "units") ? value_text(file.attribute(e.path, "units")) : "";
    std::string shape = shape_text(e.dataset.shape);
    if (e.dataset.shape.empty() && e.dataset.type == StoredType::string)
      shape = text_at(file, e.path);
    if (e.dataset.shape.empty() && is_number(e.dataset.type))
      shape = fmt::format("{:.8g}", number_at(file, e.path));
    std::cout << fmt::format("  {:<{}}  {:<20} {:<8} {:>8}  {}\n", e.path, longest, shape,
                             type_name(e.dataset.type), size_text(double(e.dataset.stored_bytes)),
                             note);
  }
  std::string readers;
  for (const auto& [root, name] :
       {std::pair{"/datacube_root", "py4DSTEM"}, {"/Experiments", "HyperSpy"}, {"/entry", "NeXus"}})
    if (file.exists(root))
      readers += fmt::format("{}{} ({})", readers.empty() ? "" : ", ", root, name);
  if (is_own && !readers.empty())
    std::cout << "  the same data for other readers: " << readers << '\n';
}

void print_rows(const std::string& title,
                const std::vector<std::pair<std::string, std::string>>& rows) {
  if (rows.empty()) return;
  std::cout << "\n" << title << "\n";
  for (const auto& [name, value] : rows) std::cout << fmt::format("  {:<24} {}\n", name, value);
}

void print_hdf5(const Hdf5Reader& file) {
  std::cout << fmt::format("file        {} (HDF5, {})\n", file.path(),
                           size_text(double(std::filesystem::file_size(file.path()))));
  if (file.exists("/audit") && file.has_attribute("/audit", "version"))
    std::cout << fmt::format("made by     vitrobeam {} ({}), command {}\n",
                             file.string_attribute("/audit", "version"),
                             file.string_attribute("/audit", "revision", "unknown revision"),
                             file.has_attribute("/parameters", "command")
                                 ? file.string_attribute("/parameters", "command")
                                 : "?");
  const auto findings = audit_lines(file);
  for (std::size_t i = 0; i < findings.size(); ++i)
    std::cout << fmt::format("{:<11} {} {}\n", i == 0 ? "audit" : "",
                             findings[i].good ? "good:" : "LOOK:", findings[i].text);
  print_datasets(file);
  print_rows("parameters", attribute_rows(file, "/parameters", {"ini", "command"}));
  print_rows("audit ledger", attribute_rows(file, "/audit"));
}

void print_atoms(const std::string& path, const Atoms& atoms, std::size_t frames) {
  std::cout << fmt::format("file        {} (atoms)\n", path);
  if (frames > 1) std::cout << fmt::format("frames      {}\n", frames);
  std::cout << fmt::format("atoms       {:.10g}\n", atoms_in(atoms));
  if (has_partial_occupancy(atoms))
    std::cout << fmt::format("occupancy   partial: {} hold {:.6g} atoms\n",
                             counted(atoms.size(), "site"), atoms_in(atoms));
  std::string text;
  for (const auto& [element, count] : element_counts(atoms))
    text += fmt::format("{}{} {:.10g} ({:.2f} at.%)", text.empty() ? "" : ", ", element, count,
                        100 * count / atoms_in(atoms));
  std::cout << "elements    " << text << '\n';
  const double volume = atoms.cell.volume();
  if (volume > 0) {
    const Vector3d l = atoms.cell.lengths();
    std::cout << fmt::format(
        "cell        {:.4f} x {:.4f} x {:.4f} Angstrom, {}\n", l.x(), l.y(), l.z(),
        atoms.cell.is_orthogonal() ? "orthogonal"
                                   : "not orthogonal (simulate needs an orthogonal one)");
    std::cout << fmt::format("density     {:.5f} atoms/Angstrom^3, {:.3f} g/cm^3\n",
                             number_density(atoms), mass_density(atoms));
    if (const std::string vacuum = vacuum_text(atoms); !vacuum.empty())
      std::cout << fmt::format("vacuum      {}\n", vacuum);
  } else {
    std::cout << "cell        none: give --box to simulate\n";
  }
  for (const auto& [name, label] : atoms.labels)
    std::cout << fmt::format("label       {} ({} per atom)\n", name, label.columns);
  for (const auto& [name, value] : atoms.info)
    std::cout << fmt::format("info        {} = {}\n", name, value);
}

}  // namespace

int run_info(const std::vector<std::string>& arguments) {
  CommonSettings common;
  StructureInput structure;
  bool json = false;
  Settings settings("info", "what a file holds, its provenance, its audit ledger", {"FILE"});
  settings.section("Output");
  settings.add("json", json,
               "print JSON: datasets, parameters, audit, checks; or atoms, cell, density");
  settings.section("Structure files");
  add_structure_input(settings, structure);
  add_common(settings, common);
  if (!begin(settings, common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage, "info: name one file: vitrobeam info FILE");
  const std::string path = settings.positional().front();
  if (!std::filesystem::exists(path)) fail(Fault::input, "{}: no such file", path);
  if (is_hdf5(path) && !is_matlab_file(path)) {
    const Hdf5Reader file(path);
    if (json)
      std::cout << description_json(file) << '\n';
    else
      print_hdf5(file);
    return 0;
  }
  const bool is_atoms =
      is_matlab_file(path) && has_matlab_atoms(path) && !has_matlab_patterns(path);
  if (!is_atoms && !recognise_frames(path).empty()) {
    if (json)
      std::cout << patterns_json(path) << '\n';
    else
      print_patterns(path);
    return 0;
  }
  const Trajectory trajectory(path, read_options(structure));
  const Atoms atoms = read_atoms(path, structure);
  if (json)
    std::cout << description_json(path, atoms) << '\n';
  else
    print_atoms(path, atoms, trajectory.size());
  return 0;
}

}  // namespace vitrobeam
