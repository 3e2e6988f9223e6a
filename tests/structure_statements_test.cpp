// Files that say less, or other things, than their readers expect: units, types, styles, frames,
// comments and leftovers. What is not ambiguous is read, what is ambiguous is asked for.
#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/approx.hpp"
#include "tests/read_text.hpp"

using namespace vitrobeam;

namespace {

using Read = ReadText;

Read read(const std::string& content, const StructureReadOptions& options = {}) {
  return read_text(content, options);
}

std::string dump(const std::string& columns, const std::string& rows,
                 const std::string& units = "") {
  return (units.empty() ? "" : "ITEM: UNITS\n" + units + "\n") +
         "ITEM: TIMESTEP\n5\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 10\n0 10\n0 "
         "10\n"
         "ITEM: ATOMS " +
         columns + "\n" + rows;
}

std::string data(const std::string& title, const std::string& sections) {
  return title + "\n\n2 atoms\n2 atom types\n0 10 xlo xhi\n0 10 ylo yhi\n0 10 zlo zhi\n\n" +
         sections;
}

const char* kMasses = "Masses\n\n1 63.546\n2 91.224\n\n";
const char* kAtoms = "Atoms # atomic\n\n1 1 1 2 3\n2 2 4 5 6\n";

}  // namespace

TEST_CASE("columns of a dump stand in any order") {
  for (const auto& [columns, rows] : {std::pair{"z y x element id", "6 5 4 Zr 2\n3 2 1 Cu 1\n"},
                                      {"x vx element y z id", "1 0 Cu 2 3 1\n4 0 Zr 5 6 2\n"},
                                      {"id element zs ys xs", "1 Cu .3 .2 .1\n2 Zr .6 .5 .4\n"},
                                      {"id element zu xu yu", "1 Cu 13 1 2\n2 Zr 6 4 5\n"},
                                      {"id typelabel x y z", "1 Cu 1 2 3\n2 Zr 4 5 6\n"},
                                      {"id type x y z", "1 Cu 1 2 3\n2 Zr 4 5 6\n"}}) {
    CAPTURE(columns);
    const Atoms atoms = read(dump(columns, rows)).atoms;
    CHECK(atoms.numbers == std::vector<int>{29, 40});
    CHECK(atoms.positions[0].isApprox(Vector3d(1, 2, 3)));
  }
}

TEST_CASE("an element column that says nothing is no element") {
  const std::string two = "1 1 C 1 2 3\n2 2 C 4 5 6\n", one = "1 1 C 1 2 3\n2 1 C 4 5 6\n";
  CHECK(mentions(read(dump("id type element x y z", two)).error, "types"));
  CHECK(read(dump("id type element x y z", two), with_types({29, 40})).atoms.numbers ==
        std::vector<int>{29, 40});
  const Read carbon = read(dump("id type element x y z", one));
  CHECK(carbon.atoms.numbers == std::vector<int>{6, 6});
  REQUIRE(carbon.notes.size() == 1);
  CHECK(mentions(carbon.notes[0], "carbon"));
  CHECK(mentions(read(dump("id element mass x y z", "1 C 63.5 1 2 3\n2 C 63.5 4 5 6\n")).error,
                 "types"));
  CHECK(mentions(read(dump("id element x y z", "1 1 1 2 3\n2 2 4 5 6\n")).error, "types"));
  CHECK(mentions(read(dump("id mass x y z", "1 1.0 1 2 3\n2 1.0 4 5 6\n")).error, "types"));
}

TEST_CASE("rows behind the last atom of a frame are an error, in every frame") {
  const std::string rows = "1 Cu 1 2 3\n2 Zr 4 5 6\n", more = "3 Zr 7 8 9\n";
  CHECK(mentions(read(dump("id element x y z", rows + more)).error, "is the count wrong"));
  const std::string both = dump("id element x y z", rows + more) + dump("id element x y z", rows);
  CHECK(mentions(read(both, with_frame(0)).error, "is the count wrong"));
}

