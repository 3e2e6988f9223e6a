#include "io/hdf5.hpp"

#define H5_USE_110_API
#include <hdf5.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include "base/error.hpp"
#include "io/compression.hpp"

namespace vitrobeam {
namespace {

static_assert(std::is_same_v<hid_t, std::int64_t>, "hdf5.hpp keeps identifiers as int64");

// The lock over the library, with its own error printing switched off. Without its exit handler
// too, which crashes on a file that a full disk kept from closing; the objects here close theirs.
std::unique_lock<std::recursive_mutex> lock_library() {
  static std::recursive_mutex mutex;
  std::unique_lock lock(mutex);
  static const bool prepared =
      H5dont_atexit() >= 0 && H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  (void)prepared;
  return lock;
}

// An identifier that closes itself.
class Id {
 public:
  using Close = herr_t (*)(hid_t);
  Id(hid_t id, Close close) : id_(id), close_(close) {}
  ~Id() {
    if (id_ >= 0) close_(id_);
  }
  Id(Id&& other) noexcept : id_(other.id_), close_(other.close_) { other.id_ = -1; }
  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;
  operator hid_t() const { return id_; }
  hid_t release() {
    const hid_t id = id_;
    id_ = -1;
    return id;
  }

 private:
  hid_t id_;
  Close close_;
};

Id type_id(hid_t id) { return {id, H5Tclose}; }
Id space_id(hid_t id) { return {id, H5Sclose}; }
Id property_id(hid_t id) { return {id, H5Pclose}; }
Id object_id(hid_t id) { return {id, H5Oclose}; }
Id dataset_id(hid_t id) { return {id, H5Dclose}; }
Id attribute_id(hid_t id) { return {id, H5Aclose}; }

// The library's own words for the innermost failure; they carry errno of a full disk.
std::string last_error() {
  std::string text;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned n, const H5E_error2_t* error, void* out) -> herr_t {
        if (n == 0 && error->desc) *static_cast<std::string*>(out) = error->desc;
        return 0;
      },
      &text);
  return text;
}

Id string_type(std::size_t length = H5T_VARIABLE, H5T_cset_t characters = H5T_CSET_UTF8) {
  Id type = type_id(H5Tcopy(H5T_C_S1));
  H5Tset_size(type, length);
  H5Tset_cset(type, characters);
  if (length != H5T_VARIABLE) H5Tset_strpad(type, H5T_STR_NULLPAD);
  return type;
}

Id bool_type() {
  Id type = type_id(H5Tenum_create(H5T_NATIVE_INT8));
  const std::int8_t no = 0, yes = 1;
  H5Tenum_insert(type, "FALSE", &no);
  H5Tenum_insert(type, "TRUE", &yes);
  return type;
}

Id complex_type(hid_t real, std::size_t size) {
  Id type = type_id(H5Tcreate(H5T_COMPOUND, 2 * size));
  H5Tinsert(type, "r", 0, real);
  H5Tinsert(type, "i", size, real);
  return type;
}

template <typename T>
Id memory_type() {
  if constexpr (std::is_same_v<T, float>) return type_id(H5Tcopy(H5T_NATIVE_FLOAT));
  if constexpr (std::is_same_v<T, double>) return type_id(H5Tcopy(H5T_NATIVE_DOUBLE));
  if constexpr (std::is_same_v<T, std::int8_t>) return type_id(H5Tcopy(H5T_NATIVE_INT8));
  if constexpr (std::is_same_v<T, std::uint8_t>) return type_id(H5Tcopy(H5T_NATIVE_UINT8));
  if constexpr (std::is_same_v<T, std::int16_t>) return type_id(H5Tcopy(H5T_NATIVE_INT16));
  if constexpr (std::is_same_v<T, std::uint16_t>) return type_id(H5Tcopy(H5T_NATIVE_UINT16));
  if constexpr (std::is_same_v<T, std::int32_t>) return type_id(H5Tcopy(H5T_NATIVE_INT32));
  if constexpr (std::is_same_v<T, std::uint32_t>) return type_id(H5Tcopy(H5T_NATIVE_UINT32));
  if constexpr (std::is_same_v<T, std::int64_t>) return type_id(H5Tcopy(H5T_NATIVE_INT64));
  if constexpr (std::is_same_v<T, std::uint64_t>) return type_id(H5Tcopy(H5T_NATIVE_UINT64));
  if constexpr (std::is_same_v<T, std::complex<float>>)
    return complex_type(H5T_NATIVE_FLOAT, sizeof(float));
  if constexpr (std::is_same_v<T, std::complex<double>>)
    return complex_type(H5T_NATIVE_DOUBLE, sizeof(double));
}

