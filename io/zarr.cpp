#include "io/zarr.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "io/stated_size.hpp"
#include "io/unpacking.hpp"

namespace vitrobeam {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kMostAxes = 8;
constexpr std::uint64_t kMostMetadata = 16 << 20;

std::string small_file(const fs::path& path) {
  std::error_code none;
  if (!fs::is_regular_file(path, none)) return "";
  BinaryFile file(path.string());
  if (file.size() > kMostMetadata)
    fail(Fault::input, "{}: {} bytes of metadata", path.string(), file.size());
  return file.bytes(0, std::size_t(file.size()));
}

// Arrays and objects in one another; each level takes some of the stack later.
int nesting(const std::string& text) {
  int depth = 0, deepest = 0;
  bool quoted = false;
  for (std::size_t k = 0; k < text.size(); ++k) {
    if (quoted && text[k] == '\\')
      ++k;
    else if (text[k] == '"')
      quoted = !quoted;
    else if (!quoted && (text[k] == '[' || text[k] == '{'))
      deepest = std::max(deepest, ++depth);
    else if (!quoted && (text[k] == ']' || text[k] == '}'))
      --depth;
  }
  return deepest;
}

json parsed(const std::string& file, const std::string& text) {
  constexpr int kDeepest = 64;
  if (nesting(text) > kDeepest)
    fail(Fault::input, "{}: its metadata are nested more than {} deep", file, kDeepest);
  json out = json::parse(text, nullptr, false);
  if (!out.is_object()) fail(Fault::input, "{}: its metadata is no JSON object", file);
  return out;
}

std::vector<std::size_t> lengths(const std::string& file, const json& list, std::string_view what) {
  if (!list.is_array() || list.empty() || list.size() > kMostAxes)
    fail(Fault::input, "{}: its {} is no list of lengths", file, what);
  std::vector<std::size_t> out;
  for (const auto& n : list) {
    if (!n.is_number_unsigned()) fail(Fault::input, "{}: its {} is no list of lengths", file, what);
    out.push_back(n.get<std::size_t>());
  }
  return out;
}

SampleType named_type(const std::string& file, const std::string& name) {
  constexpr std::pair<const char*, SampleType> kNames[] = {
      {"u1", SampleType::uint8},        {"i1", SampleType::int8},
      {"u2", SampleType::uint16},       {"i2", SampleType::int16},
      {"u4", SampleType::uint32},       {"i4", SampleType::int32},
      {"u8", SampleType::uint64},       {"i8", SampleType::int64},
      {"f2", SampleType::float16},      {"f4", SampleType::float32},
      {"f8", SampleType::float64},      {"b1", SampleType::uint8},
      {"uint8", SampleType::uint8},     {"int8", SampleType::int8},
      {"uint16", SampleType::uint16},   {"int16", SampleType::int16},
      {"uint32", SampleType::uint32},   {"int32", SampleType::int32},
      {"uint64", SampleType::uint64},   {"int64", SampleType::int64},
      {"float16", SampleType::float16}, {"float32", SampleType::float32},
      {"float64", SampleType::float64}, {"bool", SampleType::uint8}};
  for (const auto& [known, type] : kNames)
    if (name == known) return type;
  fail(Fault::input, "{}: values of type '{}'; real numbers and integers can be read", file,
       name.substr(0, 20));
}

std::optional<double> fill_value(const json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) return value != "0" ? NAN : 0;
  return std::nullopt;
}

// RFC 3720, appendix B.4, of the bytes but the last four, which hold it.
void check_crc32c(const std::string& file, const std::string& data) {
  constexpr std::uint32_t kPolynomial = 0x82f63b78;
  std::uint32_t sum = ~0u, stored = 0;
  const std::size_t size = data.size() < 4 ? 0 : data.size() - 4;
  for (std::size_t k = 0; k < size; ++k) {
    sum ^= static_cast<unsigned char>(data[k]);
    for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ (sum & 1 ? kPolynomial : 0);
  }
  for (std::size_t k = data.size() - size; k-- > 0;)
    stored = stored << 8 | static_cast<unsigned char>(data[size + k]);
  if (data.size() < 4 || stored != ~sum)
    fail(Fault::input, "{}: damaged: its checksum is wrong", file);
}

std::string text_of(const json& object, const char* name, const std::string& otherwise = "") {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : otherwise;
}

std::string known_packing(const std::string& file, const std::string& name) {
  for (const char* known : {"zlib", "gzip", "blosc", "zstd"})
    if (name == known) return name;
  fail(Fault::input,
       "{}: packed by '{}'; zlib, gzip, blosc and zstd can be unpacked: save it with one of them",
       file, name.substr(0, 40));
}