TEST_CASE("LAMMPS: units that are stated are converted, reduced units refused") {
  const std::string rows = "1 Cu 1 2 3\n2 Zr 4 5 6\n";
  for (const auto& [units, length] : {std::pair{"metal", 1.0},
                                      {"real", 1.0},
                                      {"nano", 10.0},
                                      {"electron", 0.529177210903},
                                      {"micro", 1e4},
                                      {"cgs", 1e8},
                                      {"si", 1e10}}) {
    CAPTURE(units);
    const Atoms atoms = read(dump("id element x y z", rows, units)).atoms;
    CHECK(atoms.cell.lengths().isApproxToConstant(10 * length));
    CHECK(atoms.positions[1].isApprox(Vector3d(4, 5, 6) * length));
  }
  CHECK(mentions(read(dump("id element x y z", rows, "lj")).error, "units lj"));
  CHECK(mentions(read(dump("id element x y z", rows, "cubits")).error, "cubits"));
  for (const char* title :
       {"LAMMPS data file via write_data, units = lj", "# units lj", "units: LJ"})
    CHECK(mentions(read(data(title, std::string(kMasses) + kAtoms), with_types({29, 40})).error,
                   "units lj"));
  const Atoms si = read(data("made with units si",
                             std::string("Masses\n\n1 1.0552e-25\n2 1.5148e-25\n\n") + kAtoms))
                       .atoms;
  CHECK(si.numbers == std::vector<int>{29, 40});
  CHECK(si.cell.lengths().isApproxToConstant(1e11));
}

TEST_CASE("LAMMPS data: type labels, comments, order of sections, accelerators, styles") {
  const auto check = [](const std::string& text, StructureReadOptions options = {}) {
    CAPTURE(text);
    const Read r = read(text, std::move(options));
    CHECK(r.error == "");
    CHECK(r.atoms.numbers == std::vector<int>{29, 40});
    if (r.atoms.size() == 2) CHECK(r.atoms.positions[1].isApprox(Vector3d(4, 5, 6)));
  };
  const std::string labels = "Atom Type Labels\n\n1 Cu\n2 Zr\n\n";
  check(data(
      "t",
      labels + "Masses\n\nCu 63.546\nZr 91.224\n\nAtoms # atomic\n\n1 Cu 1 2 3\n2 Zr 4 5 6\n"));
  check(data("t", labels + "Atoms # atomic\n\n1 Cu 1 2 3\n2 Zr 4 5 6\n"));
  check(data("t", std::string(kAtoms) + "\n" + kMasses));
  check(data("t", std::string(kMasses) +
                      "Atoms # atomic/kk\n\n# the atoms\n1 1 1 2 3 # Cu\n\n2 2 4 5 6\n"));
  check(data("t", std::string(kMasses) + "Atoms # full/omp\n\n1 1 1 .5 1 2 3\n2 1 2 -.5 4 5 6\n"));
  check(
      data("t", std::string(kMasses) + "Atoms # dipole\n\n1 1 0 1 2 3 0 0 1\n2 2 0 4 5 6 0 0 1\n"));
  check(data("t\n" + std::string(300, '\n') + "# a long head", std::string(kMasses) + kAtoms));
  StructureReadOptions charge;
  charge.atom_style = "charge";
  const std::string open = "Atoms\n\n1 1 1 1 2 3\n2 2 1 4 5 6\n";
  check(data("t", kMasses + open), charge);
  CHECK(mentions(read(data("t", kMasses + open)).error, "atom_style"));
  CHECK(
      mentions(read(data("t", std::string("Masses\n\n1 63.546 # Zr\n2 91.224\n\n") + kAtoms)).error,
               "the mass is 63.546"));
  CHECK(
      mentions(read(data("t", std::string("Masses\n\n1 1.0\n2 1.0\n\n") + kAtoms)).error, "types"));
  CHECK(
      mentions(read(data("t", std::string(kMasses) + "Atoms # hybrid charge\n\n1 1 1 2 3\n")).error,
               "known are"));
}

