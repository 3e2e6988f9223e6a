#include "studies/estimate_calibration.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <tuple>
#include <utility>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "base/first_failure.hpp"
#include "models/rotations.hpp"
#include "models/transform.hpp"
#include "patterns/polar.hpp"
#include "studies/density_study.hpp"
#include "studies/structure_analysis.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

constexpr std::uint64_t kSlabStream = 0x657374696d;
constexpr std::size_t kMostLeftOut = 2000;  // patterns that a file keeps for its picture

// What goes with the descriptors: the share of every element but the last, the density, and the
// thickness where it varies.
std::vector<ColumnDescriptor> confounders(const EstimatePlan& plan,
                                          const std::vector<TeachingModel>& models) {
  std::set<int> elements;
  for (const auto& m : models) elements.insert(m.atoms.numbers.begin(), m.atoms.numbers.end());
  std::vector<ColumnDescriptor> out;
  for (const int z : elements)
    if (z != *elements.rbegin()) out.push_back(element_share(z));
  out.push_back(parse_descriptors("density").front());
  if (plan.thickness_low < plan.thickness_high)
    out.push_back(parse_descriptors("thickness").front());
  return out;
}

// Least and largest value of an atom.
std::pair<double, double> range_of_atoms(const std::vector<Atoms>& models,
                                         const ColumnDescriptor& d) {
  double low = 1e300, high = -1e300;
  for (const auto& m : models)
    for (const double v : atom_values(m, d)) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
  return {low, high};
}

template <typename T>
void append(std::vector<std::byte>& bytes, const T* values, std::size_t n) {
  const auto* first = reinterpret_cast<const std::byte*>(values);
  bytes.insert(bytes.end(), first, first + n * sizeof(T));
}

}  // namespace

int positions_along(const EstimatePlan& plan) {
  const double clear = 0.61 / plan.simulation.optics.aperture_q();  // of the first dark ring
  return int((plan.box - 2 * clear) / plan.step + 1e-9) + 1;
}

struct CalibrationBuilder::State {
  EstimatePlan plan;
  std::vector<std::string> names;
  std::vector<ColumnDescriptor> all;  // descriptors, then confounders that are none of them
  std::size_t confounders_from = 0;
  std::vector<std::size_t> confounding;  // indices into `all`
  std::vector<Atoms> models;             // with their descriptors as labels
  int along = 0;
  Calibration calibration;
  Index rows = 0, columns = 0;

  State(const EstimatePlan& p, const std::vector<TeachingModel>& given, const RunControl& run)
      : plan(p) {
    for (const auto& m : given) add_model(m, plan.descriptors);
    keep_what_differs(run);
    all = plan.descriptors;
    for (const auto& c : confounders(plan, given)) {
      const auto found =
          std::find_if(all.begin(), all.end(), [&](const auto& d) { return d.name == c.name; });
      confounding.push_back(std::size_t(found - all.begin()));
      if (found == all.end()) all.push_back(c);
    }
    along = positions_along(plan);
    if (along < 1)
      fail(Fault::physics,
           "@box {:g}: the beam's first dark ring has a radius of {:.3g} Angstrom and leaves no "
           "position clear of the border; take a box above {:.3g} Angstrom",
           plan.box, 0.61 / plan.simulation.optics.aperture_q(),
           1.22 / plan.simulation.optics.aperture_q());
    std::vector<ColumnDescriptor> others(all.begin() + std::ptrdiff_t(plan.descriptors.size()),
                                         all.end());
    for (Atoms& m : models) m = with_descriptors(m, others, 0);
    check_enough();
    const Grid grid{plan.simulation.nx, plan.simulation.ny, plan.box, plan.box};
    const CameraPixels pixels = pattern_pixels(grid, plan.simulation.recording);
    rows = Index(pixels.q_y().size());
    columns = Index(pixels.q_x().size());
    calibration = centred_calibration(rows, columns, pixels.q_x()[1] - pixels.q_x()[0],
                                      pixels.q_y()[1] - pixels.q_y()[0]);
    const double circles = largest_full_circle(rows, columns, calibration);
    if (circles < plan.recipe.grid.q_max)
      fail(Fault::physics,
           "@q_max {:g}: whole circles of the simulated patterns end at {:.4g} 1/Angstrom; take a "
           "smaller @q_max or @pixel",
           plan.recipe.grid.q_max, circles);
    if (plan.recipe.grid.q_min <= plan.simulation.optics.aperture_q())
      fail(Fault::physics,
           "@q_min {:g} 1/Angstrom lies inside the central disc of {:.4f}; start beyond it",
           plan.recipe.grid.q_min, plan.simulation.optics.aperture_q());
  }