Id make_space(const Shape& shape) {
  if (shape.empty()) return space_id(H5Screate(H5S_SCALAR));
  const std::vector<hsize_t> extent(shape.begin(), shape.end());
  return space_id(H5Screate_simple(int(extent.size()), extent.data(), nullptr));
}

Shape extent(hid_t space) {
  if (H5Sget_simple_extent_type(space) != H5S_SIMPLE) return {};
  std::vector<hsize_t> sizes(std::size_t(H5Sget_simple_extent_ndims(space)));
  H5Sget_simple_extent_dims(space, sizes.data(), nullptr);
  return {sizes.begin(), sizes.end()};
}

// Without modification times, so that equal data give equal bytes.
Id dataset_properties() {
  Id properties = property_id(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(properties, false);
  return properties;
}

Id parents_are_made() {
  Id properties = property_id(H5Pcreate(H5P_LINK_CREATE));
  H5Pset_create_intermediate_group(properties, 1);
  H5Pset_char_encoding(properties, H5T_CSET_UTF8);
  return properties;
}

StoredType integer_type(std::size_t size, bool is_signed) {
  switch (size) {
    case 1:
      return is_signed ? StoredType::int8 : StoredType::uint8;
    case 2:
      return is_signed ? StoredType::int16 : StoredType::uint16;
    case 4:
      return is_signed ? StoredType::int32 : StoredType::uint32;
    case 8:
      return is_signed ? StoredType::int64 : StoredType::uint64;
    default:
      return StoredType::other;
  }
}

StoredType stored_type(hid_t type) {
  const std::size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      return size <= 4 ? StoredType::float32 : StoredType::float64;
    case H5T_INTEGER:
      return integer_type(size, H5Tget_sign(type) == H5T_SGN_2);
    case H5T_STRING:
      return StoredType::string;
    case H5T_ENUM: {
      const Id base = type_id(H5Tget_super(type));
      if (H5Tget_nmembers(type) == 2 && size == 1 && H5Tget_member_index(type, "TRUE") >= 0)
        return StoredType::boolean;
      return integer_type(size, H5Tget_sign(base) == H5T_SGN_2);
    }
    case H5T_COMPOUND:
      if (H5Tget_nmembers(type) != 2 || H5Tget_member_index(type, "r") < 0 ||
          H5Tget_member_index(type, "i") < 0)
        return StoredType::other;
      return size <= 8 ? StoredType::complex64 : StoredType::complex128;
    default:
      return StoredType::other;
  }
}

// Strings of a dataset or attribute, whose reader is `read(memory type, buffer)`.
template <typename Read>
std::vector<std::string> strings_of(hid_t type, hid_t space, std::size_t count, Read read) {
  std::vector<std::string> out;
  if (count == 0) return out;
  if (H5Tis_variable_str(type) > 0) {
    const Id memory = string_type(H5T_VARIABLE, H5Tget_cset(type));
    std::vector<char*> pointers(count, nullptr);
    if (read(memory, pointers.data()) < 0) return out;
    for (const char* p : pointers) out.emplace_back(p ? p : "");
    H5Dvlen_reclaim(memory, space, H5P_DEFAULT, pointers.data());
    return out;
  }
  const std::size_t length = H5Tget_size(type);
  std::vector<char> bytes(count * length);
  if (read(type, bytes.data()) < 0) return out;
  for (std::size_t i = 0; i < count; ++i)
    out.emplace_back(bytes.data() + i * length, ::strnlen(bytes.data() + i * length, length));
  return out;
}

