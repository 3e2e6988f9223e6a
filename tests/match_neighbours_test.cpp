// Laws of the likelihood of a scan: the fast sums equal the evidence as it is defined; p-values of
// motif-free maps are uniform, in the middle and at the edge; probabilities are what they say.
#include "patterns/match_neighbours.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <numbers>

#include "base/error.hpp"
#include "base/random.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

constexpr int kSize = 31, kEdge = 6;
constexpr double kPixel = 0.066;
const PolarGrid kGrid{0.3, 0.9, 8, 72};

double envelope(double q) { return std::exp(-0.5 * std::pow((q - 0.6) / 0.15, 2)); }

template <typename F>
PlaneF image(F&& value) {
  PlaneF out(kSize, kSize);
  for (int r = 0; r < kSize; ++r)
    for (int c = 0; c < kSize; ++c) {
      const double y = (r - kSize / 2) * kPixel, x = (c - kSize / 2) * kPixel, q = std::hypot(x, y);
      out(r, c) = float(1e-4 * envelope(q) * std::max(0.0, value(std::atan2(y, x))));
    }
  return out;
}

// A motif of `fold` spots that leans towards the probe.
PlaneF motif(int fold, const Vector2d& offset, double turn = 0) {
  const double fade = std::exp(-offset.squaredNorm() / 6);
  return image([&](double t) {
    return fade * (1 + std::cos(fold * (t - turn)) +
                   0.4 * offset.norm() * std::cos(t - std::atan2(offset.y(), offset.x())));
  });
}

// A raster of speckle that changes slowly from position to position and closes upon itself.
class Packing {
 public:
  explicit Packing(std::uint64_t seed) {
    RandomSequence random(seed, 3);
    for (auto& a : amplitude_) a = random.normal();
  }
  PlaneF at(int row, int column) const {
    double a[2][8];
    for (int m = 0; m < 8; ++m)
      for (int part = 0; part < 2; ++part) {
        a[part][m] = 0;
        for (int k = 0; k < 5; ++k) {
          const double phase =
              2 * std::numbers::pi * (kWave[k][0] * row + kWave[k][1] * column) / kEdge;
          const auto i = std::size_t(((m * 2 + part) * 5 + k) * 2);
          a[part][m] += (amplitude_[i] * std::cos(phase) + amplitude_[i + 1] * std::sin(phase)) / 2;
        }
      }
    return image([&](double t) {
      double v = 4;
      for (int m = 0; m < 8; ++m)
        v += 0.3 * (a[0][m] * std::cos((m + 1) * t) + a[1][m] * std::sin((m + 1) * t));
      return v;
    });
  }

 private:
  static constexpr int kWave[5][2] = {{1, 0}, {0, 1}, {2, 1}, {1, -2}, {3, 2}};
  std::array<double, 160> amplitude_;
};

void append(Stack<float>& stack, const PlaneF& plane) {
  if (stack.shape.empty()) stack.shape = {0, kSize, kSize};
  ++stack.shape[0];
  stack.values.insert(stack.values.end(), plane.data(), plane.data() + plane.size());
}

MotifLibrary library(int packings = 24) {
  MotifLibrary l;
  l.motif_names = {"five", "three"};
  l.pixel_qx = l.pixel_qy = kPixel;
  l.layout = {kEdge, 1, 1.0};
  for (int m = 0; m < 2; ++m)
    for (int y = -1; y <= 1; ++y)
      for (int x = -1; x <= 1; ++x) {
        append(l.patterns, motif(m == 0 ? 5 : 3, Vector2d(x, y)));
        TemplateRecord t;
        t.motif = m;
        t.offset = {x, y};
        l.templates.push_back(t);
      }
  for (int p = 0; p < packings; ++p) {
    const Packing packing{std::uint64_t(p)};
    for (int i = 0; i < kEdge * kEdge; ++i) {
      append(l.null_patterns, packing.at(i / kEdge, i % kEdge));
      l.null.push_back({.packing = p});
    }
  }
  for (int i = 0; i < 60; ++i) {
    const Packing packing(std::uint64_t(5000 + i));
    for (int y = -1; y <= 1; ++y)
      for (int x = -1; x <= 1; ++x) {
        append(l.planted_patterns,
               packing.at(y + 2, x + 2) + 0.6f * motif(i % 2 ? 3 : 5, Vector2d(x, y), 0.3 * i));
        l.planted.push_back({.motif = i % 2});
      }
  }
  return l;
}

RecognitionSettings settings() {
  RecognitionSettings s;
  s.grid = kGrid;
  s.matching.m_max = 10;
  return s;
}

const PolarTransform& camera() {
  static const PolarTransform transform(kSize, kSize,
                                        centred_calibration(kSize, kSize, kPixel, kPixel), kGrid);
  return transform;
}

