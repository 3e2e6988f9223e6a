#include "io/compression.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>
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

// Whether bytes are as good as random (entropy of a sample above 7.6 of 8 bits): deflate would only
// copy them, slowly.
bool is_random(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::size_t kSample = 4096;
  if (size < kSample) return false;
  std::array<int, 256> histogram{};
  for (std::size_t i = 0; i < kSample; ++i) ++histogram[bytes[i * (size / kSample)]];
  double entropy = 0;
  for (const int n : histogram)
    if (n > 0) entropy -= double(n) / kSample * std::log2(double(n) / kSample);
  return entropy > 7.6;
}

// `size` bytes as stored blocks of a deflate stream (RFC 1951, 3.2.4), none of them the last.
std::byte* put_stored(const std::uint8_t* bytes, std::size_t size, std::byte* out) {
  constexpr std::size_t kBlock = 65535;
  for (std::size_t done = 0; done < size; done += kBlock) {
    const std::size_t n = std::min(kBlock, size - done);
    for (const std::size_t b : {std::size_t(0), n & 255, n >> 8, ~n & 255, (~n >> 8) & 255})
      *out++ = std::byte(b);
    std::memcpy(out, bytes + done, n);
    out += n;
  }
  return out;
}

}  // namespace

std::vector<std::byte> compress_chunk(const void* data, std::size_t element_size, std::size_t count,
                                      int level) {
  assert(level >= 1 && level <= 12);
  thread_local std::vector<std::uint8_t> shuffled;
  const std::size_t size = element_size * count;
  shuffled.resize(size);
  shuffle(static_cast<const std::uint8_t*>(data), shuffled.data(), element_size, count);
  // The low mantissa bytes of floats come first and are noise: they are stored, which doubles the
  // speed on simulated patterns and costs nothing in size.
  std::size_t stored = 0;
  while (stored + count < size && is_random(shuffled.data() + stored, count)) stored += count;

  // zlib stream (RFC 1950): header, stored blocks, deflated rest, Adler-32
  libdeflate_compressor* compressor = thread_compressor(level);
  const std::size_t bound = libdeflate_deflate_compress_bound(compressor, size - stored);
  thread_local std::vector<std::byte> packed;
  packed.resize(2 + stored + 5 * (stored / 65535 + 1) + bound + 4);
  packed[0] = std::byte(0x78);
  packed[1] = std::byte(0x01);
  std::byte* out = put_stored(shuffled.data(), stored, packed.data() + 2);
  const std::size_t deflated =
      libdeflate_deflate_compress(compressor, shuffled.data() + stored, size - stored, out, bound);
  assert(deflated > 0);
  out += deflated;
  const std::uint32_t sum = libdeflate_adler32(1, shuffled.data(), size);
  for (const int shift : {24, 16, 8, 0}) *out++ = std::byte(sum >> shift & 255);
  return {packed.data(), out};
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
