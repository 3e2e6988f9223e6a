// Version and git revision of this build, and the spelling help that messages use.
#pragma once
#include <string>
#include <vector>

namespace vitrobeam {

std::string version();
std::string revision();

// The candidate with the smallest edit distance to `word`.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace vitrobeam
