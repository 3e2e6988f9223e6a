#include "drivers/motif_model.hpp"

#include <Eigen/Geometry>

#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "drivers/library_plan.hpp"
#include "drivers/quantity.hpp"
#include "models/transform.hpp"
#include "multislice/optics.hpp"

namespace vitrobeam {

LibraryPlan plan_of(const LibraryOrigin& origin) {
  std::string command;
  for (const char* known : {"library build", "library extend"})
    if (origin.plan.starts_with(fmt::format("# vitrobeam {} ", known))) command = known;
  if (command.empty())
    fail(Fault::input,
         "entries of the library by {} do not say how they were simulated, as it was rearranged by "
         "an older version; refine with a library that was built anew",
         origin.program);
  LibraryCommand c;
  Settings settings = describe(c, command);
  settings.take_stored(origin.plan, fmt::format("the library by {}", origin.program));
  resolve(c);
  return c.plan;
}

namespace {

// Under the probe, a motif takes the place of this many shell diameters of background. With it the
// thickness of 10 Angstrom packings around icosahedra of 2.75 comes back unbiased
// (validation/analytic/refinement.cpp).
constexpr double kOwnThickness = 1.4;
constexpr double kLeastBackground = 0.05;  // of the library's

}  // namespace

struct MotifModel::State {
  Atoms motif;  // around the origin, in the library's orientation of this entry
  double box, thickness, depth, own_thickness;
  double width_squared;  // of the beam and of what the motif displaces together, per axis
  std::vector<Vector2d> positions;
  Vector2d offset;
  const Background& background;
  const PolarTransform& camera;
  ChangedSlab<float> slab;
  ChangedSlab<float>::ScratchPointer scratch;

