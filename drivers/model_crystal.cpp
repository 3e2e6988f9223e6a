// Kinds of model: crystal-like order.
#include <Eigen/LU>
#include <memory>
#include <numbers>

#include "base/error.hpp"
#include "drivers/model_kind.hpp"
#include "io/structure_file.hpp"
#include "models/crystal.hpp"
#include "models/ground_truth.hpp"
#include "models/rotations.hpp"
#include "models/transform.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

struct LatticeChoice {
  StructureInput input;
  std::string lattice, elements;
  double a = 0, c = 0;
};

void add_lattice(Settings& o, LatticeChoice& l) {
  std::string known;
  for (const Prototype& p : prototypes()) known += p.name + ", ";
  o.section("Crystal");
  o.add("lattice", l.lattice, "NAME|FILE", known + "or a periodic structure file (CIF, ...)");
  o.add("elements", l.elements, "Cu,Zr", "elements of its sites, in the order of the table's roles")
      .reads(elements());
  o.add("a", l.a, "Angstrom",
        "lattice parameter; 0 = the closest atoms touch at their metallic radii")
      .at_least(0)
      .at_most(100);
  o.add("c", l.c, "Angstrom", "the other one; 0 = c/a of the type (C11b 3, C16 that of Al2Cu)")
      .at_least(0)
      .at_most(200);
  o.section("Structure files");
  add_structure_input(o, l.input);
}

Atoms lattice_cell(const LatticeChoice& l) {
  if (l.lattice.empty())
    fail(Fault::usage, "name a crystal with --lattice, such as --lattice C11b");
  const auto& table = prototypes();
  const bool named = std::any_of(table.begin(), table.end(),
                                 [&](const Prototype& p) { return p.name == l.lattice; });
  if (!named) {
    if (l.lattice.find('.') == std::string::npos && l.lattice.find('/') == std::string::npos)
      find_prototype(l.lattice);  // fails, naming the table
    if (!l.elements.empty() || l.a > 0 || l.c > 0)
      fail(Fault::usage,
           "--lattice {} is a file: it says the elements and the cell, leave --elements, "
           "--a and --c away",
           l.lattice);
    Atoms unit = read_model(l.input, l.lattice);
    const auto& p = unit.cell.periodic;
    if (!p[0] || !p[1] || !p[2])
      fail(Fault::input, "{}: is not periodic along all axes: no crystal can be made of it",
           l.lattice);
    return unit;
  }
  const Prototype& prototype = find_prototype(l.lattice);
  if (l.elements.empty())
    fail(Fault::usage, "the crystal {} needs --elements ({})", prototype.name,
         fmt::join(prototype.roles, ", "));
  return unit_cell(prototype, parse_elements(l.elements), l.a, l.c);
}

struct CrystalSettings {
  LatticeChoice lattice;
  PieceShape shape = PieceShape::ellipsoid;
  std::string size = "20", zone, plane, fault = "none", fault_plane, fault_shift, strain;
  double in_plane_deg = 0, fault_height = 0;
  bool periodic = false;
};

// --zone u,v,w (lattice direction) or --plane h,k,l (its normal) along the beam.
Eigen::Matrix3d crystal_rotation(const CrystalSettings& s, const Atoms& unit) {
  if (!s.zone.empty() && !s.plane.empty())
    fail(Fault::usage, "--zone {} and --plane {}: give one of them", s.zone, s.plane);
  Vector3d direction = Vector3d::UnitZ();
  if (!s.zone.empty()) direction = unit.cell.vectors.transpose() * parse_vector(s.zone, "", "zone");
  if (!s.plane.empty())
    direction = unit.cell.vectors.inverse() * parse_vector(s.plane, "", "plane");
  if (!(direction.norm() > 0)) fail(Fault::usage, "a zone or plane 0,0,0 has no direction");
  return rotation_to_beam(direction, s.in_plane_deg * std::numbers::pi / 180);
}

std::vector<PlanarFault> crystal_faults(const CrystalSettings& s, const Atoms& unit) {
  const bool custom = !s.fault_plane.empty() || !s.fault_shift.empty();
  if (s.fault != "none" && custom)
    fail(Fault::usage, "--fault {} and --fault-plane, --fault-shift: give one of them", s.fault);
  if (s.fault != "none") {
    PlanarFault f = named_fault(s.fault, s.lattice.lattice, unit);
    f.height += s.fault_height;
    return {f};
  }
  if (!custom) return {};
  if (s.fault_plane.empty() || s.fault_shift.empty())
    fail(Fault::usage, "a fault needs both --fault-plane H,K,L and --fault-shift U,V,W");
  PlanarFault f;
  f.normal = unit.cell.vectors.inverse() * parse_vector(s.fault_plane, "", "fault-plane");
  if (!(f.normal.norm() > 0)) fail(Fault::usage, "--fault-plane 0,0,0 has no direction");
  f.shift = unit.cell.vectors.transpose() * parse_vector(s.fault_shift, "", "fault-shift");
  f.height = s.fault_height;
  return {f};
}

