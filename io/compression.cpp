#include "io/compression.hpp"

#include <libdeflate.h>

#include <cassert>
#include <cstdint>
#include <memory>
#include <new>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

// Element sizes known at compile time let the strided copy vectorise.
template <std::size_t kSize>
void shuffle_fixed(const std::uint8_t* in, std::uint8_t* out, std::size_t count) {
  for (std::size_t byte = 0; byte < kSize; ++byte)
    for (std::size_t i = 0; i < count; ++i) out[byte * count + i] = in[i * kSize + byte];
}

void shuffle(const std::uint8_t* in, std::uint8_t* out, std::size_t size, std::size_t count) {
  switch (size) {
    case 2:
      return shuffle_fixed<2>(in, out, count);
    case 4:
      return shuffle_fixed<4>(in, out, count);
    case 8:
      return shuffle_fixed<8>(in, out, count);
    case 16:
      return shuffle_fixed<16>(in, out, count);
    default:
      for (std::size_t byte = 0; byte < size; ++byte)
        for (std::size_t i = 0; i < count; ++i) out[byte * count + i] = in[i * size + byte];
  }
}

void unshuffle(const std::uint8_t* in, std::uint8_t* out, std::size_t size, std::size_t count) {
  for (std::size_t byte = 0; byte < size; ++byte)
    for (std::size_t i = 0; i < count; ++i) out[i * size + byte] = in[byte * count + i];
}

struct FreeCompressor {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};

// One compressor per thread: making one costs more than a small chunk.
libdeflate_compressor* thread_compressor(int level) {
  thread_local std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor;
  thread_local int compressor_level = 0;
  if (!compressor || compressor_level != level) {
    compressor.reset(libdeflate_alloc_compressor(level));
    compressor_level = level;
    if (!compressor) throw std::bad_alloc();
  }
  return compressor.get();
}

}  // namespace

std::vector<std::byte> compress_chunk(const void* data, std::size_t element_size, std::size_t count,
                                      int level) {
  assert(level >= 1 && level <= 12);
  thread_local std::vector<std::uint8_t> shuffled;
  const std::size_t size = element_size * count;
  shuffled.resize(size);
  shuffle(static_cast<const std::uint8_t*>(data), shuffled.data(), element_size, count);
  libdeflate_compressor* compressor = thread_compressor(level);
  thread_local std::vector<std::byte> deflated;
  deflated.resize(libdeflate_zlib_compress_bound(compressor, size));
  const std::size_t length =
      libdeflate_zlib_compress(compressor, shuffled.data(), size, deflated.data(), deflated.size());
  assert(length > 0);
  return {deflated.begin(), deflated.begin() + std::ptrdiff_t(length)};
}

void decompress_chunk(std::span<const std::byte> bytes, void* data, std::size_t element_size,
                      std::size_t count, const std::string& what) {
  thread_local std::unique_ptr<libdeflate_decompressor, FreeCompressor> decompressor(
      libdeflate_alloc_decompressor());
  if (!decompressor) throw std::bad_alloc();
  const std::size_t size = element_size * count;
  std::vector<std::uint8_t> shuffled(size);
  std::size_t length = 0;
  const auto result = libdeflate_zlib_decompress(decompressor.get(), bytes.data(), bytes.size(),
                                                 shuffled.data(), size, &length);
  if (result != LIBDEFLATE_SUCCESS || length != size)
    fail(Fault::input,
         "{}: compressed block is damaged ({} bytes do not unpack to {}); the file has to be made "
         "again",
         what, bytes.size(), size);
  unshuffle(shuffled.data(), static_cast<std::uint8_t*>(data), element_size, count);
}

}  // namespace vitrobeam
