// Packed bytes unpacked, never to more than was expected: zlib and gzip, Blosc, Zstandard.
#pragma once
#include <string>

namespace vitrobeam {

enum class Packing { deflate, blosc, zstd };  // deflate: with the header of zlib or of gzip

// Exactly `size` bytes; anything else is damage. Throws Error{input} naming `file`.
std::string unpacked(const std::string& file, const std::string& packed, std::size_t size,
                     Packing packing);

// The beginning of what deflate packed, at most `most` bytes.
std::string unpacked_beginning(const std::string& file, const std::string& packed,
                               std::size_t most);

}  // namespace vitrobeam
