#include "patterns/radial.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/linear_algebra.hpp"

namespace vitrobeam {

RadialCurves reduce_radial(const Eigen::ArrayXd& q, const Eigen::ArrayXd& intensity,
                           const Eigen::ArrayXd& squared, const Eigen::ArrayXd& of_mean,
                           const RadialSettings& settings) {
  const Eigen::Index n = q.size();
  if (n < 16 || !intensity.isFinite().all() || !(intensity.maxCoeff() > 0))
    fail(Fault::input,
         "{} rings with the intensities given are no radial profile; give at least 16 rings with "
         "intensity",
         n);
  const double last = q[n - 1];
  const double from = settings.fit_from > 0 ? settings.fit_from : q[0] + (last - q[0]) * 2 / 3;
  RadialCurves out;
  double above = 0, below = 0;
  for (Eigen::Index i = 0; i < n; ++i)
    if (q[i] >= from) above += intensity[i] * squared[i], below += squared[i] * squared[i];
  if (!(above > 0))
    fail(Fault::physics, "no intensity between {:g} and {:g} 1/Angstrom to set the scale by", from,
         last);
  out.scale = above / below;
  out.f = q * (intensity / out.scale - squared) / of_mean;
  const auto degree = std::max<Eigen::Index>(1, std::lround(2 * settings.r_poly * last));
  if (settings.r_poly > 0) {
    Eigen::MatrixXd powers(n, degree);
    for (Eigen::Index k = 0; k < degree; ++k)
      powers.col(k) = (q * (q / last).pow(double(k))).matrix();
    out.f -= (powers * solve_least_squares(powers, out.f.matrix())).array();
  }
  out.s = 1 + out.f / q;

  const auto count = Eigen::Index(settings.r_max / settings.dr);
  out.r = Eigen::ArrayXd::LinSpaced(count, settings.dr, settings.dr * double(count));
  out.g = Eigen::ArrayXd::Zero(count);
  const auto window = [&](double at) {
    const double x = M_PI * at / last;
    return settings.lorch && x > 1e-9 ? std::sin(x) / x : 1.0;
  };
  // trapezia between the rings; a straight line from 0 to the first
  const auto add = [&](double at, double f, double width) {
    out.g += 8 * M_PI * f * window(at) * width * (2 * M_PI * at * out.r).sin();
  };
  constexpr int kInner = 20;
  for (int k = 0; k < kInner; ++k) {
    const double at = q[0] * (k + 0.5) / kInner;
    add(at, out.f[0] * at / q[0], q[0] / kInner);
  }
  for (Eigen::Index i = 0; i < n; ++i) {
    const double left = i > 0 ? q[i - 1] : q[0], right = i + 1 < n ? q[i + 1] : q[n - 1];
    add(q[i], out.f[i], (right - left) / 2);
  }
  return out;
}

FirstShell first_shell(const RadialCurves& c, double density) {
  const Eigen::ArrayXd g = 1 + c.g / (4 * M_PI * density * c.r);
  const Eigen::Index n = g.size();
  Eigen::Index peak = -1;
  for (Eigen::Index i = 0; i < n; ++i)
    if (c.r[i] > 1.8 && c.r[i] < 3.8 && (peak < 0 || g[i] > g[peak])) peak = i;
  if (peak < 0) return {NAN, NAN};
  Eigen::Index from = peak, to = peak;
  while (from > 0 && g[from - 1] < g[from] && g[from - 1] > 0) --from;
  while (to + 1 < n && g[to + 1] < g[to]) ++to;
  if (to + 1 == n) return {NAN, NAN};
  double sum = 0;
  for (Eigen::Index i = from; i <= to; ++i)
    sum += 4 * M_PI * density * c.r[i] * c.r[i] * g[i] * (c.r[1] - c.r[0]);
  return {c.r[to], sum};
}

Eigen::ArrayXd RingMeans::mean(int without) const {
  Eigen::ArrayXd sum = Eigen::ArrayXd::Zero(q.size());
  double n = 0;
  for (int g = 0; g < groups(); ++g)
    if (g != without) sum += group_sum[std::size_t(g)], n += group_count[std::size_t(g)];
  return sum / n;
}

RingMeans mean_rings(const PatternScan& scan, const RingAxis& axis, const RunControl& run) {
  constexpr std::size_t kGroups = 10;
  const RingMap map(scan.rows, scan.columns, scan.calibration, axis, scan.hidden);
  check_visible(scan, map);
  const std::size_t groups = std::min(kGroups, scan.positions());
  RingMeans rings{map.mean_q(), {}, {}};
  rings.group_sum.assign(groups, Eigen::ArrayXd::Zero(axis.n));
  rings.group_count.assign(groups, 0);
  for_each_part(scan, run, [&](const Stack<float>& images, std::size_t first) {
    for (std::size_t i = 0; i < images.shape[0]; ++i) {
      const RingMoments m = ring_moments(map, images.plane(i));
      if (!m.mean.isFinite().all()) continue;
      rings.group_sum[(first + i) % groups] += m.mean;
      rings.group_count[(first + i) % groups] += 1;
    }
  });
  return rings;
}

RadialResult analyse_radial(const RingMeans& rings, const Eigen::ArrayXd& squared,
                            const Eigen::ArrayXd& of_mean, const RadialSettings& settings) {
  const auto reduce = [&](const Eigen::ArrayXd& intensity) {
    return reduce_radial(rings.q, intensity, squared, of_mean, settings);
  };
  RadialResult r{rings.q, rings.mean(), {}, {}, {}};
  r.curves = reduce(r.intensity);
  const int groups = rings.groups();
  if (groups < 3) return r;
  Eigen::ArrayXd s = Eigen::ArrayXd::Zero(r.curves.s.size()),
                 g = Eigen::ArrayXd::Zero(r.curves.g.size());
  for (int k = 0; k < groups; ++k) {
    const RadialCurves part = reduce(rings.mean(k));
    s += (part.s - r.curves.s).square();
    g += (part.g - r.curves.g).square();
  }
  const double scale = double(groups - 1) / groups;
  r.s_error = (s * scale).sqrt();
  r.g_error = (g * scale).sqrt();
  return r;
}

}  // namespace vitrobeam
