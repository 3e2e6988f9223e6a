// Simulates a motif library from a plan: templates of every motif, decoration, direction, depth and
// offset under every condition, motif-free packings seen through the same optics, and motifs
// planted in such packings to measure how often they are found. The work is in numbered units that
// depend on the plan alone, so that any number of threads, processes or machines may share it.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "models/motifs.hpp"
#include "multislice/changed_slab.hpp"
#include "multislice/simulation.hpp"
#include "patterns/library.hpp"

namespace vitrobeam {

enum class Matrix { none, packing };

struct LibraryPlan {
  std::vector<std::string> motifs;
  // Elements of the motifs: the centre, then what Motif::other_elements says; one list for each
  // decoration.
  std::vector<std::vector<int>> decorations;
  double bond = 0;         // 0 = sum of the metallic radii
  double radius = 0;       // of crystal-like clusters; 0 = first shell
  double spacing_deg = 0;  // of the directions; 0 = the rocking width of the motif
  // Of the motif's centre, as shares of the room that it has in the slab.
  std::vector<double> depths = {0.5};
  // Of the probe from the motif's centre: all points of a square net within the range, Angstrom.
  double offset_step = 1.5, offset_range = 0;
  // Motif-free packings are scanned in a raster of about this step (a whole part of the box),
  // planted motifs with the positions within offset_range; 0 = single positions at random.
  double scan_step = 0;
  double box = 40;  // cell edge across the beam, Angstrom
  // Conditions: every thickness with every one of the optics; an empty list: what `simulation`
  // says.
  std::vector<double> thicknesses = {15};  // along the beam, Angstrom
  std::vector<double> energies_kV, semiangles_mrad, defoci;
  Matrix matrix = Matrix::none;  // around the templates
  int realisations = 8;          // packings over which an embedded template is averaged
  int packings = 12;             // motif-free patterns come from
  int null_patterns = 600, planted_patterns = 40;  // per condition; planted: and per motif
  std::string composition;                         // of the packings, for the record
  double density = 0;    // of the packings, atoms/Angstrom^3, for the record
  std::string sampling;  // LibraryConditions::simulation
  SimulationSettings simulation;
  std::uint64_t seed = 1;
  int threads = 1;
};

// Neighbouring directions differ by this, radian: 1 / (t q) with the motif's longest extent t and
// the largest q of the patterns, between 2 and 20 degrees.
double rocking_width(const Atoms& motif, double q_max);

class LibraryBuilder {
 public:
  // `packing(i)`: the i-th of plan.packings dense random packings in periodic boxes of box x box x
  // (at least the largest thickness); called from any thread, once for each that is needed. Throws
  // Error{physics} if a motif does not fit, Error{usage} for a plan without templates.
  LibraryBuilder(const LibraryPlan& plan, std::function<Atoms(std::size_t)> packing);
  ~LibraryBuilder();

  std::size_t units() const;
  std::size_t templates() const;
  std::size_t patterns() const;                         // to simulate, all units together
  std::size_t patterns_of(std::size_t unit) const;      // to simulate
  std::vector<std::byte> make(std::size_t unit) const;  // any thread
  // The library of those units, ascending: its records, and its values out of what make() made,
  // which `read(unit)` gives.
  MotifLibrary records(const std::vector<std::size_t>& units) const;
  void copy(const std::vector<std::size_t>& units,
            const std::function<std::vector<std::byte>(std::size_t)>& read, LibrarySink& to) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The whole library at once, from packings that are at hand. Returns what is done when `stop()`
// turns true.
MotifLibrary build_library(LibraryPlan plan, const std::vector<Atoms>& packings,
                           const std::function<void(std::size_t)>& progress,
                           const std::function<bool()>& stop);

}  // namespace vitrobeam
