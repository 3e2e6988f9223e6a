// CIF, PDB, POSCAR and Kirkland's xyz: the same atoms as in every other format, the symmetry
// carried out, occupancies and displacements kept; trajectories frame by frame.
#include <doctest/doctest.h>

#include <Eigen/LU>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numbers>

#include "base/error.hpp"
#include "io/structure_file.hpp"
#include "models/neighbours.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

const std::string kFiles = std::string(VITROBEAM_SOURCE_DIR) + "/tests/structures/";

struct TemporaryFile {
  std::string path;
  explicit TemporaryFile(const std::string& content)
      : path(
            (std::filesystem::temp_directory_path() / (std::to_string(std::uintptr_t(this)) + ".x"))
                .string()) {
    std::ofstream(path) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path); }
};

Atoms read(const std::string& content, const StructureReadOptions& options = {}) {
  return read_structure(TemporaryFile(content).path, options);
}

std::string complaint(const std::string& content, const StructureReadOptions& options = {}) {
  try {
    read(content, options);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE(text);
  return found;
}

// The largest distance from an atom of `a` to the nearest atom of the same element of `b`, images
// included; the order of the atoms does not matter.
double farthest(const Atoms& a, const Atoms& b) {
  REQUIRE(a.size() == b.size());
  const Eigen::Matrix3d edges = b.cell.vectors.transpose();
  double worst = (a.cell.vectors - b.cell.vectors).cwiseAbs().maxCoeff();
  for (std::size_t i = 0; i < a.size(); ++i) {
    double nearest = 1e300;
    for (std::size_t j = 0; j < b.size(); ++j) {
      if (a.numbers[i] != b.numbers[j]) continue;
      Vector3d f = edges.inverse() * (a.positions[i] - b.positions[j]);
      for (int k = 0; k < 3; ++k) f[k] -= std::round(f[k]);
      nearest = std::min(nearest, (edges * f).norm());
    }
    worst = std::max(worst, nearest);
  }
  return worst;
}

StructureReadOptions types(std::vector<int> numbers) {
  StructureReadOptions options;
  options.types = std::move(numbers);
  return options;
}

std::string cif(const std::string& sites, const std::string& more = "",
                const std::string& cell = "4 4 4 90 90 90") {
  double v[6];
  std::sscanf(cell.c_str(), "%lf %lf %lf %lf %lf %lf", v, v + 1, v + 2, v + 3, v + 4, v + 5);
  return fmt::format(
             "# a comment\ndata_test\n_cell_length_a {}(2)\n_cell_length_b {}\n_cell_length_c {}\n"
             "_cell_angle_alpha {}\n_cell_angle_beta {}\n_cell_angle_gamma {}\n",
             v[0], v[1], v[2], v[3], v[4], v[5]) +
         more + "\nloop_\n" + sites;
}

const char* kPlain =
    "_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n";

}  // namespace

TEST_CASE("the fragment is the same in every format") {
  const Atoms reference = read_structure(kFiles + "frag.extxyz");
  CHECK(reference.size() == 147);
  StructureReadOptions boxed;
  boxed.box = Vector3d(16, 17, 18);
  CHECK(farthest(read_structure(kFiles + "frag.xyz", boxed), reference) < 1e-8);
  CHECK(farthest(read_structure(kFiles + "frag.data", types({29, 40})), reference) < 1e-8);
  CHECK(farthest(read_structure(kFiles + "POSCAR_frag_cart"), reference) < 1e-8);
  CHECK(farthest(read_structure(kFiles + "POSCAR_frag_direct"), reference) < 1e-8);
  CHECK(farthest(read_structure(kFiles + "frag.cif"), reference) < 2e-4);  // five decimals
  CHECK(farthest(read_structure(kFiles + "frag.pdb"), reference) < 1e-3);  // three decimals
  CHECK(read_structure(kFiles + "frag.pdb").labels.empty());
  const Atoms tilted = read_structure(kFiles + "frag_tric.extxyz");
  CHECK(farthest(read_structure(kFiles + "frag_tric.data", types({29, 40})), tilted) < 1e-8);
  CHECK(farthest(read_structure(kFiles + "POSCAR_frag_tric"), tilted) < 1e-8);
  CHECK(farthest(read_structure(kFiles + "frag_tric.cif"), tilted) < 5e-4);
}

