// What a result or library file holds, as panels of a figure: detector images, patterns, motif
// maps, examples.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/hdf5.hpp"
#include "pictures/picture.hpp"

namespace vitrobeam {

struct PatternView {
  Display display = Display::log;
  double q_limit = 0;     // crop to |q_x|, |q_y| <= q_limit, 1/Angstrom; 0 = all
  double side = 250;      // points
  std::size_t probe = 0;  // of a series
};

using ScanIndex = std::array<std::size_t, 2>;  // row, column

// Detector images, HAADF first, in grey; of a series of probes one, of several thicknesses the
// last.
std::vector<ImagePanel> detector_panels(const Hdf5Reader& file, std::size_t probe = 0);

// The mean over all positions, or one of them; of several thicknesses the last, of a series of
// probes that of the view.
ImagePanel mean_pattern_panel(const Hdf5Reader& file, const std::string& dataset,
                              const PatternView& view);
ImagePanel pattern_panel(const Hdf5Reader& file, const std::string& dataset, const ScanIndex& at,
                         const PatternView& view);
// Rows and columns of the scan of a patterns dataset.
ScanIndex scan_size(const Hdf5Reader& file, const std::string& dataset);

// Of a file with /match: the motif map, and -log10 of the p-value of the best motif.
ImagePanel motif_panel(const Hdf5Reader& file);
ImagePanel significance_panel(const Hdf5Reader& file);
// The probability that there is a motif; without values where the file has none.
ImagePanel posterior_panel(const Hdf5Reader& file);

// A measured pattern and the template that fits it best, turned as it fits.
struct MatchPair {
  ImagePanel measured, library;
  ImagePanel difference;   // empty in older files; limits are the measured pattern's own contrast
  double unexplained = 1;  // share of the square of that contrast which the template leaves
  std::string motif;
  bool accepted = false;
  double p_value = 1, score = 0;
  ScanIndex at{};
};
std::vector<MatchPair> match_pairs(const Hdf5Reader& file, const PatternView& view);

// The first templates of every motif of a library file.
std::vector<ImagePanel> template_panels(const Hdf5Reader& file, std::size_t most,
                                        const PatternView& view);

// Any numeric dataset: a curve, an image, or the planes that `at` selects along the leading axes.
std::vector<Panel> dataset_panels(const Hdf5Reader& file, const std::string& dataset,
                                  const std::optional<ScanIndex>& at, const PatternView& view);

}  // namespace vitrobeam
