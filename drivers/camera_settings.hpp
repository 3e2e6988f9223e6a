// The camera's parameters, which `camera` and `simulate` share.
#pragma once
#include <string>

#include "options/settings.hpp"
#include "patterns/camera.hpp"

namespace vitrobeam {

struct CameraSettings {
  Camera camera;  // dose, dqe, gain, readout noise, saturation
  std::string mtf, beam_stop, ellipticity, descan, drift;
};

void add_camera_options(Settings& settings, CameraSettings& s);
// Those of the noise alone that do not depend on the dose: dqe, camera-mtf, readout-noise.
void add_noise_options(Settings& settings, CameraSettings& s);

// The camera that the options mean for this wavelength (Angstrom); reads the table of the transfer
// function. Error{usage} or Error{input}.
Camera resolve_camera(const CameraSettings& s, double wavelength);

}  // namespace vitrobeam
