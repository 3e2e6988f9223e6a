#include "models/event_driven.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/error.hpp"
#include "base/nearest_image.hpp"
#include "base/random.hpp"

namespace vitrobeam {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr std::int32_t kCrossing = -1, kCheck = -2;  // partners that are no spheres

// A sphere and its next event. Position and time are those of its last event.
struct Flyer {
  Vector3d r, v;
  double time = 0, event_time = 0;
  double size = 1;
  std::int32_t partner = kCheck;
  std::int32_t cell = 0, next = -1, previous = -1;  // list of the cell
  std::int8_t axis = 0, step = 0;                   // of a crossing
};

// The flyers ordered by the time of their next event: a binary heap with places.
class Agenda {
 public:
  Agenda(const std::vector<Flyer>& flyers)
      : flyers_(flyers), heap_(flyers.size()), place_(flyers.size()) {
    for (std::size_t i = 0; i < heap_.size(); ++i) heap_[i] = place_[i] = std::int32_t(i);
    for (std::size_t i = heap_.size() / 2; i-- > 0;) sink(i);
  }
  std::size_t first() const { return std::size_t(heap_[0]); }
  void update(std::size_t flyer) {
    const auto at = std::size_t(place_[flyer]);
    if (!rise(at)) sink(at);
  }

 private:
  double key(std::int32_t i) const { return flyers_[std::size_t(i)].event_time; }
  void put(std::size_t at, std::int32_t flyer) {
    heap_[at] = flyer;
    place_[std::size_t(flyer)] = std::int32_t(at);
  }
  bool rise(std::size_t at) {
    const std::int32_t moved = heap_[at];
    const double time = key(moved);
    const std::size_t start = at;
    while (at > 0 && time < key(heap_[(at - 1) / 2])) {
      put(at, heap_[(at - 1) / 2]);
      at = (at - 1) / 2;
    }
    put(at, moved);
    return at != start;
  }
  void sink(std::size_t at) {
    const std::int32_t moved = heap_[at];
    const double time = key(moved);
    for (std::size_t child; (child = 2 * at + 1) < heap_.size(); at = child) {
      if (child + 1 < heap_.size() && key(heap_[child + 1]) < key(heap_[child])) ++child;
      if (!(key(heap_[child]) < time)) break;
      put(at, heap_[child]);
    }
    put(at, moved);
  }

  const std::vector<Flyer>& flyers_;
  std::vector<std::int32_t> heap_, place_;
};

// One batch of events; time starts at 0 with the diameter of the state.
class Flight {
 public:
  Flight(const HardSpheres& s, double growth, double most_diameter)
      : box_(s.box), diameter_(s.diameter), growth_(growth) {
    const double largest = *std::max_element(s.sizes.begin(), s.sizes.end());
    for (int k = 0; k < 3; ++k) {
      count_[k] = int(std::floor(box_[k] / (largest * most_diameter)));
      if (count_[k] < 3)
        fail(Fault::physics,
             "the box is only {:.2g} spheres thick; at least 3 are needed: take more spheres",
             box_[k] / (largest * most_diameter));
      edge_[k] = box_[k] / count_[k];
    }
    heads_.assign(std::size_t(count_[0] * count_[1] * count_[2]), -1);
    flyers_.resize(s.positions.size());
    for (std::size_t i = 0; i < flyers_.size(); ++i) {
      Flyer& f = flyers_[i];
      f.r = s.positions[i];
      f.v = s.velocities[i];
      f.size = s.sizes[i];
      for (int k = 0; k < 3; ++k) f.r[k] -= box_[k] * std::floor(f.r[k] / box_[k]);
      enter(i, cell_of(f.r));
    }
    for (std::size_t i = 0; i < flyers_.size(); ++i) flyers_[i].event_time = kNever;
    for (std::size_t i = 0; i < flyers_.size(); ++i) predict(i, nullptr);
  }

