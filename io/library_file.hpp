// The motif library file: one HDF5 file that vitrobeam, emdfile and py4DSTEM (EMD 1.0) and HyperSpy
// open.
//
//   /motif_library                       EMD root, attribute library_version
//     patterns, null_patterns, planted_patterns    Arrays [template or pattern, q_y, q_x]
//     templates                          PointList, a field of TemplateRecord each
//     conditions                         PointList, a number of LibraryConditions each
//     null, planted                      PointList: packing or motif, condition, unit
//     moments/mean, covariance           [template, harmonic, q or pair of q]
//     metadatabundle/simulation          names: motifs, decorations, elements and matrix of
//     conditions units                              the units of the build that are here
//   /Experiments/motif_library           HyperSpy: the templates as a stack of images
//   /parameters /audit                   the run that made it
#pragma once
#include <string>

#include "io/run_record.hpp"
#include "patterns/library.hpp"

namespace vitrobeam {

inline constexpr int kLibraryVersion = 2;

// The file appears whole or not at all. Throws Error{machine}.
void write_library(const std::string& path, const MotifLibrary& library, const RunRecord& record);

// Also reads version 1. Throws Error{input} for a file that is no library, is of a newer version,
// or whose parts disagree.
MotifLibrary read_library(const std::string& path);

}  // namespace vitrobeam
