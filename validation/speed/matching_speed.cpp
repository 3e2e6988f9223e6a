// Pattern pairs matched per second on 64 x 180 polar bins, all in-plane angles of every template:
//   matching_speed [threads] [templates] [patterns]
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

#include "base/random.hpp"
#include "patterns/matching.hpp"

using namespace vitrobeam;

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2;
  const int n_templates = argc > 2 ? std::atoi(argv[2]) : 500,
            n_patterns = argc > 3 ? std::atoi(argv[3]) : 4000;
  const PolarGrid grid;
  auto noise = [&](std::uint64_t seed) {
    RandomSequence random(seed, 0);
    return PlaneF(PlaneF::NullaryExpr(grid.n_q, grid.n_theta, [&](Eigen::Index, Eigen::Index) {
      return float(random.normal());
    }));
  };
  std::vector<PlaneF> templates, patterns;
  for (int i = 0; i < n_templates; ++i) templates.push_back(noise(std::uint64_t(i)));
  for (int i = 0; i < n_patterns; ++i) patterns.push_back(noise(std::uint64_t(100000 + i)));
  const Matcher matcher(grid, PlaneF::Ones(grid.n_q, grid.n_theta), templates, {});
  double best = 1e9;
  for (int repeat = 0; repeat < 3; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    matcher.match(patterns, threads);
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  fmt::print("{} x {} bins, {} templates, {} patterns, {} threads: {:.3f} s, {:.2e} pairs/s\n",
             grid.n_q, grid.n_theta, n_templates, n_patterns, threads, best,
             double(n_templates) * n_patterns / best);
}
