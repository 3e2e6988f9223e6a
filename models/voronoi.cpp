#include "models/voronoi.hpp"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <tuple>
#include <voro++/voro++.hh>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"
#include "models/occupancy.hpp"
#include "models/plausibility.hpp"

namespace vitrobeam {
namespace {

struct Face {
  int behind;  // atom, negative: a wall
  int edges;
  double area;
};

// Corners of a cell about its atom, and those of each face: how many, then which.
struct Corners {
  explicit Corners(voro::voronoicell_neighbor& cell) {
    cell.face_vertices(of_faces);
    cell.vertices(places);
  }

  Vector3d place(int corner) const {
    return Eigen::Map<const Vector3d>(places.data() + 3 * std::ptrdiff_t(corner));
  }

  // Calls at(corners of the face, their number) for every face.
  template <typename At>
  void visit_faces(At&& at) const {
    for (std::size_t k = 0; k < of_faces.size(); k += std::size_t(of_faces[k]) + 1)
      at(of_faces.data() + k + 1, of_faces[k]);
  }

  // Distance of the farthest corner from the atom.
  double reach() const {
    double most = 0;
    for (std::size_t k = 0; k < places.size() / 3; ++k)
      most = std::max(most, place(int(k)).squaredNorm());
    return std::sqrt(most);
  }

  std::vector<int> of_faces;
  std::vector<double> places;
};

// Lengths of the edges, face after face; every edge is met twice.
std::vector<double> edge_lengths(const Corners& corners) {
  std::vector<double> out;
  out.reserve(corners.of_faces.size());
  corners.visit_faces([&](const int* corner, int count) {
    for (int k = 0; k < count; ++k)
      out.push_back((corners.place(corner[k]) - corners.place(corner[(k + 1) % count])).norm());
  });
  return out;
}

struct Edges {
  std::vector<int> of_face;       // those of each face that are not shorter than the cut
  std::size_t all = 0, tiny = 0;  // edges; those shorter than kShort times the mean
};

constexpr double kShort = 0.01, kManyShort = 0.05;

// Edges of each face that are longer than `edge_cut` times the mean.
Edges edges_of(const Corners& corners, double edge_cut) {
  const std::vector<double> lengths = edge_lengths(corners);
  const double mean = std::accumulate(lengths.begin(), lengths.end(), 0.0) / double(lengths.size());
  Edges out;
  out.all = lengths.size();
  auto length = lengths.begin();
  corners.visit_faces([&](const int*, int count) {
    int kept = 0;
    for (const auto end = length + count; length != end; ++length) {
      out.tiny += *length < kShort * mean;
      kept += *length >= edge_cut * mean;
    }
    out.of_face.push_back(kept);
  });
  return out;
}

std::vector<Face> faces_of(voro::voronoicell_neighbor& cell, const std::vector<int>& edges) {
  std::vector<int> behind;
  std::vector<double> areas;
  cell.neighbors(behind);
  cell.face_areas(areas);
  std::vector<Face> out;
  for (std::size_t f = 0; f < areas.size(); ++f) out.push_back({behind[f], edges[f], areas[f]});
  return out;
}

// Where the plane of each face stands: `normal` of the cell's face is outward, and the plane lies
// at `distance` along it. A periodic image of an atom has its own plane.
struct Plane {
  Vector3d normal;
  double distance;
};

std::vector<Plane> planes_of(voro::voronoicell_neighbor& cell, const Corners& corners) {
  std::vector<double> normals;
  cell.normals(normals);
  std::vector<Plane> out;
  corners.visit_faces([&](const int* corner, int count) {
    const Vector3d n = Eigen::Map<const Vector3d>(normals.data() + 3 * out.size());
    double distance = 0;  // mean over the corners: small faces have inexact normals
    for (int k = 0; k < count; ++k) distance += n.dot(corners.place(corner[k]));
    out.push_back({n, distance / count});
  });
  return out;
}

// Half-edge of the space in which a cell is cut again, Angstrom: beyond it a cell counts as open.
constexpr double kOpen = 1000;

class Counter {
 public:
  Counter(const VoronoiSettings& settings, Voronoi& out) : settings_(settings), out_(out) {
    reach_.assign(out.index.size(), 0);
  }

