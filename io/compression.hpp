// One chunk of an HDF5 dataset through its shuffle and deflate filters, outside the HDF5 library
// and thus in any thread.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace vitrobeam {

// Level 1 packs noisy float patterns that are zero outside the band limit to 0.30-0.33 of their
// size at 250 MB/s per core; level 6 gains 2 % of that and halves the speed, level 9 divides it by
// seven (128 to 512 pixels a side, libdeflate 1.14).
inline constexpr int kDeflateLevel = 1;

// Bytes as H5Dwrite_chunk wants them for the pipeline {shuffle, deflate}: byte k of every element
// first, then deflated into the zlib format. Thread-safe. Levels 1 to 12.
std::vector<std::byte> compress_chunk(const void* data, std::size_t element_size, std::size_t count,
                                      int level = kDeflateLevel);

// The inverse, into `data` (element_size * count bytes). Throws Error{input}, naming `what`, if the
// bytes are damaged.
void decompress_chunk(std::span<const std::byte> bytes, void* data, std::size_t element_size,
                      std::size_t count, const std::string& what);

}  // namespace vitrobeam
