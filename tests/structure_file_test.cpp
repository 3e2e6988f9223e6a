// Every structure format gives the same atoms; every mistake in a file is named with its place.
#include "io/structure_file.hpp"

#include <doctest/doctest.h>
#include <zlib.h>
#include <Eigen/LU>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

const std::string kData = std::string(VITROBEAM_SOURCE_DIR) + "/../shared/data/";
const std::string kGlass =
    std::string(VITROBEAM_SOURCE_DIR) + "/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz";

bool have_data() {
  const bool there = std::filesystem::exists(kData + "formats/frag.extxyz");
  if (!there) MESSAGE("skipped: ../shared/data is absent");
  return there;
}

// A file of this test's own, removed at the end of the scope.
struct TemporaryFile {
  std::string path;
  explicit TemporaryFile(const std::string& content, const std::string& name = "structure_test.tmp")
      : path(
            (std::filesystem::temp_directory_path() / (std::to_string(std::uintptr_t(this)) + name))
                .string()) {
    std::ofstream(path) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path); }
};

Atoms read(const std::string& content, const StructureReadOptions& options = {}) {
  return read_structure(TemporaryFile(content).path, options);
}

// The message of the error that reading `content` ends in.
std::string complaint(const std::string& content, const StructureReadOptions& options = {},
                      Fault fault = Fault::input) {
  try {
    read(content, options);
  } catch (const Error& e) {
    CHECK(e.fault() == fault);
    return e.what();
  }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE(text);
  return found;
}

// Largest component by which positions differ, modulo whole edges of the cell along its periodic
// axes.
double largest_difference(const Atoms& a, const Atoms& b) {
  REQUIRE(a.size() == b.size());
  CHECK(a.numbers == b.numbers);
  const Eigen::Matrix3d edges = a.cell.vectors.transpose();
  double worst = (a.cell.vectors - b.cell.vectors).cwiseAbs().maxCoeff();
  for (std::size_t i = 0; i < a.size(); ++i) {
    Vector3d f = edges.inverse() * (a.positions[i] - b.positions[i]);
    for (std::size_t k = 0; k < 3; ++k)
      if (a.cell.periodic[k]) f[int(k)] -= std::round(f[int(k)]);
    worst = std::max(worst, (edges * f).cwiseAbs().maxCoeff());
  }
  return worst;
}

StructureReadOptions types(std::vector<int> numbers) {
  StructureReadOptions options;
  options.types = std::move(numbers);
  return options;
}

StructureReadOptions frame(int number) {
  StructureReadOptions options;
  options.frame = number;
  return options;
}

StructureReadOptions box(double x, double y, double z) {
  StructureReadOptions options;
  options.box = Vector3d(x, y, z);
  return options;
}

const char* kDump =
    "ITEM: TIMESTEP\n5\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp ff\n-1 9\n-2 18\n0 30\n"
    "ITEM: ATOMS id element x y z c_pe\n2 Zr 4 8 15 -1.5\n1 Cu -1 -2 0 -2.5\n";

}  // namespace

TEST_CASE("the glass is the same as extended XYZ, LAMMPS data and LAMMPS dump") {
  if (!have_data()) return;
  const Atoms reference = read_structure(kGlass);
  CHECK(reference.size() == 4000);
  CHECK(number_density(reference) == approx(4000 / std::pow(40.190714808025604, 3)));
  CHECK(mass_density(reference) == approx(7.51).epsilon(1e-3));  // data/README.md
  const Atoms data = read_structure(kData + "glass/glass_300K.data");
  const Atoms dump = read_structure(kData + "glass/glass_300K.dump");
  CHECK(largest_difference(dump, reference) < 1e-5);  // the dump has six digits
  CHECK(largest_difference(data, dump) < 1e-4);
  CHECK(dump.labels.at("vx").columns == 1);
  CHECK(reference.labels.at("vel_A_per_ps").columns == 3);
}

TEST_CASE("a real data file without style hint, with Fortran numbers") {
  if (!have_data()) return;
  const std::string path = kData + "formats/init_config_Cu64.5Zr35.5_1.0e+10.lammps";
  const Atoms atoms = read_structure(path, types({29, 40}));
  CHECK(atoms.size() == 5000);
  CHECK(std::count(atoms.numbers.begin(), atoms.numbers.end(), 29) == 3225);
  CHECK(atoms.cell.lengths().isApproxToConstant(42.9926));
  CHECK(atoms.positions[0].isApprox(Vector3d(2.585995, 23.3054832, 41.120428), 1e-9));
  CHECK(contains(([&] {
                   try {
                     read_structure(path);
                   } catch (const Error& e) {
                     return std::string(e.what());
                   }
                   return std::string();
                 })(),
                 "types"));
}