// A scan of `rows` x `columns` of a packing, with a motif at one of its positions.
std::vector<Harmonics> scan_of(const ScanRecognition& r, std::uint64_t seed, int rows, int columns,
                               float strength = 0, int row = 0, int column = 0) {
  std::vector<Harmonics> out;
  const Packing packing(seed);
  for (int y = 0; y < rows; ++y)
    for (int x = 0; x < columns; ++x)
      out.push_back(r.contrast(
          camera()(packing.at(y, x) + strength * motif(5, Vector2d(x - column, y - row), 0.9))));
  return out;
}

ContrastScan scan(const std::vector<Harmonics>& h, int rows, int columns) {
  ContrastScan s{std::size_t(rows), std::size_t(columns), false, {}};
  for (const auto& x : h) s.contrast.push_back(&x);
  return s;
}

}  // namespace

TEST_CASE("the sums over a scan equal joint evidence as it is defined, at the edge too") {
  const MotifLibrary l = library(3);
  std::vector<PlaneF> training;
  for (std::size_t i = 0; i < l.null.size(); ++i)
    training.push_back(camera()(l.null_patterns.plane(i)));
  const Background background(kGrid, camera().weights(), {10, 0.5}, training);
  const Patch patch = Patch::within(1.5, 1);
  const MotifLikelihood fast(background, l, camera(), patch);
  std::vector<Harmonics> x;
  const Packing packing(77);
  for (int i = 0; i < 12; ++i) x.push_back(background.contrast(camera()(packing.at(i / 4, i % 4))));
  const ContrastScan raster = scan(x, 3, 4);
  const auto masks = fast.masks(raster);
  const ScanLikelihood found = fast(raster, masks, 2);
  for (int view = 0; view < 2; ++view) {
    OffsetPatterns net{1, 1, {}};
    for (int k = 0; k < 9; ++k)
      net.patterns.push_back(camera()(l.patterns.plane(std::size_t(view * 9 + k))));
    for (int position : {0, 3, 5, 6, 8}) {
      std::vector<Vector2d> there;
      std::vector<const Harmonics*> patterns;
      for (const auto& d : patch.members) {
        const int r = position / 4 + d[0], c = position % 4 + d[1];
        if (r < 0 || r > 2 || c < 0 || c > 3) continue;
        there.emplace_back(d[1], d[0]);
        patterns.push_back(&x[std::size_t(r * 4 + c)]);
      }
      const JointEvidence slow(background, net, there, 72, 2 * std::numbers::pi);
      CHECK(found.log_evidence(position, view) ==
            approx(log_mean_exp(slow(patterns))).epsilon(1e-3));
    }
  }
  // a scan that closes upon itself sees the same where it does not cross the border
  ContrastScan closed = raster;
  closed.periodic = true;
  const auto whole = fast.under_masks(closed, {masks[5]}, 1);
  CHECK(whole[0](5, 0) == approx(double(found.log_evidence(5, 0))).epsilon(1e-4));
}

TEST_CASE("p-values of motif-free maps are uniform, in the middle, at the edge and in the corner") {
  ScanRecognition recognition(library(60), camera().weights(), settings(), Patch::within(1, 1), 2);
  const int maps = 200;
  std::map<int, std::vector<double>> by_position;
  for (int k = 0; k < maps; ++k) {
    const auto x = scan_of(recognition, std::uint64_t(100000 + k), 3, 3);
    const auto found = recognition(scan(x, 3, 3), 2);
    for (const int position : {0, 1, 4})  // corner, edge, middle
      by_position[position].push_back(found[std::size_t(position)].finding->significance.p);
  }
  for (auto& [position, p] : by_position) {
    std::sort(p.begin(), p.end());
    double off = 0;
    for (std::size_t i = 0; i < p.size(); ++i)
      off = std::max({off, p[i] - double(i) / maps, double(i + 1) / maps - p[i]});
    // 0.1 % limit of Kolmogorov and Smirnov, the 40 packings that rank being a sample themselves
    MESSAGE("position " << position << ": off uniform " << off);
    CHECK(off < 1.95 * std::sqrt(1.0 / maps + 1.0 / 40 / 3));
  }
}

