// TIFF stacks (one frame a page) through libtiff.
#include <tiffio.h>

#include <memory>

#include "base/error.hpp"
#include "io/pattern_formats.hpp"

namespace vitrobeam {
namespace {

struct Page {
  std::uint32_t rows = 0, columns = 0;
  SampleType type = SampleType::uint8;
};

Page read_page(TIFF* tiff, const std::string& path) {
  std::uint16_t bits = 1, kind = SAMPLEFORMAT_UINT, samples = 1;
  Page p;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &p.columns);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &p.rows);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &kind);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  const bool real = kind == SAMPLEFORMAT_IEEEFP, whole = kind == SAMPLEFORMAT_INT;
  if (samples != 1 || TIFFIsTiled(tiff) ||
      !((real && (bits == 32 || bits == 64)) || (!real && (bits == 8 || bits == 16 || bits == 32))))
    fail(Fault::input,
         "{}: {} channels of {} bits{}; patterns are one grey channel of 8, 16 or 32 bits or "
         "floating point, in strips",
         path, samples, bits, TIFFIsTiled(tiff) ? ", tiled" : "");
  if (real)
    p.type = bits == 32 ? SampleType::float32 : SampleType::float64;
  else if (bits == 8)
    p.type = whole ? SampleType::int8 : SampleType::uint8;
  else if (bits == 16)
    p.type = whole ? SampleType::int16 : SampleType::uint16;
  else
    p.type = whole ? SampleType::int32 : SampleType::uint32;
  return p;
}

}  // namespace

PatternFrames open_tiff_frames(const std::string& path, const FrameOptions& options) {
  TIFFSetWarningHandler(nullptr);
  TIFFSetErrorHandler(nullptr);
  std::shared_ptr<TIFF> tiff(TIFFOpen(path.c_str(), "r"), [](TIFF* t) {
    if (t) TIFFClose(t);
  });
  if (!tiff) fail(Fault::input, "{}: damaged TIFF file", path);
  const Page first = read_page(tiff.get(), path);
  std::size_t pages = 1;
  while (TIFFReadDirectory(tiff.get())) {
    const Page p = read_page(tiff.get(), path);
    if (p.rows != first.rows || p.columns != first.columns)
      fail(Fault::input, "{}: page {} has {} x {} pixels, the first {} x {}", path, pages + 1,
           p.columns, p.rows, first.columns, first.rows);
    ++pages;
  }
  PatternFrames f;
  f.format = "TIFF";
  f.shape = frames_shape(path, pages, first.rows, first.columns, options);
  f.read = [tiff, path, first](std::size_t from, std::size_t count) {
    std::vector<float> all;
    std::string line(std::size_t(TIFFScanlineSize(tiff.get())), '\0');
    for (std::size_t k = from; k < from + count; ++k) {
      if (!TIFFSetDirectory(tiff.get(), tdir_t(k)))
        fail(Fault::input, "{}: page {} is missing", path, k + 1);
      const Page page = read_page(tiff.get(), path);
      for (std::uint32_t row = 0; row < first.rows; ++row) {
        if (TIFFReadScanline(tiff.get(), line.data(), row, 0) < 0)
          fail(Fault::input, "{}: page {} ends early, at row {}", path, k + 1, row);
        const auto values = to_float(line.data(), first.columns, page.type,
                                     std::endian::native == std::endian::big);
        all.insert(all.end(), values.begin(), values.end());
      }
    }
    return all;
  };
  return f;
}

}  // namespace vitrobeam
