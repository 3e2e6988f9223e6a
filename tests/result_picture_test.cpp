// Panels and words made from a result file say what the file says.
#include "pictures/result_picture.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "base/error.hpp"
#include "io/match_file.hpp"
#include "io/provenance.hpp"
#include "io/result_file.hpp"
#include "pictures/html.hpp"
#include "pictures/result_sections.hpp"
#include "pictures/ticks.hpp"
#include "tests/approx.hpp"
#include "tests/folder.hpp"

using namespace vitrobeam;
namespace fs = std::filesystem;

namespace {

// 2 x 3 positions, 5 x 4 pixels; pattern k is k everywhere.
void write_scan(const std::string& path, std::int64_t placed) {
  DiffractionAxes axes;
  axes.scan_y = {0, 10};
  axes.scan_x = {5, 10, 15};
  axes.q_y = {-0.2, -0.1, 0, 0.1, 0.2};
  axes.q_x = {-0.2, -0.1, 0, 0.1};
  Stack<float> patterns(axes.pattern_shape());
  for (std::size_t i = 0; i < patterns.size(); ++i) patterns.values[i] = float(i / 20);
  RunRecord record;
  record.command = "simulate";
  record.parameters = {{"energy", "kV", 200.0}};
  record.audit = {{"atoms_read", "", std::int64_t(100)}, {"atoms_placed", "", placed}};
  Hdf5Writer file(path);
  file.write_compressed("/simulation/patterns", patterns);
  write_map(file, "/simulation/detectors/bf", PlaneD::Constant(2, 3, 0.5),
            "fraction of incident beam");
  write_map(file, "/simulation/detectors/haadf", PlaneD::Constant(2, 3, 0.1),
            "fraction of incident beam");
  write_result(file, axes, record, "scan");
  file.commit();
}

void write_matches(const std::string& path) {
  MatchResult r(2, 3, {"icosahedron", "fcc"});
  r.motif.values = {0, -1, 1, -1, -1, 0};
  r.status.values = {0, 0, 0, 0, 2, 0};
  r.best_p_value.values = {0.01f, 0.5f, 0.001f, 1, 1, 0.1f};
  r.power = {0.75, 0.5};
  r.power_error = {0.1, 0.1};
  r.smallest_p = 0.001;
  r.null_best.assign(999, 0.);
  r.calibration_packings = 8;
  r.examples.push_back({1, 2, 1, true, 0.001, 5.5, PlaneF::Constant(5, 4, 1.f),
                        PlaneF::Constant(5, 4, 2.f), PlaneF::Constant(5, 4, -0.5f), 1, 0.25});
  r.examples_calibration = centred_calibration(5, 4, 0.1, 0.1);
  Hdf5Writer file(path);
  write_match(file, r);
  file.commit();
}

}  // namespace

TEST_CASE("patterns of a scan: the mean, one position, a crop") {
  const Folder folder;
  write_scan(folder / "scan.h5", 100);
  const Hdf5Reader file(folder / "scan.h5");
  const std::string dataset = "/simulation/patterns";
  CHECK(scan_size(file, dataset) == ScanIndex{2, 3});
  CHECK((mean_pattern_panel(file, dataset, {}).values == 2.5f).all());
  const ImagePanel one = pattern_panel(file, dataset, {1, 2}, {});
  CHECK((one.values == 5.f).all());
  CHECK(one.x.first == -0.2);
  CHECK(one.y.last == 0.2);
  const ImagePanel crop = pattern_panel(file, dataset, {0, 0}, {.q_limit = 0.1});
  CHECK(crop.values.rows() == 3);
  CHECK(crop.values.cols() == 3);
  CHECK(crop.x.first == approx(-0.1));
  CHECK_THROWS_AS(pattern_panel(file, dataset, {2, 0}, {}), Error);
}

TEST_CASE("detector images: HAADF comes first, on the axes of the scan") {
  const Folder folder;
  write_scan(folder / "scan.h5", 100);
  const auto panels = detector_panels(Hdf5Reader(folder / "scan.h5"));
  REQUIRE(panels.size() == 2);
  CHECK(panels[0].title == "haadf");
  CHECK(panels[0].x.first == 5);
  CHECK(panels[0].x.last == 15);
  CHECK(panels[0].quantity == "fraction of incident beam");
}

