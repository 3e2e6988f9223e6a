// Symmetry that a crystallographic file states is understood or refused; what it states of its
// content is checked against the atoms.
#include <doctest/doctest.h>

#include <sstream>

#include "io/cif_content.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"
#include "tests/approx.hpp"
#include "tests/read_text.hpp"

using namespace vitrobeam;

namespace {

using Read = ReadText;

Read read(const std::string& content, int frame = -1) {
  return read_text(content, with_frame(frame));
}

std::string cif(const std::string& more, const std::string& sites,
                const std::string& cell = "4 4 4 90 90 90") {
  std::string out = "data_x\n";
  std::istringstream words(cell);
  std::string word;
  for (const char* name :
       {"length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"}) {
    words >> word;
    out += std::string("_cell_") + name + " " + word + "\n";
  }
  return out + more + "\nloop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n" +
         "_atom_site_fract_z\n" + sites;
}

std::string group(const std::string& name) { return "_space_group_name_H-M_alt '" + name + "'\n"; }

const char* kAll = "Cu1 0 0 0\nCu2 .5 .5 0\nCu3 .5 0 .5\nCu4 0 .5 .5\n";
const char* kInversion = "loop_\n_space_group_symop_operation_xyz\nx,y,z\n-x,-y,-z\n";

}  // namespace

TEST_CASE("symbols in full, short, old and of databases are the same group") {
  for (const char* name : {"F m -3 m", "Fm-3m", "F 4/m -3 2/m", "F m 3 m", "Fm3m"}) {
    CAPTURE(name);
    CHECK(read(cif(group(name), "Cu1 0 0 0\n")).atoms.size() == 4);
  }
  // Pnma: 8 places of a general site
  for (const char* name : {"P n m a", "Pnma", "P 21/n 21/m 21/a"}) {
    CAPTURE(name);
    CHECK(read(cif(group(name), "Cu1 .1 .1 .1\n", "5 6 7 90 90 90")).atoms.size() == 8);
  }
  for (const char* name : {"P 21/c", "P 1 21/c 1", "P 2(1)/c", "P 2~1~/c", "P 2_1/c"}) {
    CAPTURE(name);
    CHECK(read(cif(group(name), "Cu1 .1 .1 .1\n", "5 6 7 90 100 90")).atoms.size() == 4);
  }
  for (const char* name : {"P 63/m m c", "P 63/m 2/m 2/c"})
    CHECK(read(cif(group(name), "Zr1 .3333 .6667 .25\n", "3 3 5 90 90 120")).atoms.size() == 2);
  for (const char* name : {"R -3 m H", "R -3 m :H", "R -3 m", "R -3 2/m"})
    CHECK(read(cif(group(name), "Sb1 0 0 .23\n", "4.3 4.3 11 90 90 120")).atoms.size() == 6);
  CHECK(read(cif(group("R -3 m"), "Sb1 .23 .23 .23\n", "4.5 4.5 4.5 57 57 57")).atoms.size() == 2);
}