  // Reads one computed cell into the result.
  void take(voro::voronoicell_neighbor& cell, std::size_t atom) {
    const Corners corners(cell);
    const Edges edges = edges_of(corners, settings_.edge_cut);
    std::vector<Face> faces = faces_of(cell, edges.of_face);
    edges_ += double(edges.all);
    short_ += double(edges.tiny);
    double surface = 0;
    for (const Face& f : faces) surface += f.area;
    out_.volume[atom] = cell.volume();
    reach_[atom] = corners.reach();
    const bool rebuilds = settings_.small_faces == SmallFaces::rebuild;
    std::vector<Plane> planes;
    if (rebuilds) planes = planes_of(cell, corners);
    std::vector<Face> kept;
    std::vector<Plane> kept_planes;
    for (std::size_t f = 0; f < faces.size(); ++f) {
      if (faces[f].behind < 0) {
        out_.at_surface[atom] = true;
        continue;
      }
      if (faces[f].area < settings_.face_cut * surface) continue;
      kept.push_back(faces[f]);
      if (rebuilds) kept_planes.push_back(planes[f]);
    }
    if (rebuilds) kept = rebuilt(kept, kept_planes);
    store(atom, std::move(kept));
  }

  double short_edges() const { return edges_ > 0 ? short_ / edges_ : 0; }

  // Atoms without a neighbour on one side have a corner far out, though other atoms may close their
  // cell: of fcc, one missing neighbour moves it out by the factor 1.41. Of a layer so thin that
  // most atoms are at its surface, only the size of the atoms says what is far (`most`, Angstrom).
  void find_surface(double most) {
    constexpr double kFar = 1.3;
    std::vector<double> whole;
    for (std::size_t i = 0; i < reach_.size(); ++i)
      if (!out_.at_surface[i]) whole.push_back(reach_[i]);
    if (whole.empty()) return;
    const auto middle = whole.begin() + std::ptrdiff_t(whole.size() / 2);
    std::nth_element(whole.begin(), middle, whole.end());
    const double far = std::min(kFar * *middle, most);
    for (std::size_t i = 0; i < reach_.size(); ++i)
      if (reach_[i] > far) out_.at_surface[i] = true;
  }

 private:
  // The faces of the cell that these planes bound; none if it is open.
  std::vector<Face> rebuilt(const std::vector<Face>& kept, const std::vector<Plane>& planes) {
    voro::voronoicell_neighbor cell;
    cell.init(-kOpen, kOpen, -kOpen, kOpen, -kOpen, kOpen);
    for (std::size_t f = 0; f < kept.size(); ++f) {
      const Vector3d to = 2 * planes[f].distance * planes[f].normal;
      if (!cell.nplane(to.x(), to.y(), to.z(), int(f))) return {};
    }
    std::vector<Face> faces = faces_of(cell, edges_of(Corners(cell), settings_.edge_cut).of_face);
    for (Face& f : faces) {
      if (f.behind < 0) return {};
      f.behind = kept[std::size_t(f.behind)].behind;
    }
    return faces;
  }

  void store(std::size_t atom, std::vector<Face> faces) {
    std::sort(faces.begin(), faces.end(), [](const Face& a, const Face& b) {
      return std::tie(a.behind, a.area) < std::tie(b.behind, b.area);
    });
    for (const Face& f : faces) {
      out_.neighbours[atom].push_back(std::size_t(f.behind));
      out_.area[atom].push_back(f.area);
      out_.edges[atom].push_back(f.edges);
      if (f.edges >= 3 && f.edges <= 6) ++out_.index[atom][std::size_t(f.edges - 3)];
    }
  }

