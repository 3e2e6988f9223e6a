// What patterns tell of the structure, learned from models: slabs cut from periodic models in many
// directions are scanned by simulation, and the patterns with their counting noise are set against
// what the models say of the columns.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/run_control.hpp"
#include "models/atoms.hpp"
#include "models/column_descriptors.hpp"
#include "multislice/simulation.hpp"
#include "patterns/camera.hpp"
#include "patterns/estimate_scan.hpp"

namespace vitrobeam {

struct EstimatePlan {
  std::vector<ColumnDescriptor> descriptors;
  bool leave_out_constant = false;  // those that are the same everywhere; else an error
  double thickness_low = 8, thickness_high = 8;  // Angstrom; each slab has one between them
  double box = 40;                               // cell edge across the beam, Angstrom
  double step = 3;                               // of the scan over each slab, Angstrom
  int slabs = 60;                                // of each model
  SimulationSettings simulation;                 // its grid is that of the box
  Camera camera;                                 // with the dose
  FeatureRecipe recipe;
  std::vector<double> together{0};  // readings are made for each of these radii, Angstrom
  std::uint64_t seed = 1;
};

// A model to learn from, periodic along all axes.
struct TeachingModel {
  std::string name;  // of its file
  Atoms atoms;
};

// Positions along an edge of the scan of a slab, which stays clear of the border by the radius of
// the beam's first dark ring.
int positions_along(const EstimatePlan& plan);

// A calibration in units, each a slab that any thread of any process makes. Error{physics}: a model
// that is not periodic, a box too small for the beam, a descriptor that is the same everywhere, too
// few slabs or patterns (how many more); Error{input}: a label that a model lacks.
class CalibrationBuilder {
 public:
  CalibrationBuilder(const EstimatePlan& plan, const std::vector<TeachingModel>& models,
                     const RunControl& run = {});
  ~CalibrationBuilder();

  const EstimatePlan& plan() const;
  std::size_t units() const;     // the models take turns, so that a part of them knows all models
  std::size_t patterns() const;  // of a unit
  std::vector<std::byte> make(std::size_t unit) const;

  // From the units that are done, `read` giving their bytes. Throws Interrupted.
  EstimateCalibration train(const std::vector<std::size_t>& done,
                            const std::function<std::vector<std::byte>(std::size_t)>& read,
                            const RunControl& run) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vitrobeam