TEST_CASE("symmetry that is not understood, or contradicts itself or the cell, is refused") {
  const auto error = [](const std::string& more, const std::string& cell = "4 4 4 90 90 90") {
    return read(cif(more, "Cu1 0 0 0\n", cell)).error;
  };
  const std::string one = "loop_\n_space_group_symop_operation_xyz\nx,y,z\n";
  CHECK(mentions(error(group("F 4/m -3 2/m") + one), "192 operations"));
  CHECK(mentions(error(group("W 1 2 3") + one), "not known"));
  CHECK(mentions(error(group("P m -3 m") + kInversion), "48 operations"));
  CHECK(mentions(error(group("F m -3 m") + "_space_group_IT_number 221\n"), "225"));
  CHECK(mentions(error(group("F m -3 m") + "_space_group_name_Hall '-P 4 2 3'\n"), "Hall"));
  CHECK(mentions(error("loop_\n_space_group_symop_operation_xyz\nx,y,z\n-y,x,z\n"), "no group"));
  CHECK(mentions(error(group("F m -3 m"), "4 4 5 90 90 90"), "does not have the symmetry"));
  CHECK(mentions(error(group("P 63/m m c"), "3 3 5 90 90 90"), "does not have the symmetry"));
  CHECK(mentions(error("_space_group_IT_number 231\n"), "1 to 230"));
  CHECK(mentions(error("_space_group_magn.name_BNS \"P 2'\"\n"), "magnetic"));
  CHECK(mentions(error("loop_\n_space_group_symop_magn_operation.xyz\nx,y,z,+1\n-x,-y,-z,-1\n"),
                 "magnetic"));
  CHECK(mentions(error("_cell_modulation_dimension 1\n"), "modulated"));
  const Read none = read(cif("", "Cu1 0 0 0\n"));
  REQUIRE(none.notes.size() == 1);
  CHECK(mentions(none.notes[0], "no symmetry"));
}

TEST_CASE("an origin that is left open is settled by what the file states, or asked for") {
  const std::string site = "Si1 .125 .125 .125\n", cell = "5.43 5.43 5.43 90 90 90";
  const std::string facts = "_cell_formula_units_Z 8\n_chemical_formula_sum Si\n";
  CHECK(mentions(read(cif(group("F d -3 m"), site, cell)).error, "left open"));
  CHECK(mentions(read(cif("_space_group_IT_number 227\n", site, cell)).error, "left open"));
  CHECK(read(cif(group("F d -3 m") + facts, site, cell)).atoms.size() == 8);
  CHECK(read(cif("_space_group_IT_number 227\n" + facts, site, cell)).atoms.size() == 8);
  CHECK(read(cif(group("F d -3 m") + "_space_group_IT_coordinate_system_code 2\n", site, cell))
            .atoms.size() == 8);
  for (const char* name : {"F d -3 m :2", "F d -3 m Z", "Fd-3m:2", "F d -3 m (origin choice 2)"}) {
    CAPTURE(name);
    CHECK(read(cif(group(name), site, cell)).atoms.size() == 8);
  }
  CHECK(read(cif(group("F d -3 m S"), "Si1 0 0 0\n", cell)).atoms.size() == 8);
  CHECK(mentions(read(cif("_space_group_IT_number 62\n", "Cu1 .1 .2 .3\n", "5 6 7 90 90 90")).error,
                 "left open"));
}

TEST_CASE("files that list every atom and state the symmetry give every atom once") {
  const Read listed = read(cif(group("F m -3 m"), kAll));
  CHECK(listed.atoms.size() == 4);
  REQUIRE(listed.notes.size() == 1);
  CHECK(mentions(listed.notes[0], "3 of 4 sites"));
  // of two elements each its own, mixed sites too
  const std::string mixed =
      "data_x\n_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4\n_cell_angle_alpha 90\n"
      "_cell_angle_beta 90\n_cell_angle_gamma 90\n" +
      group("F m -3 m") +
      "loop_\n_atom_site_label\n_atom_site_occupancy\n_atom_site_fract_x\n_atom_site_fract_y\n"
      "_atom_site_fract_z\nCu1 .5 0 0 0\nNi1 .5 0 0 0\nCu2 .5 .5 .5 0\nNi2 .5 .5 .5 0\n";
  const Atoms both = read(mixed).atoms;
  CHECK(both.size() == 8);
  CHECK(number_density(both) == approx(4.0 / 64));
  // one site more than symmetry knows is a site of its own
  CHECK(read(cif(group("F m -3 m"), std::string(kAll) + "Cu5 .25 .25 .25\n")).atoms.size() == 12);
  // the setting that knows the listed atoms as images is meant
  const std::string diamond =
      "Si1 .125 .125 .125\nSi2 .875 .875 .875\nSi3 .625 .625 .125\nSi4 .375 .375 .875\n"
      "Si5 .625 .125 .625\nSi6 .375 .875 .375\nSi7 .125 .625 .625\nSi8 .875 .375 .375\n";
  CHECK(read(cif(group("F d -3 m"), diamond, "5.43 5.43 5.43 90 90 90")).atoms.size() == 8);
}

