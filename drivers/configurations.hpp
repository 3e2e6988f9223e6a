// What the options say of the configurations of a run: displaced atoms, frames of a trajectory,
// draws of partly occupied sites.
#pragma once
#include <string>

#include "drivers/simulate_settings.hpp"
#include "models/configurations.hpp"

namespace vitrobeam {

struct ChosenConfigurations {
  Configurations configurations;
  std::string summary;  // lines of text; empty where there is nothing to say
};

// Of --frames, whatever the file holds. Error{usage}.
void check_frames_text(const std::string& text);

// `atoms` is the model as it was read, `input` its file. Settings that exclude each other are
// refused: Error{usage}. Labels that make no sense are Error{input}.
ChosenConfigurations resolve_configurations(const SimulateSettings& s, const Atoms& atoms,
                                            const std::string& input);

}  // namespace vitrobeam
