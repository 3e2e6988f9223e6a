// Zarr folders (versions 2 and 3; HyperSpy's .zspy is one): arrays whose chunks are files. Chunks
// stored plainly or packed by zlib, gzip, Blosc or Zstandard.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/binary_file.hpp"

namespace vitrobeam {

// A folder that holds a Zarr array or group.
bool is_zarr(const std::string& folder);

struct ZarrArray {
  std::string path;  // inside of the folder, "/Experiments/scan/data"
  std::vector<std::size_t> shape, chunk;
  SampleType type = SampleType::uint8;
  bool big_endian = false, columns_first = false;  // Fortran order inside of a chunk
  std::vector<std::string> packing;                // "zlib", "blosc", .. in the order of unpacking
  std::optional<double> fill;                      // of chunks that are not there; may be unknown
  std::string separator = ".", prefix;             // of the names of chunks: "c/0/1", "0.1"
};

class ZarrFolder {
 public:
  explicit ZarrFolder(std::string folder);  // Error{input} if it is none
  const std::string& folder() const { return folder_; }
  // Every array below, in order of paths.
  std::vector<std::string> arrays() const;
  // Error{input} where it cannot be read: its packing, its type, its metadata.
  ZarrArray array(const std::string& path) const;
  // Attributes of a group or array as JSON text; "{}" without any.
  std::string attributes(const std::string& path) const;
  // Chunks that are not there; arrays of very many chunks are not looked through: 0.
  std::size_t missing_chunks(const ZarrArray& array) const;
  // Bytes of the file of a chunk; 0 where it is not there.
  std::uint64_t stored_bytes(const ZarrArray& array, const std::vector<std::size_t>& index) const;
  // The chunk at these places along the axes, whole (also at the edge), in C order.
  std::vector<float> chunk(const ZarrArray& array, const std::vector<std::size_t>& index) const;

 private:
  std::string chunk_file(const ZarrArray& array, const std::vector<std::size_t>& index) const;
  std::string metadata(const std::string& path, const std::string& name) const;

  std::string folder_;
};

}  // namespace vitrobeam
