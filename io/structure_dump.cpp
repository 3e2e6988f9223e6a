// LAMMPS text dumps (dump atom, dump custom): one or more frames, columns by name.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "io/lammps_units.hpp"
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
  std::size_t id = kNone, type = kNone, label = kNone, element = kNone, mass = kNone, count = 0;
  std::array<std::size_t, 3> r = {kNone, kNone, kNone};
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
  c.label = find(names, "typelabel");
  std::vector<std::string> used = {"id", "type", "element", "mass", "typelabel", "ix", "iy", "iz"};
  for (const char* suffix : {"", "s", "u", "su"}) {
    const std::string end = suffix;
    std::array<std::size_t, 3> r{};
    for (std::size_t k = 0; k < 3; ++k) {
      used.push_back("xyz"[k] + end);
      r[k] = find(names, used.back());
    }
    if (c.r[0] != Columns::kNone || *std::max_element(r.begin(), r.end()) == Columns::kNone)
      continue;
    c.r = r;
    c.scaled = end == "s" || end == "su";
    c.unwrapped = end == "u" || end == "su";
  }
  if (c.r[0] == Columns::kNone)
    reader.fail(
        "the dump has no positions; columns x y z, xs ys zs, xu yu zu or xsu ysu zsu are expected");
  for (std::size_t i = 0; i < names.size(); ++i)
    if (find(used, names[i]) == Columns::kNone) c.labels.emplace_back(names[i], i);
  return c;
}

// The element that a word names, not a type or a placeholder.
int element_of_word(const TextReader& reader, std::size_t column) {
  const int z = element_of_label(reader.words()[column]);
  if (z == 0)
    reader.fail("{} is no element; give the elements of the types with @types Cu,Zr",
                excerpt(reader.words()[column]));
  return z;
}

int element_of_line(const TextReader& reader, const StructureReadOptions& options, const Columns& c,
                    double mass_unit) {
  std::int64_t type = 0;
  const bool has_number = c.type != Columns::kNone && parse_integer(reader.words()[c.type], type);
  if (!options.types.empty() && has_number) return element_of_type(reader, options, type);
  if (c.element != Columns::kNone) return element_of_word(reader, c.element);
  if (c.label != Columns::kNone) return element_of_word(reader, c.label);
  if (c.type != Columns::kNone && !has_number) return element_of_word(reader, c.type);
  if (c.mass != Columns::kNone) {
    const double mass = mass_unit * reader.number(c.mass, "a mass in g/mol");
    const int z = mass == 1 ? 0 : element_of_mass(mass);  // 1 is a placeholder
    if (z == 0)
      reader.fail("{} g/mol is the mass of no element; give the elements with @types Cu,Zr", mass);
    return z;
  }
  if (c.type == Columns::kNone)
    reader.fail("the dump has no column element, type or mass: the elements are missing");
  return element_of_type(reader, options, type);
}

// LAMMPS writes C for every type where dump_modify element is not given.
class Placeholders {
 public:
  Placeholders(const Columns& c, const StructureReadOptions& options)
      : columns_(c), may_be_(c.element != Columns::kNone && options.types.empty()) {}

  void look_at(const TextReader& reader) {
    if (!may_be_) return;
    may_be_ = reader.words()[columns_.element] == "C";
    if (columns_.type != Columns::kNone) types_.emplace(reader.words()[columns_.type]);
    if (columns_.mass != Columns::kNone) masses_.emplace(reader.words()[columns_.mass]);
  }

  // Behind the last atom.
  void refuse(const TextReader& reader, const StructureReadOptions& options) const {
    if (!may_be_) return;
    bool heavy = false;
    double mass = 0;
    for (const auto& word : masses_)
      heavy = heavy || (parse_number(word, mass) && std::abs(mass - 12) > 3 && mass != 1);
    if (types_.size() > 1 || masses_.size() > 1 || heavy)
      reader.fail(
          "the column element says C for each of the {} types, which LAMMPS writes where no "
          "elements were given; give them with @types Cu,Zr",
          std::max(types_.size(), masses_.size()));
    note(options,
         "{}: the column element says C for every atom, which LAMMPS also writes where no element "
         "was given; if it is not carbon, give @types",
         reader.name());
  }

