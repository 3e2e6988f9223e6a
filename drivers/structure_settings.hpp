// What `vitrobeam structure` is asked to analyse.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "drivers/settings.hpp"
#include "drivers/structure_input.hpp"
#include "models/column_density.hpp"
#include "models/voronoi.hpp"
#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

enum class Window { lorch, none };

struct StructureSettings {
  CommonSettings common;
  StructureInput model;
  // what is computed
  std::string only;  // some of kAnalyses, separated by commas; empty: all that the model allows
  std::string labels, csv;
  // Voronoi
  double face_cut = kVoronoiFaceCut, edge_cut = 0;
  SmallFaces small_faces = SmallFaces::drop;
  bool radical = false;
  std::string radii;
  // shells
  std::optional<double> cutoff;
  std::string orders = "4,6";
  double template_rmsd = 0.12;
  // g(r) and S(q)
  double r_max = 20, r_bin = 0.02, q_max = 2, q_step = 0.005;
  Window window = Window::lorch;
  Parametrisation table = Parametrisation::kirkland;
  // columns
  ColumnWeight::Kind beam = ColumnWeight::Kind::airy;
  double energy_kV = 200, semiangle_mrad = 3.3, beam_fwhm = 4, step = 1;
  // motion
  std::string reference;
  int reference_frame = 0;
  std::optional<double> strain_radius;
  bool vibration = false;

  bool asks(const char* analysis) const;
};

inline constexpr const char* kAnalyses[] = {"voronoi", "pairs",  "order",
                                            "classes", "column", "motion"};

Settings describe(StructureSettings& settings);

// Tessellation as asked for; radii of the elements of the model (Error{usage}: one is missing).
VoronoiSettings voronoi_settings(const StructureSettings& s, const Atoms& atoms);
ColumnWeight column_weight(const StructureSettings& s);
std::string column_weight_text(const StructureSettings& s);

// "4,6" -> {4, 6}; each from 1 to 12.
std::vector<int> parse_orders(const std::string& text);

// Refuses unknown analyses and what contradicts itself, before anything is read.
void check(const StructureSettings& s);

}  // namespace vitrobeam
