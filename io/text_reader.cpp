#include "io/text_reader.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>

#include "base/counted.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v", kTableSeparators = " \t\r\f\v,;";

std::string_view without_plus(std::string_view word) {
  if (word.size() > 1 && word[0] == '+' && word[1] != '-') word.remove_prefix(1);
  return word;
}

template <typename T>
bool parse_whole(std::string_view word, T& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

// Some editors begin UTF-8 with a mark of three bytes.
std::string without_mark(std::string text) {
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);
  return text;
}

}  // namespace

std::string read_text(const std::string& path) {
  errno = 0;
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) fail(Fault::input, "{}: cannot be opened: {}", path, std::strerror(errno));
  gzbuffer(file.get(), 1 << 18);
  std::string text;
  constexpr std::size_t kBlock = 1 << 20;
  // text packs to a fiftieth at best; a file that unpacks to more is made to fill the memory
  constexpr std::uintmax_t kAlways = 64 << 20, kMostRatio = 50;
  std::error_code none;
  const std::uintmax_t packed = std::filesystem::file_size(path, none);
  for (;;) {
    if (gzdirect(file.get()) == 0 && !none && text.size() > kAlways + kMostRatio * packed)
      fail(Fault::input, "{}: unpacks to more than {} times its {} bytes; unpack it yourself", path,
           kMostRatio, packed);
    const auto old = text.size();
    text.resize(old + kBlock);
    const int got = gzread(file.get(), text.data() + old, unsigned(kBlock));
    int code = Z_OK;
    const char* reason = gzerror(file.get(), &code);
    if (got < 0 || code != Z_OK)
      fail(Fault::input, "{}: cannot be read: {}", path,
           code == Z_ERRNO ? std::strerror(errno)
                           : (code == Z_BUF_ERROR ? "the compressed file is cut short" : reason));
    text.resize(old + std::size_t(got));
    if (std::size_t(got) < kBlock) return without_mark(std::move(text));
  }
}

bool parse_number(std::string_view word, double& value) {
  word = without_plus(word);
  if (parse_whole(word, value)) return true;
  const auto d = word.find_first_of("dD");
  if (d == std::string_view::npos) return false;
  std::string fortran(word);
  fortran[d] = 'e';
  if (fortran.size() > d + 1 && fortran[d + 1] == '+') fortran.erase(d + 1, 1);
  return parse_whole<double>(fortran, value);
}

bool parse_integer(std::string_view word, std::int64_t& value) {
  return parse_whole(without_plus(word), value);
}

void TextReader::take_line() {
  const auto end = text_.find('\n', place_.offset);
  const auto stop = end == std::string::npos ? text_.size() : end;
  line_ = std::string_view(text_).substr(place_.offset, stop - place_.offset);
  if (!line_.empty() && line_.back() == '\r') line_.remove_suffix(1);
  place_.offset = end == std::string::npos ? text_.size() : end + 1;
  ++place_.line;
}

void TextReader::split_line(std::string_view separators) {
  words_.clear();
  for (std::size_t i = 0; (i = line_.find_first_not_of(separators, i)) != std::string_view::npos;) {
    const auto end = std::min(line_.find_first_of(separators, i), line_.size());
    words_.push_back(line_.substr(i, end - i));
    i = end;
  }
}

bool TextReader::next() {
  words_.clear();
  line_ = {};
  if (place_.offset >= text_.size()) return false;
  take_line();
  split_line(kBlanks);
  return true;
}

bool TextReader::next_row() {
  while (place_.offset < text_.size()) {
    take_line();
    line_ = line_.substr(0, line_.find('#'));
    split_line(kTableSeparators);
    if (!words_.empty()) return true;
  }
  return false;
}

bool TextReader::next_filled() {
  while (next())
    if (!words_.empty()) return true;
  return false;
}

void TextReader::require(std::string_view expected) {
  if (!next()) fail("the file ends where {} is expected; is it cut short?", expected);
}

void TextReader::skip(std::int64_t lines) {
  for (; lines > 0 && place_.offset < text_.size(); --lines) take_line();
  if (lines > 0) fail("the file ends {} too early; is it cut short?", counted(lines, "line"));
}

double TextReader::number(std::size_t i, std::string_view quantity) const {
  if (i >= words_.size())
    fail("{} is missing: the line has {} columns, at least {} are expected", quantity,
         words_.size(), i + 1);
  double value = 0;
  if (!parse_number(words_[i], value))
    fail("{} is expected in column {}, found {}", quantity, i + 1, excerpt(words_[i]));
  if (!std::isfinite(value))
    fail("{} in column {} is {}; a finite number is expected", quantity, i + 1, words_[i]);
  return value;
}

std::int64_t TextReader::integer(std::size_t i, std::string_view quantity) const {
  if (i >= words_.size())
    fail("{} is missing: the line has {} columns, at least {} are expected", quantity,
         words_.size(), i + 1);
  std::int64_t value = 0;
  if (!parse_integer(words_[i], value))
    fail("{} (a whole number) is expected in column {}, found {}", quantity, i + 1,
         excerpt(words_[i]));
  return value;
}

int TextReader::element(std::size_t i) const {
  if (i >= words_.size()) fail("the element is missing in column {}", i + 1);
  int z = atomic_number(words_[i]);
  if (z == 0) z = element_of_label(words_[i]);
  if (z == 0)
    fail("{} is no element; a symbol such as Cu or an atomic number from 1 to {} is expected",
         excerpt(words_[i]), kElements);
  return z;
}

std::vector<std::pair<double, double>> read_number_pairs(const std::string& path,
                                                         std::string_view columns) {
  const std::string text = read_text(path);
  TextReader reader(path, text);
  std::vector<std::pair<double, double>> pairs;
  while (reader.next_row()) {
    if (reader.words().size() != 2)
      reader.fail("{}: expected two numbers, {}", excerpt(reader.line()), columns);
    pairs.emplace_back(reader.number(0, "a number"), reader.number(1, "a number"));
  }
  if (pairs.empty()) fail(Fault::input, "{}: holds no line of {}", path, columns);
  return pairs;
}

std::string excerpt(std::string_view text) {
  std::string out = "'";
  for (char c : text.substr(0, 40)) out += c >= 32 && c < 127 ? c : '?';
  return out + (text.size() > 40 ? "...'" : "'");
}

}  // namespace vitrobeam
