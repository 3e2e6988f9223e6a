#include "io/hdf5_library.hpp"

#include <atomic>

namespace vitrobeam::hdf5 {
namespace {

std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

// Of this thread: a fault of another one is not the library's.
std::atomic<const char*>& file_being_read() {
  static thread_local std::atomic<const char*> file = nullptr;
  return file;
}

}  // namespace

LibraryLock::LibraryLock(const char* reads)
    : lock_(library_mutex()), before_(file_being_read().exchange(reads)) {
  static const bool prepared =
      H5dont_atexit() >= 0 && H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  (void)prepared;
}

LibraryLock::~LibraryLock() { file_being_read() = before_; }

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

Id string_type(std::size_t length, H5T_cset_t characters) {
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

Id make_space(const Shape& shape) {
  if (shape.empty()) return space_id(H5Screate(H5S_SCALAR));
  const std::vector<hsize_t> extent(shape.begin(), shape.end());
  return space_id(H5Screate_simple(int(extent.size()), extent.data(), nullptr));
}

bool exists_in(hid_t file, const std::string& path, hid_t access) {
  if (path.empty()) return false;
  if (path == "/") return true;
  for (auto slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1))
    if (H5Lexists(file, path.substr(0, slash).c_str(), access) <= 0) return false;
  return H5Lexists(file, path.c_str(), access) > 0 &&
         H5Oexists_by_name(file, path.c_str(), access) > 0;
}

}  // namespace vitrobeam::hdf5

namespace vitrobeam {

const char* hdf5_file_being_read() { return hdf5::file_being_read(); }

}  // namespace vitrobeam
