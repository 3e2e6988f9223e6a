// What a computation hears of the run that it is part of, and what it tells: threads, progress, a
// wish to stop, remarks. A default one is silent, single-threaded and never stops.
#pragma once
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace vitrobeam {

enum class Remark { information, warning };

struct RunControl {
  int threads = 1;
  // `done` of `total` steps of the stage `what` are done; it begins with 0, and the last call has
  // `ended`. One thread at a time. Empty: nobody looks.
  struct Step {
    std::string_view what;
    std::size_t done = 0, total = 0;
    bool ended = false;
  };
  std::function<void(const Step&)> progress;
  // True: give up at the next step. Any thread; must not throw.
  std::function<bool()> stop;
  // A remark about the result that its reader should see; never from a parallel region.
  std::function<void(Remark, const Message&)> note;

  bool stopped() const { return stop && stop(); }
  void check_stop() const {
    if (stopped()) throw Interrupted();
  }
  template <typename... Args>
  void inform(fmt::format_string<Args...> text, Args&&... args) const {
    if (note) note(Remark::information, message(text, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> text, Args&&... args) const {
    if (note) note(Remark::warning, message(text, std::forward<Args>(args)...));
  }
};

// One stage of a run: counts its steps and reports them, from any thread.
class Stage {
 public:
  Stage(const RunControl& run, std::string what, std::size_t total)
      : run_(run), what_(std::move(what)), total_(total) {
    if (run_.progress) run_.progress({what_, 0, total_, false});
  }
  ~Stage() {
    if (run_.progress) run_.progress({what_, done_, total_, true});
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  void advance(std::size_t steps = 1) {
    if (!run_.progress) return;
    const std::lock_guard lock(mutex_);
    done_ += steps;
    run_.progress({what_, done_, total_, false});
  }

 private:
  const RunControl& run_;
  std::string what_;
  std::size_t total_, done_ = 0;
  std::mutex mutex_;
};

}  // namespace vitrobeam
