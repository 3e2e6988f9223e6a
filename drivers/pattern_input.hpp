// Diffraction patterns as the analyses take them, part by part: how they are stated beyond the
// common options of patterns, their counting noise, and all thicknesses of a simulation.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "drivers/pattern_settings.hpp"
#include "io/hdf5.hpp"
#include "patterns/pattern_scan.hpp"

namespace vitrobeam {

struct PatternInputSettings {
  PatternSettings patterns;
  std::string ellipse;
  std::optional<double> gain;
  double dose = 0, readout = 0;  // electrons; readout: rms of a pixel
  bool partial_rings = false;
};
// The section "Patterns" and a section "Counting noise".
void add_pattern_input(Settings& settings, PatternInputSettings& s);

class PatternInput {
 public:
  // Opens the patterns and settles calibration and noise. Noise added by --dose is drawn from
  // `seed`.
  // `allow_uncalibrated`: a file without a pixel size is no error.
  PatternInput(const std::string& specification, const PatternInputSettings& settings,
               std::uint64_t seed, bool allow_uncalibrated = false);

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

  // Patterns [count, row, column] of one scan row with the noise of --dose and of a readout.
  Stack<float> patterns(std::size_t thickness, std::size_t row, std::size_t first,
                        std::size_t count, int threads = 1) const;
  // Scan axes and detector images of a result file, so that they stand beside what is made of its
  // patterns; nothing from other files.
  void carry_over(Hdf5Writer& file) const;

 private:
  Stack<float> read(std::size_t thickness, std::size_t row, std::size_t first,
                    std::size_t count) const;
  void find_gain();

  PatternInputSettings settings_;
  std::uint64_t seed_;
  PatternSource source_;
  Calibration calibration_;
  double gain_ = 0;
};

}  // namespace vitrobeam
