// What vitrobeam info tells of a file of patterns.
#pragma once
#include <string>

namespace vitrobeam {

void print_patterns(const std::string& path);
std::string patterns_json(const std::string& path);

}  // namespace vitrobeam