TEST_CASE("a motif map names its motifs, and what was not matched has no value") {
  const Folder folder;
  write_matches(folder / "match.h5");
  const Hdf5Reader file(folder / "match.h5");
  const ImagePanel map = motif_panel(file);
  CHECK(map.categories == std::vector<std::string>{"icosahedron", "fcc"});
  CHECK(map.values(0, 2) == 1);
  CHECK(map.values(1, 0) == -1);
  CHECK(std::isnan(map.values(1, 1)));
  CHECK(significance_panel(file).values(0, 2) == approx(3));
  const auto pairs = match_pairs(file, {});
  REQUIRE(pairs.size() == 1);
  CHECK(pairs[0].motif == "fcc");
  CHECK(pairs[0].at == ScanIndex{1, 2});
  CHECK(pairs[0].accepted);
  CHECK((pairs[0].library.values == 2.f).all());
  CHECK((pairs[0].difference.values == -0.5f).all());
  CHECK(pairs[0].difference.title.find("25 %") != std::string::npos);
  CHECK(dataset_panels(file, "/match/p_value", {}, {}).size() == 2);
}

TEST_CASE("lost atoms and patterns that were not matched are pointed out") {
  const Folder folder;
  write_scan(folder / "whole.h5", 100);
  write_scan(folder / "lossy.h5", 97);
  write_matches(folder / "match.h5");
  CHECK(audit_lines(Hdf5Reader(folder / "whole.h5")).at(0).good);
  const AuditLine lost = audit_lines(Hdf5Reader(folder / "lossy.h5")).at(0);
  CHECK_FALSE(lost.good);
  CHECK(lost.text.find("3 of 100") != std::string::npos);
  const AuditLine unmatched = audit_lines(Hdf5Reader(folder / "match.h5")).back();
  CHECK_FALSE(unmatched.good);
  CHECK(unmatched.text.find("1 of 6") != std::string::npos);
  CHECK(attribute_rows(Hdf5Reader(folder / "whole.h5"), "/parameters", {"ini", "command"}) ==
        std::vector<std::pair<std::string, std::string>>{{"energy", "200 kV"}});
}

TEST_CASE("base64 as in RFC 4648, section 10; text cannot become markup") {
  const auto encode = [](const std::string& text) {
    std::vector<std::byte> bytes;
    for (const char c : text) bytes.push_back(std::byte(c));
    return base64(bytes);
  };
  CHECK(encode("") == "");
  CHECK(encode("f") == "Zg==");
  CHECK(encode("fo") == "Zm8=");
  CHECK(encode("foo") == "Zm9v");
  CHECK(encode("foobar") == "Zm9vYmFy");
  HtmlPage page("<script>", "");
  page.table({"<0,0,12,0>"}, {{"a & b"}});
  CHECK(page.text().find("<script>") == std::string::npos);
  CHECK(page.text().find("&lt;0,0,12,0&gt;") != std::string::npos);
  CHECK(page.text().find("a &amp; b") != std::string::npos);
}

namespace {

// The same file with one dataset more: its place in a file that is otherwise whole.
template <typename Write>
std::string damaged(const Folder& folder, Write write) {
  static int number = 0;
  const std::string path = folder / ("damaged" + std::to_string(++number) + ".h5");
  Hdf5Writer file(path);
  write(file);
  file.commit();
  return path;
}

// Whatever a picture or page of the file says, it is no crash, and the file is named.
void check_refused(const std::string& path) {
  const Hdf5Reader file(path);
  try {
    result_sections(file);
    if (file.is_dataset("/match/motif")) motif_panel(file), match_pairs(file, {});
    if (file.is_dataset("/motif_library/patterns/data")) template_panels(file, 12, {});
    FAIL("a damaged file was shown: ", path);
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::input);
    CHECK(std::string(e.what()).find(path) != std::string::npos);
  }
}

