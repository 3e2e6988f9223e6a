// Every camera format arrives with the right pixels in the right places: small files written here
// byte by byte as the formats prescribe.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "io/pattern_source.hpp"
#include "io/units.hpp"
#include "multislice/optics.hpp"
#include "tests/approx.hpp"
#include "tests/folder.hpp"

using namespace vitrobeam;

namespace {

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

// Tags of DigitalMicrograph 3: in big-endian order, their data in little-endian order.
std::string dm_name(char kind, const std::string& n) {
  return std::string(1, kind) + big(std::uint16_t(n.size())) + n;
}

std::string dm_group(const std::string& n, std::uint32_t tags) {
  return dm_name(20, n) + std::string("\0\0", 2) + big(tags);
}

std::string dm_number(const std::string& n, std::uint32_t type, const std::string& value) {
  return dm_name(21, n) + "%%%%" + big(std::uint32_t(1)) + big(type) + value;
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
  const auto array = [&](const std::string& n, std::uint32_t type, std::uint32_t count,
                         const std::string& values) {
    return dm_name(21, n) + "%%%%" + big(std::uint32_t(3)) + big(std::uint32_t(20)) + big(type) +
           big(count) + values;
  };
  const auto axis = [&](float origin, float scale) {
    return dm_group("", 3) + dm_number("Origin", 6, little(origin)) +
           dm_number("Scale", 6, little(scale)) +
           array("Units", 4, 4, std::string("1\0/\0n\0m\0", 8));
  };
  const std::string image =
      dm_group("ImageData", 3) + dm_group("Calibrations", 1) + dm_group("Dimension", 2) +
      axis(2.5f, 0.2f) + axis(1.5f, 0.2f) +
      array("Data", 4, 20, frames(1, 4, 5, [](float v) { return little(std::uint16_t(v)); })) +
      dm_group("Dimensions", 2) + dm_number("", 5, little(std::uint32_t(5))) +
      dm_number("", 5, little(std::uint32_t(4)));
  const std::string tags = dm_group("ImageTags", 1) + dm_group("Microscope Info", 1) +
                           dm_number("Voltage", 7, little(200000.0));
  save(folder / "a.dm3", big(std::int32_t(3)) + big(std::int32_t(0)) + big(std::int32_t(1)) +
                             std::string("\0\0", 2) + big(std::uint32_t(1)) +
                             dm_group("ImageList", 1) + dm_group("", 2) + image + tags);
  const PatternSource source(folder / "a.dm3", {});
  check_pixels(source);
  CHECK(*source.energy_kV == 200);
  CHECK(source.calibration().pixel_qx == approx(0.02));
  CHECK(source.calibration().centre_col == approx(2.5));
  CHECK(source.calibration().centre_row == approx(1.5));
}

TEST_CASE("frames and raster: fly-back frames, short files, bytes left over") {
  const Folder folder;
  const auto u16 = [](float v) { return big(std::uint16_t(v)); };
  std::string header = "MQ1,000001,00384,01,0004,0003,U16,   1x1,01,2021-01-01,0.001";
  header.resize(384, ' ');
  const std::string all = frames(6, 3, 4, u16, header, "", true);
  const std::size_t frame = all.size() / 6;
  const std::string hdr =
      "HDR,\t\nFrames in Acquisition (Number):\t6\nScanX:\t3\nScanY:\t2\nEnd\t\n";
  save(folder / "a.hdr", hdr);
  // one frame more at the end of every scan row
  save(folder / "a.mib", all.substr(0, 3 * frame) + all.substr(0, frame) + all.substr(3 * frame) +
                             all.substr(0, frame));
  const PatternSource flown(folder / "a.mib", any_scale());
  CHECK(flown.scan_rows() == 2);
  CHECK(flown.scan_columns() == 3);
  check_pixels(flown);
  REQUIRE(flown.notes().size() == 1);
  CHECK(flown.notes()[0].find("flew back") != std::string::npos);
  // cut short: whole rows stay, and that is reported
  save(folder / "a.mib", all.substr(0, 4 * frame + 100));
  const PatternSource cut(folder / "a.mib", any_scale());
  CHECK(cut.scan_rows() == 1);
  CHECK(cut.scan_columns() == 3);
  CHECK(cut.notes().size() == 2);
  // frames that fit no raster are refused, until the user says how they lie
  save(folder / "a.mib", all + all.substr(0, frame));
  CHECK(message_of([&] { PatternSource(folder / "a.mib", any_scale()); }).find("7 frames") !=
        std::string::npos);
  PatternOverrides o = any_scale();
  o.scan = {7, 1};
  CHECK(PatternSource(folder / "a.mib", o).scan_columns() == 7);
  // a frame without its header
  std::string damaged = all;
  damaged.replace(frame, 4, "XXXX");
  save(folder / "b.mib", damaged);
  CHECK(message_of([&] { PatternSource(folder / "b.mib", any_scale()); }).find("frame 1") !=
        std::string::npos);
}

TEST_CASE("what a binary file states about its sizes is checked against its bytes") {
  const Folder folder;
  const auto refused = [&](const std::string& name, const std::string& bytes) {
    save(folder / name, bytes);
    const std::string text = message_of([&] { PatternSource(folder / name, any_scale()); });
    return text.find(name) != std::string::npos && text.size() < 1000;
  };
  std::string mib = "MQ1,000001,-65536,01,0004,0003,U16,   1x1,01,2021-01-01,0.001";
  mib.resize(384, ' ');
  CHECK(refused("a.mib", mib));
  mib.replace(11, 6, "000384");
  mib.replace(21, 4, "9999");
  CHECK(refused("b.mib", mib));
  const auto npy = [](const std::string& shape, const std::string& body) {
    std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }\n";
    return "\x93NUMPY" + std::string("\1\0", 2) + little(std::uint16_t(header.size())) + header +
           body;
  };
  for (const char* shape : {"(0, 0)", "(2305843009213693952, 8)", "(4, 0, 8)", "(1, 1, 1, 8, 8)",
                            "(-1, 8)", "(1e3, 8)", "(8,)", "()", "(65537, 2)"})
    CHECK(refused("a.npy", npy(shape, std::string(64 * 8, '\0'))));
  std::string mrc(1024 + 60, '\0');
  mrc.replace(0, 12, little(0x7fffffff) + little(0x7fffffff) + little(2));
  CHECK(refused("a.mrc", mrc));
  mrc.replace(0, 12, little(5) + little(4) + little(3));
  mrc.replace(92, 4, little(-1));  // of the extended header
  CHECK(refused("b.mrc", mrc));
  std::string blo = "IMGBLO" + little(std::uint16_t(258)) + std::string(400, '\0');
  CHECK(refused("a.blo", blo));
  const std::string dm4 = big(std::int32_t(4)) + big(std::int64_t(0)) + big(std::int32_t(1));
  CHECK(refused("a.dm4", dm4 + std::string(2, '\0') + big(~std::uint64_t(0))));
  CHECK(refused("b.dm4", dm4));
  // groups in groups
  std::string deep = big(std::int32_t(3)) + big(std::int32_t(0)) + big(std::int32_t(1));
  const std::string group = std::string("\0\0", 2) + big(std::uint32_t(1)) +
                            std::string(1, char(20)) + big(std::uint16_t(0));
  for (int k = 0; k < 20000; ++k) deep += group;
  CHECK(refused("a.dm3", deep));
  CHECK(refused("a.tif", "II" + little(std::uint16_t(42)) + little(std::uint32_t(8))));
  CHECK(refused("a.mat", "MATLAB 5.0" + std::string(116, ' ') + std::string("\0\1IM", 4) +
                             little(std::uint32_t(14)) + little(std::uint32_t(0xffffffff))));
  std::filesystem::create_directory(folder / "folder.npy");
  CHECK(message_of([&] { PatternSource(folder / "folder.npy", any_scale()); }).find("folder") !=
        std::string::npos);
}