  // Handles events until so many collisions are done or the time is over; returns that moment.
  double run(double most_collisions, double end) {
    Agenda agenda(flyers_);
    double now = 0;
    while (collisions_ < most_collisions) {
      const std::size_t i = agenda.first();
      Flyer& f = flyers_[i];
      if (f.event_time >= end) return end;
      now = std::max(now, f.event_time);
      if (f.partner == kCrossing) {
        cross(i);
        predict(i, &agenda);
      } else if (f.partner == kCheck) {
        advance(f, f.event_time);
        predict(i, &agenda);
      } else {
        const auto j = std::size_t(f.partner);
        collide(i, j);
        flyers_[j].partner = kCheck;  // neither waits for the other any more
        flyers_[j].event_time = kNever;
        agenda.update(j);
        predict(i, &agenda);
        if (flyers_[j].partner == kCheck) predict(j, &agenda);
      }
    }
    return now;
  }

  // Writes the state at `now` back: everybody there, speeds of unit rms.
  void finish(HardSpheres& s, double now) {
    double square = 0;
    for (std::size_t i = 0; i < flyers_.size(); ++i) {
      advance(flyers_[i], now);
      square += flyers_[i].v.squaredNorm();
    }
    const double n = double(flyers_.size()), rms = std::sqrt(square / (3 * n));
    for (std::size_t i = 0; i < flyers_.size(); ++i) {
      for (int k = 0; k < 3; ++k) {
        double x = flyers_[i].r[k];
        x -= box_[k] * std::floor(x / box_[k]);
        s.positions[i][k] = x;
      }
      s.velocities[i] = flyers_[i].v / rms;
    }
    s.diameter = diameter_ + growth_ * now;
    s.collisions += collisions_;
    s.pressure = now > 0 ? 1 + virial_ / (3 * n * rms * rms * now) : kNever;
  }

 private:
  int index(const std::array<int, 3>& c) const {
    return (c[2] * count_[1] + c[1]) * count_[0] + c[0];
  }
  int cell_of(const Vector3d& r) const {
    std::array<int, 3> c;
    for (std::size_t k = 0; k < 3; ++k)
      c[k] = std::clamp(int(r[int(k)] / edge_[int(k)]), 0, count_[k] - 1);
    return index(c);
  }
  std::array<int, 3> place_of(int cell) const {
    return {cell % count_[0], cell / count_[0] % count_[1], cell / (count_[0] * count_[1])};
  }
  void enter(std::size_t i, int cell) {
    Flyer& f = flyers_[i];
    f.cell = cell;
    f.previous = -1;
    f.next = heads_[std::size_t(cell)];
    if (f.next >= 0) flyers_[std::size_t(f.next)].previous = std::int32_t(i);
    heads_[std::size_t(cell)] = std::int32_t(i);
  }
  void leave(std::size_t i) {
    const Flyer& f = flyers_[i];
    if (f.previous >= 0)
      flyers_[std::size_t(f.previous)].next = f.next;
    else
      heads_[std::size_t(f.cell)] = f.next;
    if (f.next >= 0) flyers_[std::size_t(f.next)].previous = f.previous;
  }
  static void advance(Flyer& f, double time) {
    f.r += (time - f.time) * f.v;
    f.time = time;
  }

  // Positions are unwrapped only at the border of the box, where the crossing sets them anew.
  void cross(std::size_t i) {
    Flyer& f = flyers_[i];
    advance(f, f.event_time);
    const auto k = std::size_t(f.axis);
    auto c = place_of(f.cell);
    c[k] += f.step;
    if (c[k] < 0) c[k] = count_[k] - 1, f.r[f.axis] += box_[f.axis];
    if (c[k] == count_[k]) c[k] = 0, f.r[f.axis] -= box_[f.axis];
    leave(i);
    enter(i, index(c));
  }

  // b - a, nearest image; both are in the box, where comparing costs less than rounding
  Vector3d apart(const Flyer& a, const Flyer& b) const {
    Vector3d d = b.r - a.r;
    for (int k = 0; k < 3; ++k) {
      if (d[k] > box_[k] / 2) d[k] -= box_[k];
      if (d[k] < -box_[k] / 2) d[k] += box_[k];
    }
    return d;
  }

  // Elastic, equal masses; the surfaces move apart with the growth of both radii.
  void collide(std::size_t i, std::size_t j) {
    Flyer &a = flyers_[i], &b = flyers_[j];
    const double time = a.event_time;
    advance(a, time);
    advance(b, time);
    const Vector3d d = apart(a, b);
    const double distance = d.norm();
    const Vector3d n = d / distance;
    const double mean_size = (a.size + b.size) / 2;
    const double approach = (a.v - b.v).dot(n), push = growth_ * mean_size;
    const double change = std::max(approach + push, 0.0);
    a.v -= (change)*n;
    b.v += (change)*n;
    // approach <= -push afterwards: the gap opens at least as fast as the surfaces grow
    virial_ += change * distance;
    ++collisions_;
  }

