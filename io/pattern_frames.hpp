// What a file of diffraction patterns holds, whatever its format.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/array.hpp"
#include "io/hdf5.hpp"

namespace vitrobeam {

// Frames as the format stores them, in the order of the scan, rows from top to bottom as a camera
// shows them. What a file does not say stays empty.
struct PatternFrames {
  std::string format;           // "Merlin"
  std::string dataset;          // inside of a container, else empty
  Shape shape;                  // [.., rows, columns], two to four axes
  std::size_t thicknesses = 1;  // of a simulation; the last one is read
  std::size_t probes = 1;       // of a series; that of FrameOptions::probe is read
  std::vector<std::string> probe_names;
  // Frames first .. first + count - 1 of the leading axes flattened, one after another.
  std::function<std::vector<float>(std::size_t first, std::size_t count)> read;
  // The same of one probe at one thickness, layer = probe * thicknesses + thickness; or empty.
  std::function<std::vector<float>(std::size_t layer, std::size_t first, std::size_t count)>
      read_layer;

  std::optional<double> energy_kV, semiangle_mrad, thickness, dose;
  std::optional<double> pixel_qy, pixel_qx;      // 1/Angstrom
  std::optional<double> centre_row, centre_col;  // of the undiffracted beam
  double ellipticity = 0, ellipse_angle = 0;     // as in Calibration
  std::optional<double> step_y, step_x;          // of the scan, Angstrom
  std::string units;                             // of the intensities, as far as stated
  std::vector<std::string> axis_units;           // of every axis of `shape`, as stated; or empty
  Plane<unsigned char> hidden;    // pixels that the file marks as bad, [rows, columns]; or empty
  std::optional<double> largest;  // of the integers that the samples are stored as
  // What the user must know: frames that are missing or left over, bytes behind the last one.
  std::vector<std::string> notes;
};

// How to read what a file does not say itself.
struct FrameOptions {
  std::string dataset;  // of a container file (HDF5, MATLAB)
  std::string raw;      // "uint16:256x256", "float32be:128x128+1024": type, columns x rows, offset
  std::optional<std::pair<std::size_t, std::size_t>> scan;  // columns, rows
  std::size_t probe = 0;                                    // of a series
  bool follow_links = false;  // a container may lead to files outside of its own folder
};

// Opens a file (or a Zarr folder) of any format, recognised by its content. Throws Error{input}
// naming the file and what was expected; so do its readers later.
PatternFrames open_frames(const std::string& path, const FrameOptions& options);

// The format by name, "TIFF"; empty if it is none of patterns.
std::string recognise_frames(const std::string& path);

// Whether a MATLAB file has a variable that may be patterns.
bool has_matlab_patterns(const std::string& path);

// The formats by name, for messages and help.
std::string pattern_format_names();

}  // namespace vitrobeam
