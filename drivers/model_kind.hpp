// The kinds of model that `vitrobeam model` builds. Each kind is one function that adds its options
// to the command and returns what plans the model from them, and one line in its group's list.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/run_control.hpp"
#include "drivers/structure_input.hpp"
#include "models/motifs.hpp"
#include "options/settings.hpp"

namespace vitrobeam {

// What a build may know beside its own options.
struct ModelRun {
  const CommonSettings& common;
  const RunControl& control;
  std::vector<std::string> files;  // named on the command line behind the kind
};

// One model, or the frames of a series; `notes` are printed with the summary.
struct BuiltModel {
  std::vector<Atoms> frames;
  std::vector<std::string> notes{};
  BuiltModel(Atoms atoms) { frames.push_back(std::move(atoms)); }
  explicit BuiltModel(std::vector<Atoms> series) : frames(std::move(series)) {}
};

// What is going to be built, options and files checked. What takes no longer than to read its input
// is built already.
struct ModelPlan {
  ModelSize size;
  std::size_t frames = 1;
  std::function<BuiltModel()> build;
  std::optional<BuiltModel> built;

  ModelPlan(BuiltModel model) : built(std::move(model)) {}
  ModelPlan(const ModelSize& expected, std::function<BuiltModel()> work)
      : size(expected), build(std::move(work)) {}
  // The atoms stay as many, in the same cell.
  ModelPlan(const Atoms& atoms, std::function<BuiltModel()> work)
      : ModelPlan(ModelSize{double(atoms.size()), atoms.cell.lengths()}, std::move(work)) {}
};

// Called once, in one thread; the run outlives the plan.
using PlanModel = std::function<ModelPlan(const ModelRun&)>;

struct ModelKind {
  std::string name, files, summary;  // files: "" or "STRUCTURE"
  std::function<PlanModel(Settings&)> describe;
};

// The groups, each in its own file drivers/model_<group>.cpp.
std::vector<ModelKind> motif_kinds();
std::vector<ModelKind> packing_kinds();
std::vector<ModelKind> relaxation_kinds();
std::vector<ModelKind> crystal_kinds();
std::vector<ModelKind> literature_kinds();
std::vector<ModelKind> extraction_kinds();
std::vector<ModelKind> specimen_kinds();
std::vector<ModelKind> foil_kinds();

// `need_cell` false: a finite piece, whose box nobody asks for.
Atoms read_model(const StructureInput& input, const std::string& path, bool need_cell = true);

// The same for what moves or compares atoms: sites that are partly occupied are refused.
Atoms read_whole_model(const StructureInput& input, const std::string& path);

// --axis, --direction and --in-plane.
struct Orientation {
  std::string axis, direction;
  double in_plane_deg = 0;
};
void add_orientation(Settings& settings, Orientation& orientation);
// The rotation asked for; `motif` is null where nothing has named axes.
Eigen::Matrix3d rotation_of(const Orientation& orientation, const Motif* motif);
std::string text_of(const Orientation& orientation);

// Its line in the table, options as the program writes them.
std::string summary_of(const Motif& motif);

// A motif of the table with its decoration.
struct MotifChoice {
  std::string elements;
  double bond = 0, radius = 0, distortion = 0;
  int shells = 2;
};
void add_motif_choice(Settings& settings, MotifChoice& choice);
Atoms build_motif(const Motif& motif, const MotifChoice& choice);

// A strain tensor "xx,yy,zz,yz,xz,xy" (shares, or with %), as a symmetric matrix.
Eigen::Matrix3d parse_strain(const std::string& text, const std::string& name);

}  // namespace vitrobeam
