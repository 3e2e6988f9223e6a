// Diffraction patterns from any file that holds them (io/pattern_frames.hpp), one dataset as
// `file.h5:/path/to/data`. What the user states about calibration wins over the file.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/array.hpp"
#include "io/pattern_frames.hpp"
#include "patterns/polar.hpp"

namespace vitrobeam {

struct PatternOverrides {
  std::optional<double> energy_kV, pixel_q;         // pixel_q for rows and columns, 1/Angstrom
  std::optional<std::pair<double, double>> centre;  // row, column
  std::string mask;  // empty, or an image (.npy, file.h5:/path): non-zero pixels are hidden
  std::string raw;   // samples of a file without a header (FrameOptions::raw)
  std::optional<std::pair<std::size_t, std::size_t>> scan;  // raster of the frames, columns, rows
  std::optional<std::size_t> probe;                         // of a series, which must be chosen
  bool every_probe = false;         // but for those who take all by read_layer()
  bool allow_uncalibrated = false;  // a file that does not state its pixel size is no error
  bool follow_links = false;        // a container may lead to files outside of its own folder
};

class PatternSource {
 public:
  // Throws Error{input} if there are no patterns or no pixel size is known, Error{usage} if the
  // file holds several probes and none of them is chosen.
  PatternSource(const std::string& specification, const PatternOverrides& overrides);

  const std::string& file() const { return file_; }               // without the dataset
  const std::string& dataset() const { return frames_.dataset; }  // empty for plain formats
  bool is_result() const { return dataset() == "/simulation/patterns"; }
  const PatternFrames& frames() const { return frames_; }  // what the file itself says
  // Positions: one pattern is 1 x 1, a list of n patterns 1 x n. Of several thicknesses the last is
  // taken.
  std::size_t scan_rows() const { return scan_[0]; }
  std::size_t scan_columns() const { return scan_[1]; }
  std::size_t thicknesses() const { return frames_.thicknesses; }
  std::size_t probes() const { return frames_.probes; }
  std::size_t rows() const { return image_[0]; }
  std::size_t columns() const { return image_[1]; }
  const Calibration& calibration() const { return calibration_; }
  // Pixels that must not be used: those of the mask, of the file, and the camera's faults; or
  // empty.
  const Plane<unsigned char>& hidden() const { return hidden_; }
  const std::vector<std::string>& notes() const { return frames_.notes; }  // for the user
  const std::string& camera_faults() const { return camera_faults_; }      // in words; or empty
  // As far as the file or the user says.
  std::optional<double> energy_kV, semiangle_mrad, thickness, dose;

  // Patterns [count, row, column] of one scan row, from column `first`.
  Stack<float> read(std::size_t scan_row, std::size_t first, std::size_t count) const;
  // The same of the chosen probe at one of the thicknesses, and of any probe and thickness, layer =
  // probe * thicknesses() + thickness.
  Stack<float> read_thickness(std::size_t which, std::size_t scan_row, std::size_t first,
                              std::size_t count) const {
    return read_layer(probe_ * thicknesses() + which, scan_row, first, count);
  }
  Stack<float> read_layer(std::size_t layer, std::size_t scan_row, std::size_t first,
                          std::size_t count) const;

 private:
  void calibrate(const PatternOverrides& overrides);
  void forget_nonsense();
  void check_centre(bool is_stated) const;
  void hide(const Plane<unsigned char>& mask, const std::string& name);
  void hide_camera_faults();
  Stack<float> finished(std::vector<float> values, std::size_t count) const;
  void check_probe(const PatternOverrides& overrides) const;

  std::string file_, camera_faults_;
  PatternFrames frames_;
  std::size_t scan_[2] = {1, 1}, image_[2] = {0, 0}, probe_ = 0;
  Calibration calibration_;
  Plane<unsigned char> hidden_, unreadable_;  // unreadable pixels are given as 0
};

}  // namespace vitrobeam