TEST_CASE(".npy in Fortran order, half precision") {
  const Folder folder;
  std::string header = "{'descr': '<f2', 'fortran_order': True, 'shape': (2, 3, 4), }\n", body;
  // 100, 10, 1 and their sums as halves: sign, exponent, fraction
  const auto half = [](float v) {
    int exponent = 0;
    const float fraction = std::frexp(v, &exponent);
    const auto bits = v == 0 ? 0 : ((exponent + 14) << 10) + int((fraction * 2 - 1) * 1024);
    return little(std::uint16_t(bits));
  };
  for (std::size_t c = 0; c < 4; ++c)
    for (std::size_t r = 0; r < 3; ++r)
      for (std::size_t k = 0; k < 2; ++k) body += half(pixel(k, r, c));
  save(folder / "a.npy",
       "\x93NUMPY" + std::string("\1\0", 2) + little(std::uint16_t(header.size())) + header + body);
  check_pixels(PatternSource(folder / "a.npy", any_scale()));
}

TEST_CASE("MRC: unsigned bytes by IMOD's mark or by the stated range, either byte order") {
  const Folder folder;
  const auto file = [&](bool imod, float low, float high) {
    std::string h = little(std::int32_t(5)) + little(std::int32_t(4)) + little(std::int32_t(2)) +
                    little(std::int32_t(0));
    h.resize(1024, '\0');
    h.replace(76, 8, little(low) + little(high));
    if (imod) h.replace(152, 8, little(std::int32_t(1146047817)) + little(std::int32_t(0)));
    return h + frames(2, 4, 5, [](float v) { return std::string(1, char(v + 100)); });
  };
  const auto first = [&](const std::string& bytes) {
    save(folder / "a.mrc", bytes);
    return PatternSource(folder / "a.mrc", any_scale()).read(0, 1, 1).values[0];
  };
  CHECK(first(file(true, 0, 0)) == 200);
  CHECK(first(file(false, 100, 234)) == 200);
  CHECK(first(file(false, 0, 0)) == 200 - 256);
  std::string h =
      big(std::int32_t(5)) + big(std::int32_t(4)) + big(std::int32_t(2)) + big(std::int32_t(1));
  h.resize(1024, '\0');
  save(folder / "b.mrc", h + frames(2, 4, 5, [](float v) { return big(std::int16_t(v)); }));
  check_pixels(PatternSource(folder / "b.mrc", any_scale()));
}

