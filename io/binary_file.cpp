#include "io/binary_file.hpp"

#include <array>
#include <utility>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

constexpr std::array<std::pair<const char*, std::size_t>, 10> kTypes = {{{"uint8", 1},
                                                                         {"int8", 1},
                                                                         {"uint16", 2},
                                                                         {"int16", 2},
                                                                         {"uint32", 4},
                                                                         {"int32", 4},
                                                                         {"uint64", 8},
                                                                         {"int64", 8},
                                                                         {"float32", 4},
                                                                         {"float64", 8}}};

template <typename T>
std::vector<float> converted(const char* bytes, std::size_t count, bool swap) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    char buffer[sizeof(T)];
    std::memcpy(buffer, bytes + i * sizeof(T), sizeof(T));
    if (swap) std::reverse(buffer, buffer + sizeof(T));
    T value;
    std::memcpy(&value, buffer, sizeof(T));
    values[i] = float(value);
  }
  return values;
}

}  // namespace

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
  const bool swap = big_endian != (std::endian::native == std::endian::big);
  switch (type) {
    case SampleType::uint8:
      return converted<std::uint8_t>(bytes, count, swap);
    case SampleType::int8:
      return converted<std::int8_t>(bytes, count, swap);
    case SampleType::uint16:
      return converted<std::uint16_t>(bytes, count, swap);
    case SampleType::int16:
      return converted<std::int16_t>(bytes, count, swap);
    case SampleType::uint32:
      return converted<std::uint32_t>(bytes, count, swap);
    case SampleType::int32:
      return converted<std::int32_t>(bytes, count, swap);
    case SampleType::uint64:
      return converted<std::uint64_t>(bytes, count, swap);
    case SampleType::int64:
      return converted<std::int64_t>(bytes, count, swap);
    case SampleType::float32:
      return converted<float>(bytes, count, swap);
    case SampleType::float64:
      break;
  }
  return converted<double>(bytes, count, swap);
}

BinaryFile::BinaryFile(std::string path)
    : path_(std::move(path)), file_(path_, std::ios::binary | std::ios::ate) {
  if (!file_) fail(Fault::input, "{}: cannot be read", path_);
  size_ = std::uint64_t(file_.tellg());
}

std::string BinaryFile::bytes(std::uint64_t offset, std::size_t count) {
  if (offset > size_ || count > size_ - offset)
    fail(Fault::input, "{}: ends early: {} bytes wanted at {}, the file has {}", path_, count,
         offset, size_);
  std::string out(count, '\0');
  file_.seekg(std::streamoff(offset));
  file_.read(out.data(), std::streamsize(count));
  if (!file_) fail(Fault::input, "{}: cannot be read at byte {}", path_, offset);
  return out;
}

std::vector<float> BinaryFile::samples(std::uint64_t offset, std::size_t count, SampleType type,
                                       bool big_endian) {
  const std::string data = bytes(offset, count * sample_bytes(type));
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