TEST_CASE("neighbours find what one pattern cannot, and a missing pattern is no motif") {
  const MotifLibrary l = library();
  ScanRecognition joint(l, camera().weights(), settings(), Patch::within(1.5, 1), 2);
  const Recognition alone(l, camera().weights(), settings(), 2);
  int together = 0, single = 0;
  for (int k = 0; k < 60; ++k) {
    const auto x = scan_of(joint, std::uint64_t(7000 + k), 3, 3, 0.5f, 1, 1);
    together += joint(scan(x, 3, 3), 2)[4].finding->significance.p <= 0.02;
    const Packing packing(std::uint64_t(7000 + k));
    single +=
        alone({camera()(packing.at(1, 1) + 0.5f * motif(5, {0, 0}, 0.9))}, 1)[0].significance.p <=
        0.02;
  }
  MESSAGE("found together " << together << ", alone " << single << " of 60");
  CHECK(together > single + 5);
  const auto x = scan_of(joint, 7000, 3, 3, 2, 1, 1);
  ContrastScan gap = scan(x, 3, 3);
  gap.contrast[5] = nullptr;
  const auto v = joint(gap, 2);
  CHECK(!v[5].finding);
  CHECK(v[5].posterior.motif.empty());
  CHECK(v[4].finding->significance.motif == 0);
  CHECK(std::abs(std::remainder(v[4].in_plane_angle - 0.9, 2 * std::numbers::pi / 5)) < 0.1);
}

TEST_CASE("the result does not depend on threads or on how many rows are matched together") {
  const MotifLibrary l = library(6);
  ScanRecognition one(l, camera().weights(), settings(), Patch::within(1, 1), 1),
      two(l, camera().weights(), settings(), Patch::within(1, 1), 2);
  const auto x = scan_of(one, 7, 5, 3, 0.5f, 2, 1);
  const auto a = one(scan(x, 5, 3), 1), b = two(scan(x, 5, 3), 2);
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].log_evidence == b[i].log_evidence);
    CHECK(a[i].finding->significance.p == b[i].finding->significance.p);
  }
}

TEST_CASE("a posterior is right as often as it says, and its directions hold what they state") {
  // two motifs of 12 directions; the log likelihood of the true one is raised, all are
  // overconfident
  std::vector<MotifView> views;
  for (int v = 0; v < 24; ++v) {
    const double t = 0.1 + 0.1 * (v % 12);
    views.push_back({v / 12, 0, Vector3d(std::sin(t), 0, std::cos(t)), 5, 1, {}});
  }
  constexpr double kOver = 4;
  const auto rows = [&](int n, std::uint64_t seed, int motif) {
    RandomSequence r(seed, 0);
    PlaneF out(n, 24);
    for (int i = 0; i < n; ++i) {
      const int truth = motif < 0 ? -1 : motif * 12 + int(r.below(12));
      for (int v = 0; v < 24; ++v) {
        // normal of deviation 2: log likelihood ratio of a raised mean d is d x - d^2 / 2
        const double d = 2.5, score = r.normal() + (v == truth ? d : 0);
        out(i, v) = float(kOver * (d * score - d * d / 2));
      }
    }
    return out;
  };
  const int n = 400;
  PlaneF planted(2 * n, 24);
  planted << rows(n, 1, 0), rows(n, 2, 1);
  std::vector<int> motif(n, 0);
  motif.insert(motif.end(), n, 1);
  const ViewPosterior posterior(views, 2, rows(2 * n, 3, -1), planted, motif, {}, 0.5);
  CHECK(posterior.tempering() == approx(1 / kOver).epsilon(0.25));
  // reliability: within bins of the stated probability of motif 0
  double stated[5] = {}, right[5] = {}, count[5] = {}, sum = 0;
  int covered = 0, tried = 0;
  for (int truth = -1; truth < 2; ++truth) {
    const int m = truth < 0 ? 4 * n : 2 * n;
    RandomSequence replay(std::uint64_t(50 + truth), 0);
    const PlaneF test = rows(m, std::uint64_t(50 + truth), truth);
    for (int i = 0; i < m; ++i) {
      const Posterior p = posterior(test.row(i).transpose());
      sum = p.motif[0] + p.motif[1] + p.motif[2];
      CHECK(sum == approx(1));
      const auto bin = std::min<std::size_t>(4, std::size_t(5 * p.motif[0]));
      stated[bin] += p.motif[0];
      right[bin] += truth == 0;
      count[bin] += 1;
      if (truth < 0) continue;
      const int direction = int(replay.below(12));
      for (int v = 0; v < 24; ++v) replay.normal();
      if (p.motif_index != truth) continue;
      ++tried;
      std::vector<int> order(12);
      for (int k = 0; k < 12; ++k) order[std::size_t(k)] = k;
      std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return p.view[std::size_t(truth * 12 + a)] > p.view[std::size_t(truth * 12 + b)];
      });
      covered += std::find(order.begin(), order.begin() + p.directions_90, direction) !=
                 order.begin() + p.directions_90;
      CHECK(p.solid_angle_90 == approx(p.directions_90 / 12.0));
    }
  }
  for (std::size_t b = 0; b < 5; ++b) {
    MESSAGE("stated " << stated[b] / count[b] << ", right " << right[b] / count[b] << " of "
                      << count[b]);
    CHECK(std::abs(stated[b] - right[b]) <
          3.5 * std::sqrt(std::max(stated[b] * (1 - stated[b] / count[b]), 1.0)) + 0.03 * count[b]);
  }
  CHECK(covered >= 0.88 * tried);
}