TEST_CASE("CIF: operations listed, named by Hall, by Hermann-Mauguin and by number") {
  const std::string corner = std::string(kPlain) + "Cu1 0 0 0\n";
  CHECK(read(cif(corner)).size() == 1);
  for (const char* group :
       {"_symmetry_space_group_name_H-M 'F m -3 m'", "_space_group_name_H-M_alt 'Fm-3m'",
        "_space_group_name_Hall '-F 4 2 3'", "_space_group_IT_number 225",
        "_symmetry_Int_Tables_number 225"}) {
    CAPTURE(group);
    const Atoms fcc = read(cif(corner, group));
    CHECK(fcc.size() == 4);  // 192 operations, one special position
    CHECK(closest_pair(fcc).distance == approx(4 / std::sqrt(2.0)));
  }
  const Atoms listed = read(cif(corner + "Zr1 0.25(1) 0.25 0.25\n",
                                "loop_\n_symmetry_equiv_pos_as_xyz\n'x,y,z'\n'-x,-y,-z'\n'x+1/2, "
                                "y+1/2, z'\n'-x+1/2,-y+1/2,-z'"));
  CHECK(listed.size() == 6);
  // diamond: origin choice 2 puts the atoms on 8a at 1/8
  const Atoms diamond =
      read(cif(std::string(kPlain) + "Si .125 .125 .125\n",
               "_space_group_name_H-M_alt 'F d -3 m :2'", "5.43 5.43 5.43 90 90 90"));
  CHECK(diamond.size() == 8);
  CHECK(closest_pair(diamond).distance == approx(5.43 * std::sqrt(3.0) / 4));
  const Atoms hcp = read(cif(std::string(kPlain) + "Zr 0.333 0.667 0.25\n",
                             "_space_group_IT_number 194", "3.232 3.232 5.147 90 90 120"));
  CHECK(hcp.size() == 2);
  CHECK(hcp.cell.volume() == approx(3.232 * 3.232 * 5.147 * std::sqrt(0.75)));
  CHECK(contains(complaint(cif(corner, "_space_group_name_H-M_alt 'Q 7'")), "not known"));
  CHECK(contains(complaint(cif(corner,
                               "_space_group_IT_number 225\nloop_\n"
                               "_space_group_symop_operation_xyz\nx,y,z")),
                 "has 192 operations, the file lists only one"));
}