TEST_CASE("a file is checked against its own formula, density, volume and multiplicities") {
  const auto error = [](const std::string& facts, const std::string& sites = kAll) {
    return read(cif(facts + group("P 1"), sites)).error;
  };
  CHECK(error("_chemical_formula_sum Cu4\n_cell_formula_units_Z 1\n") == "");
  CHECK(error("_chemical_formula_sum 'Cu'\n") == "");
  CHECK(mentions(error("_chemical_formula_sum Cu\n_cell_formula_units_Z 2\n"), "Cu4"));
  CHECK(mentions(error("_chemical_formula_sum 'Cu Ni'\n"), "Ni4"));
  CHECK(error("_exptl_crystal_density_diffrn 6.594\n") == "");
  CHECK(mentions(error("_exptl_crystal_density_diffrn 3.3\n"), "3.3"));
  CHECK(error("_cell_volume 64.2(3)\n") == "");
  CHECK(mentions(error("_cell_volume 60\n"), "60"));
  const std::string hydrate = "_chemical_formula_sum 'Cu4 H8 O4'\n_cell_formula_units_Z 1\n";
  const Read lacking = read(
      cif(hydrate + group("P 1"),
          std::string(kAll) + "O1 .25 .25 .25\nO2 .75 .75 .75\nO3 .25 .75 .75\nO4 .25 .25 .75\n"));
  CHECK(lacking.error == "");
  REQUIRE(lacking.notes.size() == 1);
  CHECK(mentions(lacking.notes[0], "left out"));
  const auto multiple = [](const char* m, const char* tag) {
    return read(
               "data_x\n_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4\n_cell_angle_alpha "
               "90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n" +
               group("F m -3 m") + "loop_\n_atom_site_label\n" + tag +
               "\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\nCu1 " + m +
               " 0 0 0\n")
        .error;
  };
  CHECK(multiple("4", "_atom_site_site_symmetry_multiplicity") == "");
  CHECK(mentions(multiple("8", "_atom_site_symmetry_multiplicity"), "4 images"));
  CHECK(multiple("4a", "_atom_site_Wyckoff_symbol") == "");
  CHECK(multiple("a", "_atom_site_Wyckoff_symbol") == "");
  CHECK(mentions(multiple("8c", "_atom_site_Wyckoff_symbol"), "4 images"));
}

TEST_CASE("a label is an element only if all of it but digits, charge and marks is one") {
  for (const auto& [label, z] :
       {std::pair{"Cu1", 29}, {"ZR12A", 40}, {"O(2)", 8},  {"Fe3+", 26}, {"C1'", 6}, {"FeM1", 26},
        {"OA1", 8},           {"D2", 1},     {"57Fe", 26}, {"Wat1", 0},  {"Vac", 0}, {"NO3", 0},
        {"OH1", 0},           {"X1", 0},     {"CA1", 0},   {"PO4", 0},   {"M1", 0},  {"Water", 0},
        {"H2O", 0},           {"H2A", 1},    {"", 0}}) {
    CAPTURE(label);
    CHECK(element_of_label(label) == z);
  }
  CHECK(element_of_symbol("CA") == 20);
  CHECK(element_of_symbol("Zr4+") == 40);
  CHECK(element_of_symbol("Wat") == 0);
  CHECK(mentions(read(cif(group("P 1"), "Wat1 0 0 0\n")).error, "Wat1"));
  const Read hydroxyl = read(cif(group("P 1"), "OH2 0 0 0\n"));
  CHECK(hydroxyl.atoms.numbers == std::vector<int>{8});
  CHECK(hydroxyl.notes.size() == 1);
  // the formula decides between calcium and carbon
  CHECK(read(cif(group("P 1") + "_chemical_formula_sum Ca\n", "CA1 0 0 0\n")).atoms.numbers[0] ==
        20);
  CHECK(parse_formula("C4 H4.5 O2 Cu") == std::map<int, double>{{1, 4.5}, {6, 4}, {8, 2}, {29, 1}});
  CHECK(parse_formula("2(H2 O)").empty());
}

