// Text out of files, as it may reach a terminal or a page: without control characters, which could
// move the cursor, change colours or rename the window.
#pragma once
#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

namespace vitrobeam {

// Line feeds and tabs stay; other control characters (C0, delete, C1) and bytes that are no UTF-8
// become question marks.
std::string printable(std::string_view text);

// While it lives, what is written to the stream passes through printable(), line by line.
class PrintableStream : private std::streambuf {
 public:
  explicit PrintableStream(std::ostream& stream);
  ~PrintableStream() override;
  PrintableStream(const PrintableStream&) = delete;
  PrintableStream& operator=(const PrintableStream&) = delete;

 private:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize count) override;
  int sync() override;
  bool pass_on(std::size_t count);  // the first bytes that wait

  std::ostream& stream_;
  std::streambuf* terminal_;
  std::string waiting_;
};

}  // namespace vitrobeam
