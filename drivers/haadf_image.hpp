// An image by an annular detector as the command line names it, with the options that say what its
// file does not.
#pragma once
#include <optional>
#include <string>

#include "maps/haadf_image.hpp"
#include "options/settings.hpp"

namespace vitrobeam {

struct ImageSettings {
  std::string detector, raw;
  std::optional<double> energy, semiangle, thickness, step;
  ImageScale scale;
};
// The section "Image".
void add_image_options(Settings& settings, ImageSettings& s);

// A result file of `simulate` (--detector NAME where it has several), or an image of any format, or
// one dataset as file.h5:/path. Error{input} where there is no such image.
HaadfImage read_image(const std::string& specification, const ImageSettings& s);

// A map of the shape of an image: "file.h5:/path" or an image file; Error{input} names `option`.
PlaneD read_map(const std::string& specification, Eigen::Index rows, Eigen::Index columns,
                const std::string& option);

}  // namespace vitrobeam
