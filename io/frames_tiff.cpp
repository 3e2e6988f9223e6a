// TIFF stacks through libtiff: one frame a page, or all frames behind the one page of ImageJ.
#include <tiffio.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "io/pattern_formats.hpp"
#include "io/stated_size.hpp"

namespace vitrobeam {
namespace {

struct Page {
  std::uint32_t rows = 0, columns = 0;
  SampleType type = SampleType::uint8;
  bool is_preview = false, bottom_row_first = false;
  bool operator==(const Page&) const = default;
};

SampleType sample_type(const std::string& path, std::uint16_t bits, std::uint16_t kind) {
  const bool real = kind == SAMPLEFORMAT_IEEEFP, whole = kind == SAMPLEFORMAT_INT;
  switch (real ? -int(bits) : int(bits)) {
    case -16:
      return SampleType::float16;
    case -32:
      return SampleType::float32;
    case -64:
      return SampleType::float64;
    case 8:
      return whole ? SampleType::int8 : SampleType::uint8;
    case 16:
      return whole ? SampleType::int16 : SampleType::uint16;
    case 32:
      return whole ? SampleType::int32 : SampleType::uint32;
    default:
      fail(Fault::input, "{}: {} bits a pixel; patterns are of 8, 16 or 32 bits or floating point",
           path, bits);
  }
}

// What the current page holds. Its stated sizes are checked against the file: packed strips unpack
// to no more than packing allows.
Page read_page(TIFF* tiff, const std::string& path, std::uint64_t file_size) {
  std::uint16_t bits = 1, kind = SAMPLEFORMAT_UINT, samples = 1, light = PHOTOMETRIC_MINISBLACK,
                packing = COMPRESSION_NONE, turned = ORIENTATION_TOPLEFT;
  std::uint32_t use = 0;
  Page p;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &p.columns);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &p.rows);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &kind);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &packing);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &turned);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &use);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &light);
  p.is_preview = (use & FILETYPE_REDUCEDIMAGE) != 0;
  if (p.is_preview) return p;
  check_image_size(path, p.rows, p.columns);
  if (TIFFIsTiled(tiff)) fail(Fault::input, "{}: stored in tiles; save it in strips", path);
  if (samples != 1)
    fail(Fault::input, "{}: {} channels; patterns are one grey channel", path, samples);
  if (light != PHOTOMETRIC_MINISBLACK)
    fail(Fault::input, "{}: {}; patterns are grey, with 0 for black (save the values themselves)",
         path, light == PHOTOMETRIC_MINISWHITE ? "0 stands for white" : "the pixels are colours");
  if (turned != ORIENTATION_TOPLEFT && turned != ORIENTATION_BOTLEFT)
    fail(Fault::input, "{}: stored turned (orientation {}); save it upright", path, turned);
  p.bottom_row_first = turned == ORIENTATION_BOTLEFT;
  p.type = sample_type(path, bits, kind);
  const double bytes = double(p.rows) * p.columns * double(sample_bytes(p.type));
  if (packing == COMPRESSION_NONE ? bytes > double(file_size) : !can_unpack_to(file_size, bytes))
    fail(Fault::input, "{}: ends early: a page of {} x {} pixels in {} bytes", path, p.columns,
         p.rows, file_size);
  if (TIFFScanlineSize64(tiff) != p.columns * std::uint64_t(sample_bytes(p.type)))
    fail(Fault::input, "{}: damaged: lines of {} bytes for {} pixels", path,
         TIFFScanlineSize64(tiff), p.columns);
  return p;
}

// What the description of the first page states about the whole stack. Frames that have no
// directory of their own follow the first one, in the byte order of the file.
struct StatedStack {
  std::size_t images = 0;  // 0: not stated
  std::optional<std::pair<std::size_t, std::size_t>> raster;
  std::string by;
};

// ImageJ: lines of "name=value".
StatedStack stated_by_imagej(const std::string& description, const std::string& path) {
  const auto at = description.find("\nimages=");
  if (at == std::string::npos) return {};
  const std::string line = description.substr(at + 8, description.find('\n', at + 1) - at - 8);
  return {stated_number(path, "the number of images of ImageJ", line), {}, "ImageJ"};
}

