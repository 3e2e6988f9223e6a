// Kinds of model: structural models of the literature, and the motifs that a model is made of.
#include <memory>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/model_kind.hpp"
#include "drivers/output_files.hpp"
#include "io/structure_file.hpp"
#include "models/cluster_packing.hpp"
#include "models/elements.hpp"
#include "models/motif_classes.hpp"
#include "models/network.hpp"
#include "models/prism_packing.hpp"
#include "models/templates.hpp"
#include "models/voronoi.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

int one_element(const std::string& text, const char* name) {
  const auto elements = parse_elements(text);
  if (elements.size() != 1) fail(Fault::usage, "--{} '{}': expected one element", name, text);
  return elements[0];
}

const std::vector<std::pair<std::string, Superlattice>> kSuperlattices = {
    {"fcc", Superlattice::fcc},
    {"hcp", Superlattice::hcp},
    {"icosahedral", Superlattice::icosahedral}};

BuiltModel with_report(const ClusterModel& model, const char* around) {
  BuiltModel built(model.atoms);
  built.notes.push_back(
      fmt::format("clusters     {:.2f} neighbours within 1.25 contacts of {} ({:g} by its design), "
                  "closest pair at {:.3f} of the metallic radii",
                  model.coordination, around, model.expected, model.closest));
  return built;
}

struct MiracleSettings {
  std::string solvent = "Zr", alpha = "Cu", beta, gamma;
  EfficientPacking packing;
};

PlanModel describe_miracle(Settings& o) {
  auto s = std::make_shared<MiracleSettings>();
  EfficientPacking& p = s->packing;
  o.section("Efficient cluster packing");
  o.add("solvent", s->solvent, "Zr", "the majority element").reads(an_element());
  o.add("alpha", s->alpha, "Cu", "solute at the centres of the clusters").reads(an_element());
  o.add("beta", s->beta, "Al", "solute in the octahedral holes between clusters (default: none)")
      .reads(an_element());
  o.add("gamma", s->gamma, "Be", "solute in the tetrahedral holes (default: none)")
      .reads(an_element());
  o.add("superlattice", p.superlattice, kSuperlattices,
        "of the clusters; the icosahedral one has 13 of them in a matrix of the same composition");
  o.add("cells", p.cells, "cells of the superlattice along each edge").at_least(1).at_most(12);
  o.add("solvents", p.solvents_per_alpha, "",
        "solvent atoms per alpha; 0 = half of what covers it most efficiently: two clusters share "
        "each")
      .at_least(0)
      .at_most(60);
  o.add("density", p.density, "atoms/A3", "0 = atoms fill 0.64 of the volume")
      .at_least(0)
      .at_most(1);
  return [s](const ModelRun& run) -> ModelPlan {
    EfficientPacking packing = s->packing;
    packing.solvent = one_element(s->solvent, "solvent");
    packing.alpha = one_element(s->alpha, "alpha");
    if (!s->beta.empty()) packing.beta = one_element(s->beta, "beta");
    if (!s->gamma.empty()) packing.gamma = one_element(s->gamma, "gamma");
    packing.seed = run.common.seed;
    return {expected_size(packing), [packing, &run] {
              return with_report(efficient_packing(packing, run.control), "alpha");
            }};
  };
}

struct DongSettings {
  std::string formula;
  GluePacking packing;
};

PlanModel describe_dong(Settings& o) {
  auto s = std::make_shared<DongSettings>();
  GluePacking& p = s->packing;
  o.section("Cluster plus glue atoms");
  o.add("formula", s->formula, "[Cu-Zr12]Zr", "centre, shell and glue atoms");
  o.add("superlattice", p.superlattice, {{"fcc", Superlattice::fcc}, {"hcp", Superlattice::hcp}},
        "of the clusters");
  o.add("cells", p.cells, "cells of the superlattice along each edge").at_least(1).at_most(12);
  o.add("density", p.density, "atoms/A3", "0 = atoms fill 0.64 of the volume")
      .at_least(0)
      .at_most(1);
  return [s](const ModelRun& run) -> ModelPlan {
    if (s->formula.empty())
      fail(Fault::usage, "clusters-and-glue needs --formula, such as --formula '[Cu-Zr12]Zr'");
    GluePacking packing = s->packing;
    packing.formula = parse_glue_formula(s->formula);
    packing.seed = run.common.seed;
    return {expected_size(packing),
            [packing, &run] { return with_report(glue_packing(packing, run.control), "centres"); }};
  };
}