TEST_CASE("models centred on the origin, one with comment and count swapped") {
  if (!have_data()) return;
  for (const char* name :
       {"femsim/Zr50Cu35Al15_t1_final.xyz", "femsim/Zr50Cu35Al15_t3_final.xyz"}) {
    CAPTURE(name);
    const Atoms atoms = read_structure(kData + name);
    CHECK(atoms.size() == 1250);
    CHECK(atoms.cell.lengths().isApproxToConstant(28.28427));
    for (const auto& r : atoms.positions) {
      CHECK(r.minCoeff() >= -1e-3);
      CHECK(r.maxCoeff() <= 28.28427 + 1e-3);
    }
  }
}

TEST_CASE("a finite particle keeps its info and is not periodic") {
  if (!have_data()) return;
  const Atoms atoms = read_structure(kData + "aet/MG_nanoparticle_18356_CoPdPt.xyz");
  CHECK(atoms.size() == 18356);
  CHECK(!atoms.cell.periodic[0]);
  CHECK(atoms.info.at("units") == "angstrom");
  CHECK(contains(atoms.info.at("note"), "Pt=Ir/Pt"));
}

TEST_CASE("what is written is read back: positions to 1e-8, labels and info exactly") {
  Atoms atoms;
  atoms.cell.vectors << 10, 0, 0, 1.25, 11, 0, -2, 3, 12.123456789012345;
  atoms.cell.periodic = {true, false, true};
  atoms.add(29, {0.123456789012, 1e-9, -3.5});
  atoms.add(40, {9.999999999, 10.0 / 3, 1234.5678901234});
  atoms.labels["motif"].values = std::vector<std::int64_t>{0, -7};
  atoms.labels["axis"] = {3, std::vector<double>{0.1, 1.0 / 3, 1e-300, -1, 2, 1e22}};
  atoms.labels["kind"].values = std::vector<std::string>{"matrix", "ico"};
  atoms.info["seed"] = "18446744073709551615";
  atoms.info["note"] = "a \"quoted\" = {odd} \\ note";
  const TemporaryFile file("");
  write_extxyz(atoms, file.path);
  const Atoms back = read_structure(file.path);
  CHECK(largest_difference(back, atoms) < 1e-8);
  CHECK(back.cell.vectors == atoms.cell.vectors);
  CHECK(back.cell.periodic == atoms.cell.periodic);
  CHECK(back.info == atoms.info);
  REQUIRE(back.labels.size() == 3);
  for (const auto& [name, label] : atoms.labels) {
    CHECK(back.labels.at(name).columns == label.columns);
    CHECK(back.labels.at(name).values == label.values);
  }
}

TEST_CASE("a piece without a cell needs no cell where none is needed") {
  StructureReadOptions loose;
  loose.need_cell = false;
  const Atoms atoms = read("1\n\nCu 1 2 3\n", loose);
  CHECK(atoms.cell.vectors.isZero());
  CHECK(!atoms.cell.periodic[2]);
  CHECK(contains(complaint("1\n\nCu 1 2 3\n"), "box"));
}

TEST_CASE("six numbers of a plain comment are bounds or a cell") {
  const Atoms bounds = read("1\n-5 5 -6 6 0 8\nCu 1 2 3\n");
  CHECK(bounds.cell.lengths().isApprox(Vector3d(10, 12, 8)));
  CHECK(bounds.positions[0].isApprox(Vector3d(6, 8, 3)));
  const Atoms cell = read("1\n10 12 8 90 90 120\nCu 1 2 3\n");
  CHECK(cell.cell.volume() == approx(10 * 12 * 8 * std::sqrt(0.75)));
  CHECK(contains(complaint("1\n-5 5 -6 6 0 -8\nCu 1 2 3\n"), "no box"));
}

TEST_CASE("a dump: ids sorted, corner subtracted, borders and labels kept") {
  const Atoms atoms = read(kDump);
  CHECK(atoms.numbers == std::vector<int>{29, 40});
  CHECK(atoms.positions[0].isZero());
  CHECK(atoms.positions[1].isApprox(Vector3d(5, 10, 15)));
  CHECK(!atoms.cell.periodic[2]);
  CHECK(std::get<std::vector<double>>(atoms.labels.at("c_pe").values) ==
        std::vector<double>{-2.5, -1.5});
}