// A library of two templates, as far as pictures read it.
void write_coverage(Hdf5Writer& file, const std::vector<std::int32_t>& motif,
                    const std::vector<std::int32_t>& condition, const std::vector<double>& depth) {
  const std::string root = "/motif_library/";
  file.write(root + "templates/motif", motif);
  file.write(root + "templates/condition", condition);
  file.write(root + "templates/depth_A", depth);
  file.write(root + "conditions/thickness_A", std::vector<double>{30, 60});
  file.write_strings(root + "metadatabundle/simulation/motif_names/0", {"fcc"});
  file.write(root + "patterns/data", Stack<float>({2, 4, 4}, 1.f));
}

}  // namespace

TEST_CASE("shapes and indices that do not fit are refused with the name of the file") {
  const Folder folder;
  using Ints = std::vector<std::int32_t>;
  const auto library = [&](const Ints& motif, const Ints& condition, std::vector<double> depth) {
    return damaged(folder, [&](auto& f) { write_coverage(f, motif, condition, depth); });
  };
  CHECK(result_sections(Hdf5Reader(library({0, 0}, {0, 1}, {5, 8}))).size() == 1);
  check_refused(library({0, 0}, {0, 7}, {5, 8}));
  check_refused(library({0, 0}, {0, -1}, {5, 8}));
  check_refused(library({0, 3}, {0, 1}, {5, 8}));
  check_refused(library({0, 0}, {0, 1}, {5}));
  check_refused(library({0, 0, 0}, {0, 1, 1}, {5, 8, 8}));  // more than there are patterns
  const auto measured = [&](const Stack<float>& mean, const Stack<float>& hidden) {
    return damaged(folder, [&](auto& f) {
      f.write("/preparation/mean", mean);
      f.write("/preparation/radial_mean", std::vector<double>{1, 2});
      f.write("/measurement/hidden", hidden);
      f.attribute("/preparation", "steps", std::vector<std::string>{"none"});
      f.attribute("/preparation", "centre_row", 1.0);
      f.attribute("/preparation", "centre_column", 1.0);
    });
  };
  const Stack<float> image({3, 4}, 1.f);
  CHECK(result_sections(Hdf5Reader(measured(image, image))).size() == 1);
  check_refused(measured(Stack<float>({}, 1.f), image));
  check_refused(measured(Stack<float>({4}, 1.f), image));
  check_refused(measured(Stack<float>({0, 4}, 1.f), image));
  check_refused(measured(image, Stack<float>({3, 5}, 0.f)));
  check_refused(damaged(folder, [](auto& f) {  // a curve shorter than its axis
    f.write("/correlation/g2", std::vector<double>{1, 2});
    f.write("/correlation/time", std::vector<double>{1, 2, 3});
    for (const char* map : {"tau", "tau_error", "beta"})
      f.write(std::string("/correlation/") + map, Stack<float>({2, 2}, 1.f));
  }));
  check_refused(damaged(folder, [](auto& f) {
    f.write("/structure/voronoi_volume", std::vector<double>{1, 2, 3});
    f.write("/structure/element", std::vector<std::int32_t>{29, 40});
  }));
  check_refused(damaged(folder, [](auto& f) {
    f.write("/match/motif", Stack<float>({2, 3}, 0.f));
    f.write("/match/status", Stack<float>({3, 2}, 0.f));
  }));
}

TEST_CASE("values that differ in the last digit are drawn, with few ticks") {
  const double depth = 7.5, next = std::nextafter(depth, 8);
  CHECK(ticks(depth, next, 5).size() < 10);
  CHECK(ticks(-1e308, 1e308, 5).size() < 10);
  CHECK(ticks(depth, depth + 1e-3, 5).size() > 3);
  LinePanel panel;
  panel.curves = {{"", {1, 2}, {depth, next}, {}, true}, {"", {1, 1}, {0, 0}, {}, true}};
  CHECK(png({{panel}, 1, ""}).size() > 1000);
  panel.curves.pop_back();
  CHECK(png({{panel}, 1, ""}).size() > 1000);
}
