#include "patterns/scan_preparation.hpp"

#include <algorithm>
#include <cmath>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "patterns/ring.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

PolarGrid ring_grid(const PreparationSettings& s) {
  if (!s.ring)
    fail(Fault::usage,
         "the ring is needed: give @ring R1,R2, the radii in pixels between which it lies "
         "(vitrobeam plot shows the pattern)");
  const auto& [inner, outer] = *s.ring;
  if (!(inner > 1 && outer > inner + 4))
    fail(Fault::usage, "@ring {:g},{:g}: expected two radii in pixels, at least 4 apart", inner,
         outer);
  return {inner, outer, std::max(8, int(outer - inner)), 180};
}

void check(const PatternScan& scan, const PreparationSettings& s) {
  check_preparation(s);
  if (s.find_centre == Centring::ring || s.scale_from == PixelScale::ring) ring_grid(s);
  if (s.scale_from == PixelScale::ring && !s.ring_q)
    fail(Fault::usage, "@scale_from ring needs @ring_q, where the ring should be");
  if (s.scale_from == PixelScale::disc && !(scan.disc_radius() > 0))
    fail(Fault::usage, "@scale_from disc needs @semiangle and @energy");
  if (s.scale_from == PixelScale::stated && !(scan.calibration.pixel_qx > 0))
    fail(Fault::input,
         "{}: says nothing usable about its pixel size in reciprocal space; give @pixel_q "
         "(1/Angstrom), or @scale_from ring or disc",
         scan.name);
}

void find_by_disc(ScanPreparation& p) {
  const Disc disc = central_disc(p.overview.mean, p.hidden());
  p.pixels.centre_row = disc.row;
  p.pixels.centre_col = disc.col;
  p.disc_radius = disc.radius;
  p.steps.push_back(fmt::format("centre by the central disc of {:.2f} pixels radius", disc.radius));
}

void find_by_ring(const PreparationSettings& s, ScanPreparation& p) {
  const PolarGrid grid = ring_grid(s);
  const RingCalibration found =
      calibrate_by_ring(p.overview.mean, p.pixels, grid, p.hidden(), s.find_ellipse);
  const double capture = (grid.q_max - grid.q_min) / 2;
  if (!found.converged || found.moved > capture)
    fail(Fault::physics,
         "no centre found by the ring between {} and {} pixels about ({:.1f}, {:.1f}): {}; give "
         "@centre ROW,COL within {:.0f} pixels of it, and radii that hold the whole ring",
         grid.q_min, grid.q_max, p.pixels.centre_row, p.pixels.centre_col,
         found.converged ? fmt::format("it would have moved by {:.1f} pixels", found.moved)
                         : "the fit does not settle",
         capture);
  p.pixels = found.calibration;
  p.centre_error = found.centre_error;
  if (s.find_ellipse) p.ellipticity_error = found.ellipticity_error;
  p.steps.push_back(fmt::format("centre{} by the ring between {} and {} pixels",
                                s.find_ellipse ? " and ellipse" : "", grid.q_min, grid.q_max));
}

// Hidden pixels, centre and ellipse in the mean pattern. The shadow of a beam stop is looked for
// about the centre, so that once a centre is found it is looked for again.
void find_in_mean(const PreparationSettings& s, ScanPreparation& p) {
  const PlaneF& mean = p.overview.mean;
  if (s.hot_pixels > 0) {
    p.faulty = faulty_pixels(mean, p.hidden(), s.hot_pixels);
    p.steps.push_back(fmt::format("{} faulty pixels hidden", p.faulty.cast<int>().sum()));
  }
  const std::size_t before = p.steps.size();
  for (int round = 0; round < (s.beam_stop && s.find_centre != Centring::none ? 2 : 1); ++round) {
    p.steps.resize(before);
    if (s.beam_stop) p.stop = beam_stop(mean, p.pixels, either(p.stated, p.faulty));
    if (s.find_centre == Centring::disc) find_by_disc(p);
    if (s.find_centre == Centring::ring) find_by_ring(s, p);
  }
  if (!s.beam_stop) return;
  if (p.stop.size() == 0)
    fail(Fault::physics, "@mask beam-stop: no shadow of a beam stop in the mean pattern");
  p.steps.push_back(fmt::format("beam stop of {} pixels hidden", p.stop.cast<int>().sum()));
}

