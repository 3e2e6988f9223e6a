#include "options/version.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "revision.hpp"

namespace vitrobeam {
namespace {

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::string version() { return VITROBEAM_VERSION; }
std::string revision() { return VITROBEAM_REVISION; }

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t distance = std::numeric_limits<std::size_t>::max();
  for (const auto& c : candidates)
    if (const auto d = edit_distance(word, c); d < distance) {
      distance = d;
      best = c;
    }
  return best;
}

}  // namespace vitrobeam
