// Files that a command writes beside or as its output: what stands already is kept.
#pragma once
#include <string>

#include "drivers/settings.hpp"

namespace vitrobeam {

// Refuses a file that stands already (without `force`), be it a link that leads nowhere, and a
// folder that is not there or not writable; exit status 2. Every file that a command writes goes
// through here before anything is computed; `option` named it.
void check_new_file(const std::string& option, const std::string& name, bool force);

// The same for one beside the output, if it is named at all. A run that finds its output whole
// writes neither.
void check_further_file(const std::string& option, const std::string& name,
                        const CommonSettings& common);

}  // namespace vitrobeam