  const VoronoiSettings& settings_;
  Voronoi& out_;
  std::vector<double> reach_;  // Angstrom, by atom
  double edges_ = 0, short_ = 0;
};

struct Near {
  Vector3d step;
  double distance;
  std::size_t atom;
};

// Cuts the cell of an atom by the planes of all neighbours within `cutoff`, the nearest first.
// False if nothing is left of it.
bool cut(voro::voronoicell_neighbor& cell, std::vector<Near> near, double own, double cutoff,
         const Atoms& atoms, const VoronoiSettings& settings) {
  std::sort(near.begin(), near.end(), [](const Near& a, const Near& b) {
    return std::tie(a.distance, a.atom) < std::tie(b.distance, b.atom);
  });
  const double edge = 2 * cutoff;
  cell.init(-edge, edge, -edge, edge, -edge, edge);
  for (const Near& n : near) {
    const double r = settings.radii.empty() ? 0 : settings.radii.at(atoms.numbers[n.atom]);
    const double square = n.distance * n.distance + own * own - r * r;
    if (n.distance < 1e-6 || !cell.nplane(n.step.x(), n.step.y(), n.step.z(), square, int(n.atom)))
      return false;
  }
  return true;
}

// The cells of a periodic model, each cut by its neighbours within a distance that grows until
// those farther away cannot reach it. Returns how many atoms have none.
std::size_t cells_from_neighbours(const Atoms& atoms, const VoronoiSettings& settings,
                                  Counter& counter) {
  std::vector<bool> missing(atoms.size(), true);
  double largest = 0;
  for (const auto& [z, r] : settings.radii) largest = std::max(largest, r);
  const double spacing = std::cbrt(atoms.cell.volume() / double(atoms.size()));
  std::size_t left = atoms.size(), without = 0;
  for (double cutoff = 4 * spacing; left > 0 && cutoff < 100 * spacing; cutoff *= 1.5) {
    std::map<std::size_t, std::vector<Near>> near;
    for (std::size_t i = 0; i < atoms.size(); ++i)
      if (missing[i]) near[i];
    visit_neighbours(atoms.cell, atoms.positions, cutoff,
                     [&](std::size_t i, std::size_t j, const Vector3d& step) {
                       if (missing[i]) near[i].push_back({step, step.norm(), j});
                     });
    for (auto& [i, neighbours] : near) {
      voro::voronoicell_neighbor cell;
      const double own = settings.radii.empty() ? 0 : settings.radii.at(atoms.numbers[i]);
      if (!cut(cell, std::move(neighbours), own, cutoff, atoms, settings)) {
        ++without;
      } else {
        // a plane this far away cannot touch a corner
        const double reach = Corners(cell).reach();
        const double power = std::max(0.0, reach * reach + largest * largest - own * own);
        if (reach + std::sqrt(power) >= cutoff) continue;
        counter.take(cell, i);
      }
      missing[i] = false;
      --left;
    }
  }
  return left + without;
}

// Angstrom: no corner in a dense solid of these atoms is as far (of fcc it is 1.41 radii); the
// corners in the middle of an empty layer of 6 Angstrom or more are.
double far_of(const Atoms& atoms) {
  double sum = 0;
  for (const int z : atoms.numbers) sum += metallic_radius(z);
  return std::max(3.0, 2.2 * sum / double(atoms.size()));
}

void prepare(Voronoi& out, std::size_t atoms) {
  out.index.assign(atoms, {0, 0, 0, 0});
  out.volume.assign(atoms, 0);
  out.neighbours.resize(atoms);
  out.area.resize(atoms);
  out.edges.resize(atoms);
  out.at_surface.assign(atoms, false);
}

bool fills_cell(const Atoms& atoms, const std::vector<bool>& missing,
                const std::vector<double>& volume) {
  if (std::find(missing.begin(), missing.end(), true) != missing.end()) return false;
  const double sum = std::accumulate(volume.begin(), volume.end(), 0.0);
  return std::abs(sum - atoms.cell.volume()) < 1e-8 * atoms.cell.volume();
}

template <typename Container>
void compute(Container& container, const Atoms& atoms, const VoronoiSettings& settings,
             Voronoi& out) {
  std::optional<Counter> counter(std::in_place, settings, out);
  voro::voronoicell_neighbor cell;
  std::vector<bool> missing(atoms.size(), true);
  const auto take = [&](auto& loop) {
    if (!loop.start()) return;
    do {
      if (!container.compute_cell(cell, loop)) continue;
      counter->take(cell, std::size_t(loop.pid()));
      missing[std::size_t(loop.pid())] = false;
    } while (loop.inc());
  };
  constexpr bool kPeriodic = std::is_same_v<Container, voro::container_periodic> ||
                             std::is_same_v<Container, voro::container_periodic_poly>;
  auto without = std::size_t(0);
  if constexpr (kPeriodic) {
    voro::c_loop_all_periodic loop(container);
    take(loop);
    // voro++'s search misses neighbours where images lie exactly behind each other, as in a model
    // repeated along an edge: then atoms have no cell, or one that is too large
    if (!fills_cell(atoms, missing, out.volume)) {
      out = Voronoi{};
      prepare(out, atoms.size());
      counter.emplace(settings, out);
      without = cells_from_neighbours(atoms, settings, *counter);
    }
  } else {
    voro::c_loop_all loop(container);
    take(loop);
    without = std::size_t(std::count(missing.begin(), missing.end(), true));
  }
  if (without > 0)
    fail(Fault::physics,
         "{} of {} atoms have no Voronoi cell: two atoms lie at one place, or outside of the cell, "
         "or a much larger neighbour (@radii) covers them",
         without, atoms.size());
  out.short_edges = counter->short_edges();
  if (vacuum_of(atoms).exists())
    counter->find_surface(far_of(atoms));
  else if (!kPeriodic)
    counter->find_surface(std::numeric_limits<double>::infinity());
}

// Blocks of about five atoms are fastest (voro++ documentation).
int blocks(double edge, double volume, std::size_t atoms) {
  const double most =
      std::max(8.0, 4 * std::cbrt(double(atoms)));  // of a cell that is mostly empty
  return int(std::clamp(edge / std::cbrt(5 * volume / double(atoms)) + 1, 1.0, most));
}

// The cell turned so that a lies along x and b in the xy plane, as voro++ wants it: vectors = lower
// * turned axes.
template <typename Container>
void put(Container& container, int i, const Vector3d& r, const VoronoiSettings& settings,
         int number) {
  if constexpr (std::is_same_v<Container, voro::container_poly> ||
                std::is_same_v<Container, voro::container_periodic_poly>)
    container.put(i, r.x(), r.y(), r.z(), settings.radii.at(number));
  else
    container.put(i, r.x(), r.y(), r.z());
}

template <typename Container>
void periodic_cells(const Atoms& atoms, const VoronoiSettings& settings, Voronoi& out) {
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
  constexpr double kLongest = 1000;
  const Vector3d edges = l.diagonal().cwiseAbs();
  if (edges.maxCoeff() > kLongest * edges.minCoeff())
    fail(Fault::physics,
         "Voronoi cells of a periodic cell of {:g} x {:g} x {:g} Angstrom take too many images of "
         "its atoms; repeat it along the short edges",
         edges.x(), edges.y(), edges.z());
  const double volume = atoms.cell.volume();
  Container container(l(0, 0), l(1, 0), l(1, 1), l(2, 0), l(2, 1), l(2, 2),
                      blocks(l(0, 0), volume, atoms.size()), blocks(l(1, 1), volume, atoms.size()),
                      blocks(l(2, 2), volume, atoms.size()), 8);
  for (std::size_t i = 0; i < atoms.size(); ++i)
    put(container, int(i), axes * atoms.positions[i], settings, atoms.numbers[i]);
  compute(container, atoms, settings, out);
}

template <typename Container>
void walled_cells(const Atoms& atoms, const VoronoiSettings& settings, Voronoi& out) {
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
  Container container(
      lo.x(), hi.x(), lo.y(), hi.y(), lo.z(), hi.z(), blocks(size.x(), volume, atoms.size()),
      blocks(size.y(), volume, atoms.size()), blocks(size.z(), volume, atoms.size()), periodic[0],
      periodic[1], periodic[2], 8);
  for (std::size_t i = 0; i < atoms.size(); ++i)
    put(container, int(i), atoms.positions[i], settings, atoms.numbers[i]);
  compute(container, atoms, settings, out);
}

}  // namespace

Voronoi voronoi(const Atoms& atoms, const VoronoiSettings& settings) {
  Voronoi out;
  const auto n = atoms.size();
  if (n == 0) return out;
  require_full_occupancy(atoms, "Voronoi cells");
  prepare(out, n);
  const bool radical = !settings.radii.empty();
  if (radical)
    for (int z : atoms.numbers)
      if (settings.radii.count(z) == 0)
        fail(Fault::usage, "the radical tessellation needs a radius of {} (@radii)", symbol(z));
  const auto& p = atoms.cell.periodic;
  const bool finite = atoms.cell.vectors.isZero();
  if (!finite && p[0] && p[1] && p[2])
    radical ? periodic_cells<voro::container_periodic_poly>(atoms, settings, out)
            : periodic_cells<voro::container_periodic>(atoms, settings, out);
  else if (finite || atoms.cell.is_orthogonal())
    radical ? walled_cells<voro::container_poly>(atoms, settings, out)
            : walled_cells<voro::container>(atoms, settings, out);
  else
    fail(Fault::physics, "Voronoi cells of a tilted cell need it to be periodic along all axes");
  return out;
}

Voronoi voronoi(const Atoms& atoms, double face_cut) {
  VoronoiSettings settings;
  settings.face_cut = face_cut;
  return voronoi(atoms, settings);
}

bool hangs_on_short_edges(const Voronoi& v, const VoronoiSettings& settings) {
  return settings.edge_cut < kShort && v.short_edges > kManyShort;
}

std::string voronoi_name(const std::array<int, 4>& i) {
  return fmt::format("<{},{},{},{}>", i[0], i[1], i[2], i[3]);
}

std::string voronoi_rule(const VoronoiSettings& s) {
  std::string out = s.radii.empty() ? "" : "radical planes, ";
  if (s.face_cut > 0)
    out += fmt::format("faces under {:g} % of the surface {}", 100 * s.face_cut,
                       s.small_faces == SmallFaces::rebuild
                           ? "left out and the cell cut again without them"
                           : "not counted");
  else
    out += "every face counted";
  if (s.edge_cut > 0)
    out += fmt::format(", edges under {:g} % of the mean not counted", 100 * s.edge_cut);
  return out;
}

void label_voronoi(Atoms& atoms, const Voronoi& v, const VoronoiSettings& settings) {
  std::vector<std::int64_t> values;
  for (const auto& index : v.index) values.insert(values.end(), index.begin(), index.end());
  atoms.labels["voronoi"] = {4, std::move(values)};
  std::vector<double> volume = v.volume;
  std::vector<std::int64_t> surface;
  for (std::size_t i = 0; i < volume.size(); ++i) {
    surface.push_back(v.at_surface[i]);
    if (v.at_surface[i]) volume[i] = std::numeric_limits<double>::quiet_NaN();
  }
  atoms.labels["voronoi_volume"] = {1, std::move(volume)};
  if (std::find(surface.begin(), surface.end(), 1) != surface.end())
    atoms.labels["at_surface"].values = std::move(surface);
  atoms.info["voronoi_face_cut"] = fmt::format("{:g}", settings.face_cut);
  atoms.info["voronoi_rule"] = voronoi_rule(settings);
}

void label_voronoi(Atoms& atoms, const Voronoi& v, double face_cut) {
  VoronoiSettings settings;
  settings.face_cut = face_cut;
  label_voronoi(atoms, v, settings);
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

std::vector<double> five_fold_share(const Voronoi& v) {
  std::vector<double> out;
  for (const auto& edges : v.edges) {
    const auto five = std::count(edges.begin(), edges.end(), 5);
    out.push_back(edges.empty() ? 0 : double(five) / double(edges.size()));
  }
  return out;
}

}  // namespace vitrobeam
