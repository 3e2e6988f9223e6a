// Patterns arrive with the right values, calibration and centre from every layout, or with a clear
// refusal.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "io/hdf5.hpp"
#include "io/npy.hpp"
#include "io/pattern_source.hpp"
#include "tests/approx.hpp"
#include "tests/folder.hpp"

using namespace vitrobeam;

namespace {

void write_npy(const std::string& path, const std::string& descr, const std::string& shape,
               const std::string& bytes, const std::string& fortran = "False") {
  std::string header =
      "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
  while ((header.size() + 11) % 64 != 0) header += ' ';
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\x01\x00", 8);
  const std::uint16_t length = std::uint16_t(header.size());
  file.write(reinterpret_cast<const char*>(&length), 2);
  file << header << bytes;
}

Stack<float> counting(std::vector<std::size_t> shape) {
  Stack<float> s(shape);
  for (std::size_t i = 0; i < s.size(); ++i) s.values[i] = float(i);
  return s;
}

}  // namespace

TEST_CASE(".npy: types, byte orders, shapes, and what cannot be read") {
  const Folder folder;
  write_npy(folder / "u2.npy", "<u2", "(2, 3)", std::string("\1\0\2\0\3\0\4\0\5\0\6\1", 12));
  const auto u2 = read_npy(folder / "u2.npy");
  CHECK(u2.shape == std::vector<std::size_t>{2, 3});
  CHECK(u2.values == std::vector<float>{1, 2, 3, 4, 5, 262});
  write_npy(folder / "big.npy", ">i2", "(2,)", std::string("\0\1\xff\xff", 4));
  CHECK(read_npy(folder / "big.npy").values == std::vector<float>{1, -1});
  write_npy(folder / "f8.npy", "<f8", "(1,)", std::string("\0\0\0\0\0\0\xf8\x3f", 8));
  CHECK(read_npy(folder / "f8.npy").values == std::vector<float>{1.5f});

  write_npy(folder / "short.npy", "<f4", "(100, 100)", "abcd");
  CHECK(message_of([&] { read_npy(folder / "short.npy"); }).find("ends early") !=
        std::string::npos);
  write_npy(folder / "fortran.npy", "|u1", "(2, 3)", std::string("\1\4\2\5\3\6", 6), "True");
  CHECK(read_npy(folder / "fortran.npy").values == std::vector<float>{1, 2, 3, 4, 5, 6});
  write_npy(folder / "complex.npy", "<c8", "(1,)", "abcdefgh");
  CHECK(message_of([&] { read_npy(folder / "complex.npy"); }).find("c8") != std::string::npos);
  std::ofstream(folder / "text.npy") << "hello";
  CHECK_THROWS_AS(read_npy(folder / "text.npy"), Error);
  CHECK_THROWS_AS(read_npy(folder / "absent.npy"), Error);
}

TEST_CASE("a result file brings its axes, and the command line wins over them") {
  const Folder folder;
  {
    Hdf5Writer file(folder / "result.h5");
    file.write("/simulation/patterns", counting({2, 3, 4, 6}));
    file.write("/simulation/q_y", std::vector<double>{-0.2, -0.1, 0, 0.1});
    file.write("/simulation/q_x", std::vector<double>{-0.15, -0.1, -0.05, 0, 0.05, 0.1});
    file.attribute("/parameters", "energy", 200.0);
    file.attribute("/parameters", "semiangle", 3.3);
    file.commit();
  }
  const PatternSource source(folder / "result.h5", {});
  CHECK(source.scan_rows() == 2);
  CHECK(source.scan_columns() == 3);
  CHECK(source.calibration().pixel_qx == approx(0.05));
  CHECK(source.calibration().pixel_qy == approx(0.1));
  CHECK(source.calibration().centre_row == approx(2));
  CHECK(source.calibration().centre_col == approx(3));
  CHECK(source.energy_kV == 200.0);
  CHECK(source.semiangle_mrad == 3.3);
  const auto part = source.read(1, 1, 2);
  CHECK(part.shape == std::vector<std::size_t>{2, 4, 6});
  CHECK(part.values.front() == 4 * 24);
  CHECK(part.values.back() == 6 * 24 - 1);

  PatternOverrides overrides;
  overrides.energy_kV = 80;
  overrides.pixel_q = 0.02;
  overrides.centre = {1.5, 2.5};
  const PatternSource changed(folder / "result.h5", overrides);
  CHECK(changed.energy_kV == 80.0);
  CHECK(changed.calibration().pixel_qy == 0.02);
  CHECK(changed.calibration().centre_row == 1.5);
}

TEST_CASE("any dataset by path: lists, single patterns, HyperSpy and EMD axes") {
  const Folder folder;
  {
    Hdf5Writer file(folder / "other.h5");
    file.write("/a/list", counting({5, 4, 4}));
    file.write("/a/one", counting({4, 4}));
    file.write("/a/text", std::vector<float>{1, 2});
    file.write("/Experiments/scan/data", counting({2, 2, 4, 4}));
    for (int k : {2, 3}) {
      const std::string axis = "/Experiments/scan/axis-" + std::to_string(k);
      file.group(axis);
      file.attribute(axis, "scale", 0.03);
      file.attribute(axis, "offset", -0.06);
      file.attribute(axis, "units", "A^-1");
    }
    file.commit();
  }
  PatternOverrides overrides;
  overrides.pixel_q = 0.01;
  const PatternSource list((folder / "other.h5") + ":/a/list", overrides);
  CHECK(list.scan_rows() == 1);
  CHECK(list.scan_columns() == 5);
  CHECK(list.read(0, 3, 1).values.front() == 48);
  CHECK(PatternSource((folder / "other.h5") + ":/a/one", overrides).read(0, 0, 1).values.back() ==
        15);
  const PatternSource found(folder / "other.h5", {});
  CHECK(found.dataset() == "/Experiments/scan/data");
  CHECK(found.calibration().pixel_qx == approx(0.03));
  CHECK(found.calibration().centre_row == approx(2));

  CHECK(message_of([&] {
          PatternSource((folder / "other.h5") + ":/a/list", {});
        }).find("pixel_q") != std::string::npos);
  CHECK(message_of([&] {
          PatternSource((folder / "other.h5") + ":/a/absent", {});
        }).find("/a/absent") != std::string::npos);
  CHECK_THROWS_AS(PatternSource((folder / "other.h5") + ":/a/text", overrides), Error);
  CHECK_THROWS_AS(PatternSource(folder / "absent.h5", {}), Error);
}

TEST_CASE("a mask must fit the patterns") {
  const Folder folder;
  write_npy(folder / "data.npy", "|u1", "(3, 2, 2)", "abcdefghijkl");
  write_npy(folder / "mask.npy", "|b1", "(2, 2)", std::string("\0\1\0\0", 4));
  write_npy(folder / "wrong.npy", "|b1", "(1, 4)", std::string("\0\1\0\0", 4));
  PatternOverrides overrides;
  overrides.pixel_q = 0.1;
  overrides.mask = folder / "mask.npy";
  const PatternSource source(folder / "data.npy", overrides);
  CHECK(source.hidden()(0, 1) == 1);
  CHECK(source.hidden()(1, 1) == 0);
  CHECK(source.read(0, 2, 1).values.front() == float('i'));
  overrides.mask = folder / "wrong.npy";
  CHECK_THROWS_AS(PatternSource(folder / "data.npy", overrides), Error);
}
