// What a camera makes of a diffraction pattern: from fractions of the incident beam to counts. The
// order is that of the electrons' way: projector lens (ellipticity, descan, drift), beam stop, dose
// and its noise, spread of the signal in the camera, gain, readout, saturation.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/array.hpp"
#include "patterns/polar.hpp"

namespace vitrobeam {

// Modulation transfer function of spatial frequency in cycles per pixel (Nyquist: 0.5). It acts on
// signal and counting noise alike, so that the detective quantum efficiency is flat in frequency.
struct Mtf {
  // By its value at Nyquist along an axis, 1 = perfect: that of a Gaussian sampled at the pixels,
  // the same along both axes. Its spread is positive, so that nothing rings at a sharp edge.
  double at_nyquist = 1;
  // Measured: (frequency, value) ascending, linear in between, the last value beyond, of the radius
  // in frequency; empty = the Gaussian. It is divided by its value at frequency 0. One that is not
  // small at Nyquist rings at edges sharper than a pixel.
  std::vector<std::pair<double, double>> table = {};

  bool is_perfect() const { return table.empty() && at_nyquist == 1; }
  double operator()(double fx, double fy) const;  // cycles per pixel
};

// A shadow around the undiffracted beam, and of the arm that holds it if it has a width. Fixed on
// the camera: descan and drift do not move it.
struct BeamStop {
  double radius = 0, arm_width = 0;  // 1/Angstrom; 0 = none
  double arm_angle = 0;              // radian, from +x towards +y
};

struct Camera {
  // A circle becomes an ellipse of this ratio of long to short axis, equal in area, the long axis
  // at ellipse_angle (radian, from +x towards +y).
  double ellipticity = 1, ellipse_angle = 0;
  Vector2d descan{0, 0};  // shift of the pattern in 1/Angstrom per Angstrom of scan, x by x, y by y
  Vector2d drift{0, 0};   // shift from the first position to the last in scan order, 1/Angstrom
  BeamStop beam_stop = {};

  double dose = 0;  // electrons per probe position; 0 = fractions of the beam, no noise
  // Share of the signal-to-noise ratio (squared) that the camera keeps: the signal of N electrons
  // has the variance N / dqe. 1 counts single electrons.
  double dqe = 1;
  Mtf mtf = {};
  double gain = 1;           // counts per electron
  double readout_noise = 0;  // rms of normal noise per pixel, counts
  double saturation = 0;     // counts at which a pixel clips; 0 = never

  bool is_ideal() const;  // changes nothing
};

// Throws Error{usage} that names the field.
void check_camera(const Camera& camera);

// Throws Error{usage} if the beam stop leaves nothing of patterns of rows x cols pixels.
void check_beam_stop(const Camera& camera, Eigen::Index rows, Eigen::Index cols,
                     const Calibration& calibration);

// What it does, in words: for a summary and beside the patterns. Empty for an ideal camera.
std::string camera_text(const Camera& camera);
// What its patterns are in: fractions, electrons, or counts.
std::string pattern_units(const Camera& camera);

// A pattern on the camera and how many of its pixels clip.
struct CameraImage {
  PlaneD pattern;  // [row, column]: counts, or fractions without a dose
  std::int64_t saturated = 0;
};

class CameraModel {
 public:
  // For patterns of rows x cols pixels that `calibration` describes.
  CameraModel(const Camera& camera, Eigen::Index rows, Eigen::Index cols,
              const Calibration& calibration, std::uint64_t seed);

  // `shift` in 1/Angstrom is where the undiffracted beam falls. The noise depends on the seed,
  // `index` (of the position) and the pixel only. Any thread.
  CameraImage operator()(const PlaneD& pattern, std::uint64_t index, const Vector2d& shift) const;

  // Descan and drift at position `at` (Angstrom) of a scan around `middle`; `progress` runs from 0
  // at the first position to 1 at the last.
  Vector2d shift(const Vector2d& at, const Vector2d& middle, double progress) const;

  const Plane<unsigned char>& hidden() const { return hidden_; }  // beam stop: 1; empty without

 private:
  PlaneD distorted(const PlaneD& pattern, const Vector2d& shift) const;
  PlaneD blurred(const PlaneD& pattern) const;

  Camera camera_;
  Eigen::Index rows_, cols_;
  Calibration calibration_;
  std::uint64_t seed_;
  Plane<unsigned char> hidden_;
  PlaneC transfer_;  // of a padded plane, in FFT order; empty for a perfect camera
};

// Where the positions of a scan stand in scan order, Angstrom: for descan and drift.
struct ScanTrack {
  std::vector<Vector2d> at;
  Vector2d middle{0, 0};

  explicit ScanTrack(std::vector<Vector2d> positions);
  Vector2d shift(const CameraModel& camera, std::size_t position) const;
};

// Patterns [pattern, row, column] of consecutive positions, the first of them `first`, through the
// camera. `series` counts passes over the scan (thicknesses, probes), each with noise of its own.
// Calls store(i, image) for pattern i, from several threads; what it throws ends the call.
void record_patterns(const Stack<float>& noiseless, const CameraModel& camera,
                     const ScanTrack& track, std::size_t first, std::size_t series, int threads,
                     const std::function<void(std::size_t i, const CameraImage& image)>& store);

}  // namespace vitrobeam
