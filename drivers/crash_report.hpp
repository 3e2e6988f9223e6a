// A damaged file on which the HDF5 library itself fails, or never ends, ends the program as any
// other: with a message that names it and the exit status of a wrong input file.
#pragma once

namespace vitrobeam {

// From now on. Sanitizers report crashes themselves.
void report_crashes();

}  // namespace vitrobeam
