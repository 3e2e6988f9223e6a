// Progress on standard error: done of total, rate, time left.
#pragma once
#include <chrono>
#include <string>

#include "base/run_control.hpp"

namespace vitrobeam {

// Draws what RunControl reports; one thread at a time.
class ProgressLine {
 public:
  // `mode` is auto (only on a terminal), always or never. Error{usage}: another word.
  explicit ProgressLine(const std::string& mode);
  void operator()(const RunControl::Step& step);

 private:
  void draw(const RunControl::Step& step) const;
  bool shown_, is_terminal_, begun_ = false;
  std::chrono::steady_clock::time_point start_, last_;
};

}  // namespace vitrobeam