TEST_CASE("a tilted dump gives the cell, not its bounding box; scaled and unwrapped positions") {
  const std::string head =
      "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS xy xz yz pp pp pp\n"
      "-1 23 -3\n-2 16 2\n0 10 -1\n";  // lo = (2, -1, 0), edges (19, 17, 10)
  const Atoms scaled = read(head + "ITEM: ATOMS id type xs ys zs\n1 1 0.5 0.5 0.5\n", types({29}));
  Eigen::Matrix3d expected;
  expected << 19, 0, 0, -3, 17, 0, 2, -1, 10;
  CHECK(scaled.cell.vectors.isApprox(expected));
  CHECK(scaled.positions[0].isApprox(0.5 * expected.colwise().sum().transpose()));
  const Atoms plain = read(head + "ITEM: ATOMS id mass x y z\n1 63.55 11 7 5\n");
  CHECK(plain.numbers[0] == 29);
  CHECK(plain.positions[0].isApprox(Vector3d(9, 8, 5)));
  const Atoms unwrapped = read(head + "ITEM: ATOMS id element xu yu zu\n1 Cu 30 7 5\n");
  CHECK(unwrapped.positions[0].isApprox(Vector3d(9, 8, 5)));
}

TEST_CASE("frames: the last by default, any by number, none beyond the end") {
  std::string second = kDump;
  second.replace(second.find("TIMESTEP\n5"), 10, "TIMESTEP\n6");
  const std::string both = kDump + second;
  CHECK(read(both).info.at("timestep") == "6");
  CHECK(read(both, frame(0)).info.at("timestep") == "5");
  CHECK(read(both, frame(-2)).info.at("timestep") == "5");
  CHECK(contains(complaint(both, frame(2), Fault::usage), "2 frames"));
  const std::string xyz = "1\n9 9 9\nCu 1 2 3\n";
  CHECK(read(xyz + "1\n8 8 8\nZr 1 2 3\n").numbers[0] == 40);
  CHECK(read(xyz + "1\n8 8 8\nZr 1 2 3\n", frame(0)).cell.lengths().x() == 9);
}

TEST_CASE("a gzip file is unpacked, a truncated one refused") {
  const TemporaryFile file("", ".dump.gz");
  gzFile out = gzopen(file.path.c_str(), "wb");
  gzputs(out, kDump);
  gzclose(out);
  CHECK(read_structure(file.path).size() == 2);
  std::filesystem::resize_file(file.path, std::filesystem::file_size(file.path) - 12);
  CHECK_THROWS_AS(read_structure(file.path), Error);
}

TEST_CASE("LAMMPS data: styles by hint and by columns, elements by mass, unsorted ids, tilt") {
  const std::string head =
      "title\n\n2 atoms\n2 atom types\n0 10 xlo xhi\n0 10 ylo yhi\n0 10 zlo zhi\n";
  const std::string masses = "\nMasses\n\n1 63.546 # Cu\n2 91.2\n\n";
  const auto check = [&](const std::string& section) {
    CAPTURE(section);
    const Atoms atoms = read(head + masses + section);
    CHECK(atoms.numbers == std::vector<int>{29, 40});
    CHECK(atoms.positions[0].isApprox(Vector3d(1, 2, 3)));
    CHECK(atoms.positions[1].isApprox(Vector3d(4, 5, 6)));
  };
  check("Atoms\n\n2 2 4 5 6\n1 1 1.0D0 2 3\n");
  check("Atoms # atomic\n\n2 2 4 5 6 0 0 -1\n1 1 1 2 3 0 0 0\n");
  check("Atoms\n\n2 2 4 5 6 0 0 -1\n1 1 +1 2 3 0 0 0\n\nVelocities\n\n1 0 0 0\n2 0 0 0\n");
  check("Atoms\n\n2 2 -0.5 4 5 6\n1 1 0.5 1 2 3\n");
  check("Atoms # charge\n\n2 2 1 4 5 6\n1 1 1 1 2 3\n");
  check("Atoms # molecular\n\n2 1 2 4 5 6\n1 1 1 1 2 3\n");
  check("Atoms\n\n2 1 2 0.0 4 5 6\n1 1 1 0.0 1 2 3\n");
  CHECK(contains(complaint(head + masses + "Atoms\n\n2 2 1 4 5 6\n1 1 1 1 2 3\n"), "# charge"));
  CHECK(contains(complaint(head + masses + "Atoms # dipole\n\n2 2 1 4 5 6\n"), "dipole"));
  CHECK(contains(complaint(head + masses + "Atoms\n\n2 2 4 5 6\n2 1 1 2 3\n"), "twice"));
  CHECK(contains(complaint(head + masses + "Atoms\n\n2 2 4 5 6\n"), "after 1 of 2 atoms"));
  CHECK(contains(complaint(head + masses + "Atoms\n\n2 2 4 5 6\n1 1 1 2 3\n3 1 1 2 3\n"), "count"));
  CHECK(contains(complaint(head + masses + "Atoms\n\n2 3 4 5 6\n1 1 1 2 3\n"), ":16: atom type 3"));
  CHECK(
      contains(complaint(head + "\nMasses\n\n1 63.546\n2 80.5\n\nAtoms\n\n1 1 1 2 3\n2 2 4 5 6\n"),
               "types"));
  CHECK(contains(complaint(head), "Atoms is missing"));
}

