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

#include "patterns/library.hpp"
#include "studies/library_plan.hpp"

namespace vitrobeam {

class LibraryBuilder {
 public:
  // `packing(i)`: the i-th of plan.packings dense random packings in periodic boxes of box x box x
  // (at least the largest thickness); called from any thread, once for each that is needed. Throws
  // Error{physics} if a motif does not fit, Error{usage} for a plan without templates.
  LibraryBuilder(const LibraryPlan& plan, std::function<Atoms(std::size_t)> packing);
  // From the packings that the plan states (library_packing).
  explicit LibraryBuilder(const LibraryPlan& plan);
  ~LibraryBuilder();

  std::size_t units() const;
  std::size_t templates() const;
  std::size_t patterns() const;                         // to simulate, all units together
  std::size_t patterns_of(std::size_t unit) const;      // to simulate
  std::vector<std::byte> make(std::size_t unit) const;  // any thread
  // Numbers that these units leave in the library, each of 4 bytes.
  double values(const std::vector<std::size_t>& units) const;
  // Of one thread that makes these units, from small parts of some of them; without packings.
  double measured_seconds(const std::vector<std::size_t>& units) const;
  // The library of those units, ascending: its records, and its values out of what make() made,
  // which `read(unit)` gives.
  MotifLibrary records(const std::vector<std::size_t>& units) const;
  void copy(const std::vector<std::size_t>& units,
            const std::function<std::vector<std::byte>(std::size_t)>& read, LibrarySink& to) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What a build takes, before it begins.
struct BuildEstimate {
  std::size_t patterns = 0;           // to simulate
  double values_MB = 0, file_MB = 0;  // of numbers, as the journal has them, and packed
  std::size_t packing_atoms = 0;
  double slices = 0;  // of a slab, mean over the thicknesses
};
// Of some units of it.
BuildEstimate estimate_build(const LibraryPlan& plan, const LibraryBuilder& builder,
                             const std::vector<std::size_t>& units);
// The time of these units and all packings in plan.threads threads, measured on some.
double estimate_seconds(const LibraryPlan& plan, const std::vector<std::size_t>& units);

// Of a plan what a library lacks: no motif-free patterns where it has all its conditions. Throws
// Error{usage} where it also has a motif and decoration of the plan.
LibraryPlan without_known(const LibraryPlan& plan, const MotifLibrary& known);

// The whole library at once, from packings that are at hand. Returns what is done when `stop()`
// turns true.
MotifLibrary build_library(LibraryPlan plan, const std::vector<Atoms>& packings,
                           const std::function<void(std::size_t)>& progress,
                           const std::function<bool()>& stop);

}  // namespace vitrobeam
