#include "pictures/result_picture.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.hpp"
#include "io/hdf5_values.hpp"
#include "io/result_file.hpp"
#include "pictures/stored_values.hpp"

namespace vitrobeam {
namespace {

std::vector<double> axis_values(const Hdf5Reader& file, const std::string& path) {
  return file.is_dataset(path) ? file.read<double>(path).values : std::vector<double>{};
}

// Calibrated where the file's axis has the length of the array, else counted in pixels.
ImageAxis axis(const std::string& label, const std::string& unit, const std::vector<double>& values,
               std::size_t n) {
  if (values.size() == n && n > 1) return {label, unit, values.front(), values.back()};
  return {label, "pixel", 0, double(n) - 1};
}

void calibrate_scan(const Hdf5Reader& file, ImagePanel& panel) {
  if (file.has_attribute("/simulation", "scan") &&
      file.string_attribute("/simulation", "scan") == "list") {
    panel.x = {"position", "", 0, double(panel.values.cols()) - 1};
    panel.y = {"", "", 0, 0};
    return;
  }
  const std::string unit = has_scan_steps(file, "/simulation") ? "Angstrom" : "pixel";
  panel.x =
      axis("x", unit, axis_values(file, "/simulation/scan_x"), std::size_t(panel.values.cols()));
  panel.y =
      axis("y", unit, axis_values(file, "/simulation/scan_y"), std::size_t(panel.values.rows()));
}

// Where the axes of a pattern dataset stand: beside it, or as a library's dimension scales.
std::string q_axis_path(const Hdf5Reader& file, const std::string& dataset,
                        const std::string& name) {
  const std::string folder = dataset.substr(0, dataset.rfind('/'));
  return file.is_dataset(folder + "/" + name) ? folder + "/" + name : "/simulation/" + name;
}

ImagePanel q_panel(PlaneF values, ImageAxis x, ImageAxis y, const PatternView& view) {
  ImagePanel panel;
  panel.values = std::move(values);
  panel.x = std::move(x);
  panel.y = std::move(y);
  if (view.q_limit > 0 && panel.x.units == "1/Angstrom" && panel.values.rows() > 1 &&
      panel.values.cols() > 1) {
    const auto crop = [&](ImageAxis& a, Eigen::Index n, Eigen::Index& first, Eigen::Index& count) {
      const double step = (a.last - a.first) / double(n - 1);
      first = std::clamp(Eigen::Index(std::ceil((-view.q_limit - a.first) / step - 1e-9)),
                         Eigen::Index(0), n - 1);
      const auto end = std::clamp(Eigen::Index(std::floor((view.q_limit - a.first) / step + 1e-9)),
                                  first, n - 1);
      count = end - first + 1;
      a = {a.label, a.units, a.first + step * double(first), a.first + step * double(end)};
    };
    Eigen::Index x0, nx, y0, ny;
    crop(panel.x, panel.values.cols(), x0, nx);
    crop(panel.y, panel.values.rows(), y0, ny);
    panel.values = PlaneF(panel.values.block(y0, x0, ny, nx));
  }
  panel.side = view.side;
  panel.display = view.display;
  if (view.display == Display::log) {
    panel.low_percentile = 5;
    panel.high_percentile = 99;  // the central beam is saturated
  } else {
    panel.high_percentile = 98;
  }
  return panel;
}

ImagePanel q_panel(const Hdf5Reader& file, const std::string& dataset, PlaneF values,
                   const PatternView& view) {
  const auto nx = std::size_t(values.cols()), ny = std::size_t(values.rows());
  const auto x = axis_values(file, q_axis_path(file, dataset, "q_x")),
             y = axis_values(file, q_axis_path(file, dataset, "q_y"));
  return q_panel(std::move(values), axis("q_{x}", "1/Angstrom", x, nx),
                 axis("q_{y}", "1/Angstrom", y, ny), view);
}

// Of the series that a dataset of /simulation belongs to; else 1.
std::size_t probe_count(const Hdf5Reader& file, const std::string& dataset) {
  const std::string probes = "/simulation/probes/defocus";
  return dataset.starts_with("/simulation/") && file.is_dataset(probes)
             ? checked_shape(file, probes, 1)[0]
             : 1;
}

// Leading indices of the pattern at a scan position; a thickness axis, if any, is at its end, a
// probe axis at `probe`.
Shape pattern_start(const Hdf5Reader& file, const std::string& dataset, const DatasetInfo& info,
                    const ScanIndex& at, std::size_t probe) {
  Shape start(info.shape.size() - 2, 0);
  if (start.size() >= 1) start.back() = at[1];
  if (start.size() >= 2) start[start.size() - 2] = at[0];
  for (std::size_t k = 0; k + 2 < start.size(); ++k) start[k] = info.shape[k] - 1;
  const auto probes = probe_count(file, dataset);
  if (probe >= probes)
    fail(Fault::usage, "@probe {}: {} holds {} probe{}, counted from 0", probe, file.path(), probes,
         probes == 1 ? "" : "s");
  if (probes > 1 && start.size() > 2) start[0] = probe;
  return start;
}

}  // namespace

ScanIndex scan_size(const Hdf5Reader& file, const std::string& dataset) {
  const Shape shape = file.info(dataset).shape;
  if (shape.size() < 2)
    fail(Fault::input, "{}: {} has {} axes, patterns have two or more", file.path(), dataset,
         shape.size());
  if (Stack<int>::count(shape) == 0) fail(Fault::input, "{}: {} is empty", file.path(), dataset);
  if (shape.size() == 2) return {1, 1};
  if (shape.size() == 3) return {1, shape[0]};
  return {shape[shape.size() - 4], shape[shape.size() - 3]};
}

std::vector<ImagePanel> detector_panels(const Hdf5Reader& file, std::size_t probe) {
  std::vector<ImagePanel> panels;
  if (!file.exists("/simulation/detectors")) return panels;
  for (const auto& name : file.children("/simulation/detectors")) {
    const std::string path = "/simulation/detectors/" + name;
    const DatasetInfo info = file.info(path);
    // [probe,] [thickness,] y, x; rings have an axis more
    if (info.shape.size() < 2 || Stack<float>::count(info.shape) == 0 ||
        file.has_attribute(path, "ring_width_mrad"))
      continue;
    ImagePanel panel;
    const std::size_t planes = Stack<float>::count(info.shape) /
                               (info.shape[info.shape.size() - 2] * info.shape.back()),
                      layers = planes / probe_count(file, path);
    const std::size_t shown = std::clamp<std::size_t>((probe + 1) * layers, 1, planes) - 1;
    panel.values = file.read<float>(path).plane(shown);
    panel.title = name;
    if (file.has_attribute(path, "inner_mrad") && file.has_attribute(path, "outer_mrad"))
      panel.title += fmt::format(", {:g}\u2013{:g} mrad", file.number_attribute(path, "inner_mrad"),
                                 file.number_attribute(path, "outer_mrad"));
    if (file.has_attribute(path, "from_deg"))
      panel.title += fmt::format(", {:g}\u2013{:g}\u00b0", file.number_attribute(path, "from_deg"),
                                 file.number_attribute(path, "to_deg"));
    panel.quantity = file.string_attribute(path, "units", "");
    // a centre of mass has a sign
    panel.map = panel.quantity == "mrad" ? ColourMap::diverging : ColourMap::grey;
    calibrate_scan(file, panel);
    panels.push_back(panel);
  }
  std::stable_partition(panels.begin(), panels.end(), [](const ImagePanel& p) {
    return p.title.find("haadf") != std::string::npos || p.title.find("HAADF") != std::string::npos;
  });
  return panels;
}

ImagePanel mean_pattern_panel(const Hdf5Reader& file, const std::string& dataset,
                              const PatternView& view) {
  const DatasetInfo info = file.info(dataset);
  const auto [rows, columns] = scan_size(file, dataset);
  PlaneD sum = PlaneD::Zero(Eigen::Index(info.shape[info.shape.size() - 2]),
                            Eigen::Index(info.shape.back()));
  for (std::size_t row = 0; row < rows; ++row) {
    const Shape start = pattern_start(file, dataset, info, {row, 0}, view.probe);
    Shape count(start.size(), 1);
    if (!count.empty()) count.back() = columns;
    const Stack<float> line = file.read<float>(dataset, start, count);
    for (std::size_t column = 0; column < columns; ++column)
      sum += line.plane(column).cast<double>();
  }
  sum /= double(rows * columns);
  ImagePanel panel = q_panel(file, dataset, sum.cast<float>(), view);
  panel.title = rows * columns > 1 ? fmt::format("mean of {} patterns", rows * columns) : "pattern";
  panel.quantity = file.string_attribute(dataset, "units", "");
  return panel;
}

ImagePanel pattern_panel(const Hdf5Reader& file, const std::string& dataset, const ScanIndex& at,
                         const PatternView& view) {
  const DatasetInfo info = file.info(dataset);
  const auto size = scan_size(file, dataset);
  if (at[0] >= size[0] || at[1] >= size[1])
    fail(Fault::usage, "@at {},{}: {} has {} x {} positions, counted from 0", at[0], at[1], dataset,
         size[0], size[1]);
  const Shape start = pattern_start(file, dataset, info, at, view.probe);
  ImagePanel panel =
      q_panel(file, dataset,
              PlaneF(file.read<float>(dataset, start, Shape(start.size(), 1)).plane(0)), view);
  panel.title = fmt::format("row {}, column {}", at[0], at[1]);
  panel.quantity = file.string_attribute(dataset, "units", "");
  return panel;
}

ImagePanel motif_panel(const Hdf5Reader& file) {
  ImagePanel panel;
  panel.values = read_plane<float>(file, "/match/motif");
  if (file.is_dataset("/match/status")) {
    check_shape(file, "/match/status", file.info("/match/motif").shape);
    const PlaneF status = read_plane<float>(file, "/match/status");
    panel.values =
        (status != 0.f).select(PlaneF::Constant(status.rows(), status.cols(), NAN), panel.values);
  }
  panel.categories = file.read_strings("/match/motif_names");
  panel.missing = "not matched";
  panel.title = "motif map";
  if (file.has_attribute("/match", "false_alarm_rate"))
    panel.title += fmt::format(", false-alarm rate {:g} %",
                               100 * file.number_attribute("/match", "false_alarm_rate"));
  calibrate_scan(file, panel);
  return panel;
}

ImagePanel posterior_panel(const Hdf5Reader& file) {
  ImagePanel panel;
  if (!file.is_dataset("/match/posterior_none")) return panel;
  const PlaneF none = read_plane<float>(file, "/match/posterior_none");
  if (!none.isFinite().any()) return panel;  // a library without planted motifs
  panel.values = 1 - none;
  panel.title = "probability of a motif";
  panel.low = 0;
  panel.high = 1;
  calibrate_scan(file, panel);
  return panel;
}

ImagePanel significance_panel(const Hdf5Reader& file) {
  ImagePanel panel;
  panel.values = -read_plane<float>(file, "/match/best_p_value").log10();
  panel.title = "significance of the best motif";
  panel.quantity = "\u2212log_{10} p";
  panel.low = 0;
  calibrate_scan(file, panel);
  return panel;
}

namespace {

// Signed, between the limits of the contrast that was there before the template was taken away.
void show_difference(ImagePanel& panel, double unexplained) {
  double square = 0, count = 0;
  for (const float v : panel.values.reshaped())
    if (std::isfinite(v)) {
      square += double(v) * v;
      count += 1;
    }
  const double before = std::sqrt(square / std::max(count, 1.0) / std::max(unexplained, 1e-6));
  panel.display = Display::linear;
  panel.map = ColourMap::diverging;
  panel.high = before > 0 ? 3 * before : 1;
  panel.low = -*panel.high;
  panel.title = fmt::format("difference, {:.0f} % of contrast left", 100 * unexplained);
}

PlaneF smoothed(const PlaneF& image, double sigma) {
  const int reach = int(std::ceil(3 * sigma));
  const auto along = [&](const PlaneF& from) {  // rows, handed back transposed
    PlaneF to(from.cols(), from.rows());
    for (Eigen::Index r = 0; r < from.rows(); ++r)
      for (Eigen::Index c = 0; c < from.cols(); ++c) {
        double sum = 0, weight = 0;
        for (int k = -reach; k <= reach; ++k) {
          if (c + k < 0 || c + k >= from.cols() || !std::isfinite(from(r, c + k))) continue;
          const double w = std::exp(-0.5 * k * k / (sigma * sigma));
          sum += w * double(from(r, c + k));
          weight += w;
        }
        to(c, r) = float(weight > 0 ? sum / weight : NAN);
      }
    return to;
  };
  return along(along(image));
}

// Single electrons show no pattern to the eye: where many pixels have none, the picture is smoothed
// until a few fall under the kernel. False: it is as it was.
bool smooth_counts(ImagePanel& panel) {
  constexpr double kWanted = 6, kWidest = 3;  // electrons, pixels
  std::vector<float> values;
  for (const float v : panel.values.reshaped())
    if (std::isfinite(v)) values.push_back(v);
  std::sort(values.begin(), values.end());
  const auto positive = std::upper_bound(values.begin(), values.end(), 0.0f);
  if (positive == values.end() || 3 * (positive - values.begin()) < std::ptrdiff_t(values.size()))
    return false;
  const double one = *positive;
  values.resize(values.size() * 98 / 100);  // without the central disc
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
  if (!(mean > 0)) return false;
  panel.values = smoothed(
      panel.values, std::min(kWidest, std::sqrt(kWanted * one / (4 * std::numbers::pi * mean))));
  return true;
}

}  // namespace

std::vector<MatchPair> match_pairs(const Hdf5Reader& file, const PatternView& view) {
  const std::string group = "/match/examples/";
  std::vector<MatchPair> pairs;
  if (!file.is_dataset(group + "measured")) return pairs;
  const Shape shape = checked_shape(file, group + "measured", 3);
  const auto measured = file.read<float>(group + "measured"),
             library = read_shaped<float>(file, group + "library", shape);
  const auto names = file.read_strings("/match/motif_names");
  const auto numbers = [&](const char* name) { return read_list(file, group + name, shape[0]); };
  const auto differences = file.is_dataset(group + "difference")
                               ? read_shaped<float>(file, group + "difference", shape)
                               : Stack<float>();
  const auto motif = numbers("motif"), accepted = numbers("accepted"), p = numbers("p_value"),
             score = numbers("score"), row = numbers("scan_row"), column = numbers("scan_column");
  constexpr std::size_t kMost = std::size_t(1) << 40;  // positions along an axis of a scan
  for (std::size_t i = 0; i < motif.size(); ++i) {
    MatchPair pair;
    pair.measured = q_panel(file, group + "measured", measured.plane(i), view);
    pair.library = q_panel(file, group + "library", library.plane(i), view);
    pair.motif = names[checked_index(file, group + "motif", motif[i], names.size())];
    pair.accepted = accepted[i] != 0;
    pair.p_value = p[i];
    pair.score = score[i];
    pair.at = {checked_index(file, group + "scan_row", row[i], kMost),
               checked_index(file, group + "scan_column", column[i], kMost)};
    if (differences.size() > 0) {
      pair.difference = q_panel(file, group + "difference", PlaneF(differences.plane(i)), view);
      pair.unexplained = numbers("unexplained")[i];
      show_difference(pair.difference, pair.unexplained);
    }
    pair.measured.title = fmt::format("row {}, column {}", pair.at[0], pair.at[1]);
    if (smooth_counts(pair.measured)) pair.measured.title += ", smoothed";
    pair.library.title = pair.motif;
    pairs.push_back(pair);
  }
  return pairs;
}

std::vector<ImagePanel> template_panels(const Hdf5Reader& file, std::size_t most,
                                        const PatternView& view) {
  const std::string root = "/motif_library/", data = root + "patterns/data";
  if (Stack<float>::count(file.info(data).shape) == 0) return {};
  const std::size_t n = checked_shape(file, data, 3)[0];
  const auto motif = read_list(file, root + "templates/motif", n);
  const std::string names_group = root + "metadatabundle/simulation/motif_names";
  const auto name_of = [&](double m) {
    const std::string path = fmt::format("{}/{:g}", names_group, m);
    const auto text = file.is_dataset(path) ? file.read_strings(path) : std::vector<std::string>{};
    return text.empty() ? fmt::format("motif {:g}", m) : text[0];
  };
  // Evenly spread over the templates, so that every motif is seen.
  const auto of_templates = [&](const std::string& name) {
    const std::string path = root + "templates/" + name;
    return file.is_dataset(path) ? file.read<double>(path).values : std::vector<double>{};
  };
  const auto x = of_templates("direction_x"), y = of_templates("direction_y"),
             z = of_templates("direction_z"), depth = of_templates("depth_A");
  const std::size_t shown = std::min(most, n);
  std::vector<ImagePanel> panels;
  for (std::size_t k = 0; k < shown; ++k) {
    const std::size_t i = shown > 1 ? k * (n - 1) / (shown - 1) : 0;
    const PlaneF pattern = file.read<float>(data, {i}, {1}).plane(0);
    const auto dim = [&](const char* name, const char* label, Eigen::Index size) -> ImageAxis {
      const auto two = axis_values(file, root + "patterns/" + name);
      if (two.size() != 2) return {label, "pixel", 0, double(size) - 1};
      return {label, "1/Angstrom", two[0], two[0] + (two[1] - two[0]) * double(size - 1)};
    };
    panels.push_back(q_panel(pattern, dim("dim2", "q_{x}", pattern.cols()),
                             dim("dim1", "q_{y}", pattern.rows()), view));
    panels.back().title = fmt::format("{}, {}", name_of(motif[i]), i);
    if (x.size() == n && y.size() == n && z.size() == n)
      panels.back().title += fmt::format(": [{:.2f} {:.2f} {:.2f}]", x[i], y[i], z[i]);
    if (depth.size() == n) panels.back().title += fmt::format(" at {:.3g} \u00c5", depth[i]);
    panels.back().quantity = file.string_attribute(data, "units", "");
  }
  return panels;
}

namespace {

LinePanel curve_panel(const Hdf5Reader& file, const std::string& dataset,
                      const std::string& label) {
  Curve curve{"", {}, file.read<double>(dataset).values, {}, false};
  const std::string folder = dataset.substr(0, dataset.rfind('/'));
  LinePanel panel{label, "index"};
  for (const char* name : {"q", "k", "r", "tau", "lag"})  // the axis that stands beside it
    if (const auto x = axis_values(file, folder + "/" + name);
        x.size() == curve.y.size() && folder + "/" + name != dataset) {
      const std::string unit = unit_symbol(file.string_attribute(folder + "/" + name, "units", ""));
      panel.x_label = unit.empty() ? name : fmt::format("{} ({})", name, unit);
      curve.x = x;
      break;
    }
  if (curve.x.empty())
    for (std::size_t i = 0; i < curve.y.size(); ++i) curve.x.push_back(double(i));
  if (const auto e = axis_values(file, dataset + "_error"); e.size() == curve.y.size())
    curve.error = e;
  panel.y_label = unit_symbol(file.string_attribute(dataset, "units", ""));
  panel.curves = {curve};
  return panel;
}

// A map over the scan of a match file; "p_value" and the like run over the motifs in their last
// axis.
std::vector<Panel> map_panels(const Hdf5Reader& file, const std::string& dataset,
                              const std::string& label) {
  const Stack<float> all = file.read<float>(dataset);
  const auto names = file.read_strings("/match/motif_names");
  std::vector<Panel> panels;
  const std::size_t last = all.shape[2], count = all.size() / last;
  for (std::size_t m = 0; m < last; ++m) {
    ImagePanel panel;
    panel.values = PlaneF(Eigen::Index(all.shape[0]), Eigen::Index(all.shape[1]));
    for (std::size_t i = 0; i < count; ++i) panel.values.data()[i] = all.values[i * last + m];
    panel.title = label + ", " + (last == names.size() ? names[m] : std::string(1, "xyz"[m % 3]));
    panel.quantity = file.string_attribute(dataset, "units", "");
    calibrate_scan(file, panel);
    panels.emplace_back(panel);
  }
  return panels;
}

}  // namespace

std::vector<Panel> dataset_panels(const Hdf5Reader& file, const std::string& dataset,
                                  const std::optional<ScanIndex>& at, const PatternView& view) {
  const DatasetInfo info = file.info(dataset);
  const std::string label = dataset.substr(dataset.rfind('/') + 1);
  if (!is_number(info.type))
    fail(Fault::input, "{}: {} holds {} values, which have no picture", file.path(), dataset,
         type_name(info.type));
  if (Stack<int>::count(info.shape) == 0)
    fail(Fault::input, "{}: {} is empty", file.path(), dataset);
  if (info.shape.empty())
    fail(Fault::input, "{}: {} is the single number {}, there is nothing to plot", file.path(),
         dataset, number_at(file, dataset));
  if (info.shape.size() == 1) return {curve_panel(file, dataset, label)};
  const bool of_match =
      dataset.rfind("/match/", 0) == 0 && dataset.rfind("/match/examples/", 0) != 0;
  if (dataset == "/match/motif") return {motif_panel(file)};
  if (info.shape.size() == 3 && of_match && !at) return map_panels(file, dataset, label);
  if (info.shape.size() == 2) {
    ImagePanel panel;
    panel.values = read_plane<float>(file, dataset);
    panel.title = label;
    panel.quantity = file.string_attribute(dataset, "units", "");
    if (dataset.rfind("/simulation/detectors", 0) == 0) panel.map = ColourMap::grey;
    calibrate_scan(file, panel);
    return {panel};
  }
  if (at) return {pattern_panel(file, dataset, *at, view)};
  return {mean_pattern_panel(file, dataset, view)};
}

}  // namespace vitrobeam
