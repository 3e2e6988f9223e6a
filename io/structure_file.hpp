// Atomic models from and to files. Positions are relative to the cell's corner; atoms are sorted by
// their ids where the file has ids. A parse error is Error{input} with file, line, what was found
// and what was expected.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "models/atoms.hpp"

namespace vitrobeam {

struct StructureReadOptions {
  std::optional<Vector3d> box;  // edges in Angstrom, for a file that has none (plain XYZ)
  std::vector<int> types;  // atomic numbers of the types 1, 2, ... of a LAMMPS file; wins over what
                           // the file says
  std::string atom_style;  // of a LAMMPS data file that does not name it
  int frame = -1;          // of several; from 0, negative counts from the end
  bool need_cell =
      true;  // false: a finite piece without a box is welcome, its cell is zero and not periodic
  std::function<void(const Message&)> note;  // hears what of the file was not used, or is
                                             // doubtful; each sentence once for a Trajectory
};

struct StructureFormat;
struct FramePlace;

// The frames of a structure file, parsed one at a time; a file of one model is a trajectory of one
// frame. Recognised by content, packed with gzip or not: extended and plain XYZ, LAMMPS data and
// dump (text), CIF and mmCIF, PDB, POSCAR, XDATCAR, Kirkland xyz, MATLAB arrays.
// docs/formats.md says what of each is read and what is refused.
class Trajectory {
 public:
  explicit Trajectory(std::string path, StructureReadOptions options = {});
  std::size_t size() const;
  Atoms frame(std::size_t i) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_, text_;
  StructureReadOptions options_;
  const StructureFormat* format_ = nullptr;
  std::shared_ptr<const std::vector<FramePlace>> places_;
};

// The frame options.frame of the file.
Atoms read_structure(const std::string& path, const StructureReadOptions& options = {});

// Whether the file begins as those of MATLAB do, of level 5 or 7.3 (which is HDF5).
bool is_matlab_file(const std::string& path);

// Whether it is one, with a variable that may be positions of atoms.
bool has_matlab_atoms(const std::string& path);

// "Cu,Zr" -> {29, 40}. Throws Error{usage}.
std::vector<int> parse_elements(const std::string& text);

// Extended XYZ with labels and info; written whole under a temporary name, then renamed. Throws
// Error{machine}.
void write_extxyz(const Atoms& atoms, const std::string& path);
void write_extxyz(const std::vector<Atoms>& frames, const std::string& path);

// The input of Kirkland's programs and Prismatic: a comment, the box, then Z x y z occupancy u_rms,
// closed by -1; from the labels occupancy (else 1) and u_rms (else 0; one-dimensional, Angstrom).
// Other labels are lost. Throws Error{physics} if the cell is not orthogonal or an atom lies
// outside.
void write_kirkland_xyz(const Atoms& atoms, const std::string& path);

}  // namespace vitrobeam