 private:
  const Columns& columns_;
  bool may_be_;
  std::set<std::string, std::less<>> types_, masses_;
};

// A count that is too low leaves atoms behind the last one.
void check_end(TextReader reader, std::int64_t count) {
  if (reader.next_filled() && reader.words()[0] != kItem)
    reader.fail("found {} after the {} atoms that the frame announces; is the count wrong?",
                excerpt(reader.line()), count);
}

Atoms read_atoms(TextReader& reader, const StructureReadOptions& options, std::int64_t count,
                 const Box& box, const LammpsUnits& units) {
  const Columns c = find_columns(reader);
  Placeholders placeholders(c, options);
  Atoms atoms;
  atoms.cell = box.cell;
  std::vector<std::int64_t> ids;
  std::vector<std::vector<double>> labels(c.labels.size());
  for (std::int64_t i = 0; i < count; ++i) {
    reader.require(fmt::format("atom {} of {}", i + 1, count));
    if (reader.words().size() != c.count)
      reader.fail("atom {} of {} has {} columns, the dump announces {}", i + 1, count,
                  reader.words().size(), c.count);
    const Vector3d r(reader.number(c.r[0], "x"), reader.number(c.r[1], "y"),
                     reader.number(c.r[2], "z"));
    placeholders.look_at(reader);
    atoms.add(element_of_line(reader, options, c, units.mass),
              c.scaled ? Vector3d(box.cell.vectors.transpose() * r) : Vector3d(r - box.lo));
    if (c.id != Columns::kNone) ids.push_back(reader.integer(c.id, "an atom id"));
    for (std::size_t k = 0; k < labels.size(); ++k) {
      double value = 0;  // a column of text is no label
      labels[k].push_back(parse_number(reader.words()[c.labels[k].second], value)
                              ? value
                              : std::numeric_limits<double>::quiet_NaN());
    }
  }
  placeholders.refuse(reader, options);
  check_end(reader, count);
  for (std::size_t k = 0; k < labels.size(); ++k)
    if (std::all_of(labels[k].begin(), labels[k].end(), [](double v) { return std::isfinite(v); }))
      atoms.labels[c.labels[k].first].values = std::move(labels[k]);
  if (c.unwrapped) wrap(atoms);
  atoms.cell.vectors *= units.length;
  for (auto& r : atoms.positions) r *= units.length;
  return ids.empty() ? atoms : sorted_by_id(atoms, ids, reader.name());
}

// ITEM: UNITS stands once, before the atoms of the first frame.
LammpsUnits units_of(TextReader reader, const FramePlace& place) {
  reader.go_to(place.header);
  while (reader.next() && !is_item(reader, {"ATOMS"}))
    if (is_item(reader, {"UNITS"})) {
      reader.require("the units");
      return lammps_units(reader, reader.words().empty() ? "" : reader.words()[0]);
    }
  return {};
}

}  // namespace

bool looks_like_lammps_dump(TextReader reader) {
  return reader.next_filled() && reader.words()[0] == kItem;
}

// ITEM: UNITS and ITEM: TIME stand before the time step of a frame, the units of the first one
// only.
FramePlaces lammps_dump_frames(TextReader reader) {
  FramePlaces out;
  const TextReader::Place first = reader.place();
  for (auto place = reader.place(); reader.next(); place = reader.place())
    if (is_item(reader, {"TIMESTEP"})) out.push_back({place, first});
  if (out.empty()) reader.fail("the line ITEM: TIMESTEP is missing");
  return out;
}

Atoms read_lammps_dump(TextReader& reader, const FramePlace& place,
                       const StructureReadOptions& options) {
  const LammpsUnits units = units_of(reader, place);
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
      Atoms atoms = read_atoms(reader, options, count, *box, units);
      atoms.info["timestep"] = step;
      return atoms;
    }
    reader.require("ITEM: ATOMS");
  }
}

}  // namespace vitrobeam
