// Kinds of model: what is done to a structure file on its way to a specimen.
#include <cmath>
#include <filesystem>
#include <memory>
#include <numbers>

#include "base/error.hpp"
#include "drivers/model_kind.hpp"
#include "models/embedding.hpp"
#include "models/ground_truth.hpp"
#include "models/transform.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

struct EmbedSettings {
  MotifChoice choice;
  Orientation orientation;
  StructureInput input;
  std::string motif, matrix, offset;
  std::vector<std::string> at;
  std::optional<double> depth;
  double overlap = kOverlap;
};

// Where the motifs go: --at, or the middle of the cell moved by --offset, at --depth.
std::vector<Vector3d> places(const EmbedSettings& s, const Atoms& matrix) {
  std::vector<Vector3d> out;
  for (const auto& text : s.at) out.push_back(parse_vector(text, "Angstrom", "at"));
  if (!out.empty() && (s.depth || !s.offset.empty()))
    fail(Fault::usage, "--at and --depth or --offset: give one of them");
  if (!out.empty()) return out;
  Vector3d place = matrix.cell.vectors.colwise().sum().transpose() / 2;
  if (!s.offset.empty()) {
    const Vector2d offset = parse_pair(s.offset, "Angstrom", "offset");
    place.head<2>() += offset;
  }
  if (s.depth) {
    double surface = matrix.positions[0].z();
    for (const auto& r : matrix.positions) surface = std::min(surface, r.z());
    place.z() = surface + *s.depth;
  }
  return {place};
}

BuiltModel build_embedded(const EmbedSettings& s) {
  if (s.motif.empty() || s.matrix.empty())
    fail(Fault::usage, "embed needs --motif NAME|FILE and --matrix FILE");
  const bool is_name = is_motif(s.motif);
  if (!is_name && !std::filesystem::exists(s.motif))
    find_motif(s.motif);  // fails, naming the table
  const Motif* named = is_name ? &find_motif(s.motif) : nullptr;
  const Eigen::Matrix3d rotation = rotation_of(s.orientation, named);
  const Atoms motif = rotated(
      named ? build_motif(*named, s.choice) : read_model(s.input, s.motif, false), rotation);
  Atoms model = read_model(s.input, s.matrix);
  const auto entry = [&](const char* key) {
    const auto found = motif.info.find(key);
    return found == motif.info.end() ? std::string() : found->second;
  };
  Embedding e;
  e.name = named ? named->name : entry("motif_1");
  if (e.name.empty()) e.name = std::filesystem::path(s.motif).stem().string();
  e.axis = text_of(s.orientation);
  e.overlap = s.overlap;
  e.voronoi = entry("motif_1_voronoi");
  for (const auto& place : places(s, model)) {
    e.position = place;
    model = embed(model, motif, e);
  }
  return model;
}

PlanModel describe_embed(Settings& o) {
  auto s = std::make_shared<EmbedSettings>();
  o.section("Embedding");
  o.add("motif", s->motif, "NAME|FILE",
        "motif of the table, by name or Voronoi index, or a structure file");
  o.add("matrix", s->matrix, "FILE", "structure file that the motif is put into");
  o.add("at", s->at, "X,Y,Z",
        "centre of the motif, Angstrom from the cell's corner (default: middle of the cell)")
      .reads(a_vector("Angstrom"));
  o.add("depth", s->depth, "Angstrom",
        "depth of the centre below the uppermost atom, instead of --at")
      .above(0)
      .at_most(1e5);
  o.add("offset", s->offset, "X,Y", "Angstrom from the middle of the cell, instead of --at")
      .reads(a_pair("Angstrom"));
  o.add("overlap", s->overlap, "",
        "matrix atoms closer than this share of the sum of metallic radii are taken out")
      .above(0)
      .at_most(1.5);
  add_motif_choice(o, s->choice);
  add_orientation(o, s->orientation);
  o.section("Structure files");
  add_structure_input(o, s->input);
  return [s](const ModelRun&) { return build_embedded(*s); };
}

struct CutSettings {
  StructureInput input;
  std::string slab, from, to;
};