// 1/Angstrom per pixel.
double pixel_size(const PatternScan& scan, const PreparationSettings& s, ScanPreparation& p) {
  const PlaneF& mean = p.overview.mean;
  switch (s.scale_from) {
    case PixelScale::ring: {
      const PolarGrid grid = ring_grid(s);
      const PolarTransform transform(mean.rows(), mean.cols(), p.pixels, grid, p.hidden());
      p.ring_radius = RingProfile::of(transform(mean), transform.weights(), grid).q_of_maximum();
      p.steps.push_back(
          fmt::format("scale by the ring's maximum at {:.2f} pixels", *p.ring_radius));
      return *s.ring_q / *p.ring_radius;
    }
    case PixelScale::disc:
      if (!p.disc_radius) p.disc_radius = central_disc(mean, p.hidden()).radius;
      p.steps.push_back(
          fmt::format("scale by the central disc of {:.2f} pixels radius", *p.disc_radius));
      return scan.disc_radius() / *p.disc_radius;
    case PixelScale::stated:
      break;
  }
  return scan.calibration.pixel_qx;
}

void find_rotation(ScanPreparation& p, const RunControl& run) {
  constexpr double kMostCurl = 0.4;
  p.rotation = find_scan_rotation(p.overview.mass_x, p.overview.mass_y * p.pixels.pixel_qy);
  p.steps.emplace_back("rotation of the scan found");
  if (p.rotation->curl_share > kMostCurl)
    run.warn(
        "the rotation of the scan is poorly determined: the deflections have {:.0f} % curl where "
        "noise alone has 50 %; smaller steps, a thinner specimen or more electrons determine it",
        100 * p.rotation->curl_share);
}

// Row and column of the centre of one pattern; not-a-number where it cannot be found.
std::pair<double, double> centre_of(const Eigen::Ref<const PlaneF>& image,
                                    const PreparationSettings& s, const Calibration& start,
                                    const PixelMask& hidden) {
  try {
    if (s.find_centre == Centring::disc) {
      const Disc disc = central_disc(image, hidden);
      return {disc.row, disc.col};
    }
    const RingCalibration ring = calibrate_by_ring(image, start, ring_grid(s), hidden, false);
    if (ring.converged) return {ring.calibration.centre_row, ring.calibration.centre_col};
  } catch (const Error&) {  // no centre in this pattern
  }
  return {NAN, NAN};
}

void find_centres(const PatternScan& scan, const PreparationSettings& s, ScanPreparation& p,
                  const RunControl& run) {
  p.centre_row.setConstant(Index(scan.scan_rows), Index(scan.scan_columns), NAN);
  p.centre_col = p.centre_row;
  const PixelMask hidden = p.hidden();
  Stage stage(run, "centres", scan.positions());
  for (std::size_t y = 0; y < scan.scan_rows; ++y) {
    run.check_stop();
    const Stack<float> row = scan.read(y, 0, scan.scan_columns, run.threads);
#pragma omp parallel for schedule(dynamic) num_threads(run.threads)
    for (long x = 0; x < long(scan.scan_columns); ++x) {
      const auto [centre_row, centre_col] =
          centre_of(row.plane(std::size_t(x)), s, p.pixels, hidden);
      p.centre_row(Index(y), x) = centre_row;
      p.centre_col(Index(y), x) = centre_col;
      stage.advance();
    }
  }
}

// Whole pixels by which every pattern is moved onto the common centre; none where its own is
// unknown.
std::vector<std::pair<int, int>> moves_of(const ScanPreparation& p) {
  std::vector<std::pair<int, int>> moves;
  for (Index i = 0; i < p.centre_row.size(); ++i) {
    const double row = p.centre_row.data()[i], col = p.centre_col.data()[i];
    if (!std::isfinite(row) || !std::isfinite(col))
      moves.emplace_back(0, 0);
    else
      moves.emplace_back(int(std::lround(p.pixels.centre_row - row)),
                         int(std::lround(p.pixels.centre_col - col)));
  }
  return moves;
}

}  // namespace

void check_preparation(const PreparationSettings& s) {
  if (s.each && s.find_centre == Centring::none)
    fail(Fault::usage, "@each: say how, with @find_centre disc or ring");
  if (s.align && !s.each) fail(Fault::usage, "@align needs @each");
  if (s.find_ellipse && s.find_centre != Centring::ring)
    fail(Fault::usage, "@find_ellipse needs @find_centre ring");
}