// tifffile: {"shape": [2, 3, 64, 64]}, the last two of one page.
StatedStack stated_by_tifffile(const std::string& description, const std::string& path,
                               const Page& page) {
  constexpr std::size_t kLongest = 4096;
  if (description.size() > kLongest) return {};
  const auto json = nlohmann::json::parse(description, nullptr, false);
  if (!json.is_object() || !json.contains("shape") || !json["shape"].is_array()) return {};
  Shape shape;
  for (const auto& n : json["shape"]) {
    if (!n.is_number_unsigned()) return {};
    shape.push_back(n.get<std::size_t>());
  }
  if (shape.size() < 3 || shape.back() != page.columns || shape[shape.size() - 2] != page.rows)
    return {};
  StatedStack stated{
      stated_count(path, "its stated shape", {shape.begin(), shape.end() - 2}), {}, "tifffile"};
  if (shape.size() == 4) stated.raster = std::pair{shape[1], shape[0]};
  return stated;
}

// OME-XML: planes of all images.
StatedStack stated_by_ome(const std::string& text, const std::string& path) {
  constexpr std::size_t kLongest = 4096;
  StatedStack stated{0, {}, "OME"};
  for (auto at = text.find("Pixels "); at != std::string::npos; at = text.find("Pixels ", at + 1)) {
    const std::string tag = text.substr(at, std::min(kLongest, text.find('>', at) - at));
    std::size_t planes = 1;
    for (const std::string name : {"SizeC=\"", "SizeZ=\"", "SizeT=\""})
      if (const auto from = tag.find(name); from != std::string::npos) {
        const std::string rest = tag.substr(from + name.size());
        const std::size_t n =
            stated_number(path, "a number of planes of OME", rest.substr(0, rest.find('"')));
        planes = stated_count(path, "the planes of OME", {planes, n});
      }
    stated.images += planes;
  }
  return stated;
}

StatedStack stated_stack(TIFF* tiff, const std::string& path, const Page& page) {
  const char* text = nullptr;
  if (!TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &text) || !text) return {};
  const std::string description = text;
  if (description.starts_with("ImageJ=")) return stated_by_imagej(description, path);
  if (description.starts_with("{")) return stated_by_tifffile(description, path, page);
  if (description.find("<OME") != std::string::npos) return stated_by_ome(description, path);
  return {};
}

PatternFrames open_one_page_stack(TIFF* tiff, const std::string& path, const Page& page,
                                  const StatedStack& stated, const FrameOptions& options) {
  std::uint16_t packing = COMPRESSION_NONE;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &packing);
  const std::uint64_t strips = TIFFNumberOfStrips(tiff);
  const std::uint64_t* offsets = nullptr;
  if (packing != COMPRESSION_NONE || strips == 0 ||
      !TIFFGetField(tiff, TIFFTAG_STRIPOFFSETS, &offsets) || !offsets)
    fail(Fault::input, "{}: states {} images ({}) and holds one page, packed", path, stated.images,
         stated.by);
  FrameLayout layout;
  layout.offset = offsets[0];
  layout.rows = page.rows;
  layout.columns = page.columns;
  layout.type = page.type;
  layout.bottom_row_first = page.bottom_row_first;
  layout.big_endian = TIFFIsBigEndian(tiff) != 0;
  const std::uint64_t size = BinaryFile(path).size(), frame = layout.frame_bytes();
  stated_bytes(path, fmt::format("the images that {} states", stated.by), layout.offset,
               stated.images, frame, size);
  PatternFrames f;
  f.shape = frames_shape(path, stated.images, page.rows, page.columns, options, stated.raster);
  f.read = frame_reader(path, layout);
  return f;
}

using Tiff = std::shared_ptr<TIFF>;

Tiff open_tiff(const std::string& path) {
  TIFFSetWarningHandler(nullptr);
  TIFFSetErrorHandler(nullptr);
  Tiff tiff(TIFFOpen(path.c_str(), "rm"), [](TIFF* t) {  // m: not mapped into memory
    if (t) TIFFClose(t);
  });
  if (!tiff) fail(Fault::input, "{}: damaged TIFF file", path);
  return tiff;
}

// Pages that hold frames; previews are passed over.
struct Pages {
  std::vector<tdir_t> numbers;
  std::size_t previews = 0;
  Page page;
};

