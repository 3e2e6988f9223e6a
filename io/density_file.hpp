// The /density group of a result file; docs/result-file.md lists the datasets.
#pragma once
#include <string>
#include <vector>

#include "io/hdf5.hpp"
#include "maps/density_result.hpp"

namespace vitrobeam {

void write_calibration(Hdf5Writer& file, const DensityCalibration& calibration);
// What an inversion needs; Error{input} where the file holds no calibration.
DensityCalibration read_calibration(const std::string& path);

void write_density(Hdf5Writer& file, const DensityResult& result);
void write_comparison(Hdf5Writer& file, const ModelComparison& comparison);
void write_motif_densities(Hdf5Writer& file, const std::vector<MotifDensity>& motifs);

void write_contrast_comparison(Hdf5Writer& file, const ContrastComparison& comparison);

// The map of a result of match: indices into the names, -1 for none. Error{input} where the file
// holds none, or one of another shape; it names the file and @motifs.
struct MotifMap {
  PlaneD index;
  std::vector<std::string> names;
};
MotifMap read_motif_map(const std::string& path, Eigen::Index rows, Eigen::Index columns);

// Contrast, histogram, autocorrelation and power spectrum, below `group` ("/density/contrast/").
void write_contrast(Hdf5Writer& file, const std::string& group, const Contrast& contrast);

}  // namespace vitrobeam
