// Diffraction patterns as the analyses take them, part by part: how they are stated beyond what
// their file says, their counting noise, and all thicknesses of a simulation.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "io/hdf5.hpp"
#include "io/pattern_source.hpp"
#include "patterns/pattern_scan.hpp"

namespace vitrobeam {

// The patterns of a file, without counting noise; reads through `source`, which must outlive it.
PatternScan pattern_scan(const PatternSource& source);

// What is stated beside the file.
struct StatedPatterns {
  std::optional<std::pair<double, double>> ellipse;  // of rings: ellipticity, angle in rad
  std::optional<double> gain;                        // units of intensity per electron
  double dose = 0;                                   // electrons per pattern, whose noise is added
  double readout = 0;                                // with it: rms of a pixel, electrons
  bool partial_rings = false;
};

// The ellipse that `convert` has found in a file of patterns: ellipticity, angle in rad.
// Error{input} where it holds none.
std::pair<double, double> read_ellipse(const std::string& path);

class PatternInput {
 public:
  // Settles calibration and noise. Noise of a dose is drawn from `seed`. `note` hears where counts
  // are taken for electrons. Error{usage}: dose and gain, or an ellipticity out of range.
  PatternInput(PatternSource source, const StatedPatterns& stated, std::uint64_t seed,
               const std::function<void(const Message&)>& note);
  PatternInput(const PatternInput&) = delete;  // scans read through it
  PatternInput& operator=(const PatternInput&) = delete;

  const PatternSource& source() const { return source_; }
  const Calibration& calibration() const { return calibration_; }
  std::size_t positions() const { return source_.scan_rows() * source_.scan_columns(); }
  std::size_t thicknesses() const { return source_.thicknesses(); }
  // Of every thickness in the file, or what is known of the only one; Angstrom.
  std::vector<std::optional<double>> thickness() const;
  // Units of intensity per electron; 0 where patterns have no counting noise.
  double gain() const { return gain_; }

  // What the analyses take, of one thickness; they read through this object.
  PatternScan scan(std::size_t thickness) const;
  PatternScan scan() const { return scan(thicknesses() - 1); }  // the last: the exit surface

  // Patterns [count, row, column] of one scan row with the noise of a dose and of a readout.
  Stack<float> patterns(std::size_t thickness, std::size_t row, std::size_t first,
                        std::size_t count, int threads = 1) const;
  // Scan axes and detector images of a result file, so that they stand beside what is made of its
  // patterns; nothing from other files.
  void carry_over(Hdf5Writer& file) const;

 private:
  void find_gain(const std::function<void(const Message&)>& note);

  StatedPatterns stated_;
  std::uint64_t seed_;
  PatternSource source_;
  Calibration calibration_;
  double gain_ = 0;
};

// Underfocus that a result file of patterns states, Angstrom.
std::optional<double> stated_defocus(const PatternSource& source);

// Between the positions of a square raster that the file of the patterns states, Angstrom; none
// where it does not. Error{input}: positions of a list, or steps that differ.
std::optional<double> stated_step(const PatternSource& source);

}  // namespace vitrobeam
