#include "io/estimate_file.hpp"

#include <cstdint>
#include <type_traits>

#include "base/error.hpp"
#include "io/result_file.hpp"
#include "io/symmetry_file.hpp"

namespace vitrobeam {
namespace {

const std::string kRoot = "/estimate/calibration/";

// Every field by its name, written or read by the same list below.
class Saver {
 public:
  Saver(Hdf5Writer& file, std::string group) : file_(file), group_(std::move(group)) {}
  void operator()(const char* name, const std::vector<std::string>& v) {
    file_.write_strings(group_ + name, v);
  }
  void operator()(const char* name, double v) { file_.write_number(group_ + name, v); }
  void operator()(const char* name, int v) { file_.write_number(group_ + name, std::int64_t(v)); }
  void operator()(const char* name, bool v) { file_.write_bool(group_ + name, v); }
  void operator()(const char* name, const std::vector<double>& v) { file_.write(group_ + name, v); }
  void operator()(const char* name, const std::vector<int>& v) {
    file_.write(group_ + name, std::vector<std::int64_t>(v.begin(), v.end()));
  }
  template <typename T, int Rows, int Columns, int Order>
  void operator()(const char* name, const Eigen::Matrix<T, Rows, Columns, Order>& v) {
    if constexpr (Columns == 1)
      file_.write(group_ + name, std::vector<T>(v.begin(), v.end()));
    else
      file_.write(group_ + name, Plane<T>(v.array()));
  }
  template <typename T>
  void operator()(const char* name, const Plane<T>& v) {
    file_.write(group_ + name, v);
  }
  // One field of each of a list of structs.
  template <typename Struct, typename Get>
  void list(const char* name, std::vector<Struct>& of, const Get& get) {
    using Field = std::decay_t<decltype(get(of.front()))>;
    if constexpr (std::is_same_v<Field, double>) {
      std::vector<double> v;
      for (auto& s : of) v.push_back(get(s));
      file_.write(group_ + name, v);
    } else {
      PlaneD v(Eigen::Index(of.size()), get(of.front()).size());
      for (std::size_t i = 0; i < of.size(); ++i)
        v.row(Eigen::Index(i)) = get(of[i]).transpose().array();
      file_.write(group_ + name, v);
    }
  }

 private:
  Hdf5Writer& file_;
  std::string group_;
};

class Loader {
 public:
  Loader(const Hdf5Reader& file, std::string group) : file_(file), group_(std::move(group)) {}
  void operator()(const char* name, std::vector<std::string>& v) {
    v = file_.read_strings(group_ + name);
  }
  void operator()(const char* name, double& v) { v = file_.read_number<double>(group_ + name); }
  void operator()(const char* name, int& v) {
    v = int(file_.read_number<std::int64_t>(group_ + name));
  }
  void operator()(const char* name, bool& v) { v = file_.read_number<double>(group_ + name) != 0; }
  void operator()(const char* name, std::vector<double>& v) {
    v = file_.read<double>(group_ + name).values;
  }
  void operator()(const char* name, std::vector<int>& v) {
    const auto all = file_.read<std::int64_t>(group_ + name).values;
    v.assign(all.begin(), all.end());
  }
  template <typename T, int Rows, int Columns, int Order>
  void operator()(const char* name, Eigen::Matrix<T, Rows, Columns, Order>& v) {
    if constexpr (Columns == 1) {
      const auto all = file_.read<T>(group_ + name).values;
      v = Eigen::Map<const Eigen::Matrix<T, Rows, 1>>(all.data(), Eigen::Index(all.size()));
    } else {
      v = plane<T>(name).matrix();
    }
  }
  template <typename T>
  void operator()(const char* name, Plane<T>& v) {
    v = plane<T>(name);
  }
  template <typename Struct, typename Get>
  void list(const char* name, std::vector<Struct>& of, const Get& get) {
    using Field = std::decay_t<decltype(get(of.front()))>;
    const Stack<double> all = file_.read<double>(group_ + name);
    if (of.empty() || all.size() == 0 || all.shape.front() != of.size()) damaged(name);
    const std::size_t each = all.size() / of.size();
    for (std::size_t i = 0; i < of.size(); ++i) {
      if constexpr (std::is_same_v<Field, double>)
        get(of[i]) = all.values[i * each];
      else
        get(of[i]) =
            Eigen::Map<const Eigen::VectorXd>(all.values.data() + i * each, Eigen::Index(each));
    }
  }

