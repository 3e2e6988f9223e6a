#include "studies/density_study.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/elements.hpp"
#include "models/stacking.hpp"
#include "models/thermal.hpp"
#include "models/transform.hpp"
#include "multislice/cross_section.hpp"

namespace vitrobeam {
namespace {

constexpr std::uint64_t kRasterStream = 0x64656e73, kExchangeStream = 0x636f6d70;

// What the samples of one glass and change give, [thickness, sample(, detector)].
struct Samples {
  PlaneD density;                    // of the own column, atoms/Angstrom^3
  std::vector<PlaneD> x, intensity;  // [detector](thickness, sample)
};

// Pixels no larger than `pixel` across the cell.
void check_thicknesses(const std::vector<double>& t) {
  for (std::size_t i = 0; i < t.size(); ++i) {
    const double multiple = t[i] / t[0];
    if (!(t[i] > 0) || (i > 0 && t[i] <= t[i - 1]) ||
        std::abs(multiple - std::round(multiple)) > 1e-6)
      fail(Fault::usage,
           "@thickness {}: {} does not fit; ascending multiples of the first, for example "
           "50,100,200",
           fmt::join(t, ","), t[i]);
  }
}

class Study {
 public:
  Study(const DensityPlan& plan, const std::vector<Atoms>& glasses, const RunControl& run)
      : plan_(plan),
        glasses_(glasses),
        run_(run),
        stage_(run, "positions", positions_of_study(plan, glasses.size())),
        detectors_(plan.simulation.recording.detectors),
        side_(std::max(1, int(std::ceil(std::sqrt(double(plan.positions)))))),
        samples_(std::size_t(plan.piles * side_ * side_)) {
    const Optics& o = plan.simulation.optics;
    for (const auto& glass : glasses)
      for (const int z : glass.numbers)
        if (!cross_section_.contains(z))
          for (const auto& d : detectors_)
            cross_section_[z].push_back(annular_cross_section(
                plan.simulation.potential.factors, z, o.energy_kV, d.inner_mrad, d.outer_mrad));
    slice_ =
        plan.thickness[0] / std::max(1.0, std::round(plan.thickness[0] / plan.simulation.slice));
  }

  DensityCalibration run() {
    begin();
    for (std::size_t g = 0; g < glasses_.size(); ++g)
      for (const double change : plan_.change) all_.push_back(simulate_change(glasses_[g], change));
    tabulate();
    for (std::size_t d = 0; d < detectors_.size(); ++d) fit(d);
    return std::move(out_);
  }

 private:
  void begin() {
    const Optics& o = plan_.simulation.optics;
    out_.energy_kV = o.energy_kV;
    out_.semiangle_mrad = o.semiangle_mrad;
    out_.defocus = o.defocus;
    out_.change = plan_.change;
    out_.thickness = plan_.thickness;
    for (const auto& glass : glasses_) {
      out_.glass.push_back(composition_text(glass));
      out_.glass_density.push_back(number_density(glass));
    }
    for (std::size_t d = 0; d < detectors_.size(); ++d) {
      CalibratedDetector& c = out_.detectors.emplace_back();
      c.name = detectors_[d].name;
      c.inner_mrad = detectors_[d].inner_mrad;
      c.outer_mrad = detectors_[d].outer_mrad;
      for (const auto& glass : glasses_) {
        double sum = 0;
        for (const int z : glass.numbers) sum += cross_section_[z][d];
        c.cross_section.push_back(sum / double(glass.size()));
      }
    }
  }

  Samples simulate_change(const Atoms& glass, double change) {
    const Atoms scaled =
        deformed(glass, Eigen::Matrix3d::Identity() * std::pow(1 + change, -1.0 / 3));
    Samples all{PlaneD(Eigen::Index(plan_.thickness.size()), Eigen::Index(samples_)), {}, {}};
    all.x.assign(detectors_.size(), all.density);
    all.intensity = all.x;
    for (int p = 0; p < plan_.piles; ++p) {
      run_.check_stop();
      const Atoms pile = stacked(scaled, plan_.thickness.back(), plan_.seed, std::uint64_t(p));
      RandomSequence random(plan_.seed, kRasterStream + std::uint64_t(p));
      const double shift_x = random.uniform(), shift_y = random.uniform();
      std::vector<double> x, y;
      for (int k = 0; k < side_; ++k) {
        x.push_back((k + shift_x) / side_ * pile.cell.lengths().x());
        y.push_back((k + shift_y) / side_ * pile.cell.lengths().y());
      }
      add_columns(pile, p, y, x, all);
      add_intensities(pile, p, y, x, all);
    }
    return all;
  }