Pages list_pages(const Tiff& tiff, const std::string& path, std::uint64_t file_size) {
  Pages all;
  for (tdir_t number = 0;; ++number) {
    const Page p = read_page(tiff.get(), path, file_size);
    if (p.is_preview) {
      ++all.previews;
    } else {
      if (all.numbers.empty()) all.page = p;
      if (p != all.page)
        fail(Fault::input,
             "{}: page {} has {} x {} pixels of {} bytes, the first {} x {} of {}; a stack has "
             "equal pages",
             path, number + 1, p.columns, p.rows, sample_bytes(p.type), all.page.columns,
             all.page.rows, sample_bytes(all.page.type));
      all.numbers.push_back(number);
    }
    if (TIFFLastDirectory(tiff.get())) break;
    if (!TIFFReadDirectory(tiff.get()) || number == 65534)
      fail(Fault::input, "{}: damaged or cut short behind page {}", path, number + 1);
  }
  if (all.numbers.empty()) fail(Fault::input, "{}: holds previews only", path);
  return all;
}

// The image of the current page, rows from the top.
std::vector<float> read_image(TIFF* tiff, const std::string& path, const Page& page,
                              std::size_t number) {
  const std::size_t columns = page.columns;
  std::vector<float> image(columns * page.rows);
  std::string line(std::size_t(TIFFScanlineSize64(tiff)), '\0');
  for (std::uint32_t row = 0; row < page.rows; ++row) {
    if (TIFFReadScanline(tiff, line.data(), row, 0) < 0)
      fail(Fault::input, "{}: page {} ends early, at row {}", path, number + 1, row);
    const auto values =
        to_float(line.data(), columns, page.type, std::endian::native == std::endian::big);
    const std::size_t at = page.bottom_row_first ? page.rows - 1 - row : row;
    std::copy(values.begin(), values.end(), image.begin() + std::ptrdiff_t(at * columns));
  }
  return image;
}

FrameReader reader_of_pages(const Tiff& tiff, const std::string& path, const Pages& pages,
                            std::uint64_t file_size) {
  return [tiff, path, pages, file_size](std::size_t first, std::size_t count) {
    std::vector<float> all;
    for (std::size_t k = first; k < first + count; ++k) {
      if (!TIFFSetDirectory(tiff.get(), pages.numbers.at(k)) ||
          read_page(tiff.get(), path, file_size) != pages.page)
        fail(Fault::input, "{}: page {} is damaged", path, k + 1);
      const auto image = read_image(tiff.get(), path, pages.page, k);
      all.insert(all.end(), image.begin(), image.end());
    }
    return all;
  };
}

}  // namespace

PatternFrames open_tiff_frames(const std::string& path, const FrameOptions& options) {
  const std::uint64_t file_size = BinaryFile(path).size();
  const Tiff tiff = open_tiff(path);
  const Pages pages = list_pages(tiff, path, file_size);
  const std::size_t count = pages.numbers.size();
  TIFFSetDirectory(tiff.get(), pages.numbers[0]);
  const StatedStack stated = stated_stack(tiff.get(), path, pages.page);
  PatternFrames f;
  if (stated.images > 1 && count == 1 && stated.by != "OME") {
    f = open_one_page_stack(tiff.get(), path, pages.page, stated, options);
  } else {
    if (stated.images > count)
      fail(Fault::input, "{}: holds {} pages, its description ({}) states {} images", path, count,
           stated.by, stated.images);
    f.shape = frames_shape(path, count, pages.page.rows, pages.page.columns, options,
                           stated.images == count ? stated.raster : std::nullopt);
    f.read = reader_of_pages(tiff, path, pages, file_size);
    if (stated.images > 0 && stated.images < count)
      f.notes.push_back(fmt::format("{}: holds {} pages, its description ({}) states {} images",
                                    path, count, stated.by, stated.images));
    constexpr std::uint64_t kDirectories = 1 << 16;  // bytes; more is no description
    const std::uint64_t page =
        pages.page.rows * std::uint64_t(pages.page.columns) * sample_bytes(pages.page.type);
    if (const std::uint64_t used = count * page + kDirectories;
        pages.previews == 0 && file_size > used && file_size - used > page)
      f.notes.push_back(fmt::format("{}: {} bytes belong to no page and are left out", path,
                                    file_size - count * page));
  }
  f.format = "TIFF";
  f.largest = largest_value(pages.page.type);
  if (pages.previews > 0)
    f.notes.push_back(fmt::format(
        "{}: {} passed over", path,
        counted(pages.previews, "preview (reduced image) is", "previews (reduced images) are")));
  return f;
}

}  // namespace vitrobeam
