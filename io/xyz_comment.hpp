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
  bool has_properties = false;
};

bool is_extended_comment(std::string_view line);

// Reads the line at which `reader` stands into `comment`.
void parse_extended_comment(const TextReader& reader, XyzComment& comment);

std::string lower_case(std::string text);  // ASCII

}  // namespace vitrobeam
