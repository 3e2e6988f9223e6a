#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.hpp"
#include "io/compression.hpp"
#include "io/hdf5_library.hpp"
#include "io/new_file.hpp"

namespace vitrobeam {

using namespace hdf5;

namespace {

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

}  // namespace

Hdf5Writer::Hdf5Writer(std::string path) : path_(std::move(path)), part_(create_temporary(path_)) {
  const auto lock = lock_library();
  const Id access = property_id(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  H5Pset_file_locking(access, true, true);
  file_ = H5Fcreate(part_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  if (file_ < 0) {
    std::remove(part_.c_str());
    fail_write("create it");
  }
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

#define VITROBEAM_HDF5_TYPE(T)                                                                 \
  template void Hdf5Writer::write<T>(const std::string&, const Shape&, std::span<const T>);    \
  template void Hdf5Writer::create_chunked<T>(const std::string&, const Shape&, const Shape&); \
  template void Hdf5Writer::write_compressed<T>(const std::string&, const Stack<T>&, int);
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
