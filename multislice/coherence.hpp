// Partial coherence: the incident beam as an incoherent sum of few coherent waves.
//
// A spread of defocus (temporal) and a source of finite size (spatial), both Gaussian, average the
// intensity over incident waves that differ in defocus and position. What that average needs is the
// mutual coherence of every two plane waves k, l of the aperture,
//   A_k conj(A_l) exp(-1/2 (pi lambda D)^2 (q_k^2 - q_l^2)^2) exp(-2 pi^2 s^2 |q_k - q_l|^2),
// D the rms focal spread, s the rms size of the source: closed forms of the two averages. It is a
// positive matrix of low rank. Its eigenvectors are incident waves whose intensities add: exact for
// specimens of any thickness (unlike an envelope on the exit wave) and for single positions as for
// scans, with no points of quadrature to choose.
#pragma once
#include <complex>
#include <vector>

#include "multislice/optics.hpp"

namespace vitrobeam {

// Incident waves that add incoherently: amplitudes in the order of the aperture's beams; the sum of
// all intensities is 1.
struct IncidentModes {
  std::vector<std::vector<std::complex<double>>> amplitudes;
  double left_out = 0;  // share of the intensity in the modes that were too weak to keep
};

// The share of the incident intensity that the modes may leave out together; the rest is scaled up
// to 1.
inline constexpr double kModesLeftOut = 1e-5;

// A fully coherent beam has one mode: the amplitudes of `beams` themselves.
IncidentModes incident_modes(const Optics& optics, const Grid& grid,
                             const std::vector<ApertureBeam>& beams);

// Several probes as sums over the same plane waves.
struct ProbeSeries {
  std::vector<ApertureBeam> beams;    // those that any probe has; of a single probe its own
  std::vector<IncidentModes> probes;  // in the order of `beams`, 0 outside a probe's aperture
};
// Beams of the aperture on `grid`. Error{usage, physics} as the aperture of each probe.
ProbeSeries probe_series(const std::vector<Optics>& probes, const Grid& grid);

// Mutual coherence of the plane waves (jx, jy) of two beams, 0 to 1; 1 for a coherent beam.
double coherence(const Optics& optics, const Grid& grid, const ApertureBeam& k,
                 const ApertureBeam& l);

}  // namespace vitrobeam
