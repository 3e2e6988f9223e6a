// Files made to break their readers are refused by name, in no time and with no memory: what the
// fuzz targets of tests/fuzz found, and what was found by reading. Sizes, counts and depths that a
// file states but does not hold; text that makes a recursion deep; numbers that no type holds.
#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <complex>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include "base/error.hpp"
#include "io/hdf5_values.hpp"
#include "io/pattern_frames.hpp"
#include "io/potential_file.hpp"
#include "io/structure_file.hpp"

using namespace vitrobeam;

namespace {

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("vitrobeam_hostile_" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string save(const std::string& name, const std::string& bytes) const {
    const auto file = path / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes;
    return file.string();
  }
};

// Refused by its name, within what a slow machine takes under sanitizers; the message.
std::string refusal(const std::string& path, const std::function<void()>& read) {
  const auto start = std::chrono::steady_clock::now();
  std::string text;
  try {
    read();
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::input);
    text = e.what();
  }
  CHECK(text.find(path) != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
  return text;
}

StructureReadOptions any_cell() {
  StructureReadOptions options;
  options.need_cell = false;
  return options;
}

std::string refuses_atoms(const std::string& name, const std::string& content) {
  const Folder folder;
  const std::string path = folder.save(name, content);
  return refusal(path, [&] { read_structure(path, any_cell()); });
}

std::string refuses_frames(const std::string& path) {
  return refusal(path, [&] { open_frames(path, {}).read(0, 1); });
}

template <typename T>
std::string little(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

const std::string kCell =
    "data_a\n_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4\n_cell_angle_alpha 90\n"
    "_cell_angle_beta 90\n_cell_angle_gamma 90\n";
const std::string kSites =
    "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n";

}  // namespace

TEST_CASE("counts of atoms that no file holds") {
  for (const char* count : {"9223372036854775807", "9223372036854775806", "1000000"})
    refuses_atoms("a.xyz", count + std::string("\n\nCu 0 0 0\n"));
  refuses_atoms("a.vasp",
                "a\n1\n4 0 0\n0 4 0\n0 0 4\nCu Zr\n9223372036854775807 9223372036854775807\n"
                "Direct\n0 0 0\n");
  refuses_atoms("a.dump",
                "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n9223372036854775807\nITEM: BOX BOUNDS "
                "pp pp pp\n0 4\n0 4\n0 4\nITEM: ATOMS id element x y z\n1 Cu 0 0 0\n");
  refuses_atoms("a.data",
                "a\n9223372036854775807 atoms\n9223372036854775807 atom types\n0 4 xlo xhi\n0 4 "
                "ylo yhi\n0 4 zlo zhi\n\nMasses\n\n1 63.5\n\nAtoms # atomic\n\n1 1 0 0 0\n");
}

TEST_CASE("long lines make no deep recursion") {
  constexpr std::size_t kLong = 400000;
  const std::string blanks(kLong, ' '), digits(kLong, '1'), letters(kLong, 'x');
  const Folder folder;
  for (const std::string& comment :
       {"lattice" + blanks + "x", "CELL(abcABC):" + blanks + digits, "positions{" + letters + "}",
        "coordinates" + blanks + "in" + blanks, letters + "energy"}) {
    const std::string path = folder.save("a.xyz", "1\n" + comment + "\nCu 0 0 0\n");
    CHECK(read_structure(path, any_cell()).size() == 1);
  }
  refuses_atoms("a.cif", kCell + kSites + "OH" + digits + " 0 0 0\n");
  refuses_atoms("a.cif", kCell + "_symmetry_space_group_name_H-M '" + letters + "'\n" + kSites +
                             "Cu1 0 0 0\n");
  folder.save("scan.raw", "");
  refuses_frames(folder.save("a.xml", "<root><empad/><raw_file filename=\"" + letters + "\"/>"));
}

TEST_CASE("a crystal with more than matter holds") {
  std::string operations = "loop_\n_symmetry_equiv_pos_as_xyz\n", sites;
  for (int k = 0; k < 2000; ++k)
    operations += fmt::format("'x+{}/24,y+{}/24,z+{}/24'\n", k % 24, k / 24 % 24, k / 576);
  CHECK(refuses_atoms("a.cif", kCell + operations + kSites + "Cu1 0 0 0\n").find("operations") !=
        std::string::npos);
  for (std::size_t k = 0; k < 5000; ++k)
    sites += fmt::format("Cu{} {:.5f} {:.5f} {:.5f}\n", k, double(k * 7919 % 20011) / 20011,
                         double(k * 104729 % 20021) / 20021, double(k * 1299709 % 20023) / 20023);
  CHECK(
      refuses_atoms("a.cif", kCell + "_symmetry_space_group_name_H-M 'F m -3 m'\n" + kSites + sites)
          .find("atoms in a cell") != std::string::npos);
}

TEST_CASE("numbers of a crystal beyond what its cell can place") {
  for (const char* x : {"1e300", "-1e300", "1e12"})
    refuses_atoms("a.cif", kCell + kSites + "Cu1 " + x + " 0 0\n");
  std::string large = kCell;
  for (auto at = large.find(" 4\n"); at != std::string::npos; at = large.find(" 4\n"))
    large.replace(at, 3, " 1e200\n");
  refuses_atoms("a.cif", large + kSites + "Cu1 0 0 0\n");
  const std::string crystal = "CRYST1    4.000    4.000    4.000  90.00  90.00  90.00 P 1\n",
                    atom =
                        "ATOM      1 CU   MET A   1       1.000   1.000   1.000  1.00  0.00"
                        "          CU\n";
  std::string b = atom, x = atom, edge = crystal;
  b.replace(60, 6, "  9e99");
  x.replace(30, 8, "   1e300");
  edge.replace(6, 9, "    9e300");
  for (const std::string& text : {crystal + b, crystal + x, edge + atom})
    refuses_atoms("a.pdb", text);
}

TEST_CASE("frames numbered beyond any type, steps that are no numbers") {
  const Folder folder;
  std::string frames;
  for (const char* number : {"-9223372036854775808", "9223372036854775807"}) {
    std::string head =
        fmt::format("MQ1,{},00384,01,0005,0004,U16,   1x1,01,2021-01-01,0.001", number);
    head.resize(384, ' ');
    frames += head + std::string(40, '\1');
  }
  CHECK(open_frames(folder.save("a.mib", frames), {}).read(1, 1).size() == 20);
  std::string block =
      "IMGBLO" + little<std::uint16_t>(258) + little(240u) + little(246u) + little(0u);
  for (const std::uint16_t n : {4, 0, 2, 1, 0}) block += little(n);
  for (const double step : {std::nan(""), std::numeric_limits<double>::infinity()})
    block += little(step);
  block.resize(246, '\0');
  for (int k = 0; k < 2; ++k) block += "\xaa\x55id00" + std::string(16, '\2');
  const PatternFrames scan = open_frames(folder.save("a.blo", block), {});
  CHECK_FALSE(scan.step_x.has_value());
  CHECK_FALSE(scan.step_y.has_value());
}

TEST_CASE("arrays of Zarr of which nothing is stored") {
  const Folder folder;
  const auto array = [&](const std::string& name, const char* shape, const char* chunks) {
    folder.save(
        name + "/.zarray",
        fmt::format(R"({{"zarr_format": 2, "shape": {}, "chunks": {}, "dtype": "<f4", )"
                    R"("compressor": null, "fill_value": 0, "order": "C", "filters": null}})",
                    shape, chunks));
    return (folder.path / name).string();
  };
  refuses_frames(array("wide.zarr", "[1, 65536, 65536]", "[1, 4096, 4096]"));
  refuses_frames(array("small.zarr", "[1, 65536, 65536]", "[1, 1, 1]"));
  refuses_frames(array("large.zarr", "[1, 64, 64]", "[1, 20000, 20000]"));
  const auto sparse = open_frames(array("sparse.zarr", "[2, 512, 512]", "[1, 512, 512]"), {});
  CHECK(sparse.read(1, 1) == std::vector<float>(512 * 512, 0.0f));
}

TEST_CASE("names that fill the memory") {
  const Folder folder;
  const std::string path = (folder.path / "names.h5").string();
  {
    Hdf5Writer file(path);
    std::string at;
    for (int k = 0; k < 60; ++k) at += "/" + std::string(1000, 'n');
    file.write_number(at + "/0", 1.0);
    for (int k = 1; k < 3000; ++k) file.link(at + "/0", at + "/" + std::to_string(k));
    file.commit();
  }
  CHECK(refusal(path, [&] { Hdf5Reader(path).tree(); }).find("bytes of names") !=
        std::string::npos);
  const auto big = [](std::uint64_t value, int bytes) {
    std::string out;
    for (int k = bytes; k-- > 0;) out += char(value >> (8 * k) & 255);
    return out;
  };
  std::string tags;
  constexpr std::uint64_t kTags = 20000;
  for (std::uint64_t k = 0; k < kTags; ++k)  // a number without a name of its own
    tags += big(21, 1) + big(0, 2) + "%%%%" + big(1, 4) + big(10, 4) + "a";
  std::string root = big(0, 2) + big(1, 4), inner;
  for (int k = 0; k < 4; ++k)
    inner +=
        big(20, 1) + big(900, 2) + std::string(900, 'd') + big(0, 2) + big(k < 3 ? 1 : kTags, 4);
  root += inner + tags;
  refuses_frames(folder.save("a.dm3", big(3, 4) + big(root.size(), 4) + big(1, 4) + root));
}

TEST_CASE("a number that an HDF5 file does not hold") {
  const Folder folder;
  const std::string path = (folder.path / "empty.h5").string();
  {
    Hdf5Writer file(path);
    file.write("/number", std::vector<double>{});
    file.write_strings("/text", {});
    file.commit();
  }
  const Hdf5Reader file(path);
  refusal(path, [&] { number_at(file, "/number"); });
  refusal(path, [&] { text_at(file, "/text"); });
}

TEST_CASE("a stored exponential of another shape, which nothing asked for") {
  const Folder folder;
  const std::string path = (folder.path / "potential.h5").string();
  constexpr std::size_t kSide = 16, kSlices = 4;
  const auto save = [&](std::size_t side) {
    Hdf5Writer file(path);
    file.write("/potential/slices", Stack<float>({1, kSlices, kSide, kSide}, 0.f));
    const std::complex<float> one(1, 0);
    file.write("/potential/transmission",
               Stack<std::complex<float>>({1, kSlices, side, side}, one));
    file.commit();
  };
  Configurations configurations;
  configurations.atoms.cell = Cell::orthogonal(4, 4, 8);
  SimulationSettings settings;
  settings.nx = settings.ny = int(kSide);
  settings.slice = 2;
  settings.potential.oversampling = 1;
  save(kSide);
  CHECK_NOTHROW(check_potential(path, {}, configurations, settings));
  save(2);
  refusal(path, [&] { check_potential(path, {}, configurations, settings); });
}
