#include "drivers/atlas_maps.hpp"
#include "drivers/log.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "models/bond_order.hpp"
#include "models/displacements.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"
#include "models/pair_distribution.hpp"
#include "models/voronoi.hpp"
#include "multislice/simulation.hpp"
#include "patterns/recognition.hpp"
#include "patterns/relaxation.hpp"
#include "patterns/ring.hpp"
#include "patterns/symmetry.hpp"
#include "runtime/interruption.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double first_shell(const Atoms& atoms, double cutoff) {
  if (cutoff > 0) return cutoff;
  const PairDistribution g = pair_distribution(atoms, 10, 0.02);
  const double found = first_minimum(g.r, g.total);
  if (!(found > 0))
    fail(Fault::physics,
         "g(r) has no minimum behind its first peak below 10 Angstrom: say where the first shell "
         "ends with --cutoff");
  return found;
}

}  // namespace

std::vector<AtlasMap> structure_maps(const Atoms& atoms, const Voxels& v, double cutoff) {
  std::vector<AtlasMap> out;
  const auto add = [&](const std::string& name, const std::string& unit,
                       const std::string& description, const std::vector<double>& values) {
    out.push_back({"structure", name, unit, description,
                   column_mean(atoms, values, v.weight, v.y, v.x), true});
  };
  const ColumnDensity columns = column_density(atoms, v.weight, v.y, v.x);
  out.push_back({"structure", "column_density", "1/Angstrom^3", "atoms in the column",
                 columns.density, true});
  std::size_t left = columns.share.size() - 1;  // the last share follows from the others
  for (const auto& [z, share] : columns.share)
    if (left-- > 0)
      out.push_back({"structure", fmt::format("share_{}", symbol(z)), "1",
                     "share among the atoms of the column", share, true});
  const Voronoi cells = voronoi(atoms);
  std::vector<double> volume = cells.volume, five = five_fold_share(cells), icosahedral;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    icosahedral.push_back(cells.index[i] == std::array<int, 4>{0, 0, 12, 0} ? 1 : 0);
    if (cells.at_surface[i]) volume[i] = five[i] = icosahedral[i] = kNone;
  }
  add("voronoi_volume", "Angstrom^3", "Voronoi volume per atom", volume);
  add("five_fold", "1", "share of Voronoi faces with five edges", five);
  add("icosahedra", "1", "share of atoms with the index <0,0,12,0>", icosahedral);
  const NeighbourList shell =
      neighbours_within(atoms.cell, atoms.positions, first_shell(atoms, cutoff));
  for (const int l : {4, 6})
    add(fmt::format("q{}_averaged", l), "1", "bond-orientational order",
        bond_order(shell, l).q_averaged);
  return out;
}

// ---- patterns

namespace {

// The sum of the patterns of a scan.
void mean_image(const PatternInput& input, const RunControl& run, PlaneD& sum) {
  sum = PlaneD::Zero(Eigen::Index(input.source().rows()), Eigen::Index(input.source().columns()));
  for_each_part(input.scan(), run, [&](const Stack<float>& images, std::size_t) {
    for (std::size_t i = 0; i < images.shape[0]; ++i)
      if (images.plane(i).isFinite().all()) sum += images.plane(i).cast<double>();
  });
}

struct RingGrids {
  PolarGrid symmetry, strain;
  RingBand band;
};

// The brightest ring, and the polar grids that symmetry and strain read it on.
RingGrids find_ring(const PatternInput& input, const DiffractionRequest& request,
                    const PlaneF& mean) {
  const auto rows = mean.rows(), columns = mean.cols();
  const double reach = largest_full_circle(rows, columns, input.calibration());
  const double q_max = std::min(request.q_max, reach);
  if (!(q_max > request.q_min * 1.2))
    fail(Fault::physics,
         "the patterns hold whole circles only up to {:.3g} 1/Angstrom: no ring to look at beyond "
         "{:.3g}",
         reach, request.q_min);
  check_rings(input.scan(), q_max);
  RingGrids out;
  const double pixel = std::max(input.calibration().pixel_qx, input.calibration().pixel_qy);
  out.symmetry = {request.q_min, q_max, std::max(8, int((q_max - request.q_min) / (0.5 * pixel))),
                  180};
  const PolarTransform transform(rows, columns, input.calibration(), out.symmetry,
                                 input.source().hidden());
  out.band = brightest_ring(out.symmetry, radial_mean(transform(mean), transform.weights()));
  const double middle = (out.band.low + out.band.high) / 2;
  out.strain = {0.7 * middle, std::min(1.35 * middle, reach), 40, 120};
  return out;
}

}  // namespace

