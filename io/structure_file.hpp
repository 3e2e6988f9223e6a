// Atomic models from and to files. Positions are relative to the cell's corner; atoms are sorted by
// their ids where the file has ids. A parse error is Error{input} with file, line, what was found
// and what was expected.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/atoms.hpp"

namespace vitrobeam {

struct StructureReadOptions {
  std::optional<Vector3d> box;  // edges in Angstrom, for a file that has none (plain XYZ)
  std::vector<int> types;  // atomic numbers of the types 1, 2, ... of a LAMMPS file; wins over what
                           // the file says
  int frame = -1;          // of several; from 0, negative counts from the end
  bool need_cell =
      true;  // false: a finite piece without a box is welcome, its cell is zero and not periodic
};

// Recognised by their content, packed with gzip or not: extended XYZ, plain XYZ, LAMMPS data,
// LAMMPS dump (text).
Atoms read_structure(const std::string& path, const StructureReadOptions& options = {});

// "Cu,Zr" -> {29, 40}. Throws Error{usage}.
std::vector<int> parse_elements(const std::string& text);

// Extended XYZ with labels and info; written whole under a temporary name, then renamed. Throws
// Error{machine}.
void write_extxyz(const Atoms& atoms, const std::string& path);

}  // namespace vitrobeam