TEST_CASE("extended XYZ: blanks around the equal sign, stated units, labels for elements") {
  const Atoms blanks = read(
                           "1\nLattice = \"9 0 0 0 9 0 0 0 9\" Properties = "
                           "species:S:1:charge:R:1:pos:R:3\nCu .5 1 2 3\n")
                           .atoms;
  CHECK(blanks.cell.lengths().isApproxToConstant(9));
  CHECK(blanks.positions[0].isApprox(Vector3d(1, 2, 3)));
  const Atoms nm = read(
                       "1\nLattice=\"1 0 0 0 1 0 0 0 1\" Properties=species:S:1:pos:R:3 units=nm\n"
                       "Cu1 .1 .2 .3\n")
                       .atoms;
  CHECK(nm.cell.lengths().isApproxToConstant(10));
  CHECK(nm.positions[0].isApprox(Vector3d(1, 2, 3)));
  CHECK(
      mentions(read("1\nLattice=\"1 0 0 0 1 0 0 0 1\" units=parsec\nCu 0 0 0\n").error, "parsec"));
  const Atoms ipi = read(
                        "1\n# CELL(abcABC): 10 10 10 90 90 90 Step: 0 Bead: 0 "
                        "positions{atomic_unit} cell{atomic_unit}\nCu 1 2 3\n")
                        .atoms;
  CHECK(ipi.cell.lengths().isApproxToConstant(5.29177210903));
  CHECK(ipi.positions[0].isApprox(0.529177210903 * Vector3d(1, 2, 3)));
  CHECK(mentions(read("1\nfrom a run, in bohr\nCu 1 2 3\n").error, "bohr"));
  CHECK(mentions(read("1\ncoordinates in nm\nCu 1 2 3\n").error, "nm"));
  for (const char* comment : {"a particle of 5 nm", "E = -1.5 a.u.", "energy in atomic units -3"})
    CHECK(read(std::string("1\n") + comment + "\nCu 1 2 3\n").error == "");
  CHECK(read("1\nProperties=species:S:1:pos:R:3 units=eV\nCu 1 2 3\n").error == "");
  const Read occupied = read("1\nProperties=species:S:1:pos:R:3:occupancies:R:1\nCu 1 2 3 .25\n");
  CHECK(number_density([&] {
          Atoms a = occupied.atoms;
          a.cell = Cell::orthogonal(1, 1, 1);
          return a;
        }()) == approx(0.25));
}

TEST_CASE("numbers of a plain comment are a box only if it holds the atoms and they fill it") {
  std::string atoms;
  for (int i = 0; i < 27; ++i)
    atoms += fmt::format("Cu {} {} {}\n", 3 * (i % 3) + 1, 3 * (i / 3 % 3) + 1, 3 * (i / 9) + 1);
  const auto edges = [&](const std::string& comment) {
    const Read r = read("27\n" + comment + "\n" + atoms);
    CHECK(r.error == "");
    CHECK(r.notes.size() == (r.atoms.cell.vectors.isZero() && !comment.empty() ? 1 : 0));
    return Vector3d(r.atoms.cell.lengths());
  };
  CHECK(edges("9 9 9").isApproxToConstant(9));
  CHECK(edges("0 9 0 9 0 9").isApproxToConstant(9));
  CHECK(edges("9 9 9 90 90 90").isApproxToConstant(9));
  for (const char* comment : {"1 2 3 step", "300 0.5 100", "100 300 20", "8 300 9", "0.1 0.2 -3",
                              "1 2 3 4 5 6", "100 0.5 300 1.2 -3.4 5.6"}) {
    CAPTURE(comment);
    CHECK(edges(comment).isZero());
  }
}

