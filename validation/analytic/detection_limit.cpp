// How thick a glass may be for one icosahedron in it to be recognised. The molecular-dynamics glass
// of examples/, turned at random and cut into slabs; a Cu-centred icosahedron of 12 Zr at 2.75
// Angstrom at mid-depth, its five-fold (or two-fold) axis along the beam; the same slabs without
// it. Area under the ROC with standard errors for
//   plain    normalised correlation of one pattern with the free cluster's, 0.32-0.82 1/Angstrom,
//            no noise, the probe on the centre: the setting of the published baseline,
//   library  the best of 61 views, the same way,
//   single   whitened likelihood ratio of one pattern, 0.25-1.6 1/Angstrom, 1e4 electrons, the
//   probe
//            off the centre by up to half a scan step,
//   joint    the same of 25 scan positions, 1.5 Angstrom apart,
//   tilted   joint, the axis off the beam by up to 5 degrees (unknown to the matching, which takes
//            the mean likelihood over eleven tilts), at random depth, every atom of the cluster
//            displaced by 0.15 Angstrom rms along each axis.
// The statistics of the background come from other slabs than those that are tested.
//   detection_limit [threads] [slabs tested] [kV] [mrad] [thickness in Angstrom, ...]
#include <fmt/format.h>

#include <Eigen/Geometry>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "base/random.hpp"
#include "io/structure_file.hpp"
#include "models/embedding.hpp"
#include "models/motifs.hpp"
#include "models/transform.hpp"
#include "multislice/changed_slab.hpp"
#include "patterns/library_patterns.hpp"
#include "patterns/match_correlation.hpp"
#include "patterns/match_evidence.hpp"
#include "patterns/match_significance.hpp"

using namespace vitrobeam;

namespace {

constexpr double kBox = 36, kStep = 1.5, kDose = 1e4, kBond = 2.75, kQMax = 1.7;
constexpr int kHalf = 2, kPatch = (2 * kHalf + 1) * (2 * kHalf + 1), kTraining = 40;
constexpr int kCentre = kPatch / 2;
const PolarGrid kWide{0.25, 1.6, 27, 144}, kPublished{0.32, 0.82, 25, 144};
const Vector2d kMiddle(kBox / 2, kBox / 2);

struct Setting {
  int threads = 2, slabs = 100;
  double kV = 200, mrad = 3.58, thickness = 30;
};

SimulationSettings simulation(const Setting& s) {
  SimulationSettings settings;
  settings.optics.energy_kV = s.kV;
  settings.optics.semiangle_mrad = s.mrad;
  settings.nx = settings.ny = 200;
  settings.recording.q_max = kQMax;
  settings.engine = Engine::multislice;
  return settings;
}

Eigen::Matrix3d random_rotation(RandomSequence& r) {
  return Eigen::Quaterniond(r.normal(), r.normal(), r.normal(), r.normal())
      .normalized()
      .toRotationMatrix();
}

// A slab of the glass from a random place, seen along a random direction.
Atoms random_slab(const Atoms& glass, double thickness, RandomSequence& r) {
  const Eigen::Matrix3d turn = random_rotation(r);
  Atoms turned = glass;
  for (auto& p : turned.positions) p = turn * p;
  turned.cell.vectors = glass.cell.vectors * turn.transpose();
  const Vector3d lo = 40 * Vector3d(r.uniform(), r.uniform(), r.uniform());
  Atoms slab = cut_box(turned, lo, lo + Vector3d(kBox, kBox, thickness));
  slab.cell.periodic = {true, true, false};
  return slab;
}

Atoms cluster(const Vector3d& direction, double phi, const Vector3d& at) {
  Atoms m = rotated(build_motif(find_motif("icosahedron"), {{29, 40}, kBond, 0}),
                    rotation_to_beam(direction, phi));
  for (auto& r : m.positions) r += at;
  return m;
}

Vector3d axis(const char* name) { return find_axis(find_motif("icosahedron"), name).direction; }

std::vector<Vector2d> patch(const Vector2d& around, double step, int half) {
  std::vector<Vector2d> positions;
  for (int y = -half; y <= half; ++y)
    for (int x = -half; x <= half; ++x) positions.push_back(around + step * Vector2d(x, y));
  return positions;
}

// Camera images to polar ones.
class Camera {
 public:
  explicit Camera(const PolarGrid& grid)
      : transform_(side(), side(), centred_calibration(side(), side(), 1 / kBox, 1 / kBox), grid) {}
  PlaneF operator()(const PlaneF& image) const { return transform_(image); }
  const PlaneF& weights() const { return transform_.weights(); }