bool exists_in(hid_t file, const std::string& path) {
  if (path.empty()) return false;
  if (path == "/") return true;
  for (auto slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1))
    if (H5Lexists(file, path.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return false;
  return H5Oexists_by_name(file, path.c_str(), H5P_DEFAULT) > 0;
}

std::string leaf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

// ----------------------------------------------------------------------------------------------
// writing

Hdf5Writer::Hdf5Writer(std::string path) : path_(std::move(path)), part_(path_ + ".part") {
  const auto lock = lock_library();
  const Id access = property_id(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  H5Pset_file_locking(access, true, true);
  file_ = H5Fcreate(part_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  if (file_ < 0) fail_write("create it");
}

Hdf5Writer::~Hdf5Writer() {
  if (file_ < 0) return;
  const auto lock = lock_library();
  close();
  std::remove(part_.c_str());
}

void Hdf5Writer::fail_write(const std::string& what) const {
  const std::string reason = last_error();
  fail(Fault::machine, "{}: cannot {}: {}; free space, or choose another output, and run again",
       path_, what, reason.empty() ? "unknown reason" : reason);
}

void Hdf5Writer::close() {
  for (const auto& c : chunked_) H5Dclose(c.dataset);
  chunked_.clear();
  H5Fclose(file_);
  file_ = -1;
}

void Hdf5Writer::commit() {
  const auto lock = lock_library();
  for (const auto& c : chunked_)
    if (H5Dclose(c.dataset) < 0) fail_write("finish " + c.path);
  chunked_.clear();
  if (H5Fflush(file_, H5F_SCOPE_GLOBAL) < 0) fail_write("write it to the end");
  if (H5Fclose(file_) < 0) fail_write("close it");
  file_ = -1;
  if (std::rename(part_.c_str(), path_.c_str()) != 0) {
    const std::string reason = std::strerror(errno);
    std::remove(part_.c_str());
    fail(Fault::machine, "{}: cannot give the finished file its name: {}", path_, reason);
  }
}

void Hdf5Writer::group(const std::string& path) {
  const auto lock = lock_library();
  if (exists_in(file_, path)) return;
  const Id group =
      object_id(H5Gcreate2(file_, path.c_str(), parents_are_made(), H5P_DEFAULT, H5P_DEFAULT));
  if (group < 0) fail_write("make the group " + path);
}

bool Hdf5Writer::exists(const std::string& path) const {
  const auto lock = lock_library();
  return exists_in(file_, path);
}

void Hdf5Writer::make_parents(const std::string& path) {
  for (auto slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1))
    group(path.substr(0, slash));
}

void Hdf5Writer::link(const std::string& existing, const std::string& path) {
  const auto lock = lock_library();
  if (H5Lcreate_hard(file_, existing.c_str(), file_, path.c_str(), parents_are_made(),
                     H5P_DEFAULT) < 0)
    fail_write("link " + path + " to " + existing);
}

template <typename T>
void Hdf5Writer::write(const std::string& path, const Shape& shape, std::span<const T> values) {
  const auto lock = lock_library();
  if (Stack<T>::count(shape) != values.size())
    throw std::logic_error(fmt::format("{}: {} values do not fill the shape", path, values.size()));
  make_parents(path);
  const Id type = memory_type<T>(), space = make_space(shape);
  const Id dataset = dataset_id(H5Dcreate2(file_, path.c_str(), type, space, parents_are_made(),
                                           dataset_properties(), H5P_DEFAULT));
  if (dataset < 0) fail_write("make the dataset " + path);
  if (!values.empty() && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
    fail_write("write " + path);
}

void Hdf5Writer::write_bool(const std::string& path, bool value) {
  const auto lock = lock_library();
  make_parents(path);
  const Id type = bool_type(), space = make_space({});
  const Id dataset = dataset_id(H5Dcreate2(file_, path.c_str(), type, space, parents_are_made(),
                                           dataset_properties(), H5P_DEFAULT));
  const std::int8_t byte = value;
  if (dataset < 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &byte) < 0)
    fail_write("write " + path);
}

namespace {

bool write_texts(hid_t file, const std::string& path, const Shape& shape,
                 const std::vector<std::string>& values) {
  const Id type = string_type(), space = make_space(shape);
  const Id dataset = dataset_id(H5Dcreate2(file, path.c_str(), type, space, parents_are_made(),
                                           dataset_properties(), H5P_DEFAULT));
  std::vector<const char*> pointers;
  for (const auto& v : values) pointers.push_back(v.c_str());
  return dataset >= 0 && (values.empty() || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                                     pointers.data()) >= 0);
}

}  // namespace

void Hdf5Writer::write_string(const std::string& path, const std::string& value) {
  const auto lock = lock_library();
  make_parents(path);
  if (!write_texts(file_, path, {}, {value})) fail_write("write " + path);
}

void Hdf5Writer::write_strings(const std::string& path, const std::vector<std::string>& values) {
  const auto lock = lock_library();
  make_parents(path);
  if (!write_texts(file_, path, {values.size()}, values)) fail_write("write " + path);
}

template <typename T>
void Hdf5Writer::create_chunked(const std::string& path, const Shape& shape, const Shape& chunk) {
  const auto lock = lock_library();
  if (shape.empty() || chunk.size() != shape.size() || Stack<T>::count(chunk) == 0)
    throw std::logic_error(path + ": a chunk needs the rank of the dataset and no empty axis");
  make_parents(path);
  const Id type = memory_type<T>(), space = make_space(shape), properties = dataset_properties();
  const std::vector<hsize_t> sizes(chunk.begin(), chunk.end());
  H5Pset_chunk(properties, int(sizes.size()), sizes.data());
  H5Pset_shuffle(properties);
  H5Pset_deflate(properties, 1);
  const hid_t dataset =
      H5Dcreate2(file_, path.c_str(), type, space, parents_are_made(), properties, H5P_DEFAULT);
  if (dataset < 0) fail_write("make the dataset " + path);
  chunked_.push_back({path, dataset, chunk});
}

void Hdf5Writer::write_chunk(const std::string& path, const Shape& index,
                             std::span<const std::byte> bytes) {
  const auto lock = lock_library();
  const auto target = std::find_if(chunked_.begin(), chunked_.end(),
                                   [&](const Chunked& c) { return c.path == path; });
  if (target == chunked_.end() || index.size() != target->chunk.size())
    throw std::logic_error(path + ": no such chunked dataset, or another rank");
  std::vector<hsize_t> offset;
  for (std::size_t k = 0; k < index.size(); ++k) offset.push_back(index[k] * target->chunk[k]);
  if (H5Dwrite_chunk(target->dataset, H5P_DEFAULT, 0, offset.data(), bytes.size(), bytes.data()) <
      0)
    fail_write("write " + path);
}

template <typename T>
void Hdf5Writer::write_compressed(const std::string& path, const Stack<T>& stack, int level) {
  if (stack.shape.size() < 2 || stack.values.empty()) return write(path, stack);
  Shape chunk(stack.shape.size(), 1), index(stack.shape.size(), 0);
  const std::size_t rank = chunk.size(), plane = stack.shape[rank - 2] * stack.shape[rank - 1];
  chunk[rank - 2] = stack.shape[rank - 2];
  chunk[rank - 1] = stack.shape[rank - 1];
  create_chunked<T>(path, stack.shape, chunk);
  for (std::size_t p = 0; p * plane < stack.size(); ++p) {
    std::size_t rest = p;
    for (std::size_t k = rank - 2; k-- > 0; rest /= stack.shape[k])
      index[k] = rest % stack.shape[k];
    write_chunk(path, index,
                compress_chunk(stack.values.data() + p * plane, sizeof(T), plane, level));
  }
}

namespace {

template <typename T>
bool put_attribute(hid_t object, const std::string& name, hid_t type, const Shape& shape,
                   const T* data) {
  if (H5Aexists(object, name.c_str()) > 0) H5Adelete(object, name.c_str());
  const Id space = make_space(shape);
  const Id attribute =
      attribute_id(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT));
  return attribute >= 0 && (Stack<int>::count(shape) == 0 || H5Awrite(attribute, type, data) >= 0);
}

struct PutAttribute {
  hid_t object;
  const std::string& name;

  bool operator()(double v) const {
    return put_attribute(object, name, memory_type<double>(), {}, &v);
  }
  bool operator()(std::int64_t v) const {
    return put_attribute(object, name, memory_type<std::int64_t>(), {}, &v);
  }
  bool operator()(bool v) const {
    const std::int8_t byte = v;
    return put_attribute(object, name, bool_type(), {}, &byte);
  }
  bool operator()(const std::string& v) const {
    const char* text = v.c_str();
    return put_attribute(object, name, string_type(), {}, &text);
  }
  bool operator()(const std::vector<std::string>& v) const {
    std::vector<const char*> texts;
    for (const auto& t : v) texts.push_back(t.c_str());
    return put_attribute(object, name, string_type(), {v.size()}, texts.data());
  }
  template <typename T>
  bool operator()(const std::vector<T>& v) const {
    return put_attribute(object, name, memory_type<T>(), {v.size()}, v.data());
  }
};

}  // namespace