PixelMask ScanPreparation::hidden_after() const {
  return moves.empty()
             ? hidden()
             : hidden_after_moves(hidden(), overview.mean.rows(), overview.mean.cols(), moves);
}

ScanOverview look_over(const PatternScan& scan, bool centres_of_mass, const RunControl& run) {
  ScanOverview out;
  PlaneD sum = PlaneD::Zero(scan.rows, scan.columns), known = sum;
  if (centres_of_mass)
    out.mass_x = out.mass_y = PlaneD(Index(scan.scan_rows), Index(scan.scan_columns));
  Stage stage(run, "looking", scan.positions());
  for (std::size_t y = 0; y < scan.scan_rows; ++y)
    for (std::size_t x = 0; x < scan.scan_columns; ++x) {
      run.check_stop();
      const Stack<float> one = scan.read(y, x, 1, run.threads);
      const auto image = one.plane(0);
      for (Index i = 0; i < image.size(); ++i) {
        const double v = image.data()[i];
        if (!std::isfinite(v)) {
          ++out.not_finite;
          continue;
        }
        out.negative += v < 0;
        sum.data()[i] += v;
        known.data()[i] += 1;
      }
      if (centres_of_mass) {
        const Vector2d mass = centre_of_mass(image, scan.hidden);
        out.mass_x(Index(y), Index(x)) = mass.x();
        out.mass_y(Index(y), Index(x)) = mass.y();
      }
      stage.advance();
    }
  out.mean = (known > 0).select(sum / known.max(1.0), NAN).cast<float>();
  return out;
}

ScanPreparation prepare_scan(const PatternScan& scan, const PreparationSettings& s,
                             const RunControl& run) {
  check(scan, s);
  ScanPreparation p;
  p.overview = look_over(scan, s.find_rotation, run);
  p.stated = scan.hidden;
  p.background = s.background;
  p.pixels = scan.calibration;
  p.pixels.pixel_qx = 1;
  p.pixels.pixel_qy =
      scan.calibration.pixel_qx > 0 ? scan.calibration.pixel_qy / scan.calibration.pixel_qx : 1;
  find_in_mean(s, p);
  const double pixel = pixel_size(scan, s, p);
  p.calibration = p.pixels;
  p.calibration.pixel_qx = pixel;
  p.calibration.pixel_qy = pixel * p.pixels.pixel_qy;
  if (s.find_rotation) find_rotation(p, run);
  if (s.each) {
    find_centres(scan, s, p, run);
    p.steps.emplace_back("centre of every pattern");
  }
  if (s.align) {
    p.moves = moves_of(p);
    p.steps.emplace_back("patterns moved onto the common centre, by whole pixels");
  }
  if (s.background != RadialBackground::keep)
    p.steps.push_back(fmt::format("radial {} of every pattern subtracted",
                                  s.background == RadialBackground::median ? "median" : "mean"));
  return p;
}

PreparedPattern prepared_pattern(const PlaneF& recorded, const ScanPreparation& p,
                                 std::size_t position) {
  PreparedPattern out{recorded, {}};
  PixelMask hidden = p.hidden();
  if (!p.moves.empty()) {
    const auto [down, right] = p.moves[position];
    if (down != 0 || right != 0) out.image = moved(recorded, down, right);
    hidden = hidden_after_moves(hidden, recorded.rows(), recorded.cols(), {p.moves[position]});
  }
  if (p.background == RadialBackground::keep) return out;
  out.background = p.background == RadialBackground::median
                       ? radial_median(out.image, p.pixels, hidden)
                       : radial_mean(out.image, p.pixels, hidden);
  if (!out.background.empty())
    out.image -= radial_image(out.background, recorded.rows(), recorded.cols(), p.pixels);
  return out;
}

PlaneF recorded_pattern(const PlaneF& prepared, const Calibration& pixels,
                        const std::vector<double>& background, std::pair<int, int> move) {
  PlaneF image = prepared;
  if (!background.empty()) image += radial_image(background, image.rows(), image.cols(), pixels);
  return move == std::pair(0, 0) ? image : moved(image, -move.first, -move.second);
}

}  // namespace vitrobeam
