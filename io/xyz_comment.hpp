// The comment line of an extended XYZ file: Lattice="..." Properties=species:S:1:pos:R:3:... pbc="T
// T F" Origin="..." key=value.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/text_reader.hpp"
#include "models/atoms.hpp"

namespace vitrobeam {

// A column, or several, of the atom lines.
struct XyzProperty {
  std::string name;
  char kind;  // R, I, S or L
  int columns;
  std::size_t first;  // column of the line
};

struct XyzComment {
  std::vector<std::pair<std::string, std::string>> info;  // keys that no reader takes
  std::vector<XyzProperty> properties;
  Eigen::Matrix3d vectors = Eigen::Matrix3d::Zero();  // of the cell, one per row; zero: none given
  std::array<bool, 3> periodic = {true, true, true};
  Vector3d origin = Vector3d::Zero();
  double unit = 1;  // of positions, cell and origin, Angstrom
  bool has_properties = false;
};

bool is_extended_comment(std::string_view line);

// Reads the line at which `reader` stands into `comment`.
void parse_extended_comment(const TextReader& reader, XyzComment& comment);

// The comment of an i-PI trajectory, "# CELL(abcABC): 10 10 10 90 90 90 Step: 0 positions{angstrom}
// cell{angstrom}", into cell and unit; false if the line is none.
bool parse_ipi_comment(const TextReader& reader, XyzComment& comment);

// Error{input} if the words of a plain comment name another unit of length than Angstrom.
void refuse_other_units(const TextReader& reader);

// Edges (rows) of the cell a, b, c (Angstrom), alpha, beta, gamma (degrees): a along x, b in xy.
Eigen::Matrix3d vectors_of_angles(const std::vector<double>& cell);

std::string lower_case(std::string text);  // ASCII

}  // namespace vitrobeam
