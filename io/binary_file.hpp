// Binary files by offset: numbers of any type and byte order, arrays of samples as single
// precision. A read beyond the end fails with the file's name and the offset.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace vitrobeam {

enum class SampleType {
  uint8,
  int8,
  uint16,
  int16,
  uint32,
  int32,
  uint64,
  int64,
  float16,
  float32,
  float64
};
std::size_t sample_bytes(SampleType type);
// The largest value of an integer type, with which cameras mark pixels that do not count; nothing
// for floating point.
std::optional<double> largest_value(SampleType type);
// "uint16", "float32", ..; throws Error{usage} naming the known ones.
SampleType parse_sample_type(const std::string& name);

class BinaryFile {
 public:
  // Throws Error{input} if it cannot be opened or is no ordinary file.
  explicit BinaryFile(std::string path);

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }

  std::string bytes(std::uint64_t offset, std::size_t count);
  template <typename T>
  T number(std::uint64_t offset, bool big_endian = false) {
    std::string b = bytes(offset, sizeof(T));
    if (big_endian != (std::endian::native == std::endian::big)) std::reverse(b.begin(), b.end());
    T value;
    std::memcpy(&value, b.data(), sizeof(T));
    return value;
  }
  std::vector<float> samples(std::uint64_t offset, std::size_t count, SampleType type,
                             bool big_endian = false);

 private:
  std::string path_;
  std::ifstream file_;
  std::uint64_t size_ = 0;
};

// `count` samples in memory as single or double precision.
std::vector<float> to_float(const char* bytes, std::size_t count, SampleType type, bool big_endian);
std::vector<double> to_double(const char* bytes, std::size_t count, SampleType type,
                              bool big_endian);

// The first bytes of a file, at most `count`; empty if it cannot be read.
std::string first_bytes(const std::string& path, std::size_t count);

}  // namespace vitrobeam
