// The file of a potential kept for other runs: its slices in real space, in V Angstrom, so that
// they serve at every energy; and what they were made of, so that they serve no other run.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "io/hdf5.hpp"
#include "io/run_record.hpp"
#include "potentials/potential_source.hpp"

namespace vitrobeam {

// What a potential depends on: name and value.
using PotentialIdentity = std::vector<std::pair<std::string, std::string>>;

// Writes /potential/slices [configuration, slice, y, x] plane by plane.
template <typename Real>
class PotentialWriter {
 public:
  PotentialWriter(const std::string& path, const PotentialIdentity& identity, const Grid& grid,
                  double height, int configurations, int slices, bool absorbs);
  // `configuration` counts from 0; threads share the slices.
  void add(int configuration, const PotentialSource<Real>& potential,
           const BandTransform<Real>& transform, int threads);
  void finish(const RunRecord& record);

 private:
  Hdf5Writer file_;
  std::mutex mutex_;
};

// What a run needs of a stored potential: [configurations, slices, ny, nx].
struct PotentialShape {
  int configurations = 1, slices = 1, ny = 0, nx = 0;
  bool absorbs = false;
};

// Error{input} with both values where the file's potential is of something else or of another
// shape, or lacks configurations.
void check_potential(const std::string& path, const PotentialIdentity& identity,
                     const PotentialShape& needed);

// One configuration out of a file, read when it is asked for: the same numbers as computed.
template <typename Real>
class StoredPotential final : public PotentialSource<Real> {
 public:
  StoredPotential(const std::string& path, int configuration);
  int slices() const override { return slices_; }
  bool absorbs() const override { return absorbs_; }
  void rows(const BandTransform<Real>& transform, int slice,
            const typename PotentialSource<Real>::AtTile& at_tile) const override;

 private:
  Hdf5Reader file_;
  std::size_t configuration_;
  int slices_;
  bool absorbs_;
};

extern template class PotentialWriter<float>;
extern template class PotentialWriter<double>;
extern template class StoredPotential<float>;
extern template class StoredPotential<double>;

}  // namespace vitrobeam
