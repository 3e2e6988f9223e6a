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
  constexpr int kSide = 16;
  static const Configurations configurations = [] {
    Configurations c;
    c.atoms.cell = Cell::orthogonal(4, 4, 8);
    return c;
  }();
  static const SimulationSettings settings = [] {
    SimulationSettings s;
    s.nx = s.ny = kSide;
    s.potential.oversampling = 1;
    return s;
  }();
  fuzz::must_read_or_refuse([&] {
    check_potential(path, {}, configurations, settings);
    const StoredPotential<float> potential(path, 0);
    for (int s = 0; s < potential.slices(); ++s) {
      potential.field(s);
      if (potential.absorbs()) potential.absorbed_field(s);
      if (potential.has_transmission()) potential.transmission(s);
    }
  });
  return 0;
}
