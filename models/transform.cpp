#include "models/transform.hpp"

#include <Eigen/LU>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "models/ground_truth.hpp"

namespace vitrobeam {
namespace {

struct Bounds {
  Vector3d lo = Vector3d::Constant(std::numeric_limits<double>::infinity()), hi = -lo;
  void include(const Vector3d& r) {
    lo = lo.cwiseMin(r);
    hi = hi.cwiseMax(r);
  }
};

Bounds bounds_of(const std::vector<Vector3d>& positions) {
  Bounds b;
  for (const auto& r : positions) b.include(r);
  return b;
}

// The nearest rotation to F: of its polar decomposition.
Eigen::Matrix3d rotation_in(const Eigen::Matrix3d& f) {
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(f, Eigen::ComputeFullU | Eigen::ComputeFullV);
  return svd.matrixU() * svd.matrixV().transpose();
}

// Row by row, or xx yy zz xy xz yz.
void turn_tensor(double* u, int columns, const Eigen::Matrix3d& turn) {
  Eigen::Matrix3d m;
  if (columns == 6)
    m << u[0], u[3], u[4], u[3], u[1], u[5], u[4], u[5], u[2];
  else
    m << u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8];
  m = turn * m * turn.transpose();
  m = ((m + m.transpose()) / 2).eval();
  const std::array<std::array<int, 2>, 6> six = {{{0, 0}, {1, 1}, {2, 2}, {0, 1}, {0, 2}, {1, 2}}};
  for (int k = 0; k < columns; ++k)
    u[k] = columns == 6 ? m(six[std::size_t(k)][0], six[std::size_t(k)][1]) : m(k / 3, k % 3);
}

}  // namespace

void turn_labels(Atoms& atoms, const Eigen::Matrix3d& deformation) {
  const Eigen::Matrix3d turn = rotation_in(deformation);
  for (auto& [name, label] : atoms.labels) {
    auto* values = std::get_if<std::vector<double>>(&label.values);
    if (!values) continue;
    if (name == "U" && (label.columns == 6 || label.columns == 9))
      for (std::size_t i = 0; i < atoms.size(); ++i)
        turn_tensor(values->data() + i * std::size_t(label.columns), label.columns, turn);
    if ((name == "axis" || name == "velocity" || name == "force") && label.columns == 3)
      for (std::size_t i = 0; i < atoms.size(); ++i) {
        Eigen::Map<Vector3d> v(values->data() + 3 * i);
        v = (turn * v).eval();
      }
  }
}

Atoms rotated(const Atoms& piece, const Eigen::Matrix3d& rotation, const Vector3d& centre) {
  Atoms out = piece;
  for (auto& r : out.positions) r = rotation * (r - centre) + centre;
  move_planted(out, rotation, centre - rotation * centre);
  turn_labels(out, rotation);
  return out;
}

Atoms cut_box(const Atoms& atoms, const Vector3d& lo, const Vector3d& hi) {
  const Eigen::Matrix3d edges = atoms.cell.vectors.transpose(), to_fraction = edges.inverse();
  Bounds corners;  // of the box, in fractions of the cell
  for (int c = 0; c < 8; ++c)
    corners.include(to_fraction * Vector3d(c & 1 ? hi.x() : lo.x(), c & 2 ? hi.y() : lo.y(),
                                           c & 4 ? hi.z() : lo.z()));
  std::vector<std::size_t> chosen;
  std::vector<Vector3d> positions;
  constexpr double kMargin = 1e-9;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const Vector3d f = to_fraction * atoms.positions[i];
    Eigen::Vector3i first = Eigen::Vector3i::Zero(), last = Eigen::Vector3i::Zero();
    for (int k = 0; k < 3; ++k)
      if (atoms.cell.periodic[std::size_t(k)]) {
        first[k] = int(std::ceil(corners.lo[k] - f[k] - kMargin));
        last[k] = int(std::floor(corners.hi[k] - f[k] + kMargin));
      }
    for (int a = first[0]; a <= last[0]; ++a)
      for (int b = first[1]; b <= last[1]; ++b)
        for (int c = first[2]; c <= last[2]; ++c) {
          const Vector3d r = atoms.positions[i] + edges * Vector3d(a, b, c);
          if ((r.array() < lo.array()).any() || (r.array() >= hi.array()).any()) continue;
          chosen.push_back(i);
          positions.push_back(r - lo);
        }
  }
  if (chosen.empty())
    fail(Fault::physics,
         "the box from {:g},{:g},{:g} to {:g},{:g},{:g} Angstrom holds no atoms; the cell is "
         "{:g} x {:g} x {:g}",
         lo.x(), lo.y(), lo.z(), hi.x(), hi.y(), hi.z(), atoms.cell.lengths().x(),
         atoms.cell.lengths().y(), atoms.cell.lengths().z());
  Atoms out = select(atoms, chosen);
  out.positions = std::move(positions);
  const Vector3d size = hi - lo;
  out.cell = Cell::orthogonal(size.x(), size.y(), size.z());
  for (int k = 0; k < 3;
       ++k) {  // periodic if the edge is a sum of whole periodic edges of the cell
    const Vector3d f = to_fraction.col(k) * size[k];
    bool repeats = true;
    for (int j = 0; j < 3; ++j) {
      const double whole = std::round(f[j]);
      repeats = repeats && std::abs(f[j] - whole) < 1e-6 &&
                (whole == 0 || atoms.cell.periodic[std::size_t(j)]);
    }
    out.cell.periodic[std::size_t(k)] = repeats;
  }
  move_planted(out, Eigen::Matrix3d::Identity(), -lo);
  settle_planted(out, atoms.cell);
  return out;
}

