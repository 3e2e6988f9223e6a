// Stored potentials.
#include <cstdint>

#include "io/potential_file.hpp"
#include "tests/fuzz/fuzz_file.hpp"

using namespace vitrobeam;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (fuzz::is_endless_heap(bytes)) return 0;
  const std::string path = folder.save("a.h5", bytes);
  constexpr int kSide = 16, kSlices = 4;
  static const Grid grid{kSide, kSide, 4.0, 4.0};
  static const BandTransform<float> transform(grid);
  fuzz::must_read_or_refuse([&] {
    check_potential(path, {}, {1, kSlices, kSide, kSide, false});
    const StoredPotential<float> potential(path, 0);
    for (int s = 0; s < potential.slices(); ++s)
      potential.rows(transform, s, [](int, const Lanes<float>*) {});
  });
  return 0;
}
