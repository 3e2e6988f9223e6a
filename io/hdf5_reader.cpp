#include <algorithm>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include "base/error.hpp"
#include "io/hdf5_library.hpp"
#include "io/hdf5_links.hpp"
#include "io/stated_size.hpp"

namespace vitrobeam {

using namespace hdf5;

namespace {

Shape extent(hid_t space) {
  if (call(H5Sget_simple_extent_type, space) != H5S_SIMPLE) return {};
  std::vector<hsize_t> sizes(std::size_t(call(H5Sget_simple_extent_ndims, space)));
  call(H5Sget_simple_extent_dims, space, sizes.data(), nullptr);
  return {sizes.begin(), sizes.end()};
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
  const std::size_t size = call(H5Tget_size, type);
  switch (call(H5Tget_class, type)) {
    case H5T_FLOAT:
      return size <= 4 ? StoredType::float32 : StoredType::float64;
    case H5T_INTEGER:
      return integer_type(size, call(H5Tget_sign, type) == H5T_SGN_2);
    case H5T_STRING:
      return StoredType::string;
    case H5T_ENUM: {
      const Id base = type_id(call(H5Tget_super, type));
      if (call(H5Tget_nmembers, type) == 2 && size == 1 &&
          call(H5Tget_member_index, type, "TRUE") >= 0)
        return StoredType::boolean;
      return integer_type(size, call(H5Tget_sign, base) == H5T_SGN_2);
    }
    case H5T_COMPOUND:
      if (call(H5Tget_nmembers, type) != 2 || call(H5Tget_member_index, type, "r") < 0 ||
          call(H5Tget_member_index, type, "i") < 0)
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
  if (call(H5Tis_variable_str, type) > 0) {
    const Id memory = string_type(H5T_VARIABLE, call(H5Tget_cset, type));
    std::vector<char*> pointers(count, nullptr);
    if (read(memory, pointers.data()) < 0) return out;
    for (const char* p : pointers) out.emplace_back(p ? p : "");
    call(H5Dvlen_reclaim, memory, space, H5P_DEFAULT, pointers.data());
    return out;
  }
  const std::size_t length = call(H5Tget_size, type);
  std::vector<char> bytes(count * length);
  if (read(type, bytes.data()) < 0) return out;
  for (std::size_t i = 0; i < count; ++i)
    out.emplace_back(bytes.data() + i * length, ::strnlen(bytes.data() + i * length, length));
  return out;
}

// An external link of that name, whatever it leads to.
bool leads_out(hid_t file, const std::string& path, hid_t access) {
  H5L_info_t info;
  return path.size() > 1 && call(H5Lget_info, file, path.c_str(), &info, access) >= 0 &&
         info.type == H5L_TYPE_EXTERNAL;
}

std::string leaf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::string type_name(StoredType type) {
  constexpr const char* kNames[] = {"float32",   "float64",    "int8",   "uint8",  "int16",
                                    "uint16",    "int32",      "uint32", "int64",  "uint64",
                                    "complex64", "complex128", "bool",   "string", "other"};
  static_assert(std::size(kNames) == std::size_t(StoredType::other) + 1);
  return kNames[std::size_t(type)];
}

bool is_number(StoredType type) {
  return type != StoredType::string && type != StoredType::other && type != StoredType::complex64 &&
         type != StoredType::complex128;
}

bool is_hdf5(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char start[8] = {};
  file.read(start, sizeof start);
  return std::string_view(start, sizeof start) == "\x89HDF\r\n\x1a\n";
}

Hdf5Reader::Hdf5Reader(std::string path, bool follow_links) : path_(std::move(path)) {
  const auto lock = lock_library(path_);
  std::error_code ignored;
  if (!std::filesystem::exists(path_, ignored)) fail(Fault::input, "{}: no such file", path_);
  if (!std::filesystem::is_regular_file(path_, ignored))
    fail(Fault::input, "{}: is {}, an HDF5 file was expected", path_,
         std::filesystem::is_directory(path_, ignored) ? "a folder" : "no ordinary file");
  size_ = std::filesystem::file_size(path_, ignored);
  links_ = std::make_unique<LinkPolicy>(path_, follow_links);
  const Id access = property_id(call(H5Pcreate, H5P_FILE_ACCESS));
  call(H5Pset_fclose_degree, access, H5F_CLOSE_STRONG);
  call(H5Pset_file_locking, access, true, true);
  file_ = call(H5Fopen, path_.c_str(), H5F_ACC_RDONLY, access);
  if (file_ >= 0) return;
  const std::string reason = last_error();
  if (call(H5Fis_hdf5, path_.c_str()) > 0)
    fail(Fault::input,
         "{}: cannot be opened ({}); it may be cut short, or another program may be writing it",
         path_, reason);
  fail(Fault::input, "{}: is not an HDF5 file ({})", path_, reason);
}

Hdf5Reader::~Hdf5Reader() {
  const auto lock = lock_library(path_);
  if (file_ >= 0) call(H5Fclose, file_);
}

bool Hdf5Reader::exists(const std::string& path) const {
  const auto lock = lock_library(path_);
  links_->clear();
  const bool found = exists_in(file_, path, links_->access());
  links_->check_followed(path);
  if (!found && leads_out(file_, path, links_->access()))
    fail(Fault::input, "{}: {} is an external link to what is not there or cannot be opened", path_,
         path);
  return found;
}

namespace {

// Opens an object or says which datasets the file has instead, those of the same last name first.
Id open_object(const Hdf5Reader& reader, hid_t file, const std::string& path, hid_t access) {
  if (reader.exists(path)) {
    Id object = object_id(call(H5Oopen, file, path.c_str(), access));
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

Id open_dataset(const Hdf5Reader& reader, hid_t file, const std::string& path, LinkPolicy& links) {
  const H5I_type_t kind = call(H5Iget_type, open_object(reader, file, path, links.access()));
  if (kind == H5I_GROUP)
    fail(Fault::input, "{}: {} is a group, a dataset was expected; it holds {}", reader.path(),
         path, fmt::join(reader.children(path), ", "));
  if (kind != H5I_DATASET) fail(Fault::input, "{}: {} is no dataset", reader.path(), path);
  Id dataset = links.open_dataset(file, path);
  if (dataset < 0)
    fail(Fault::input, "{}: {} cannot be opened: {}", reader.path(), path, last_error());
  return dataset;
}

DatasetInfo describe(hid_t dataset) {
  const Id type = type_id(call(H5Dget_type, dataset)),
           space = space_id(call(H5Dget_space, dataset)),
           properties = property_id(call(H5Dget_create_plist, dataset));
  DatasetInfo info{extent(space), stored_type(type), {}, call(H5Dget_storage_size, dataset)};
  if (call(H5Pget_layout, properties) == H5D_CHUNKED) {
    std::vector<hsize_t> chunk(info.shape.size());
    call(H5Pget_chunk, properties, int(chunk.size()), chunk.data());
    info.chunk.assign(chunk.begin(), chunk.end());
  }
  return info;
}

// Objects below a group; a group reached a second time is not entered again, so that links cannot
// make a circle.
struct TreeWalk {
  static constexpr int kDeepest = 100;
  static constexpr std::size_t kMost = 1000000, kMostText = 128 << 20;  // bytes of all paths

  LinkPolicy& links;
  const LibraryLock& lock;
  std::string prefix;
  int depth = 0;
  bool is_cut = false;  // too deep, or too many objects
  std::size_t text = 0;
  std::map<std::pair<unsigned long, haddr_t>, std::string> seen;
  std::vector<Hdf5Entry> entries;
  std::exception_ptr thrown;  // the library is C: nothing may pass through it

  static herr_t visit(hid_t group, const char* name, const H5L_info_t*, void* data) {
    const AtWork library(false);
    auto& walk = *static_cast<TreeWalk*>(data);
    try {
      return walk.take(group, name);
    } catch (...) {
      walk.thrown = std::current_exception();
      return -1;
    }
  }
  herr_t take(hid_t group, const char* name) {
    lock.allow(0);  // each object anew
    const Id object = object_id(call(H5Oopen, group, name, links.access()));
    if (object < 0) return 0;  // a link that leads nowhere, or where it may not
    Hdf5Entry entry{prefix + name, call(H5Iget_type, object) == H5I_DATASET, {}, ""};
    H5O_info_t info;
    if (call(H5Oget_info, object, &info) < 0) return 0;
    const auto [first, is_new] = seen.emplace(std::pair{info.fileno, info.addr}, entry.path);
    if (!is_new) entry.same_as = first->second;
    if (entry.is_dataset && may_describe(object, entry.path)) entry.dataset = describe(object);
    entries.push_back(entry);
    text += entry.path.size() + entry.same_as.size();
    if (entries.size() > kMost || text > kMostText) is_cut = true;
    if (is_new && call(H5Iget_type, object) == H5I_GROUP) descend(object, entry.path + "/");
    return is_cut || thrown ? 1 : 0;
  }
  // A virtual dataset may take its very shape from another file.
  bool may_describe(hid_t dataset, const std::string& path) {
    try {
      links.check_sources(dataset, path);
      return true;
    } catch (const Error&) {  // reported where it is read
      return false;
    }
  }
  void descend(hid_t group, const std::string& below) {
    if (++depth > kDeepest) is_cut = true;
    const std::string before = std::exchange(prefix, below);
    hsize_t index = 0;
    if (!is_cut) call(H5Literate, group, H5_INDEX_NAME, H5_ITER_INC, &index, visit, this);
    prefix = before;
    --depth;
  }
};

}  // namespace

bool Hdf5Reader::is_dataset(const std::string& path) const {
  const auto lock = lock_library(path_);
  return exists(path) &&
         call(H5Iget_type, open_object(*this, file_, path, links_->access())) == H5I_DATASET;
}

DatasetInfo Hdf5Reader::info(const std::string& path) const {
  const auto lock = lock_library(path_);
  return describe(open_dataset(*this, file_, path, *links_));
}

namespace {

// Chunks of a dataset that were never written.
hsize_t unwritten_chunks(hid_t dataset, hid_t space, const DatasetInfo& info) {
  hsize_t all = 1, written = 0;
  for (std::size_t k = 0; k < info.shape.size(); ++k)
    all *= (info.shape[k] + info.chunk[k] - 1) / std::max<std::size_t>(1, info.chunk[k]);
  if (call(H5Dget_num_chunks, dataset, space, &written) < 0 || written > all) return 0;
  return all - written;
}

// Values of a virtual dataset that come from no source; 0 where its sources grow.
hsize_t values_without_source(hid_t properties, hid_t space) {
  std::size_t sources = 0;
  if (call(H5Pget_virtual_count, properties, &sources) < 0) return 0;
  hsize_t mapped = 0;
  for (std::size_t k = 0; k < sources; ++k) {
    const Id part = space_id(call(H5Pget_virtual_vspace, properties, k));
    const hssize_t points = call(H5Sget_select_npoints, part);
    if (points < 0 || hsize_t(points) == H5S_UNLIMITED) return 0;
    mapped += hsize_t(points);
  }
  const hssize_t all = call(H5Sget_simple_extent_npoints, space);
  return all > 0 && hsize_t(all) > mapped ? hsize_t(all) - mapped : 0;
}

}  // namespace

std::string Hdf5Reader::gaps(const std::string& path) const {
  const auto lock = lock_library(path_);
  const Id dataset = open_dataset(*this, file_, path, *links_),
           space = space_id(call(H5Dget_space, dataset)),
           properties = property_id(call(H5Dget_create_plist, dataset));
  const DatasetInfo info = describe(dataset);
  if (call(H5Pget_layout, properties) == H5D_VIRTUAL) {
    const auto n = values_without_source(properties, space);
    return n == 0 ? "" : fmt::format("{} of its values come from no source file", n);
  }
  const auto n = info.chunk.empty() ? 0 : unwritten_chunks(dataset, space, info);
  return n == 0 ? "" : fmt::format("{} of its blocks were never written", n);
}

std::vector<Hdf5Entry> Hdf5Reader::tree(const std::string& root) const {
  const auto lock = lock_library(path_);
  TreeWalk walk{*links_, lock, "", 0, false, 0, {}, {}, nullptr};
  walk.descend(open_object(*this, file_, root, links_->access()), root == "/" ? "/" : root + "/");
  if (walk.thrown) std::rethrow_exception(walk.thrown);
  if (walk.is_cut)
    fail(Fault::input, "{}: groups more than {} deep, or more than {} objects or {} bytes of names",
         path_, TreeWalk::kDeepest, TreeWalk::kMost, TreeWalk::kMostText);
  return walk.entries;
}

std::vector<std::string> Hdf5Reader::children(const std::string& group) const {
  const auto lock = lock_library(path_);
  std::vector<std::string> names;
  hsize_t index = 0;
  call(
      H5Literate, open_object(*this, file_, group, links_->access()), H5_INDEX_NAME, H5_ITER_INC,
      &index,
      [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
        const AtWork library(false);
        static_cast<std::vector<std::string>*>(out)->emplace_back(name);
        return 0;
      },
      &names);
  return names;
}

namespace {

// Bytes that the values take in this file or in those that it leads to.
std::uint64_t stored_size(hid_t dataset) {
  const Id properties = property_id(call(H5Dget_create_plist, dataset));
  const bool elsewhere =
      call(H5Pget_layout, properties) == H5D_VIRTUAL || call(H5Pget_external_count, properties) > 0;
  constexpr std::uint64_t kUnknown = std::uint64_t(1) << 40;
  return elsewhere ? kUnknown : call(H5Dget_storage_size, dataset);
}

}  // namespace

template <typename T>
Stack<T> Hdf5Reader::read(const std::string& path, const Shape& start, const Shape& count) const {
  const auto lock = lock_library(path_);
  const Id dataset = open_dataset(*this, file_, path, *links_),
           space = space_id(call(H5Dget_space, dataset)), type = memory_type<T>();
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
  if (!can_unpack_to(std::max(size_, stored_size(dataset)), bytes))
    fail(Fault::input, "{}: {} states {:.3g} bytes of numbers in a file of {}", path_, path, bytes,
         size_);
  double chunk =
      stored.chunk.empty() ? 0 : double(call(H5Tget_size, type_id(call(H5Dget_type, dataset))));
  for (auto n : stored.chunk) chunk *= double(n);  // the library unpacks one in memory
  if (!can_unpack_to(size_, chunk))
    fail(Fault::input, "{}: {} states chunks of {:.3g} bytes in a file of {}", path_, path, chunk,
         size_);
  lock.allow(bytes);
  Stack<T> out(shape);
  if (out.values.empty()) return out;
  if (!start.empty()) {
    const std::vector<hsize_t> first(begin.begin(), begin.end()),
        extents(shape.begin(), shape.end());
    call(H5Sselect_hyperslab, space, H5S_SELECT_SET, first.data(), nullptr, extents.data(),
         nullptr);
  }
  const Id memory = make_space(shape);  // closing it would wipe out the reason of a failure
  if (call(H5Dread, dataset, type, memory, space, H5P_DEFAULT, out.values.data()) < 0)
    fail(Fault::input, "{}: {} cannot be read: {}", path_, path, last_error());
  return out;
}

std::vector<std::string> Hdf5Reader::read_strings(const std::string& path) const {
  const auto lock = lock_library(path_);
  const Id dataset = open_dataset(*this, file_, path, *links_),
           type = type_id(call(H5Dget_type, dataset)),
           space = space_id(call(H5Dget_space, dataset));
  if (stored_type(type) != StoredType::string)
    fail(Fault::input, "{}: {} holds values of type {}, text was expected", path_, path,
         type_name(stored_type(type)));
  const auto points = call(H5Sget_simple_extent_npoints, space);
  const std::size_t count = points > 0 ? std::size_t(points) : 0;
  if (!can_unpack_to(size_, double(count) * double(std::max<std::size_t>(sizeof(char*),
                                                                         call(H5Tget_size, type)))))
    fail(Fault::input, "{}: {} states {} texts in a file of {} bytes", path_, path, count, size_);
  auto strings = strings_of(type, space, count, [&](hid_t memory, void* buffer) {
    return call(H5Dread, dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer);
  });
  if (strings.size() != count)
    fail(Fault::input, "{}: {} cannot be read: {}", path_, path, last_error());
  return strings;
}

bool Hdf5Reader::has_attribute(const std::string& path, const std::string& name) const {
  const auto lock = lock_library(path_);
  return exists(path) &&
         call(H5Aexists, open_object(*this, file_, path, links_->access()), name.c_str()) > 0;
}

std::vector<std::string> Hdf5Reader::attribute_names(const std::string& path) const {
  const auto lock = lock_library(path_);
  std::vector<std::string> names;
  hsize_t index = 0;
  call(
      H5Aiterate2, open_object(*this, file_, path, links_->access()), H5_INDEX_NAME, H5_ITER_INC,
      &index,
      [](hid_t, const char* name, const H5A_info_t*, void* out) -> herr_t {
        const AtWork library(false);
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
  if (count > 0 && call(H5Aread, attribute, memory_type<T>(), values.data()) < 0) values.clear();
  if (scalar && values.size() == 1) return values[0];
  return values;
}

}  // namespace

AttributeValue Hdf5Reader::attribute(const std::string& path, const std::string& name) const {
  const auto lock = lock_library(path_);
  const Id object = open_object(*this, file_, path, links_->access());
  const Id attribute = attribute_id(call(H5Aopen, object, name.c_str(), H5P_DEFAULT));
  if (attribute < 0)
    fail(Fault::input, "{}: {} has no attribute '{}'; it has {}", path_, path, name,
         fmt::join(attribute_names(path), ", "));
  const Id type = type_id(call(H5Aget_type, attribute)),
           space = space_id(call(H5Aget_space, attribute));
  const auto points = call(H5Sget_simple_extent_npoints, space);
  const std::size_t count = points > 0 ? std::size_t(points) : 0;
  if (!can_unpack_to(size_,
                     double(count) * double(std::max<std::size_t>(8, call(H5Tget_size, type)))))
    fail(Fault::input, "{}: attribute '{}' of {} states {} values in a file of {} bytes", path_,
         name, path, count, size_);
  const bool scalar = call(H5Sget_simple_extent_type, space) == H5S_SCALAR;
  switch (stored_type(type)) {
    case StoredType::float32:
    case StoredType::float64:
      return numbers_of<double>(attribute, scalar, count);
    case StoredType::string: {
      auto texts = strings_of(type, space, count, [&](hid_t memory, void* buffer) {
        return call(H5Aread, attribute, memory, buffer);
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

#define VITROBEAM_HDF5_TYPE(T) \
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