void Hdf5Writer::attribute(const std::string& path, const std::string& name,
                           const AttributeValue& value) {
  const auto lock = lock_library();
  group(path);
  const Id object = object_id(H5Oopen(file_, path.c_str(), H5P_DEFAULT));
  if (object < 0 || !std::visit(PutAttribute{object, name}, value))
    fail_write("write the attribute " + name + " of " + path);
}

void Hdf5Writer::fixed_string_attribute(const std::string& path, const std::string& name,
                                        const std::string& value) {
  const auto lock = lock_library();
  group(path);
  const Id object = object_id(H5Oopen(file_, path.c_str(), H5P_DEFAULT));
  const Id type = string_type(std::max<std::size_t>(value.size(), 1), H5T_CSET_ASCII);
  if (object < 0 || !put_attribute(object, name, type, {}, value.data()))
    fail_write("write the attribute " + name + " of " + path);
}

// ----------------------------------------------------------------------------------------------
// reading

std::string type_name(StoredType type) {
  switch (type) {
    case StoredType::float32:
      return "float32";
    case StoredType::float64:
      return "float64";
    case StoredType::int8:
      return "int8";
    case StoredType::uint8:
      return "uint8";
    case StoredType::int16:
      return "int16";
    case StoredType::uint16:
      return "uint16";
    case StoredType::int32:
      return "int32";
    case StoredType::uint32:
      return "uint32";
    case StoredType::int64:
      return "int64";
    case StoredType::uint64:
      return "uint64";
    case StoredType::complex64:
      return "complex64";
    case StoredType::complex128:
      return "complex128";
    case StoredType::boolean:
      return "bool";
    case StoredType::string:
      return "string";
    case StoredType::other:
      break;
  }
  return "other";
}

