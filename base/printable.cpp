#include "base/printable.hpp"

#include <cstdint>

namespace vitrobeam {
namespace {

// Bytes of the UTF-8 sequence at the beginning, 0 if it is none; `code` is its character.
std::size_t sequence(std::string_view text, std::uint32_t& code) {
  const auto first = std::uint8_t(text[0]);
  const std::size_t length = first < 0x80    ? 1
                             : first < 0xc2  ? 0
                             : first < 0xe0  ? 2
                             : first < 0xf0  ? 3
                             : first <= 0xf4 ? 4
                                             : 0;
  if (length == 0 || length > text.size()) return 0;
  code = length == 1 ? first : first & (0x7fu >> length);
  for (std::size_t k = 1; k < length; ++k) {
    const auto byte = std::uint8_t(text[k]);
    if ((byte & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte & 0x3f);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return code < kLeast[length] || surrogate || code > 0x10ffff ? 0 : length;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::uint32_t code = 0;
    const std::size_t length = sequence(text, code);
    const bool control =
        (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7f && code < 0xa0);
    if (length == 0 || control)
      out += '?';
    else
      out.append(text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

PrintableStream::PrintableStream(std::ostream& stream)
    : stream_(stream), terminal_(stream.rdbuf(this)) {}

PrintableStream::~PrintableStream() {
  PrintableStream::sync();
  const auto state = stream_.rdstate();
  stream_.rdbuf(terminal_);
  stream_.clear(state);
}

bool PrintableStream::pass_on(std::size_t count) {
  const std::string text = printable(std::string_view(waiting_).substr(0, count));
  waiting_.erase(0, count);
  return terminal_->sputn(text.data(), std::streamsize(text.size())) ==
         std::streamsize(text.size());
}

PrintableStream::int_type PrintableStream::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char one = traits_type::to_char_type(c);
  return xsputn(&one, 1) == 1 ? c : traits_type::eof();
}

std::streamsize PrintableStream::xsputn(const char* text, std::streamsize count) {
  waiting_.append(text, std::size_t(count));
  const auto end = waiting_.rfind('\n');
  if (end != std::string::npos && !pass_on(end + 1)) return 0;
  return count;
}

int PrintableStream::sync() {
  const bool passed = pass_on(waiting_.size());
  return terminal_->pubsync() == 0 && passed ? 0 : -1;
}

}  // namespace vitrobeam
