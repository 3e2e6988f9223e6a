// Atoms in a cell, with labels: what every builder makes and every structure file holds.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

// Edge vectors in Angstrom, one per row (a, b, c); positions are relative to the cell's corner.
struct Cell {
  Eigen::Matrix3d vectors = Eigen::Matrix3d::Zero();
  std::array<bool, 3> periodic = {true, true, true};

  static Cell orthogonal(double lx, double ly, double lz);
  bool is_orthogonal(double tolerance = 1e-6) const;  // edges along x, y, z
  Vector3d lengths() const { return vectors.rowwise().norm(); }
  double volume() const;
};

// One named value, or row of values, per atom: the ground truth and the analyses travel with the
// atoms (extended XYZ property: kind I, R or S and the number of columns).
struct Label {
  int columns = 1;
  std::variant<std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>>
      values;  // [atom * columns]
};

struct Atoms {
  Cell cell;
  std::vector<int> numbers;             // atomic numbers
  std::vector<Vector3d> positions;      // Angstrom
  std::map<std::string, Label> labels;  // per atom, e.g. motif (id, 0 = matrix), axis, voronoi
  std::map<std::string, std::string>
      info;  // about the whole model, e.g. seed, builder, temperature

  std::size_t size() const { return numbers.size(); }
  void add(int number, const Vector3d& position) {
    numbers.push_back(number);
    positions.push_back(position);
  }
};

// What a builder is going to make: how many atoms, about, and the edges of their cell, Angstrom
// (zero: open).
struct ModelSize {
  double atoms = 0;
  Vector3d box = Vector3d::Zero();
};

// The atoms of the given indices, in that order, with their labels.
Atoms select(const Atoms& atoms, const std::vector<std::size_t>& indices);

// Every atom moved into the periodic cell along its periodic axes.
void wrap(Atoms& atoms);

// Atoms per cubic Angstrom, and grams per cubic centimetre, of the whole cell, by occupancy.
double number_density(const Atoms& atoms);
double mass_density(const Atoms& atoms);

}  // namespace vitrobeam
