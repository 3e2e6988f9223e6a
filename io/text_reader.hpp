// Reads a text file line by line and word by word; every complaint names file and line.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace vitrobeam {

// The whole file, unpacked if it is gzip. Throws Error{input} if it cannot be read.
std::string read_text(const std::string& path);

// A word as a number; "1.5", "+1.5", "1.5D+00" (Fortran). False if it is none; nan and inf are
// numbers here.
bool parse_number(std::string_view word, double& value);
bool parse_integer(std::string_view word, std::int64_t& value);

class TextReader {
 public:
  struct Place {
    std::size_t offset = 0;
    int line = 0;
  };

  TextReader(std::string name, const std::string& text) : name_(std::move(name)), text_(text) {}

  // Steps to the next line and splits it at blanks; false at the end of the file.
  bool next();
  // The same, but past lines that are empty.
  bool next_filled();
  // The next row of a table: '#' begins a comment, commas and semicolons separate words as blanks
  // do, lines without a word are passed over.
  bool next_row();
  // Throws Error{input} if the file ends; `expected` says what is missing.
  void require(std::string_view expected);
  void skip(std::int64_t lines);

  std::string_view line() const { return line_; }
  const std::vector<std::string_view>& words() const { return words_; }
  Place place() const { return place_; }  // where next() goes on
  void go_to(Place place) { place_ = place; }
  const std::string& name() const { return name_; }
  std::size_t size() const { return text_.size(); }
  const std::string& text() const { return text_; }  // of the whole file

  // Word `i` of the line as a finite number or an integer; throws Error{input} naming the quantity.
  double number(std::size_t i, std::string_view quantity) const;
  std::int64_t integer(std::size_t i, std::string_view quantity) const;
  // Atomic number of word `i`: a symbol, a number, or a label such as Cu1.
  int element(std::size_t i) const;

  // Fails with "name:line: what".
  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> what, Args&&... args) const {
    throw Error(Fault::input, message(what, std::forward<Args>(args)...)
                                  .after(fmt::format("{}:{}: ", name_, place_.line)));
  }

 private:
  void take_line();
  void split_line(std::string_view separators);

  std::string name_;
  const std::string& text_;
  Place place_;
  std::string_view line_;
  std::vector<std::string_view> words_;
};

// Rows of two numbers of a table: a scan's positions, a curve. Error{input} names the line that is
// none, by `columns` ("x y in Angstrom"), or the file without any.
std::vector<std::pair<double, double>> read_number_pairs(const std::string& path,
                                                         std::string_view columns);

// At most 40 printable characters of `text` in quotes, for messages.
std::string excerpt(std::string_view text);

}  // namespace vitrobeam
