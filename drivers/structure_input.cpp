#include "drivers/structure_input.hpp"

#include "drivers/quantity.hpp"

namespace vitrobeam {

void add_structure_input(Settings& o, StructureInput& i) {
  o.add("types", i.types, "Cu,Zr", "elements of the types 1, 2, .. of a LAMMPS file");
  o.add("box", i.box, "L|LXxLYxLZ", "cell edges in Angstrom, for a file that has none");
  o.add("frame", i.frame, "frame of a trajectory, from 0; negative counts from the end");
}

StructureReadOptions read_options(const StructureInput& i) {
  StructureReadOptions options;
  options.frame = i.frame;
  options.need_cell = false;
  if (!i.types.empty()) options.types = parse_elements(i.types);
  if (!i.box.empty()) options.box = parse_box(i.box, "box");
  return options;
}

Atoms read_boxed(const std::string& path, const StructureInput& i) {
  StructureReadOptions options = read_options(i);
  options.need_cell = true;
  return read_structure(path, options);
}

}  // namespace vitrobeam
