#include "runtime/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

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

ProgressLine::ProgressLine(const std::string& mode) : is_terminal_(isatty(STDERR_FILENO) == 1) {
  if (mode != "auto" && mode != "always" && mode != "never")
    fail(Fault::usage, "@progress '{}': expected auto, always or never", mode);
  shown_ = mode == "always" || (mode == "auto" && is_terminal_);
}

void ProgressLine::operator()(const RunControl::Step& step) {
  if (!shown_) return;
  const auto now = Clock::now();
  if (!begun_) {
    begun_ = true;
    start_ = last_ = now;
  }
  if (step.ended) {
    if (step.done > 0) draw(step);
    begun_ = false;
  } else if (seconds(now - last_) >= (is_terminal_ ? 0.2 : 5.0)) {
    last_ = now;
    draw(step);
  }
}

void ProgressLine::draw(const RunControl::Step& step) const {
  const double elapsed = seconds(Clock::now() - start_),
               rate = double(step.done) / std::max(elapsed, 1e-9);
  const std::string tail =
      step.ended
          ? fmt::format("in {}", readable(elapsed))
          : fmt::format("{} left", readable(double(step.total - step.done) / std::max(rate, 1e-9)));
  const std::string line = fmt::format(
      "{} {}/{} ({:.0f} %)  {:.3g}/s  {}", step.what, step.done, step.total,
      100.0 * double(step.done) / double(std::max<std::size_t>(step.total, 1)), rate, tail);
  std::fprintf(stderr, is_terminal_ ? "\r%-78s%s" : "%s%s", line.c_str(),
               step.ended || !is_terminal_ ? "\n" : "");
  std::fflush(stderr);
}

}  // namespace vitrobeam
