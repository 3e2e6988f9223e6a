#include "io/npy.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

static_assert(std::endian::native == std::endian::little);

template <typename T>
std::vector<float> convert(const std::vector<char>& bytes, std::size_t n, bool swap) {
  std::vector<float> values(n);
  for (std::size_t i = 0; i < n; ++i) {
    char buffer[sizeof(T)];
    std::memcpy(buffer, bytes.data() + i * sizeof(T), sizeof(T));
    if (swap) std::reverse(buffer, buffer + sizeof(T));
    T value;
    std::memcpy(&value, buffer, sizeof(T));
    values[i] = float(value);
  }
  return values;
}

std::vector<float> convert(const std::string& type, const std::vector<char>& bytes, std::size_t n,
                           bool swap, const std::string& path) {
  if (type == "f4") return convert<float>(bytes, n, swap);
  if (type == "f8") return convert<double>(bytes, n, swap);
  if (type == "u1" || type == "b1") return convert<std::uint8_t>(bytes, n, swap);
  if (type == "u2") return convert<std::uint16_t>(bytes, n, swap);
  if (type == "u4") return convert<std::uint32_t>(bytes, n, swap);
  if (type == "i1") return convert<std::int8_t>(bytes, n, swap);
  if (type == "i2") return convert<std::int16_t>(bytes, n, swap);
  if (type == "i4") return convert<std::int32_t>(bytes, n, swap);
  if (type == "i8") return convert<std::int64_t>(bytes, n, swap);
  fail(Fault::input, "{}: element type '{}'; save it as float32 (numpy: a.astype('float32'))", path,
       type);
}

// What stands between `key` and the next `end` in the header.
std::string field(const std::string& header, const std::string& key, char end,
                  const std::string& path) {
  const auto at = header.find(key);
  const auto first = at == std::string::npos ? at : at + key.size();
  const auto last = first == std::string::npos ? first : header.find(end, first);
  if (last == std::string::npos) fail(Fault::input, "{}: damaged .npy header '{}'", path, header);
  return header.substr(first, last - first);
}

}  // namespace

Stack<float> read_npy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(Fault::input, "{}: cannot be read", path);
  char magic[8] = {};
  file.read(magic, 8);
  if (std::memcmp(magic, "\x93NUMPY", 6) != 0) fail(Fault::input, "{}: no .npy file", path);
  std::uint32_t length = 0;
  file.read(reinterpret_cast<char*>(&length), magic[6] == 1 ? 2 : 4);
  if (!file || length > (1u << 20)) fail(Fault::input, "{}: damaged .npy header", path);
  std::string header(length, ' ');
  file.read(header.data(), length);
  if (field(header, "'fortran_order': ", ',', path) == "True")
    fail(Fault::input, "{}: array in Fortran order; save numpy.ascontiguousarray(a)", path);
  const std::string descr = field(header, "'descr': '", '\'', path);
  std::istringstream shape(field(header, "'shape': (", ')', path));

  Stack<float> stack;
  for (std::string edge; std::getline(shape, edge, ',');)
    if (edge.find_first_not_of(' ') != std::string::npos)
      stack.shape.push_back(std::strtoull(edge.c_str(), nullptr, 10));
  const std::size_t n = Stack<float>::count(stack.shape);
  const std::string type = descr.size() > 1 ? descr.substr(1) : descr;
  const std::size_t size = type.size() == 2 ? std::size_t(type[1] - '0') : 0;
  if (size < 1 || size > 8)
    fail(Fault::input, "{}: element type '{}'; save it as float32 (numpy: a.astype('float32'))",
         path, descr);
  const auto start = file.tellg();
  file.seekg(0, std::ios::end);
  if (std::uint64_t(file.tellg() - start) / size < n)
    fail(Fault::input, "{}: ends early; the header promises {} values of {} bytes", path, n, size);
  file.seekg(start);
  std::vector<char> bytes(n * size);
  file.read(bytes.data(), std::streamsize(bytes.size()));
  stack.values = convert(type, bytes, n, descr[0] == '>', path);
  return stack;
}

}  // namespace vitrobeam
