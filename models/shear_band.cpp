#include "models/shear_band.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "base/nearest_image.hpp"
#include "base/random.hpp"
#include "models/ground_truth.hpp"
#include "models/interaction.hpp"
#include "models/neighbours.hpp"

namespace vitrobeam {
namespace {

// From 0 to 1 around t = 0, half a cosine `wide` wide.
double step(double t, double wide) {
  if (wide <= 0) return t >= 0;
  const double s = std::clamp(t / wide + 0.5, 0.0, 1.0);
  return (1 - std::cos(std::numbers::pi * s)) / 2;
}

int segments_of(const ShearBand& b, double length) {
  const auto each = int(b.changes.size());
  return each * std::max(1, int(std::lround(length / (b.segment * each))));
}

// The map S from a place of the new model to the place of the glass that comes there: integrals of
// the stretch from the middle of the band along x, of the cell along y and z. It holds up to the
// side borders: there it has moved along x by a few tenths of an Angstrom, and beyond it stands
// still.
class Stretch {
 public:
  Stretch(const ShearBand& band, const Vector3d& edges) : band_(band), edges_(edges) {}

  double at(double x, double y) const {
    return std::cbrt(1 + band_profile(band_, edges_.y(), x, y));
  }
  Vector3d source(const Vector3d& r) const {
    const double k = at(r.x(), r.y()), middle = edges_.y() / 2, height = edges_.z() / 2;
    return {r.x() + excess(band_.centre, r.x(), r.y(), true),
            r.y() + excess(middle, r.y(), r.x(), false), r.z() + (k - 1) * (r.z() - height)};
  }
  // r with source(r) = s.
  Vector3d target(const Vector3d& s) const {
    Vector3d r = s;
    for (int n = 0; n < 40; ++n) {
      const Vector3d miss = s - source(r);
      r += miss;
      if (miss.norm() < 1e-6) break;
    }
    return r;
  }

 private:
  // Integral of the stretch less 1 along x at y = `other`, or along y at x = `other`.
  double excess(double from, double to, double other, bool along_x) const {
    constexpr double kStep = 0.5;
    const int n = std::max(2, int(std::ceil(std::abs(to - from) / kStep)));
    double sum = 0;
    for (int i = 0; i < n; ++i) {
      const double t = from + (to - from) * (i + 0.5) / n;
      sum += (along_x ? at(t, other) : at(other, t)) - 1;
    }
    return sum * (to - from) / n;
  }