TEST_CASE("CIF: Cartesian sites, occupancy, U and B, isotropic or not") {
  const Atoms cartesian =
      read(cif("_atom_site_type_symbol\n_atom_site_Cartn_x\n_atom_site_Cartn_y\n"
               "_atom_site_Cartn_z\nZr4+ 1 2 3\n"));
  CHECK(cartesian.numbers[0] == 40);
  CHECK(cartesian.positions[0].isApprox(Vector3d(1, 2, 3)));
  const std::string columns = std::string(kPlain) + "_atom_site_occupancy\n";
  const Atoms mixed = read(cif(columns + "Cu1 0 0 0 0.75\nZr1 0 0 0 .25(1)\nAl1 .5 .5 .5 .\n"));
  CHECK(std::get<std::vector<double>>(mixed.labels.at("occupancy").values) ==
        std::vector<double>{0.75, 0.25, 1});
  CHECK(mixed.labels.count("u_rms") == 0);
  const auto u = [](const std::string& content) {
    return std::get<std::vector<double>>(read(content).labels.at("u_rms").values)[0];
  };
  const double b = 8 * std::numbers::pi * std::numbers::pi * 0.0081;
  CHECK(u(cif(std::string(kPlain) + "_atom_site_U_iso_or_equiv\nCu1 0 0 0 0.0081\n")) ==
        approx(0.09));
  CHECK(u(cif(std::string(kPlain) + fmt::format("_atom_site_B_iso_or_equiv\nCu1 0 0 0 {}\n", b))) ==
        approx(0.09));
  const std::string aniso =
      "\nloop_\n_atom_site_aniso_label\n_atom_site_aniso_U_11\n_atom_site_aniso_U_22\n"
      "_atom_site_aniso_U_33\n_atom_site_aniso_U_12\n_atom_site_aniso_U_13\n_atom_site_aniso_U_"
      "23\n";
  CHECK(u(cif(std::string(kPlain) + "Cu1 0 0 0\n" + aniso + "Cu1 0.005 0.010 0.0093 0 0 0\n")) ==
        approx(0.09));
  // An isotropic motion in a hexagonal cell has U12 = U11 / 2.
  CHECK(
      u(cif(std::string(kPlain) + "Cu1 0 0 0\n" + aniso + "Cu1 0.0081 0.0081 0.0081 0.00405 0 0\n",
            "", "3 3 5 90 90 120")) == approx(0.09));
  CHECK(contains(complaint(cif(columns + "Cu1 0 0 0 1.5\n")), "occupancy 1.5"));
  CHECK(contains(complaint(cif(std::string(kPlain) + "Cu1 0 0 ?\n")), "no position"));
  CHECK(contains(complaint(cif(std::string(kPlain) + "Qq1 0 0 0\n")), "is no element"));
  CHECK(contains(complaint(cif(kPlain + std::string("Cu1 0 0\n"))), "not valid CIF"));
  CHECK(contains(complaint("data_x\n_cell_length_a 4\n"), "no data block has atom sites"));
  CHECK(
      contains(complaint("data_x\n_cell_length_a 4\nloop_\n" + std::string(kPlain) + "Cu 0 0 0\n"),
               "_cell_length_b is missing"));
}

TEST_CASE("PDB: cell, models as frames, occupancy and B, symmetry") {
  const std::string cell = "CRYST1   10.000   11.000   12.000  90.00  90.00  90.00 P 1\n";
  const auto atom = [](const char* name, double x, const char* rest) {
    return fmt::format("HETATM    1 {:<4} MOL     1    {:8.3f}{:8.3f}{:8.3f}{}\n", name, x, 2.0,
                       3.0, rest);
  };
  const std::string first = atom("CU", 1, "  0.50  0.64          CU"),
                    second = atom("ZR", 4, "  1.00  0.00          ZR");
  const TemporaryFile file("REMARK a\n" + cell + "MODEL        1\n" + first +
                           "ENDMDL\nMODEL        2\n" + second + first + "ENDMDL\nEND\n");
  const Trajectory models(file.path);
  REQUIRE(models.size() == 2);
  CHECK(models.frame(0).size() == 1);
  const Atoms both = models.frame(1);
  CHECK(both.numbers == std::vector<int>{40, 29});
  CHECK(both.positions[0].isApprox(Vector3d(4, 2, 3)));
  CHECK(both.cell.lengths().isApprox(Vector3d(10, 11, 12)));
  CHECK(std::get<std::vector<double>>(both.labels.at("occupancy").values)[1] == 0.5);
  CHECK(std::get<std::vector<double>>(both.labels.at("u_rms").values)[1] ==
        approx(std::sqrt(0.64 / (8 * std::numbers::pi * std::numbers::pi))).epsilon(1e-6));
  CHECK(
      read("CRYST1   10.000   11.000   12.000  90.00  90.00  90.00 P 21 21 21\n" + first).size() ==
      4);
  CHECK(contains(complaint(first), "box"));  // no CRYST1
  CHECK(contains(complaint("CRYST1    1.000    1.000    1.000  90.00  90.00  90.00 P 1\n" + first),
                 "box"));
}

