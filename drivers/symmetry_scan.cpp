#include "drivers/symmetry_scan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "multislice/optics.hpp"
#include "patterns/recognition.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

SymmetryScan::SymmetryScan(const SymmetryCommand& c, const PatternInput& input)
    : c_(c),
      input_(input),
      transform_(Eigen::Index(input.source().rows()), Eigen::Index(input.source().columns()),
                 input.calibration(), c.grid, input.source().hidden()),
      analysis_(transform_, c.angular) {
  AngularSettings friedel = c.angular;
  friedel.friedel = true;
  friedel.correlation = false;
  if (wants(c, "friedel")) friedel_.emplace_back(transform_, friedel);
  const std::size_t rows = input.source().scan_rows(), columns = input.source().scan_columns(),
                    orders = std::size_t(c.angular.n_max), rings = std::size_t(c.grid.n_q);
  const float none = std::numeric_limits<float>::quiet_NaN();
  const Shape shape{rows, columns, orders, rings};
  result_.power = Stack<float>(shape, none);
  result_.power_error = result_.power;
  if (wants(c, "friedel")) result_.power_friedel = result_.power;
  if (wants(c, "odd_floor")) result_.power_odd_floor = result_.power;
  if (wants(c, "pair")) result_.friedel_pair = Stack<float>({rows, columns, rings}, none);
  result_.status = Stack<std::uint8_t>({rows, columns}, 0);
  variance_ = opposite_ = mean_squared_ =
      PlaneD::Constant(Eigen::Index(rows * columns), c.grid.n_q, kNone);
  mean_image_ =
      PlaneD::Zero(Eigen::Index(input.source().rows()), Eigen::Index(input.source().columns()));
  for (int i = 0; i < c.grid.n_q; ++i) result_.q.push_back(c.grid.q(i));
  for (int n = 1; n <= c.angular.n_max; ++n) result_.n.push_back(n);
}

void SymmetryScan::add(const Stack<float>& images, std::size_t first) {
  std::vector<PlaneD> correlation(images.shape[0]);
#pragma omp parallel for schedule(dynamic, 8) num_threads(c_.common.threads)
  for (long i = 0; i < long(images.shape[0]); ++i)
    correlation[std::size_t(i)] = add_one(images.plane(std::size_t(i)), first + std::size_t(i));
  for (std::size_t i = 0; i < images.shape[0]; ++i) {
    if (result_.status.values[first + i] != 0) continue;
    mean_image_ += images.plane(i).cast<double>();
    ++good_;
    if (correlation[i].size() == 0) continue;
    if (result_.correlation.size() == 0)
      result_.correlation = correlation[i];
    else
      result_.correlation += correlation[i];
  }
}

PlaneD SymmetryScan::add_one(const Eigen::Ref<const PlaneF>& image, std::size_t at) {
  const PlaneF polar = transform_(image);
  result_.status.values[at] = static_cast<std::uint8_t>(
      judge(image, input_.source().hidden(), polar, transform_.weights()));
  if (result_.status.values[at] != 0) return {};
  const AngularPower a = analysis_(polar, image, input_.gain());
  const auto put = [&](Stack<float>& stack, const PlaneD& values) {
    stack.plane(at) = values.cast<float>();
  };
  put(result_.power, a.power);
  put(result_.power_error, a.error);
  if (!friedel_.empty())
    put(result_.power_friedel, friedel_.front()(polar, image, input_.gain()).power);
  if (result_.power_odd_floor.size() > 0) put(result_.power_odd_floor, less_odd_floor(a.power));
  const auto row = Eigen::Index(at);
  variance_.row(row) = a.variance * a.mean_squared;
  opposite_.row(row) = a.opposite * a.mean_squared;
  mean_squared_.row(row) = a.mean_squared;
  if (result_.friedel_pair.size() > 0)
    for (int i = 0; i < c_.grid.n_q; ++i)
      result_.friedel_pair.values[at * std::size_t(c_.grid.n_q) + std::size_t(i)] =
          a.variance[i] > 0 ? float(a.opposite[i] / a.variance[i])
                            : std::numeric_limits<float>::quiet_NaN();
  return c_.angular.correlation ? analysis_.correlation(polar, image, input_.gain()) : PlaneD();
}

void average(const Stack<float>& power, PlaneD& mean, PlaneD& error) {
  const std::size_t positions = power.shape[0] * power.shape[1];
  const auto rows = Eigen::Index(power.shape[2]), columns = Eigen::Index(power.shape[3]);
  mean = error = PlaneD::Zero(rows, columns);
  PlaneD count = PlaneD::Zero(rows, columns);
  for (std::size_t at = 0; at < positions; ++at) {
    const PlaneD one = power.plane(at).cast<double>();
    const auto known = one.isFinite();
    mean += known.select(one, 0.0);
    error += known.select(one.square(), 0.0);
    count += known.cast<double>();
  }
  mean /= count;
  error = ((error / count - mean.square()).max(0) / (count - 1)).sqrt();
}

void pool_friedel(const PlaneD& opposite, const PlaneD& variance, std::optional<double> energy_kV,
                  SymmetryResult& r) {
  for (Eigen::Index i = 0; i < variance.cols(); ++i) {
    double o = 0, v = 0, squares = 0, n = 0;
    for (Eigen::Index k = 0; k < variance.rows(); ++k)
      if (std::isfinite(variance(k, i))) o += opposite(k, i), v += variance(k, i), n += 1;
    const double rho = v > 0 ? o / v : kNone;
    for (Eigen::Index k = 0; k < variance.rows(); ++k)
      if (std::isfinite(variance(k, i)))
        squares += std::pow((o - opposite(k, i)) / (v - variance(k, i)) - rho, 2);
    r.mean_friedel_pair.push_back(rho);
    r.mean_friedel_pair_error.push_back(n > 2 ? std::sqrt(squares * (n - 1) / n) : kNone);
    if (energy_kV)
      r.friedel_thickness.push_back(
          thickness_from_friedel(rho, r.q[std::size_t(i)], wavelength(*energy_kV)));
  }
}

void make_histograms(SymmetryResult& r) {
  constexpr std::size_t kBins = 40;
  const std::size_t orders = r.n.size(), positions = r.map.size() / orders;
  r.histogram = Stack<std::int32_t>({orders, kBins});
  r.histogram_edges = Stack<float>({orders, kBins + 1});
  for (std::size_t n = 0; n < orders; ++n) {
    double low = 0, high = 0;
    for (std::size_t k = 0; k < positions; ++k)
      if (const double v = r.map.values[k * orders + n]; std::isfinite(v))
        low = std::min(low, v), high = std::max(high, v);
    if (high <= low) high = low + 1;
    for (std::size_t b = 0; b <= kBins; ++b)
      r.histogram_edges.values[n * (kBins + 1) + b] =
          float(low + (high - low) * double(b) / double(kBins));
    for (std::size_t k = 0; k < positions; ++k)
      if (const double v = r.map.values[k * orders + n]; std::isfinite(v))
        ++r.histogram.values[n * kBins + std::min(kBins - 1, std::size_t(double(kBins) * (v - low) /
                                                                         (high - low)))];
  }
}

}  // namespace vitrobeam