  [[noreturn]] void damaged(const std::string& name) const {
    fail(Fault::input, "{}: {}{} does not fit the rest of the calibration; the file is damaged",
         file_.path(), group_, name);
  }

 private:
  template <typename T>
  Plane<T> plane(const std::string& name) const {
    const Stack<T> all = file_.read<T>(group_ + name);
    if (all.shape.size() != 2 || all.size() == 0) damaged(name);
    return all.plane(0);
  }

  const Hdf5Reader& file_;
  std::string group_;
};

// A new field of an estimator is one line here.
template <typename Archive>
void visit(Archive& a, Estimator& e) {
  a("names", e.names);
  a("mean", e.mean);
  a("scale", e.scale);
  a("weights", e.weights);
  a("offset", e.offset);
  a("spread", e.spread);
  a("penalty", e.penalty);
  a("axes", e.axes);
  a("axis_scale", e.axis_scale);
  a("rest_scale", e.rest_scale);
  a("farthest", e.farthest);
  a("summaries", e.summaries);
  a("part_mean", e.part_mean);
  a("part_scale", e.part_scale);
  a("part_rows", e.part_rows);
  a("farthest_scan", e.farthest_scan);
  a("across_models", e.across_models);
  e.errors.resize(e.names.size());
  a.list(
      "log_error", e.errors, [](auto& m) -> auto& { return m.log_error; });
  a.list(
      "quantile_low_90", e.errors, [](auto& m) -> auto& { return m.low_90; });
  a.list(
      "quantile_low_68", e.errors, [](auto& m) -> auto& { return m.low_68; });
  a.list(
      "quantile_high_68", e.errors, [](auto& m) -> auto& { return m.high_68; });
  a.list(
      "quantile_high_90", e.errors, [](auto& m) -> auto& { return m.high_90; });
  e.quality.resize(e.names.size());
  a.list(
      "explained", e.quality, [](auto& q) -> auto& { return q.explained; });
  a.list(
      "explained_error", e.quality, [](auto& q) -> auto& { return q.explained_error; });
  a.list(
      "partial", e.quality, [](auto& q) -> auto& { return q.partial; });
  a.list(
      "partial_error", e.quality, [](auto& q) -> auto& { return q.partial_error; });
  a.list(
      "correlation", e.quality, [](auto& q) -> auto& { return q.correlation; });
  a.list(
      "coverage_68", e.quality, [](auto& q) -> auto& { return q.coverage_68; });
  a.list(
      "coverage_90", e.quality, [](auto& q) -> auto& { return q.coverage_90; });
}

template <typename Archive>
void visit(Archive& a, LeftOut& l) {
  a("left_out_model", l.model);
  a("left_out_truth", l.truth);
  a("left_out_value", l.value);
  a("left_out_low_90", l.low_90);
  a("left_out_high_90", l.high_90);
}

template <typename Archive>
void visit(Archive& a, EstimateCalibration& c) {
  a("energy_kV", c.conditions.energy_kV);
  a("semiangle_mrad", c.conditions.semiangle_mrad);
  a("defocus", c.conditions.defocus);
  a("thickness_low", c.conditions.thickness_low);
  a("thickness_high", c.conditions.thickness_high);
  a("pixel_q", c.conditions.pixel_q);
  a("dose", c.conditions.dose);
  a("step", c.conditions.step);
  a("q_min", c.recipe.grid.q_min);
  a("q_max", c.recipe.grid.q_max);
  a("radii", c.recipe.grid.n_q);
  a("angles", c.recipe.grid.n_theta);
  a("highest_order", c.recipe.highest_order);
  a("visible", c.weights);
  a("names", c.names);
  a("units", c.units);
  a("texts", c.texts);
  a("models", c.models);
  a("patterns", c.patterns);
}

std::string reading_group(std::size_t k) { return fmt::format("{}reading_{}/", kRoot, k); }

void check_sizes(const Loader& a, const EstimateCalibration& c, const CalibratedReading& r) {
  const Estimator& e = r.estimator;
  const Eigen::Index n = Eigen::Index(c.names.size());
  const PatternFeatures features(c.recipe, c.weights);
  const Eigen::Index f = features.count();
  if (e.names != c.names) a.damaged("names");
  if (e.mean.size() != f || e.scale.size() != f) a.damaged("mean");
  if (e.weights.rows() != f || e.weights.cols() != n) a.damaged("weights");
  if (e.offset.size() != n || e.spread.size() != n) a.damaged("offset");
  if (e.axes.rows() != f || e.axis_scale.size() != e.axes.cols()) a.damaged("axes");
  if (e.summaries.rows() != f) a.damaged("summaries");
  if (e.part_mean.size() != e.summaries.cols() || e.part_scale.size() != e.summaries.cols())
    a.damaged("part_scale");
  for (const auto& m : e.errors)
    if (m.log_error.size() != 4) a.damaged("log_error");
  for (const PlaneD* p :
       {&r.left_out.truth, &r.left_out.value, &r.left_out.low_90, &r.left_out.high_90})
    if (p->cols() != n || p->rows() != Eigen::Index(r.left_out.model.size()))
      a.damaged("left_out_truth");
}

}  // namespace

void write_estimate_calibration(Hdf5Writer& file, const EstimateCalibration& calibration) {
  EstimateCalibration c = calibration;  // a visitor may change what it visits
  Saver to(file, kRoot);
  visit(to, c);
  std::vector<double> together;
  for (std::size_t k = 0; k < c.readings.size(); ++k) {
    together.push_back(c.readings[k].together);
    Saver reading(file, reading_group(k));
    visit(reading, c.readings[k].estimator);
    visit(reading, c.readings[k].left_out);
  }
  write_described(file, kRoot + "together", together, "Angstrom",
                  "radius over which features are averaged, of reading_0, reading_1, ..");
}

EstimateCalibration read_estimate_calibration(const std::string& path) {
  const Hdf5Reader file(path);
  if (!file.is_dataset(kRoot + "together"))
    fail(Fault::input,
         "{}: holds no calibration of estimates; make one with vitrobeam estimate calibrate MODEL",
         path);
  EstimateCalibration c;
  c.name = path;
  Loader from(file, kRoot);
  visit(from, c);
  check_recipe(c.recipe);
  if (c.names.empty() || c.units.size() != c.names.size() || c.texts.size() != c.names.size())
    from.damaged("names");
  if (c.weights.rows() != c.recipe.grid.n_q || c.weights.cols() != c.recipe.grid.n_theta)
    from.damaged("visible");
  if (c.models.empty() || c.patterns.size() != c.models.size()) from.damaged("models");
  const auto together = file.read<double>(kRoot + "together").values;
  if (together.empty()) from.damaged("together");
  for (std::size_t k = 0; k < together.size(); ++k) {
    CalibratedReading r;
    r.together = together[k];
    Loader reading(file, reading_group(k));
    visit(reading, r.estimator);
    visit(reading, r.left_out);
    check_sizes(reading, c, r);
    c.readings.push_back(std::move(r));
  }
  return c;
}

void write_estimates(Hdf5Writer& file, const EstimateResult& r) {
  std::vector<std::string> names;
  std::vector<double> explained, explained_error, partial, partial_error, told;
  for (const auto& m : r.maps) {
    const std::string path = "/estimate/" + m.name;
    write_map(file, path, m.value, m.unit);
    file.attribute(path, "description", m.text);
    file.attribute(path, "told", is_told(m.quality));
    for (const auto& [ending, plane] : {std::pair{"_error", &m.error},
                                        {"_low_68", &m.low_68},
                                        {"_high_68", &m.high_68},
                                        {"_low", &m.low_90},
                                        {"_high", &m.high_90}})
      write_map(file, path + ending, *plane, m.unit);
    names.push_back(m.name);
    explained.push_back(m.quality.explained);
    explained_error.push_back(m.quality.explained_error);
    partial.push_back(m.quality.partial);
    partial_error.push_back(m.quality.partial_error);
    told.push_back(is_told(m.quality));
  }
  file.write_strings("/estimate/names", names);
  const auto put = [&](const char* name, const std::vector<double>& v, const char* text) {
    write_described(file, std::string("/estimate/") + name, v, "1", text);
  };
  put("explained", explained, "share of the variance that is explained, on what was left out");
  put("explained_error", explained_error, "its standard error");
  put("partial_explained", partial, "the same beyond composition, density and thickness");
  put("partial_explained_error", partial_error, "its standard error");
  put("told", told, "1: patterns of this kind tell the descriptor; 0: they do not");
  write_map(file, "/estimate/familiarity", r.familiarity, "median distance of the training");
  file.write("/estimate/status", r.status);
  file.attribute("/estimate/status", "description",
                 "0 good, 1 not finite, 2 empty, 3 featureless, 4 saturated, 5 smooth, 6 hidden, 7 "
                 "unlike the training, 8 the whole scan is");
  file.attribute("/estimate", "together", r.together);
  file.attribute("/estimate", "farthest", r.farthest);
  file.attribute("/estimate", "scan_distance", r.scan_distance);
  file.attribute("/estimate", "farthest_scan", r.farthest_scan);
  file.attribute("/estimate", "across_models", r.across_models);
  file.attribute("/estimate", "models", r.models);
}

void write_estimate_truths(Hdf5Writer& file, const std::vector<EstimateTruth>& truths) {
  for (const auto& t : truths) {
    const std::string path = "/estimate/model/" + t.name;
    write_map(file, path, t.truth, t.unit);
    for (const auto& [name, value] : {std::pair{"correlation", t.correlation.coefficient},
                                      {"correlation_low", t.correlation.low},
                                      {"correlation_high", t.correlation.high},
                                      {"p_shift", t.correlation.p_shift},
                                      {"coverage_68", t.coverage_68},
                                      {"coverage_90", t.coverage_90}})
      file.attribute(path, name, value);
  }
}

void write_estimate_plan(Hdf5Writer& file, const EstimateGrid& grid, const EstimatePlanResult& r) {
  const std::string root = "/estimate_plan/";
  file.write_strings(root + "names", r.names);
  write_described(file, root + "energy", grid.energies_kV, "kV", "of the conditions");
  write_described(file, root + "semiangle", grid.semiangles_mrad, "mrad", "of the conditions");
  write_described(file, root + "thickness", grid.thicknesses, "Angstrom", "of the conditions");
  write_described(file, root + "dose", grid.doses, "electrons", "per pattern; 0: no noise");
  const Shape shape{grid.energies_kV.size(), grid.semiangles_mrad.size(), grid.thicknesses.size(),
                    grid.doses.size(), r.names.size()};
  const auto put = [&](const char* name, double DescriptorQuality::*field, const char* text) {
    Stack<double> all(shape);
    std::size_t i = 0;
    for (const auto& at : r.conditions)
      for (const auto& q : at.quality) all.values[i++] = q.*field;
    write_described(file, root + name, all, "1", text);
  };
  const std::string axes = "[energy, semiangle, thickness, dose, descriptor] ";
  put("explained", &DescriptorQuality::explained,
      (axes + "share of the variance that is explained, on what was left out").c_str());
  put("explained_error", &DescriptorQuality::explained_error, "its standard error");
  put("partial_explained", &DescriptorQuality::partial,
      (axes + "the same beyond composition and density").c_str());
  put("partial_explained_error", &DescriptorQuality::partial_error, "its standard error");
  file.attribute("/estimate_plan", "across_models", r.across_models);
}

}  // namespace vitrobeam