TEST_CASE("XDATCAR: frames with one head, or a head each; POSCAR with odd but clear heads") {
  const auto head = [](double a) {
    return fmt::format("Cu Zr\n1.0\n{0} 0 0\n0 {0} 0\n0 0 {0}\nCu Zr\n1 1\n", a);
  };
  const auto frame_text = [](int k) {
    return fmt::format("Direct configuration= {}\n0.{} 0 0\n0.5 0.5 0.5\n", k, k);
  };
  const std::string fixed = head(10) + frame_text(1) + frame_text(2) + frame_text(3);
  CHECK(read(fixed).frames == 3);
  CHECK(read(fixed).atoms.positions[0].isApprox(Vector3d(3, 0, 0)));
  CHECK(read(fixed, with_frame(0)).atoms.positions[0].isApprox(Vector3d(1, 0, 0)));
  CHECK(mentions(read(fixed, with_frame(3)).error, "3 frames"));
  const std::string varying =
      head(10) + frame_text(1) + head(11) + frame_text(2) + head(12) + frame_text(3);
  for (int k = 0; k < 3; ++k)
    CHECK(read(varying, with_frame(k)).atoms.cell.lengths().isApproxToConstant(10 + k));
  CHECK(mentions(read(head(10) + "Direct configuration= 1\n.1 0 0\n.5 .5 .5\n.9 .9 .9\n").error,
                 "numbers wrong"));
  const std::string rest = "2 0 0\n0 2 0\n0 0 2\nCu Zr ! elements\n1 1\nDirect\n0 0 0\n.5 .5 .5\n";
  CHECK(read("t\n1.0 ! the scale of all\n" + rest).atoms.size() == 2);
  CHECK(read("t\n1.0 1.0 2.0\n" + rest).atoms.cell.lengths().isApprox(Vector3d(2, 2, 4)));
  CHECK(read("t\n-64 volume\n" + rest).atoms.cell.volume() == approx(64));
  CHECK(mentions(read("t\n1\n2 0 0\n0 2 0\n0 0 2\nCu Zr\n1 1\nAngstrom\n0 0 0\n1 1 1\n").error,
                 "Direct or Cartesian"));
  CHECK(mentions(read("t\n1\n" + rest + ".7 .7 .7\n").error, "numbers wrong"));
  CHECK(read("t\n1\n" + rest + "\n0 0 0\n0 0 0\n").notes.empty());  // velocities
  CHECK(read("t\n1\n" + rest + "\n 4 4 4\n1 2 3 4 5\n").notes.size() == 1);
  CHECK(mentions(read("Cu Zr\n1\n2 0 0\n0 2 0\n0 0 2\nAb Xy\n1 1\nDirect\n0 0 0\n.5 .5 .5\n").error,
                 "types"));
}

TEST_CASE("PDB: frames end with ENDMDL or END, each with its own cell or the last one before") {
  const auto cell = [](double a) {
    return fmt::format("CRYST1{0:9.3f}{0:9.3f}{0:9.3f}  90.00  90.00  90.00 P 1           1\n", a);
  };
  const auto atom = [](double x) {
    return fmt::format(
        "ATOM      1 Cu   MOL A   1    {:8.3f}{:8.3f}{:8.3f}  1.00  0.00          Cu\n", x, 2.0,
        3.0);
  };
  const auto check = [](const std::string& text, const std::vector<double>& edges) {
    CAPTURE(text);
    REQUIRE(read(text).frames == edges.size());
    for (std::size_t k = 0; k < edges.size(); ++k) {
      const Atoms atoms = read(text, with_frame(int(k))).atoms;
      CHECK(atoms.cell.lengths().isApproxToConstant(edges[k]));
      CHECK(atoms.positions[0].isApprox(Vector3d(1 + double(k), 2, 3)));
      CHECK(atoms.size() == 1);
    }
  };
  check(
      "MODEL 1\n" + cell(10) + atom(1) + "ENDMDL\nMODEL 2\n" + cell(11) + atom(2) + "ENDMDL\nEND\n",
      {10, 11});
  check(cell(10) + atom(1) + "END\n" + cell(12) + atom(2) + "END\n", {10, 12});
  check(cell(10) + "MODEL 1\n" + atom(1) + "ENDMDL\nMODEL 2\n" + atom(2) + "ENDMDL\n", {10, 10});
  check(std::string("REMARK\n") + cell(10) + "MODEL 1\n" + atom(1) + "MODEL 2\n" + atom(2),
        {10, 10});
  std::string remarks;
  for (int k = 0; k < 2000; ++k) remarks += "REMARK 1 a long head\n";
  check(remarks + cell(10) + atom(1) + "END\n", {10});
  CHECK(mentions(read(cell(10) + atom(1) +
                      "MASTER        0    0    0    0    0    0    0    0    7"
                      "    0    0    0\nEND\n")
                     .error,
                 "MASTER says 7"));
  const Read none =
      read(cell(10) +
           "ATOM      1 Cu   MOL A   1       1.000   2.000   3.000  0.00  0.00          Cu\n");
  CHECK(none.atoms.labels.empty());
  CHECK(none.notes.size() == 1);
}

