// Sharing out work: whoever is free asks for the next piece.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

namespace vitrobeam {

// Indices first .. last - 1.
struct Range {
  std::size_t first = 0, last = 0;
  std::size_t size() const { return last - first; }
  bool empty() const { return first == last; }
};

// Hands out at most `most` indices that nobody else gets; an empty range: all are given out. Any
// thread; never throws.
using NextRange = std::function<Range(std::size_t most)>;

// Pieces of 0 .. count - 1 in ascending order.
inline NextRange ranges_in_turn(std::size_t count) {
  return [count, next = std::make_shared<std::atomic<std::size_t>>(0)](std::size_t most) {
    const std::size_t first = std::min(next->fetch_add(most), count);
    return Range{first, std::min(first + most, count)};
  };
}

}  // namespace vitrobeam