  const ShearBand& band_;
  Vector3d edges_;
};

void check(const Atoms& glass, const ShearBand& b) {
  if (!glass.cell.is_orthogonal())
    fail(Fault::physics,
         "a shear band needs an orthogonal cell; cut a box first (model cut @from @to)");
  const double length = glass.cell.vectors(0, 0), reach = b.width / 2 + b.border / 2;
  if (b.centre - reach < 0 || b.centre + reach > length)
    fail(Fault::physics,
         "the band from {:g} to {:g} Angstrom along x, borders included, does not lie in the cell "
         "of {:g}",
         b.centre - reach, b.centre + reach, length);
  if (b.changes.empty()) fail(Fault::usage, "a shear band needs at least one density");
  for (double c : b.changes)
    if (!(c > -0.5 && c < 0.5))
      fail(Fault::usage, "a density change of {:g} is not between -0.5 and 0.5; 0.06 is +6 %", c);
  const double segment = glass.cell.vectors(1, 1) / segments_of(b, glass.cell.vectors(1, 1));
  if (!(b.border >= 0) || b.border > std::min(b.width, segment))
    fail(Fault::usage,
         "a border of {:g} Angstrom does not fit a band {:g} wide with segments of {:.4g}",
         b.border, b.width, segment);
}

// Atoms by their place in the band: 0 outside, or the segment.
std::int64_t segment_at(const ShearBand& b, double length, int count, const Vector3d& r) {
  if (std::abs(r.x() - b.centre) >= b.width / 2 + b.border / 2) return 0;
  return 1 + std::clamp(int(r.y() / length * count), 0, count - 1);
}

// What a segment holds by the profile, in atoms of the glass per volume.
double expected(const ShearBand& b, double length, const BandSegment& s) {
  constexpr int kCells = 200;
  const double lo = b.centre - b.width / 2 - b.border / 2, wide = b.width + b.border;
  double sum = 0;
  for (int i = 0; i < kCells; ++i)
    for (int j = 0; j < kCells; ++j)
      sum += 1 + band_profile(b, length, lo + wide * (i + 0.5) / kCells,
                              s.from + (s.to - s.from) * (j + 0.5) / kCells);
  return sum / (kCells * kCells) * wide * (s.to - s.from);
}

// Of a segment, its side borders included.
double plain_area(const ShearBand& b, const BandSegment& s) {
  return 2 * (b.width / 2 + b.border / 2) * (s.to - s.from);
}

double room(const Atoms& atoms, const Vector3d& at) {
  const Vector3d edges = atoms.cell.vectors.diagonal();
  double least = 1e300;
  for (const auto& r : atoms.positions) {
    least = std::min(least, nearest_image(r - at, edges, atoms.cell.periodic).squaredNorm());
  }
  return std::sqrt(least);
}

// Adds atoms of random members' elements to the roomiest of some places of segment `k`, or takes
// those away that have the least room, until it has `wanted`.
void settle_count(Atoms& atoms, std::vector<std::int64_t>& label, std::vector<std::size_t>& from,
                  std::int64_t k, std::size_t wanted, const ShearBand& b, const BandSegment& s,
                  RandomSequence& random) {
  constexpr int kTrials = 200;
  auto have = std::size_t(std::count(label.begin(), label.end(), k));
  const double lo = b.centre - b.width / 2 - b.border / 2, height = atoms.cell.vectors(2, 2);
  for (; have < wanted; ++have) {
    Vector3d best = Vector3d::Zero();
    double most = -1;
    for (int t = 0; t < kTrials; ++t) {
      const double x = random.uniform(), y = random.uniform(), z = random.uniform();
      const Vector3d r(lo + (b.width + b.border) * x, s.from + (s.to - s.from) * y, height * z);
      if (const double free = room(atoms, r); free > most) {
        most = free;
        best = r;
      }
    }
    const std::size_t like = random.below(atoms.size());
    atoms.add(atoms.numbers[like], best);
    label.push_back(k);
    from.push_back(from[like]);
  }
  if (have == wanted) return;
  std::vector<std::pair<double, std::size_t>> crowded;
  std::vector<double> nearest(atoms.size(), 4);
  visit_neighbours(atoms.cell, atoms.positions, 4,
                   [&](std::size_t i, std::size_t, const Vector3d& r) {
                     nearest[i] = std::min(nearest[i], r.norm());
                   });
  for (std::size_t i = 0; i < atoms.size(); ++i)
    if (label[i] == k) crowded.emplace_back(nearest[i], i);
  std::sort(crowded.begin(), crowded.end());
  std::vector<bool> gone(atoms.size(), false);
  for (std::size_t n = 0; n < have - wanted; ++n) gone[crowded[n].second] = true;
  std::size_t to = 0;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    if (gone[i]) continue;
    atoms.numbers[to] = atoms.numbers[i];
    atoms.positions[to] = atoms.positions[i];
    label[to] = label[i];
    from[to++] = from[i];
  }
  atoms.numbers.resize(to);
  atoms.positions.resize(to);
  label.resize(to);
  from.resize(to);
}

}  // namespace

double band_profile(const ShearBand& b, double length, double x, double y) {
  const double w = step(b.width / 2 - std::abs(x - b.centre), b.border);
  if (w == 0) return 0;
  const int count = segments_of(b, length);
  const double each = length / count;
  const int n = std::clamp(int(std::floor(y / each)), 0, count - 1);
  const double within = y - n * each;  // borders at both ends, half of each in this segment
  const auto change = [&](int k) {
    return b.changes[std::size_t((k + count) % count) % b.changes.size()];
  };
  double a = change(n);
  if (within < each / 2)
    a = change(n - 1) + (a - change(n - 1)) * step(within, b.border);
  else
    a = a + (change(n + 1) - a) * step(within - each, b.border);
  return a * w;
}

