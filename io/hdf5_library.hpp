// What the HDF5 reader and writer share of the C library: its lock, identifiers that close
// themselves, types and spaces. Included by io/hdf5_*.cpp only.
#pragma once
#define H5_USE_110_API
#include <hdf5.h>

#include <mutex>
#include <type_traits>

#include "io/hdf5.hpp"

namespace vitrobeam::hdf5 {

static_assert(std::is_same_v<hid_t, std::int64_t>, "hdf5.hpp keeps identifiers as int64");

// The lock over the library, with its own error printing switched off. Without its exit handler
// too, which crashes on a file that a full disk kept from closing; the objects here close theirs.
// `reads`: the file that is read meanwhile, for hdf5_file_being_read().
class LibraryLock {
 public:
  explicit LibraryLock(const char* reads);
  ~LibraryLock();
  // The library may take as much more time as so many bytes need (io/hdf5_watch.hpp).
  void allow(double bytes) const;
  LibraryLock(const LibraryLock&) = delete;
  LibraryLock& operator=(const LibraryLock&) = delete;

 private:
  std::unique_lock<std::recursive_mutex> lock_;
  const char* before_;
};
inline LibraryLock lock_library() { return LibraryLock(nullptr); }
inline LibraryLock lock_library(const std::string& reads) { return LibraryLock(reads.c_str()); }

// Whether the library is at work in this thread, while it lives.
class AtWork {
 public:
  explicit AtWork(bool library);
  ~AtWork();
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

 private:
  bool before_;
};

// Every call of the library while a file is read goes through here: a memory fault until it returns
// is the library's own. What surrounds it is ours, and so is what it calls back, which begins with
// AtWork(false).
template <typename Result, typename... Arguments>
Result call(Result (*function)(Arguments...), std::type_identity_t<Arguments>... arguments) {
  const AtWork library(true);
  return function(arguments...);
}

// An identifier that closes itself.
class Id {
 public:
  using Close = herr_t (*)(hid_t);
  Id(hid_t id, Close close) : id_(id), close_(close) {}
  ~Id() {
    if (id_ >= 0) call(close_, id_);
  }
  Id(Id&& other) noexcept : id_(other.id_), close_(other.close_) { other.id_ = -1; }
  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

inline Id type_id(hid_t id) { return {id, H5Tclose}; }
inline Id space_id(hid_t id) { return {id, H5Sclose}; }
inline Id property_id(hid_t id) { return {id, H5Pclose}; }
inline Id object_id(hid_t id) { return {id, H5Oclose}; }
inline Id dataset_id(hid_t id) { return {id, H5Dclose}; }
inline Id attribute_id(hid_t id) { return {id, H5Aclose}; }

// The library's own words for the innermost failure; they carry errno of a full disk.
std::string last_error();

Id string_type(std::size_t length = H5T_VARIABLE, H5T_cset_t characters = H5T_CSET_UTF8);
Id bool_type();                                 // the enum {FALSE, TRUE} of h5py
Id complex_type(hid_t real, std::size_t size);  // compound {r, i} of two `real` of `size` bytes

template <typename T>
Id memory_type() {
  if constexpr (std::is_same_v<T, float>) return type_id(call(H5Tcopy, H5T_NATIVE_FLOAT));
  if constexpr (std::is_same_v<T, double>) return type_id(call(H5Tcopy, H5T_NATIVE_DOUBLE));
  if constexpr (std::is_same_v<T, std::int8_t>) return type_id(call(H5Tcopy, H5T_NATIVE_INT8));
  if constexpr (std::is_same_v<T, std::uint8_t>) return type_id(call(H5Tcopy, H5T_NATIVE_UINT8));
  if constexpr (std::is_same_v<T, std::int16_t>) return type_id(call(H5Tcopy, H5T_NATIVE_INT16));
  if constexpr (std::is_same_v<T, std::uint16_t>) return type_id(call(H5Tcopy, H5T_NATIVE_UINT16));
  if constexpr (std::is_same_v<T, std::int32_t>) return type_id(call(H5Tcopy, H5T_NATIVE_INT32));
  if constexpr (std::is_same_v<T, std::uint32_t>) return type_id(call(H5Tcopy, H5T_NATIVE_UINT32));
  if constexpr (std::is_same_v<T, std::int64_t>) return type_id(call(H5Tcopy, H5T_NATIVE_INT64));
  if constexpr (std::is_same_v<T, std::uint64_t>) return type_id(call(H5Tcopy, H5T_NATIVE_UINT64));
  if constexpr (std::is_same_v<T, std::complex<float>>)
    return complex_type(H5T_NATIVE_FLOAT, sizeof(float));
  if constexpr (std::is_same_v<T, std::complex<double>>)
    return complex_type(H5T_NATIVE_DOUBLE, sizeof(double));
}

Id make_space(const Shape& shape);

// `access`: properties of links, under which those on the way are followed.
bool exists_in(hid_t file, const std::string& path, hid_t access = H5P_DEFAULT);

}  // namespace vitrobeam::hdf5
