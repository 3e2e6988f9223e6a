// The diffraction patterns of a scan as every analysis takes them, measured or simulated alike:
// handed over part by part, so that a scan need not fit into memory.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "base/array.hpp"
#include "base/run_control.hpp"
#include "patterns/fluctuation.hpp"
#include "patterns/polar.hpp"
#include "patterns/preparation.hpp"

namespace vitrobeam {

struct PatternScan {
  std::string name = "patterns";  // in messages: the file
  std::size_t scan_rows = 1, scan_columns = 0;
  Eigen::Index rows = 0, columns = 0;  // pixels of a pattern
  Calibration calibration;
  PixelMask hidden;            // empty: none
  double gain = 0;             // units of intensity per electron; 0: no counting noise
  bool partial_rings = false;  // rings that the image cuts are used by their visible part
  std::optional<double> energy_kV, semiangle_mrad, thickness;  // as far as they are known
  std::optional<double> stated_defocus;                        // underfocus positive, Angstrom
  std::optional<double> stated_electrons;                      // per pattern
  // Patterns [count, row, column] of one scan row, from column `first`; not-finite ones as they
  // are.
  std::function<Stack<float>(std::size_t scan_row, std::size_t first, std::size_t count,
                             int threads)>
      read;

  std::size_t positions() const { return scan_rows * scan_columns; }
  double disc_radius() const;  // of the beam's disc, 1/Angstrom; 0 where angle or energy is unknown
};

// Calls work(images [count, row, column], first) for all parts of the scan, `first` counting
// positions from 0. Throws Interrupted.
using PatternPart = std::function<void(const Stack<float>& images, std::size_t first)>;
void for_each_part(const PatternScan& scan, const RunControl& run, const PatternPart& work);

// Mean of the finite patterns of a sample of the scan, at most 8 x 32 positions.
PlaneF sample_mean(const PatternScan& scan);

// Electrons per pattern: as stated, or from the gain and the mean sum of a part of the scan; 0
// where patterns have no counting noise.
double electrons_per_pattern(const PatternScan& scan);
// Intensity per pattern in the middle of the scan.
double mean_sum(const PatternScan& scan);

// The bins and further ones, out to the disc's radius beyond, if whole circles reach there: what
// lies there is blurred into the bins.
PolarGrid reaching_out(const PatternScan& scan, PolarGrid grid);

// Error{physics} where whole circles end before q_max (but with partial_rings), and where the
// patterns, a sample of the scan together, lie about another centre than the stated one, farther
// off than a tenth of q_max, beyond which no analysis of rings can make up for it.
void check_rings(const PatternScan& scan, double q_max);

// Error{physics} naming the ring if a ring of the map holds no visible pixel.
void check_visible(const PatternScan& scan, const RingMap& map);

}  // namespace vitrobeam