  // When a and b, which is where it is at a.time, touch: |d + u t| = mean size (D + growth t).
  double contact(const Flyer& a, const Flyer& b) const {
    const double lag = a.time - b.time;
    Vector3d d = b.r + lag * b.v - a.r;
    for (int k = 0; k < 3; ++k) {
      if (d[k] > box_[k] / 2) d[k] -= box_[k];
      if (d[k] < -box_[k] / 2) d[k] += box_[k];
    }
    const Vector3d u = b.v - a.v;
    const double mean_size = (a.size + b.size) / 2, grow = growth_ * mean_size;
    const double sum = mean_size * (diameter_ + growth_ * a.time);
    const double p = d.dot(u) - sum * grow, q = u.squaredNorm() - grow * grow;
    const double c = d.squaredNorm() - sum * sum;
    if (c <= 0) return p < 0 ? a.time : kNever;  // rounding left them touching
    const double root = p * p - q * c;
    if (root < 0) return kNever;
    if (p < 0) return a.time + c / (-p + std::sqrt(root));
    if (q < 0) return a.time + (-p - std::sqrt(root)) / q;
    return kNever;
  }

  // The next event of i among crossings and collisions that come before the other sphere's own next
  // one; whoever waited for the chosen partner or for i looks again.
  void predict(std::size_t i, Agenda* agenda) {
    Flyer& f = flyers_[i];
    double best = kNever;
    std::int32_t partner = kCrossing;
    const auto c = place_of(f.cell);
    for (int k = 0; k < 3; ++k) {
      const auto axis = std::size_t(k);
      if (f.v[k] == 0) continue;
      const double wall = (c[axis] + (f.v[k] > 0)) * edge_[k];
      const double t = f.time + std::max(0.0, (wall - f.r[k]) / f.v[k]);
      if (t < best) {
        best = t;
        f.axis = std::int8_t(k);
        f.step = f.v[k] > 0 ? 1 : -1;
      }
    }
    for (int z = -1; z <= 1; ++z)
      for (int y = -1; y <= 1; ++y)
        for (int x = -1; x <= 1; ++x) {
          const std::array<int, 3> at = {wrapped(c[0] + x, 0), wrapped(c[1] + y, 1),
                                         wrapped(c[2] + z, 2)};
          for (std::int32_t j = heads_[std::size_t(index(at))]; j >= 0;
               j = flyers_[std::size_t(j)].next) {
            if (std::size_t(j) == i) continue;
            const Flyer& g = flyers_[std::size_t(j)];
            const double t = contact(f, g);
            if (t < best && t < g.event_time) {
              best = t;
              partner = j;
            }
          }
        }
    f.event_time = best;
    f.partner = partner;
    if (agenda) agenda->update(i);
    if (partner < 0) return;
    Flyer& g = flyers_[std::size_t(partner)];
    if (g.partner >= 0 &&
        std::size_t(g.partner) != i) {  // the one that g leaves flies on to look again
      Flyer& left = flyers_[std::size_t(g.partner)];
      if (left.partner == partner) {
        left.partner = kCheck;
        if (agenda) agenda->update(std::size_t(g.partner));
      }
    }
    g.event_time = best;
    g.partner = std::int32_t(i);
    if (agenda) agenda->update(std::size_t(partner));
  }

  int wrapped(int c, std::size_t axis) const {
    return c < 0 ? count_[axis] - 1 : c == count_[axis] ? 0 : c;
  }

  Vector3d box_, edge_;
  std::array<int, 3> count_;
  double diameter_, growth_;
  std::vector<Flyer> flyers_;
  std::vector<std::int32_t> heads_;
  double collisions_ = 0, virial_ = 0;
};

double mean_cube(const std::vector<double>& sizes) {
  double sum = 0;
  for (double s : sizes) sum += s * s * s;
  return sum;
}

}  // namespace

double HardSpheres::fraction() const {
  return std::numbers::pi / 6 * mean_cube(sizes) * diameter * diameter * diameter / box.prod();
}

double HardSpheres::diameter_at(double wanted) const {
  return std::cbrt(wanted * box.prod() * 6 / (std::numbers::pi * mean_cube(sizes)));
}