bool is_number(StoredType type) {
  return type != StoredType::string && type != StoredType::other && type != StoredType::complex64 &&
         type != StoredType::complex128;
}

Hdf5Reader::Hdf5Reader(std::string path) : path_(std::move(path)) {
  const auto lock = lock_library();
  std::error_code ignored;
  if (!std::filesystem::exists(path_, ignored)) fail(Fault::input, "{}: no such file", path_);
  if (std::filesystem::is_directory(path_, ignored))
    fail(Fault::input, "{}: is a folder, an HDF5 file was expected", path_);
  const Id access = property_id(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  H5Pset_file_locking(access, true, true);
  file_ = H5Fopen(path_.c_str(), H5F_ACC_RDONLY, access);
  if (file_ >= 0) return;
  const std::string reason = last_error();
  if (H5Fis_hdf5(path_.c_str()) > 0)
    fail(Fault::input,
         "{}: cannot be opened ({}); it may be cut short, or another program may be writing it",
         path_, reason);
  fail(Fault::input, "{}: is not an HDF5 file ({})", path_, reason);
}

Hdf5Reader::~Hdf5Reader() {
  const auto lock = lock_library();
  if (file_ >= 0) H5Fclose(file_);
}

bool Hdf5Reader::exists(const std::string& path) const {
  const auto lock = lock_library();
  return exists_in(file_, path);
}

namespace {

// Opens an object or says which datasets the file has instead, those of the same last name first.
Id open_object(const Hdf5Reader& reader, hid_t file, const std::string& path) {
  if (reader.exists(path)) {
    Id object = object_id(H5Oopen(file, path.c_str(), H5P_DEFAULT));
    if (object >= 0) return object;
    fail(Fault::input, "{}: {} cannot be opened: {}", reader.path(), path, last_error());
  }
  std::vector<std::string> datasets;
  for (const auto& entry : reader.tree())
    if (entry.is_dataset && entry.same_as.empty()) datasets.push_back(entry.path);
  std::stable_partition(datasets.begin(), datasets.end(),
                        [&](const std::string& d) { return leaf(d) == leaf(path); });
  constexpr std::size_t kShown = 8;
  const std::size_t more = datasets.size() > kShown ? datasets.size() - kShown : 0;
  datasets.resize(datasets.size() - more);
  fail(Fault::input, "{}: holds no {}; its datasets are {}{}", reader.path(), path,
       datasets.empty() ? "none" : fmt::format("{}", fmt::join(datasets, ", ")),
       more ? fmt::format(" and {} more (vitrobeam info lists them)", more) : "");
}

Id open_dataset(const Hdf5Reader& reader, hid_t file, const std::string& path) {
  Id object = open_object(reader, file, path);
  if (H5Iget_type(object) != H5I_DATASET)
    fail(Fault::input, "{}: {} is a group, a dataset was expected; it holds {}", reader.path(),
         path, fmt::join(reader.children(path), ", "));
  return object;
}

DatasetInfo describe(hid_t dataset) {
  const Id type = type_id(H5Dget_type(dataset)), space = space_id(H5Dget_space(dataset)),
           properties = property_id(H5Dget_create_plist(dataset));
  DatasetInfo info{extent(space), stored_type(type), {}, H5Dget_storage_size(dataset)};
  if (H5Pget_layout(properties) == H5D_CHUNKED) {
    std::vector<hsize_t> chunk(info.shape.size());
    H5Pget_chunk(properties, int(chunk.size()), chunk.data());
    info.chunk.assign(chunk.begin(), chunk.end());
  }
  return info;
}

// Objects below a group; a group reached a second time is not entered again, so that links cannot
// make a circle.
struct TreeWalk {
  std::string prefix;
  std::map<haddr_t, std::string> seen;
  std::vector<Hdf5Entry> entries;

  static herr_t visit(hid_t group, const char* name, const H5L_info_t*, void* data) {
    auto& walk = *static_cast<TreeWalk*>(data);
    const Id object = object_id(H5Oopen(group, name, H5P_DEFAULT));
    if (object < 0) return 0;  // a link that leads nowhere
    Hdf5Entry entry{walk.prefix + name, H5Iget_type(object) == H5I_DATASET, {}, ""};
    H5O_info_t info;
    H5Oget_info(object, &info);
    const auto [first, is_new] = walk.seen.emplace(info.addr, entry.path);
    if (!is_new) entry.same_as = first->second;
    if (entry.is_dataset) entry.dataset = describe(object);
    walk.entries.push_back(entry);
    if (is_new && H5Iget_type(object) == H5I_GROUP) walk.descend(object, entry.path + "/");
    return 0;
  }
  void descend(hid_t group, const std::string& below) {
    const std::string before = std::exchange(prefix, below);
    hsize_t index = 0;
    H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &index, visit, this);
    prefix = before;
  }
};

}  // namespace

