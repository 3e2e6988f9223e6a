// LAMMPS text dumps (dump atom, dump custom): one or more frames, columns by name.
#include <algorithm>
#include <array>

#include "io/structure_formats.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

constexpr std::string_view kItem = "ITEM:";

bool is_item(const TextReader& reader, std::initializer_list<std::string_view> names) {
  const auto& w = reader.words();
  if (w.size() < 1 + names.size() || w[0] != kItem) return false;
  return std::equal(names.begin(), names.end(), w.begin() + 1);
}

struct Box {
  Cell cell;
  Vector3d lo = Vector3d::Zero();
};

// A tilted box is given by the bounds of its bounding box: xlo_bound = xlo + min(0, xy, xz, xy +
// xz), and so on.
Box read_box(TextReader& reader) {
  Box box;
  const bool tilted = is_item(reader, {"BOX", "BOUNDS", "xy", "xz", "yz"});
  if (is_item(reader, {"BOX", "BOUNDS", "abc"}))
    reader.fail(
        "general triclinic boxes (abc origin) are not read; write the dump without "
        "triclinic/general");
  const std::size_t first_flag = tilted ? 6 : 3;
  const auto& w = reader.words();
  for (std::size_t k = 0; k < 3 && first_flag + k < w.size(); ++k)
    box.cell.periodic[k] = w[first_flag + k] == "pp";
  Vector3d lo, hi, tilt = Vector3d::Zero();
  for (int k = 0; k < 3; ++k) {
    reader.require("a line of BOX BOUNDS");
    lo[k] = reader.number(0, "a lower bound of the box");
    hi[k] = reader.number(1, "an upper bound of the box");
    if (tilted) tilt[k] = reader.number(2, "a tilt of the box");
  }
  const double xy = tilt[0], xz = tilt[1], yz = tilt[2];
  lo.x() -= std::min({0.0, xy, xz, xy + xz});
  hi.x() -= std::max({0.0, xy, xz, xy + xz});
  lo.y() -= std::min(0.0, yz);
  hi.y() -= std::max(0.0, yz);
  const Vector3d l = hi - lo;
  if (!(l.minCoeff() > 0))
    reader.fail("the box is {:g} x {:g} x {:g} Angstrom; every edge must be positive", l.x(), l.y(),
                l.z());
  box.cell.vectors << l.x(), 0, 0, xy, l.y(), 0, xz, yz, l.z();
  box.lo = lo;
  return box;
}

// Columns of an atom line by what they hold; npos where the dump has none.
struct Columns {
  static constexpr std::size_t kNone = std::size_t(-1);
  std::size_t id = kNone, type = kNone, element = kNone, mass = kNone, x = kNone, count = 0;
  bool scaled = false, unwrapped = false;
  std::vector<std::pair<std::string, std::size_t>> labels;
};

std::size_t find(const std::vector<std::string>& names, const std::string& name) {
  const auto it = std::find(names.begin(), names.end(), name);
  return it == names.end() ? Columns::kNone : std::size_t(it - names.begin());
}

Columns find_columns(const TextReader& reader) {
  const std::vector<std::string> names(reader.words().begin() + 2, reader.words().end());
  Columns c;
  c.count = names.size();
  c.id = find(names, "id");
  c.type = find(names, "type");
  c.element = find(names, "element");
  c.mass = find(names, "mass");
  std::vector<std::string> used = {"id", "type", "element", "mass", "ix", "iy", "iz"};
  for (const char* suffix : {"", "s", "u", "su"}) {
    const std::string end = suffix;
    const auto x = find(names, "x" + end);
    for (const char* axis : {"x", "y", "z"}) used.push_back(axis + end);
    if (c.x != Columns::kNone || x == Columns::kNone) continue;
    if (find(names, "y" + end) != x + 1 || find(names, "z" + end) != x + 2)
      reader.fail("columns x{0} y{0} z{0} are expected next to each other", end);
    c.x = x;
    c.scaled = end == "s" || end == "su";
    c.unwrapped = end == "u" || end == "su";
  }
  if (c.x == Columns::kNone)
    reader.fail(
        "the dump has no positions; columns x y z, xs ys zs, xu yu zu or xsu ysu zsu are "
        "expected");
  for (std::size_t i = 0; i < names.size(); ++i)
    if (find(used, names[i]) == Columns::kNone) c.labels.emplace_back(names[i], i);
  return c;
}

