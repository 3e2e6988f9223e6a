// What a file states about its own sizes (shapes, counts, offsets), checked in one place before
// anything is allocated or looped over: products do not overflow, and the file's size bounds what
// it may state. All throw Error{input} that names the file and what it states.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vitrobeam {

// Number of values of an array of this shape.
std::size_t stated_count(const std::string& file, std::string_view what,
                         const std::vector<std::size_t>& shape);

// `count` values of `each` bytes from `offset` on lie within a file of `file_size` bytes; how many
// bytes they are.
std::size_t stated_bytes(const std::string& file, std::string_view what, std::uint64_t offset,
                         std::uint64_t count, std::uint64_t each, std::uint64_t file_size);

// Rows and columns of an image: each from 2 to 65536.
void check_image_size(const std::string& file, std::uint64_t rows, std::uint64_t columns);

// A number in a file's text as a count; Error{input} if it is none of 0 to 2^53.
std::size_t stated_number(const std::string& file, std::string_view what, std::string_view text);

// Packed data (deflate, and the like) that take `packed` bytes may unpack to `unpacked` bytes.
bool can_unpack_to(std::uint64_t packed, double unpacked);

}  // namespace vitrobeam
