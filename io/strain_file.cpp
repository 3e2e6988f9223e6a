#include "io/strain_file.hpp"

#include "io/result_file.hpp"

namespace vitrobeam {

void write_strain(Hdf5Writer& file, const StrainResult& r) {
  for (std::size_t k = 0; k < 3; ++k) {
    write_map(file, std::string("/strain/") + kStrainNames[k], r.strain[k], "1");
    write_map(file, std::string("/strain/") + kStrainNames[k] + "_error", r.error[k], "1");
  }
  write_map(file, "/strain/dilatation", r.strain[0] + r.strain[1], "1");
  write_map(file, "/strain/amplitude", r.amplitude, "of the reference ring");
  write_map(file, "/strain/centre_x", r.centre_x, "1/Angstrom");
  write_map(file, "/strain/centre_y", r.centre_y, "1/Angstrom");
  file.write("/strain/status", r.status);
  file.attribute("/strain/status", "description",
                 "0 fitted, 1 unusable pattern, 2 the fit did not settle");
  file.write("/strain/reference/q", r.q);
  file.attribute("/strain/reference/q", "units", "1/Angstrom");
  file.write("/strain/reference/profile", r.profile);
  file.attribute("/strain", "ring_q", r.ring_q);
  for (int h = 0; h < 3; ++h)
    file.attribute("/strain", fmt::format("noise_of_harmonic_{}", h),
                   r.noise.harmonic[std::size_t(h)]);
}

double strain_bytes(std::size_t positions) {
  constexpr std::size_t kMaps = 10;  // of real numbers; and one of the status
  return double(positions) * double(kMaps * sizeof(double) + 1);
}

}  // namespace vitrobeam