bool Hdf5Reader::is_dataset(const std::string& path) const {
  const auto lock = lock_library();
  return exists(path) && H5Iget_type(open_object(*this, file_, path)) == H5I_DATASET;
}

DatasetInfo Hdf5Reader::info(const std::string& path) const {
  const auto lock = lock_library();
  return describe(open_dataset(*this, file_, path));
}

std::vector<Hdf5Entry> Hdf5Reader::tree(const std::string& root) const {
  const auto lock = lock_library();
  TreeWalk walk;
  walk.descend(open_object(*this, file_, root), root == "/" ? "/" : root + "/");
  return walk.entries;
}

std::vector<std::string> Hdf5Reader::children(const std::string& group) const {
  const auto lock = lock_library();
  std::vector<std::string> names;
  hsize_t index = 0;
  H5Literate(
      open_object(*this, file_, group), H5_INDEX_NAME, H5_ITER_INC, &index,
      [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
        static_cast<std::vector<std::string>*>(out)->emplace_back(name);
        return 0;
      },
      &names);
  return names;
}

template <typename T>
Stack<T> Hdf5Reader::read(const std::string& path, const Shape& start, const Shape& count) const {
  const auto lock = lock_library();
  const Id dataset = open_dataset(*this, file_, path), space = space_id(H5Dget_space(dataset)),
           type = memory_type<T>();
  const DatasetInfo stored = describe(dataset);
  constexpr bool kComplex =
      std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>;
  const bool stored_complex =
      stored.type == StoredType::complex64 || stored.type == StoredType::complex128;
  if (kComplex ? !stored_complex : !is_number(stored.type))
    fail(Fault::input, "{}: {} holds values of type {}, {} numbers were expected", path_, path,
         type_name(stored.type), kComplex ? "complex {r, i}" : "real");
  if (start.size() != count.size() || start.size() > stored.shape.size())
    fail(Fault::input, "{}: {} has {} axes, at least {} were expected", path_, path,
         stored.shape.size(), start.size());
  Shape shape = stored.shape, begin(shape.size(), 0);
  for (std::size_t k = 0; k < start.size(); ++k) {
    if (start[k] > shape[k] || count[k] > shape[k] - start[k])
      fail(Fault::input, "{}: {} has {} entries along axis {}, entries {} to {} were asked for",
           path_, path, shape[k], k, start[k], start[k] + count[k]);
    begin[k] = start[k];
    shape[k] = count[k];
  }
  double bytes =
      sizeof(T);  // as floating point: the shape in a damaged file may overflow an integer
  for (auto n : shape) bytes *= double(n);
  if (bytes > double(std::numeric_limits<std::ptrdiff_t>::max()))
    fail(Fault::input, "{}: {} claims {:.3g} bytes, more than any memory", path_, path, bytes);
  Stack<T> out(shape);
  if (out.values.empty()) return out;
  if (!start.empty()) {
    const std::vector<hsize_t> first(begin.begin(), begin.end()),
        extents(shape.begin(), shape.end());
    H5Sselect_hyperslab(space, H5S_SELECT_SET, first.data(), nullptr, extents.data(), nullptr);
  }
  if (H5Dread(dataset, type, make_space(shape), space, H5P_DEFAULT, out.values.data()) < 0)
    fail(Fault::input, "{}: {} cannot be read: {}", path_, path, last_error());
  return out;
}

