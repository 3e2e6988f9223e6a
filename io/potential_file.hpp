// The file of a potential kept for other runs: its slices in real space, in V Angstrom, so that
// they serve at every energy; and what they were made of, so that they serve no other run.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/run_control.hpp"
#include "io/hdf5.hpp"
#include "io/run_record.hpp"
#include "models/configurations.hpp"
#include "multislice/simulation.hpp"
#include "potentials/potential_source.hpp"

namespace vitrobeam {

// What a potential depends on: name and value.
using PotentialIdentity = std::vector<std::pair<std::string, std::string>>;

// What the settings do not say of a potential; a file keeps it as text.
struct PotentialOrigin {
  std::string atoms;              // a digest of them, with their labels
  std::string factors;            // name of the table, or a digest of it
  std::string smearing = "none";  // rms displacements, as they were given
  std::string motion = "none";    // of the configurations, as it was given
  std::string trajectory = {};    // a digest of it; empty: there is none
  double energy_kV = 0;           // at which thermal diffuse scattering is absorbed
};
// Everything that the numbers depend on; the energy only where the potential absorbs.
PotentialIdentity potential_identity(const PotentialOrigin& origin,
                                     const Configurations& configurations,
                                     const SimulationSettings& settings,
                                     std::size_t bytes_per_real);

// What a file holds beside /potential/slices: the imaginary part, and the transmission functions of
// a potential that was exponentiated on a finer grid.
struct PotentialContents {
  bool absorption = false, transmission = false;
};

// Writes /potential/slices [configuration, slice, y, x] plane by plane.
template <typename Real>
class PotentialWriter {
 public:
  PotentialWriter(const std::string& path, const PotentialIdentity& identity, const Grid& grid,
                  double height, int configurations, int slices, const PotentialContents& holds);
  // `configuration` counts from 0; threads share the slices.
  void add(int configuration, const PotentialSource<Real>& potential, int threads);
  void finish(const RunRecord& record);

 private:
  Hdf5Writer file_;
  Grid grid_;
  std::mutex mutex_;
};

// What such a file takes on the disk at most.
double potential_bytes(const Configurations& configurations, const SimulationSettings& settings,
                       std::size_t bytes_per_real);

// The potential of every configuration into a file of its own; their number of slices. Interrupted
// where run.stop says so: nothing is left behind.
template <typename Real>
int save_potential(const std::string& path, const PotentialIdentity& identity,
                   const Configurations& configurations, const SimulationSettings& settings,
                   const RunRecord& record, const RunControl& run);

// Error{input} with both values where the file's potential is of something else or of another
// shape, or lacks configurations.
void check_potential(const std::string& path, const PotentialIdentity& identity,
                     const Configurations& configurations, const SimulationSettings& settings);

// One configuration out of a file, read when it is asked for: the same numbers as computed.
template <typename Real>
class StoredPotential final : public PotentialSource<Real> {
 public:
  StoredPotential(const std::string& path, int configuration);
  int slices() const override { return slices_; }
  bool absorbs() const override { return absorbs_; }
  SliceField<Real> field(int slice) const override;
  SliceField<Real> absorbed_field(int slice) const override;
  bool has_transmission() const override { return has_transmission_; }
  Plane<std::complex<Real>> transmission(int slice) const override;

 private:
  template <typename Value>
  Plane<Value> read(const char* dataset, int slice) const;
  Hdf5Reader file_;
  std::size_t configuration_;
  int slices_;
  bool absorbs_, has_transmission_;
};

extern template class PotentialWriter<float>;
extern template class PotentialWriter<double>;
extern template class StoredPotential<float>;
extern template class StoredPotential<double>;

}  // namespace vitrobeam