  void add_columns(const Atoms& pile, int p, const std::vector<double>& y,
                   const std::vector<double>& x, Samples& all) const {
    const Vector3d edges = pile.cell.lengths();
    for (std::size_t t = 0; t < plan_.thickness.size(); ++t) {
      const Atoms part =
          cut_box(pile, Vector3d::Zero(), {edges.x(), edges.y(), plan_.thickness[t]});
      const ColumnDensity c = column_density(part, column_of(plan_.simulation.optics), y, x);
      for (Eigen::Index i = 0; i < c.density.size(); ++i) {
        const Eigen::Index at = sample(p, i);
        all.density(Eigen::Index(t), at) = c.density.data()[i];
        for (std::size_t d = 0; d < detectors_.size(); ++d) {
          double sum = 0;
          for (const auto& [z, share] : c.share)
            sum += share.data()[i] * c.density.data()[i] * cross_section_.at(z)[d];
          all.x[d](Eigen::Index(t), at) = sum * plan_.thickness[t];
        }
      }
    }
  }

  void add_intensities(const Atoms& pile, int p, const std::vector<double>& y,
                       const std::vector<double>& x, Samples& all) {
    SimulationSettings s = plan_.simulation;
    const Grid grid = grid_of_study(pile.cell.lengths(), plan_.pixel);
    s.nx = grid.nx;
    s.ny = grid.ny;
    s.slice = slice_;
    s.recording.patterns = false;
    s.recording.every_slices = int(std::lround(plan_.thickness[0] / slice_));
    std::vector<Vector3d> motion;
    if (!plan_.u_rms.empty())
      motion = thermal_displacements(pile, plan_.u_rms, plan_.seed, std::uint64_t(p) + 1);
    const Simulation<float> simulation(pile, s, run_.threads, motion);
    std::vector<Vector2d> places;
    for (const double at_y : y)
      for (const double at_x : x) places.emplace_back(at_x, at_y);
    simulation.run(
        places, run_.threads,
        [&](std::size_t i, const ProbeResult<float>& r) {
          // not every recorded depth is asked for
          const double depth = plan_.thickness[0] * (r.depth + 1);
          for (std::size_t t = 0; t < plan_.thickness.size(); ++t)
            if (std::abs(plan_.thickness[t] - depth) < 1e-6 * depth)
              for (std::size_t d = 0; d < detectors_.size(); ++d)
                all.intensity[d](Eigen::Index(t), sample(p, Eigen::Index(i))) = r.detectors[d];
        },
        [&] { return run_.stopped(); });
    run_.check_stop();
    stage_.advance(places.size());
  }

  Eigen::Index sample(int pile, Eigen::Index i) const { return pile * side_ * side_ + i; }
  const Samples& at(std::size_t g, std::size_t c) const {
    return all_[g * plan_.change.size() + c];
  }