  void add_model(const TeachingModel& m, const std::vector<ColumnDescriptor>& descriptors) {
    const auto& p = m.atoms.cell.periodic;
    if (!(m.atoms.cell.volume() > 0) || !p[0] || !p[1] || !p[2])
      fail(Fault::physics,
           "{}: the model must be periodic along x, y and z, for slabs in every direction are cut "
           "from it",
           m.name);
    const bool needs_shell = std::any_of(descriptors.begin(), descriptors.end(), [](const auto& d) {
      using Kind = ColumnDescriptor::Kind;
      return d.kind == Kind::coordination || d.kind == Kind::q || d.kind == Kind::q_averaged ||
             d.kind == Kind::warren_cowley;
    });
    models.push_back(with_descriptors(m.atoms, descriptors,
                                      needs_shell ? first_shell(m.atoms, std::nullopt).radius : 0));
    names.push_back(m.name);
  }

  // A descriptor that is the same for all atoms cannot be learned: an error, or a remark where the
  // descriptors were not asked for by name.
  void keep_what_differs(const RunControl& run) {
    std::vector<ColumnDescriptor> kept;
    for (const auto& d : plan.descriptors) {
      double low = plan.thickness_low, high = plan.thickness_high;
      if (d.is_of_atoms()) std::tie(low, high) = range_of_atoms(models, d);
      if (d.kind == ColumnDescriptor::Kind::density || high - low > 1e-9 * (1 + std::abs(low))) {
        kept.push_back(d);
        continue;
      }
      if (!plan.leave_out_constant)
        fail(Fault::physics,
             "the descriptor {} is {:g} everywhere in the models: there is nothing to learn; leave "
             "it out of @descriptors, or give models in which it differs",
             d.name, low);
      run.inform("{} is {:g} everywhere in the models and is left out", d.name, low);
    }
    plan.descriptors = kept;
  }

  // Error{physics} that says how many more slabs are needed.
  void check_enough() const {
    constexpr int kFewestSlabs = 4, kFewestPatterns = 200;
    if (models.size() == 1 && plan.slabs < kFewestSlabs)
      fail(Fault::physics,
           "one model and {}: errors are found on slabs that are left out; give {} more with "
           "@slabs, or better a second model",
           counted(plan.slabs, "slab"), kFewestSlabs - plan.slabs);
    for (const double together : plan.together) {
      const int each = int(whole_neighbourhoods(together).size()),
                have = each * plan.slabs * int(models.size());
      if (each == 0)
        fail(Fault::physics,
             "@together {:g}: no position of a slab has all of its neighbours; take a wider "
             "@slab_width",
             together);
      if (have < kFewestPatterns)
        fail(
            Fault::physics,
            "{} from {}: {} are needed to learn from; give {} more slabs of each model with "
            "@slabs",
            counted(have, "pattern"), counted(plan.slabs * int(models.size()), "slab"),
            kFewestPatterns,
            (kFewestPatterns - have + each * int(models.size()) - 1) / (each * int(models.size())));
    }
  }