namespace {

// Normal, of unit variance along each axis, their mean taken off.
std::vector<Vector3d> random_velocities(std::size_t count, std::uint64_t seed) {
  constexpr std::uint64_t kSpeeds = 0x67617332;
  std::vector<Vector3d> out;
  Vector3d mean = Vector3d::Zero();
  for (std::size_t i = 0; i < count; ++i) {
    const auto g = normal4(seed, kSpeeds, i);
    out.emplace_back(g[0], g[1], g[2]);
    mean += out.back() / double(count);
  }
  for (auto& v : out) v -= mean;
  return out;
}

}  // namespace

HardSpheres random_gas(const Vector3d& box, const std::vector<double>& sizes, std::uint64_t seed) {
  constexpr std::uint64_t kPlaces = 0x67617331;
  constexpr double kFraction = 0.25;
  HardSpheres s;
  s.box = box;
  s.sizes = sizes;
  s.diameter = s.diameter_at(kFraction);
  const double largest = s.diameter * *std::max_element(sizes.begin(), sizes.end());
  std::array<int, 3> count;
  for (int k = 0; k < 3; ++k) count[std::size_t(k)] = std::max(1, int(box[k] / largest));
  std::vector<std::vector<std::size_t>> cells(std::size_t(count[0] * count[1] * count[2]));
  const auto cell = [&](int x, int y, int z) -> std::vector<std::size_t>& {
    const auto w = [](int c, int n) { return std::size_t((c % n + n) % n); };
    return cells[(w(z, count[2]) * std::size_t(count[1]) + w(y, count[1])) * std::size_t(count[0]) +
                 w(x, count[0])];
  };
  // the largest first: they find room the hardest
  std::vector<std::size_t> order(sizes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
  s.positions.resize(sizes.size());
  RandomSequence random(seed, kPlaces);
  for (const std::size_t i : order) {
    bool placed = false;
    for (int attempt = 0; attempt < 100000 && !placed; ++attempt) {
      const Vector3d r(random.uniform() * box.x(), random.uniform() * box.y(),
                       random.uniform() * box.z());
      const int cx = int(r.x() / box.x() * count[0]), cy = int(r.y() / box.y() * count[1]),
                cz = int(r.z() / box.z() * count[2]);
      bool free = true;
      for (int z = -1; z <= 1 && free; ++z)
        for (int y = -1; y <= 1 && free; ++y)
          for (int x = -1; x <= 1 && free; ++x)
            for (const std::size_t j : cell(cx + x, cy + y, cz + z)) {
              const Vector3d d = nearest_image(s.positions[j] - r, box);
              const double touch = s.diameter * (sizes[i] + sizes[j]) / 2;
              free = free && d.squaredNorm() > touch * touch;
            }
      if (!free) continue;
      s.positions[i] = r;
      cell(cx, cy, cz).push_back(i);
      placed = true;
    }
    if (!placed)
      fail(Fault::physics,
           "no room for sphere {} of {} at a fraction of {:g}: the box is too thin for its largest "
           "spheres, or the sizes differ too much",
           i + 1, sizes.size(), kFraction);
  }
  s.velocities = random_velocities(sizes.size(), seed);
  return s;
}

GrowthEnd grow(HardSpheres& s, const GrowthSettings& settings,
               const std::function<bool(const HardSpheres&)>& go_on) {
  const double target = s.diameter_at(settings.fraction);
  const double batch = 20 * double(s.positions.size()) / 2;
  constexpr double kDense = 0.5;
  while (s.diameter < target) {
    const double growth = s.fraction() < kDense ? settings.fast : settings.slow;
    const double limit =
        s.fraction() < kDense ? std::min(target, s.diameter_at(kDense) * (1 + 1e-12)) : target;
    Flight flight(s, growth * s.diameter, target);
    const double end = (limit - s.diameter) / (growth * s.diameter);
    const double now = flight.run(batch, end);
    flight.finish(s, now);
    if (now >= end) s.diameter = limit;
    if (s.diameter >= target) break;
    if (s.pressure > settings.jammed_pressure) return GrowthEnd::jammed;
    if (!go_on(s)) return GrowthEnd::stopped;
  }
  return GrowthEnd::reached;
}

}  // namespace vitrobeam
