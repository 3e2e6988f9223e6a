// Means over configurations that are not whole yet, in a file beside the journal: a run over many
// configurations that is killed goes on with the configuration that it had come to.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/journal.hpp"

namespace vitrobeam {

// One file per process, replaced whole each time; on resuming, every process reads all of them.
class PartialMeans {
 public:
  // `path` and `identity` of the run's journal. Without `resume` what earlier runs left is removed.
  PartialMeans(const std::string& path, std::string identity, bool resume);

  // State of a unit as it was saved, if it was.
  std::optional<std::vector<std::byte>> find(std::size_t unit) const;

  // Whether saving is worth its time: five minutes since the last, and at most a twentieth of the
  // run is spent on it.
  bool is_due() const;
  void save(const std::vector<std::size_t>& units,
            const std::function<std::vector<std::byte>(std::size_t)>& state);
  void remove();  // all of them: the run is whole

 private:
  using Clock = std::chrono::steady_clock;
  bool is_own(const std::string& file) const;
  std::vector<std::string> files() const;

  std::string path_, identity_;
  std::vector<std::unique_ptr<Journal>> earlier_;
  Clock::time_point last_ = Clock::now();
  Clock::duration cost_{};
};

}  // namespace vitrobeam