namespace {

// The glass mapped onto itself: every image of an atom that may come into the cell; outside the
// band only the atom itself.
struct Mapped {
  Atoms placed;                     // numbers and positions
  std::vector<std::size_t> from;    // atoms of the glass
  std::vector<std::int64_t> label;  // of the band
};

Mapped mapped(const Atoms& glass, const ShearBand& b) {
  const Vector3d edges = glass.cell.vectors.diagonal();
  const int count = segments_of(b, edges.y());
  const Stretch stretch(b, edges);
  const double reach = b.width / 2 + b.border / 2;
  Mapped out;
  out.placed.cell = glass.cell;
  const auto add = [&](std::size_t i, const Vector3d& r, std::int64_t label) {
    out.placed.add(glass.numbers[i], r);
    out.from.push_back(i);
    out.label.push_back(label);
  };
  constexpr double kMost = 3;  // Angstrom per 40 of the cell: what a change of 25 % moves
  const Vector3d margin = edges / 40 * kMost + Vector3d::Constant(1);
  for (std::size_t i = 0; i < glass.size(); ++i)
    for (int j = -1; j <= 1; ++j)
      for (int k = -1; k <= 1; ++k) {
        const Vector3d s = glass.positions[i] + Vector3d(0, j * edges.y(), k * edges.z());
        if (std::abs(s.x() - b.centre) > reach + margin.x()) {
          if (j != 0 || k != 0) continue;
          add(i, s, 0);
          continue;
        }
        if (s.y() < -margin.y() || s.y() > edges.y() + margin.y() || s.z() < -margin.z() ||
            s.z() > edges.z() + margin.z())
          continue;
        const bool outside = std::abs(s.x() - b.centre) >= reach;
        if (outside && j == 0 && k == 0) {
          add(i, s, 0);
        }
        const Vector3d r = stretch.target(s);
        if (std::abs(r.x() - b.centre) >= reach || r.y() < 0 || r.y() >= edges.y() || r.z() < 0 ||
            r.z() >= edges.z())
          continue;
        add(i, r, segment_at(b, edges.y(), count, r));
      }
  return out;
}

// The segments as they are asked for.
std::vector<BandSegment> segments_asked(const ShearBand& b, double length) {
  std::vector<BandSegment> out(std::size_t(segments_of(b, length)));
  for (std::size_t n = 0; n < out.size(); ++n) {
    BandSegment& s = out[n];
    s.from = length * int(n) / int(out.size());
    s.to = length * (int(n) + 1) / int(out.size());
    s.change = b.changes[n % b.changes.size()];
    s.asked = expected(b, length, s) / plain_area(b, s) - 1;
  }
  return out;
}

}  // namespace

ModelSize expected_size(const Atoms& glass, const ShearBand& b) {
  check(glass, b);
  const Vector3d edges = glass.cell.vectors.diagonal();
  ModelSize out{double(glass.size()), edges};
  for (const BandSegment& s : segments_asked(b, edges.y()))
    out.atoms += number_density(glass) * s.asked * plain_area(b, s) * edges.z();
  return out;
}

std::pair<Atoms, std::vector<BandSegment>> with_shear_band(const Atoms& glass, const ShearBand& b,
                                                           const RunControl& run) {
  constexpr std::uint64_t kStream = 0x62616e64;
  check(glass, b);
  const Vector3d edges = glass.cell.vectors.diagonal();
  auto [placed, from, label] = mapped(glass, b);
  const double bulk = number_density(glass);
  RandomSequence random(b.seed, kStream);
  std::vector<BandSegment> segments = segments_asked(b, edges.y());
  for (std::size_t n = 0; n < segments.size(); ++n) {
    BandSegment& s = segments[n];
    const auto number = std::int64_t(n) + 1;
    const auto atoms = std::size_t(std::llround(bulk * expected(b, edges.y(), s) * edges.z()));
    settle_count(placed, label, from, number, atoms, b, s, random);
    s.made = double(std::count(label.begin(), label.end(), number)) /
                 (bulk * plain_area(b, s) * edges.z()) -
             1;
  }
  // labels and the rest come from the atoms of the glass, places from the map
  Atoms out = select(glass, from);
  out.numbers = placed.numbers;
  out.positions = placed.positions;
  RelaxSettings settings;
  settings.force = 5e-3;
  settings.most_steps = 1000;
  for (auto l : label) settings.fixed.push_back(l == 0);
  out = relax(out, metallic_contacts(out.numbers, b.contact), settings, run).atoms;
  out.labels["band"].values = std::move(label);
  settle_planted(out, glass.cell);
  return {out, segments};
}

}  // namespace vitrobeam
