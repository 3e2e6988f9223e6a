// Files that a command writes beside or as its output: what stands already is kept.
#pragma once
#include <string>

#include "options/settings.hpp"

namespace vitrobeam {

// Refuses a file that stands already (without `force`), be it a link that leads nowhere, and a
// folder that is not there or not writable, and one that another run is writing; exit status 2.
// Every file that a command writes goes through here before anything is computed; `option` named
// it.
void check_new_file(const std::string& option, const std::string& name, bool force);

// Error{machine} with both sizes if so much does not fit on the disk of file `name`.
void check_free_space(const std::string& name, double bytes);

// As check_new_file() for one beside the output, if it is named at all. A run that finds its output
// whole writes neither.
void check_further_file(const std::string& option, const std::string& name,
                        const CommonSettings& common);

}  // namespace vitrobeam
