// The parameters of `symmetry`.
#pragma once
#include <optional>
#include <string>

#include "drivers/pattern_input.hpp"
#include "drivers/settings.hpp"
#include "patterns/angular.hpp"
#include "patterns/symmetry.hpp"

namespace vitrobeam {

struct SymmetryCommand {
  CommonSettings common;
  PatternInputSettings input;
  PolarGrid grid{0.3, 0.8, 64, 180};
  AngularSettings angular;
  std::string ring, null, corrections = "friedel,odd_floor,pair";
  std::optional<double> null_dose;
  int noise_patterns = 400;
  double false_alarm_percent = 5;
};

Settings describe(SymmetryCommand& c);

// Is this correction asked for? (friedel, odd_floor, pair)
bool wants(const SymmetryCommand& c, const std::string& correction);

// Throws Error{usage} on rings or corrections that make no sense.
void check(const SymmetryCommand& c);

// --ring, or the brightest of the mean pattern, `radial` by ring. Error{physics} outside the rings.
RingBand chosen_ring(const SymmetryCommand& c, const Eigen::ArrayXd& radial);

}  // namespace vitrobeam
