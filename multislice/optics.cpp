#include "multislice/optics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.hpp"
#include "fourier/fourier.hpp"

namespace vitrobeam {
namespace {

// Radius of an elliptical aperture towards q, over that of a round one of the same area.
double stretch(const Optics& optics, double qx, double qy) {
  const double ratio = optics.aperture_ratio;
  if (ratio == 1) return 1;
  const double phi = std::atan2(qy, qx) - optics.aperture_angle;
  return 1 / std::sqrt(std::pow(std::cos(phi), 2) / ratio + std::pow(std::sin(phi), 2) * ratio);
}

// Share of the aperture at q: 1 inside, 0 outside, on the border by `edge`; the central beam is
// always whole, or closed by an inner radius.
double aperture(const Optics& optics, double qx, double qy, double lx, double ly) {
  const double q = std::hypot(qx, qy), qa = optics.aperture_q() * stretch(optics, qx, qy);
  const double q_inner = qa * optics.inner_mrad / optics.semiangle_mrad;
  if (q == 0) return q_inner > 0 ? 0 : 1;
  if (optics.edge == ApertureEdge::hard) return q <= qa && q >= q_inner ? 1 : 0;
  const double pitch = std::hypot(qx / (q * lx), qy / (q * ly));  // sampling along the radius
  const double open = std::clamp((qa - q) / pitch + 0.5, 0.0, 1.0);
  if (q_inner == 0) return open;
  return std::max(0.0, open - std::clamp((q_inner - q) / pitch + 0.5, 0.0, 1.0));
}

// chi(q) = pi lambda C10 q^2 + pi/2 C30 lambda^3 q^4 + the terms of Krivanek's sum, with C10 =
// -defocus.
double aberration_phase(const Optics& optics, double qx, double qy) {
  const double lambda = optics.wavelength(), q2 = qx * qx + qy * qy;
  double chi = M_PI * lambda * q2 * -optics.defocus +
               0.5 * M_PI * optics.cs_mm * 1e7 * lambda * lambda * lambda * q2 * q2;
  const double theta = lambda * std::sqrt(q2), phi = std::atan2(qy, qx);
  for (const Aberration& a : optics.aberrations)
    chi += 2 * M_PI / lambda * std::pow(theta, a.n + 1) / (a.n + 1) * a.size *
           std::cos(a.m * (phi - a.angle));
  return chi;
}

}  // namespace

double Optics::source_rms() const { return source_fwhm / std::sqrt(8 * std::log(2.0)); }

void check_optics(const Optics& o) {
  if (o.tilt_mrad.norm() > 50)
    fail(Fault::usage,
         "@beam_tilt {},{}: at most 50 mrad, beyond which the paraxial propagator fails; turn the "
         "model instead",
         o.tilt_mrad.x(), o.tilt_mrad.y());
  if (o.specimen_tilt_mrad.norm() > 30)
    fail(Fault::usage,
         "@specimen_tilt {},{}: at most 30 mrad, where lengths are 5e-4 off already; turn the "
         "model instead",
         o.specimen_tilt_mrad.x(), o.specimen_tilt_mrad.y());
  const bool is_shaped = o.inner_mrad > 0 || o.aperture_ratio != 1;
  if (o.plane_wave && (is_shaped || !o.is_coherent()))
    fail(Fault::usage,
         "@mode plane-wave has no aperture and no source; leave out @aperture_inner, "
         "@aperture_ellipse, @focal_spread and @source_size");
  if (o.inner_mrad > 0 && o.inner_mrad >= o.semiangle_mrad)
    fail(Fault::usage, "@aperture_inner {}: must be below the semi-angle of {} mrad", o.inner_mrad,
         o.semiangle_mrad);
}

std::vector<ApertureBeam> aperture_beams(const Optics& optics, const Grid& grid) {
  if (optics.plane_wave) return {{0, 0, 1.0}};
  const double qa = optics.aperture_q() * std::sqrt(optics.aperture_ratio),
               mrad = 1e3 * optics.wavelength();
  if (qa >= grid.q_max())
    fail(Fault::physics,
         "@semiangle {} mrad reaches beyond the band limit of {:.2f} mrad: use a finer @pixel or "
         "@grid",
         optics.semiangle_mrad, grid.q_max() * mrad);
  if (const double q_short = qa / optics.aperture_ratio; q_short * std::min(grid.lx, grid.ly) < 1)
    fail(Fault::physics,
         "@semiangle {} mrad is under-sampled: a cell of {:.2f} x {:.2f} Angstrom has beams every "
         "{:.3f} mrad; use a cell of at least {:.0f} Angstrom, or @mode plane-wave",
         optics.semiangle_mrad, grid.lx, grid.ly, mrad / std::min(grid.lx, grid.ly),
         std::ceil(1 / q_short));
  const int jx_max = std::min(int(qa * grid.lx) + 2, grid.band_x()),
            jy_max = std::min(int(qa * grid.ly) + 2, grid.band_y());
  std::vector<ApertureBeam> beams;
  double total = 0;
  for (int jy = -jy_max; jy <= jy_max; ++jy)
    for (int jx = -jx_max; jx <= jx_max; ++jx) {
      const double qx = jx / grid.lx, qy = jy / grid.ly;
      const double a = grid.inside_band(qx, qy) ? aperture(optics, qx, qy, grid.lx, grid.ly) : 0;
      if (a == 0) continue;
      beams.push_back({jx, jy, std::polar(a, -aberration_phase(optics, qx, qy))});
      total += a * a;
    }
  if (beams.empty())
    fail(Fault::physics,
         "@aperture_inner {} mrad: no beam of the cell, which has one every {:.3f} mrad, lies "
         "between it and the semi-angle of {} mrad; use a larger cell",
         optics.inner_mrad, mrad / std::min(grid.lx, grid.ly), optics.semiangle_mrad);
  for (auto& b : beams) b.amplitude /= std::sqrt(total);
  return beams;
}

double diffraction_limited_fwhm(double energy_kV, double semiangle_mrad) {
  return 0.514495 * wavelength(energy_kV) / (semiangle_mrad * 1e-3);
}

double semiangle_for_fwhm(double energy_kV, double fwhm) {
  return 0.514495 * wavelength(energy_kV) / fwhm * 1e3;
}

std::vector<Aberration> parse_aberrations(const std::string& text) {
  std::vector<Aberration> terms;
  const auto term = [&](int n, int m) -> Aberration& {
    for (auto& t : terms)
      if (t.n == n && t.m == m) return t;
    return terms.emplace_back(Aberration{n, m, 0, 0});
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string item = text.substr(at, end - at);
    at = end + 1;
    const std::size_t sign = item.find('=');
    const std::string name = item.substr(0, sign);
    const bool is_angle = name.starts_with("phi");
    const std::string order = name.substr(std::min<std::size_t>(is_angle ? 3 : 1, name.size()));
    const bool known = (is_angle || name.starts_with("C")) && order.size() == 2 &&
                       order[0] >= '1' && order[0] <= '5' && order[1] >= '0' &&
                       order[1] <= order[0] + 1 && (order[0] - order[1]) % 2 != 0;
    if (!known || sign == std::string::npos)
      fail(Fault::usage,
           "@aberrations '{}': expected Cnm=SIZE in Angstrom or phinm=ANGLE in rad with n = 1..5 "
           "and m = n+1, n-1, .. (C12, phi12, C21, C23, C30, .. C56)",
           item);
    char* rest = nullptr;
    const double value = std::strtod(item.c_str() + sign + 1, &rest);
    if (*rest != 0 || rest == item.c_str() + sign + 1 || !std::isfinite(value))
      fail(Fault::usage, "@aberrations '{}': expected a number behind '='", item);
    Aberration& t = term(order[0] - '0', order[1] - '0');
    (is_angle ? t.angle : t.size) = value;
  }
  return terms;
}

namespace {

// |psi|^2 of a coherent probe at the origin of a large cell, not normalised.
PlaneD probe_intensity(const Optics& optics, const Grid& cell) {
  PlaneC psi(cell.ny, cell.nx);
  for (int j = 0; j < cell.ny; ++j)
    for (int i = 0; i < cell.nx; ++i) {
      const double qx = cell.q_x(i), qy = cell.q_y(j);
      psi(j, i) =
          std::polar(aperture(optics, qx, qy, cell.lx, cell.ly), -aberration_phase(optics, qx, qy));
    }
  transform_plane(psi, Direction::backward);
  return psi.abs2();
}

// The mean over a normal distribution of defocus, by the trapezoidal rule: for a Gaussian it is
// exact to 1e-8 from steps of one rms on; they also resolve the defocus alpha by which a probe
// spreads over `radius`.
PlaneD mean_over_focus(Optics optics, const Grid& cell, double radius) {
  if (optics.focal_spread == 0) return probe_intensity(optics, cell);
  constexpr double kReach = 4;
  constexpr int kMost = 16;
  const double across = radius / (optics.semiangle_mrad * 1e-3);
  const int half = int(
      std::clamp(std::ceil(kReach * optics.focal_spread / (across / 2)), kReach, double(kMost)));
  const double middle = optics.defocus;
  PlaneD sum = PlaneD::Zero(cell.ny, cell.nx);
  for (int k = -half; k <= half; ++k) {
    const double t = kReach * k / half;
    optics.defocus = middle + t * optics.focal_spread;
    sum += std::exp(-t * t / 2) * probe_intensity(optics, cell);
  }
  return sum;
}

// Convolution with the Gaussian source.
void blur(PlaneD& intensity, const Grid& cell, double rms) {
  PlaneC spectrum = intensity.cast<std::complex<double>>();
  transform_plane(spectrum, Direction::forward);
  for (int j = 0; j < cell.ny; ++j)
    for (int i = 0; i < cell.nx; ++i)
      spectrum(j, i) *= std::exp(-2 * M_PI * M_PI * rms * rms *
                                 (cell.q_x(i) * cell.q_x(i) + cell.q_y(j) * cell.q_y(j)));
  transform_plane(spectrum, Direction::backward);
  intensity = spectrum.real();
}

}  // namespace

double wrapped_fraction(const Optics& optics, const Grid& grid) {
  if (optics.plane_wave) return 0;
  // The probe alone in a cell four times as large, sampled eight times finer than its aperture
  // needs. A hard edge: the soft one stands for the sampling of a small cell, and would hide a
  // third of the tails.
  Optics sharp = optics;
  sharp.edge = ApertureEdge::hard;
  const double radius = std::min(grid.lx, grid.ly) / 2, edge = 8 * radius;
  const int n = good_size(std::clamp(int(edge * 8 * optics.aperture_q()), 64, 2048));
  const Grid cell{n, n, edge, edge};
  PlaneD intensity = mean_over_focus(sharp, cell, radius);
  if (optics.source_fwhm > 0) blur(intensity, cell, optics.source_rms());
  double inside = 0;
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) {
      const double x = (i < n / 2 ? i : i - n) * cell.dx(), y = (j < n / 2 ? j : j - n) * cell.dy();
      if (x * x + y * y <= radius * radius) inside += intensity(j, i);
    }
  return 1 - inside / intensity.sum();
}

}  // namespace vitrobeam