namespace {

// A MATLAB file of level 5 with matrices of doubles.
std::string matlab(
    const std::vector<std::tuple<std::string, int, int, std::vector<double>>>& tables) {
  const auto word = [](std::uint32_t v) {
    std::string out(4, '\0');
    std::memcpy(out.data(), &v, 4);
    return out;
  };
  const auto element = [&](std::uint32_t kind, const std::string& bytes) {
    return word(kind) + word(std::uint32_t(bytes.size())) + bytes +
           std::string((8 - bytes.size() % 8) % 8, '\0');
  };
  std::string out = "MATLAB 5.0 MAT-file";
  out += std::string(124 - out.size(), ' ') + std::string("\x00\x01IM", 4);
  for (const auto& [name, rows, columns, values] : tables) {
    std::string numbers(8 * values.size(), '\0');
    std::memcpy(numbers.data(), values.data(), numbers.size());
    out += element(14, element(6, word(6) + word(0)) +
                           element(5, word(std::uint32_t(rows)) + word(std::uint32_t(columns))) +
                           element(1, name) + element(9, numbers));
  }
  return out;
}

}  // namespace

TEST_CASE("MATLAB: 3 x N or N x 3 positions with types; what is open is asked for") {
  const std::vector<double> by_atom = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1.5, 2.5, 3.5};
  std::vector<double> by_axis;
  for (std::size_t k = 0; k < 3; ++k)
    for (std::size_t i = 0; i < 4; ++i) by_axis.push_back(by_atom[3 * i + k]);
  const std::vector<double> kinds = {1, 2, 1, 2}, numbers = {29, 40, 29, 40};
  for (const std::string& text : {matlab({{"model", 3, 4, by_atom}, {"atoms", 1, 4, kinds}}),
                                  matlab({{"atoms", 4, 1, kinds}, {"positions", 4, 3, by_axis}})}) {
    const Read r = read(text, with_types({29, 40}));
    CHECK(r.error == "");
    REQUIRE(r.atoms.size() == 4);
    CHECK(r.atoms.numbers == std::vector<int>{29, 40, 29, 40});
    CHECK(r.atoms.positions[3].isApprox(Vector3d(1.5, 2.5, 3.5)));
    CHECK(r.notes.size() == 1);
    CHECK(mentions(read(text).error, "types"));
  }
  CHECK(read(matlab({{"model", 3, 4, by_atom}, {"Z", 1, 4, numbers}})).atoms.numbers[1] == 40);
  CHECK(read(matlab({{"model", 3, 4, by_atom}, {"Z", 1, 4, numbers}, {"cell", 1, 3, {10, 11, 12}}}))
            .atoms.cell.lengths()
            .isApprox(Vector3d(10, 11, 12)));
  CHECK(mentions(read(matlab({{"a", 3, 4, by_atom}, {"b", 3, 4, by_atom}})).error, "a (3 x 4), b"));
  CHECK(mentions(read(matlab({{"model", 3, 4, by_atom}})).error, "types"));
  CHECK(mentions(read(matlab({{"image", 4, 4, std::vector<double>(16, 1)}})).error,
                 "not recognised"));
}

