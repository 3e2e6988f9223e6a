// Kinds of model: foils with what real ones have, and time series.
#include <cmath>
#include <memory>
#include <numbers>

#include "base/error.hpp"
#include "drivers/model_kind.hpp"
#include "io/structure_file.hpp"
#include "models/shear_band.hpp"
#include "models/specimen.hpp"
#include "models/time_series.hpp"
#include "models/transform.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

struct WedgeSettings {
  StructureInput input;
  double thin = 5, angle_deg = 30, length = 0;
};

PlanModel describe_wedge(Settings& o) {
  auto s = std::make_shared<WedgeSettings>();
  o.section("Wedge");
  o.add("thin", s->thin, "Angstrom", "thickness at the low x face").at_least(0).at_most(1e4);
  o.add("angle", s->angle_deg, "deg", "between its faces, thicker along +x").above(0).at_most(80);
  o.add("length", s->length, "Angstrom",
        "along x; 0 = the cell (a periodic cell is repeated as it needs)")
      .at_least(0)
      .at_most(1e5);
  o.section("Structure files");
  add_structure_input(o, s->input);
  return [s](const ModelRun& run) -> BuiltModel {
    Atoms atoms = read_model(s->input, run.files[0]);
    const double angle = s->angle_deg * std::numbers::pi / 180;
    if (atoms.cell.is_orthogonal()) {
      Vector3d size = atoms.cell.vectors.diagonal();
      if (s->length > 0) size.x() = s->length;
      size.z() = s->thin + size.x() * std::tan(angle);
      if (size.z() > atoms.cell.vectors(2, 2) && !atoms.cell.periodic[2])
        size.z() = atoms.cell.vectors(2, 2);
      atoms = cut_box(atoms, Vector3d::Zero(), size);
    }
    return wedge(atoms, s->thin, angle);
  };
}

struct OxideSettings {
  StructureInput input;
  std::string oxide = "ZrO2", faces = "both";
  OxideSkin skin;
};

PlanModel describe_oxide(Settings& o) {
  auto s = std::make_shared<OxideSettings>();
  o.section("Oxide skin");
  o.add("oxide", s->oxide, "FORMULA", "its composition").reads(a_composition());
  o.add("density", s->skin.density_g, "",
        "its density in g/cm^3 (ZrO2 5 to 5.8, Al2O3 3 to 4, SiO2 2.2)")
      .above(0)
      .at_most(25);
  o.add("thickness", s->skin.thickness, "Angstrom", "of each skin").at_least(4).at_most(200);
  o.add("faces", s->faces, "both|entrance|exit", "where the beam meets it")
      .reads(one_name_of({"both", "entrance", "exit"}));
  o.section("Structure files");
  add_structure_input(o, s->input);
  return [s](const ModelRun& run) -> ModelPlan {
    OxideSkin skin = s->skin;
    skin.oxide = parse_composition(s->oxide);
    skin.seed = run.common.seed;
    if (skin.density_g == 0)
      fail(Fault::usage, "oxide needs --density in g/cm^3: ZrO2 has 5 to 5.8");
    if (s->faces != "both" && s->faces != "entrance" && s->faces != "exit")
      fail(Fault::usage, "--faces '{}': expected both, entrance or exit", s->faces);
    skin.entrance = s->faces != "exit";
    skin.exit = s->faces != "entrance";
    const Atoms atoms = read_whole_model(s->input, run.files[0]);
    return {expected_size(atoms, skin),
            [atoms, skin, &run]() -> BuiltModel { return with_oxide(atoms, skin, run.control); }};
  };
}

struct BandSettings {
  StructureInput input;
  ShearBand band;
  std::string changes = "6%,-10%";
  std::optional<double> centre;
};

std::vector<double> parse_changes(const std::string& text) {
  std::vector<double> out;
  for (const auto& word : split(text, ',')) {
    const bool percent = word.ends_with("%");
    const double v =
        parse_quantity(percent ? word.substr(0, word.size() - 1) : word, "", "changes");
    if (!percent && std::abs(v) >= 1)
      fail(Fault::usage, "--changes '{}': {:g} is a share of {:g} %; write {:g}% if you mean that",
           text, v, 100 * v, v);
    out.push_back(percent ? v / 100 : v);
  }
  return out;
}

BuiltModel build_band(const Atoms& glass, const ShearBand& band, const RunControl& run) {
  auto [atoms, segments] = with_shear_band(glass, band, run);
  BuiltModel built(std::move(atoms));
  for (const auto& segment : segments)
    built.notes.push_back(fmt::format(
        "segment      y {:.4g} to {:.4g} Angstrom: density {:+.2f} % in its middle, "
        "{:+.2f} % on the whole ({:+.2f} % asked)",
        segment.from, segment.to, 100 * segment.change, 100 * segment.made, 100 * segment.asked));
  return built;
}

PlanModel describe_band(Settings& o) {
  auto s = std::make_shared<BandSettings>();
  o.section("Shear band");
  o.add("width", s->band.width, "Angstrom", "along x; the band contains the beam and y")
      .at_least(5)
      .at_most(1e4);
  o.add("centre", s->centre, "Angstrom", "of the band along x (default: middle of the cell)");
  o.add("changes", s->changes, "6%,-10%,..", "of the density, in turn along the band")
      .reads([](const auto& text, const auto&) { parse_changes(text); });
  o.add("border", s->band.border, "Angstrom",
        "over which the density goes from one to the other, at the sides and along the band")
      .at_least(0)
      .at_most(1e3);
  o.add("segment", s->band.segment, "Angstrom", "length of each, rounded to fill the cell")
      .at_least(5)
      .at_most(1e5);
  o.section("Structure files");
  add_structure_input(o, s->input);
  return [s](const ModelRun& run) -> ModelPlan {
    const Atoms glass = read_whole_model(s->input, run.files[0]);
    ShearBand band = s->band;
    band.changes = parse_changes(s->changes);
    band.centre = s->centre.value_or(glass.cell.lengths().x() / 2);
    band.seed = run.common.seed;
    return {expected_size(glass, band),
            [glass, band, &run] { return build_band(glass, band, run.control); }};
  };
}