TEST_CASE("MRC of Direct Electron: raster and scales from the _info.txt") {
  const Folder folder;
  std::string h = little(std::int32_t(5)) + little(std::int32_t(4)) + little(std::int32_t(6)) +
                  little(std::int32_t(6));
  h.resize(1024, '\0');
  save(folder / "2025_06_0_movie.mrc",
       h + frames(6, 4, 5, [](float v) { return little(std::uint16_t(v)); }));
  save(folder / "2025_06_info.txt",
       "Scan - Enable   = Enable\r\nScan - Type     = Raster\r\nScan - Size X   = 3\r\n"
       "Scan - Size Y   = 2\r\nDiffraction Pixel Size X = 0.2\r\nDiffraction Pixel Size Y = 0.3\r\n"
       "Specimen Pixel Size X (nanometers) = -1\r\n");
  const PatternSource source(folder / "2025_06_0_movie.mrc", {});
  CHECK(source.scan_columns() == 3);
  CHECK(source.scan_rows() == 2);
  CHECK(source.calibration().pixel_qx == approx(0.02));
  CHECK(source.calibration().pixel_qy == approx(0.03));
  CHECK(!source.frames().step_x);
  check_pixels(source);
}

TEST_CASE("EMPAD: the newer .xml, whichever scan was run, and its field of view") {
  const Folder folder;
  const auto f32 = [](float v) { return little(v); };
  save(folder / "scan_x2_y1.raw",
       frames(2, 128, 128, f32, "", std::string(std::size_t(2 * 128 * 4), 'x')));
  const std::string scans =
      "<scan_parameters mode=\"search\"><scan_size>0.5</scan_size><scan_resolution_y>1"
      "</scan_resolution_y><scan_resolution_x>2</scan_resolution_x></scan_parameters>"
      "<scan_parameters mode=\"acquire\"><scan_size>1</scan_size><scan_resolution_y>64"
      "</scan_resolution_y><scan_resolution_x>64</scan_resolution_x></scan_parameters>";
  save(folder / "a.xml",
       "<root name=\"EMPAD\"><raw_file filename=\"C:\\data\\scan_x2_y1.raw\"/>" + scans +
           "<full_scan_field_of_view><scale_factor>0.5</scale_factor><x>1e-8</x><y>1e-8</y>"
           "</full_scan_field_of_view><high_voltage>300000.0</high_voltage></root>");
  const PatternSource source(folder / "a.xml", any_scale());
  CHECK(source.scan_columns() == 2);
  CHECK(*source.energy_kV == 300);
  CHECK(*source.frames().step_x == approx(1e-8 / 0.5 * 0.5 / 2 * 1e10));
  check_pixels(source);
  for (const char* name : {"", ".", "..", "../scan_x2_y1.raw/", "no.raw", "/etc/passwd"}) {
    save(folder / "b.xml",
         "<root name=\"EMPAD\"><raw_file filename=\"" + std::string(name) + "\"/></root>");
    CHECK(message_of([&] { PatternSource(folder / "b.xml", any_scale()); }).find("b.xml") !=
          std::string::npos);
  }
}

