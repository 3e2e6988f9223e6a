// Diffraction patterns as the analyses take them, part by part: how they are stated beyond the
// common options of patterns, their counting noise, and all thicknesses of a simulation.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "drivers/pattern_settings.hpp"
#include "io/hdf5.hpp"
#include "patterns/fluctuation.hpp"

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

  // Electrons per pattern, from the gain and the mean sum of a part of the scan; 0 where patterns
  // have no counting noise.
  double electrons() const;
  // What --dose or the file says of them.
  std::optional<double> stated_electrons() const;

  // Of the beam's disc in the patterns, 1/Angstrom; 0 where semi-angle or energy are not known.
  double disc_radius() const;
  // The bins and further ones, out to the disc's radius beyond, if whole circles reach there: what
  // lies there is blurred into the bins.
  PolarGrid reaching_out(PolarGrid grid) const;

  // Mean of the finite patterns of a sample of the scan, at most 8 x 32 positions.
  PlaneF sample_mean() const;
  // Error{physics} where whole circles end before q_max, unless --partial-rings, and where the
  // patterns, a sample of the scan together, lie about another centre than the stated one, farther
  // off than a tenth of q_max, beyond which no analysis of rings can make up for it.
  void check_rings(double q_max) const;

  // Calls work(images, first) for all parts of the scan at one thickness, `first` counting
  // positions; false when interrupted. Not-finite patterns come as they are.
  using Part = std::function<void(const Stack<float>& images, std::size_t first)>;
  bool for_each_part(std::size_t thickness, int threads, const Part& work) const;
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
  void check_centre(double q_max) const;

  PatternInputSettings settings_;
  std::uint64_t seed_;
  PatternSource source_;
  Calibration calibration_;
  double gain_ = 0;
};

// Error{physics}, naming the file and the ring, if a ring of the map holds no visible pixel.
void check_visible(const RingMap& map, const std::string& file);

}  // namespace vitrobeam
