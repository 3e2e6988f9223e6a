#include "io/radial_file.hpp"

#include "io/symmetry_file.hpp"

namespace vitrobeam {

void write_radial(Hdf5Writer& file, const std::string& group, const RadialResult& r, double density,
                  const std::string& intensity_units) {
  const auto put = [&](const std::string& name, const Eigen::ArrayXd& v, const std::string& unit,
                       const std::string& description) {
    write_described(file, group + name, std::vector<double>(v.begin(), v.end()), unit, description);
  };
  const RadialCurves& c = r.curves;
  put("q", r.q, "1/Angstrom", "1/d");
  put("intensity", r.intensity, intensity_units, "mean over the ring");
  put("S", c.s, "", "structure factor 1 + [I/N - <f^2>] / <f>^2");
  put("F", c.f, "1/Angstrom", "q (S - 1)");
  put("r", c.r, "Angstrom", "distance");
  put("G", c.g, "1/Angstrom^2", "reduced pair distribution 4 pi r (rho - rho_0)");
  if (density > 0) put("g", 1 + c.g / (4 * M_PI * density * c.r), "", "pair distribution");
  if (r.s_error.size() == 0) return;
  put("S_error", r.s_error, "", "jackknife");
  put("G_error", r.g_error, "1/Angstrom^2", "jackknife");
}

void write_scattering_correction(Hdf5Writer& file, const CorrectedRadial& c) {
  const std::string group = "/radial/multiple_scattering/";
  const auto put = [&](const std::string& name, const Eigen::ArrayXd& v, const std::string& unit,
                       const std::string& description) {
    write_described(file, group + name, std::vector<double>(v.begin(), v.end()), unit, description);
  };
  put("measured", c.measured, "as in the input", "mean over the ring before the correction");
  put("ratio", c.ratio, "", "dynamical over kinematic mean pattern, by which measured is divided");
  put("ratio_error", c.ratio_error, "", "jackknife over the piles");
  put("ratio_range", c.ratio_range, "",
      "half the way between the model's ratio and incoherent transport of what differs from it");
}

void write_debye_pairs(Hdf5Writer& file, const std::string& group, const DebyeScattering& model) {
  write_described(file, group + "r", model.r, "Angstrom", "distance");
  write_described(file, group + "g", model.weighted, "",
                  "g(r) of the atoms, pairs weighted by their scattering factors at 0.5 "
                  "1/Angstrom");
}

}  // namespace vitrobeam