PlanModel describe_crystal(Settings& o) {
  auto s = std::make_shared<CrystalSettings>();
  add_lattice(o, s->lattice);
  o.section("Piece");
  o.add("shape", s->shape, {{"ellipsoid", PieceShape::ellipsoid}, {"block", PieceShape::block}},
        "ellipsoid (a sphere where all axes are equal) or block (a slab where z is short)");
  o.add("size", s->size, "L|LXxLYxLZ", "its axes or edges, Angstrom, z along the beam")
      .reads(a_box());
  o.add("periodic", s->periodic, "the periodic unit cell instead of a piece; --repeat repeats it");
  o.add("zone", s->zone, "U,V,W", "lattice direction along the beam").reads(a_direction());
  o.add("plane", s->plane, "H,K,L", "or the normal of this lattice plane").reads(a_direction());
  o.add("in-plane", s->in_plane_deg, "deg", "turn about the beam").at_least(-360).at_most(360);
  o.section("Faults and strain");
  o.add("fault", s->fault, "NAME",
        "through the middle: intrinsic, extrinsic or twin (fcc, diamond), intrinsic (hcp)");
  o.add("fault-plane", s->fault_plane, "H,K,L", "or any: the plane").reads(a_direction());
  o.add("fault-shift", s->fault_shift, "U,V,W",
        "by what, in lattice vectors, its upper side is moved")
      .reads(a_vector(""));
  o.add("fault-height", s->fault_height, "Angstrom", "of the plane over the middle");
  o.add("strain", s->strain, "XX,YY,ZZ,YZ,XZ,XY",
        "strain in the specimen's frame, shares or per cent")
      .reads([](const auto& text, const auto& name) { parse_strain(text, name); });
  return [s](const ModelRun&) -> BuiltModel {
    const Atoms unit = lattice_cell(s->lattice);
    if (s->periodic) {
      if (s->fault != "none" || !s->fault_plane.empty() || !s->zone.empty() || !s->plane.empty())
        fail(Fault::usage,
             "--periodic is the plain unit cell: no zone, plane or fault goes with it");
      return s->strain.empty()
                 ? unit
                 : deformed(unit, Eigen::Matrix3d::Identity() + parse_strain(s->strain, "strain"));
    }
    CrystalPiece piece;
    piece.shape = s->shape;
    piece.size = parse_box(s->size, "size");
    piece.rotation = crystal_rotation(*s, unit);
    piece.faults = crystal_faults(*s, unit);
    if (!s->strain.empty()) piece.strain = parse_strain(s->strain, "strain");
    Atoms atoms = centred_in_box(crystal_piece(unit, piece), piece.size + Vector3d::Constant(1e-3));
    atoms.labels["motif"].values = std::vector<std::int64_t>(atoms.size(), 1);
    record(atoms, {1, s->lattice.lattice,
                   !s->zone.empty()    ? s->zone
                   : !s->plane.empty() ? "normal of " + s->plane
                                       : "0,0,1",
                   Vector3d::UnitZ(), piece.size / 2, ""});
    return atoms;
  };
}

struct MicrocrystalSettings {
  LatticeChoice lattice;
  Microcrystal grains;
  std::string box = "60";
};

PlanModel describe_microcrystal(Settings& o) {
  auto s = std::make_shared<MicrocrystalSettings>();
  add_lattice(o, s->lattice);
  o.section("Grains");
  o.add("cell", s->box, "L|LXxLYxLZ", "periodic cell").reads(a_box());
  o.add("grains", s->grains.grains, "crystallites in it").at_least(1).at_most(10000);
  o.add("closest", s->grains.closest, "",
        "of two atoms of different grains that are nearer than this share of their radii one goes")
      .above(0)
      .at_most(1);
  return [s](const ModelRun& run) -> ModelPlan {
    Microcrystal m = s->grains;
    m.box = parse_box(s->box, "cell");
    m.seed = run.common.seed;
    const Atoms unit = lattice_cell(s->lattice);
    return {expected_size(unit, m), [unit, m] {
              Atoms atoms = microcrystal(unit, m);
              atoms.info["seed"] = std::to_string(m.seed);
              BuiltModel built(std::move(atoms));
              built.notes.push_back(fmt::format("grains       {} of {:.3g} Angstrom on average",
                                                m.grains, std::cbrt(m.box.prod() / m.grains)));
              return built;
            }};
  };
}

}  // namespace

std::vector<ModelKind> crystal_kinds() {
  return {{"crystal", "",
           "spheres, ellipsoids and slabs of a prototype or of any CIF, with faults and strain",
           describe_crystal},
          {"microcrystal", "", "crystallites of random orientation fill the cell (Bragg)",
           describe_microcrystal}};
}

}  // namespace vitrobeam