TEST_CASE("DigitalMicrograph: the pattern, not its preview") {
  const Folder folder;
  const auto image = [&](std::uint32_t rows, std::uint32_t columns, std::uint32_t stated,
                         const std::string& values) {
    return dm_group("", 1) + dm_group("ImageData", 3) + dm_name(21, "Data") + "%%%%" +
           big(std::uint32_t(3)) + big(std::uint32_t(20)) + big(std::uint32_t(3)) +
           big(rows * columns) + values + dm_number("DataType", 5, little(stated)) +
           dm_group("Dimensions", 2) + dm_number("", 5, little(columns)) +
           dm_number("", 5, little(rows));
  };
  const std::string preview = image(9, 9, 7, std::string(std::size_t(4 * 81), 'p')),
                    colours = image(9, 9, 23, std::string(std::size_t(4 * 81), 'c')),
                    pattern =
                        image(4, 5, 7, frames(1, 4, 5, [](float v) { return little(int(v)); }));
  const auto file = [&](const std::string& list, std::uint32_t images, bool named) {
    return big(std::int32_t(3)) + big(std::int32_t(0)) + big(std::int32_t(1)) +
           std::string("\0\0", 2) + big(std::uint32_t(named ? 2 : 1)) +
           dm_group("ImageList", images) + list +
           (named ? dm_group("Thumbnails", 1) + dm_group("", 1) +
                        dm_number("ImageIndex", 3, little(std::int32_t(0)))
                  : "");
  };
  save(folder / "a.dm3", file(preview + pattern, 2, true));
  check_pixels(PatternSource(folder / "a.dm3", any_scale()));
  save(folder / "b.dm3", file(colours + pattern, 2, false));
  check_pixels(PatternSource(folder / "b.dm3", any_scale()));
  save(folder / "c.dm3", file(colours, 1, false));
  CHECK(message_of([&] { PatternSource(folder / "c.dm3", any_scale()); }).find("colours") !=
        std::string::npos);
  save(folder / "d.dm3", file(image(4, 6, 7, std::string(96, '\0')).replace(60, 0, ""), 1, false));
  std::string wrong = file(pattern, 1, false);
  wrong.replace(wrong.size() - 4, 4, little(std::uint32_t(7)));  // rows
  save(folder / "e.dm3", wrong);
  CHECK(message_of([&] { PatternSource(folder / "e.dm3", any_scale()); }).find("7 x 5") !=
        std::string::npos);
}

