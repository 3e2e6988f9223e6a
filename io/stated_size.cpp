#include "io/stated_size.hpp"

#include <charconv>
#include <limits>

#include "base/error.hpp"

namespace vitrobeam {

std::size_t stated_count(const std::string& file, std::string_view what,
                         const std::vector<std::size_t>& shape) {
  constexpr std::size_t kMost = std::numeric_limits<std::ptrdiff_t>::max() / 16;
  std::size_t count = 1;
  for (const std::size_t n : shape) {
    if (n != 0 && count > kMost / n)
      fail(Fault::input, "{}: {} of shape {} is larger than any memory", file, what,
           fmt::join(shape, " x "));
    count *= n;
  }
  return count;
}

std::size_t stated_bytes(const std::string& file, std::string_view what, std::uint64_t offset,
                         std::uint64_t count, std::uint64_t each, std::uint64_t file_size) {
  const std::uint64_t left = offset < file_size ? file_size - offset : 0;
  if (each != 0 && count > left / each)
    fail(Fault::input, "{}: ends early: {} of {} x {} bytes at byte {}, the file has {} bytes",
         file, what, count, each, offset, file_size);
  return std::size_t(count * each);
}

void check_image_size(const std::string& file, std::uint64_t rows, std::uint64_t columns) {
  constexpr std::uint64_t kFewest = 2, kMost = 1 << 16;
  if (rows < kFewest || columns < kFewest || rows > kMost || columns > kMost)
    fail(Fault::input, "{}: states images of {} x {} pixels; patterns have {} to {} a side", file,
         columns, rows, kFewest, kMost);
}

std::size_t stated_number(const std::string& file, std::string_view what, std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  const std::string_view word =
      first == std::string_view::npos
          ? std::string_view()
          : text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || error != std::errc() || end != word.data() + word.size() ||
      value > (std::uint64_t(1) << 53))
    fail(Fault::input, "{}: {} is '{}', a whole number was expected", file, what,
         word.substr(0, 40));
  return std::size_t(value);
}

bool can_unpack_to(std::uint64_t packed, double unpacked) {
  // deflate reaches 1032 : 1; arrays of one value in chunks that share nothing come near it
  constexpr double kMostRatio = 4096, kAlways = 64 << 20;
  return unpacked <= kAlways + kMostRatio * double(packed);
}

}  // namespace vitrobeam
