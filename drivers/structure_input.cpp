#include "drivers/structure_input.hpp"

#include "base/error.hpp"
#include "drivers/log.hpp"
#include "models/occupancy.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {

void add_structure_input(Settings& o, StructureInput& i) {
  o.add("types", i.types, "Cu,Zr", "elements of the types 1, 2, .. of a LAMMPS file")
      .reads(elements());
  o.add("atom-style", i.atom_style, "NAME",
        "atom style of a LAMMPS data file that does not name it: atomic, charge, molecular, full, "
        "sphere, ..");
  o.add("box", i.box, "L|LXxLYxLZ", "cell edges in Angstrom, for a file that has none")
      .reads(a_box());
  o.add("frame", i.frame, "frame of a trajectory, from 0; negative counts from the end");
}

StructureReadOptions read_options(const StructureInput& i) {
  StructureReadOptions options;
  options.frame = i.frame;
  options.need_cell = false;
  options.atom_style = i.atom_style;
  options.note = [](const Message& text) { warn("{}", text.with_fields(option_name)); };
  if (!i.types.empty()) options.types = parse_elements(i.types);
  if (!i.box.empty()) options.box = parse_box(i.box, "box");
  return options;
}

Plausibility say_oddities(const Atoms& atoms, const std::string& path) {
  Plausibility p = plausibility(atoms);
  for (const auto& text : oddities(p)) warn("{}: {}", path, text);
  return p;
}

void say_vacuum(const Atoms& atoms, const std::string& what) {
  if (const std::string vacuum = vacuum_text(atoms); !vacuum.empty())
    warn("{} of the whole cell, which holds vacuum ({})", what, vacuum);
}

Atoms read_atoms(const std::string& path, const StructureInput& i) {
  Atoms atoms = read_structure(path, read_options(i));
  say_oddities(atoms, path);
  return atoms;
}

Atoms read_boxed(const std::string& path, const StructureInput& i) {
  StructureReadOptions options = read_options(i);
  options.need_cell = true;
  Atoms atoms = read_structure(path, options);
  say_oddities(atoms, path);
  return atoms;
}

Atoms read_scatterers(const std::string& path, const StructureInput& i, std::uint64_t seed) {
  Atoms atoms = read_boxed(path, i);
  refuse_coincident(plausibility(atoms), path);
  if (!has_partial_occupancy(atoms)) return atoms;
  inform("{}: sites are partly occupied; which are is drawn once (seed {})", path, seed);
  return select(atoms, occupied_sites(atoms, seed, 1));
}

}  // namespace vitrobeam
