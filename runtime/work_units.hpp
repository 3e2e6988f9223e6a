// Units of work: numbered, each computed once by any thread of any process, its bytes kept in the
// leader's journal until the result is assembled in the order of their numbers. A run that is
// killed continues with what is missing, in as many threads and processes as it then has.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ranges.hpp"
#include "base/run_control.hpp"
#include "runtime/journal.hpp"

namespace vitrobeam {

// What the work of one stage sees; any thread.
class UnitQueue {
 public:
  virtual ~UnitQueue() = default;
  const std::vector<std::size_t>& units() const { return units_; }  // what is missing, ascending
  virtual Range next(std::size_t most) = 0;                         // of units(); empty: stop
  virtual void finish(std::size_t unit, std::span<const std::byte> bytes) = 0;
  virtual void advance(std::size_t steps = 1) = 0;  // of the progress that is shown

 protected:
  explicit UnitQueue(std::vector<std::size_t> units) : units_(std::move(units)) {}

 private:
  std::vector<std::size_t> units_;
};

// Every process makes the same calls in the same order; only the leader has the journal.
class WorkUnits {
 public:
  // `count` units of the run that `identity` names; with `resume`, those that the journal at `path`
  // holds are done. A journal of another run is refused (Error{usage}).
  WorkUnits(const std::string& path, const std::string& identity, bool resume, std::size_t count);
  ~WorkUnits();  // a journal without units leaves no file
  WorkUnits(const WorkUnits&) = delete;
  WorkUnits& operator=(const WorkUnits&) = delete;

  // What the run settles once, such as an engine chosen by speed: what the journal says of its
  // beginning, or what the leader chooses now.
  std::string settled(const std::function<std::string()>& choose);

  // How progress is named and counted.
  struct Shown {
    std::string what;
    std::function<std::size_t(std::size_t)> steps_of;  // a unit
  };
  // Has `work` done by every process at once, until the units `first` .. `last` - 1 are all there.
  // False: interrupted. Errors of any process end all of them.
  bool share_out(Range range, const Shown& shown, const RunControl& run,
                 const std::function<void(UnitQueue&)>& work);

  // The same for units that need nothing but a thread: `make(unit)` gives the bytes, in run.threads
  // threads.
  bool share_out_units(Range range, const Shown& shown, const RunControl& run,
                       const std::function<std::vector<std::byte>(std::size_t)>& make);

  std::size_t count() const { return count_; }
  const std::string& path() const { return path_; }  // of the journal
  const std::string& identity() const { return identity_; }
  bool resumes() const { return resume_; }
  std::size_t done() const { return done_; }                       // before the first share_out()
  std::vector<std::size_t> saved() const;                          // leader; ascending
  std::vector<std::byte> read(std::size_t unit) const;             // leader
  std::vector<std::byte> read_everywhere(std::size_t unit) const;  // collective
  void remove_journal();

 private:
  std::vector<std::size_t> missing(Range range) const;

  std::string path_, identity_;
  bool resume_;
  std::size_t count_, done_ = 0;
  std::unique_ptr<Journal> journal_;
};

}  // namespace vitrobeam
