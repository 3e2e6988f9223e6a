#include "base/error.hpp"

namespace vitrobeam {
namespace {

constexpr char kMark = '\x1f';  // before and behind a field's name

bool starts_name(char c) { return c >= 'a' && c <= 'z'; }
bool is_of_name(char c) { return starts_name(c) || (c >= '0' && c <= '9') || c == '_'; }

}  // namespace

std::string Message::marked(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '@' || i + 1 == text.size() || !starts_name(text[i + 1])) {
      out += text[i];
      continue;
    }
    out += kMark;
    while (i + 1 < text.size() && is_of_name(text[i + 1])) out += text[++i];
    out += kMark;
  }
  return out;
}

std::string Message::with_fields(const FieldName& name) const {
  std::string out;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const std::size_t end = text_[i] == kMark ? text_.find(kMark, i + 1) : std::string::npos;
    if (end == std::string::npos) {
      out += text_[i];
      continue;
    }
    out += name(std::string_view(text_).substr(i + 1, end - i - 1));
    i = end;
  }
  return out;
}

std::string Message::plain() const {
  return with_fields([](std::string_view field) { return std::string(field); });
}

}  // namespace vitrobeam
