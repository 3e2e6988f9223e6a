#include "runtime/partial_means.hpp"

#include <filesystem>

#include "base/error.hpp"
#include "runtime/ranks.hpp"

namespace vitrobeam {

PartialMeans::PartialMeans(const std::string& path, std::string identity, bool resume)
    : path_(path + ".means"), identity_(std::move(identity)) {
  if (!resume && ranks().is_leader()) remove();
  if (!resume) return;
  for (const std::string& file : files()) try {
      earlier_.push_back(std::make_unique<Journal>(file, identity_, false));
    } catch (const Error&) {  // of another run: of no use here
    }
}

// path_ and the number of a process, and perhaps ".new": what save() makes.
bool PartialMeans::is_own(const std::string& file) const {
  const std::string name = std::filesystem::path(path_).filename().string();
  if (!file.starts_with(name)) return false;
  std::string rest = file.substr(name.size());
  if (rest.ends_with(".new")) rest.resize(rest.size() - 4);
  return !rest.empty() && rest.find_first_not_of("0123456789") == std::string::npos;
}

std::vector<std::string> PartialMeans::files() const {
  const std::filesystem::path path(path_);
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (is_own(entry.path().filename().string()) && Journal::is_journal(entry.path().string()))
      out.push_back(entry.path().string());
  return out;
}

std::optional<std::vector<std::byte>> PartialMeans::find(std::size_t unit) const {
  for (const auto& journal : earlier_)
    if (journal->has(unit)) return journal->read(unit);
  return std::nullopt;
}

bool PartialMeans::is_due() const {
  constexpr auto kInterval = std::chrono::minutes(5);
  return Clock::now() - last_ > std::max<Clock::duration>(kInterval, 20 * cost_);
}

void PartialMeans::save(const std::vector<std::size_t>& units,
                        const std::function<std::vector<std::byte>(std::size_t)>& state) {
  const auto start = Clock::now();
  const std::string file = path_ + std::to_string(ranks().rank()), fresh = file + ".new";
  {
    Journal journal(fresh, identity_, true);
    for (const std::size_t unit : units) journal.append(unit, state(unit));
  }
  if (!units.empty()) std::filesystem::rename(fresh, file);
  last_ = Clock::now();
  cost_ = last_ - start;
}

void PartialMeans::remove() {
  earlier_.clear();
  for (const std::string& file : files()) std::filesystem::remove(file);
}

}  // namespace vitrobeam
