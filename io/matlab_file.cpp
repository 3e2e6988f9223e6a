#include "io/matlab_file.hpp"

#include <optional>

#include "base/error.hpp"
#include "io/stated_size.hpp"
#include "io/unpacking.hpp"

namespace vitrobeam {
namespace {

// Types of data elements.
constexpr std::uint32_t kMatrix = 14, kPacked = 15;

std::optional<SampleType> element_type(std::uint32_t type) {
  switch (type) {
    case 1:
      return SampleType::int8;
    case 2:
      return SampleType::uint8;
    case 3:
      return SampleType::int16;
    case 4:
      return SampleType::uint16;
    case 5:
      return SampleType::int32;
    case 6:
      return SampleType::uint32;
    case 7:
      return SampleType::float32;
    case 9:
      return SampleType::float64;
    case 12:
      return SampleType::int64;
    case 13:
      return SampleType::uint64;
    default:
      return std::nullopt;
  }
}

// Classes of arrays; those that hold numbers.
std::optional<SampleType> class_type(std::uint32_t kind) {
  constexpr SampleType kTypes[] = {SampleType::float64, SampleType::float32, SampleType::int8,
                                   SampleType::uint8,   SampleType::int16,   SampleType::uint16,
                                   SampleType::int32,   SampleType::uint32,  SampleType::int64,
                                   SampleType::uint64};
  constexpr std::uint32_t kFirst = 6;
  if (kind < kFirst || kind - kFirst >= std::size(kTypes)) return std::nullopt;
  return kTypes[kind - kFirst];
}

// Steps through the elements inside of a matrix.
class Elements {
 public:
  struct Element {
    std::uint32_t type = 0;
    std::string_view bytes;
  };
  Elements(std::string path, std::string_view data, bool big_endian)
      : path_(std::move(path)), data_(data), big_endian_(big_endian) {}

  // Its bytes may end early where only the beginning of the matrix is at hand.
  Element next() {
    if (at_ + 8 > data_.size()) fail(Fault::input, "{}: damaged variable", path_);
    const std::uint32_t first = word(at_), small_size = first >> 16;
    if (small_size != 0) {  // up to four bytes inside of the tag
      const Element e{first & 0xffff, data_.substr(at_ + 4, std::min<std::size_t>(4, small_size))};
      at_ += 8;
      return e;
    }
    const std::uint64_t size = word(at_ + 4);
    const Element e{first, data_.substr(at_ + 8, std::size_t(size))};
    at_ = std::min<std::uint64_t>(data_.size(), at_ + 8 + (size + 7) / 8 * 8);
    return e;
  }
  std::uint32_t word(std::size_t at) const { return word_of(data_.substr(at, 4)); }
  std::uint32_t word_of(std::string_view four) const {
    if (four.size() != 4) fail(Fault::input, "{}: damaged variable", path_);
    std::uint32_t value = 0;
    for (std::size_t k = 0; k < 4; ++k)
      value = value << 8 | std::uint8_t(four[big_endian_ ? k : 3 - k]);
    return value;
  }

 private:
  std::string path_;
  std::string_view data_;
  bool big_endian_;
  std::uint64_t at_ = 0;
};

// The beginning of a matrix: flags, shape, name. Its values are the next element.
MatlabVariable describe(const std::string& path, Elements& elements) {
  MatlabVariable v;
  const auto flags = elements.next();
  const std::uint32_t word = elements.word_of(flags.bytes.substr(0, 4));
  const auto type = class_type(word & 0xff);
  v.is_numeric = type.has_value();
  v.type = type.value_or(SampleType::float64);
  v.is_complex = (word & 0x0800) != 0;
  const auto shape = elements.next();
  constexpr std::size_t kMostAxes = 16;
  for (std::size_t at = 0; at + 4 <= shape.bytes.size() && v.shape.size() < kMostAxes; at += 4)
    v.shape.push_back(elements.word_of(shape.bytes.substr(at, 4)));
  stated_count(path, "a variable", v.shape);
  constexpr std::size_t kLongest = 256;
  v.name = std::string(elements.next().bytes.substr(0, kLongest));
  return v;
}

}  // namespace

MatlabFile::MatlabFile(const std::string& path) : file_(path) {
  if (file_.size() < 136) fail(Fault::input, "{}: no MATLAB file of level 5", path);
  const std::string order = file_.bytes(126, 2);
  if (order != "IM" && order != "MI")
    fail(Fault::input, "{}: no MATLAB file of level 5 (byte order unknown)", path);
  big_endian_ = order == "MI";
  constexpr std::size_t kBeginning = 1 << 12, kMostVariables = 100000;
  for (std::uint64_t at = 128; at + 8 <= file_.size() && variables_.size() < kMostVariables;) {
    const auto type = file_.number<std::uint32_t>(at, big_endian_);
    const std::uint64_t size = file_.number<std::uint32_t>(at + 4, big_endian_);
    stated_bytes(path, "a variable", at + 8, size, 1, file_.size());
    const bool packed = type == kPacked;
    if (packed || type == kMatrix) {
      std::string start =
          file_.bytes(at + 8, std::size_t(std::min<std::uint64_t>(size, kBeginning)));
      if (packed) {
        start = unpacked_beginning(path, start, kBeginning);
        start.erase(0, 8);  // the tag of the matrix inside
      }
      Elements elements(path, start, big_endian_);
      MatlabVariable v = describe(path, elements);
      v.offset = at + 8;
      v.size = size;
      v.is_packed = packed;
      variables_.push_back(std::move(v));
    }
    at += 8 + (packed ? size : (size + 7) / 8 * 8);
  }
}

MatlabValues MatlabFile::values(const MatlabVariable& variable) {
  const std::string& path = file_.path();
  if (!variable.is_numeric || variable.is_complex)
    fail(Fault::input, "{}: '{}' holds no real numbers", path, variable.name);
  const std::size_t count = stated_count(path, "a variable", variable.shape);
  std::string data = file_.bytes(variable.offset, std::size_t(variable.size));
  if (variable.is_packed) {
    constexpr std::size_t kRoom = 1 << 16;  // for what stands before the values
    const double most = double(count) * 8 + kRoom;
    if (!can_unpack_to(variable.size, double(count)))
      fail(Fault::input, "{}: '{}' states {} values in {} bytes", path, variable.name, count,
           variable.size);
    data = unpacked_beginning(path, data, std::size_t(most));
    data.erase(0, 8);
  }
  Elements elements(path, data, big_endian_);
  describe(path, elements);
  const auto values = elements.next();
  const auto type = element_type(values.type);
  if (!type || values.bytes.size() / sample_bytes(*type) != count)
    fail(Fault::input, "{}: '{}' has the shape {}, its values are {} bytes of type {}", path,
         variable.name, fmt::join(variable.shape, " x "), values.bytes.size(), values.type);
  return {*type, big_endian_, std::string(values.bytes)};
}

}  // namespace vitrobeam