TEST_CASE("POSCAR: scale, volume, titles of VASP 4, selective dynamics, mistakes") {
  const auto file = [](const std::string& scale, const std::string& rest) {
    return "Cu Zr\n" + scale + "\n2 0 0\n0 2 0\n1 0 2\n" + rest;
  };
  const std::string direct = "Direct\n0.5 0.5 0.5 T T F\n0 0 0\n";
  const Atoms plain = read(file("2.0", "Cu Zr\n1 1\n" + direct));
  CHECK(plain.numbers == std::vector<int>{29, 40});
  CHECK(plain.cell.vectors.row(2).isApprox(Eigen::RowVector3d(2, 0, 4)));
  CHECK(plain.positions[0].isApprox(Vector3d(3, 2, 2)));
  CHECK(read(file("-64", "Cu_pv Zr_sv\n1 1\n" + direct)).positions[0].isApprox(Vector3d(3, 2, 2)));
  CHECK(read(file("2 2 2", "1 1\nSelective dynamics\n" + direct)).numbers == plain.numbers);
  CHECK(read(file("2.0", "1 1\n" + direct), types({13, 28})).numbers == std::vector<int>{13, 28});
  CHECK(read(file("2.0", "Cu Zr\n1 1\nCartesian\n1.5 1 1\n0 0 0\n"))
            .positions[0]
            .isApprox(Vector3d(3, 2, 2)));
  CHECK(contains(complaint(file("2.0", "Cu Zr\n1 2\n" + direct)), "atom 2 of 2 of element Zr"));
  CHECK(contains(complaint(file("2.0", "Cu\n1 1 1\n" + direct)), "types"));
  CHECK(contains(complaint(file("0", "Cu Zr\n1 1\n" + direct)), "scale is 0"));
}

TEST_CASE(
    "Kirkland's xyz: what is written is read back; other cells and atoms outside are refused") {
  Atoms atoms;
  atoms.cell = Cell::orthogonal(8, 9, 10.5);
  atoms.add(29, {0.125, 1, 2});
  atoms.add(40, {7.9999999999, 8, 0});
  const TemporaryFile file("");
  write_kirkland_xyz(atoms, file.path);
  Atoms back = read_structure(file.path);
  CHECK(farthest(back, atoms) < 1e-9);
  CHECK(back.labels.empty());
  atoms.labels["occupancy"].values = std::vector<double>{1, 0.5};
  atoms.labels["u_rms"].values = std::vector<double>{0.085, 0};
  write_kirkland_xyz(atoms, file.path);
  back = read_structure(file.path);
  CHECK(back.numbers == atoms.numbers);
  for (const char* name : {"occupancy", "u_rms"})
    CHECK(back.labels.at(name).values == atoms.labels.at(name).values);
  atoms.positions[0].z() = -0.1;
  CHECK_THROWS_AS(write_kirkland_xyz(atoms, file.path), Error);
  atoms.positions[0].z() = 1;
  atoms.cell.vectors(1, 0) = 1;
  CHECK_THROWS_AS(write_kirkland_xyz(atoms, file.path), Error);
  CHECK(read("one silicon\n  5 5 5\n 14 1.0 2.0 3.0 1.0 0.076\n  -1\n").numbers[0] == 14);
  CHECK(contains(complaint("c\n5 5 5\n14 1 2 3 1.5 0\n-1\n"), "occupancy is 1.5"));
  CHECK(contains(complaint("c\n5 0 5\n14 1 2 3 1 0\n-1\n"), "positive edges"));
}

TEST_CASE("trajectories give their frames one by one, each as read alone") {
  const std::string xyz =
      "1\nLattice=\"9 0 0 0 9 0 0 0 9\" Properties=species:S:1:pos:R:3 t=0\nCu 1 2 3\n"
      "2\nLattice=\"8 0 0 0 8 0 0 0 8\" Properties=species:S:1:pos:R:3 t=1\nCu 1 2 3\nZr 4 5 6\n";
  const TemporaryFile file(xyz);
  const Trajectory t(file.path);
  REQUIRE(t.size() == 2);
  CHECK(t.frame(0).info.at("t") == "0");
  CHECK(t.frame(1).size() == 2);
  CHECK(t.frame(1).cell.lengths().x() == 8);
  CHECK(t.frame(0).size() == 1);  // in any order
}