BuiltModel build_cut(const CutSettings& s, const std::string& path) {
  const Atoms atoms = read_model(s.input, path);
  if (!s.slab.empty() && !(s.from.empty() && s.to.empty()))
    fail(Fault::usage, "--slab and --from/--to: give one of them");
  const bool tilted = !atoms.cell.is_orthogonal();
  if (tilted && (s.from.empty() || s.to.empty()))
    fail(Fault::usage,
         "the cell of {} is not orthogonal: give the box to keep with --from and --to", path);
  Vector3d lo = Vector3d::Zero(), hi = atoms.cell.vectors.diagonal();
  if (!s.slab.empty()) {
    const Vector2d z = parse_pair(s.slab, "Angstrom", "slab");
    lo.z() = z[0];
    hi.z() = z[1];
  }
  if (!s.from.empty()) lo = parse_vector(s.from, "Angstrom", "from");
  if (!s.to.empty()) hi = parse_vector(s.to, "Angstrom", "to");
  const double cells = (hi - lo).prod() / atoms.cell.volume();
  if (((hi - lo).array() <= 0).any())
    fail(Fault::usage, "the box from {:g},{:g},{:g} to {:g},{:g},{:g} is empty", lo.x(), lo.y(),
         lo.z(), hi.x(), hi.y(), hi.z());
  if (cells * double(atoms.size()) > 2e8)
    fail(Fault::usage, "the box holds {:.3g} atoms, more than 2e8", cells * double(atoms.size()));
  return cut_box(atoms, lo, hi);
}

PlanModel describe_cut(Settings& o) {
  auto s = std::make_shared<CutSettings>();
  o.section("Cut");
  o.add("slab", s->slab, "Z0,Z1", "keep z0 <= z < z1, Angstrom").reads(a_pair("Angstrom"));
  o.add("from", s->from, "X,Y,Z",
        "low corner of the box to keep, Angstrom (default: corner of the cell)")
      .reads(a_vector("Angstrom"));
  o.add("to", s->to, "X,Y,Z",
        "high corner; periodic cells are repeated as needed (default: far corner)")
      .reads(a_vector("Angstrom"));
  o.section("Structure files");
  add_structure_input(o, s->input);
  return [s](const ModelRun& run) { return build_cut(*s, run.files[0]); };
}

struct TurnSettings {
  StructureInput input;
  Orientation orientation;
  std::string size, centre;
};

PlanModel describe_turn(Settings& o) {
  auto s = std::make_shared<TurnSettings>();
  o.section("Turn");
  o.add("size", s->size, "L|LXxLYxLZ",
        "the box to cut from a periodic model in the turned frame, or the open cell of a finite "
        "piece (default: what holds it)")
      .reads(a_box());
  o.add("centre", s->centre, "X,Y,Z",
        "its middle, Angstrom from the cell's corner (default: middle of the cell)")
      .reads(a_vector("Angstrom"));
  add_orientation(o, s->orientation);
  o.section("Structure files");
  add_structure_input(o, s->input);
  return [s](const ModelRun& run) -> BuiltModel {
    const Atoms atoms = read_model(s->input, run.files[0], false);
    const Eigen::Matrix3d rotation = rotation_of(s->orientation, nullptr);
    const auto& p = atoms.cell.periodic;
    if (!p[0] && !p[1] && !p[2]) {
      const Atoms piece = rotated(atoms, rotation);
      return centred_in_box(piece, s->size.empty() ? Vector3d(extent(piece).array() + 1e-3)
                                                   : parse_box(s->size, "size"));
    }
    if (s->size.empty())
      fail(Fault::usage,
           "{} is periodic: give with --size the box to cut from it in the turned frame",
           run.files[0]);
    const Vector3d centre = s->centre.empty()
                                ? Vector3d(atoms.cell.vectors.colwise().sum().transpose() / 2)
                                : parse_vector(s->centre, "Angstrom", "centre");
    return turned_box(atoms, rotation, centre, parse_box(s->size, "size"));
  };
}

struct StrainSettings {
  StructureInput input;
  std::string strain = "0,0,0,0,0,0", shear;
};

PlanModel describe_strain(Settings& o) {
  auto s = std::make_shared<StrainSettings>();
  o.section("Strain");
  o.add("strain", s->strain, "XX,YY,ZZ,YZ,XZ,XY", "symmetric strain, shares or per cent")
      .reads([](const auto& text, const auto& name) { parse_strain(text, name); });
  o.section("Structure files");
  add_structure_input(o, s->input);
  return [s](const ModelRun& run) -> BuiltModel {
    const Eigen::Matrix3d strain = parse_strain(s->strain, "strain");
    return deformed(read_model(s->input, run.files[0]), Eigen::Matrix3d::Identity() + strain);
  };
}

}  // namespace

std::vector<ModelKind> specimen_kinds() {
  return {
      {"embed", "", "a motif put into a matrix, overlapping matrix atoms taken out",
       describe_embed},
      {"cut", "STRUCTURE", "a box or slab of a structure file, repeated as far as it needs",
       describe_cut},
      {"turn", "STRUCTURE", "a finite piece of a structure file, turned", describe_turn},
      {"strain", "STRUCTURE", "a structure file under an affine strain", describe_strain},
  };
}

}  // namespace vitrobeam