int element_of_line(const TextReader& reader, const StructureReadOptions& options,
                    const Columns& c) {
  if (!options.types.empty() && c.type != Columns::kNone)
    return element_of_type(reader, options, reader.integer(c.type, "an atom type"));
  if (c.element != Columns::kNone) return reader.element(c.element);
  if (c.mass != Columns::kNone) {
    const int z = element_of_mass(reader.number(c.mass, "a mass in g/mol"));
    if (z == 0)
      reader.fail("{} g/mol is the mass of no element; say the elements with --types Cu,Zr",
                  reader.words()[c.mass]);
    return z;
  }
  if (c.type == Columns::kNone)
    reader.fail("the dump has no column element, type or mass: the elements are missing");
  return element_of_type(reader, options, reader.integer(c.type, "an atom type"));
}

Atoms read_atoms(TextReader& reader, const StructureReadOptions& options, std::int64_t count,
                 const Box& box) {
  const Columns c = find_columns(reader);
  Atoms atoms;
  atoms.cell = box.cell;
  std::vector<std::int64_t> ids;
  std::vector<std::vector<double>> labels(c.labels.size());
  for (std::int64_t i = 0; i < count; ++i) {
    reader.require(fmt::format("atom {} of {}", i + 1, count));
    if (reader.words().size() != c.count)
      reader.fail("atom {} of {} has {} columns, the dump announces {}", i + 1, count,
                  reader.words().size(), c.count);
    const Vector3d r(reader.number(c.x, "x"), reader.number(c.x + 1, "y"),
                     reader.number(c.x + 2, "z"));
    atoms.add(element_of_line(reader, options, c),
              c.scaled ? Vector3d(box.cell.vectors.transpose() * r) : Vector3d(r - box.lo));
    if (c.id != Columns::kNone) ids.push_back(reader.integer(c.id, "an atom id"));
    for (std::size_t k = 0; k < labels.size(); ++k) {
      double value = 0;  // a column of text is no label
      labels[k].push_back(parse_number(reader.words()[c.labels[k].second], value)
                              ? value
                              : std::numeric_limits<double>::quiet_NaN());
    }
  }
  for (std::size_t k = 0; k < labels.size(); ++k)
    if (std::all_of(labels[k].begin(), labels[k].end(), [](double v) { return std::isfinite(v); }))
      atoms.labels[c.labels[k].first].values = std::move(labels[k]);
  if (c.unwrapped) wrap(atoms);
  return ids.empty() ? atoms : sorted_by_id(atoms, ids, reader.name());
}

}  // namespace

bool looks_like_lammps_dump(TextReader reader) {
  return reader.next_filled() && reader.words()[0] == kItem;
}

FramePlaces lammps_dump_frames(TextReader reader) {
  FramePlaces out;
  for (auto place = reader.place(); reader.next(); place = reader.place())
    if (is_item(reader, {"TIMESTEP"})) out.push_back(place);
  if (out.empty()) reader.fail("the line ITEM: TIMESTEP is missing");
  return out;
}

Atoms read_lammps_dump(TextReader& reader, const StructureReadOptions& options) {
  reader.next();
  std::int64_t count = -1;
  std::optional<Box> box;
  std::string step;
  for (;;) {
    if (is_item(reader, {"TIMESTEP"})) {
      reader.require("the time step");
      if (!step.empty()) reader.fail("the frame ends before its atoms (ITEM: ATOMS)");
      step = std::string(reader.line());
    } else if (is_item(reader, {"NUMBER", "OF", "ATOMS"})) {
      reader.require("the number of atoms");
      count = reader.integer(0, "the number of atoms");
      if (count < 1) reader.fail("the frame has {} atoms; at least 1 is expected", count);
    } else if (is_item(reader, {"BOX", "BOUNDS"})) {
      box = read_box(reader);
    } else if (is_item(reader, {"ATOMS"})) {
      if (count < 0 || !box) reader.fail("ITEM: NUMBER OF ATOMS and BOX BOUNDS must stand before");
      Atoms atoms = read_atoms(reader, options, count, *box);
      atoms.info["timestep"] = step;
      return atoms;
    }
    reader.require("ITEM: ATOMS");
  }
}

}  // namespace vitrobeam