TEST_CASE("TIFF: ImageJ's stack behind one page; unequal pages and previews") {
  const Folder folder;
  const auto u16 = [](float v) { return little(std::uint16_t(v)); };
  struct Kind {
    std::uint32_t columns = 4, use = 0;
  };
  // one page of 3 rows at byte `at`, its text before the samples
  const auto page = [&](std::size_t at, Kind kind, bool last, const std::string& text,
                        const std::string& data) {
    const auto tag = [](std::uint16_t id, std::uint16_t type, std::size_t count,
                        std::size_t value) {
      return little(id) + little(type) + little(std::uint32_t(count)) +
             little(std::uint32_t(value));
    };
    const std::size_t tags = text.empty() ? 10 : 11, size = 2 + tags * 12 + 4;
    return little(std::uint16_t(tags)) + tag(254, 4, 1, kind.use) + tag(256, 3, 1, kind.columns) +
           tag(257, 3, 1, 3) + tag(258, 3, 1, 16) + tag(259, 3, 1, 1) + tag(262, 3, 1, 1) +
           (text.empty() ? "" : tag(270, 2, text.size(), at + size)) +
           tag(273, 4, 1, at + size + text.size()) + tag(277, 3, 1, 1) + tag(278, 3, 1, 3) +
           tag(279, 4, 1, kind.columns * 6) +
           little(std::uint32_t(last ? 0 : at + size + text.size() + data.size())) + text + data;
  };
  const auto head = "II" + little(std::uint16_t(42)) + little(std::uint32_t(8));
  const std::string all = frames(3, 3, 4, u16), text("ImageJ=1.53\nimages=3\nslices=3\n\0", 31);
  save(folder / "a.tif", head + page(8, {}, true, text, all.substr(0, 24)) + all.substr(24));
  const PatternSource stack(folder / "a.tif", any_scale());
  CHECK(stack.scan_columns() == 3);
  check_pixels(stack);
  save(folder / "a.tif", head + page(8, {}, true, text, all.substr(0, 24)) + all.substr(24, 30));
  CHECK(message_of([&] { PatternSource(folder / "a.tif", any_scale()); }).find("ImageJ") !=
        std::string::npos);
  const auto two = [&](Kind first, Kind second) {
    const auto data = [&](const Kind& k) { return all.substr(0, std::size_t(k.columns) * 6); };
    const std::string begin = page(8, first, false, "", data(first));
    return head + begin + page(8 + begin.size(), second, true, "", data(second));
  };
  save(folder / "b.tif", two({4, 0}, {3, 0}));
  CHECK(message_of([&] { PatternSource(folder / "b.tif", any_scale()); }).find("page 2") !=
        std::string::npos);
  save(folder / "c.tif", two({4, 0}, {2, 1}));  // a reduced image
  const PatternSource one(folder / "c.tif", any_scale());
  CHECK(one.scan_columns() == 1);
  CHECK(one.notes().size() == 1);
  std::string cut = two({4, 0}, {4, 0});
  save(folder / "d.tif", cut.substr(0, cut.size() - 100));
  CHECK(message_of([&] { PatternSource(folder / "d.tif", any_scale()); }).find("d.tif") !=
        std::string::npos);
}

