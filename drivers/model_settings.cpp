#include "drivers/model_settings.hpp"

namespace vitrobeam {

Settings describe(ModelSettings& s) {
  Settings o("model",
             "Builds an atomic model with its ground-truth labels: a motif by its name, or "
             "packing, embed, cut.",
             {"KIND", "[STRUCTURE]"});
  o.add("list", s.list, "print the kinds and the motif table, and stop").not_recorded();
  o.section("Motif");
  o.add("elements", s.elements, "Cu,Zr",
        "element of the centre and, where a motif has one, the second");
  o.add("bond", s.bond, "Angstrom", "centre to first shell; 0 = sum of the metallic radii")
      .at_least(0)
      .at_most(10);
  o.add("radius", s.radius, "Angstrom", "size of a crystal cluster; 0 = first shell")
      .at_least(0)
      .at_most(500);
  o.add("axis", s.axis, "NAME",
        "named axis along the beam: 5, 3, 2 or 100, 110, 111, ... (--list)");
  o.add("direction", s.direction, "X,Y,Z",
        "direction in the motif's frame along the beam, instead of --axis");
  o.add("in-plane", s.in_plane_deg, "deg", "turn about the beam, from +x to +y")
      .at_least(-360)
      .at_most(360);
  o.section("Cell");
  o.add("box", s.box, "L|LXxLYxLZ",
        "cell of a motif or a packing, and of a structure file that has none (default for a motif: "
        "10 Angstrom around it)");
  o.add("vacuum", s.vacuum, "T|TX,TY,TZ", "vacuum on either side: one thickness is along the beam");
  o.section("Packing");
  o.add("composition", s.composition, "Cu64.5Zr35.5", "elements with their shares");
  o.add("atoms", s.atoms, "number of atoms; 0 = what fills --box").at_least(0).at_most(2e6);
  o.add("density", s.density, "atoms/A3",
        "number density (default: spheres touch at their metallic radii)")
      .above(0)
      .at_most(1);
  o.section("Embedding");
  o.add("motif", s.motif, "NAME|FILE",
        "motif of the table (with the options above) or a structure file");
  o.add("matrix", s.matrix, "FILE", "structure file that the motif is put into");
  o.add("at", s.at, "X,Y,Z",
        "centre of the motif, Angstrom from the cell's corner (default: middle of the cell)");
  o.add("overlap", s.overlap, "",
        "matrix atoms closer than this share of the sum of metallic radii are taken out")
      .above(0)
      .at_most(1.5);
  o.section("Structure files");
  o.add("types", s.types, "Cu,Zr", "elements of the types 1, 2, .. of a LAMMPS file");
  o.add("frame", s.frame, "frame of a trajectory, from 0; -1 is the last");
  o.add("slab", s.slab, "Z0,Z1", "cut: keep z0 <= z < z1, Angstrom");
  o.add("from", s.from, "X,Y,Z",
        "cut: low corner of the box to keep, Angstrom (default: corner of the cell)");
  o.add("to", s.to, "X,Y,Z",
        "cut: high corner; periodic cells are repeated as needed (default: far corner)");
  o.add("format", s.format, {{"extxyz", ModelFormat::extxyz}, {"kirkland", ModelFormat::kirkland}},
        "of the output; kirkland: Z x y z occupancy u_rms, for Kirkland's programs and Prismatic, "
        "without the labels");
  o.section("Labels");
  o.add("voronoi", s.voronoi, "label every atom with its Voronoi index <n3,n4,n5,n6> and volume");
  o.add("face-cut", s.face_cut, "",
        "share of a Voronoi cell's surface below which a face is not counted")
      .at_least(0)
      .at_most(0.5);
  o.section("Run");
  add_common(o, s.common);
  return o;
}

}  // namespace vitrobeam
