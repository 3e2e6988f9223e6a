// The HDF5 library (1.10.8) never comes back from some damaged files.
#pragma once

namespace vitrobeam {

inline constexpr double kHdf5Patience = 10;  // s

// From now on a thread that reads an HDF5 file is sent the signal, again and again, when that takes
// as many seconds of its processor time, and more where many values are read; its handler asks
// hdf5_file_being_read() (io/hdf5.hpp) whether the library is at work. 0: no signal.
void watch_hdf5_library(int signal, double seconds = kHdf5Patience);

}  // namespace vitrobeam
