// What the analyses leave in a file, as sections of pictures with a sentence each: shown by `plot`
// and `report` alike. A new result is one function and one line in the table of the .cpp.
#pragma once
#include <string>
#include <vector>

#include "io/hdf5.hpp"
#include "pictures/picture.hpp"

namespace vitrobeam {

struct ResultSection {
  std::string title;
  std::vector<Panel> panels;  // none: the file holds no such result
  std::string text;           // what is to be seen, and how to read it
};

// The sections that the file has something for, in the order of the table.
std::vector<ResultSection> result_sections(const Hdf5Reader& file);

// Of `structure`: curves, distributions over the atoms, the map of columns, Voronoi indices.
ResultSection structure_section(const Hdf5Reader& file);

// A map over the scan with its calibrated axes, its units as the quantity; values that are signed
// by nature are shown about 0.
ImagePanel map_panel(const Hdf5Reader& file, const std::string& path, const std::string& title,
                     bool is_signed = false);

}  // namespace vitrobeam
