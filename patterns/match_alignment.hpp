// Centre, ellipse and scale of a scan measured against those of a library by the rings that both
// have. Patterns are matched at equal places on the camera, so that what is off there fits no
// motif-free pattern either, and error rates end.
#pragma once
#include "base/run_control.hpp"
#include "patterns/library.hpp"
#include "patterns/pattern_scan.hpp"

namespace vitrobeam {

// A measured quantity and its standard error.
struct Measured {
  double value = 0, error = 0;
};

// By how much a scan is off, with errors from the scatter of its parts and from that of motif-free
// places, of which a scan of close positions has few. The centre in 1/Angstrom;
// the ellipse as the ratio of axes less one, times cosine and sine of twice its angle; the scale as
// the scan's radius of the first ring over that of the library's motif-free patterns.
struct Misalignment {
  Measured centre_x, centre_y, ellipse_cosine, ellipse_sine, scale;
};
Misalignment misalignment(const PatternScan& scan, const MotifLibrary& library, double q_min,
                          double q_max);

// Up to here error rates hold (docs/user-guide.md gives the figures); 1/Angstrom, ratio of axes
// less one, ratio of scales less one.
inline constexpr double kCentreTolerance = 0.006, kEllipseTolerance = 0.02, kScaleTolerance = 0.04;

struct AlignmentSettings {
  double q_min = 0.3, q_max = 0;  // of the rings, 1/Angstrom; 0: as far as both reach
  bool as_stated = false;         // what is off is remarked, not corrected
  bool rescale = false;           // another scale is remarked, not refused
};
// The calibration of the scan with centre and ellipse as its rings have them, where what is stated
// is off by more than the tolerance and by more than chance: a remark says so. Error{physics} where
// no centre or ellipse fits, and for a scale beyond three times its tolerance.
Calibration aligned_calibration(const PatternScan& scan, const MotifLibrary& library,
                                const AlignmentSettings& settings, const RunControl& run);

}  // namespace vitrobeam
