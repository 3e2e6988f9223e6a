// Progress on standard error: done of total, rate, time left. Numerical code only sees the
// callback.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

namespace vitrobeam {

class Progress {
 public:
  // `mode` is --progress: auto (only on a terminal), always, never.
  Progress(std::string what, std::size_t total, const std::string& mode);
  ~Progress();
  void advance(std::size_t units = 1);  // thread-safe

 private:
  void draw(bool final);
  std::string what_;
  std::size_t total_, done_ = 0;
  bool shown_, is_terminal_;
  std::chrono::steady_clock::time_point start_, last_;
  std::mutex mutex_;
};

}  // namespace vitrobeam
