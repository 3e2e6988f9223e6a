#include "io/unpacking.hpp"

#include <blosc.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>

#include "base/error.hpp"

namespace vitrobeam {

std::string unpacked_beginning(const std::string& file, const std::string& packed,
                               std::size_t most) {
  constexpr int kEitherHeader = 15 + 32;
  constexpr std::size_t kBlock = 1 << 20;
  z_stream stream{};
  if (inflateInit2(&stream, kEitherHeader) != Z_OK)
    fail(Fault::machine, "no memory to unpack {}", file);
  std::string out;
  std::size_t given = 0;
  int state = Z_OK;
  while (state == Z_OK && out.size() < most) {
    if (stream.avail_in == 0) {
      const std::size_t next = std::min(kBlock, packed.size() - given);
      if (next == 0) break;
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + given));
      stream.avail_in = uInt(next);
      given += next;
    }
    const std::size_t old = out.size(), room = std::min(kBlock, most - old);
    out.resize(old + room);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + old);
    stream.avail_out = uInt(room);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(old + room - stream.avail_out);
  }
  inflateEnd(&stream);
  if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
    fail(Fault::input, "{}: damaged: cannot be unpacked", file);
  return out;
}

std::string unpacked(const std::string& file, const std::string& packed, std::size_t size,
                     Packing packing) {
  std::string out;
  if (packing == Packing::deflate) {
    out = unpacked_beginning(file, packed, size + 1);
  } else if (packing == Packing::blosc) {
    std::size_t stated = 0;
    if (blosc_cbuffer_validate(packed.data(), packed.size(), &stated) == 0 && stated == size) {
      out.resize(size);
      const int n = blosc_decompress_ctx(packed.data(), out.data(), size, 1);
      out.resize(n > 0 ? std::size_t(n) : 0);
    }
  } else {
    out.resize(size);
    const std::size_t n = ZSTD_decompress(out.data(), size, packed.data(), packed.size());
    out.resize(ZSTD_isError(n) ? 0 : n);
  }
  if (out.size() != size)
    fail(Fault::input, "{}: damaged: {} bytes unpacked, {} expected", file, out.size(), size);
  return out;
}

}  // namespace vitrobeam
