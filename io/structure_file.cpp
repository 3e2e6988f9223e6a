#include "io/structure_file.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "io/structure_formats.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

struct Format {
  const char* name;
  bool (*looks_like)(TextReader);
  Atoms (*read)(TextReader&, const StructureReadOptions&);
};

// Asked in this order; the first that recognises the file reads it.
constexpr Format kFormats[] = {
    {"LAMMPS dump", looks_like_lammps_dump, read_lammps_dump},
    {"LAMMPS data", looks_like_lammps_data, read_lammps_data},
    {"extended or plain XYZ", looks_like_xyz, read_xyz},
};

void settle_cell(Atoms& atoms, const std::string& path, const StructureReadOptions& options) {
  const bool has_cell = !atoms.cell.vectors.isZero();
  if (has_cell && options.box) {
    const Cell asked = Cell::orthogonal(options.box->x(), options.box->y(), options.box->z());
    if ((asked.vectors - atoms.cell.vectors).cwiseAbs().maxCoeff() > 1e-6)
      fail(Fault::usage,
           "{}: the file has a box of {:.6g} x {:.6g} x {:.6g} Angstrom, --box asks for {:.6g} x "
           "{:.6g} x {:.6g}; leave --box away",
           path, atoms.cell.lengths().x(), atoms.cell.lengths().y(), atoms.cell.lengths().z(),
           options.box->x(), options.box->y(), options.box->z());
  }
  if (!has_cell && options.need_cell)
    fail(Fault::input, "{}: the file has no box; give it with --box, for example --box 40x40x20",
         path);
  if (!has_cell) atoms.cell.periodic = {false, false, false};
  if (has_cell && !(atoms.cell.volume() > 1e-6))
    fail(Fault::input, "{}: the cell has no volume ({:g} Angstrom^3): edges {:g}, {:g}, {:g}", path,
         atoms.cell.volume(), atoms.cell.lengths().x(), atoms.cell.lengths().y(),
         atoms.cell.lengths().z());
}

}  // namespace

Atoms read_structure(const std::string& path, const StructureReadOptions& options) {
  if (options.box && !(options.box->minCoeff() > 0 && options.box->allFinite()))
    fail(Fault::usage, "--box {:g} x {:g} x {:g}: every edge must be positive", options.box->x(),
         options.box->y(), options.box->z());
  const std::string text = read_text(path);
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    fail(Fault::input, "{}: the file is empty; a structure file is expected", path);
  std::string known;
  for (const Format& format : kFormats) {
    TextReader reader(path, text);
    if (format.looks_like(reader)) {
      Atoms atoms = format.read(reader, options);
      if (atoms.size() == 0) fail(Fault::input, "{}: the file holds no atoms", path);
      settle_cell(atoms, path, options);
      return atoms;
    }
    known += std::string(known.empty() ? "" : ", ") + format.name;
  }
  TextReader reader(path, text);
  reader.next();
  fail(Fault::input, "{}: the format is not recognised (first line {}); known are {}", path,
       excerpt(reader.line()), known);
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

std::size_t chosen_frame(const TextReader& reader, const StructureReadOptions& options,
                         std::size_t count) {
  const auto n = std::int64_t(count);
  const std::int64_t frame = options.frame < 0 ? n + options.frame : options.frame;
  if (frame < 0 || frame >= n)
    fail(Fault::usage, "{} has {} frames, 0 to {}; frame {} does not exist", reader.name(), count,
         n - 1, options.frame);
  return std::size_t(frame);
}

int element_of_type(const TextReader& reader, const StructureReadOptions& options,
                    std::int64_t type) {
  if (type < 1 || type > std::int64_t(options.types.size()))
    reader.fail(
        "atom type {} has no element; {} given with --types, expected are elements for 1 to "
        "the largest type, for example --types Cu,Zr",
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

}  // namespace vitrobeam
