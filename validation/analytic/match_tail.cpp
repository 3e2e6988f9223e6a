// What fitted tails of 2000 motif-free scores are worth far out: scores of 20 packings, drawn from
// exponential, Gumbel's and the maximum of 300 normal distributions, 40 fits of seeds of their own
// each, against 1e6 held-out scores. Prints, at the score that 1000, 100 and 10 of the 1e6 exceed,
// the median of fitted over realised p, the share of fits within a factor 2, the share within one
// and two stated errors, and how many fits were refused.
//   match_tail [first seed]
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "base/random.hpp"
#include "patterns/match_tail.hpp"

using namespace vitrobeam;

namespace {

std::vector<double> drawn(const std::function<double(RandomSequence&)>& score, std::size_t n,
                          std::uint64_t seed) {
  RandomSequence random(seed, 7);
  std::vector<double> out(n);
  for (double& s : out) s = score(random);
  return out;
}

void measure(const char* name, const std::function<double(RandomSequence&)>& score,
             std::uint64_t first) {
  constexpr int kFits = 40, kPackings = 20, kEach = 100;
  constexpr std::size_t kHeldOut = 1000000;
  std::vector<double> held = drawn(score, kHeldOut, first);
  std::sort(held.begin(), held.end());
  std::vector<int> packing;
  for (int i = 0; i < kPackings * kEach; ++i) packing.push_back(i / kEach);
  std::vector<TailFit> fits;
  for (int k = 0; k < kFits; ++k) {
    const TailFit fit =
        fit_tail(drawn(score, packing.size(), first + 1 + std::uint64_t(k)), packing, 1);
    if (fit.holds()) fits.push_back(fit);
  }
  for (const std::size_t above : {1000, 100, 10}) {
    const double at = held[kHeldOut - above], realised = double(above) / double(kHeldOut);
    std::vector<double> off;
    double two = 0, one_error = 0, two_errors = 0;
    for (const TailFit& f : fits) {
      off.push_back(std::log(f.p(at) / realised));
      two += std::abs(off.back()) <= std::log(2.0);
      one_error += std::abs(off.back()) <= f.log_error(at);
      two_errors += std::abs(off.back()) <= 2 * f.log_error(at);
    }
    std::sort(off.begin(), off.end());
    const double n = double(fits.size());
    fmt::print(
        "{:<20} p = {:.0e}: median {:.2f} times the realised, middle 80 % {:.2f} to {:.2f}; within "
        "a "
        "factor 2 {:.0f} %; within one stated error {:.0f} %, two {:.0f} %; {} of {} refused\n",
        name, realised, std::exp(off[off.size() / 2]), std::exp(off[off.size() / 10]),
        std::exp(off[off.size() * 9 / 10]), 100 * two / n, 100 * one_error / n,
        100 * two_errors / n, kFits - int(fits.size()), kFits);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t first = argc > 1 ? std::uint64_t(std::atoll(argv[1])) : 4000;
  measure(
      "exponential", [](RandomSequence& r) { return -std::log(1 - r.uniform()); }, first);
  measure(
      "Gumbel", [](RandomSequence& r) { return -std::log(-std::log(1 - r.uniform())); }, first);
  measure(
      "best of 300 normal",
      [](RandomSequence& r) {
        double best = -10;
        for (int i = 0; i < 300; ++i) best = std::max(best, r.normal());
        return best;
      },
      first);
}
