// The scattering matrix, used exactly: the exit wave is linear in the incident wave, so the plane
// waves of the aperture are propagated once, and every probe position is a sum over them; a
// detector's image is a Fourier series in the scan position. The same numbers as multislice to
// rounding; no interpolation, no cropping. Memory is bounded: a matrix that does not fit is made in
// several passes (docs/decisions/0005-scattering-matrix-in-blocks.md).
#pragma once
#include <functional>
#include <vector>

#include "multislice/beam_sums.hpp"
#include "multislice/engine.hpp"
#include "multislice/slab.hpp"

namespace vitrobeam {

// What the matrix is made from, and of; the references must outlive it.
template <typename Real>
struct ScatteringSetup {
  const BandTransform<Real>& transform;
  const Slab<Real>& slab;
  const Propagator<Real>& propagator;
  const std::vector<ApertureBeam>& beams;
  const std::vector<IncidentModes>& probes;
  std::vector<int> depths;      // slices above each, ascending, the last is the exit
  const PatternWindow* window;  // nullptr: no patterns
  const std::vector<Detector>& detectors;
  double wavelength;
  double memory_bytes;
};

// A sample of the exit wave in Fourier space, and what it counts for: the pattern's window, and the
// channels that the samples of its group share.
struct BandSample {
  int jx, jy;
  bool in_window;
  std::size_t group;
};

// Samples of the band, those of the window first, then by group; per group the shares that all its
// samples have in the channels. A moment weighs every sample differently: it has a weight per
// sample.
struct BandSamples {
  std::vector<BandSample> samples;
  std::vector<std::vector<DetectorShare>> groups;
  std::size_t channels = 0;
  struct Moment {
    std::size_t channel;
    std::vector<double> weights;  // of the samples
  };
  std::vector<Moment> moments;

  BandSamples(const Grid& grid, const PatternWindow* window, const std::vector<Detector>& detectors,
              double wavelength);
};

// The samples in blocks of `lanes`; blocks of one group, in the window or not, follow each other.
struct SampleBlocks {
  struct Run {
    std::size_t group, first, last;  // blocks
  };
  std::vector<std::ptrdiff_t> samples;  // index into BandSamples::samples; -1 pads a block
  std::vector<Run> runs;
  std::size_t window_blocks = 0;

  SampleBlocks(const BandSamples& band, std::size_t lanes);
};

// How a matrix of this size is made within `memory_bytes`, and how often its beams are propagated.
struct ScatteringPlan {
  std::size_t blocks = 0, window_blocks = 0;
  std::size_t blocks_at_once = 0;
  bool window_stays = true;           // kept for all positions
  std::size_t positions_at_once = 0;  // 0: all
  double propagations = 1;            // of every beam
  double bytes = 0;

  bool possible() const { return blocks_at_once > 0 && (window_stays || positions_at_once > 0); }

  ScatteringPlan(std::size_t blocks, std::size_t window_blocks, double bytes_per_block,
                 double bytes_per_position, std::size_t positions, double memory_bytes);
};

template <typename Real>
class ScatteringMatrix {
 public:
  using Stop = std::function<bool()>;

  // Error{physics} when `memory_bytes` does not hold a block of the matrix.
  ScatteringMatrix(const ScatteringSetup<Real>& setup, std::size_t points, int threads,
                   const Stop& stop);
  // Hands over blocks of results as engines do (engine.hpp).
  void run(const std::vector<ScanPoint>& points, const EngineRun<Real>& run) const;

 private:
  struct Series {
    ScanSeries total;
    std::vector<ScanSeries> channels;
  };
  // Where a sample of the exit wave goes: its row in FFT order, its lane among those of the blocks.
  struct Place {
    int j;
    std::size_t slot;
  };
  using Places = std::vector<std::vector<Place>>;               // by jx + band_x
  Places places_of(std::size_t first, std::size_t last) const;  // blocks
  // Beams k .. through a window of slices into `sums`, each thread with its own `exit`, whose
  // padding stays zero.
  void carry(const Transmission<Real>& window, std::size_t k,
             const std::vector<Lanes<Real>*>& waves, const Places& places,
             typename BandTransform<Real>::Workspace& workspace, Lanes<Real>* exit,
             std::vector<BeamSums<Real>>& sums) const;
  // The matrices [depth] of some blocks, all from one propagation of the beams.
  std::vector<BeamSums<Real>> propagate_beams(std::size_t first, std::size_t last, int threads,
                                              const Stop& stop) const;
  void add_series(const std::vector<BeamSums<Real>>& sums, std::size_t first, int threads);
  void add_series(const BeamSums<Real>& sums, std::size_t first,
                  const std::vector<std::complex<double>>& mode, int threads, Series& series) const;
  void add_patterns(const BeamSums<Real>& sums, std::size_t first, std::size_t probe,
                    const std::vector<Vector2d>& positions, Plane<Real>* patterns) const;
  void run_whole(const std::vector<ScanPoint>& points, const EngineRun<Real>& run) const;
  void run_in_passes(const std::vector<ScanPoint>& points, Range piece,
                     const EngineRun<Real>& run) const;
  ProbeResult<Real> result(std::size_t i, const ScanPoint& point, std::size_t depth,
                           Plane<Real> pattern) const;

  ScatteringSetup<Real> setup_;
  BandSamples band_;
  SampleBlocks blocks_;
  ScatteringPlan plan_;
  std::vector<Series> series_;          // [probe, depth]
  std::vector<BeamSums<Real>> window_;  // [depth], where it stays
};

extern template class ScatteringMatrix<float>;
extern template class ScatteringMatrix<double>;

}  // namespace vitrobeam