TEST_CASE("every mistake is named with line and remedy") {
  const std::string cell = "Lattice=\"9 0 0 0 9 0 0 0 9\" Properties=species:S:1:pos:R:3";
  const auto one = [&](const std::string& line) { return complaint("1\n" + cell + "\n" + line); };
  CHECK(contains(one("Cu 1 nan 3\n"), ":3: y in column 3 is nan"));
  CHECK(contains(one("Cu 1 2 inf\n"), ":3: z in column 4 is inf"));
  CHECK(contains(one("Cu 1 2 three\n"), ":3: z is expected in column 4, found 'three'"));
  CHECK(contains(one("Qq 1 2 3\n"), ":3: 'Qq' is no element"));
  CHECK(contains(one("Cu 1 2\n"), "has 3 columns, 4 are expected"));
  CHECK(contains(one("Cu 1 2 3 4\n"), "has 5 columns, 4 are expected"));
  CHECK(contains(one("1 1 2 3\n"), "types"));
  CHECK(contains(one(""), "too early"));
  CHECK(contains(one("Cu 1 2 3\nCu 1 2 3\n"), "is the count wrong"));
  CHECK(contains(complaint("0\n9 9 9\n"), "at least 1"));
  CHECK(contains(complaint("-3\n9 9 9\n"), "at least 1"));
  CHECK(contains(complaint("999999999999\n9 9 9\nCu 1 2 3\n"), "cut short"));
  CHECK(contains(complaint("1\n0 9 9\nCu 1 2 3\n"), "no box"));
  CHECK(contains(complaint("1\nLattice=\"1 2 3\"\nCu 1 2 3\n"), "9 are expected"));
  CHECK(contains(complaint("1\nLattice=\"9 0 0 0 9 0 9 0 0\"\nCu 1 2 3\n"), "no volume"));
  CHECK(contains(complaint("1\nLattice=\"9 0 0\nCu 1 2 3\n"), "not closed"));
  CHECK(contains(complaint("1\nProperties=species:S:1:pos:R:2\nCu 1 2\n"), "pos:R:3"));
  CHECK(contains(complaint("1\nProperties=species:X:1\nCu 1 2 3\n"), "kind 'X'"));
  CHECK(contains(complaint(""), "empty"));
  CHECK(contains(complaint("hello\nworld\n"), "not recognised"));
  CHECK(contains(complaint("ITEM: TIMESTEP\n1\n"), "cut short"));
  CHECK(contains(complaint("1\n9 9 9\nCu 1 2 3\n", box(8, 8, 8), Fault::usage), "box"));
  CHECK(contains(complaint("1\n\nCu 1 2 3\n", box(8, -8, 8), Fault::usage), "positive"));
  CHECK_THROWS_AS(read_structure("/nonexistent/file.xyz"), Error);
  CHECK_THROWS_AS(read_structure("/tmp"), Error);
}

TEST_CASE("a text cut at any byte is read or refused, never misread as more") {
  const std::string whole = kDump;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const TemporaryFile file(whole.substr(0, n));
    bool refused = false;
    try {
      read_structure(file.path);
    } catch (const Error& e) {
      refused = e.fault() == Fault::input;
    }
    CHECK(refused == (n + 4 < whole.size()));  // only the last number, -2.5, can be cut unseen
  }
}

TEST_CASE("a list of elements") {
  CHECK(parse_elements("Cu,Zr") == std::vector<int>{29, 40});
  CHECK(parse_elements("Cu, Zr,13") == std::vector<int>{29, 40, 13});
  for (const char* wrong : {"", "Cu,", "Cu,,Zr", "Cu;Zr", "cu"})
    CHECK_THROWS_AS(parse_elements(wrong), Error);
}