  // Of the library's background, what is left beside the motif at a position.
  double background_share(std::size_t position, const Eigen::VectorXd& p) const {
    const Vector2d off = positions[position] + Vector2d(p(3), p(4));
    const double own = own_thickness * std::exp(-off.squaredNorm() / (2 * width_squared));
    return std::max(std::exp(p(5)) - own / thickness, kLeastBackground);
  }
};

namespace {

Atoms library_motif(const LibraryPlan& plan, const MotifLibrary& library,
                    const TemplateRecord& entry) {
  const Motif& motif = find_motif(library.motif_names.at(std::size_t(entry.motif)));
  MotifSize size{parse_elements(library.decorations.at(std::size_t(entry.decoration))),
                 library.condition().bond, plan.radius};
  size.elements.resize(std::min(size.elements.size(), 1 + motif.other_elements.size()));
  return rotated(build_motif(motif, size), rotation_to_beam(entry.direction));
}

// Nothing but the box that the library's free clusters stand in.
ChangedSlab<float> vacuum(const LibraryPlan& plan, const MotifLibrary& library,
                          const std::vector<int>& elements, std::vector<Vector2d> positions) {
  SimulationSettings s = plan.simulation;
  const LibraryConditions& l = library.condition();
  s.optics.energy_kV = l.energy_kV;
  s.optics.semiangle_mrad = l.semiangle_mrad;
  s.optics.defocus = l.defocus;
  Atoms nothing;
  nothing.cell = Cell::orthogonal(plan.box, plan.box, l.thickness);
  for (auto& r : positions) r += Vector2d(plan.box / 2, plan.box / 2);
  return {nothing, s, elements, positions};
}

}  // namespace

const char* MotifModel::name(int parameter) {
  static constexpr const char* kNames[kParameters] = {
      "tilt_x", "tilt_y", "in_plane_angle", "offset_x", "offset_y", "log_thickness", "log_size"};
  return kNames[parameter];
}

MotifModel::MotifModel(const LibraryPlan& plan, const MotifLibrary& library, std::size_t entry,
                       const Background& background, const PolarTransform& camera,
                       const std::vector<Vector2d>& positions) {
  const TemplateRecord& t = library.templates.at(entry);
  Atoms motif = library_motif(plan, library, t);
  const std::vector<int> elements = motif.numbers;
  double radius = 0;
  for (const auto& r : motif.positions) radius = std::max(radius, r.norm());
  // a ball of the displaced radius, and a beam of full width 0.51 lambda / alpha at half height
  const LibraryConditions& l = library.condition();
  const double beam = 0.51 * wavelength(l.energy_kV) / (l.semiangle_mrad * 1e-3) / 2.355;
  const double width_squared = std::pow(kOwnThickness * radius, 2) / 5 + beam * beam;
  state_ = std::unique_ptr<State>(
      new State{std::move(motif), plan.box, library.condition().thickness, t.depth,
                2 * kOwnThickness * radius, width_squared, positions, t.offset, background, camera,
                vacuum(plan, library, elements, positions), nullptr});
  state_->scratch = state_->slab.make_scratch();
}
MotifModel::~MotifModel() = default;

Atoms MotifModel::placed(const Eigen::VectorXd& p) const {
  const State& s = *state_;
  const Eigen::Matrix3d turn =
      (Eigen::AngleAxisd(p(1), Vector3d::UnitY()) * Eigen::AngleAxisd(p(0), Vector3d::UnitX()) *
       Eigen::AngleAxisd(p(2), Vector3d::UnitZ()))
          .toRotationMatrix();
  Atoms motif = s.motif;
  constexpr double kMargin = 1e-3;
  for (auto& r : motif.positions) {
    r = std::exp(p(6)) * (turn * r) + Vector3d(s.box / 2 - p(3), s.box / 2 - p(4), s.depth);
    r.z() = std::clamp(r.z(), kMargin, s.thickness - kMargin);
  }
  return motif;
}

Contrasts MotifModel::operator()(const Eigen::VectorXd& p) const {
  const State& s = *state_;
  Contrasts out;
  for (const PlaneF& pattern : s.slab(placed(p), {}, *s.scratch)) {
    const double background = s.background_share(out.size(), p);
    out.push_back(s.background.contrast_with(s.camera(pattern) / float(background)));
  }
  return out;
}

Refined MotifModel::fit(const Contrasts& x, const Speckle& speckle, double in_plane_angle) const {
  const State& s = *state_;
  const RefinementSettings from = settings(in_plane_angle);
  Refined r =
      refine([&](const Eigen::VectorXd& p) { return (*this)(p); }, x, s.background, speckle, from);
  // the amount of a whole specimen differs by amount_deviation; of independent layers are left as
  // many as the background has beside the motif
  double share = 0;
  for (std::size_t i = 0; i < s.positions.size(); ++i)
    share += s.background_share(i, r.value) / double(s.positions.size());
  r.error(5) =
      std::hypot(r.error(5), speckle.amount_deviation * std::sqrt(share) / std::exp(r.value(5)));
  for (int k = 3; k < 5 && s.positions.size() == 1; ++k) {
    r.value(k) = from.start(k);
    r.error(k) = from.prior(k) / std::sqrt(3.0);
  }
  return r;
}

RefinementSettings MotifModel::settings(double in_plane_angle) const {
  RefinementSettings s;
  const Vector2d offset =
      Eigen::Rotation2D<double>(in_plane_angle).toRotationMatrix() * state_->offset;
  constexpr double kDegree = std::numbers::pi / 180;
  s.start.resize(kParameters);
  s.start << 0, 0, in_plane_angle, offset.x(), offset.y(), 0, 0;
  s.step.resize(kParameters);
  s.step << kDegree, kDegree, 0.5 * kDegree, 0.1, 0.1, 0.05, 0.005;
  s.prior.resize(kParameters);
  s.prior << 5 * kDegree, 5 * kDegree, 5 * kDegree, 0.75, 0.75, 0.5, 0.03;
  return s;
}

}  // namespace vitrobeam
