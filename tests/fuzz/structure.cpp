// Atomic models: FUZZ_NAME is the name of the file, by which some formats are recognised.
#include <cstdint>

#include "io/structure_file.hpp"
#include "tests/fuzz/fuzz_file.hpp"

using namespace vitrobeam;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (fuzz::is_endless_heap(bytes)) return 0;
  const std::string path = folder.save(FUZZ_NAME, bytes);
  // what a file leaves open is asked for as an option
  fuzz::must_read_or_refuse([&] { read_structure(path); }, Fault::usage);
  return 0;
}