ZarrArray version_2(const std::string& file, const json& meta) {
  ZarrArray a;
  a.shape = lengths(file, meta.value("shape", json()), "shape");
  a.chunk = lengths(file, meta.value("chunks", json()), "chunks");
  const std::string type = text_of(meta, "dtype");
  a.big_endian = type.starts_with(">");
  a.type = named_type(file, type.empty() ? type : type.substr(1));
  a.columns_first = text_of(meta, "order", "C") == "F";
  a.fill = fill_value(meta.value("fill_value", json()));
  a.separator = text_of(meta, "dimension_separator", ".");
  if (const auto filters = meta.find("filters");
      filters != meta.end() && !filters->is_null() && !filters->empty())
    fail(Fault::input, "{}: filtered ({}); save it without filters", file,
         filters->dump().substr(0, 60));
  if (const auto packing = meta.find("compressor"); packing != meta.end() && packing->is_object())
    a.packing.push_back(known_packing(file, text_of(*packing, "id")));
  return a;
}

ZarrArray version_3(const std::string& file, const json& meta) {
  ZarrArray a;
  a.shape = lengths(file, meta.value("shape", json()), "shape");
  a.type = named_type(file, text_of(meta, "data_type"));
  a.fill = fill_value(meta.value("fill_value", json()));
  const json grid = meta.value("chunk_grid", json::object());
  const json in_grid = grid.is_object() ? grid.value("configuration", json::object()) : json();
  if (text_of(grid, "name") != "regular" || !in_grid.is_object())
    fail(Fault::input, "{}: its chunks form no regular grid", file);
  a.chunk = lengths(file, in_grid.value("chunk_shape", json()), "chunk_shape");
  const json names = meta.value("chunk_key_encoding", json::object());
  const bool old_names = names.is_object() && text_of(names, "name") == "v2";
  const json in_names = names.is_object() ? names.value("configuration", json::object()) : json();
  a.prefix = old_names ? "" : "c";
  a.separator = in_names.is_object() ? text_of(in_names, "separator", old_names ? "." : "/")
                                     : (old_names ? "." : "/");
  const json codecs = meta.value("codecs", json::array());
  if (!codecs.is_array()) fail(Fault::input, "{}: its codecs are no list", file);
  for (const json& codec : codecs) {
    const std::string name = codec.is_object() ? text_of(codec, "name") : "";
    const json in = codec.is_object() ? codec.value("configuration", json::object()) : json();
    if (name == "bytes")
      a.big_endian = in.is_object() && text_of(in, "endian") == "big";
    else if (name == "crc32c")
      a.packing.insert(a.packing.begin(), name);
    else
      a.packing.insert(a.packing.begin(), known_packing(file, name));
  }
  return a;
}

Packing packing_of(const std::string& name) {
  return name == "blosc" ? Packing::blosc : name == "zstd" ? Packing::zstd : Packing::deflate;
}

bool is_inside(const fs::path& path, const fs::path& folder) {
  std::error_code none;
  const fs::path where = fs::weakly_canonical(path, none),
                 root = fs::weakly_canonical(folder, none);
  const auto [in_root, in_where] =
      std::mismatch(root.begin(), root.end(), where.begin(), where.end());
  return in_root == root.end();
}

}  // namespace

bool is_zarr(const std::string& folder) {
  std::error_code none;
  if (!fs::is_directory(folder, none)) return false;
  for (const char* name : {".zgroup", ".zarray", "zarr.json"})
    if (fs::is_regular_file(fs::path(folder) / name, none)) return true;
  return false;
}

ZarrFolder::ZarrFolder(std::string folder) : folder_(std::move(folder)) {
  if (!is_zarr(folder_)) fail(Fault::input, "{}: is no Zarr folder", folder_);
}

std::string ZarrFolder::metadata(const std::string& path, const std::string& name) const {
  const fs::path file = fs::path(folder_) / fs::path(path).relative_path() / name;
  if (path.find("..") != std::string::npos || !is_inside(file, folder_))
    fail(Fault::input, "{}: {} lies outside of the folder", folder_, path);
  return small_file(file);
}

std::vector<std::string> ZarrFolder::arrays() const {
  constexpr std::size_t kMost = 10000;
  constexpr int kDeepest = 16;
  std::vector<std::string> found;
  std::vector<std::pair<fs::path, int>> open = {{fs::path(folder_), 0}};
  std::size_t seen = 0;
  while (!open.empty()) {
    const auto [at, depth] = open.back();
    open.pop_back();
    const std::string v3 = small_file(at / "zarr.json");
    std::error_code none;
    const bool array = fs::is_regular_file(at / ".zarray", none) ||
                       (!v3.empty() && text_of(parsed(folder_, v3), "node_type") == "array");
    if (array) {
      const std::string inside = at.lexically_relative(folder_).generic_string();
      found.push_back(inside == "." ? "/" : "/" + inside);
      continue;
    }
    if (depth >= kDeepest || ++seen > kMost) continue;
    for (const auto& entry : fs::directory_iterator(at, none))
      if (entry.is_directory(none) && !entry.is_symlink(none))
        open.emplace_back(entry.path(), depth + 1);
  }
  std::sort(found.begin(), found.end());
  return found;
}

