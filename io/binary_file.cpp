#include "io/binary_file.hpp"

#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "io/stated_size.hpp"

namespace vitrobeam {
namespace {

constexpr std::array<std::pair<const char*, std::size_t>, 11> kTypes = {{{"uint8", 1},
                                                                         {"int8", 1},
                                                                         {"uint16", 2},
                                                                         {"int16", 2},
                                                                         {"uint32", 4},
                                                                         {"int32", 4},
                                                                         {"uint64", 8},
                                                                         {"int64", 8},
                                                                         {"float16", 2},
                                                                         {"float32", 4},
                                                                         {"float64", 8}}};

template <typename T, typename Out>
std::vector<Out> converted(const char* bytes, std::size_t count, bool swap) {
  std::vector<Out> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    char buffer[sizeof(T)];
    std::memcpy(buffer, bytes + i * sizeof(T), sizeof(T));
    if (swap) std::reverse(buffer, buffer + sizeof(T));
    T value;
    std::memcpy(&value, buffer, sizeof(T));
    values[i] = Out(value);
  }
  return values;
}

// IEEE 754 half precision: 1 sign, 5 exponent, 10 fraction bits.
struct Half {
  std::uint16_t bits;
  explicit operator float() const {
    const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
    const float size = exponent == 31  ? (fraction ? NAN : INFINITY)
                       : exponent == 0 ? std::ldexp(float(fraction), -24)
                                       : std::ldexp(float(fraction + 1024), exponent - 25);
    return bits & 0x8000 ? -size : size;
  }
  explicit operator double() const { return double(float(*this)); }
};

template <typename T>
double most() {
  return double(std::numeric_limits<T>::max());
}

template <typename Out>
std::vector<Out> to_samples(const char* bytes, std::size_t count, SampleType type,
                            bool big_endian) {
  const bool swap = big_endian != (std::endian::native == std::endian::big);
  switch (type) {
    case SampleType::uint8:
      return converted<std::uint8_t, Out>(bytes, count, swap);
    case SampleType::int8:
      return converted<std::int8_t, Out>(bytes, count, swap);
    case SampleType::uint16:
      return converted<std::uint16_t, Out>(bytes, count, swap);
    case SampleType::int16:
      return converted<std::int16_t, Out>(bytes, count, swap);
    case SampleType::uint32:
      return converted<std::uint32_t, Out>(bytes, count, swap);
    case SampleType::int32:
      return converted<std::int32_t, Out>(bytes, count, swap);
    case SampleType::uint64:
      return converted<std::uint64_t, Out>(bytes, count, swap);
    case SampleType::int64:
      return converted<std::int64_t, Out>(bytes, count, swap);
    case SampleType::float16:
      return converted<Half, Out>(bytes, count, swap);
    case SampleType::float32:
      return converted<float, Out>(bytes, count, swap);
    case SampleType::float64:
      break;
  }
  return converted<double, Out>(bytes, count, swap);
}

}  // namespace

std::optional<double> largest_value(SampleType type) {
  switch (type) {
    case SampleType::uint8:
      return most<std::uint8_t>();
    case SampleType::int8:
      return most<std::int8_t>();
    case SampleType::uint16:
      return most<std::uint16_t>();
    case SampleType::int16:
      return most<std::int16_t>();
    case SampleType::uint32:
      return most<std::uint32_t>();
    case SampleType::int32:
      return most<std::int32_t>();
    case SampleType::uint64:
      return most<std::uint64_t>();
    case SampleType::int64:
      return most<std::int64_t>();
    case SampleType::float16:
    case SampleType::float32:
    case SampleType::float64:
      break;
  }
  return std::nullopt;
}

std::size_t sample_bytes(SampleType type) { return kTypes[std::size_t(type)].second; }

SampleType parse_sample_type(const std::string& name) {
  std::string known;
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (name == kTypes[i].first) return SampleType(i);
    known += std::string(i ? ", " : "") + kTypes[i].first;
  }
  fail(Fault::usage, "'{}' is no type of samples; known are {} (add 'be' for big-endian)", name,
       known);
}

std::vector<float> to_float(const char* bytes, std::size_t count, SampleType type,
                            bool big_endian) {
  return to_samples<float>(bytes, count, type, big_endian);
}

std::vector<double> to_double(const char* bytes, std::size_t count, SampleType type,
                              bool big_endian) {
  return to_samples<double>(bytes, count, type, big_endian);
}

BinaryFile::BinaryFile(std::string path) : path_(std::move(path)) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path_, ignored);
  if (!std::filesystem::exists(status)) fail(Fault::input, "{}: no such file", path_);
  if (!std::filesystem::is_regular_file(status))
    fail(Fault::input, "{}: is {}, a file was expected", path_,
         std::filesystem::is_directory(status) ? "a folder" : "no ordinary file");
  file_.open(path_, std::ios::binary | std::ios::ate);
  const auto end = file_ ? file_.tellg() : std::streampos(-1);
  if (end < 0) fail(Fault::input, "{}: cannot be read", path_);
  size_ = std::uint64_t(end);
}

std::string BinaryFile::bytes(std::uint64_t offset, std::size_t count) {
  stated_bytes(path_, "data", offset, count, 1, size_);
  std::string out(count, '\0');
  file_.seekg(std::streamoff(offset));
  file_.read(out.data(), std::streamsize(count));
  if (!file_) fail(Fault::input, "{}: cannot be read at byte {}", path_, offset);
  return out;
}

std::vector<float> BinaryFile::samples(std::uint64_t offset, std::size_t count, SampleType type,
                                       bool big_endian) {
  const std::string data =
      bytes(offset, stated_bytes(path_, "data", offset, count, sample_bytes(type), size_));
  return to_float(data.data(), count, type, big_endian);
}

std::string first_bytes(const std::string& path, std::size_t count) {
  std::ifstream file(path, std::ios::binary);
  std::string out(count, '\0');
  file.read(out.data(), std::streamsize(count));
  out.resize(std::size_t(std::max<std::streamsize>(0, file.gcount())));
  return out;
}

}  // namespace vitrobeam