Atoms turned_box(const Atoms& atoms, const Eigen::Matrix3d& rotation, const Vector3d& centre,
                 const Vector3d& size) {
  // the box of the lattice's own axes that holds the turned one, then what lies in the turned one
  const Vector3d half = rotation.transpose().cwiseAbs() * (size / 2) + Vector3d::Constant(1e-6);
  Atoms out = cut_box(atoms, centre - half, centre + half);
  std::vector<std::size_t> inside;
  for (std::size_t i = 0; i < out.size(); ++i) {
    Vector3d& r = out.positions[i];
    r = rotation * (r - half) + size / 2;
    if ((r.array() >= 0).all() && (r.array() < size.array()).all()) inside.push_back(i);
  }
  if (inside.empty())
    fail(Fault::physics, "the turned box of {:g} x {:g} x {:g} Angstrom holds no atoms", size.x(),
         size.y(), size.z());
  out = select(out, inside);
  out.cell = Cell::orthogonal(size.x(), size.y(), size.z());
  out.cell.periodic = {false, false, false};
  move_planted(out, rotation, size / 2 - rotation * half);
  turn_labels(out, rotation);
  Cell turned = atoms.cell;
  turned.vectors = atoms.cell.vectors * rotation.transpose();
  settle_planted(out, turned);
  return out;
}

Atoms repeated(const Atoms& atoms, const std::array<int, 3>& times) {
  if (*std::min_element(times.begin(), times.end()) < 1)
    fail(Fault::usage, "a cell cannot be repeated {} x {} x {} times", times[0], times[1],
         times[2]);
  const double count = double(times[0]) * times[1] * times[2];
  if (count * double(atoms.size()) > 2e8)
    fail(Fault::usage, "{:.3g} atoms are more than 2e8", count * double(atoms.size()));
  if (atoms.cell.vectors.isZero())
    fail(Fault::physics, "a finite piece without a cell cannot be repeated");
  std::vector<std::size_t> all;
  std::vector<Vector3d> positions;
  for (int a = 0; a < times[0]; ++a)
    for (int b = 0; b < times[1]; ++b)
      for (int c = 0; c < times[2]; ++c)
        for (std::size_t i = 0; i < atoms.size(); ++i) {
          all.push_back(i);
          positions.push_back(atoms.positions[i] +
                              atoms.cell.vectors.transpose() * Vector3d(a, b, c));
        }
  Atoms out = select(atoms, all);
  out.positions = std::move(positions);
  for (int k = 0; k < 3; ++k) out.cell.vectors.row(k) *= times[std::size_t(k)];
  return out;
}

Atoms deformed(const Atoms& atoms, const Eigen::Matrix3d& deformation) {
  if (!(deformation.determinant() > 0.1))
    fail(Fault::physics,
         "a deformation with the determinant {:.3g} leaves no solid; strains are "
         "shares, 0.01 for 1 %",
         deformation.determinant());
  Atoms out = atoms;
  for (auto& r : out.positions) r = deformation * r;
  out.cell.vectors = atoms.cell.vectors * deformation.transpose();
  move_planted(out, deformation, Vector3d::Zero());
  turn_labels(out, deformation);
  return out;
}

Atoms padded(const Atoms& atoms, const Vector3d& vacuum) {
  if (!atoms.cell.is_orthogonal())
    fail(Fault::physics, "vacuum is added to orthogonal cells only; cut a box first");
  Atoms out = atoms;
  const Vector3d size = atoms.cell.vectors.diagonal() + 2 * vacuum;
  out.cell.vectors = size.asDiagonal();
  for (int k = 0; k < 3; ++k)
    if (vacuum[k] > 0) out.cell.periodic[std::size_t(k)] = false;
  for (auto& r : out.positions) r += vacuum;
  move_planted(out, Eigen::Matrix3d::Identity(), vacuum);
  return out;
}

Atoms centred_in_box(const Atoms& piece, const Vector3d& box) {
  const Bounds b = bounds_of(piece.positions);
  const Vector3d size = b.hi - b.lo;
  if (((box - size).array() < 0).any())
    fail(Fault::physics,
         "the piece is {:.4g} x {:.4g} x {:.4g} Angstrom and does not fit a box of {:g} x {:g} x "
         "{:g}; enlarge the box",
         size.x(), size.y(), size.z(), box.x(), box.y(), box.z());
  Atoms out = piece;
  out.cell = Cell::orthogonal(box.x(), box.y(), box.z());
  out.cell.periodic = {false, false, false};
  const Vector3d shift = box / 2 - (b.lo + b.hi) / 2;
  for (auto& r : out.positions) r += shift;
  move_planted(out, Eigen::Matrix3d::Identity(), shift);
  return out;
}

Vector3d extent(const Atoms& atoms) {
  const Bounds b = bounds_of(atoms.positions);
  return atoms.size() ? Vector3d(b.hi - b.lo) : Vector3d(Vector3d::Zero());
}

}  // namespace vitrobeam
