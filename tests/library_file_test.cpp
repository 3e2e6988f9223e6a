// A library comes back from its file as it was written; a file that is none is refused with the
// reason.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "base/error.hpp"
#include "drivers/library_settings.hpp"
#include "io/hdf5.hpp"
#include "io/library_file.hpp"
#include "tests/approx.hpp"
#include "tests/folder.hpp"

using namespace vitrobeam;

namespace {

struct TemporaryFile {
  std::string path = (std::filesystem::temp_directory_path() /
                      ("vitrobeam_library_" + std::to_string(::getpid()) + ".h5"))
                         .string();
  ~TemporaryFile() { std::filesystem::remove(path); }
};

Stack<float> counting(std::vector<std::size_t> shape) {
  Stack<float> s(shape);
  for (std::size_t i = 0; i < s.size(); ++i) s.values[i] = float(i) * 0.25f;
  return s;
}

MotifLibrary example() {
  MotifLibrary l;
  l.conditions = {{200, 3.3, -12.5, 15, 2.75, 0.06, "Cu,Zr", "packing", 4, "cs = 1 mm"},
                  {300, 3.3, -12.5, 20, 2.75, 0.06, "Cu,Zr", "none", 1}};
  l.motif_names = {"icosahedron", "fcc"};
  l.pixel_qx = 0.025;
  l.pixel_qy = 0.05;
  l.patterns = counting({3, 6, 8});
  l.decorations = {"Cu,Zr", "Zr,Cu"};
  l.templates = {{0, Vector3d::UnitZ()},
                 {0, Vector3d(0.6, 0, 0.8)},
                 {1, Vector3d::UnitX(), 1, 1, 7.5, {1.5, -3}, 0.25, 6, 1}};
  l.origins = {{"vitrobeam 1", "seed = 5"}, {"vitrobeam 2", "seed = 6"}};
  l.moment_grid = {0.25, 0.9, 2, 3};
  l.mean = Stack<std::complex<float>>({3, 4, 2}, {1.5f, -0.5f});
  l.covariance = counting({3, 4, 3});
  l.units = {0, 1, 4, 5, 6};
  l.planned_units = 9;
  l.identity = "a build";
  l.null_patterns = counting({4, 6, 8});
  l.null = {{0, 0, 0, 0}, {0, 1, 0, 1}, {1, 0, 1, 1}, {1, 1, 1, 0}};
  l.planted_patterns = counting({2, 6, 8});
  l.planted = {{1, 1, 4, 1, {1, Vector3d(0.36, 0.48, 0.8), 6.5}},
               {0, 0, 5, 0, {0, Vector3d::UnitY(), 4}}};
  return l;
}

// One member of all records.
template <typename Record, typename Member>
std::vector<Member> column(const std::vector<Record>& records, Member Record::*member) {
  std::vector<Member> values;
  for (const auto& r : records) values.push_back(r.*member);
  return values;
}

}  // namespace

TEST_CASE("everything in a library survives its file") {
  const TemporaryFile file;
  const MotifLibrary l = example();
  write_library(file.path, l, {});
  const MotifLibrary r = read_library(file.path);
  CHECK(r.version == kLibraryVersion);
  CHECK(r.conditions == l.conditions);
  CHECK(r.decorations == l.decorations);
  CHECK(r.null == l.null);
  CHECK(column(r.planted, &PlantedRecord::condition) == std::vector{1, 0});
  CHECK(column(r.planted, &PlantedRecord::unit) == std::vector<std::int64_t>{4, 5});
  CHECK(r.templates[2].condition == 1);
  CHECK(r.templates[2].decoration == 1);
  CHECK(r.templates[2].depth == 7.5);
  CHECK(r.templates[2].offset == Vector2d(1.5, -3));
  CHECK(r.templates[2].solid_angle == 0.25);
  CHECK(r.templates[2].unit == 6);
  CHECK(r.templates[2].origin == 1);
  CHECK(r.origins == l.origins);
  CHECK(column(r.planted, &PlantedRecord::origin) == std::vector{1, 0});
  CHECK(r.units == l.units);
  CHECK(r.planned_units == 9);
  CHECK(!r.is_whole());
  CHECK(r.identity == "a build");
  CHECK(r.mean.values == l.mean.values);
  CHECK(r.covariance.values == l.covariance.values);
  CHECK(r.moment_grid == l.moment_grid);
  CHECK(r.motif_names == l.motif_names);
  CHECK(r.pixel_qx == 0.025);
  CHECK(r.pixel_qy == 0.05);
  CHECK(r.patterns.shape == l.patterns.shape);
  CHECK(r.patterns.values == l.patterns.values);
  CHECK(r.null_patterns.values == l.null_patterns.values);
  CHECK(r.planted_patterns.values == l.planted_patterns.values);
  CHECK(column(r.planted, &PlantedRecord::motif) == std::vector{1, 0});
  CHECK(r.planted[0].view.decoration == 1);
  CHECK(r.planted[0].view.direction == l.planted[0].view.direction);
  CHECK(r.planted[1].view.depth == 4);
  REQUIRE(r.templates.size() == 3);
  CHECK(r.templates[1].direction == l.templates[1].direction);
  CHECK(r.templates[2].motif == 1);
  CHECK(r.calibration().centre_row == 3);
  CHECK(r.calibration().centre_col == 4);
}