TEST_CASE("a mark of UTF-8 before the text says nothing") {
  for (const std::string text :
       {"data_x\n_cell_length_a 3\n_cell_length_b 3\n_cell_length_c 3\n_cell_angle_alpha "
        "90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n_space_group_name_H-M_alt 'P 1'\nloop_\n"
        "_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\nCu1 0 0 0\n",
        "1\nLattice=\"3 0 0 0 3 0 0 0 3\"\nCu 0 0 0\n"})
    CHECK(read("\xEF\xBB\xBF" + text).atoms.size() == 1);
}

TEST_CASE("a CIF cell of zeros is no cell") {
  const auto answer = read(
      "data_z\n_cell_length_a 0\n_cell_length_b 0\n_cell_length_c 0\n_cell_angle_alpha "
      "0\n_cell_angle_beta 0\n_cell_angle_gamma 0\n_space_group_name_H-M_alt 'P 1'\nloop_\n"
      "_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\nCu1 0 0 0\n");
  CHECK(mentions(answer.error, "the cell 0 0 0 0 0 0 has no volume"));
}

TEST_CASE("edges along the axes in another order or direction span the same box") {
  const auto poscar = [](const std::string& edges) {
    return read("Cu Zr\n1\n" + edges + "Cu Zr\n1 1\nDirect\n.1 .2 .3\n.6 .7 .8\n").atoms;
  };
  const Atoms swapped = poscar("0 4 0\n3 0 0\n0 0 5\n"),
              negative = poscar("-3 0 0\n0 4 0\n0 0 -5\n");
  for (const Atoms* atoms : {&swapped, &negative}) {
    CHECK(atoms->cell.is_orthogonal());
    CHECK(atoms->cell.lengths().isApprox(Vector3d(3, 4, 5)));
  }
  CHECK(swapped.positions[0].isApprox(Vector3d(.6, .4, 1.5)));
  CHECK(negative.positions[0].isApprox(Vector3d(2.7, .8, 3.5)));
  const Atoms open = read("1\nLattice=\"0 3 0 4 0 0 0 0 -5\" pbc=\"F T T\"\nCu 1 1 1\n").atoms;
  CHECK(open.cell.periodic == std::array<bool, 3>{true, false, true});
  CHECK(open.positions[0].isApprox(Vector3d(1, 1, 1)));  // it lies in the box as it is
}

TEST_CASE("extended XYZ that says two things, or none, of one is refused") {
  const std::string rows = "\nCu 0 0 0\n", box = "1\nLattice=\"3 0 0 0 3 0 0 0 3\" ";
  CHECK(mentions(read(box + "pbc=\"yes yes no\"" + rows).error, "pbc"));
  CHECK(read(box + "pbc=\"True false 1\"" + rows).atoms.cell.periodic ==
        std::array<bool, 3>{true, false, true});
  CHECK(mentions(read(box + "lattice=\"4 0 0 0 4 0 0 0 4\"" + rows).error, "twice"));
  CHECK(read(box + "note=a note=b" + rows).error == "");
  CHECK(mentions(read(box + "Properties=species:S:1:pos:R:3:Z:I:1\nCu 0 0 0 40\n").error,
                 "Z says 40"));
  CHECK(read(box + "Properties=species:S:1:pos:R:3:Z:I:1\nCu 0 0 0 29\n").error == "");
}

