#include "drivers/progress.hpp"

#include <unistd.h>

#include <cstdio>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }

std::string readable(double s) {
  if (s < 100) return fmt::format("{:.0f} s", s);
  if (s < 6000) return fmt::format("{:.0f} min", s / 60);
  if (s < 48 * 3600) return fmt::format("{:.1f} h", s / 3600);
  return fmt::format("{:.1f} days", s / 86400);
}

}  // namespace

Progress::Progress(std::string what, std::size_t total, const std::string& mode)
    : what_(std::move(what)),
      total_(total),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      last_(start_) {
  if (mode != "auto" && mode != "always" && mode != "never")
    fail(Fault::usage, "--progress '{}': expected auto, always or never", mode);
  shown_ = mode == "always" || (mode == "auto" && is_terminal_);
}

Progress::~Progress() {
  if (shown_ && done_ > 0) draw(true);
}

void Progress::advance(std::size_t units) {
  const std::lock_guard lock(mutex_);
  done_ += units;
  const auto now = Clock::now();
  if (!shown_ || seconds(now - last_) < (is_terminal_ ? 0.2 : 5.0)) return;
  last_ = now;
  draw(false);
}

void Progress::draw(bool final) {
  const double elapsed = seconds(Clock::now() - start_), rate = done_ / std::max(elapsed, 1e-9);
  const std::string tail =
      final ? fmt::format("in {}", readable(elapsed))
            : fmt::format("{} left", readable((total_ - done_) / std::max(rate, 1e-9)));
  const std::string line =
      fmt::format("{} {}/{} ({:.0f} %)  {:.3g}/s  {}", what_, done_, total_,
                  100.0 * done_ / std::max<std::size_t>(total_, 1), rate, tail);
  std::fprintf(stderr, is_terminal_ ? "\r%-78s%s" : "%s%s", line.c_str(),
               final || !is_terminal_ ? "\n" : "");
  std::fflush(stderr);
}

}  // namespace vitrobeam
