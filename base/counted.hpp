// A number with its noun, as people write it.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>

namespace vitrobeam {

// "1 position", "2 positions". `many` where an s does not make it: counted(n, "pair is", "pairs
// are").
template <typename Number>
std::string counted(Number n, std::string_view one, std::string_view many = {}) {
  if (n == 1 || !many.empty()) return fmt::format("{} {}", n, n == 1 ? one : many);
  return fmt::format("{} {}s", n, one);
}

}  // namespace vitrobeam