TEST_CASE("planted views are carried along, and stay unknown where a library does not say") {
  const MotifLibrary l = example();
  MotifLibrary old = l;
  for (auto& p : old.planted) p.view = {};
  old.identity.clear();
  old.motif_names = {"fcc", "icosahedron"};
  const MotifLibrary both = merged({old, l});
  REQUIRE(both.planted.size() == 4);
  CHECK(!both.planted[0].view.is_known());
  CHECK(both.planted[2].view.direction == l.planted[0].view.direction);
  CHECK(both.planted[2].view.depth == 6.5);
  const MotifLibrary some = under_condition(l, 1);
  REQUIRE(some.planted.size() == 1);
  CHECK(some.planted[0].view.depth == 6.5);
  const TemporaryFile file;
  write_library(file.path, old, {});
  for (const auto& p : read_library(file.path).planted) CHECK(!p.view.is_known());
}

TEST_CASE("readers of the field find their layout") {
  const TemporaryFile file;
  write_library(file.path, example(), {});
  const Hdf5Reader h(file.path);
  CHECK(h.string_attribute("/", "emd_group_type") == "file");
  CHECK(h.string_attribute("/", "file_format") == "HyperSpy");
  CHECK(h.string_attribute("/motif_library", "emd_group_type") == "root");
  CHECK(h.string_attribute("/motif_library/patterns", "python_class") == "Array");
  CHECK(h.string_attribute("/motif_library/templates", "python_class") == "PointList");
  CHECK(h.string_attribute("/motif_library/templates/motif", "dtype") == "int32");
  CHECK(h.read<double>("/motif_library/patterns/dim2").values[0] == approx(-0.1));
  CHECK(h.number_attribute("/Experiments/motif_library/axis-1", "scale") == approx(0.05));
  CHECK(h.read<float>("/Experiments/motif_library/data").values == example().patterns.values);
}