TEST_CASE("credible axes and depths are the smallest and the middle that hold what is asked for") {
  // two directions at two depths each, and another motif
  const Vector3d x = Vector3d::UnitX(), z = Vector3d::UnitZ();
  const std::vector<MotifView> views = {{0, 0, z, 4, 1, {}},
                                        {0, 0, z, 8, 1, {}},
                                        {0, 0, x, 4, 3, {}},
                                        {0, 0, x, 8, 3, {}},
                                        {1, 0, z, 5, 2, {}}};
  const std::vector<double> p = {0.1, 0.2, 0.25, 0.05, 0.4};  // 0.6 of the first motif
  const CredibleAxes half = credible_axes(views, p, 0, 0.5), most = credible_axes(views, p, 0, 0.9);
  REQUIRE(half.directions.size() == 1);
  CHECK(half.directions[0] == z);  // 0.3 of 0.6, as x has; the first of equals
  CHECK(half.probability == approx(0.5));
  CHECK(half.share == approx(0.25));
  CHECK(most.directions.size() == 2);
  CHECK(most.share == approx(1));
  // depths: boxes of 4 around 4 and 8, of 0.35 and 0.25
  const CredibleDepth d = credible_depth(views, p, 0, 0.5);
  CHECK(d.low == approx(2 + 4 * 0.15 / 0.35));
  CHECK(d.high == approx(6 + 4 * 0.1 / 0.25));
  CHECK(std::isnan(credible_depth(views, p, 1, 0.5).low));
}

TEST_CASE("the views of a motif are tempered by where planted ones really stand") {
  // motif 0 is told apart from none by a likelihood at its word, its 12 views by one that is
  // overconfident
  std::vector<MotifView> views;
  for (int v = 0; v < 12; ++v)
    views.push_back({0, 0, Vector3d(std::sin(0.1 * v), 0, std::cos(0.1 * v)), 5, 1, {}});
  constexpr double kOver = 5, kCommon = 40;
  const auto rows = [&](int n, std::uint64_t seed, bool planted, std::vector<int>& truth) {
    RandomSequence r(seed, 0);
    PlaneF out(n, 12);
    for (int i = 0; i < n; ++i) {
      truth.push_back(int(r.below(12)));
      for (int v = 0; v < 12; ++v) {
        const double d = 1.5, score = r.normal() + (v == truth.back() ? d : 0);
        out(i, v) = float(kOver * (d * score - d * d / 2) + (planted ? kCommon : -kCommon));
      }
    }
    return out;
  };
  std::vector<int> ignored, truth, test_truth;
  const PlaneF free = rows(300, 4, false, ignored), planted = rows(300, 5, true, truth),
               test = rows(2000, 6, true, test_truth);
  const std::vector<int> motif(300, 0);
  const ViewPosterior with(views, 1, free, planted, motif, truth, 0.5),
      without(views, 1, free, planted, motif, {}, 0.5);
  CHECK(with.view_tempering()[0] == approx(1 / kOver).epsilon(0.3));
  CHECK(without.view_tempering()[0] == without.tempering());
  const auto coverage = [&](const ViewPosterior& posterior) {
    double stated = 0, inside = 0;
    for (int i = 0; i < 2000; ++i) {
      const Posterior p = posterior(test.row(i).transpose());
      const CredibleAxes a = credible_axes(views, p.view, 0, 0.5);
      stated += a.probability / 2000;
      inside += std::any_of(a.directions.begin(), a.directions.end(), [&](const Vector3d& d) {
        return d == views[std::size_t(test_truth[std::size_t(i)])].direction;
      });
    }
    return inside / 2000 - stated;
  };
  CHECK(std::abs(coverage(with)) < 0.06);
  CHECK(std::abs(coverage(without)) > 0.1);
}

TEST_CASE("a library that cannot serve neighbours is refused") {
  MotifLibrary l = library(6);
  const auto with = [&](const Patch& patch) {
    ScanRecognition(l, camera().weights(), settings(), patch, 1);
  };
  CHECK_THROWS_AS(with(Patch::within(1, 0.7)), Error);
  CHECK_THROWS_AS(with(Patch::within(3, 1)), Error);
  CHECK_THROWS_AS(with(Patch::within(9, 1)), Error);
  l.layout = {};
  CHECK_THROWS_AS(with(Patch::within(1, 1)), Error);
}
