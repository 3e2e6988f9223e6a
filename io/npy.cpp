#include "io/npy.hpp"

#include <algorithm>
#include <array>
#include <sstream>

#include "base/error.hpp"
#include "io/stated_size.hpp"

namespace vitrobeam {
namespace {

// What stands between `key` and the next `end` in the header.
std::string field(const std::string& header, const std::string& key, char end,
                  const std::string& path) {
  const auto at = header.find(key);
  const auto first = at == std::string::npos ? at : at + key.size();
  const auto last = first == std::string::npos ? first : header.find(end, first);
  if (last == std::string::npos) fail(Fault::input, "{}: damaged .npy header: no {}", path, key);
  return header.substr(first, last - first);
}

// The header as numpy itself writes it; other writers leave out blanks or use other quotes.
std::string plain_header(std::string header) {
  std::erase_if(header, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
  std::replace(header.begin(), header.end(), '"', '\'');
  return header;
}

SampleType sample_type(const std::string& type, const std::string& path) {
  constexpr std::array<std::pair<const char*, SampleType>, 12> kTypes = {
      {{"f2", SampleType::float16},
       {"f4", SampleType::float32},
       {"f8", SampleType::float64},
       {"b1", SampleType::uint8},
       {"u1", SampleType::uint8},
       {"u2", SampleType::uint16},
       {"u4", SampleType::uint32},
       {"u8", SampleType::uint64},
       {"i1", SampleType::int8},
       {"i2", SampleType::int16},
       {"i4", SampleType::int32},
       {"i8", SampleType::int64}}};
  for (const auto& [name, known] : kTypes)
    if (type == name) return known;
  fail(Fault::input, "{}: element type '{}'; save it as float32 (numpy: a.astype('float32'))", path,
       type.substr(0, 20));
}

// Values in Fortran order (the first axis runs fastest) in C order.
std::vector<float> rows_first(const std::vector<float>& values,
                              const std::vector<std::size_t>& shape) {
  std::vector<float> out(values.size());
  std::vector<std::size_t> index(shape.size(), 0);
  for (float& v : out) {
    std::size_t at = 0;
    for (std::size_t k = shape.size(); k-- > 0;) at = at * shape[k] + index[k];
    v = values[at];
    for (std::size_t k = shape.size(); k-- > 0 && ++index[k] == shape[k];) index[k] = 0;
  }
  return out;
}

}  // namespace

NpyArray open_npy(BinaryFile& file) {
  const std::string& path = file.path();
  if (file.size() < 10 || file.bytes(0, 6) != "\x93NUMPY")
    fail(Fault::input, "{}: no .npy file", path);
  const bool first_version = file.number<std::uint8_t>(6) == 1;
  const std::size_t length = first_version ? file.number<std::uint16_t>(8)
                                           : file.number<std::uint32_t>(8),
                    begin = first_version ? 10 : 12;
  if (length > (1u << 20)) fail(Fault::input, "{}: damaged .npy header", path);
  const std::string header = plain_header(file.bytes(begin, length));
  NpyArray a;
  a.columns_first = header.find("'fortran_order':True") != std::string::npos;
  if (!a.columns_first && header.find("'fortran_order':False") == std::string::npos)
    fail(Fault::input, "{}: damaged .npy header: no fortran_order", path);
  if (header.find("'descr':[") != std::string::npos)
    fail(Fault::input, "{}: holds records; save the array of intensities alone", path);
  const std::string descr = field(header, "'descr':'", '\'', path);
  a.big_endian = descr.starts_with(">");
  a.type = sample_type(descr.size() > 1 ? descr.substr(1) : descr, path);
  std::istringstream shape(field(header, "'shape':(", ')', path));
  for (std::string edge; std::getline(shape, edge, ',');)
    if (edge.find_first_not_of(' ') != std::string::npos)
      a.shape.push_back(stated_number(path, "a length in its shape", edge));
  a.offset = begin + length;
  const std::size_t bytes =
      stated_bytes(path, "the array", a.offset, stated_count(path, "the array", a.shape),
                   sample_bytes(a.type), file.size());
  a.left_over = file.size() - a.offset - bytes;
  return a;
}

Stack<float> read_npy(const std::string& path) {
  BinaryFile file(path);
  const NpyArray a = open_npy(file);
  Stack<float> stack;
  stack.shape = a.shape;
  stack.values = file.samples(a.offset, Stack<float>::count(a.shape), a.type, a.big_endian);
  if (a.columns_first) stack.values = rows_first(stack.values, a.shape);
  return stack;
}

}  // namespace vitrobeam