TEST_CASE("POSCAR: symbols behind the positions agree with the head, or stand in for it") {
  const auto poscar = [](const std::string& elements, const std::string& rows) {
    return read("a title\n1\n3 0 0\n0 3 0\n0 0 3\n" + elements + "1 1\nDirect\n" + rows);
  };
  const std::string rows = "0 0 0 Cu\n.5 .5 .5 Zr\n", fixed = "0 0 0 T T F Cu\n.5 .5 .5 F F F Zr\n";
  for (const auto& [elements, text] : {std::pair{"Cu Zr\n", rows}, {"", rows}, {"", fixed}})
    CHECK(poscar(elements, text).atoms.numbers == std::vector<int>{29, 40});
  CHECK(mentions(poscar("Zr Cu\n", rows).error, "behind its position"));
  CHECK(mentions(poscar("", "0 0 0 Cu\n.5 .5 .5\n").error, "types"));
}

TEST_CASE("LAMMPS data with two sections Atoms is refused") {
  const std::string once = std::string(kMasses) + kAtoms;
  CHECK(read(data("t", once)).error == "");
  CHECK(read(data("t", std::string(kMasses) + "Atoms# atomic\n\n1 1 1 2 3\n2 2 4 5 6\n"))
            .atoms.numbers == std::vector<int>{29, 40});
  CHECK(mentions(read(data("t", once + "\n" + kAtoms)).error, "twice"));
  CHECK(mentions(read(data("t", once + "\nVelocities\n\n1 0 0 0\n2 0 0 0\n\n" + kAtoms)).error,
                 "twice"));
}

TEST_CASE("PDB: numbers stand in their columns; what is left out is not invented") {
  const auto atom = [](const std::string& x, const std::string& rest) {
    return "ATOM      1 CU   MOL A   1    " + x + "   2.000   3.000" + rest + "\n";
  };
  const std::string cell = "CRYST1   10.000   10.000   10.000  90.00  90.00  90.00 P 1\n";
  for (const std::string rest : {"", "                      CU"}) {
    const Atoms bare = read(cell + atom("   1.000", rest)).atoms;
    CHECK(bare.size() == 1);
    CHECK(bare.labels.empty());
  }
  CHECK(mentions(read(cell + atom("********", "")).error, "columns 31 to 38"));
  CHECK(mentions(read(cell + atom("     nan", "")).error, "columns 31 to 38"));
  CHECK(mentions(read(cell + atom("   1.000", "  x.00")).error, "occupancy"));
  const Atoms half = read(cell + atom("   1.000", "  0.60")).atoms;
  CHECK(std::get<std::vector<double>>(half.labels.at("occupancy").values)[0] == 0.6);
  const auto scale = [&](double s) {
    return fmt::format(
        "SCALE1     {0:9.6f}  0.000000  0.000000        0.00000\nSCALE2      0.000000 {0:9.6f}  "
        "0.000000        0.00000\nSCALE3      0.000000  0.000000 {0:9.6f}        0.00000\n",
        s);
  };
  CHECK(read(cell + scale(0.1) + atom("   1.000", "")).error == "");
  CHECK(mentions(read(cell + scale(0.05) + atom("   1.000", "")).error, "SCALE gives"));
  const std::string other = "CRYST1   12.000   10.000   10.000  90.00  90.00  90.00 P 1\n";
  CHECK(mentions(read(cell + other + atom("   1.000", "")).error, "two cells"));
}

TEST_CASE("occupancies are shares; a site that is never occupied is left out") {
  const auto xyz = [](const std::string& first, const std::string& second) {
    return read(
        "2\nLattice=\"9 0 0 0 9 0 0 0 9\" Properties=species:S:1:pos:R:3:occupancy:R:1\n"
        "Cu 1 2 3 " +
        first + "\nZr 4 5 6 " + second + "\n");
  };
  CHECK(mentions(xyz("1.5", "1").error, "atom 1 (Cu) is 1.5"));
  CHECK(mentions(xyz("1", "nan").error, "atom 2 (Zr)"));
  CHECK(mentions(xyz("0", "0").error, "every atom"));
  const Read half = xyz("0", "0.5");
  CHECK(half.atoms.numbers == std::vector<int>{40});
  REQUIRE(half.notes.size() == 1);
  CHECK(mentions(half.notes[0], "left out"));
}