  void tabulate() {
    const std::size_t gs = glasses_.size(), cs = plan_.change.size(), ts = plan_.thickness.size(),
                      ds = detectors_.size();
    out_.density = Stack<double>({gs, cs, ts});
    out_.intensity = Stack<double>({gs, cs, ts, ds});
    out_.intensity_error = out_.contrast = out_.contrast_error = out_.intensity;
    out_.sample_x = Stack<double>({gs, cs, ts, samples_, ds});
    out_.sample_intensity = out_.sample_x;
    const auto zero = std::size_t(std::find(plan_.change.begin(), plan_.change.end(), 0.0) -
                                  plan_.change.begin());
    const double n = double(samples_);
    for (std::size_t g = 0; g < gs; ++g)
      for (std::size_t c = 0; c < cs; ++c)
        for (std::size_t t = 0; t < ts; ++t) {
          const auto row = Eigen::Index(t);
          const std::size_t k = (g * cs + c) * ts + t;
          out_.density.values[k] = at(g, c).density.row(row).mean();
          for (std::size_t d = 0; d < ds; ++d) {
            const Eigen::ArrayXd i = at(g, c).intensity[d].row(row),
                                 i0 = at(g, zero).intensity[d].row(row);
            const std::size_t m = k * ds + d;
            out_.intensity.values[m] = i.mean();
            out_.intensity_error.values[m] = std::sqrt((i - i.mean()).square().sum() / (n - 1) / n);
            const double ratio = i.sum() / i0.sum();
            out_.contrast.values[m] = ratio - 1;
            double squares = 0;  // jackknife over the samples
            for (Eigen::Index j = 0; j < i.size(); ++j)
              squares += std::pow((i.sum() - i[j]) / (i0.sum() - i0[j]) - ratio, 2);
            out_.contrast_error.values[m] = std::sqrt(squares * (n - 1) / n);
            for (std::size_t j = 0; j < samples_; ++j) {
              out_.sample_x.values[(k * samples_ + j) * ds + d] =
                  at(g, c).x[d](row, Eigen::Index(j));
              out_.sample_intensity.values[(k * samples_ + j) * ds + d] = i[Eigen::Index(j)];
            }
          }
        }
  }

  // Means over the samples but one, of every glass, change and thickness.
  void means(std::size_t d, Eigen::Index left_out, Eigen::ArrayXd& x, Eigen::ArrayXd& i) const {
    const auto ts = Eigen::Index(plan_.thickness.size());
    x.resize(Eigen::Index(all_.size()) * ts);
    i.resize(x.size());
    const double n = double(samples_) - (left_out >= 0 ? 1 : 0);
    for (std::size_t k = 0; k < all_.size(); ++k)
      for (Eigen::Index t = 0; t < ts; ++t) {
        const auto& one = all_[k];
        const double off_x = left_out >= 0 ? one.x[d](t, left_out) : 0,
                     off_i = left_out >= 0 ? one.intensity[d](t, left_out) : 0;
        x[Eigen::Index(k) * ts + t] = (one.x[d].row(t).sum() - off_x) / n;
        i[Eigen::Index(k) * ts + t] = (one.intensity[d].row(t).sum() - off_i) / n;
      }
  }

  void fit(std::size_t d) {
    const int terms = std::min<int>(plan_.terms, int(plan_.thickness.size() * all_.size()));
    Eigen::ArrayXd x, i;
    means(d, -1, x, i);
    DensityCurve& curve = out_.detectors[d].curve;
    curve.k = fit_density_curve(x, i, terms);
    curve.x_most = 0;  // a single position may see far more than the mean
    for (const auto& one : all_) curve.x_most = std::max(curve.x_most, one.x[d].maxCoeff());
    std::vector<Eigen::VectorXd> parts;
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(terms);
    for (Eigen::Index j = 0; j < Eigen::Index(samples_); ++j) {
      means(d, j, x, i);
      parts.push_back(fit_density_curve(x, i, terms));
      mean += parts.back() / double(samples_);
    }
    curve.covariance = Eigen::MatrixXd::Zero(terms, terms);
    for (const auto& k : parts)
      curve.covariance +=
          (k - mean) * (k - mean).transpose() * (double(samples_) - 1) / double(samples_);
    find_position_errors(d);
  }

  // Density read from one position over the density of its own column.
  void find_position_errors(std::size_t d) {
    CalibratedDetector& c = out_.detectors[d];
    DensityCurve open = c.curve;
    open.x_most = 0;
    for (std::size_t t = 0; t < plan_.thickness.size(); ++t) {
      double squares = 0, n = 0;
      for (std::size_t k = 0; k < all_.size(); ++k) {
        const double per_density = c.cross_section[k / plan_.change.size()] * plan_.thickness[t];
        std::vector<double> ratio;
        for (Eigen::Index j = 0; j < Eigen::Index(samples_); ++j) {
          const double x = open.inverse(all_[k].intensity[d](Eigen::Index(t), j));
          if (std::isfinite(x))
            ratio.push_back(x / per_density / all_[k].density(Eigen::Index(t), j));
        }
        const double mean =
            std::accumulate(ratio.begin(), ratio.end(), 0.0) / std::max(1.0, double(ratio.size()));
        for (const double r : ratio) squares += std::pow(r / mean - 1, 2);
        n += double(ratio.size()) - 1;
      }
      c.position_error.push_back(std::sqrt(squares / n));
    }
  }

