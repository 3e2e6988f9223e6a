// Motif libraries.
#include <cstdint>

#include "io/library_file.hpp"
#include "tests/fuzz/fuzz_file.hpp"

using namespace vitrobeam;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (fuzz::is_endless_heap(bytes)) return 0;
  const std::string path = folder.save("a.h5", bytes);
  fuzz::must_read_or_refuse([&] { read_library(path); });
  return 0;
}