TEST_CASE("camera faults are hidden: the largest number, not-a-number, dead and hot pixels") {
  const Folder folder;
  constexpr std::size_t kFrames = 6, kSide = 24;
  const auto value = [](std::size_t k, std::size_t r, std::size_t c) {
    if (r == 3 && c == 5) return 65535;  // marked by the camera
    if (r == 20) return 65535;           // a gap between modules
    if (r == 10 && c == 11) return 0;    // dead
    if (r == 7 && c == 15) return 9000;  // hot
    return int(100 + (k * 7 + r * 5 + c * 3 + (r * c * k) % 5) % 11);
  };
  std::string body;
  for (std::size_t k = 0; k < kFrames; ++k)
    for (std::size_t r = 0; r < kSide; ++r)
      for (std::size_t c = 0; c < kSide; ++c) body += little(std::uint16_t(value(k, r, c)));
  save(folder / "a.bin", body);
  PatternOverrides o = any_scale();
  o.raw = "uint16:24x24";
  const PatternSource source(folder / "a.bin", o);
  REQUIRE(source.hidden().size() > 0);
  for (std::size_t r = 0; r < kSide; ++r)
    for (std::size_t c = 0; c < kSide; ++c) {
      const bool faulty =
          (r == 3 && c == 5) || r == 20 || (r == 10 && c == 11) || (r == 7 && c == 15);
      CAPTURE(r);
      CAPTURE(c);
      CHECK((source.hidden()(Eigen::Index(r), Eigen::Index(c)) != 0) == faulty);
    }
  CHECK(source.read(0, 2, 1).plane(0)(3, 5) == 0);
  CHECK(source.read(0, 2, 1).plane(0)(7, 15) == 9000);
  CHECK(source.camera_faults().find("25 at the largest number") != std::string::npos);
  CHECK(source.camera_faults().find("1 dead, 1 hot") != std::string::npos);
}

TEST_CASE("spots of a crystal are no hot pixels, a saturated disc is no mark") {
  const Folder folder;
  std::string spots, disc;
  for (std::size_t k = 0; k < 4; ++k)
    for (int r = -12; r < 12; ++r)
      for (int c = -12; c < 12; ++c) {
        const bool spot = (r == 0 && c == 0) || (std::abs(r) == 5 && r == c);
        spots += little(std::uint16_t(spot ? 5000 : 20 + (k + std::size_t(r * c + 300)) % 3));
        disc += little(std::uint16_t(r * r + c * c < 16 ? 65535 : 50 + (k + 1) % 2));
      }
  PatternOverrides o = any_scale();
  o.raw = "uint16:24x24";
  for (const std::string* bytes : {&spots, &disc}) {
    save(folder / "a.bin", *bytes);
    const PatternSource source(folder / "a.bin", o);
    CHECK((source.hidden().size() == 0 || (source.hidden() == 0).all()));
  }
}

TEST_CASE("units of reciprocal length in their spellings") {
  for (const char* name : {"1/nm", "nm^-1", "nm-1", "$nm^{-1}$", "nm⁻¹", "1 / nm", "nm**-1",
                           "1/nanometer", "1 / nanometre", "nm^{-1}", "$\\mathrm{nm}^{-1}$"})
    CHECK(inverse_angstrom_per(name).value_or(0) == approx(0.1));
  for (const char* name : {"A^-1", "1/A", "Å^-1", "1/Å", "1/Å", "Å⁻¹", "$A^{-1}$", "1/angstrom",
                           "Angstrom^-1", "1 / angstroms", "\\AA^{-1}"})
    CHECK(inverse_angstrom_per(name).value_or(0) == approx(1));
  CHECK(inverse_angstrom_per("1/m").value_or(0) == approx(1e-10));
  CHECK(inverse_angstrom_per("1/pm").value_or(0) == approx(100));
  CHECK(inverse_angstrom_per("mrad", 200).value_or(0) == approx(1e-3 / wavelength(200)));
  for (const char* name : {"nm", "", "pixels", "mrad", "rad/nm", "s^-1", "1/s", "-1", "1/"})
    CHECK(!inverse_angstrom_per(name));
  CHECK(angstrom_per("nm").value_or(0) == approx(10));
  CHECK(angstrom_per("µm").value_or(0) == approx(1e4));
  CHECK(!angstrom_per("1/nm"));
}