std::vector<std::string> Hdf5Reader::read_strings(const std::string& path) const {
  const auto lock = lock_library();
  const Id dataset = open_dataset(*this, file_, path), type = type_id(H5Dget_type(dataset)),
           space = space_id(H5Dget_space(dataset));
  if (stored_type(type) != StoredType::string)
    fail(Fault::input, "{}: {} holds values of type {}, text was expected", path_, path,
         type_name(stored_type(type)));
  const std::size_t count = std::size_t(H5Sget_simple_extent_npoints(space));
  auto strings = strings_of(type, space, count, [&](hid_t memory, void* buffer) {
    return H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer);
  });
  if (strings.size() != count)
    fail(Fault::input, "{}: {} cannot be read: {}", path_, path, last_error());
  return strings;
}

bool Hdf5Reader::has_attribute(const std::string& path, const std::string& name) const {
  const auto lock = lock_library();
  return exists(path) && H5Aexists(open_object(*this, file_, path), name.c_str()) > 0;
}

std::vector<std::string> Hdf5Reader::attribute_names(const std::string& path) const {
  const auto lock = lock_library();
  std::vector<std::string> names;
  hsize_t index = 0;
  H5Aiterate2(
      open_object(*this, file_, path), H5_INDEX_NAME, H5_ITER_INC, &index,
      [](hid_t, const char* name, const H5A_info_t*, void* out) -> herr_t {
        static_cast<std::vector<std::string>*>(out)->emplace_back(name);
        return 0;
      },
      &names);
  return names;
}

namespace {

template <typename T>
AttributeValue numbers_of(hid_t attribute, bool scalar, std::size_t count) {
  std::vector<T> values(count);
  if (count > 0 && H5Aread(attribute, memory_type<T>(), values.data()) < 0) values.clear();
  if (scalar && values.size() == 1) return values[0];
  return values;
}

}  // namespace

