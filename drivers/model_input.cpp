// What several kinds of model share: structure files, orientations, motifs and their decoration.
#include <numbers>

#include "base/error.hpp"
#include "drivers/model_kind.hpp"
#include "io/structure_file.hpp"
#include "models/occupancy.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {

Atoms read_model(const StructureInput& i, const std::string& path, bool need_cell) {
  if (need_cell) return read_boxed(path, i);
  StructureReadOptions options = read_options(i);
  options.box.reset();
  Atoms atoms = read_structure(path, options);
  say_oddities(atoms, path);
  return atoms;
}

Atoms read_whole_model(const StructureInput& i, const std::string& path) {
  Atoms atoms = read_model(i, path);
  require_full_occupancy(atoms, path);
  return atoms;
}

void add_orientation(Settings& o, Orientation& r) {
  o.section("Orientation");
  o.add("axis", r.axis, "NAME",
        "named axis along the beam: 5, 3, 2 or 100, 110, 111, ... (model --list)");
  o.add("direction", r.direction, "X,Y,Z", "direction along the beam, instead of --axis")
      .reads(a_direction());
  o.add("in-plane", r.in_plane_deg, "deg", "turn about the beam, from +x to +y")
      .at_least(-360)
      .at_most(360);
}

Eigen::Matrix3d rotation_of(const Orientation& r, const Motif* motif) {
  Vector3d direction = Vector3d::UnitZ();
  if (!r.axis.empty() && !r.direction.empty())
    fail(Fault::usage, "--axis {} and --direction {}: give one of them", r.axis, r.direction);
  if (!r.axis.empty() && !motif)
    fail(Fault::usage, "--axis {}: a structure file has no named axes; give --direction", r.axis);
  if (!r.axis.empty()) direction = find_axis(*motif, r.axis).direction;
  if (!r.direction.empty()) direction = parse_vector(r.direction, "", "direction");
  if (!(direction.norm() > 0))
    fail(Fault::usage, "--direction {}: the direction must not be zero", r.direction);
  return rotation_to_beam(direction, r.in_plane_deg * std::numbers::pi / 180);
}

std::string text_of(const Orientation& r) {
  return !r.axis.empty() ? r.axis : !r.direction.empty() ? r.direction : "0,0,1";
}

void add_motif_choice(Settings& o, MotifChoice& c) {
  o.section("Motif");
  o.add("elements", c.elements, "Cu,Zr[,Zr]",
        "element of the centre and, where a motif has them, the second and third (model --list)")
      .reads(elements());
  o.add("bond", c.bond, "Angstrom", "centre to first shell; 0 = sum of the metallic radii")
      .at_least(0)
      .at_most(10);
  o.add("radius", c.radius, "Angstrom", "size of a crystal cluster; 0 = first shell")
      .at_least(0)
      .at_most(500);
  o.add("shells", c.shells, "shells of a Mackay or anti-Mackay icosahedron")
      .at_least(1)
      .at_most(30);
  o.add("distortion", c.distortion, "",
        "of a distorted icosahedron: 0 is the icosahedron, 1 the cuboctahedron of fcc")
      .at_least(0)
      .at_most(1);
}

Atoms build_motif(const Motif& motif, const MotifChoice& c) {
  if (c.elements.empty())
    fail(Fault::usage, "the motif {} needs --elements, for example --elements {}", motif.name,
         motif.other_elements.empty() ? "Cu" : "Cu,Zr");
  return build_motif(
      motif, MotifSize{parse_elements(c.elements), c.bond, c.radius, c.shells, c.distortion});
}

Eigen::Matrix3d parse_strain(const std::string& text, const std::string& name) {
  const auto words = split(text, ',');
  if (words.size() != 6)
    fail(Fault::usage,
         "--{} '{}': expected the six strains xx,yy,zz,yz,xz,xy, such as "
         "0.01,-0.003,0,0,0,0 or 1%,0,0,0,0,0",
         name, text);
  double e[6];
  for (std::size_t k = 0; k < 6; ++k) {
    const bool percent = words[k].ends_with("%");
    const double v =
        parse_quantity(percent ? words[k].substr(0, words[k].size() - 1) : words[k], "", name);
    e[k] = percent ? v / 100 : v;
    if (std::abs(e[k]) > 0.5)
      fail(Fault::usage,
           "--{} '{}': a strain of {:g} is beyond 0.5; strains are shares, 0.01 for 1 %", name,
           text, e[k]);
  }
  Eigen::Matrix3d m;
  m << e[0], e[5], e[4], e[5], e[1], e[3], e[4], e[3], e[2];
  return m;
}

}  // namespace vitrobeam