ZarrArray ZarrFolder::array(const std::string& path) const {
  const std::string v3 = metadata(path, "zarr.json"), v2 = metadata(path, ".zarray");
  if (v3.empty() && v2.empty()) fail(Fault::input, "{}: holds no array {}", folder_, path);
  ZarrArray a = v3.empty() ? version_2(folder_, parsed(folder_, v2))
                           : version_3(folder_, parsed(folder_, v3));
  a.path = path;
  if (a.chunk.size() != a.shape.size())
    fail(Fault::input, "{}: {} has {} axes, its chunks {}", folder_, path, a.shape.size(),
         a.chunk.size());
  stated_count(folder_, path, a.shape);
  constexpr std::size_t kMostChunk = std::size_t(1) << 31;  // bytes
  const std::size_t in_chunk = stated_count(folder_, "a chunk", a.chunk);
  if (in_chunk == 0 || in_chunk > kMostChunk / sample_bytes(a.type))
    fail(Fault::input, "{}: {} has chunks of {} values", folder_, path, in_chunk);
  for (const char* known : {".", "/"})
    if (a.separator == known) return a;
  fail(Fault::input, "{}: {} has chunks apart by '{}'", folder_, path, a.separator.substr(0, 10));
}

std::string ZarrFolder::attributes(const std::string& path) const {
  const std::string v3 = metadata(path, "zarr.json"), v2 = metadata(path, ".zattrs");
  if (!v3.empty()) {
    const json meta = parsed(folder_, v3);
    return meta.value("attributes", json::object()).dump();
  }
  return v2.empty() ? "{}" : parsed(folder_, v2).dump();
}

std::string ZarrFolder::chunk_file(const ZarrArray& array,
                                   const std::vector<std::size_t>& index) const {
  std::string name = array.prefix;
  for (const std::size_t k : index)
    name += (name.empty() ? "" : array.separator) + std::to_string(k);
  return (fs::path(folder_) / fs::path(array.path).relative_path() / name).string();
}

std::uint64_t ZarrFolder::stored_bytes(const ZarrArray& array,
                                       const std::vector<std::size_t>& index) const {
  std::error_code none;
  const auto size = fs::file_size(chunk_file(array, index), none);
  return none ? 0 : std::uint64_t(size);
}

std::size_t ZarrFolder::missing_chunks(const ZarrArray& array) const {
  constexpr std::size_t kMost = 1 << 16;
  std::vector<std::size_t> along(array.shape.size()), index(array.shape.size(), 0);
  for (std::size_t k = 0; k < along.size(); ++k)
    along[k] = array.shape[k] / array.chunk[k] + (array.shape[k] % array.chunk[k] != 0);
  const std::size_t all = stated_count(folder_, "the chunks", along);
  std::size_t missing = 0;
  std::error_code none;
  for (std::size_t n = 0; n < all && all <= kMost; ++n) {
    missing += !fs::exists(chunk_file(array, index), none);
    for (std::size_t k = index.size(); k-- > 0 && ++index[k] == along[k];) index[k] = 0;
  }
  return missing;
}

namespace {

// Values in Fortran order in C order.
std::vector<float> rows_first(const std::vector<float>& values,
                              const std::vector<std::size_t>& shape) {
  std::vector<float> turned(values.size());
  std::vector<std::size_t> at(shape.size(), 0);
  for (float& v : turned) {
    std::size_t from = 0;
    for (std::size_t k = at.size(); k-- > 0;) from = from * shape[k] + at[k];
    v = values[from];
    for (std::size_t k = at.size(); k-- > 0 && ++at[k] == shape[k];) at[k] = 0;
  }
  return turned;
}

}  // namespace

std::vector<float> ZarrFolder::chunk(const ZarrArray& array,
                                     const std::vector<std::size_t>& index) const {
  const fs::path file = chunk_file(array, index);
  const std::size_t count = stated_count(folder_, "a chunk", array.chunk),
                    bytes = count * sample_bytes(array.type);
  std::error_code none;
  if (!fs::exists(file, none)) {
    if (!array.fill)
      fail(Fault::input, "{} is not there, and the array has no fill value", file.string());
    constexpr std::size_t kMostEmpty = 512 << 20;
    if (count > kMostEmpty / sizeof(float))
      fail(Fault::input, "{}: the chunk of {} values at {} is not there", folder_, count,
           file.string());
    return std::vector<float>(count, float(*array.fill));
  }
  if (!is_inside(file, folder_))
    fail(Fault::input, "{}: the chunk {} lies outside of the folder", folder_, file.string());
  BinaryFile stored(file.string());
  if (!can_unpack_to(stored.size(), double(bytes)))
    fail(Fault::input, "{}: {} bytes are no chunk of {} values", file.string(), stored.size(),
         count);
  std::string data = stored.bytes(0, std::size_t(stored.size()));
  for (const auto& packing : array.packing)
    if (packing == "crc32c") {
      check_crc32c(file.string(), data);
      data.resize(data.size() - 4);
    } else {
      data = unpacked(file.string(), data, bytes, packing_of(packing));
    }
  if (data.size() != bytes)
    fail(Fault::input, "{}: {} bytes, a chunk has {}", file.string(), data.size(), bytes);
  const std::vector<float> values = to_float(data.data(), count, array.type, array.big_endian);
  return array.columns_first ? rows_first(values, array.chunk) : values;
}

}  // namespace vitrobeam
