#include "models/atoms.hpp"

#include <Eigen/LU>
#include <cmath>

#include "models/elements.hpp"
#include "models/occupancy.hpp"

namespace vitrobeam {

Cell Cell::orthogonal(double lx, double ly, double lz) {
  Cell c;
  c.vectors = Vector3d(lx, ly, lz).asDiagonal();
  return c;
}

bool Cell::is_orthogonal(double tolerance) const {
  Eigen::Matrix3d off = vectors;
  off.diagonal().setZero();
  return off.cwiseAbs().maxCoeff() <= tolerance && vectors.diagonal().minCoeff() > 0;
}

double Cell::volume() const { return std::abs(vectors.determinant()); }

Atoms select(const Atoms& atoms, const std::vector<std::size_t>& indices) {
  Atoms out;
  out.cell = atoms.cell;
  out.info = atoms.info;
  for (auto i : indices) out.add(atoms.numbers[i], atoms.positions[i]);
  for (const auto& [name, label] : atoms.labels) {
    Label& chosen = out.labels[name];
    chosen.columns = label.columns;
    std::visit(
        [&, &label = label](const auto& from) {
          std::decay_t<decltype(from)> to;
          for (auto i : indices)
            for (int c = 0; c < label.columns; ++c) to.push_back(from[i * label.columns + c]);
          chosen.values = std::move(to);
        },
        label.values);
  }
  return out;
}

void wrap(Atoms& atoms) {
  const Eigen::Matrix3d to_fraction = atoms.cell.vectors.transpose().inverse();
  for (auto& r : atoms.positions) {
    Vector3d f = to_fraction * r;
    bool moved = false;
    for (int k = 0; k < 3; ++k)
      if (atoms.cell.periodic[k] && (f[k] < 0 || f[k] >= 1)) {
        f[k] -= std::floor(f[k]);
        if (f[k] >= 1) f[k] = 0;  // a tiny negative fraction rounds up to 1
        moved = true;
      }
    if (moved) r = atoms.cell.vectors.transpose() * f;
  }
}

double number_density(const Atoms& atoms) { return atoms_in(atoms) / atoms.cell.volume(); }

double mass_density(const Atoms& atoms) {
  constexpr double kGramsPerDalton = 1.66053906660e-24, kCm3PerA3 = 1e-24;
  const auto occupancy = occupancies(atoms);
  double mass = 0;
  for (std::size_t i = 0; i < atoms.size(); ++i)
    mass += occupancy[i] * atomic_mass(atoms.numbers[i]);
  return mass * kGramsPerDalton / (atoms.cell.volume() * kCm3PerA3);
}

}  // namespace vitrobeam
