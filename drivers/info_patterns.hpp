// What vitrobeam info tells of a file of patterns.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace vitrobeam {

void print_patterns(const std::string& path);
nlohmann::json patterns_json(const std::string& path);

}  // namespace vitrobeam
