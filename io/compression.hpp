// One chunk of an HDF5 dataset through its shuffle and deflate filters, outside the HDF5 library
// and thus in any thread.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace vitrobeam {

// Bytes as H5Dwrite_chunk wants them for the pipeline {shuffle, deflate}: byte k of every element
// first, then deflated into the zlib format. Thread-safe. Level 1 to 12; see kDeflateLevel.
std::vector<std::byte> compress_chunk(const void* data, std::size_t element_size, std::size_t count,
                                      int level);

// The inverse, into `data` (element_size * count bytes). Throws Error{input}, naming `what`, if the
// bytes are damaged.
void decompress_chunk(std::span<const std::byte> bytes, void* data, std::size_t element_size,
                      std::size_t count, const std::string& what);

}  // namespace vitrobeam
