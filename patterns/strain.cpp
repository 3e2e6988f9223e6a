#include "patterns/strain.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/neighbourhood.hpp"

namespace vitrobeam {
namespace {

// The first maximum of the radial mean that stands above what lies inside of it, from the middle
// row of the scan; 1/Angstrom.
double find_maximum(const PatternScan& scan) {
  constexpr double kFrom = 0.2, kLeast = 0.35, kProminence = 1.02;
  const double reach = largest_full_circle(scan.rows, scan.columns, scan.calibration);
  if (!(reach > kLeast))
    fail(Fault::physics,
         "the patterns hold whole circles only up to {:.3g} 1/Angstrom: the first ring of a "
         "metallic glass lies near 0.42; give @q_min and @q_max if yours lies inside",
         reach);
  const PolarGrid wide{kFrom, reach, std::max(16, int((reach - kFrom) / scan.calibration.pixel_qx)),
                       90};
  const PolarTransform transform(scan.rows, scan.columns, scan.calibration, wide, scan.hidden);
  PlaneF sum = PlaneF::Zero(wide.n_q, wide.n_theta);
  const Stack<float> sample = scan.read(scan.scan_rows / 2, 0, scan.scan_columns, 1);
  for (std::size_t i = 0; i < scan.scan_columns; ++i)
    if (const auto image = sample.plane(i); image.isFinite().all()) sum += transform(image);
  const RingProfile profile = RingProfile::of(sum, transform.weights(), wide);
  const auto& v = profile.values();
  double lowest = v[0];
  for (std::size_t k = 2; k + 2 < v.size(); ++k) {
    lowest = std::min(lowest, v[k]);
    if (v[k] > kProminence * lowest && v[k] >= v[k - 1] && v[k] > v[k - 2] && v[k] >= v[k + 1] &&
        v[k] > v[k + 2])
      return wide.q(int(k));
  }
  fail(Fault::physics,
       "no ring stands out between 0.2 and {:.3g} 1/Angstrom; give @q_min and @q_max", reach);
}

// <f^2> over its value in the middle of the ring; 1 without it.
Envelope relative(const Envelope& squared_factor, const PolarGrid& grid) {
  if (!squared_factor) return [](double) { return 1.0; };
  const double middle = squared_factor(grid.q(grid.n_q / 2));
  return [squared_factor, middle](double q) { return squared_factor(q) / middle; };
}

// Polar patterns [q, theta] over the envelope, of every position; empty where the pattern is
// unusable.
struct Rings {
  std::vector<PlaneF> of_position;
  std::size_t columns = 0;
  PlaneF weights;
  PolarGrid wide, fitted;  // equal bins; `wide` reaches farther out

