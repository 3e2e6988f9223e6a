// Measured patterns in a result file: /measurement with the patterns as they were prepared, and
// /preparation with what was found and done, so that it can be taken back.
#pragma once
#include <string>

#include "io/hdf5.hpp"
#include "io/result_file.hpp"
#include "patterns/scan_preparation.hpp"

namespace vitrobeam {

// What the patterns of a scan take on the disk, from how a sample of them packs.
double prepared_bytes(const PatternScan& scan);

// /measurement: patterns, one chunk each, with what was subtracted from them and how they were
// moved, hidden pixels, ellipse and rotation of the scan; /preparation. `units` of the intensities.
// Reads the scan once more; throws Interrupted.
void write_prepared(Hdf5Writer& file, const PatternScan& scan, const ScanPreparation& preparation,
                    double scan_rotation_deg, const std::string& units, const RunControl& run);

// The patterns of a prepared file as they were recorded, with its calibration, into another one.
struct Restored {
  bool background = false, alignment = false;  // what was taken back
};
// Error{input} unless convert has made the file.
void check_prepared(const std::string& path);
Restored write_recorded(Hdf5Writer& file, const Hdf5Reader& prepared, const PatternScan& scan,
                        const RunControl& run);

// Axes of a measured scan: steps in Angstrom, 0 = unknown (positions are counted then).
DiffractionAxes measurement_axes(const PatternScan& scan, const Calibration& calibration,
                                 double step_x, double step_y, bool is_list);

}  // namespace vitrobeam
