#include "io/fluctuation_file.hpp"

#include <array>
#include <cmath>

#include "base/error.hpp"
#include "io/symmetry_file.hpp"
#include "io/text_reader.hpp"

namespace vitrobeam {
namespace {

std::vector<double> radii(const RingAxis& axis) {
  const Eigen::ArrayXd q = axis.q();
  return {q.begin(), q.end()};
}

}  // namespace

void write_fluctuation(Hdf5Writer& file, const RingAxis& axis,
                       const std::vector<FluctuationSeries>& series) {
  const std::string root = "/fluctuation/";
  const std::vector<double> q = radii(axis);
  write_described(file, root + "q", q, "1/Angstrom", "middle of the ring, 1/d");
  if (series.empty()) return;
  // one series: [q], several: [series, q]
  const auto put = [&](const std::string& name, auto member, const std::string& units,
                       const std::string& description) {
    Stack<double> all({series.size(), q.size()});
    for (std::size_t s = 0; s < series.size(); ++s)
      for (std::size_t i = 0; i < q.size(); ++i)
        all.values[s * q.size() + i] = (series[s].f.*member)[Eigen::Index(i)];
    if (series.size() == 1) all.shape = {q.size()};
    write_described(file, root + name, all, units, description);
  };
  put("mean", &Fluctuation::mean, "as in the input", "mean intensity per pixel of the ring");
  put("mean_error", &Fluctuation::mean_error, "as in the input", "its standard error");
  const auto definition = [&](const std::string& name, auto value, auto error,
                              const std::string& description) {
    put(name, value, "", description);
    put(name + "_error", error, "", "its jackknife error");
  };
  definition("V_omega", &Fluctuation::v_omega, &Fluctuation::v_omega_error,
             "variance of the ring means over positions");
  definition("V_r", &Fluctuation::v_r, &Fluctuation::v_r_error, "mean variance within the rings");
  definition("V_re", &Fluctuation::v_re, &Fluctuation::v_re_error,
             "variance of all rings as one ensemble");
  definition("V_image", &Fluctuation::v_image, &Fluctuation::v_image_error,
             "variance of a pixel over positions, mean over the ring");
  std::vector<double> thickness, semiangle, patterns;
  std::vector<std::string> names;
  for (const auto& s : series) {
    thickness.push_back(s.thickness);
    semiangle.push_back(s.semiangle_mrad);
    patterns.push_back(s.f.patterns);
    names.push_back(s.name);
  }
  write_described(file, root + "thickness", thickness, "Angstrom", "of every series");
  write_described(file, root + "semiangle", semiangle, "mrad", "of every series");
  write_described(file, root + "patterns", patterns, "", "of every series");
  file.write_strings(root + "series", names);
}

void write_kinematic_variance(Hdf5Writer& file, const RingAxis& axis, const KinematicVariance& v,
                              double resolution) {
  const std::string root = "/fluctuation/model/";
  write_described(file, root + "q", radii(axis), "1/Angstrom", "1/d");
  write_described(file, root + "V_omega", v.variance, "",
                  "kinematic variance over pixels and orientations");
  write_described(file, root + "mean", v.mean, "Angstrom^2", "kinematic intensity");
  file.attribute("/fluctuation/model", "resolution", resolution);
  file.attribute("/fluctuation/model", "samples", std::int64_t(v.samples));
}

PlaneD read_compared_variance(const std::string& path) {
  const std::string text = read_text(path);
  TextReader reader(path, text);
  std::vector<std::array<double, 3>> rows;
  while (reader.next_row()) {
    std::array<double, 3> row{0, 0, NAN};
    const auto& words = reader.words();
    if (words.size() < 2 || !parse_number(words[0], row[0]) || !parse_number(words[1], row[1]))
      continue;
    if (words.size() < 3 || !parse_number(words[2], row[2])) row[2] = NAN;
    rows.push_back(row);
  }
  if (rows.empty())
    fail(Fault::input, "@compare {}: holds no line with two numbers, q and V", path);
  PlaneD values(Eigen::Index(rows.size()), 3);
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (Eigen::Index k = 0; k < 3; ++k) values(Eigen::Index(i), k) = rows[i][std::size_t(k)];
  return values;
}

void write_compared_variance(Hdf5Writer& file, const PlaneD& compared, const std::string& origin) {
  const auto column = [&](Eigen::Index k) {
    return std::vector<double>(compared.col(k).begin(), compared.col(k).end());
  };
  const std::string root = "/fluctuation/compared/", as = "as in " + origin;
  write_described(file, root + "q", column(0), "1/Angstrom", as);
  write_described(file, root + "V", column(1), "", as);
  write_described(file, root + "V_error", column(2), "", as);
}

}  // namespace vitrobeam
