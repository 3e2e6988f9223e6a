#include "studies/atlas_maps.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "models/bond_order.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"
#include "models/pair_distribution.hpp"
#include "models/voronoi.hpp"
#include "patterns/pattern_status.hpp"
#include "patterns/ring.hpp"
#include "patterns/symmetry.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// ---- patterns

PlaneF mean_pattern(const PatternScan& scan, const RunControl& run) {
  PlaneD sum = PlaneD::Zero(scan.rows, scan.columns);
  for_each_part(scan, run, [&](const Stack<float>& images, std::size_t) {
    for (std::size_t i = 0; i < images.shape[0]; ++i)
      if (images.plane(i).isFinite().all()) sum += images.plane(i).cast<double>();
  });
  return (sum / double(scan.positions())).cast<float>();
}

PolarTransform polar_of(const PatternScan& scan, const PolarGrid& grid) {
  return {scan.rows, scan.columns, scan.calibration, grid, scan.hidden};
}

// The brightest ring of the mean, and the polar grids that symmetry and strain read it on.
struct RingGrids {
  PolarGrid symmetry, strain;
  RingBand band;
};
RingGrids find_ring(const PatternScan& scan, const DiffractionRequest& request,
                    const PlaneF& mean) {
  const double reach = largest_full_circle(scan.rows, scan.columns, scan.calibration);
  const double q_max = std::min(request.q_max, reach);
  if (!(q_max > request.q_min * 1.2))
    fail(Fault::physics,
         "the patterns hold whole circles only up to {:.3g} 1/Angstrom: no ring to look at beyond "
         "{:.3g}",
         reach, request.q_min);
  check_rings(scan, q_max);
  RingGrids out;
  const double pixel = std::max(scan.calibration.pixel_qx, scan.calibration.pixel_qy);
  out.symmetry = {request.q_min, q_max, std::max(8, int((q_max - request.q_min) / (0.5 * pixel))),
                  180};
  const PolarTransform transform = polar_of(scan, out.symmetry);
  out.band = brightest_ring(out.symmetry, radial_mean(transform(mean), transform.weights()));
  const double middle = (out.band.low + out.band.high) / 2;
  out.strain = {0.7 * middle, std::min(1.35 * middle, reach), 40, 120};
  return out;
}

RingProfile mean_profile(const PatternScan& scan, const PlaneF& mean, const PolarTransform& ring) {
  RingProfile profile = RingProfile::of(ring(mean), ring.weights(), ring.grid());
  const PolarTransform outward = polar_of(scan, reaching_out(scan, ring.grid()));
  profile.set_disc(scan.disc_radius(),
                   RingProfile::of(outward(mean), outward.weights(), outward.grid()).values(),
                   [](double) { return 1.0; });
  return profile;
}

// What is measured of one pattern: numbers in the order of maps().
class RingMeasure {
 public:
  RingMeasure(const PatternScan& scan, const DiffractionRequest& request, const PlaneF& mean)
      : scan_(scan),
        orders_(request.orders),
        grids_(find_ring(scan, request, mean)),
        polar_(polar_of(scan, grids_.symmetry)),
        strain_(polar_of(scan, grids_.strain)),
        analysis_(polar_,
                  {.n_max = *std::max_element(request.orders.begin(), request.orders.end())}),
        profile_(mean_profile(scan, mean, strain_)) {}

  std::vector<AtlasMap> maps() const {
    std::vector<AtlasMap> out;
    const auto map = [&](const std::string& name, const std::string& unit,
                         const std::string& description, bool correlated = true) {
      out.push_back(
          {"diffraction", name, unit, description,
           PlaneD::Constant(Eigen::Index(scan_.scan_rows), Eigen::Index(scan_.scan_columns), kNone),
           correlated});
    };
    for (const int n : orders_)
      map(fmt::format("symmetry_{}", n), "1", fmt::format("C_{} in the ring, noise removed", n));
    map("friedel_pair", "1", "correlation of I(q) and I(-q) in the ring");
    map("variance", "1", "normalised variance along the ring");
    map("ring_intensity", "fraction of incident beam per pixel", "mean intensity of the ring");
    map("dilatation", "1", "exx + eyy against the mean ring");
    map("shear", "1", "sqrt((exx - eyy)^2 / 4 + exy^2)");
    for (const char* name : {"exx", "eyy", "exy"})
      map(name, "1", "strain against the mean ring", false);
    return out;
  }

