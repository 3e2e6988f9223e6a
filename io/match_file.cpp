#include "io/match_file.hpp"

#include "base/error.hpp"
#include "io/whole_file.hpp"

namespace vitrobeam {
namespace {

template <typename T>
void write_map(Hdf5Writer& file, const std::string& name, const Stack<T>& map,
               const std::string& units, const std::string& meaning) {
  const std::string path = "/match/" + name;
  file.write(path, map);
  file.attribute(path, "units", units);
  file.attribute(path, "description", meaning);
}

void write_maps(Hdf5Writer& file, const MatchResult& r) {
  write_map(file, "motif", r.motif, "",
            "index into motif_names; -1 = none at the stated false-alarm rate");
  write_map(
      file, "status", r.status, "",
      "0 good, 1 not finite, 2 empty, 3 featureless, 4 saturated, 5 far less contrast than any "
      "motif-free pattern, 6 no visible pixel in the matched range");
  write_map(file, "score", r.score, "standard deviations",
            "best template of the motif, above motif-free patterns");
  write_map(file, "p_value", r.p_value, "",
            "(1 + motif-free patterns with this score or more) / (1 + their number)");
  write_map(file, "false_discovery_rate", r.false_discovery_rate, "",
            "Benjamini-Hochberg over the scan, each motif by itself");
  write_map(file, "posterior", r.posterior, "",
            "probability of the motif, of its views together, given the pattern and the prior");
  write_map(file, "posterior_none", r.posterior_none, "",
            "probability that there is no motif of the library");
  write_map(file, "axis_directions", r.axis_directions, "",
            "fewest directions that hold 90 % of the probability of the most probable motif");
  write_map(file, "axis_share", r.axis_share, "",
            "share of all directions of that motif, by solid angle, that they stand for");
  write_map(file, "depth", r.depth, "Angstrom", "posterior mean of that motif's depth");
  write_map(file, "depth_error", r.depth_error, "Angstrom", "posterior standard deviation");
  write_map(file, "log_evidence", r.log_evidence, "",
            "log likelihood ratio of the best view to none, mean over in-plane angles");
  write_map(file, "best_score", r.best_score, "standard deviations", "largest score of all motifs");
  write_map(file, "best_p_value", r.best_p_value, "", "of the largest score of all motifs");
  write_map(
      file, "best_p_value_fit", r.best_p_value_fit, "",
      "beyond the threshold of /match/null/tail by its Pareto tail, else best_p_value; without a "
      "tail extrapolated by a Gumbel fit, for ranking only");
  write_map(file, "best_false_discovery_rate", r.best_false_discovery_rate, "",
            "Benjamini-Hochberg over the scan; decides the motif map");
  write_map(file, "correlation", r.correlation, "", "raw correlation of the best template");
  write_map(file, "contrast", r.contrast, "",
            "of the speckle: root mean square of the rings, each in units of its mean");
  write_map(file, "template", r.template_index, "", "best template, index into the library");
  write_map(file, "mirrored", r.mirrored, "", "1: the template was mirrored first");
  write_map(file, "in_plane_angle", r.in_plane_angle, "radian",
            "by which the template is turned, from +x towards +y");
  write_map(file, "direction", r.direction, "", "x, y, z of the beam in the frame of the motif");
}

void write_examples(Hdf5Writer& file, const MatchResult& r) {
  const std::string group = "/match/examples";
  file.group(group);
  if (r.examples.empty()) return;
  const std::size_t n = r.examples.size(), rows = std::size_t(r.examples[0].measured.rows()),
                    columns = std::size_t(r.examples[0].measured.cols());
  Stack<float> measured({n, rows, columns}), library = measured, difference = measured;
  std::vector<std::int32_t> scan_row, scan_column, motif, accepted;
  std::vector<double> p_value, score, amplitude, unexplained;
  for (std::size_t i = 0; i < n; ++i) {
    const MatchExample& e = r.examples[i];
    measured.plane(i) = e.measured;
    library.plane(i) = e.library;
    if (e.difference.size() > 0) difference.plane(i) = e.difference;
    amplitude.push_back(e.amplitude);
    unexplained.push_back(e.unexplained);
    scan_row.push_back(int(e.scan_row));
    scan_column.push_back(int(e.scan_column));
    motif.push_back(e.motif);
    accepted.push_back(e.accepted);
    p_value.push_back(e.p_value);
    score.push_back(e.score);
  }
  file.write_compressed(group + "/measured", measured);
  file.write_compressed(group + "/library", library);
  file.write_compressed(group + "/difference", difference);
  file.attribute(group + "/measured", "units", "as in the input");
  file.attribute(group + "/difference", "units", "root of those of the input");
  file.attribute(
      group + "/difference", "description",
      "measured less the mean of its rings, less amplitude times the same of library, over the "
      "root of the mean of its rings");
  file.attribute(group + "/library", "units", "fraction of incident beam per pixel of the library");
  file.write(group + "/scan_row", scan_row);
  file.write(group + "/scan_column", scan_column);
  file.write(group + "/motif", motif);
  file.write(group + "/accepted", accepted);
  file.write(group + "/p_value", p_value);
  file.write(group + "/score", score);
  file.write(group + "/amplitude", amplitude);
  file.write(group + "/unexplained", unexplained);
  const Calibration& c = r.examples_calibration;
  std::vector<double> q_y, q_x;
  for (std::size_t i = 0; i < rows; ++i) q_y.push_back((double(i) - c.centre_row) * c.pixel_qy);
  for (std::size_t i = 0; i < columns; ++i) q_x.push_back((double(i) - c.centre_col) * c.pixel_qx);
  file.write(group + "/q_y", q_y);
  file.write(group + "/q_x", q_x);
  file.attribute(group + "/q_y", "units", "1/Angstrom");
  file.attribute(group + "/q_x", "units", "1/Angstrom");
}

void write_null(Hdf5Writer& file, const MatchResult& r, const LibraryConditions& library) {
  const std::string group = "/match/null";
  file.write(group + "/best_score", r.null_best);
  file.attribute(group + "/best_score", "units", "standard deviations");
  file.attribute(
      group, "origin",
      "dense random packings without motifs, same composition, density, thickness and optics");
  file.attribute(group, "elements", library.elements);
  file.attribute(group, "density", library.density);
  file.attribute(group, "density_unit", "atoms/Angstrom^3");
  file.attribute(group, "thickness", library.thickness);
  file.attribute(group, "thickness_unit", "Angstrom");
  file.attribute(group, "calibration_patterns", std::int64_t(r.null_best.size()));
  file.attribute(group, "calibration_packings", std::int64_t(r.calibration_packings));
  file.attribute(group, "training_patterns", std::int64_t(r.training_patterns));
  file.attribute(group, "smallest_p_value", r.smallest_p);
  file.attribute(group, "contrast", r.null_contrast.median);
  file.attribute(group, "contrast_least", r.null_contrast.least);
  file.attribute(group, "contrast_low", r.null_contrast.low);
  file.attribute(group, "contrast_high", r.null_contrast.high);
  file.attribute(group, "scan_contrast", r.scan_contrast());
  file.attribute(group, "dose", r.dose);
  file.attribute(group, "dose_unit", "electrons per pattern; 0 = noiseless");
  file.attribute("/match", "expected_false_positives", r.expected_false_positives());
  file.attribute("/match", "decided_by", r.fitted && r.tail.holds() ? "fitted tail" : "counts");
  const std::string tail = group + "/tail";
  file.group(tail);
  file.attribute(tail, "refused", r.tail.refused);
  if (r.tail.holds()) {
    file.attribute(tail, "threshold", r.tail.threshold);
    file.attribute(tail, "share", r.tail.share);
    file.attribute(tail, "shape", r.tail.shape);
    file.attribute(tail, "scale", r.tail.scale);
    file.attribute(tail, "goodness", r.tail.goodness);
    file.attribute(tail, "log_error_at_best_null", r.tail.log_error(r.null_best.back()));
  }
  file.write("/match/power", r.power);
  file.write("/match/power_error", r.power_error);
  file.write("/match/confusion", r.confusion);
  file.attribute(
      "/match/confusion", "description",
      "share of the planted patterns of a motif (row) called each motif or, last, none, at "
      "p <= 0.05");
  file.write("/match/roc", r.roc);
  file.attribute("/match/roc", "description",
                 "share of the planted patterns of a motif found at each false-alarm rate");
  file.write("/match/roc_false_alarm", r.roc_false_alarm);
  file.write("/match/roc_area", r.roc_area);
  file.write("/match/roc_area_error", r.roc_error);
  file.attribute("/match/power", "description",
                 "share of patterns of planted motifs with p_value <= 0.05");
}

// Every motif with every decoration, direction and depth, and its probability at every position.
void write_views(Hdf5Writer& file, const MatchResult& r) {
  const std::string group = "/match/views";
  std::vector<std::int32_t> motif, decoration;
  Stack<double> direction({r.views.size(), 3});
  std::vector<double> depth, solid_angle;
  for (std::size_t v = 0; v < r.views.size(); ++v) {
    motif.push_back(r.views[v].motif);
    decoration.push_back(r.views[v].decoration);
    for (std::size_t k = 0; k < 3; ++k)
      direction.values[3 * v + k] = r.views[v].direction[Eigen::Index(k)];
    depth.push_back(r.views[v].depth);
    solid_angle.push_back(r.views[v].solid_angle);
  }
  file.write(group + "/motif", motif);
  file.write(group + "/decoration", decoration);
  file.write(group + "/direction", direction);
  file.write(group + "/depth", depth);
  file.attribute(group + "/depth", "units", "Angstrom");
  file.write(group + "/solid_angle", solid_angle);
  file.attribute(group + "/solid_angle", "units", "steradian");
  file.attribute("/match", "tempering", r.tempering);
  if (!r.view_tempering.empty()) {
    file.write("/match/view_tempering", r.view_tempering);
    file.write("/match/lapse", r.lapse);
  }
  if (r.view_posterior.size() == 0) return;
  file.write_compressed("/match/view_posterior", r.view_posterior);
  file.attribute("/match/view_posterior", "units", "");
  file.attribute("/match/view_posterior", "description",
                 "probability of every view; the sum is 1 less posterior_none");
}

void write_components(Hdf5Writer& file, const MatchResult& r) {
  if (r.component_template.size() == 0) return;
  const std::string group = "components/";
  write_map(file, group + "motif", r.component_motif, "",
            "index into motif_names; -1 = nothing more");
  write_map(file, group + "template", r.component_template, "", "index into the library");
  write_map(file, group + "amplitude", r.component_amplitude, "",
            "1: the motif's own pattern on the library's mean background");
  write_map(file, group + "amplitude_error", r.component_error, "",
            "one sigma, from the speckle of packings and the counts");
  write_map(file, group + "in_plane_angle", r.component_angle, "radian",
            "by which the template is turned, from +x towards +y");
  write_map(file, group + "gain", r.component_gain, "",
            "log likelihood that it adds to the components before it");
  write_map(file, group + "p_value", r.component_p, "",
            "share of motif-free patterns in which the best template gains as much");
}

void write_refined(Hdf5Writer& file, const MatchResult& r) {
  if (r.refined.empty()) return;
  const std::string group = "/match/refined/";
  const auto column = [&](const std::string& name, const std::string& units, auto&& value) {
    std::vector<double> values;
    for (const auto& m : r.refined) values.push_back(double(value(m)));
    file.write(group + name, values);
    file.attribute(group + name, "units", units);
  };
  using M = const RefinedMatch&;
  column("scan_row", "", [](M m) { return m.scan_row; });
  column("scan_column", "", [](M m) { return m.scan_column; });
  column("motif", "", [](M m) { return m.motif; });
  column("converged", "", [](M m) { return m.converged; });
  column("gain", "", [](M m) { return m.gain; });
  const auto pair = [&](const std::string& name, const std::string& units,
                        RefinedMatch::Value RefinedMatch::*which) {
    column(name, units, [&](M m) { return (m.*which).value; });
    column(name + "_error", units, [&](M m) { return (m.*which).error; });
  };
  pair("tilt_x", "radian", &RefinedMatch::tilt_x);
  pair("tilt_y", "radian", &RefinedMatch::tilt_y);
  pair("in_plane_angle", "radian", &RefinedMatch::in_plane_angle);
  pair("offset_x", "Angstrom", &RefinedMatch::offset_x);
  pair("offset_y", "Angstrom", &RefinedMatch::offset_y);
  pair("thickness", "Angstrom", &RefinedMatch::thickness);
  pair("size", "", &RefinedMatch::size);
}

}  // namespace

double match_bytes(const MatchExtent& e) {
  // a position has 18 numbers of its own, 2 bytes, 4 numbers a motif, 7 a component
  const std::size_t numbers = 18 + 4 * e.motifs + 7 * e.components + e.views;
  return double(e.positions) * double(numbers * sizeof(float) + 2);
}

void write_match(Hdf5Writer& file, const MatchResult& r) {
  write_maps(file, r);
  file.write_strings("/match/motif_names", r.motif_names);
  file.attribute("/match", "false_alarm_rate", r.false_alarm);
  file.attribute("/match", "neighbours", r.neighbours);
  file.attribute("/match", "neighbours_unit", "Angstrom");
  file.attribute("/match", "contradictions", std::int64_t(r.contradictions()));
  if (!r.views.empty()) write_views(file, r);
  write_components(file, r);
  write_refined(file, r);
  if (!r.null_best.empty()) write_null(file, r, r.condition);  // else no pattern could be matched
  write_examples(file, r);
}

std::vector<AtlasMap> read_motif_maps(const std::string& path) {
  const Hdf5Reader file(path);
  if (!file.is_dataset("/match/motif")) fail(Fault::input, "@motifs {}: no result of match", path);
  const Stack<double> motif = file.read<double>("/match/motif");
  const auto names = file.read_strings("/match/motif_names");
  std::vector<AtlasMap> maps;
  for (std::size_t m = 0; m < names.size(); ++m)
    maps.push_back({"motifs", "motif_" + names[m], "1", "1 where match finds it, else 0",
                    (motif.plane(0) == double(m)).cast<double>(), true});
  return maps;
}

void write_match_table(const std::string& path, const MatchResult& r) {
  std::string out =
      "row,column,status,motif,best_motif_p_value,false_discovery_rate,score,posterior_none,"
      "in_plane_angle_rad,direction_x,direction_y,direction_z\n";
  const std::size_t columns = r.motif.shape[1];
  for (std::size_t i = 0; i < r.motif.size(); ++i) {
    const int m = r.motif.values[i];
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", i / columns, i % columns,
                       r.status.values[i], m < 0 ? "none" : r.motif_names[std::size_t(m)],
                       r.best_p_value.values[i], r.best_false_discovery_rate.values[i],
                       r.best_score.values[i], r.posterior_none.values[i],
                       r.in_plane_angle.values[i], r.direction.values[3 * i],
                       r.direction.values[3 * i + 1], r.direction.values[3 * i + 2]);
  }
  write_text(path, out);
}

}  // namespace vitrobeam