AttributeValue Hdf5Reader::attribute(const std::string& path, const std::string& name) const {
  const auto lock = lock_library();
  const Id object = open_object(*this, file_, path);
  const Id attribute = attribute_id(H5Aopen(object, name.c_str(), H5P_DEFAULT));
  if (attribute < 0)
    fail(Fault::input, "{}: {} has no attribute '{}'; it has {}", path_, path, name,
         fmt::join(attribute_names(path), ", "));
  const Id type = type_id(H5Aget_type(attribute)), space = space_id(H5Aget_space(attribute));
  const auto points = H5Sget_simple_extent_npoints(space);
  const std::size_t count = points > 0 ? std::size_t(points) : 0;
  const bool scalar = H5Sget_simple_extent_type(space) == H5S_SCALAR;
  switch (stored_type(type)) {
    case StoredType::float32:
    case StoredType::float64:
      return numbers_of<double>(attribute, scalar, count);
    case StoredType::string: {
      auto texts = strings_of(type, space, count, [&](hid_t memory, void* buffer) {
        return H5Aread(attribute, memory, buffer);
      });
      if (scalar && texts.size() == 1) return texts[0];
      return texts;
    }
    case StoredType::boolean: {
      const AttributeValue value = numbers_of<std::int64_t>(attribute, scalar, count);
      if (const auto* one = std::get_if<std::int64_t>(&value)) return *one != 0;
      return value;
    }
    case StoredType::complex64:
    case StoredType::complex128:
    case StoredType::other:
      fail(Fault::input, "{}: attribute '{}' of {} has a type that is neither number nor text",
           path_, name, path);
    default:
      return numbers_of<std::int64_t>(attribute, scalar, count);
  }
}

double Hdf5Reader::number_attribute(const std::string& path, const std::string& name) const {
  const AttributeValue value = attribute(path, name);
  if (const auto* v = std::get_if<double>(&value)) return *v;
  if (const auto* v = std::get_if<std::int64_t>(&value)) return double(*v);
  if (const auto* v = std::get_if<std::vector<double>>(&value); v && v->size() == 1)
    return v->front();
  if (const auto* v = std::get_if<std::vector<std::int64_t>>(&value); v && v->size() == 1)
    return double(v->front());
  fail(Fault::input, "{}: attribute '{}' of {} is not one number", path_, name, path);
}

std::string Hdf5Reader::string_attribute(const std::string& path, const std::string& name) const {
  const AttributeValue value = attribute(path, name);
  if (const auto* v = std::get_if<std::string>(&value)) return *v;
  if (const auto* v = std::get_if<std::vector<std::string>>(&value); v && v->size() == 1)
    return v->front();
  fail(Fault::input, "{}: attribute '{}' of {} is not one text", path_, name, path);
}

std::string Hdf5Reader::string_attribute(const std::string& path, const std::string& name,
                                         const std::string& otherwise) const {
  return has_attribute(path, name) ? string_attribute(path, name) : otherwise;
}

#define VITROBEAM_HDF5_TYPE(T)                                                                 \
  template void Hdf5Writer::write<T>(const std::string&, const Shape&, std::span<const T>);    \
  template void Hdf5Writer::create_chunked<T>(const std::string&, const Shape&, const Shape&); \
  template void Hdf5Writer::write_compressed<T>(const std::string&, const Stack<T>&, int);     \
  template Stack<T> Hdf5Reader::read<T>(const std::string&, const Shape&, const Shape&) const;
VITROBEAM_HDF5_TYPE(float)
VITROBEAM_HDF5_TYPE(double)
VITROBEAM_HDF5_TYPE(std::int8_t)
VITROBEAM_HDF5_TYPE(std::uint8_t)
VITROBEAM_HDF5_TYPE(std::int16_t)
VITROBEAM_HDF5_TYPE(std::uint16_t)
VITROBEAM_HDF5_TYPE(std::int32_t)
VITROBEAM_HDF5_TYPE(std::uint32_t)
VITROBEAM_HDF5_TYPE(std::int64_t)
VITROBEAM_HDF5_TYPE(std::uint64_t)
VITROBEAM_HDF5_TYPE(std::complex<float>)
VITROBEAM_HDF5_TYPE(std::complex<double>)
#undef VITROBEAM_HDF5_TYPE

}  // namespace vitrobeam
