#include "io/symmetry_file.hpp"

namespace vitrobeam {
namespace {

void write_patterns(Hdf5Writer& file, const SymmetryResult& r) {
  const auto put = [&](const std::string& name, const auto& values, const std::string& units,
                       const std::string& description) {
    write_described(file, "/symmetry/" + name, values, units, description);
  };
  put("q", r.q, "1/Angstrom", "radius of the ring, 1/d");
  put("n", r.n, "", "order of the symmetry");
  put("power", r.power, "", "C_n = |F_n|^2 / F_0^2, noise removed, no correction");
  put("power_error", r.power_error, "", "one sigma of counting, of power");
  put("status", r.status, "", "0 good, 1 not finite, 2 empty, 3 featureless");
  if (r.power_friedel.size() > 0)
    put("power_friedel", r.power_friedel, "",
        "correction friedel: of the pattern averaged with itself turned by 180 degrees");
  if (r.power_odd_floor.size() > 0)
    put("power_odd_floor", r.power_odd_floor, "",
        "correction odd_floor: C_n - (C_(n-1) + C_(n+1)) / 2, even n");
  if (r.friedel_pair.size() > 0)
    put("friedel_pair", r.friedel_pair, "",
        "correction pair: correlation of I(theta) and I(theta + pi), (even - odd) / (even + odd)");
}

void write_ensemble(Hdf5Writer& file, const SymmetryResult& r) {
  const auto put = [&](const std::string& name, const auto& values, const std::string& units,
                       const std::string& description) {
    write_described(file, "/symmetry/" + name, values, units, description);
  };
  put("mean_power", r.mean_power, "", "mean of power over the patterns");
  put("mean_power_error", r.mean_power_error, "", "its standard error, from the scatter");
  put("radial_mean", r.radial_mean, "as in the input", "mean intensity per pixel of the ring");
  put("mean_friedel_pair", r.mean_friedel_pair, "", "friedel_pair of all patterns together");
  put("mean_friedel_pair_error", r.mean_friedel_pair_error, "", "its standard error (jackknife)");
  if (!r.friedel_thickness.empty())
    put("friedel_thickness", r.friedel_thickness, "Angstrom",
        "where sinc^2(pi lambda q^2 t) is mean_friedel_pair: an upper bound, as convergence and "
        "multiple scattering lower the correlation too");
  if (r.correlation.size() > 0) {
    put("correlation", r.correlation, "", "C(q, delta), mean over the patterns");
    put("delta", r.delta, "radian", "lag along the ring");
  }
}

void write_significance(Hdf5Writer& file, const SymmetryResult& r) {
  const auto put = [&](const std::string& name, const auto& values,
                       const std::string& description) {
    write_described(file, "/symmetry/" + name, values, "", description);
  };
  put("map", r.map, "power over the rings from ring_low to ring_high, each by its squared mean");
  put("histogram", r.histogram, "patterns by their map value, every order by itself");
  put("histogram_edges", r.histogram_edges, "borders of its bins");
  if (r.null_origin.empty()) return;
  put("p_value", r.p_value, "(1 + null patterns with as much) / (1 + their number)");
  put("false_discovery_rate", r.false_discovery_rate,
      "Benjamini-Hochberg over the scan, every order by itself");
  put("null/map", r.null_map, "map values of the null patterns");
  file.attribute("/symmetry/null", "origin", r.null_origin);
  file.attribute("/symmetry/null", "patterns", std::int64_t(r.null_map.rows()));
}

}  // namespace

void write_symmetry(Hdf5Writer& file, const SymmetryResult& r) {
  write_patterns(file, r);
  write_ensemble(file, r);
  write_significance(file, r);
  file.attribute("/symmetry", "ring_low", r.ring_low);
  file.attribute("/symmetry", "ring_high", r.ring_high);
  file.attribute("/symmetry", "gain", r.gain);
  file.attribute("/symmetry", "centre_shift",
                 std::vector<double>{r.centre_shift_x, r.centre_shift_y});
}

}  // namespace vitrobeam
