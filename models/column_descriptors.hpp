// What can be asked of the column of atoms that a beam sees: descriptors of every atom, known of
// the whole model, and their mean over the column with the beam's weight.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "models/column_density.hpp"

namespace vitrobeam {

// One line of the table: how a descriptor is written, its unit, what it is.
struct DescriptorLine {
  std::string name, unit, text;
};
const std::vector<DescriptorLine>& descriptor_table();

struct ColumnDescriptor {
  enum class Kind {
    voronoi,
    five_fold,
    faces,
    volume,
    coordination,
    q,
    q_averaged,
    share,
    warren_cowley,
    label,
    density,
    thickness
  } kind = Kind::density;
  std::string name, unit, text;
  std::array<int, 4> index{};  // of a Voronoi class
  int element = 0;             // of a share, or of a class's centre (0: any)
  int order = 0;               // l of q_l
  bool is_of_atoms() const { return kind != Kind::density && kind != Kind::thickness; }
};

// "icosahedra,Cu<0,0,12,0>,share:Cu,density": commas inside of <> belong to the index; a name that
// the table does not know is a label of the model. Error{usage} names the field descriptors.
std::vector<ColumnDescriptor> parse_descriptors(const std::string& text);
// The share of atoms of one element.
ColumnDescriptor element_share(int element);

// The atoms with one more label for each descriptor of atoms, which cuts and turns carry along.
// `first_shell`: its end, Angstrom. Voronoi cells that are cut by a surface are not known; there, a
// label voronoi or one of the descriptor's own name in an open model is taken for what it says.
// Error{input}: a label that the model has not, or that is no number for every atom.
Atoms with_descriptors(const Atoms& model, const std::vector<ColumnDescriptor>& descriptors,
                       double first_shell);

// What with_descriptors() has found for every atom, of a descriptor of atoms.
const std::vector<double>& atom_values(const Atoms& atoms, const ColumnDescriptor& descriptor);

// Of atoms that with_descriptors() has seen, cut or not: [descriptor](y, x). The density is the
// number of atoms per area. Not-a-number where no atom of the column is known.
std::vector<PlaneD> column_descriptors(const Atoms& atoms,
                                       const std::vector<ColumnDescriptor>& descriptors,
                                       const ColumnWeight& weight, const std::vector<double>& y,
                                       const std::vector<double>& x);

}  // namespace vitrobeam
