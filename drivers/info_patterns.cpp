// vitrobeam info for patterns of a camera: sizes, calibration and what is stated beside them.
#include "drivers/info_patterns.hpp"

#include <iostream>
#include <nlohmann/json.hpp>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/pattern_settings.hpp"

namespace vitrobeam {

std::string patterns_json(const std::string& path) {
  const PatternSource source = open_patterns(path, {}, true, true);
  const PatternFrames& f = source.frames();
  nlohmann::json out{{"file", path}, {"format", f.format}, {"shape", f.shape}};
  if (!f.dataset.empty()) out["dataset"] = f.dataset;
  if (!f.units.empty()) out["units"] = f.units;
  for (const auto& [name, value] : {std::pair{"energy_kV", f.energy_kV},
                                    {"pixel_qy", f.pixel_qy},
                                    {"pixel_qx", f.pixel_qx},
                                    {"centre_row", f.centre_row},
                                    {"centre_column", f.centre_col},
                                    {"step_y", f.step_y},
                                    {"step_x", f.step_x}})
    if (value) out[name] = *value;
  out["hidden_pixels"] = source.hidden().size() > 0 ? (source.hidden() != 0).count() : 0;
  out["notes"] = source.notes();
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print_patterns(const std::string& path) {
  const PatternSource source = open_patterns(path, {}, true, true);
  const PatternFrames& f = source.frames();
  std::cout << fmt::format("file        {} ({})\n", path, f.format);
  if (!f.dataset.empty()) std::cout << fmt::format("dataset     {}\n", f.dataset);
  const bool raster = f.shape.size() == 4;
  std::cout << fmt::format("patterns    {}{} of {} x {} pixels{}\n",
                           raster ? fmt::format("{} x ", source.scan_columns()) : "",
                           raster ? source.scan_rows() : source.scan_columns(), source.columns(),
                           source.rows(), f.units.empty() ? "" : ", " + f.units);
  if (f.energy_kV) std::cout << fmt::format("energy      {:g} kV\n", *f.energy_kV);
  if (f.pixel_qx && f.pixel_qy)
    std::cout << fmt::format("scale       {:.6g} x {:.6g} 1/Angstrom per pixel\n", *f.pixel_qx,
                             *f.pixel_qy);
  else
    std::cout << "scale       not stated: give --pixel-q\n";
  if (f.centre_row && f.centre_col)
    std::cout << fmt::format("centre      row {:.2f}, column {:.2f}\n", *f.centre_row,
                             *f.centre_col);
  if (f.step_x && f.step_y)
    std::cout << fmt::format("step        {:.4g} x {:.4g} Angstrom\n", *f.step_x, *f.step_y);
  if (source.hidden().size() > 0)
    std::cout << fmt::format("hidden      {}\n", counted((source.hidden() != 0).count(), "pixel"));
}

}  // namespace vitrobeam