struct GaskellSettings {
  std::string composition = "Fe75C25";
  int atoms = 1000;
  PrismPacking packing;
};

// How many of the metalloids sit in prisms, by two measures that know nothing of the building.
std::string prism_report(const PrismModel& model, int metalloid, double bond) {
  const auto deviations = prism_deviations(model.atoms, metalloid, 2 * bond);
  const auto good = std::count_if(deviations.begin(), deviations.end(),
                                  [](double d) { return d <= kTemplateRmsd; });
  VoronoiSettings rule;
  rule.face_cut = 0.02;  // at 0.01 cementite itself has small faces left
  rule.small_faces = SmallFaces::rebuild;
  const double index =
      voronoi_fraction(model.atoms, voronoi(model.atoms, rule), {0, 3, 6, 0}, metalloid);
  return fmt::format(
      "prisms       {}: {:.1f} % within {:g} bonds (rms) of the ideal one; {:.1f} % <0,3,6,0> "
      "({}); pairs that share a corner {}, an edge {}, more {}",
      deviations.size(), 100 * double(good) / double(deviations.size()), kTemplateRmsd, 100 * index,
      voronoi_rule(rule), model.at_corners, model.at_edges, model.at_faces);
}

BuiltModel build_prisms(const PrismPacking& packing) {
  const PrismModel model = prism_packing(packing);
  const auto& c = packing.composition.elements;
  const double bond =
      packing.bond > 0 ? packing.bond : metallic_radius(c[0]) + metallic_radius(c[1]);
  BuiltModel built(model.atoms);
  built.frames[0].info["seed"] = std::to_string(packing.seed);
  built.notes.push_back(prism_report(model, c[1], bond));
  return built;
}

PlanModel describe_gaskell(Settings& o) {
  auto s = std::make_shared<GaskellSettings>();
  PrismPacking& p = s->packing;
  o.section("Trigonal prisms");
  o.add("composition", s->composition, "Fe75C25", "a metal and the metalloid in its prisms")
      .reads(a_composition());
  o.add("atoms", s->atoms, "number of atoms").at_least(100).at_most(20000);
  o.add("bond", p.bond, "Angstrom",
        "metalloid to metal; 0 = the sum of their metallic (covalent) radii")
      .at_least(0)
      .at_most(6);
  o.add("density", p.density, "atoms/A3", "0 = atoms fill 0.64 of the volume")
      .at_least(0)
      .at_most(1);
  return [s](const ModelRun& run) -> ModelPlan {
    PrismPacking packing = s->packing;
    packing.composition = parse_composition(s->composition);
    packing.atoms = std::size_t(s->atoms);
    packing.seed = run.common.seed;
    return {expected_size(packing), [packing] { return build_prisms(packing); }};
  };
}

struct NetworkChoice {
  std::string element = "Si";
  NetworkSettings network;
  DensityClusters clusters{0};
};

BuiltModel build_network(const NetworkSettings& settings, const DensityClusters& clusters,
                         const RunControl& run) {
  const NetworkModel model = random_network(settings);
  Atoms atoms = model.atoms;
  if (clusters.count > 0) atoms = with_density_clusters(atoms, settings.bond, clusters, run);
  BuiltModel built(std::move(atoms));
  built.notes.push_back(
      fmt::format("network      {:.4f} eV per atom (Keating), bond angles {:.2f} +- {:.2f} "
                  "degrees, bonds +- {:.2f} %, {} kept",
                  model.energy, model.angle_deg, model.angle_spread_deg, 100 * model.bond_spread,
                  counted(model.accepted, "switch", "switches")));
  return built;
}