  // As many as can be known: none of an unusable pattern, no strain where no ring fits.
  std::vector<double> operator()(const Eigen::Ref<const PlaneF>& image) const {
    const PlaneF rings = polar_(image);
    if (pattern_status(image, scan_.hidden, rings, polar_.weights()) != PatternStatus::good)
      return {};
    const AngularPower power = analysis_(rings, image, scan_.gain);
    const auto in_band = [&](const PlaneD& values, const Eigen::ArrayXd& weights) {
      return band_mean(grids_.symmetry, grids_.band, values, weights);
    };
    std::vector<double> out;
    const Eigen::ArrayXd c = in_band(power.power, power.mean_squared);
    for (const int n : orders_) out.push_back(c[n - 1]);
    const double along = in_band(power.variance.transpose(), power.mean_squared)[0],
                 opposite = in_band(power.opposite.transpose(), power.mean_squared)[0],
                 squared = in_band(power.mean_squared.transpose(),
                                   Eigen::ArrayXd::Ones(grids_.symmetry.n_q))[0];
    out.insert(out.end(), {opposite / along, along, std::sqrt(std::max(0.0, squared))});
    const RingFit fit = fit_ring(strain_(image), strain_.weights(), grids_.strain, profile_, {});
    if (!fit.converged) return out;
    const double exx = fit.value[2], eyy = fit.value[3], exy = fit.value[4];
    out.insert(out.end(), {exx + eyy, std::hypot((exx - eyy) / 2, exy), exx, eyy, exy});
    return out;
  }

 private:
  const PatternScan& scan_;
  std::vector<int> orders_;
  RingGrids grids_;
  PolarTransform polar_, strain_;
  AngularAnalysis analysis_;
  RingProfile profile_;
};

}  // namespace

double first_shell(const Atoms& atoms, double cutoff) {
  if (cutoff > 0) return cutoff;
  const PairDistribution g = pair_distribution(atoms, 10, 0.02, centres_apart(atoms));
  const double found = first_minimum(g.r, g.total);
  if (!(found > 0))
    fail(Fault::physics,
         "g(r) has no minimum behind its first peak below 10 Angstrom: say where the first shell "
         "ends with @cutoff");
  return found;
}

Voxels voxels_over(const Atoms& atoms, const ColumnWeight& weight, double step) {
  const Vector3d edges = atoms.cell.lengths();
  const auto along = [&](double edge) {
    const int n = std::max(1, int(std::lround(edge / step)));
    std::vector<double> values;
    for (int i = 0; i < n; ++i) values.push_back(edge * i / n);
    return values;
  };
  return {along(edges.y()), along(edges.x()), weight};
}

double first_ring_from(const Optics& optics) {
  constexpr double kFirst = 0.25,
                   kLast = 0.36;  // 1/Angstrom; the ring of a metallic glass is at 0.4
  const double disc = optics.aperture_q();
  if (1.15 * disc > kLast)
    fail(
        Fault::physics,
        "the central disc of {:g} mrad reaches {:.3g} 1/Angstrom and hides the ring; patterns need "
        "a @semiangle of {:.2g} mrad or less (a HAADF image of a finer probe may stand beside: "
        "@image)",
        optics.semiangle_mrad, disc, kLast / 1.15 * 1e3 * optics.wavelength());
  return std::max(kFirst, 1.15 * disc);
}

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

std::vector<AtlasMap> diffraction_maps(const PatternScan& scan, const DiffractionRequest& request,
                                       const RunControl& run) {
  const RingMeasure measure(scan, request, mean_pattern(scan, run));
  std::vector<AtlasMap> out = measure.maps();
  Stage stage(run, "patterns", scan.positions());
  for_each_part(scan, run, [&](const Stack<float>& images, std::size_t first) {
#pragma omp parallel for schedule(dynamic, 4) num_threads(run.threads)
    for (std::size_t i = 0; i < images.shape[0]; ++i) {
      const std::vector<double> values = measure(images.plane(i));
      for (std::size_t k = 0; k < values.size(); ++k) out[k].values.data()[first + i] = values[k];
      stage.advance();
    }
  });
  return out;
}

std::vector<AtlasMap> density_maps(const HaadfImage& image,
                                   const std::optional<DensityCalibration>& calibration,
                                   const RunControl& run) {
  DensityInput in;
  in.intensity = image.intensity;
  in.variance = image.variance;
  DensityCurve curve;
  if (calibration) {
    DensitySettings settings;
    settings.calibration = calibration;
    const CurveForImage chosen = curve_for_image(image, settings, run);
    curve = chosen.curve;
    in.position_error = chosen.position_error;
  }
  const DensityMap density = relative_density(in, curve);
  std::vector<AtlasMap> maps = {{"density", "haadf_density", "of the median",
                                 "density times thickness from HAADF", density.relative, true}};
  if (calibration)
    maps.push_back({"density", "haadf_density_error", "of the median", "one standard deviation",
                    density.error, false});
  return maps;
}

}  // namespace vitrobeam