 private:
  static Eigen::Index side() { return 2 * Eigen::Index(std::floor(kQMax * kBox)) + 1; }
  PolarTransform transform_;
};

PlaneF noisy(PlaneF image, std::uint64_t stream) {
  add_camera_noise(image, kDose, 5, stream);
  return image;
}

// The patterns of one slab.
struct Sample {
  PlaneF null_image, five_image, two_image;   // probe on the centre, no noise
  std::vector<PlaneF> null, planted, tilted;  // polar over the patch, noisy
};

Sample sample(const Atoms& glass, const Setting& s, const Camera& camera, std::uint64_t index,
              bool planted) {
  RandomSequence r(17, index);
  const Atoms slab = random_slab(glass, s.thickness, r);
  const ChangedSlab<float> scan(slab, simulation(s), {29, 40}, patch(kMiddle, kStep, kHalf));
  const auto scratch = scan.make_scratch();
  Sample out;
  std::uint64_t stream = (index + 1) << 8;
  const auto keep = [&](const std::vector<PlaneF>& images) {
    std::vector<PlaneF> polar;
    for (const auto& image : images) polar.push_back(camera(noisy(image, stream++)));
    return polar;
  };
  const auto seen = [&](const Atoms& m) { return scan(m, displaced_atoms(slab, m), *scratch); };
  const auto motif_free = scan({}, {}, *scratch);
  out.null_image = motif_free[kCentre];
  out.null = keep(motif_free);
  if (!planted) return out;
  const auto anywhere = [&](double depth) {
    return Vector3d(kBox / 2 + kStep * (r.uniform() - 0.5), kBox / 2 + kStep * (r.uniform() - 0.5),
                    depth);
  };
  const double phi = 2 * std::numbers::pi * r.uniform();
  out.planted = keep(seen(cluster(axis("5"), phi, anywhere(s.thickness / 2))));

  const double reach = kBond + 0.5, tilt = 5 * std::numbers::pi / 180 * std::sqrt(r.uniform());
  const Eigen::Matrix3d off =
      Eigen::AngleAxisd(2 * std::numbers::pi * r.uniform(), axis("5")).toRotationMatrix() *
      Eigen::AngleAxisd(tilt, axis("5").unitOrthogonal()).toRotationMatrix();
  const double depth = reach + r.uniform() * std::max(0.0, s.thickness - 2 * reach);
  Atoms distorted =
      cluster(off * axis("5"), phi, anywhere(s.thickness > 2 * reach ? depth : s.thickness / 2));
  for (auto& p : distorted.positions) p += 0.15 * Vector3d(r.normal(), r.normal(), r.normal());
  for (auto& p : distorted.positions) p.z() = std::clamp(p.z(), 0.0, s.thickness);
  out.tilted = keep(seen(distorted));

  const ChangedSlab<float> one(slab, simulation(s), {29, 40}, {kMiddle});
  const Vector3d middle(kBox / 2, kBox / 2, s.thickness / 2);
  const auto alone = one.make_scratch();
  for (const char* name : {"5", "2"}) {
    const Atoms m = cluster(axis(name), phi, middle);
    (name[0] == '5' ? out.five_image : out.two_image) = one(m, displaced_atoms(slab, m), *alone)[0];
  }
  return out;
}

// The free cluster seen along a direction from a net of probe positions.
std::vector<PlaneF> free_cluster(const Vector3d& direction, const Setting& s,
                                 const std::vector<Vector2d>& positions, const Camera& camera) {
  Atoms m = cluster(direction, 0, {kBox / 2, kBox / 2, s.thickness / 2});
  m.cell = Cell::orthogonal(kBox, kBox, s.thickness);
  std::vector<PlaneF> polar(positions.size());
  Simulation<float>(m, simulation(s))
      .run(positions, s.threads,
           [&](std::size_t k, const ProbeResult<float>& r) { polar[k] = camera(r.pattern); });
  return polar;
}

JointEvidence evidence(const Background& background, const Vector3d& direction, const Setting& s,
                       const Camera& camera, int half) {
  OffsetPatterns motif{0.75, half == 0 ? 0 : 5, {}};
  motif.patterns = free_cluster(direction, s, patch(kMiddle, motif.step, motif.half), camera);
  return JointEvidence(background, motif, patch({0, 0}, kStep, half), 24, 2 * std::numbers::pi / 5);
}

void print_roc(const char* name, const std::vector<double>& null,
               const std::vector<double>& planted) {
  const RocArea roc = area_under_roc(null, planted);
  fmt::print("  {} {:.3f} +- {:.3f}", name, roc.area, roc.error);
}

void baseline(const Setting& s, const std::vector<Sample>& tested) {
  const Camera camera(kPublished);
  std::vector<PlaneF> views{free_cluster(axis("5"), s, {kMiddle}, camera)[0],
                            free_cluster(axis("2"), s, {kMiddle}, camera)[0]};
  RandomSequence r(23, 0);
  for (int k = 0; k < 59; ++k)
    views.push_back(free_cluster(Vector3d(r.normal(), r.normal(), r.normal()).normalized(), s,
                                 {kMiddle}, camera)[0]);
  CorrelationSettings plain;
  plain.m_max = 30;
  plain.gamma = 1;
  const Matcher matcher(kPublished, camera.weights(), views, plain);
  std::vector<PlaneF> null, five, two;
  for (const Sample& one : tested) {
    null.push_back(camera(one.null_image));
    five.push_back(camera(one.five_image));
    two.push_back(camera(one.two_image));
  }
  const PlaneF n = matcher.match(null, s.threads).score, f = matcher.match(five, s.threads).score,
               t = matcher.match(two, s.threads).score;
  const auto column = [](const PlaneF& scores, int k) {
    return std::vector<double>(scores.col(k).begin(), scores.col(k).end());
  };
  const auto best = [](const PlaneF& scores) {
    const Eigen::ArrayXf b = scores.rowwise().maxCoeff();
    return std::vector<double>(b.begin(), b.end());
  };
  fmt::print("{:4.1f} nm  plain five-fold: null {:.3f}, planted {:.3f};", s.thickness / 10,
             n.col(0).mean(), f.col(0).mean());
  print_roc("area", column(n, 0), column(f, 0));
  fmt::print("\n         plain two-fold:  null {:.3f}, planted {:.3f};", n.col(1).mean(),
             t.col(1).mean());
  print_roc("area", column(n, 1), column(t, 1));
  auto highest = best(n);
  std::sort(highest.begin(), highest.end());
  fmt::print("\n         best of 61 views on motif-free glass: mean {:.2f}, 95 % below {:.2f};",
             n.rowwise().maxCoeff().mean(), highest[highest.size() * 95 / 100]);
  print_roc("five-fold", best(n), best(f));
  print_roc("two-fold", best(n), best(t));
  fmt::print("\n");
}

void pushed(const Setting& s, const std::vector<Sample>& training,
            const std::vector<Sample>& tested, const Camera& camera) {
  std::vector<PlaneF> patterns;
  for (const Sample& one : training)
    patterns.insert(patterns.end(), one.null.begin(), one.null.end());
  const Background background(kWide, camera.weights(), {}, patterns);
  const JointEvidence single = evidence(background, axis("5"), s, camera, 0),
                      joint = evidence(background, axis("5"), s, camera, kHalf);
  std::vector<JointEvidence> tilts{joint};
  for (int k = 0; k < 10; ++k)
    tilts.push_back(evidence(
        background,
        Eigen::AngleAxisd(2 * std::numbers::pi * k / 10, axis("5")).toRotationMatrix() *
            (Eigen::AngleAxisd(4 * std::numbers::pi / 180, axis("5").unitOrthogonal()) * axis("5")),
        s, camera, kHalf));
  struct Scores {
    std::vector<double> single, joint, tilted;
  } null, planted, tilted;
  const auto test = [&](const std::vector<PlaneF>& polar, Scores& to) {
    std::vector<Harmonics> x;
    std::vector<const Harmonics*> all;
    for (const auto& p : polar) x.push_back(background.contrast(p));
    for (const auto& h : x) all.push_back(&h);
    to.single.push_back(log_mean_exp(single({all[kCentre]})));
    Eigen::ArrayXf views(Eigen::Index(tilts.size()));
    for (std::size_t k = 0; k < tilts.size(); ++k)
      views(Eigen::Index(k)) = float(log_mean_exp(tilts[k](all)));
    to.joint.push_back(views(0));
    to.tilted.push_back(log_mean_exp(views));
  };
  for (const Sample& one : tested) {
    test(one.null, null);
    test(one.planted, planted);
    test(one.tilted, tilted);
  }
  fmt::print("         1e4 electrons:");
  print_roc("single", null.single, planted.single);
  print_roc("joint", null.joint, planted.joint);
  print_roc("tilted", null.tilted, tilted.tilted);
  print_roc("tilted, one pattern", null.single, tilted.single);
  fmt::print("\n");
}

void measure(const Setting& s, const Atoms& glass) {
  const Camera camera(kWide);
  std::vector<Sample> training(kTraining), tested(std::size_t(s.slabs));
#pragma omp parallel for schedule(dynamic) num_threads(s.threads)
  for (int i = 0; i < kTraining + s.slabs; ++i)
    (i < kTraining ? training[std::size_t(i)] : tested[std::size_t(i - kTraining)]) =
        sample(glass, s, camera, std::uint64_t(i), i >= kTraining);
  baseline(s, tested);
  pushed(s, training, tested, camera);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Setting s;
  if (argc > 1) s.threads = std::atoi(argv[1]);
  if (argc > 2) s.slabs = std::atoi(argv[2]);
  if (argc > 3) s.kV = std::atof(argv[3]);
  if (argc > 4) s.mrad = std::atof(argv[4]);
  const Atoms glass = read_structure(std::string(VITROBEAM_SOURCE_DIR) +
                                     "/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz");
  std::vector<double> thicknesses{8, 14, 20, 30, 40};
  if (argc > 5) thicknesses.clear();
  for (int k = 5; k < argc; ++k) thicknesses.push_back(std::atof(argv[k]));
  for (const double t : thicknesses) {
    s.thickness = t;
    measure(s, glass);
  }
}