  // Positions that have as many neighbours as any.
  std::vector<std::size_t> whole_neighbourhoods(double together) const {
    const auto around = neighbourhoods(std::size_t(along), std::size_t(along), plan.step, together);
    const long reach = long(together / plan.step + 1e-9);
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < around.size(); ++i) {
      const long y = long(i) / along, x = long(i) % along;
      if (std::min({x, y, along - 1 - x, along - 1 - y}) >= reach) out.push_back(i);
    }
    return out;
  }

  std::size_t polar_size() const {
    return std::size_t(plan.recipe.grid.n_q) * std::size_t(plan.recipe.grid.n_theta);
  }
  std::size_t positions() const { return std::size_t(along) * std::size_t(along); }
  std::size_t bytes_of_unit() const {
    return positions() * (polar_size() * sizeof(float) + all.size() * sizeof(double));
  }
  std::size_t model_of(std::size_t unit) const { return unit % models.size(); }

  Atoms slab(std::size_t unit) const {
    RandomSequence random(plan.seed, kSlabStream, std::uint64_t(unit) << 32);
    const Atoms& model = models[model_of(unit)];
    const double thickness =
        plan.thickness_low + (plan.thickness_high - plan.thickness_low) * random.uniform();
    const Eigen::Matrix3d turn = random_rotation(random);
    Vector3d share;
    for (int k = 0; k < 3; ++k) share[k] = random.uniform();
    return turned_box(model, turn, model.cell.vectors.transpose() * share,
                      {plan.box, plan.box, thickness});
  }

  std::vector<std::byte> make(std::size_t unit) const {
    const Atoms piece = slab(unit);
    std::vector<double> axis;
    for (int k = 0; k < along; ++k)
      axis.push_back(plan.box / 2 + (k - (along - 1) / 2.0) * plan.step);
    std::vector<Vector2d> places;
    for (const double y : axis)
      for (const double x : axis) places.emplace_back(x, y);
    const PolarTransform transform(rows, columns, calibration, plan.recipe.grid);
    const CameraModel camera(plan.camera, rows, columns, calibration, plan.seed);
    std::vector<float> polar(positions() * polar_size());
    Simulation<float>(piece, plan.simulation)
        .run(places, 1, [&](std::size_t k, const ProbeResult<float>& r) {
          const PlaneF counts =
              plan.camera.is_ideal()
                  ? PlaneF(r.pattern)
                  : PlaneF(camera(r.pattern.cast<double>(), unit * positions() + k, {0, 0})
                               .pattern.cast<float>());
          const PlaneF p = transform(counts);
          std::copy_n(p.data(), polar_size(), polar.data() + k * polar_size());
        });
    const auto truth =
        column_descriptors(piece, all, column_of(plan.simulation.optics), axis, axis);
    std::vector<std::byte> out;
    append(out, polar.data(), polar.size());
    for (const PlaneD& t : truth) append(out, t.data(), std::size_t(t.size()));
    return out;
  }

  // ---- from the units to a calibration

  struct Taught {
    std::vector<PlaneF> polar;  // [unit](position, bin)
    std::vector<PlaneD> truth;  // [unit](descriptor, position)
    std::vector<std::size_t> unit;
  };

  Taught unpack(const std::vector<std::size_t>& done,
                const std::function<std::vector<std::byte>(std::size_t)>& read) const {
    Taught t;
    for (const std::size_t unit : done) {
      const auto bytes = read(unit);
      if (bytes.size() != bytes_of_unit())
        fail(Fault::machine, "unit {} of the calibration has {} bytes instead of {}", unit,
             bytes.size(), bytes_of_unit());
      const Index n = Index(positions());
      PlaneF polar(n, Index(polar_size()));
      PlaneD truth(Index(all.size()), n);
      const std::size_t first = std::size_t(polar.size()) * sizeof(float);
      std::memcpy(polar.data(), bytes.data(), first);
      std::memcpy(truth.data(), bytes.data() + first, std::size_t(truth.size()) * sizeof(double));
      t.polar.push_back(std::move(polar));
      t.truth.push_back(std::move(truth));
      t.unit.push_back(unit);
    }
    return t;
  }

  TrainingSet training_set(const Taught& t, const PatternFeatures& features, double together,
                           const RunControl& run) const {
    const auto around = neighbourhoods(std::size_t(along), std::size_t(along), plan.step, together);
    const auto whole = whole_neighbourhoods(together);
    const std::size_t each = whole.size(), n = t.unit.size() * each;
    TrainingSet set;
    set.features.resize(Index(n), features.count());
    set.targets.resize(Index(n), Index(plan.descriptors.size()));
    set.confounders.resize(Index(n), Index(confounding.size()));
    set.model.resize(n);
    set.part.resize(n);
    set.summaries = features.summaries();
    for (const auto& d : plan.descriptors) set.names.push_back(d.name);
    Stage stage(run, "features", t.unit.size());
    FirstFailure failure;
#pragma omp parallel for schedule(dynamic) num_threads(run.threads)
    for (std::size_t u = 0; u < t.unit.size(); ++u)
      failure.guard([&] {
        run.check_stop();
        Eigen::MatrixXf own(Index(positions()), features.count());
        const Index rings = plan.recipe.grid.n_q, angles = plan.recipe.grid.n_theta;
        for (Index i = 0; i < own.rows(); ++i)
          own.row(i) = features(Eigen::Map<const PlaneF>(t.polar[u].row(i).data(), rings, angles))
                           .transpose();
        const auto mean_truth = [&](std::size_t k, const std::vector<std::size_t>& list) {
          double sum = 0;
          for (const std::size_t i : list) sum += t.truth[u](Index(k), Index(i));
          return sum / double(list.size());
        };
        for (std::size_t w = 0; w < each; ++w) {
          const auto& list = around[whole[w]];
          const Index row = Index(u * each + w);
          Eigen::RowVectorXf sum = Eigen::RowVectorXf::Zero(features.count());
          for (const std::size_t i : list) sum += own.row(Index(i));
          set.features.row(row) = sum / float(list.size());
          for (std::size_t k = 0; k < plan.descriptors.size(); ++k)
            set.targets(row, Index(k)) = mean_truth(k, list);
          for (std::size_t k = 0; k < confounding.size(); ++k)
            set.confounders(row, Index(k)) = mean_truth(confounding[k], list);
          set.model[std::size_t(row)] = int(model_of(t.unit[u]));
          set.part[std::size_t(row)] = int(t.unit[u]);
        }
        stage.advance();
      });
    failure.rethrow();
    return set;
  }

  // Evenly spread over the rows.
  LeftOut sample(const TrainingSet& set, const Estimates& read) const {
    const std::size_t n = set.model.size(), step = (n + kMostLeftOut - 1) / kMostLeftOut;
    LeftOut out;
    std::vector<Index> taken;
    for (std::size_t i = 0; i < n; i += step) {
      taken.push_back(Index(i));
      out.model.push_back(set.model[i]);
    }
    out.truth = set.targets(taken, Eigen::all).array();
    out.value = read.value(taken, Eigen::all).array();
    out.low_90 = read.low_90(taken, Eigen::all).array();
    out.high_90 = read.high_90(taken, Eigen::all).array();
    return out;
  }
};