bool diffraction_maps(const PatternInput& input, const DiffractionRequest& request,
                      const RunControl& run, std::vector<AtlasMap>& out) {
  const auto rows = Eigen::Index(input.source().scan_rows()),
             columns = Eigen::Index(input.source().scan_columns());
  PlaneD sum;
  mean_image(input, run, sum);
  const PlaneF mean = (sum / double(input.positions())).cast<float>();
  const RingGrids grids = find_ring(input, request, mean);
  const auto& calibration = input.calibration();
  const auto& hidden = input.source().hidden();
  const PolarTransform polar(mean.rows(), mean.cols(), calibration, grids.symmetry, hidden),
      wide(mean.rows(), mean.cols(), calibration, grids.strain, hidden);
  AngularSettings angular;
  angular.n_max = *std::max_element(request.orders.begin(), request.orders.end());
  const AngularAnalysis analysis(polar, angular);
  RingProfile profile = RingProfile::of(wide(mean), wide.weights(), grids.strain);
  const PolarTransform outward(mean.rows(), mean.cols(), calibration,
                               reaching_out(input.scan(), grids.strain), hidden);
  profile.set_disc(input.scan().disc_radius(),
                   RingProfile::of(outward(mean), outward.weights(), outward.grid()).values(),
                   [](double) { return 1.0; });
  const auto map = [&](const std::string& name, const std::string& unit,
                       const std::string& description, bool correlated = true) {
    out.push_back({"diffraction", name, unit, description, PlaneD::Constant(rows, columns, kNone),
                   correlated});
    return out.size() - 1;
  };
  std::vector<std::size_t> orders;
  for (const int n : request.orders)
    orders.push_back(
        map(fmt::format("symmetry_{}", n), "1", fmt::format("C_{} in the ring, noise removed", n)));
  const std::size_t pairs = map("friedel_pair", "1", "correlation of I(q) and I(-q) in the ring"),
                    variance = map("variance", "1", "normalised variance along the ring"),
                    ring = map("ring_intensity", "fraction of incident beam per pixel",
                               "mean intensity of the ring"),
                    dilatation = map("dilatation", "1", "exx + eyy against the mean ring"),
                    shear = map("shear", "1", "sqrt((exx - eyy)^2 / 4 + exy^2)");
  std::vector<std::size_t> strain;
  for (const char* name : {"exx", "eyy", "exy"})
    strain.push_back(map(name, "1", "strain against the mean ring", false));
  const Eigen::ArrayXd alike = Eigen::ArrayXd::Ones(grids.symmetry.n_q);
  Stage progress(run, "patterns", input.positions());
  for_each_part(input.scan(), run, [&](const Stack<float>& images, std::size_t first) {
#pragma omp parallel for schedule(dynamic, 4) num_threads(run.threads)
    for (long i = 0; i < long(images.shape[0]); ++i) {
      progress.advance();
      const auto image = images.plane(std::size_t(i));
      const auto at = Eigen::Index(first) + i;
      const PlaneF rings = polar(image);
      if (judge(image, hidden, rings, polar.weights()) != PatternStatus{}) continue;
      const AngularPower power = analysis(rings, image, input.gain());
      const auto put = [&](std::size_t k, double v) { out[k].values.data()[at] = v; };
      const auto in_band = [&](const PlaneD& values) {
        return band_mean(grids.symmetry, grids.band, values, power.mean_squared);
      };
      const Eigen::ArrayXd c = in_band(power.power);
      for (std::size_t k = 0; k < orders.size(); ++k) put(orders[k], c[request.orders[k] - 1]);
      const double along = in_band(power.variance.transpose())[0];
      put(variance, along);
      put(pairs, in_band(power.opposite.transpose())[0] / along);
      const double squared =
          band_mean(grids.symmetry, grids.band, power.mean_squared.transpose(), alike)[0];
      put(ring, std::sqrt(std::max(0.0, squared)));
      const RingFit fit = fit_ring(wide(image), wide.weights(), grids.strain, profile, {});
      if (!fit.converged) continue;
      const double exx = fit.value[2], eyy = fit.value[3], exy = fit.value[4];
      put(dilatation, exx + eyy);
      put(shear, std::hypot((exx - eyy) / 2, exy));
      for (std::size_t k = 0; k < 3; ++k) put(strain[k], fit.value[k + 2]);
    }
  });
  return true;
}

// ---- trajectories

