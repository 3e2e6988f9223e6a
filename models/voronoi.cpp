#include "models/voronoi.hpp"

#include <algorithm>
#include <cmath>
#include <voro++/voro++.hh>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

// Reads one computed cell into the result.
void take_cell(voro::voronoicell_neighbor& cell, std::size_t atom, double face_cut, Voronoi& out) {
  std::vector<int> behind, edges;
  std::vector<double> areas;
  cell.neighbors(behind);
  cell.face_orders(edges);
  cell.face_areas(areas);
  double surface = 0;
  for (double a : areas) surface += a;
  out.volume[atom] = cell.volume();
  for (std::size_t f = 0; f < areas.size(); ++f) {
    if (behind[f] < 0) {
      out.at_surface[atom] = true;
      continue;
    }
    if (areas[f] < face_cut * surface) continue;
    out.neighbours[atom].push_back(std::size_t(behind[f]));
    if (edges[f] >= 3 && edges[f] <= 6) ++out.index[atom][std::size_t(edges[f] - 3)];
  }
  std::sort(out.neighbours[atom].begin(), out.neighbours[atom].end());
}

template <typename Container>
void compute(Container& container, double face_cut, Voronoi& out) {
  voro::voronoicell_neighbor cell;
  std::size_t done = 0;
  const auto take = [&](auto& loop) {
    if (!loop.start()) return;
    do {
      if (container.compute_cell(cell, loop)) {
        take_cell(cell, std::size_t(loop.pid()), face_cut, out);
        ++done;
      }
    } while (loop.inc());
  };
  if constexpr (std::is_same_v<Container, voro::container_periodic>) {
    voro::c_loop_all_periodic loop(container);
    take(loop);
  } else {
    voro::c_loop_all loop(container);
    take(loop);
  }
  if (done != out.volume.size())
    fail(Fault::physics,
         "{} of {} atoms have no Voronoi cell: two atoms lie at one place, or outside of the cell",
         out.volume.size() - done, out.volume.size());
}

// Blocks of about five atoms are fastest (voro++ documentation).
int blocks(double edge, double volume, std::size_t atoms) {
  return std::max(1, int(edge / std::cbrt(5 * volume / double(atoms)) + 1));
}

// The cell turned so that a lies along x and b in the xy plane, as voro++ wants it: vectors = lower
// * turned axes.
void periodic_cells(const Atoms& atoms, double face_cut, Voronoi& out) {
  const Eigen::Matrix3d& v = atoms.cell.vectors;
  const Vector3d x = v.row(0).transpose().normalized();
  const Vector3d b = v.row(1).transpose();
  const Vector3d y = (b - b.dot(x) * x).normalized();
  Vector3d z = x.cross(y);
  if (z.dot(v.row(2).transpose()) < 0)
    z = -z;  // left-handed cells are mirrored: counts do not change
  Eigen::Matrix3d axes;
  axes << x.transpose(), y.transpose(), z.transpose();
  const Eigen::Matrix3d l = v * axes.transpose();
  const double volume = atoms.cell.volume();
  voro::container_periodic container(
      l(0, 0), l(1, 0), l(1, 1), l(2, 0), l(2, 1), l(2, 2), blocks(l(0, 0), volume, atoms.size()),
      blocks(l(1, 1), volume, atoms.size()), blocks(l(2, 2), volume, atoms.size()), 8);
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const Vector3d r = axes * atoms.positions[i];
    container.put(int(i), r.x(), r.y(), r.z());
  }
  compute(container, face_cut, out);
}

void walled_cells(const Atoms& atoms, double face_cut, Voronoi& out) {
  Vector3d lo = Vector3d::Zero(), hi = atoms.cell.vectors.diagonal();
  std::array<bool, 3> periodic = atoms.cell.periodic;
  const bool finite = atoms.cell.vectors.isZero();
  for (int k = 0; k < 3; ++k) {
    if (!finite && periodic[std::size_t(k)]) continue;
    double least = atoms.positions[0][k], most = least;
    for (const auto& r : atoms.positions) {
      least = std::min(least, r[k]);
      most = std::max(most, r[k]);
    }
    constexpr double kWall = 3;  // Angstrom beyond the outermost atoms
    lo[k] = finite ? least - kWall : std::min(lo[k], least - 1e-6);
    hi[k] = finite ? most + kWall : std::max(hi[k], most + 1e-6);
    periodic[std::size_t(k)] = false;
  }
  const Vector3d size = hi - lo;
  const double volume = size.prod();
  voro::container container(
      lo.x(), hi.x(), lo.y(), hi.y(), lo.z(), hi.z(), blocks(size.x(), volume, atoms.size()),
      blocks(size.y(), volume, atoms.size()), blocks(size.z(), volume, atoms.size()), periodic[0],
      periodic[1], periodic[2], 8);
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const Vector3d& r = atoms.positions[i];
    container.put(int(i), r.x(), r.y(), r.z());
  }
  compute(container, face_cut, out);
}

}  // namespace

Voronoi voronoi(const Atoms& atoms, double face_cut) {
  Voronoi out;
  const auto n = atoms.size();
  if (n == 0) return out;
  out.index.assign(n, {0, 0, 0, 0});
  out.volume.assign(n, 0);
  out.neighbours.resize(n);
  out.at_surface.assign(n, false);
  const auto& p = atoms.cell.periodic;
  const bool finite = atoms.cell.vectors.isZero();
  if (!finite && p[0] && p[1] && p[2])
    periodic_cells(atoms, face_cut, out);
  else if (finite || atoms.cell.is_orthogonal())
    walled_cells(atoms, face_cut, out);
  else
    fail(Fault::physics, "Voronoi cells of a tilted cell need it to be periodic along all axes");
  return out;
}

std::string voronoi_name(const std::array<int, 4>& i) {
  return fmt::format("<{},{},{},{}>", i[0], i[1], i[2], i[3]);
}

void label_voronoi(Atoms& atoms, const Voronoi& v, double face_cut) {
  std::vector<std::int64_t> values;
  for (const auto& index : v.index) values.insert(values.end(), index.begin(), index.end());
  atoms.labels["voronoi"] = {4, std::move(values)};
  atoms.labels["voronoi_volume"] = {1, v.volume};
  atoms.info["voronoi_face_cut"] = fmt::format("{:g}", face_cut);
}

double voronoi_fraction(const Atoms& atoms, const Voronoi& v, const std::array<int, 4>& index,
                        int centre) {
  double hits = 0, all = 0;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    if (v.at_surface[i] || (centre != 0 && atoms.numbers[i] != centre)) continue;
    ++all;
    hits += v.index[i] == index;
  }
  return all > 0 ? hits / all : 0;
}

}  // namespace vitrobeam