  PlaneF fitted_weights() const { return weights.topRows(fitted.n_q); }
};

Rings read_rings(const PatternScan& scan, const StrainSettings& s, const PolarGrid& wide,
                 const Envelope& envelope, const RunControl& run) {
  const PolarTransform transform(scan.rows, scan.columns, scan.calibration, wide, scan.hidden);
  std::vector<PlaneF> all(scan.positions());
  Eigen::ArrayXf divisor(wide.n_q);
  for (int i = 0; i < wide.n_q; ++i) divisor[i] = float(envelope(wide.q(i)));
  Stage stage(run, "patterns", all.size());
  for_each_part(scan, run, [&](const Stack<float>& images, std::size_t first) {
#pragma omp parallel for schedule(dynamic) num_threads(run.threads)
    for (std::size_t i = 0; i < images.shape[0]; ++i) {
      const auto image = images.plane(i);
      if (!image.isFinite().all() || !(image != 0.0f).any()) continue;
      PlaneF polar = transform(image);
      polar.colwise() /= divisor;
      all[first + i] = std::move(polar);
    }
    stage.advance(images.shape[0]);
  });
  return {neighbourhood_mean(std::move(all), scan.scan_columns, s.neighbourhood, run.threads),
          scan.scan_columns, transform.weights(), wide, s.grid()};
}

// The mean of the rings of a rectangle, each over amplitude(ring); faint ones are left out.
template <typename Amplitude>
PlaneF mean_ring(const Rings& rings, const ScanRectangle& where, Amplitude&& amplitude) {
  constexpr double kFaintest = 0.05;  // of the mean
  PlaneD sum = PlaneD::Zero(rings.wide.n_q, rings.wide.n_theta);
  double count = 0;
  for (std::size_t at = 0; at < rings.of_position.size(); ++at) {
    const PlaneF& ring = rings.of_position[at];
    if (ring.size() == 0 || !where.contains(at / rings.columns, at % rings.columns)) continue;
    const double a = amplitude(ring);
    if (!(a > kFaintest)) continue;
    sum += ring.cast<double>() / a;
    count += 1;
  }
  if (count == 0) fail(Fault::physics, "no usable pattern among the reference positions");
  return (sum / count).cast<float>();
}

// The reference's profile, which knows the beam's disc (radius 1/Angstrom): the mean of its rings,
// each over its own amplitude as the fit takes them.
RingProfile reference_profile(const Rings& rings, const ScanRectangle& where,
                              const Envelope& envelope, double disc_radius) {
  constexpr int kRounds = 2;
  const PlaneF weights = rings.fitted_weights();
  const auto fitted = [&](const PlaneF& ring) { return ring.topRows(rings.fitted.n_q); };
  const auto profile_of = [&](const PlaneF& mean) {
    return RingProfile::of(fitted(mean), weights, rings.fitted);
  };
  PlaneF mean = mean_ring(rings, where, [](const PlaneF&) { return 1.0; });
  for (int round = 0; round < kRounds; ++round)
    mean = mean_ring(rings, where, [&, profile = profile_of(mean)](const PlaneF& ring) {
      return ring_amplitude(fitted(ring), weights, profile);
    });
  RingProfile profile = profile_of(mean);
  profile.set_disc(disc_radius, RingProfile::of(mean, rings.weights, rings.wide).values(),
                   envelope);
  return profile;
}

StrainResult fit_all(const Rings& rings, const RingProfile& profile, const StrainSettings& s,
                     const RunControl& run) {
  const std::size_t positions = rings.of_position.size();
  StrainResult r;
  const auto columns = Eigen::Index(rings.columns), rows = Eigen::Index(positions) / columns;
  for (auto* map : {&r.strain[0], &r.strain[1], &r.strain[2], &r.error[0], &r.error[1], &r.error[2],
                    &r.amplitude, &r.centre_x, &r.centre_y})
    map->setConstant(rows, columns, NAN);
  r.status.setConstant(rows, columns, StrainResult::unusable);
  std::vector<RingFit> fits(positions);
  const PlaneF weights = rings.fitted_weights();
  Stage stage(run, "rings", positions);
#pragma omp parallel for schedule(dynamic, 8) num_threads(run.threads)
  for (std::size_t at = 0; at < positions; ++at) {
    stage.advance();
    const PlaneF& ring = rings.of_position[at];
    if (ring.size() == 0) continue;
    fits[at] = fit_ring(ring.topRows(rings.fitted.n_q), weights, rings.fitted, profile,
                        {s.fit_centre, true, true});
    r.status.data()[at] = fits[at].converged ? StrainResult::fitted : StrainResult::unsettled;
  }
  r.noise = ring_noise_shape(fits);
  for (std::size_t at = 0; at < positions; ++at) {
    if (r.status.data()[at] != StrainResult::fitted) continue;
    const RingFit fit = with_noise_shape(fits[at], r.noise);
    for (std::size_t k = 0; k < 3; ++k) {
      r.strain[k].data()[at] = fit.value[k + 2];
      r.error[k].data()[at] = fit.error[k + 2];
    }
    r.amplitude.data()[at] = fit.amplitude;
    r.centre_x.data()[at] = fit.value[0];
    r.centre_y.data()[at] = fit.value[1];
  }
  return r;
}

}  // namespace

StrainSettings with_ring(const PatternScan& scan, StrainSettings s) {
  const double maximum = s.q_min > 0 && s.q_max > 0 ? 0 : find_maximum(scan);
  if (!(s.q_min > 0)) s.q_min = 0.7 * maximum;
  if (!(s.q_max > 0)) s.q_max = 1.35 * maximum;
  check_polar_grid(s.grid());
  check_rings(scan, s.q_max);
  return s;
}

StrainResult analyse_strain(const PatternScan& scan, const StrainSettings& settings,
                            const RunControl& run, const PatternScan* reference) {
  const StrainSettings s = with_ring(scan, settings);
  if (reference) check_rings(*reference, s.q_max);
  const PolarGrid grid = s.grid(), wide = reaching_out(scan, grid);
  const Envelope envelope = relative(s.squared_factor, grid);
  const Rings rings = read_rings(scan, s, wide, envelope, run);
  const RingProfile profile =
      reference ? reference_profile(read_rings(*reference, s, wide, envelope, run), {}, envelope,
                                    scan.disc_radius())
                : reference_profile(rings, s.reference, envelope, scan.disc_radius());
  StrainResult r = fit_all(rings, profile, s, run);
  for (int i = 0; i < grid.n_q; ++i) r.q.push_back(grid.q(i));
  r.profile = profile.values();
  r.q_min = grid.q_min;
  r.q_max = grid.q_max;
  r.ring_q = profile.q_of_maximum();
  return r;
}

}  // namespace vitrobeam
