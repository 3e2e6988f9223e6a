// The maps of an atlas that follow from a trajectory.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "fourier/grid.hpp"
#include "models/displacements.hpp"
#include "multislice/simulation.hpp"
#include "patterns/relaxation.hpp"
#include "studies/atlas_maps.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Time steps, where the frames state them (LAMMPS dumps), must be equally far apart: the lags of
// the autocorrelation are numbers of frames. A run that was continued often holds frames twice.
void check_time_steps(const AtomFrames& frames) {
  long long before = 0, step = 0;
  for (std::size_t f = 0; f < frames.count; ++f) {
    const Atoms atoms = frames.frame(f);
    const auto stated = atoms.info.find("timestep");
    if (stated == atoms.info.end()) return;
    const long long now = std::strtoll(stated->second.c_str(), nullptr, 10);
    if (f == 1) step = now - before;
    if (f > 0 && (now <= before || now - before != step))
      fail(Fault::input,
           "{}: frame {} has the time step {}, after {} and in steps of {}; relaxation times need "
           "frames at equal intervals: take out those that stand twice, or thin them evenly",
           frames.name, f, now, before, step);
    before = now;
  }
}

// Intensity of every segment of the ring [voxel, segment, frame].
std::vector<float> ring_series(const AtomFrames& frames, const Voxels& v,
                               const MotionRequest& request, const RunControl& run) {
  std::vector<Vector2d> places;
  for (const double y : v.y)
    for (const double x : v.x) places.emplace_back(x, y);
  const std::size_t count = frames.count, segments = std::size_t(request.segments);
  std::vector<float> series(places.size() * segments * count);
  Stage stage(run, "frames", count);
  for (std::size_t f = 0; f < count; ++f) {
    run.check_stop();
    const Atoms atoms = frames.frame(f);
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
        series[(i * segments + k) * count + f] = float(r.detectors[k]);
    });
    stage.advance();
  }
  return series;
}

std::vector<AtlasMap> relaxation_maps(const std::vector<float>& series, std::size_t frames,
                                      const Voxels& v, const MotionRequest& request,
                                      const RunControl& run) {
  PlaneD tau = PlaneD::Constant(v.rows(), v.columns(), kNone), error = tau;
  Plane<unsigned char> status(v.rows(), v.columns());
  const auto segments = std::size_t(request.segments);
#pragma omp parallel for schedule(dynamic, 4) num_threads(run.threads)
  for (Eigen::Index at = 0; at < tau.size(); ++at) {
    constexpr std::size_t kBlocks = 12;
    Autocorrelation sums(frames, kBlocks);
    for (std::size_t k = 0; k < segments; ++k)
      sums.add(series.data() + (std::size_t(at) * segments + k) * frames);
    const Relaxation r = sums.series() > 0 ? fit_relaxation(sums, {true, 1, false}) : Relaxation{};
    const RelaxationStatus s = status_of(r, frames);
    status.data()[at] = static_cast<unsigned char>(s);
    if (s != RelaxationStatus::good) continue;
    tau.data()[at] = r.tau * request.frame_time;
    error.data()[at] = r.tau_error * request.frame_time;
  }
  const auto count = [&](RelaxationStatus s) {
    return (status == static_cast<unsigned char>(s)).count();
  };
  const auto nothing = count(RelaxationStatus::no_decay),
             too_short = count(RelaxationStatus::series_too_short),
             too_fast = count(RelaxationStatus::frame_too_long);
  if (nothing + too_short + too_fast > 0)
    run.warn(
        "relaxation times of {} of {} voxels are not known: {} without a decay, {} with a series "
        "shorter than 40 tau, {} with a frame longer than 0.1 tau",
        nothing + too_short + too_fast, tau.size(), nothing, too_short, too_fast);
  return {{"motion", "relaxation_time", request.time_unit,
           "of the scattering into the ring, beta = 1", tau, true},
          {"motion", "relaxation_time_error", request.time_unit, "one standard deviation", error,
           false}};
}

}  // namespace

std::vector<AtlasMap> motion_maps(const AtomFrames& frames, const Voxels& v,
                                  const MotionRequest& request, const RunControl& run) {
  const Atoms before = frames.frame(0), after = frames.frame(frames.count - 1);
  const double radius = 1.3 * first_shell(before, request.cutoff);
  const LocalDeformation d = local_deformation(before, after, radius);
  std::vector<double> moved;
  for (const auto& u : displacements(before, after)) moved.push_back(u.squaredNorm());
  std::vector<AtlasMap> out;
  const auto add = [&](const std::string& name, const std::string& unit,
                       const std::string& description, const std::vector<double>& values) {
    out.push_back(
        {"motion", name, unit, description, column_mean(before, values, v.weight, v.y, v.x), true});
  };
  add("d2min", "Angstrom^2", "non-affine displacement, first to last frame", d.d2min);
  add("square_displacement", "Angstrom^2", "first to last frame", moved);
  if (frames.count < kFewestFrames) {
    run.inform("{}: no relaxation times, which take {} and more", counted(frames.count, "frame"),
               kFewestFrames);
    return out;
  }
  check_time_steps(frames);
  for (AtlasMap& map :
       relaxation_maps(ring_series(frames, v, request, run), frames.count, v, request, run))
    out.push_back(std::move(map));
  return out;
}

}  // namespace vitrobeam
