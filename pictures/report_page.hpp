// One self-contained HTML page about result files: maps, best matches, what was assumed, how to do
// it again.
#pragma once
#include <string>
#include <vector>

#include "io/hdf5.hpp"

namespace vitrobeam {

// The page's HTML. `made_by` names the program and its version in the line below the title.
std::string report_page(const std::vector<const Hdf5Reader*>& files, const std::string& title,
                        const std::string& made_by);

}  // namespace vitrobeam
