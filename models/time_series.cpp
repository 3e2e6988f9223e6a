#include "models/time_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/interaction.hpp"

namespace vitrobeam {
namespace {

// A Gaussian random field of unit variance over the periodic x-y cell, correlation exp(-r^2 / (2
// l^2)) as far as the waves of the cell can show it.
class RandomField {
 public:
  RandomField(const Vector3d& edges, double length, std::uint64_t seed) {
    constexpr std::uint64_t kStream = 0x74617566;
    constexpr int kMost = 8;  // waves across the cell
    std::uint64_t draw = 0;
    double power = 0;
    for (int x = -kMost; x <= kMost; ++x)
      for (int y = 0; y <= kMost; ++y) {
        if (y == 0 && x <= 0) continue;
        const Vector2d k = 2 * std::numbers::pi * Vector2d(x / edges.x(), y / edges.y());
        const double weight = std::exp(-k.squaredNorm() * length * length / 4);
        const auto g = normal4(seed, kStream, draw++);
        waves_.push_back({k, weight * g[0], weight * g[1]});
        power += weight * weight;
      }
    for (Wave& w : waves_) w.cosine /= std::sqrt(power), w.sine /= std::sqrt(power);
  }
  double at(double x, double y) const {
    double sum = 0;
    for (const Wave& w : waves_) {
      const double phase = w.k.x() * x + w.k.y() * y;
      sum += w.cosine * std::cos(phase) + w.sine * std::sin(phase);
    }
    return sum;
  }

 private:
  struct Wave {
    Vector2d k;
    double cosine, sine;
  };
  std::vector<Wave> waves_;
};

void check(const Atoms& atoms, const Relaxation& s) {
  if (s.frames < 2) fail(Fault::usage, "a series of {} frames is none; take at least 2", s.frames);
  if (!(s.interval > 0) || !(s.tau > 0) || !(s.jump > 0) || !(s.speed_up >= 1))
    fail(Fault::usage,
         "interval {:g}, tau {:g} and jump {:g} must be above 0, the speed-up {:g} at least 1",
         s.interval, s.tau, s.jump, s.speed_up);
  if (!atoms.cell.is_orthogonal())
    fail(Fault::physics, "a relaxing series needs an orthogonal cell; cut a box first");
}

}  // namespace

std::vector<double> relaxation_times(const Atoms& atoms, const Relaxation& s) {
  check(atoms, s);
  const RandomField field(atoms.cell.lengths(), s.correlation, s.seed);
  double low = 1e300, high = -1e300;
  for (const auto& r : atoms.positions) low = std::min(low, r.z()), high = std::max(high, r.z());
  std::vector<double> out;
  for (const auto& r : atoms.positions) {
    double tau = s.tau * std::exp(s.spread * (s.spread > 0 ? field.at(r.x(), r.y()) : 0));
    if (std::min(r.z() - low, high - r.z()) < s.surface) tau /= s.speed_up;
    out.push_back(tau);
  }
  return out;
}

ModelSize expected_size(const Atoms& atoms, const Relaxation& s) {
  check(atoms, s);
  return {double(atoms.size()), atoms.cell.lengths()};
}

std::vector<Atoms> relaxing_series(const Atoms& atoms, const Relaxation& s, const RunControl& run) {
  constexpr std::uint64_t kJumps = 0x6a756d70, kMoments = 0x6d6f6d65;
  const auto tau = relaxation_times(atoms, s);
  const auto n = atoms.size();
  std::vector<Vector3d> offset(n);
  std::vector<std::uint64_t> jumps(n, 0);
  const auto draw = [&](std::size_t i) {
    const auto g = normal4(s.seed, kJumps, (std::uint64_t(i) << 24) + jumps[i]++);
    offset[i] = s.jump * Vector3d(g[0], g[1], g[2]);
  };
  for (std::size_t i = 0; i < n; ++i) draw(i);
  std::vector<Atoms> frames;
  const Contacts contacts = metallic_contacts(atoms.numbers, std::max(s.closest, 0.01));
  RelaxSettings gently;
  gently.force = 0.02;
  gently.most_steps = 200;
  for (int k = 0; k < s.frames; ++k) {
    if (k > 0)
      for (std::size_t i = 0; i < n; ++i) {
        const auto u = uniform4(s.seed, kMoments, std::uint64_t(k) * n + i);
        if (u[0] < 1 - std::exp(-s.interval / tau[i])) draw(i);
      }
    Atoms frame = atoms;
    for (std::size_t i = 0; i < n; ++i) frame.positions[i] += offset[i];
    wrap(frame);
    if (s.closest > 0) frame = relax(frame, contacts, gently, run).atoms;
    frame.labels["tau"] = {1, tau};
    frame.info["time"] = fmt::format("{:.10g}", k * s.interval);
    frames.push_back(std::move(frame));
  }
  return frames;
}

}  // namespace vitrobeam
