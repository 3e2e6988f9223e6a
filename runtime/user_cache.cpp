#include "runtime/user_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace vitrobeam {
namespace {

namespace fs = std::filesystem;

fs::path cache_file(const std::string& name) {
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  if (cache && *cache) return fs::path(cache) / "vitrobeam" / name;
  if (home && *home) return fs::path(home) / ".cache" / "vitrobeam" / name;
  return {};
}

// Lines of "key: numbers"; the last one counts. Empty: none.
std::vector<double> find(const fs::path& path, const std::string& key, std::size_t count) {
  constexpr std::uintmax_t kMost = 1
                                   << 20;  // bytes; what is no ordinary small file is none of ours
  std::error_code none;
  if (!fs::is_regular_file(path, none) || fs::file_size(path, none) > kMost || none) return {};
  std::ifstream file(path);
  std::vector<double> found;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key + ":")) continue;
    std::istringstream text(line.substr(key.size() + 1));
    std::vector<double> values;
    for (double v = 0; text >> v;) values.push_back(v);
    const bool is_sound = values.size() == count &&
                          std::all_of(values.begin(), values.end(), [](double v) { return v > 0; });
    if (is_sound) found = values;
  }
  return found;
}

}  // namespace

std::vector<double> remembered(const std::string& name, const std::string& key, std::size_t count,
                               const std::function<std::vector<double>()>& measure) {
  const fs::path path = cache_file(name);
  std::vector<double> values = find(path, key, count);
  if (!values.empty()) return values;
  values = measure();
  if (path.empty()) return values;
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) return values;
  std::string line = key + ":";
  for (const double v : values) line += fmt::format(" {:.6g}", v);
  std::ofstream(path, std::ios::app) << line << '\n';
  return values;
}

}  // namespace vitrobeam