TEST_CASE(
    "mmCIF: models are frames, blocks too; a piece has no cell; copies left out are refused") {
  const std::string sites =
      "loop_\n_atom_site.type_symbol\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n"
      "_atom_site.occupancy\n_atom_site.pdbx_PDB_model_num\nFE 1 2 3 1.0 1\nCU 4 5 6 0.5 2\n";
  CHECK(read("data_1\n" + sites, 0).atoms.numbers == std::vector<int>{26});
  const Atoms last = read("data_1\n" + sites).atoms;
  CHECK(last.numbers == std::vector<int>{29});
  CHECK(last.cell.vectors.isZero());
  CHECK(last.positions[0].isApprox(Vector3d(4, 5, 6)));
  CHECK(mentions(read("data_1\n" + sites, 2).error, "2 frames"));
  const std::string cell =
      "_cell.length_a 10\n_cell.length_b 10\n_cell.length_c 10\n_cell.angle_alpha 90\n"
      "_cell.angle_beta 90\n_cell.angle_gamma 90\n_symmetry.space_group_name_H-M 'P 1'\n";
  CHECK(read("data_1\n" + cell + sites).atoms.cell.lengths().isApproxToConstant(10));
  CHECK(mentions(
      read("data_1\n" + cell + "_struct_ncs_oper.id 1\n_struct_ncs_oper.code generate\n" + sites)
          .error,
      "copies"));
  const std::string two = cif(group("P 1"), "Cu1 0 0 0\n");
  CHECK(read(two + "\n" + cif(group("P 1"), "Zr1 0 0 0\n").replace(0, 6, "data_y"), 0)
            .atoms.numbers[0] == 29);
}

TEST_CASE("PDB: all atoms listed with the symmetry; names without columns 77 and 78") {
  const auto atom = [](const char* name, double x, double y, const char* symbol) {
    return fmt::format("HETATM    1 {:<4} MOL A   1    {:8.3f}{:8.3f}{:8.3f}  1.00  0.00{:>12}\n",
                       name, x, y, 0.0, symbol);
  };
  const std::string cell = "CRYST1    4.000    4.000    4.000  90.00  90.00  90.00 C m m m\n";
  CHECK(read(cell + atom("CU", 0, 0, "CU") + atom("CU", 2, 2, "CU")).atoms.size() == 2);
  CHECK(mentions(
      read("CRYST1    4.000    4.000    4.000  90.00  90.00  90.00 Q 9\n" + atom("CU", 0, 0, "CU"))
          .error,
      "not known"));
  CHECK(read(atom(" CA", 0, 0, "")).atoms.numbers[0] == 6);
  CHECK(read(atom("CA", 0, 0, "")).atoms.numbers[0] == 20);
  CHECK(mentions(read(atom(" WAT", 0, 0, "")).error, "no element"));
  CHECK(mentions(read("NUMMDL    3\n" + atom("CU", 0, 0, "CU")).error, "3 models"));
}

TEST_CASE("a code of the axes must be that of the symbol") {
  const auto error = [](const std::string& name, const std::string& code) {
    return read(cif(group(name) + "_space_group_IT_coordinate_system_code " + code,
                    "Cu1 .1 .25 .3\n", "5 6 7 90 90 90"))
        .error;
  };
  CHECK(error("P n m a", "abc") == "");
  CHECK(error("P b n m", "cab") == "");
  CHECK(mentions(error("P n m a", "cab"), "P b n m"));
}
