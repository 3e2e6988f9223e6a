#include "studies/limit_study.hpp"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "models/embedding.hpp"
#include "models/stacking.hpp"
#include "models/transform.hpp"

#include "base/statistics.hpp"
#include "patterns/match_significance.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint64_t kPlaceStream = 0x6c696d6974;
constexpr int kPerStack = 25;     // patterns of one pile in the thickness series
constexpr double kClearance = 7;  // Angstrom between the shells of two planted motifs

int ceil_div(int a, int b) { return (a + b - 1) / b; }

// nx x ny places over the cell, moved by a random offset.
std::vector<Vector2d> raster(int n, const Vector3d& cell, RandomSequence& random) {
  const int side = int(std::ceil(std::sqrt(double(n))));
  const Vector2d offset(random.uniform(), random.uniform());
  std::vector<Vector2d> places;
  for (int k = 0; k < n; ++k)
    places.emplace_back((k % side + offset.x()) / side * cell.x(),
                        (k / side + offset.y()) / side * cell.y());
  return places;
}

LimitLaw law_by_ratio(double q, double energy_kV) {
  LimitLaw law{{0.05, 0.10, 0.25, 0.50}, {80, 200, 300}, {}, {}};
  const auto at = [&](double ratio, double energy) {
    return thickness_from_friedel((1 - ratio) / (1 + ratio), q, wavelength(energy));
  };
  for (const double ratio : law.ratio) law.of_beam.push_back(at(ratio, energy_kV));
  law.thickness.resize(Eigen::Index(law.energy_kV.size()), Eigen::Index(law.ratio.size()));
  for (std::size_t e = 0; e < law.energy_kV.size(); ++e)
    for (std::size_t r = 0; r < law.ratio.size(); ++r)
      law.thickness(Eigen::Index(e), Eigen::Index(r)) = at(law.ratio[r], law.energy_kV[e]);
  return law;
}

Atoms lower_part(const Atoms& pile, double thickness) {
  const Vector3d edges = pile.cell.lengths();
  return cut_box(pile, Vector3d::Zero(), {edges.x(), edges.y(), thickness});
}

class Study {
 public:
  Study(const LimitPlan& plan, const Atoms& glass, const RunControl& run)
      : plan_(plan), glass_(glass), run_(run), stage_(run, "patterns", patterns_of_study(plan)) {}

  LimitStudy run() {
    const double middle = (plan_.ring.low + plan_.ring.high) / 2;
    for (const double t : plan_.thickness)
      study_.law.push_back(odd_over_even(middle, t, plan_.simulation.optics.wavelength()));
    study_.by_ratio = law_by_ratio(middle, plan_.simulation.optics.energy_kV);
    for (const Engine e :
         {Engine::multislice, Engine::kinematic, Engine::flat_born, Engine::phase_object})
      odd_even(e);
    for (const Engine e : plan_.engines) detect(e);
    return std::move(study_);
  }

 private:
  Atoms pile(int index) {
    Atoms a = stacked(glass_, plan_.thickness.back(), plan_.seed, std::uint64_t(index));
    study_.atoms_removed += std::size_t(std::stoul(a.info.at("stacked_removed")));
    return a;
  }

  // Patterns [depth][position]; the exact engine that is cheaper where it is multislice.
  std::vector<std::vector<PlaneF>> simulate(const Atoms& atoms, Engine engine,
                                            const std::vector<Vector2d>& places, int every) {
    SimulationSettings s = plan_.simulation;
    s.engine = engine == Engine::multislice ? Engine::automatic : engine;
    s.recording.every_slices = every;
    const Simulation<float> simulation(atoms, s, run_.threads);
    pixel_ = {simulation.q_x()[1] - simulation.q_x()[0], simulation.q_y()[1] - simulation.q_y()[0]};
    std::vector<std::vector<PlaneF>> patterns(simulation.depths().size(),
                                              std::vector<PlaneF>(places.size()));
    simulation.run(
        places, run_.threads,
        [&](std::size_t i, const ProbeResult<float>& r) {
          patterns[std::size_t(r.depth)][i] = r.pattern;
        },
        [this] { return run_.stopped(); });
    run_.check_stop();
    stage_.advance(places.size());
    return patterns;
  }

