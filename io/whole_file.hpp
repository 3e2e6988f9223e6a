// A small output file that appears whole or not at all.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace vitrobeam {

// Throws Error{machine}.
void write_bytes(const std::string& path, const std::vector<std::byte>& bytes);
void write_text(const std::string& path, const std::string& text);

}  // namespace vitrobeam
