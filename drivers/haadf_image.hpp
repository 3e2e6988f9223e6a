// An image by an annular detector, simulated or measured, with what is known of its beam.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/array.hpp"
#include "drivers/settings.hpp"

namespace vitrobeam {

struct ImageSettings {
  std::string detector, raw;
  std::optional<double> energy, semiangle, thickness, step, incident, gain;
  double dark = 0, dose = 0;
};
// The section "Image".
void add_image_options(Settings& settings, ImageSettings& s);

struct HaadfImage {
  std::string file, name;  // of the detector; "image" of a measured one
  PlaneD intensity;        // fraction of the incident beam where `is_fraction`
  PlaneD variance;         // of it, by counting and thermal sampling; empty: not known
  bool is_fraction = false;
  bool is_result = false;    // of this program: scan axes in the model's coordinates
  std::vector<double> y, x;  // Angstrom; empty: unknown
  std::optional<double> inner_mrad, outer_mrad, energy_kV, semiangle_mrad, thickness;
  double defocus = 0;
  std::optional<double> step() const;  // of square positions, Angstrom
};

// A result file of `simulate` (--detector NAME where it has several), or an image of any format, or
// one dataset as file.h5:/path. Error{input} where there is no such image.
HaadfImage read_image(const std::string& specification, const ImageSettings& s);

// A map of the shape of an image: "file.h5:/path" or an image file; Error{input} names `option`.
PlaneD read_map(const std::string& specification, Eigen::Index rows, Eigen::Index columns,
                const std::string& option);

// Means over square neighbourhoods of `edge` positions (odd) of what is known; and how many known
// positions each is the mean of.
PlaneD neighbourhood_mean(const PlaneD& map, int edge, PlaneD* counts = nullptr);

}  // namespace vitrobeam