namespace {

// Time steps, where the frames state them (LAMMPS dumps), must grow by equal amounts: the lags of
// the autocorrelation are numbers of frames. A run that was continued often holds frames twice.
void check_time_steps(const Trajectory& trajectory) {
  long long before = 0, step = 0;
  for (std::size_t f = 0; f < trajectory.size(); ++f) {
    const Atoms atoms = trajectory.frame(f);
    const auto stated = atoms.info.find("timestep");
    if (stated == atoms.info.end()) return;
    const long long now = std::strtoll(stated->second.c_str(), nullptr, 10);
    if (f == 1) step = now - before;
    if (f > 0 && (now <= before || now - before != step))
      fail(Fault::input,
           "{}: frame {} has the time step {}, after {} and in steps of {}; relaxation times need "
           "frames at equal intervals: take out those that stand twice, or thin them evenly",
           trajectory.path(), f, now, before, step);
    before = now;
  }
}

// Intensity of every segment of the ring [voxel, segment, frame].
std::vector<float> ring_series(const Trajectory& trajectory, const Voxels& v,
                               const MotionRequest& request, const RunControl& run) {
  std::vector<Vector2d> places;
  for (const double y : v.y)
    for (const double x : v.x) places.emplace_back(x, y);
  const std::size_t frames = trajectory.size(), segments = std::size_t(request.segments);
  std::vector<float> series(places.size() * segments * frames);
  Stage progress(run, "frames", frames);
  for (std::size_t f = 0; f < frames; ++f) {
    run.check_stop();
    const Atoms atoms = trajectory.frame(f);
    SimulationSettings s;
    s.optics = request.optics;
    const Vector3d edges = atoms.cell.lengths();
    s.nx = good_size(int(std::ceil(edges.x() / request.pixel)));
    s.ny = good_size(int(std::ceil(edges.y() / request.pixel)));
    s.slice = request.slice;
    s.recording.patterns = false;
    const double mrad = 1e3 * s.optics.wavelength();
    Detector ring{"ring", request.ring_low * mrad, request.ring_high * mrad};
    ring.segments = request.segments;
    s.recording.detectors = {ring};
    const Simulation<float> simulation(atoms, s, run.threads);
    simulation.run(places, run.threads, [&](std::size_t i, const ProbeResult<float>& r) {
      for (std::size_t k = 0; k < segments; ++k)
        series[(i * segments + k) * frames + f] = float(r.detectors[k]);
    });
    progress.advance();
  }
  return series;
}

void relaxation_maps(const std::vector<float>& series, std::size_t frames, const Voxels& v,
                     const MotionRequest& request, const RunControl& run,
                     std::vector<AtlasMap>& out) {
  PlaneD tau = PlaneD::Constant(v.rows(), v.columns(), kNone), error = tau;
  const auto segments = std::size_t(request.segments);
  long too_short = 0, too_fast = 0, nothing = 0;
#pragma omp parallel for schedule(dynamic, 4) num_threads(run.threads) \
    reduction(+ : too_short, too_fast, nothing)
  for (Eigen::Index at = 0; at < tau.size(); ++at) {
    constexpr std::size_t kBlocks = 12;
    Autocorrelation sums(frames, kBlocks);
    for (std::size_t k = 0; k < segments; ++k)
      sums.add(series.data() + (std::size_t(at) * segments + k) * frames);
    const Relaxation r = sums.series() > 0 ? fit_relaxation(sums, {true, 1, false}) : Relaxation{};
    // as correlation: 40 relaxation times in the series, ten frames in one
    if (!r.fitted)
      ++nothing;
    else if (double(frames) < 40 * r.tau)
      ++too_short;
    else if (r.tau < 10)
      ++too_fast;
    else
      tau.data()[at] = r.tau * request.frame_time,
      error.data()[at] = r.tau_error * request.frame_time;
  }
  if (nothing + too_short + too_fast > 0)
    warn(
        "relaxation times of {} of {} voxels are not known: {} without a decay, {} with a series "
        "shorter than 40 tau, {} with a frame longer than 0.1 tau",
        nothing + too_short + too_fast, tau.size(), nothing, too_short, too_fast);
  out.push_back({"motion", "relaxation_time", request.time_unit,
                 "of the scattering into the ring, beta = 1", tau, true});
  out.push_back({"motion", "relaxation_time_error", request.time_unit, "one standard deviation",
                 error, false});
}

}  // namespace

bool motion_maps(const Trajectory& trajectory, const Voxels& v, const MotionRequest& request,
                 const RunControl& run, std::vector<AtlasMap>& out) {
  const Atoms before = trajectory.frame(0), after = trajectory.frame(trajectory.size() - 1);
  const double radius = 1.3 * first_shell(before, request.cutoff);
  const LocalDeformation d = local_deformation(before, after, radius);
  std::vector<double> moved;
  for (const auto& u : displacements(before, after)) moved.push_back(u.squaredNorm());
  const auto add = [&](const std::string& name, const std::string& unit,
                       const std::string& description, const std::vector<double>& values) {
    out.push_back(
        {"motion", name, unit, description, column_mean(before, values, v.weight, v.y, v.x), true});
  };
  add("d2min", "Angstrom^2", "non-affine displacement, first to last frame", d.d2min);
  add("square_displacement", "Angstrom^2", "first to last frame", moved);
  constexpr std::size_t kFewest = 40;  // as correlation
  if (trajectory.size() < kFewest) {
    inform("{} frames: no relaxation times, which take {} and more", trajectory.size(), kFewest);
    return true;
  }
  check_time_steps(trajectory);
  const auto series = ring_series(trajectory, v, request, run);
  relaxation_maps(series, trajectory.size(), v, request, run, out);
  return true;
}

}  // namespace vitrobeam
