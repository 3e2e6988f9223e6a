// A library comes back from its file as it was written; a file that is none is refused with the
// reason.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hpp"
#include "io/hdf5.hpp"
#include "io/library_file.hpp"
#include "tests/approx.hpp"

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
  l.conditions = {200, 3.3, -12.5, 15, 2.75, 0.06, "Cu,Zr", "packing", 4};
  l.motif_names = {"icosahedron", "fcc"};
  l.pixel_qx = 0.025;
  l.pixel_qy = 0.05;
  l.patterns = counting({3, 6, 8});
  l.templates = {{0, Vector3d::UnitZ()}, {0, Vector3d(0.6, 0, 0.8)}, {1, Vector3d::UnitX()}};
  l.null_patterns = counting({4, 6, 8});
  l.null_packing = {0, 0, 1, 1};
  l.planted_patterns = counting({2, 6, 8});
  l.planted_motif = {1, 0};
  return l;
}

std::string message_of(const auto& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("everything in a library survives its file") {
  const TemporaryFile file;
  const MotifLibrary l = example();
  write_library(file.path, l, {});
  const MotifLibrary r = read_library(file.path);
  CHECK(r.conditions.energy_kV == 200);
  CHECK(r.conditions.semiangle_mrad == 3.3);
  CHECK(r.conditions.defocus == -12.5);
  CHECK(r.conditions.thickness == 15);
  CHECK(r.conditions.bond == 2.75);
  CHECK(r.conditions.density == 0.06);
  CHECK(r.conditions.elements == "Cu,Zr");
  CHECK(r.conditions.matrix == "packing");
  CHECK(r.conditions.realisations == 4);
  CHECK(r.motif_names == l.motif_names);
  CHECK(r.pixel_qx == 0.025);
  CHECK(r.pixel_qy == 0.05);
  CHECK(r.patterns.shape == l.patterns.shape);
  CHECK(r.patterns.values == l.patterns.values);
  CHECK(r.null_patterns.values == l.null_patterns.values);
  CHECK(r.planted_patterns.values == l.planted_patterns.values);
  CHECK(r.null_packing == l.null_packing);
  CHECK(r.planted_motif == l.planted_motif);
  REQUIRE(r.templates.size() == 3);
  CHECK(r.templates[1].direction == l.templates[1].direction);
  CHECK(r.templates[2].motif == 1);
  CHECK(r.calibration().centre_row == 3);
  CHECK(r.calibration().centre_col == 4);
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

TEST_CASE("what is no library is refused") {
  const TemporaryFile file;
  {
    Hdf5Writer h(file.path);
    h.write_number("/something", 1.0);
    h.commit();
  }
  CHECK(message_of([&] { read_library(file.path); }).find("library build") != std::string::npos);
  MotifLibrary l = example();
  l.null_packing.pop_back();
  write_library(file.path, l, {});
  CHECK(message_of([&] { read_library(file.path); }).find("motif-free") != std::string::npos);
  CHECK_THROWS_AS(read_library("/nowhere/library.h5"), Error);
}
