// HDF5 files by path: a writer whose file appears whole or not at all, and a reader that converts
// on the way. Debian's library is not thread-safe, so every call takes one lock: objects may be
// used from several threads, but not in parallel. Equal calls in equal order give equal bytes (no
// time stamps).
#pragma once
#include <complex>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

namespace hdf5 {
class LinkPolicy;
}

// What an attribute holds; strings are variable-length scalars, bool is the int8 enum {FALSE, TRUE}
// of h5py.
using AttributeValue =
    std::variant<double, std::int64_t, bool, std::string, std::vector<std::string>,
                 std::vector<double>, std::vector<std::int64_t>>;

using Shape = std::vector<std::size_t>;

// Element types of datasets: float, double, (u)int8/16/32/64_t and std::complex<float or double>
// (compound {r, i}).
class Hdf5Writer {
 public:
  // Opens `path`.part; replaces an older one. Everything here throws Error{machine} when the disk
  // refuses.
  explicit Hdf5Writer(std::string path);
  ~Hdf5Writer();  // without commit() nothing stays on the disk
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  void commit();  // closes and renames to `path`
  const std::string& path() const { return path_; }

  // Groups named on the way to a dataset or attribute are made; this makes an empty one.
  void group(const std::string& path);
  bool exists(const std::string& path) const;
  void link(const std::string& existing,
            const std::string& path);  // a hard link: one more name for the same data

  // An empty shape is a scalar.
  template <typename T>
  void write(const std::string& path, const Shape& shape, std::span<const T> values);
  template <typename T>
  void write(const std::string& path, const Stack<T>& stack) {
    write<T>(path, stack.shape, std::span<const T>(stack.values));
  }
  template <typename T>
  void write(const std::string& path, const std::vector<T>& values) {
    write<T>(path, {values.size()}, std::span<const T>(values));
  }
  template <typename T>
  void write(const std::string& path, const Plane<T>& plane) {
    write<T>(path, {std::size_t(plane.rows()), std::size_t(plane.cols())},
             std::span<const T>(plane.data(), std::size_t(plane.size())));
  }
  template <typename T>
  void write_number(const std::string& path, T value) {
    write<T>(path, {}, std::span<const T>(&value, 1));
  }
  void write_bool(const std::string& path, bool value);
  void write_string(const std::string& path, const std::string& value);
  void write_strings(const std::string& path, const std::vector<std::string>& values);

  // Chunks of one plane (the last two axes), shuffled and deflated in this thread.
  template <typename T>
  void write_compressed(const std::string& path, const Stack<T>& stack, int level = 1);

  // A dataset whose chunks arrive ready from compress_chunk(). `chunk` has the rank of `shape`; a
  // chunk at the edge is stored whole. Chunks never written read as 0.
  template <typename T>
  void create_chunked(const std::string& path, const Shape& shape, const Shape& chunk);
  // `index` counts chunks along every axis.
  void write_chunk(const std::string& path, const Shape& index, std::span<const std::byte> bytes);

  // `path` may be "/", a group (made if absent) or a dataset.
  void attribute(const std::string& path, const std::string& name, const AttributeValue& value);
  void fixed_string_attribute(const std::string& path, const std::string& name,
                              const std::string& value);  // ASCII; only the EMD PointList wants it

 private:
  [[noreturn]] void fail_write(const std::string& what) const;
  void make_parents(const std::string& path);
  void close();

  std::string path_, part_;
  std::int64_t file_ = -1;
  struct Chunked {
    std::string path;
    std::int64_t dataset;
    Shape chunk;
  };
  std::vector<Chunked> chunked_;
};

enum class StoredType {
  float32,
  float64,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  complex64,
  complex128,
  boolean,
  string,
  other
};
std::string type_name(StoredType type);  // "float32"
bool is_number(StoredType type);         // what read() converts: reals, integers, booleans

struct DatasetInfo {
  Shape shape;  // empty for a scalar
  StoredType type = StoredType::other;
  Shape chunk;                     // empty: contiguous
  std::uint64_t stored_bytes = 0;  // on the disk, compressed
};

struct Hdf5Entry {
  std::string path;
  bool is_dataset = false;
  DatasetInfo dataset;
  std::string
      same_as;  // an earlier path that names the same object through a hard link, else empty
};

// The file that the HDF5 library is reading just now, or null. The library (1.10.8) itself fails on
// some damaged files; a program that ends by a signal can tell which. May be called in a handler.
const char* hdf5_file_being_read();

// By its first bytes; false for a file that cannot be read.
bool is_hdf5(const std::string& path);

class Hdf5Reader {
 public:
  // Error{input} if it is absent or no HDF5 file. Links, virtual datasets and raw values that lead
  // to a file outside of its folder are refused where they are met, unless `follow_links`.
  explicit Hdf5Reader(std::string path, bool follow_links = false);
  ~Hdf5Reader();
  Hdf5Reader(const Hdf5Reader&) = delete;
  Hdf5Reader& operator=(const Hdf5Reader&) = delete;

  const std::string& path() const { return path_; }
  bool exists(const std::string& path) const;
  bool is_dataset(const std::string& path) const;
  DatasetInfo info(const std::string& path) const;
  // What of a dataset nobody has written, in words; such values read as its fill value. Else empty.
  std::string gaps(const std::string& path) const;
  std::vector<Hdf5Entry> tree(
      const std::string& root = "/") const;  // every object below, in order of names
  std::vector<std::string> children(const std::string& group) const;  // names, sorted

  // Any numeric dataset converted to T (complex to complex only).
  template <typename T>
  Stack<T> read(const std::string& path) const {
    return read<T>(path, {}, {});
  }
  // Part of it: `start` and `count` along the leading axes; the axes not named are read whole.
  template <typename T>
  Stack<T> read(const std::string& path, const Shape& start, const Shape& count) const;
  template <typename T>
  T read_number(const std::string& path) const {
    return read<T>(path).values.at(0);
  }
  std::vector<std::string> read_strings(
      const std::string& path) const;  // fixed or variable length, any shape

  bool has_attribute(const std::string& path, const std::string& name) const;
  std::vector<std::string> attribute_names(const std::string& path) const;  // sorted
  AttributeValue attribute(const std::string& path, const std::string& name) const;
  double number_attribute(const std::string& path, const std::string& name) const;
  std::string string_attribute(const std::string& path, const std::string& name) const;
  std::string string_attribute(const std::string& path, const std::string& name,
                               const std::string& otherwise) const;

 private:
  std::string path_;
  std::int64_t file_ = -1;
  std::uint64_t size_ = 0;  // bytes of the file, which bound what it may state
  std::unique_ptr<hdf5::LinkPolicy> links_;
};

}  // namespace vitrobeam