CalibrationBuilder::CalibrationBuilder(const EstimatePlan& plan,
                                       const std::vector<TeachingModel>& models,
                                       const RunControl& run)
    : state_(std::make_unique<State>(plan, models, run)) {}
CalibrationBuilder::~CalibrationBuilder() = default;

const EstimatePlan& CalibrationBuilder::plan() const { return state_->plan; }
std::size_t CalibrationBuilder::units() const {
  return std::size_t(state_->plan.slabs) * state_->models.size();
}
std::size_t CalibrationBuilder::patterns() const { return state_->positions(); }
std::vector<std::byte> CalibrationBuilder::make(std::size_t unit) const {
  return state_->make(unit);
}

EstimateCalibration CalibrationBuilder::train(
    const std::vector<std::size_t>& done,
    const std::function<std::vector<std::byte>(std::size_t)>& read, const RunControl& run) const {
  const State& s = *state_;
  const State::Taught taught = s.unpack(done, read);
  EstimateCalibration out;
  const Optics& optics = s.plan.simulation.optics;
  out.conditions = {
      optics.energy_kV,      optics.semiangle_mrad,  optics.defocus,     s.plan.thickness_low,
      s.plan.thickness_high, s.calibration.pixel_qx, s.plan.camera.dose, s.plan.step};
  out.recipe = s.plan.recipe;
  out.weights = PolarTransform(s.rows, s.columns, s.calibration, s.plan.recipe.grid).weights();
  for (const auto& d : s.plan.descriptors) {
    out.names.push_back(d.name);
    out.units.push_back(d.unit);
    out.texts.push_back(d.text);
  }
  out.models = s.names;
  out.patterns.assign(s.names.size(), 0);
  for (const std::size_t unit : done) out.patterns[s.model_of(unit)] += int(s.positions());
  const PatternFeatures features(s.plan.recipe, out.weights);
  for (const double together : s.plan.together) {
    const TrainingSet set = s.training_set(taught, features, together, run);
    CalibratedReading r;
    r.together = together;
    Estimates left_out;
    r.estimator = train_estimator(set, {}, run, &left_out);
    r.left_out = s.sample(set, left_out);
    out.readings.push_back(std::move(r));
  }
  return out;
}

}  // namespace vitrobeam