  // Angular power over a band, rings half a pixel wide.
  std::vector<Eigen::ArrayXd> powers(const std::vector<PlaneF>& patterns, const RingBand& band,
                                     double dose, std::uint64_t stream) const {
    const PolarGrid grid{band.low, band.high,
                         std::max(2, int((band.high - band.low) / (0.5 * pixel_.minCoeff()))), 180};
    const Eigen::Index rows = patterns.front().rows(), columns = patterns.front().cols();
    const Calibration calibration = centred_calibration(rows, columns, pixel_.x(), pixel_.y());
    const PolarTransform transform(rows, columns, calibration, grid);
    Camera noisy = plan_.camera;
    noisy.dose = dose;
    const CameraModel camera(dose > 0 ? noisy : Camera{}, rows, columns, calibration, plan_.seed);
    const AngularAnalysis analysis(transform, {});
    std::vector<Eigen::ArrayXd> out(patterns.size());
#pragma omp parallel for schedule(dynamic) num_threads(run_.threads)
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      PlaneF image = patterns[i];
      if (dose > 0) image = camera(image.cast<double>(), stream + i, {0, 0}).pattern.cast<float>();
      const AngularPower ring =
          analysis(transform(image), image, dose > 0 ? 1 / plan_.camera.dqe : 0);
      out[i] = band_mean(grid, band, ring.power, ring.mean_squared);
    }
    return out;
  }

  void odd_even(Engine engine) {
    const int stacks = ceil_div(plan_.positions, kPerStack);
    std::vector<std::vector<double>> odd(plan_.thickness.size()), even = odd;
    for (int s = 0; s < stacks; ++s) {
      RandomSequence random(plan_.seed, kPlaceStream + std::uint64_t(s));
      const Atoms atoms = pile(s);
      const auto places = raster(ceil_div(plan_.positions, stacks), atoms.cell.lengths(), random);
      const auto add = [&](std::size_t t, const std::vector<PlaneF>& patterns) {
        for (const auto& p : powers(patterns, plan_.ring, 0, 0)) {
          double o = 0, e = 0;
          for (Eigen::Index n = 1; n <= p.size(); ++n) (n % 2 == 0 ? e : o) += p[n - 1];
          odd[t].push_back(o);
          even[t].push_back(e);
        }
      };
      if (engine == Engine::phase_object) {  // one slice: every thickness is a run of its own
        for (std::size_t t = 0; t < plan_.thickness.size(); ++t)
          add(t, simulate(lower_part(atoms, plan_.thickness[t]), engine, places, 0).back());
        continue;
      }
      // all thicknesses from one propagation, slice by slice as near as the slices allow
      const int slices = slice_count(plan_.thickness.back(), plan_.simulation.slice);
      const double dz = plan_.thickness.back() / slices;
      const int every = std::max(1, int(std::lround(plan_.thickness.front() / dz)));
      const auto patterns = simulate(atoms, engine, places, every);
      for (std::size_t t = 0; t < plan_.thickness.size(); ++t) {
        const double index = plan_.thickness[t] / (every * dz) - 1;
        const auto k = std::size_t(std::clamp(std::lround(index), 0L, long(patterns.size()) - 1));
        add(t, t + 1 == plan_.thickness.size() ? patterns.back() : patterns[k]);
      }
    }
    OddEven out{engine, {}, {}, {}};
    for (std::size_t t = 0; t < plan_.thickness.size(); ++t) {
      double o = 0, e = 0, squares = 0;
      const std::size_t n = odd[t].size();
      for (std::size_t i = 0; i < n; ++i) o += odd[t][i], e += even[t][i];
      for (std::size_t i = 0; i < n; ++i)
        squares += std::pow((o - odd[t][i]) / (e - even[t][i]) - o / e, 2);
      out.ratio.push_back(o / e);
      out.error.push_back(std::sqrt(squares * double(n - 1) / double(n)));
      out.even.push_back(e / double(n));
    }
    study_.odd_even.push_back(std::move(out));
  }

  // ---- detection of planted motifs

  Atoms motif_of(const LimitTarget& target, double tilt_deg, RandomSequence& random) const {
    const double turn = 2 * M_PI * random.uniform(), towards = 2 * M_PI * random.uniform();
    const Vector3d hinge(std::cos(towards), std::sin(towards), 0);
    const Eigen::Matrix3d tilt = Eigen::AngleAxisd(tilt_deg * M_PI / 180, hinge).toRotationMatrix();
    return rotated(upright(plan_, target, turn), tilt);
  }

  // The glass with as many motifs side by side as have room, and where they are.
  std::pair<Atoms, std::vector<Vector2d>> planted(const Atoms& slab, const LimitTarget& target,
                                                  double depth, double tilt, int wanted,
                                                  RandomSequence& random) const {
    const Vector3d cell = slab.cell.lengths();
    const double size = extent(motif_of(target, 0, random)).maxCoeff(), pitch = size + kClearance;
    const int across = std::max(1, int(cell.x() / pitch)),
              down = std::max(1, int(cell.y() / pitch));
    const double z = std::clamp(depth * cell.z(), std::min(size / 2 + 0.3, cell.z() / 2),
                                std::max(cell.z() - size / 2 - 0.3, cell.z() / 2));
    Atoms atoms = slab;
    std::vector<Vector2d> places;
    for (int k = 0; k < std::min(wanted, across * down); ++k) {
      const Vector2d at((k % across + 0.5) * cell.x() / across,
                        (k / across + 0.5) * cell.y() / down);
      atoms = embed(atoms, motif_of(target, tilt, random),
                    {target.motif, target.axis, {at.x(), at.y(), z}});
      places.push_back(at);
    }
    return {atoms, places};
  }

  std::vector<PlaneF> null_patterns(Engine engine, double thickness,
                                    const std::vector<Atoms>& piles) {
    std::vector<PlaneF> all;
    const int each = ceil_div(plan_.null_positions, int(piles.size()));
    for (std::size_t s = 0; s < piles.size(); ++s) {
      RandomSequence random(plan_.seed, kPlaceStream + 1000 + s);
      const Atoms slab = lower_part(piles[s], thickness);
      auto patterns = simulate(slab, engine, raster(each, slab.cell.lengths(), random), 0).back();
      std::move(patterns.begin(), patterns.end(), std::back_inserter(all));
    }
    return all;
  }

  std::vector<PlaneF> planted_patterns(Engine engine, const LimitTarget& target, double thickness,
                                       double depth, double tilt, const std::vector<Atoms>& piles) {
    std::vector<PlaneF> all;
    for (int round = 0; int(all.size()) < plan_.positions; ++round) {
      RandomSequence random(plan_.seed, kPlaceStream + 100000 + std::uint64_t(round));
      // a fresh shift of the slab, so that a second round on one pile meets other surroundings
      Atoms slab = lower_part(piles[std::size_t(round) % piles.size()], thickness);
      const Vector3d cell = slab.cell.lengths();
      for (auto& r : slab.positions)
        r += Vector3d(round * 0.37 * cell.x(), round * 0.61 * cell.y(), 0);
      wrap(slab);
      const auto [atoms, places] =
          planted(slab, target, depth, tilt, plan_.positions - int(all.size()), random);
      auto patterns = simulate(atoms, engine, places, 0).back();
      std::move(patterns.begin(), patterns.end(), std::back_inserter(all));
    }
    return all;
  }

  void detect(Engine engine) {
    std::vector<Atoms> piles;
    for (int s = 0; s < ceil_div(plan_.positions, 9); ++s) piles.push_back(pile(100 + s));
    std::vector<Detection> out;
    for (const auto& target : plan_.targets)
      out.push_back({target, engine, {}, {}, {}, {}, {}, {}, {}, {}});
    for (const double thickness : plan_.thickness) {
      const auto null = null_patterns(engine, thickness, piles);
      std::vector<std::vector<Eigen::ArrayXd>> null_power;
      for (const double dose : plan_.doses)
        null_power.push_back(powers(null, plan_.motif_ring, dose, 0));
      for (auto& d : out)
        for (const double depth : plan_.depths)
          for (const double tilt : plan_.tilts_deg) {
            const auto patterns = planted_patterns(engine, d.target, thickness, depth, tilt, piles);
            for (std::size_t k = 0; k < plan_.doses.size(); ++k)
              add_case(d, null_power[k],
                       powers(patterns, plan_.motif_ring, plan_.doses[k], std::uint64_t(1) << 32));
          }
    }
    for (auto& d : out) {
      find_limits(d);
      study_.detections.push_back(std::move(d));
    }
  }

  // How often planted motifs are found, of one case.
  void add_case(Detection& d, const std::vector<Eigen::ArrayXd>& null,
                const std::vector<Eigen::ArrayXd>& planted) const {
    const auto of_order = [&](const std::vector<Eigen::ArrayXd>& powers) {
      std::vector<double> v;
      for (const auto& p : powers)
        if (std::isfinite(p[d.target.order - 1])) v.push_back(p[d.target.order - 1]);
      return v;
    };
    std::vector<double> n = of_order(null);
    const std::vector<double> p = of_order(planted);
    const auto mean = [](const std::vector<double>& v) {
      double sum = 0;
      for (const double x : v) sum += x;
      return v.empty() ? kNone : sum / double(v.size());
    };
    std::sort(n.begin(), n.end());
    int found = 0;
    for (const double v : p) found += rank_p_value(n, v) <= plan_.significance;
    const Share share = wilson_interval(found, int(p.size()));
    d.probability.push_back(share.value);
    d.low.push_back(share.low);
    d.high.push_back(share.high);
    const RocArea roc = n.empty() || p.empty() ? RocArea{kNone, kNone} : area_under_roc(n, p);
    d.area.push_back(roc.area);
    d.area_error.push_back(roc.error);
    d.planted_power.push_back(mean(p));
    d.null_power.push_back(mean(n));
  }

  // Interpolated where the probability falls through one half for good.
  void find_limits(Detection& d) const {
    const std::size_t each = plan_.depths.size() * plan_.tilts_deg.size() * plan_.doses.size();
    for (std::size_t c = 0; c < each; ++c) {
      double limit = kNone;
      for (std::size_t t = plan_.thickness.size() - 1; t > 0 && std::isnan(limit); --t) {
        const double below = d.probability[(t - 1) * each + c], above = d.probability[t * each + c];
        if (below >= 0.5 && above < 0.5)
          limit = plan_.thickness[t - 1] +
                  (plan_.thickness[t] - plan_.thickness[t - 1]) * (below - 0.5) / (below - above);
        else if (above >= 0.5)
          break;
      }
      d.limit.push_back(limit);
    }
  }

  const LimitPlan& plan_;
  const Atoms& glass_;
  const RunControl& run_;
  Stage stage_;
  Vector2d pixel_ = Vector2d::Zero();
  LimitStudy study_;
};

}  // namespace

LimitStudy study_limits(const LimitPlan& plan, const Atoms& glass, const RunControl& run) {
  const LimitPlan whole = prepared(plan, glass);
  return Study(whole, glass, run).run();
}

}  // namespace vitrobeam
