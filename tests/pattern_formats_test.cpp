// Every camera format arrives with the right pixels in the right places: small files written here
// byte by byte as the formats prescribe.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "io/pattern_source.hpp"
#include "multislice/optics.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("vitrobeam_formats_" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

template <typename T>
std::string little(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}
template <typename T>
std::string big(T value) {
  std::string b = little(value);
  return {b.rbegin(), b.rend()};
}

void save(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

PatternOverrides any_scale() {
  PatternOverrides o;
  o.allow_uncalibrated = true;
  return o;
}

// Pixel value of frame k, row r, column c in every file below.
float pixel(std::size_t k, std::size_t r, std::size_t c) { return float(100 * k + 10 * r + c); }

template <typename Encode>
std::string frames(std::size_t count, std::size_t rows, std::size_t columns, Encode&& encode,
                   const std::string& before = "", const std::string& after = "",
                   bool bottom_first = false) {
  std::string out;
  for (std::size_t k = 0; k < count; ++k) {
    out += before;
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        out += encode(pixel(k, bottom_first ? rows - 1 - r : r, c));
    out += after;
  }
  return out;
}

void check_pixels(const PatternSource& source) {
  for (std::size_t y = 0; y < source.scan_rows(); ++y) {
    const auto stack = source.read(y, 0, source.scan_columns());
    for (std::size_t x = 0; x < source.scan_columns(); ++x)
      for (std::size_t r = 0; r < source.rows(); ++r)
        for (std::size_t c = 0; c < source.columns(); ++c)
          REQUIRE(stack.plane(x)(Eigen::Index(r), Eigen::Index(c)) ==
                  pixel(y * source.scan_columns() + x, r, c));
  }
}

std::string message_of(const auto& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("Merlin: big-endian, bottom row first, raster from the .hdr") {
  const Folder folder;
  const auto u16 = [](float v) { return big(std::uint16_t(v)); };
  std::string header = "MQ1,000001,00384,01,0004,0003,U16,   1x1,01,2021-01-01,0.001";
  header.resize(384, ' ');
  save(folder / "a.mib", frames(6, 3, 4, u16, header, "", true));
  const PatternSource list(folder / "a.mib", any_scale());
  CHECK(list.scan_columns() == 6);
  CHECK(list.scan_rows() == 1);
  check_pixels(list);
  save(folder / "a.hdr",
       "HDR,\t\nFrames in Acquisition (Number):\t6\nFrames per Trigger (Number):\t3\nEnd\t\n");
  const PatternSource raster(folder / "a.mib", any_scale());
  CHECK(raster.scan_columns() == 3);
  CHECK(raster.scan_rows() == 2);
  check_pixels(raster);
  PatternOverrides wrong = any_scale();
  wrong.scan = {4, 2};
  CHECK(message_of([&] { PatternSource(folder / "a.mib", wrong); }).find("6 frames") !=
        std::string::npos);
  header.replace(header.find("U16"), 3, "R64");
  save(folder / "raw.mib", frames(1, 3, 4, u16, header));
  CHECK(message_of([&] { PatternSource(folder / "raw.mib", any_scale()); }).find("R64") !=
        std::string::npos);
}

TEST_CASE("NanoMegas blockfile: 8-bit frames behind six bytes, calibrated by the camera length") {
  const Folder folder;
  std::string h = "IMGBLO" + little(std::uint16_t(258)) + little(std::uint32_t(240)) +
                  little(std::uint32_t(246)) + little(std::uint32_t(0)) + little(std::uint16_t(4)) +
                  little(std::uint16_t(0)) + little(std::uint16_t(2)) + little(std::uint16_t(1)) +
                  little(std::uint16_t(0)) + little(1.5) + little(2.5) +
                  little(std::uint32_t(200000)) + little(std::uint16_t(6226)) +
                  little(std::uint32_t(2000));
  h.resize(246, '\0');
  save(folder / "a.blo",
       h + frames(
               2, 4, 4, [](float v) { return std::string(1, char(v)); }, "\xaa\x55id00"));
  const PatternSource source(folder / "a.blo", {});
  CHECK(source.scan_columns() == 2);
  check_pixels(source);
  CHECK(*source.energy_kV == 200);
  CHECK(*source.frames().step_x == 15);
  CHECK(*source.frames().step_y == 25);
  // 1 cm / 62.26 over 200 mm
  CHECK(source.calibration().pixel_qx == approx(0.01 / 62.26 / 0.2 / wavelength(200)));
}

TEST_CASE("EMPAD: 128 of 130 rows, by its .xml or by the name of the .raw") {
  const Folder folder;
  const auto f32 = [](float v) { return little(v); };
  save(folder / "scan_x2_y1.raw",
       frames(2, 128, 128, f32, "", std::string(std::size_t(2 * 128 * 4), 'x')));
  save(folder / "a.xml",
       "<root name=\"a\"><pix_x>2</pix_x><pix_y>1</pix_y><raw_file filename=\"scan_x2_y1.raw\"/>"
       "<source.get_voltage>300000.0</source.get_voltage>"
       "<calibrated_diffraction_angle>0.0004</calibrated_diffraction_angle></root>");
  for (const char* name : {"scan_x2_y1.raw", "a.xml"}) {
    const PatternSource source(folder / name, any_scale());
    CHECK(source.scan_columns() == 2);
    check_pixels(source);
  }
  const PatternSource source(folder / "a.xml", {});
  CHECK(*source.energy_kV == 300);
  CHECK(source.calibration().pixel_qy == approx(0.0004 / wavelength(300)));
}

TEST_CASE("MRC: modes, extended header, a truncated file keeps its whole frames") {
  const Folder folder;
  std::string h = little(std::int32_t(5)) + little(std::int32_t(4)) + little(std::int32_t(3)) +
                  little(std::int32_t(6));
  h.resize(1024, '\0');
  h.replace(92, 4, little(std::int32_t(16)));
  const std::string body = frames(3, 4, 5, [](float v) { return little(std::uint16_t(v)); });
  save(folder / "a.mrc", h + std::string(16, 'e') + body);
  const PatternSource source(folder / "a.mrc", any_scale());
  CHECK(source.scan_columns() == 3);
  check_pixels(source);
  save(folder / "cut.mrc", (h + std::string(16, 'e') + body).substr(0, 1024 + 16 + 2 * 40 + 7));
  CHECK(PatternSource(folder / "cut.mrc", any_scale()).scan_columns() == 2);
  h.replace(12, 4, little(std::int32_t(4)));
  save(folder / "complex.mrc", h + body);
  CHECK(message_of([&] { PatternSource(folder / "complex.mrc", any_scale()); }).find("mode 4") !=
        std::string::npos);
}

TEST_CASE("TIFF: one page a frame, either byte order") {
  const Folder folder;
  std::string pages;
  const auto tag = [](std::uint16_t id, std::uint16_t type, std::uint32_t value) {
    return little(id) + little(type) + little(std::uint32_t(1)) + little(value);
  };
  const std::size_t directory = 2 + 9 * 12 + 4, data = 3 * 4 * 2;
  for (std::size_t k = 0; k < 2; ++k) {
    const std::uint32_t at = std::uint32_t(8 + k * (directory + data));
    pages += little(std::uint16_t(9)) + tag(256, 3, 4) + tag(257, 3, 3) + tag(258, 3, 16) +
             tag(259, 3, 1) + tag(262, 3, 1) + tag(273, 4, at + std::uint32_t(directory)) +
             tag(277, 3, 1) + tag(278, 3, 3) + tag(279, 4, std::uint32_t(data)) +
             little(k == 0 ? at + std::uint32_t(directory + data) : std::uint32_t(0));
    for (std::size_t r = 0; r < 3; ++r)
      for (std::size_t c = 0; c < 4; ++c) pages += little(std::uint16_t(pixel(k, r, c)));
  }
  save(folder / "a.tif", "II" + little(std::uint16_t(42)) + little(std::uint32_t(8)) + pages);
  const PatternSource source(folder / "a.tif", any_scale());
  CHECK(source.scan_columns() == 2);
  check_pixels(source);
}

TEST_CASE("raw samples as stated, and what is stated wrongly") {
  const Folder folder;
  save(folder / "a.bin", "head" + frames(4, 3, 5, [](float v) { return big(std::int32_t(v)); }));
  PatternOverrides o = any_scale();
  o.raw = "int32be:5x3+4";
  o.scan = {2, 2};
  const PatternSource source(folder / "a.bin", o);
  CHECK(source.scan_rows() == 2);
  check_pixels(source);
  o.raw = "int32be:5x3";
  CHECK(message_of([&] { PatternSource(folder / "a.bin", o); }).find("no whole number") !=
        std::string::npos);
  o.raw = "int24:5x3";
  CHECK(message_of([&] { PatternSource(folder / "a.bin", o); }).find("int24") != std::string::npos);
  CHECK(message_of([&] { PatternSource(folder / "a.bin", any_scale()); }).find("no known format") !=
        std::string::npos);
}

TEST_CASE("DigitalMicrograph 3: the image among the tags, its scale and origin") {
  const Folder folder;
  // tags in big-endian order, data in little-endian order
  const auto name = [](char kind, const std::string& n) {
    return std::string(1, kind) + big(std::uint16_t(n.size())) + n;
  };
  const auto group = [&](const std::string& n, std::uint32_t tags) {
    return name(20, n) + std::string("\0\0", 2) + big(tags);
  };
  const auto number = [&](const std::string& n, std::uint32_t type, const std::string& value) {
    return name(21, n) + "%%%%" + big(std::uint32_t(1)) + big(type) + value;
  };
  const auto array = [&](const std::string& n, std::uint32_t type, std::uint32_t count,
                         const std::string& values) {
    return name(21, n) + "%%%%" + big(std::uint32_t(3)) + big(std::uint32_t(20)) + big(type) +
           big(count) + values;
  };
  const auto axis = [&](float origin, float scale) {
    return group("", 3) + number("Origin", 6, little(origin)) + number("Scale", 6, little(scale)) +
           array("Units", 4, 4, std::string("1\0/\0n\0m\0", 8));
  };
  const std::string image =
      group("ImageData", 3) + group("Calibrations", 1) + group("Dimension", 2) + axis(2.5f, 0.2f) +
      axis(1.5f, 0.2f) +
      array("Data", 4, 20, frames(1, 4, 5, [](float v) { return little(std::uint16_t(v)); })) +
      group("Dimensions", 2) + number("", 5, little(std::uint32_t(5))) +
      number("", 5, little(std::uint32_t(4)));
  const std::string tags =
      group("ImageTags", 1) + group("Microscope Info", 1) + number("Voltage", 7, little(200000.0));
  save(folder / "a.dm3", big(std::int32_t(3)) + big(std::int32_t(0)) + big(std::int32_t(1)) +
                             std::string("\0\0", 2) + big(std::uint32_t(1)) +
                             group("ImageList", 1) + group("", 2) + image + tags);
  const PatternSource source(folder / "a.dm3", {});
  check_pixels(source);
  CHECK(*source.energy_kV == 200);
  CHECK(source.calibration().pixel_qx == approx(0.02));
  CHECK(source.calibration().centre_col == approx(2.5));
  CHECK(source.calibration().centre_row == approx(1.5));
}