struct InclusionSettings {
  StructureInput input;
  std::string centre, eigenstrain = "0,0,0,0,0,2%";
  double radius = 10, poisson = 0.36;
};

PlanModel describe_inclusion(Settings& o) {
  auto s = std::make_shared<InclusionSettings>();
  o.section("Inclusion");
  o.add("centre", s->centre, "X,Y,Z",
        "Angstrom from the cell's corner (default: middle of the cell)")
      .reads(a_vector("Angstrom"));
  o.add("radius", s->radius, "Angstrom", "of the sphere").above(0).at_most(1e4);
  o.add("eigenstrain", s->eigenstrain, "XX,YY,ZZ,YZ,XZ,XY",
        "what it would strain if it were free, shares or per cent")
      .reads([](const auto& text, const auto& name) { parse_strain(text, name); });
  o.add("poisson", s->poisson, "", "Poisson's ratio of the medium").above(-1).at_most(0.4999);
  o.section("Structure files");
  add_structure_input(o, s->input);
  return [s](const ModelRun& run) -> BuiltModel {
    const Atoms atoms = read_whole_model(s->input, run.files[0]);
    const Vector3d centre = s->centre.empty()
                                ? Vector3d(atoms.cell.vectors.colwise().sum().transpose() / 2)
                                : parse_vector(s->centre, "Angstrom", "centre");
    return with_inclusion(atoms, centre, s->radius, parse_strain(s->eigenstrain, "eigenstrain"),
                          s->poisson);
  };
}

struct SeriesSettings {
  StructureInput input;
  Relaxation relaxation;
  bool trajectory = false;
  int first = 0, stride = 1;
};

std::vector<Atoms> trajectory_frames(const SeriesSettings& s, const std::string& path) {
  StructureReadOptions options = read_options(s.input);
  options.need_cell = true;
  const Trajectory trajectory(path, options);
  std::vector<Atoms> frames;
  for (std::size_t k = std::size_t(s.first);
       k < trajectory.size() && frames.size() < std::size_t(s.relaxation.frames);
       k += std::size_t(s.stride)) {
    frames.push_back(trajectory.frame(k));
    frames.back().info.try_emplace("time",
                                   fmt::format("{:.10g}", double(k) * s.relaxation.interval));
  }
  if (frames.size() < 2)
    fail(Fault::usage, "{} has {} frames: from --first {} with --stride {} that is no series", path,
         trajectory.size(), s.first, s.stride);
  return frames;
}

PlanModel describe_series(Settings& o) {
  auto s = std::make_shared<SeriesSettings>();
  Relaxation& r = s->relaxation;
  o.section("Series");
  o.add("trajectory", s->trajectory,
        "the frames of the file itself instead of a synthetic relaxation");
  o.add("first", s->first, "first frame of the trajectory, from 0").at_least(0);
  o.add("stride", s->stride, "every so many-th frame of it").at_least(1);
  o.add("frames", r.frames, "frames; of a trajectory, at most").at_least(2).at_most(100000);
  o.add("interval", r.interval, "", "time between frames, in units of your own").above(0);
  o.section("Synthetic relaxation");
  o.add("tau", r.tau, "", "median relaxation time, same units").above(0);
  o.add("spread", r.spread, "", "standard deviation of ln(tau) across the beam")
      .at_least(0)
      .at_most(5);
  o.add("correlation", r.correlation, "Angstrom", "length over which tau varies")
      .above(0)
      .at_most(1e4);
  o.add("surface", r.surface, "Angstrom", "depth of a fast layer below either face; 0 = none")
      .at_least(0)
      .at_most(1e4);
  o.add("speed-up", r.speed_up, "", "of the fast layer").at_least(1).at_most(1e9);
  o.add("jump", r.jump, "Angstrom", "rms displacement per axis of a rearrangement")
      .above(0)
      .at_most(10);
  o.add("closest", r.closest, "",
        "frames are relaxed until no pair is nearer than this share of its radii; 0 = not")
      .at_least(0)
      .at_most(1);
  o.section("Structure files");
  add_structure_input(o, s->input);
  return [s](const ModelRun& run) -> ModelPlan {
    if (s->trajectory) return BuiltModel(trajectory_frames(*s, run.files[0]));
    Relaxation relaxation = s->relaxation;
    relaxation.seed = run.common.seed;
    const Atoms atoms = read_whole_model(s->input, run.files[0]);
    ModelPlan plan(expected_size(atoms, relaxation), [atoms, relaxation, &run] {
      return BuiltModel(relaxing_series(atoms, relaxation, run.control));
    });
    plan.frames = std::size_t(relaxation.frames);
    return plan;
  };
}

}  // namespace

std::vector<ModelKind> foil_kinds() {
  return {
      {"wedge", "STRUCTURE", "a wedge of a given angle, cut from a structure file", describe_wedge},
      {"oxide", "STRUCTURE", "amorphous oxide skins on the faces that the beam meets",
       describe_oxide},
      {"shear-band", "STRUCTURE", "a band of alternating density, seen edge on", describe_band},
      {"inclusion", "STRUCTURE", "local strain: Eshelby's sphere and its field around it",
       describe_inclusion},
      {"series", "STRUCTURE", "a time series: relaxation of known times, or a trajectory's frames",
       describe_series}};
}

}  // namespace vitrobeam
