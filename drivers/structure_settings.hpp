// What `vitrobeam structure` is asked to analyse.
#pragma once
#include <string>
#include <vector>

#include "drivers/structure_input.hpp"
#include "options/settings.hpp"
#include "studies/structure_analysis.hpp"

namespace vitrobeam {

struct StructureSettings {
  CommonSettings common;
  StructureInput model;
  std::string only;         // some of the analyses, separated by commas; empty: all
  std::string labels, csv;  // further files
  StructureAnalysis analysis;
  std::string orders = "4,6", radii;
  bool radical = false;
  std::string reference;
  int reference_frame = 0;
  bool vibration = false;
};

Settings describe(StructureSettings& settings);

// What they mean for a model: analyses, orders, radii of its elements (Error{usage}: one is
// missing).
StructureAnalysis resolve(const StructureSettings& s, const Atoms& atoms);

// Refuses unknown analyses and what contradicts itself, before anything is read.
void check(const StructureSettings& s);

}  // namespace vitrobeam
