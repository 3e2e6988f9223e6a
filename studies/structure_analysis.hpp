// The analysis of a model as a whole: Voronoi cells, pair distribution and structure factors, bond
// order, classes, columns that a beam sees, motion.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/run_control.hpp"
#include "models/structure_result.hpp"
#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

enum class Window { lorch, none };

struct StructureAnalysis {
  // what is done, and whether that was left to the model: then what its cell does not allow is left
  // out with a remark
  bool cells = true, pairs = true, order = true, classes = true, column = true, motion = true;
  bool all_that_are_possible = true;
  // Voronoi cells
  VoronoiSettings voronoi;
  // shells
  std::optional<double> cutoff;      // Angstrom, end of the first; none: first minimum of g(r)
  std::vector<int> orders = {4, 6};  // l of the bond-orientational order
  double template_rmsd = 0.12;       // in mean bond lengths
  // g(r) and S(q), q = 1/d
  double r_max = 20, r_bin = 0.02;   // Angstrom
  double q_max = 2, q_step = 0.005;  // 1/Angstrom
  Window window = Window::lorch;
  Parametrisation table = Parametrisation::kirkland;
  // columns
  ColumnWeight::Kind beam = ColumnWeight::Kind::airy;
  double energy_kV = 200, semiangle_mrad = 3.3;  // of the Airy disk
  double beam_fwhm = 4;                          // Angstrom, of the Gaussian
  double step = 1;                               // Angstrom, between points of the map
  // motion
  std::optional<double> strain_radius;  // Angstrom; none: 1.3 times the cutoff

  std::optional<std::size_t> close_pairs;  // of plausibility(), where it is known; else it is found

  bool needs_shell() const { return order || classes || motion; }
};

// What motion is counted from, as far as it is known: the same atoms before, and the frames of a
// trajectory.
struct ModelMotion {
  std::optional<Atoms> reference;
  std::size_t frames = 0;  // 0: no vibration
  std::function<Atoms(std::size_t)> frame;
};

// Error{usage}, Error{physics} where a setting does not fit the model; Error{input} where atoms of
// the motion are others. What is left out is a remark. Throws Interrupted.
StructureResult analyse_structure(const Atoms& atoms, const StructureAnalysis& settings,
                                  const ModelMotion& motion, const RunControl& run);

// The end of the first shell, Angstrom: as given, or the first minimum of g(r); a finite piece
// counts pairs in its bounding box. Error{physics}: g(r) has none.
struct FirstShell {
  double radius = 0;
  std::string origin;
};
FirstShell first_shell(const Atoms& atoms, std::optional<double> cutoff);

// The beam that column densities are weighted with; in words: "Gaussian of 2 Angstrom FWHM".
ColumnWeight column_weight(const StructureAnalysis& settings);
std::string column_weight_text(const StructureAnalysis& settings);

}  // namespace vitrobeam
