#include "io/structure_file.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "base/counted.hpp"
#include "io/structure_formats.hpp"
#include "models/elements.hpp"

namespace vitrobeam {

struct StructureFormat {
  const char* name;
  bool (*looks_like)(TextReader);
  FramePlaces (*frames)(TextReader);
  Atoms (*read)(TextReader&, const FramePlace&, const StructureReadOptions&);
};

namespace {

FramePlaces single_frame(TextReader reader) { return {{reader.place()}}; }

// Asked in this order; the first that recognises the file reads it.
constexpr StructureFormat kFormats[] = {
    {"MATLAB", looks_like_matlab, single_frame, read_matlab},
    {"LAMMPS dump", looks_like_lammps_dump, lammps_dump_frames, read_lammps_dump},
    {"LAMMPS data", looks_like_lammps_data, single_frame, read_lammps_data},
    {"CIF", looks_like_cif, cif_frames, read_cif},
    {"PDB", looks_like_pdb, pdb_frames, read_pdb},
    {"POSCAR or XDATCAR", looks_like_poscar, poscar_frames, read_poscar},
    {"Kirkland xyz", looks_like_kirkland_xyz, single_frame, read_kirkland_xyz},
    {"extended or plain XYZ", looks_like_xyz, xyz_frames, read_xyz},
};

// Occupancies are shares, rounded as files do; where there is never an atom, nothing is read.
void settle_occupancies(Atoms& atoms, const std::string& path,
                        const StructureReadOptions& options) {
  const auto label = atoms.labels.find("occupancy");
  if (label == atoms.labels.end() || label->second.columns != 1) return;
  auto* occupancy = std::get_if<std::vector<double>>(&label->second.values);
  if (!occupancy) return;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    double& o = (*occupancy)[i];
    if (!(o >= 0 && o <= 1.001))
      fail(Fault::input, "{}: the occupancy of atom {} ({}) is {:g}, which is not between 0 and 1",
           path, i + 1, symbol(atoms.numbers[i]), o);
    o = std::min(o, 1.0);
    if (o > 0) kept.push_back(i);
  }
  if (kept.size() == atoms.size()) return;
  if (kept.empty()) fail(Fault::input, "{}: every atom has the occupancy 0", path);
  note(options, "{}: {} left out", path,
       counted(atoms.size() - kept.size(), "site whose occupancy is 0 is",
               "sites whose occupancy is 0 are"));
  atoms = select(atoms, kept);
}

// Edges along the axes in another order or direction span the same box: they are put along +x, +y
// and +z. A box on the negative side has its corner moved to the origin, if its atoms are there.
void straighten(Atoms& atoms) {
  Eigen::Matrix3d turned = Eigen::Matrix3d::Zero();
  std::array<bool, 3> periodic{};
  Vector3d middle = Vector3d::Zero(), shift = Vector3d::Zero();
  for (const auto& r : atoms.positions) middle += r / double(atoms.size());
  for (int row = 0; row < 3; ++row) {
    const Vector3d edge = atoms.cell.vectors.row(row).transpose();
    int axis = 0;
    const double length = edge.cwiseAbs().maxCoeff(&axis);
    if (!(length > 0) || turned(axis, axis) > 0 || edge.cwiseAbs().sum() - length > 1e-9 * length)
      return;
    turned(axis, axis) = length;
    periodic[std::size_t(axis)] = atoms.cell.periodic[std::size_t(row)];
    if (edge[axis] < 0 && middle[axis] < 0) shift[axis] = length;
  }
  if (turned.isApprox(atoms.cell.vectors, 1e-12)) return;
  atoms.cell.vectors = turned;
  atoms.cell.periodic = periodic;
  for (auto& r : atoms.positions) r += shift;
}

void settle_cell(Atoms& atoms, const std::string& path, const StructureReadOptions& options) {
  const bool has_cell = !atoms.cell.vectors.isZero();
  if (has_cell && options.box) {
    const Cell asked = Cell::orthogonal(options.box->x(), options.box->y(), options.box->z());
    if ((asked.vectors - atoms.cell.vectors).cwiseAbs().maxCoeff() > 1e-6)
      fail(Fault::usage,
           "{}: the file has a box of {:.6g} x {:.6g} x {:.6g} Angstrom, @box asks for {:.6g} x "
           "{:.6g} x {:.6g}; leave @box away",
           path, atoms.cell.lengths().x(), atoms.cell.lengths().y(), atoms.cell.lengths().z(),
           options.box->x(), options.box->y(), options.box->z());
  }
  if (!has_cell && options.need_cell)
    fail(Fault::input, "{}: the file has no box; give it with @box, for example @box 40x40x20",
         path);
  if (!has_cell) atoms.cell.periodic = {false, false, false};
  if (has_cell && !(atoms.cell.volume() > 1e-6))
    fail(Fault::input, "{}: the cell has no volume ({:g} Angstrom^3): edges {:g}, {:g}, {:g}", path,
         atoms.cell.volume(), atoms.cell.lengths().x(), atoms.cell.lengths().y(),
         atoms.cell.lengths().z());
}

}  // namespace