PlanModel describe_network(Settings& o) {
  auto s = std::make_shared<NetworkChoice>();
  NetworkSettings& n = s->network;
  o.section("Continuous random network");
  o.add("element", s->element, "Si", "of all atoms").reads(an_element());
  o.add("bond", n.bond, "Angstrom", "bond length").at_least(1).at_most(4);
  o.add("cells", n.cells, "cells of diamond along an edge, 8 atoms each").at_least(2).at_most(12);
  o.add("randomise", n.randomise, "", "bond switches per atom that melt the crystal")
      .at_least(0)
      .at_most(10);
  o.add("anneal", n.anneal, "", "switches tried per atom while it cools").at_least(0).at_most(1e6);
  o.add("hot", n.hot_eV, "", "first temperature, eV").above(0).at_most(10);
  o.add("cold", n.cold_eV, "", "last temperature, eV").above(0).at_most(10);
  o.section("Density clusters");
  o.add("clusters", s->clusters.count, "dense and loose spheres in turn (Demkowicz and Argon)")
      .at_least(0)
      .at_most(1000);
  o.add("cluster-radius", s->clusters.radius, "Angstrom", "of each").above(1).at_most(1000);
  o.add("dense", s->clusters.dense, "", "density change of the dense ones, a share")
      .at_least(0)
      .at_most(0.3);
  o.add("loose", s->clusters.loose, "", "of the loose ones").at_least(-0.5).at_most(0);
  return [s](const ModelRun& run) -> ModelPlan {
    NetworkSettings settings = s->network;
    settings.element = one_element(s->element, "element");
    DensityClusters clusters = s->clusters;
    settings.seed = clusters.seed = run.common.seed;
    return {expected_size(settings),
            [settings, clusters, &run] { return build_network(settings, clusters, run.control); }};
  };
}

struct ClassesSettings {
  StructureInput input;
  ClassSettings classes;
  std::string labelled;
};

BuiltModel build_classes(const ClassesSettings& s, Atoms atoms, const std::string& path) {
  const auto classes = motif_classes(atoms, s.classes);
  if (classes.empty())
    fail(Fault::physics, "{}: no atom has a whole Voronoi cell, so there are no motifs", path);
  std::vector<std::int64_t> label(atoms.size(), 0);
  BuiltModel built(std::vector<Atoms>{});
  for (std::size_t c = 0; c < classes.size(); ++c) {
    built.frames.push_back(as_motif(classes[c], atoms));
    for (auto i : classes[c].members) label[i] = std::int64_t(c) + 1;
    if (c < 10)
      built.notes.push_back(
          fmt::format("class {:<6} {} around {}: {}, scatter {:.3f}", c + 1,
                      voronoi_name(classes[c].index), symbol(built.frames.back().numbers[0]),
                      counted(classes[c].members.size(), "member"), classes[c].scatter));
  }
  if (!s.labelled.empty()) {
    atoms.labels["motif_class"].values = std::move(label);
    write_extxyz(atoms, s.labelled);
  }
  return built;
}

PlanModel describe_classes(Settings& o) {
  auto s = std::make_shared<ClassesSettings>();
  o.section("Motif classes");
  o.add("class-radius", s->classes.radius, "",
        "neighbourhoods nearer than this to a class belong to it: rms distance over the mean bond")
      .above(0)
      .at_most(1);
  o.add("by-element", s->classes.by_element, "centres of different elements are different classes");
  o.add("most", s->classes.most, "classes kept, the largest first").at_least(1).at_most(100000);
  o.add("labelled", s->labelled, "FILE",
        "write the model too, with the label motif_class (0 = none)");
  o.section("Structure files");
  add_structure_input(o, s->input);
  return [s](const ModelRun& run) -> ModelPlan {
    check_further_file("--labelled", s->labelled, run.common);
    const Atoms atoms = read_whole_model(s->input, run.files[0]);
    return {atoms, [s, atoms, path = run.files[0]] { return build_classes(*s, atoms, path); }};
  };
}

}  // namespace

std::vector<ModelKind> literature_kinds() {
  return {{"cluster-packing", "", "efficient cluster packing on a superlattice (Miracle)",
           describe_miracle},
          {"clusters-and-glue", "", "clusters and glue atoms from a formula (Dong)", describe_dong},
          {"prisms", "", "trigonal prisms around metalloids, joined at edges and corners (Gaskell)",
           describe_gaskell},
          {"network", "", "continuous random network of amorphous silicon (Wooten, Winer, Weaire)",
           describe_network}};
}

std::vector<ModelKind> extraction_kinds() {
  return {{"classes", "STRUCTURE",
           "the motifs that a model is made of, sorted by shape and averaged", describe_classes}};
}

}  // namespace vitrobeam
