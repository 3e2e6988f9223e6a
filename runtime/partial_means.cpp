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

std::vector<std::string> PartialMeans::files() const {
  const std::filesystem::path path(path_);
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().starts_with(path.filename().string()))
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