TEST_CASE("a library of the first version can still be read; one of a later version is refused") {
  const TemporaryFile file;
  const MotifLibrary l = example();
  for (const int version : {1, kLibraryVersion + 1}) {
    Hdf5Writer h(file.path);
    const std::string root = "/motif_library", simulation = root + "/metadatabundle/simulation";
    h.attribute(root, "library_version", std::int64_t(version));
    h.write(root + "/patterns/data", l.patterns);
    h.write(root + "/null_patterns/data", l.null_patterns);
    h.write(root + "/planted_patterns/data", l.planted_patterns);
    h.write(root + "/templates/motif", std::vector<std::int32_t>{0, 0, 1});
    for (const char* axis : {"x", "y", "z"})
      h.write(root + "/templates/direction_" + axis, std::vector<double>{0, 0, 1});
    h.write(root + "/null/packing", column(l.null, &NullRecord::packing));
    h.write(root + "/planted/motif", column(l.planted, &PlantedRecord::motif));
    for (const auto& [name, value] :
         std::vector<std::pair<const char*, double>>{{"energy_kV", 200},
                                                     {"semiangle_mrad", 3.3},
                                                     {"defocus_A", 0},
                                                     {"thickness_A", 15},
                                                     {"bond_A", 2.75},
                                                     {"density_per_A3", 0.06},
                                                     {"realisations", 4},
                                                     {"pixel_qx", 0.025},
                                                     {"pixel_qy", 0.05}})
      h.write_number(simulation + "/" + name, value);
    h.write_string(simulation + "/elements", "Cu,Zr");
    h.write_string(simulation + "/matrix", "packing");
    h.write_string(simulation + "/motif_names/0", "icosahedron");
    h.write_string(simulation + "/motif_names/1", "fcc");
    h.commit();
    if (version > kLibraryVersion) {
      CHECK(message_of([&] { read_library(file.path); }).find("newer") != std::string::npos);
      continue;
    }
    const MotifLibrary r = read_library(file.path);
    CHECK(r.version == 1);
    CHECK(r.is_whole());
    CHECK(r.condition() == LibraryConditions{200, 3.3, 0, 15, 2.75, 0.06, "Cu,Zr", "packing", 4});
    CHECK(r.templates[2].depth == 7.5);
    CHECK(r.motif_names == l.motif_names);
    CHECK(column(under_condition(r, 0).null, &NullRecord::packing) ==
          column(l.null, &NullRecord::packing));
  }
}

TEST_CASE("an older library says by its run what its conditions do not") {
  MotifLibrary l = example();
  for (auto& c : l.conditions) c.simulation.clear();
  RunRecord record;
  record.ini =
      "# vitrobeam library build --config THIS_FILE -o OUTPUT\ncs = 1.5\nslice = 2\n"
      "focal-spread = 0\nengine = auto\nnull = 24\ngrid = 96x96\n";
  const TemporaryFile file;
  write_library(file.path, l, record);
  const LibraryFile known(file.path, simulation_of_plan);
  for (const auto& c : known.records().conditions)
    CHECK(c.simulation ==
          "cs = 1.5 mm, aperture-edge = soft, grid = 96x96, slice = 2 Angstrom, potential = "
          "kirkland, projection = infinite, oversampling = 1, precision = single");
}

TEST_CASE("libraries simulated otherwise stay apart when merged, and every entry knows its build") {
  MotifLibrary a = example(), b = example();
  a.identity = b.identity = "";
  a.origins = {{"vitrobeam 1", "seed = 5"}, {"vitrobeam 2", "seed = 6"}};
  b.origins = {{"vitrobeam 3", "seed = 7"}, {"vitrobeam 2", "seed = 6"}};
  b.conditions[0].simulation = "cs = 2 mm";
  const MotifLibrary both = merged({a, b});
  REQUIRE(both.conditions.size() == 3);
  CHECK(both.conditions[2].simulation == "cs = 2 mm");
  CHECK(column(both.null, &NullRecord::condition) == std::vector{0, 1, 0, 1, 2, 1, 2, 1});
  REQUIRE(both.origins.size() == 3);
  CHECK(column(both.null, &NullRecord::origin) == std::vector{0, 1, 1, 0, 2, 1, 1, 2});
  CHECK(column(both.planted, &PlantedRecord::origin) == std::vector{1, 0, 1, 2});
  CHECK(both.templates[2].origin == 1);
  CHECK(both.templates[3].origin == 2);
  const MotifLibrary part = with_motifs(both, {"fcc"});
  CHECK(column(part.planted, &PlantedRecord::origin) == std::vector{1, 1});
  CHECK(part.origins == both.origins);
}

TEST_CASE("what is no library is refused") {
  const TemporaryFile file;
  {
    Hdf5Writer h(file.path);
    h.write_number("/something", 1.0);
    h.commit();
  }
  CHECK(message_of([&] { read_library(file.path); }).find("library build") != std::string::npos);
  MotifLibrary l = example();
  l.null.pop_back();
  write_library(file.path, l, {});
  CHECK(message_of([&] { read_library(file.path); }).find("motif-free") != std::string::npos);
  CHECK_THROWS_AS(read_library("/nowhere/library.h5"), Error);
}
