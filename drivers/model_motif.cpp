// Kinds of model: the motifs of the table, one kind each.
#include <memory>

#include "base/error.hpp"
#include "drivers/log.hpp"
#include "drivers/model_kind.hpp"
#include "models/ground_truth.hpp"
#include "models/transform.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

constexpr double kMargin = 10;  // Angstrom of vacuum around a motif without --box

struct MotifSettings {
  MotifChoice choice;
  Orientation orientation;
  std::string box;
};

PlanModel describe_motif(Settings& o, const Motif& motif) {
  auto s = std::make_shared<MotifSettings>();
  add_motif_choice(o, s->choice);
  add_orientation(o, s->orientation);
  o.section("Cell");
  o.add("box", s->box, "L|LXxLYxLZ", "open cell (default: 10 Angstrom around the motif)")
      .reads(a_box());
  return [s, &motif](const ModelRun&) -> BuiltModel {
    const Eigen::Matrix3d rotation = rotation_of(s->orientation, &motif);
    Atoms atoms = rotated(build_motif(motif, s->choice), rotation);
    const Vector3d box =
        s->box.empty() ? Vector3d(extent(atoms).array() + 2 * kMargin) : parse_box(s->box, "box");
    atoms = centred_in_box(atoms, box);
    record(atoms, {1, motif.name, text_of(s->orientation), Vector3d::UnitZ(), atoms.positions[0],
                   atoms.info["motif_1_voronoi"]});
    return atoms;
  };
}

}  // namespace

std::string summary_of(const Motif& motif) {
  return Message(Message::marked(motif.summary)).with_fields(option_name);
}

std::vector<ModelKind> motif_kinds() {
  std::vector<ModelKind> out;
  for (const Motif& motif : motifs())
    out.push_back({motif.name, "", summary_of(motif),
                   [&motif](Settings& o) { return describe_motif(o, motif); }});
  return out;
}

}  // namespace vitrobeam
