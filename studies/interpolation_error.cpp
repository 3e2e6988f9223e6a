#include "studies/interpolation_error.hpp"

#include <algorithm>
#include <cmath>

namespace vitrobeam {
namespace {

struct Difference {
  double all, scattered;  // sum |a - b| / sum b, of all pixels and of those outside the disc
};

// Over the pixels that both patterns have, q = 0 at index n/2 of either; `simulation` knows the q
// of a's, `disc` is the radius of the bright disc, 1/Angstrom.
template <typename Real>
Difference difference(const Plane<Real>& a, const Plane<Real>& b,
                      const Simulation<Real>& simulation, double disc) {
  const auto qx = simulation.q_x(), qy = simulation.q_y();
  double sums[2] = {}, differences[2] = {};  // inside and outside of the disc
  for (Eigen::Index j = 0; j < a.rows(); ++j)
    for (Eigen::Index i = 0; i < a.cols(); ++i) {
      const auto row = j - a.rows() / 2 + b.rows() / 2, column = i - a.cols() / 2 + b.cols() / 2;
      if (row < 0 || row >= b.rows() || column < 0 || column >= b.cols()) continue;
      const bool outside = std::hypot(qx[std::size_t(i)], qy[std::size_t(j)]) > disc;
      sums[outside] += b(row, column);
      differences[outside] += std::abs(double(a(j, i)) - double(b(row, column)));
    }
  return {(differences[0] + differences[1]) / (sums[0] + sums[1]),
          sums[1] > 0 ? differences[1] / sums[1] : NAN};
}

template <typename Real>
std::vector<ProbeResult<Real>> at_exit(const Simulation<Real>& simulation,
                                       const std::vector<ScanPoint>& points, int threads) {
  const int last = int(simulation.depths().size()) - 1;
  std::vector<ProbeResult<Real>> results(points.size());
  simulation.run(points, threads, [&](std::size_t i, const ProbeResult<Real>& r) {
    if (r.depth == last) results[i] = r;
  });
  return results;
}

}  // namespace

template <typename Real>
InterpolationError interpolation_error(const ScanSimulation& scan, const Atoms& at_rest,
                                       const Simulation<Real>& simulation, int threads) {
  constexpr std::size_t kPoints = 4;
  InterpolationError error;
  error.points = std::min(kPoints, scan.points());
  std::vector<ScanPoint> points;
  for (std::size_t k = 0; k < error.points; ++k)
    points.push_back(scan.point((2 * k + 1) * scan.points() / (2 * error.points)));
  SimulationSettings exact = scan.settings;
  exact.engine = Engine::multislice;
  exact.interpolation = 1;
  exact.recording.every_slices = 0;
  if (exact.recording.pixel_q == 0) exact.recording.bin *= scan.settings.interpolation;
  const auto found = at_exit(simulation, points, threads),
             expected = at_exit(Simulation<Real>(at_rest, exact, threads), points, threads);
  error.patterns_mean = exact.recording.patterns ? 0 : NAN;
  error.patterns_worst = error.scattered_mean = error.patterns_mean;
  const Grid window = scan.recorded_grid();
  const std::vector<Optics> probes = scan.settings.probes();
  for (std::size_t k = 0; k < points.size() && exact.recording.patterns; ++k) {
    const double disc = probes[points[k].probe].aperture_q() + 1.5 / std::min(window.lx, window.ly);
    const Difference r = difference(found[k].pattern, expected[k].pattern, simulation, disc);
    error.patterns_mean += r.all / double(points.size());
    error.patterns_worst = std::max(error.patterns_worst, r.all);
    error.scattered_mean += r.scattered / double(points.size());
  }
  error.detectors_worst = NAN;
  std::size_t channel = 0;
  for (const Detector& d : exact.recording.detectors)
    for (int c = 0; c < d.channels(); ++c, ++channel) {
      if (d.moments) continue;
      double squares = 0, sum = 0;
      for (std::size_t k = 0; k < points.size(); ++k) {
        squares += std::pow(found[k].detectors[channel] - expected[k].detectors[channel], 2);
        sum += expected[k].detectors[channel];
      }
      const double n = double(points.size());
      if (sum > 0)
        error.detectors_worst =
            std::fmax(error.detectors_worst, std::sqrt(squares / n) / (sum / n));
    }
  return error;
}

template InterpolationError interpolation_error(const ScanSimulation&, const Atoms&,
                                                const Simulation<float>&, int);
template InterpolationError interpolation_error(const ScanSimulation&, const Atoms&,
                                                const Simulation<double>&, int);

}  // namespace vitrobeam