  const DensityPlan& plan_;
  const std::vector<Atoms>& glasses_;
  const RunControl& run_;
  Stage stage_;
  const std::vector<Detector>& detectors_;
  int side_;
  std::size_t samples_;
  double slice_ = 2;
  std::map<int, std::vector<double>> cross_section_;  // [element][detector]
  std::vector<Samples> all_;                          // [glass, change]
  DensityCalibration out_;
};

}  // namespace

Grid grid_of_study(const Vector3d& edges, double pixel) {
  return {good_size(int(std::ceil(edges.x() / pixel))),
          good_size(int(std::ceil(edges.y() / pixel))), edges.x(), edges.y()};
}

ColumnWeight column_of(const Optics& optics) {
  ColumnWeight w;
  w.kind = ColumnWeight::Kind::airy;
  w.aperture_radius = optics.aperture_q();
  w.wavelength = optics.wavelength();
  w.focus_depth = optics.defocus;
  return w;
}

Atoms with_composition(const Atoms& glass, const Composition& composition, std::uint64_t seed) {
  const std::vector<std::size_t> wanted = atom_counts(composition, glass.size());
  std::map<int, long> missing;
  for (const int z : glass.numbers) missing[z] -= 1;
  for (std::size_t k = 0; k < wanted.size(); ++k)
    missing[composition.elements[k]] += long(wanted[k]);
  std::vector<std::size_t> order(glass.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  RandomSequence random(seed, kExchangeStream);
  for (std::size_t i = 0; i + 1 < order.size(); ++i)
    std::swap(order[i], order[i + random.below(order.size() - i)]);
  Atoms out = glass;
  for (const std::size_t i : order) {
    long& own = missing[out.numbers[i]];
    if (own >= 0) continue;
    for (auto& [z, more] : missing)
      if (more > 0) {
        ++own;
        --more;
        out.numbers[i] = z;
        break;
      }
  }
  return out;
}

std::size_t positions_of_study(const DensityPlan& p, std::size_t glasses) {
  const auto side = std::size_t(std::ceil(std::sqrt(double(p.positions))));
  return glasses * p.change.size() * std::size_t(p.piles) * side * side;
}

void check_study(const DensityPlan& p, const std::vector<Atoms>& glasses) {
  constexpr double kMostWrapped = 0.2;
  check_thicknesses(p.thickness);
  for (const auto& d : p.simulation.recording.detectors)
    if (d.moments || d.channels() != 1)
      fail(Fault::usage, "@detector {}: density is read from whole annuli, NAME=IN:OUT", d.name);
  for (const auto& glass : glasses)
    for (const double change : p.change) {
      const Grid grid =
          grid_of_study(glass.cell.lengths() * std::pow(1 + change, -1.0 / 3), p.pixel);
      check_grid(grid);
      for (const auto& d : p.simulation.recording.detectors)
        check_detector(d, grid, p.simulation.optics.wavelength());
      const double wrapped = wrapped_fraction(p.simulation.optics, grid);
      if (wrapped > kMostWrapped)
        fail(Fault::physics,
             "{:.1f} % of the probe lies beyond half the cell of {:.2f} x {:.2f} Angstrom; use a "
             "larger glass, a larger @semiangle or less @defocus",
             100 * wrapped, grid.lx, grid.ly);
    }
}

DensityCalibration calibrate_density(const DensityPlan& plan, const std::vector<Atoms>& glasses,
                                     const RunControl& run) {
  check_study(plan, glasses);
  return Study(plan, glasses, run).run();
}

}  // namespace vitrobeam
