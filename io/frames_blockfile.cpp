// NanoMegas blockfiles.
#include <cmath>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "io/pattern_formats.hpp"

namespace vitrobeam {

// Header of 240 bytes, notes, the virtual image, then frames of 8-bit pixels behind six bytes each.
PatternFrames open_blockfile_frames(const std::string& path, const FrameOptions& options) {
  BinaryFile file(path);
  if (file.number<std::uint16_t>(6) != 258)
    fail(Fault::input, "{}: a blockfile's magic number is 258, here it is {}", path,
         file.number<std::uint16_t>(6));
  FrameLayout layout;
  layout.offset = file.number<std::uint32_t>(12);
  layout.rows = layout.columns = file.number<std::uint16_t>(20);
  layout.header = 6;
  const std::size_t nx = file.number<std::uint16_t>(24), ny = file.number<std::uint16_t>(26);
  layout.mark = "\xaa\x55";
  PatternFrames f = frames_of(path, layout, {{}, std::pair{nx, ny}, "header"}, options);
  f.format = "NanoMegas blockfile";
  f.units = "counts";
  const auto step = [&](std::uint64_t at) {  // nm
    const double v = file.number<double>(at) * 10;
    return v > 0 && std::isfinite(v) ? std::optional(v) : std::nullopt;
  };
  f.step_x = step(30);
  f.step_y = step(38);
  const double volt = file.number<std::uint32_t>(46),
               pixels_per_cm = file.number<std::uint16_t>(50) / 100.0,
               camera_length_mm = file.number<std::uint32_t>(52) / 10.0;
  if (volt > 1e4) f.energy_kV = volt / 1e3;
  if (f.energy_kV && pixels_per_cm > 0 && camera_length_mm > 0)
    f.pixel_qx = f.pixel_qy =
        10 / pixels_per_cm / camera_length_mm / wavelength(*f.energy_kV);  // small angles
  return f;
}

}  // namespace vitrobeam
