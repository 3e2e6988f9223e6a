// One figure of any result or library file.
#pragma once
#include <string>
#include <vector>

#include "pictures/result_picture.hpp"

namespace vitrobeam {

struct FigureChoice {
  std::string dataset;        // the one to show; empty: whatever there is
  std::vector<ScanIndex> at;  // patterns at these positions
  bool mean = false;          // the mean pattern over all positions
};

// Error{input} where the file holds nothing of the kind.
Figure figure_of(const Hdf5Reader& file, const FigureChoice& choice, const PatternView& view);

}  // namespace vitrobeam
