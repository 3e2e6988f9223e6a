// The plan of a motif library as options, an INI file or stored text, and what it resolves to.
#pragma once
#include <string>

#include "drivers/simulate_settings.hpp"
#include "io/library_file.hpp"
#include "options/settings.hpp"
#include "studies/library_build.hpp"

namespace vitrobeam {

struct LibraryCommand {
  SimulateSettings beam;  // optics and sampling
  LibraryPlan plan;
  std::string motifs = "icosahedron,fcc,hcp,bcc", elements = "Cu,Zr", composition;
  std::string thicknesses = "15", depths = "0.5", energies, semiangles, defoci;
  double density = 0, q_max = 0;
  std::string shard;  // "2/8"
};

Settings describe(LibraryCommand& c, const std::string& command);

// Fills in c.plan. Throws Error{usage} and Error{physics} for a plan that cannot be built.
void resolve(LibraryCommand& c);

// The plan that entries of a library were built by, from the text that it carries. Throws
// Error{input} where that does not say: libraries that older versions merged or rearranged.
LibraryPlan plan_of(const LibraryOrigin& origin);

// The INI text of the run that made a library file.
std::string stored_plan(const std::string& path);

// LibraryConditions::simulation as the stored plan of a build says it: for files of older versions.
// Empty for other plans.
std::string simulation_of_plan(const std::string& plan);

// Of `count` units those of --shard i/n (all without it): every n-th from the i-th on.
std::vector<std::size_t> units_of_shard(const std::string& shard, std::size_t count);

}  // namespace vitrobeam