Trajectory::Trajectory(std::string path, StructureReadOptions options)
    : path_(std::move(path)), options_(std::move(options)) {
  if (options_.box && !(options_.box->minCoeff() > 0 && options_.box->allFinite()))
    fail(Fault::usage, "@box {:g} x {:g} x {:g}: every edge must be positive", options_.box->x(),
         options_.box->y(), options_.box->z());
  if (options_.note)  // every frame may have the same remark: once
    options_.note = [noted = std::make_shared<std::set<std::string>>(),
                     note = options_.note](const Message& what) {
      if (noted->insert(what.plain()).second) note(what);
    };
  text_ = read_text(path_);
  if (text_.find_first_not_of(" \t\r\n") == std::string::npos)
    fail(Fault::input, "{}: the file is empty; a structure file is expected", path_);
  std::string known;
  TextReader reader(path_, text_);
  for (const StructureFormat& format : kFormats) {
    if (format.looks_like(reader)) {
      format_ = &format;
      places_ = std::make_shared<const FramePlaces>(format.frames(reader));
      return;
    }
    known += std::string(known.empty() ? "" : ", ") + format.name;
  }
  reader.next();
  fail(Fault::input, "{}: the format is not recognised (first line {}); known are {}", path_,
       excerpt(reader.line()), known);
}

std::size_t Trajectory::size() const { return places_->size(); }

Atoms Trajectory::frame(std::size_t i) const {
  TextReader reader(path_, text_);
  const FramePlace& place = places_->at(i);
  reader.go_to(place.start);
  Atoms atoms = format_->read(reader, place, options_);
  if (atoms.size() == 0) fail(Fault::input, "{}: the file holds no atoms", path_);
  settle_occupancies(atoms, path_, options_);
  straighten(atoms);
  settle_cell(atoms, path_, options_);
  return atoms;
}

Atoms read_structure(const std::string& path, const StructureReadOptions& options) {
  const Trajectory trajectory(path, options);
  const auto n = std::int64_t(trajectory.size());
  const std::int64_t frame = options.frame < 0 ? n + options.frame : options.frame;
  if (frame < 0 || frame >= n)
    fail(Fault::usage, "{} has {} frames, 0 to {}; frame {} does not exist", path, n, n - 1,
         options.frame);
  return trajectory.frame(std::size_t(frame));
}

std::vector<int> parse_elements(const std::string& text) {
  std::vector<int> out;
  for (std::size_t start = 0; start <= text.size();) {
    const auto comma = std::min(text.find(',', start), text.size());
    std::string word = text.substr(start, comma - start);
    word.erase(std::remove(word.begin(), word.end(), ' '), word.end());
    out.push_back(atomic_number(word));
    if (out.back() == 0)
      fail(Fault::usage, "{} in {} is no element; a list of symbols such as Cu,Zr is expected",
           excerpt(word), excerpt(text));
    start = comma + 1;
  }
  return out;
}

int element_of_type(const TextReader& reader, const StructureReadOptions& options,
                    std::int64_t type) {
  if (type < 1 || type > std::int64_t(options.types.size()))
    reader.fail(
        "atom type {} has no element; {} given with @types, expected are elements for 1 to "
        "the largest type, for example @types Cu,Zr",
        type, options.types.size());
  return options.types[std::size_t(type - 1)];
}

int element_of_mass(double mass) {
  int best = 0;
  for (int z = 1; z <= kElements; ++z)
    if (best == 0 || std::abs(atomic_mass(z) - mass) < std::abs(atomic_mass(best) - mass)) best = z;
  return std::abs(atomic_mass(best) - mass) <= 0.1 ? best : 0;
}

Atoms sorted_by_id(const Atoms& atoms, const std::vector<std::int64_t>& ids,
                   const std::string& name) {
  std::vector<std::size_t> order(ids.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return ids[a] < ids[b]; });
  for (std::size_t i = 1; i < order.size(); ++i)
    if (ids[order[i]] == ids[order[i - 1]])
      fail(Fault::input, "{}: atom id {} occurs twice; every atom needs its own", name,
           ids[order[i]]);
  return select(atoms, order);
}

void add_site_labels(Atoms& atoms, SiteLabels labels) {
  const auto is = [](double value) { return [value](double v) { return v == value; }; };
  auto &occupancy = labels.occupancy, &u = labels.u_rms;
  if (!std::all_of(occupancy.begin(), occupancy.end(), is(1)))
    atoms.labels["occupancy"].values = std::move(occupancy);
  if (!std::all_of(u.begin(), u.end(), is(0))) atoms.labels["u_rms"].values = std::move(u);
}

}  // namespace vitrobeam
