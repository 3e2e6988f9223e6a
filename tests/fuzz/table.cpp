// Tables that a user gives: embedded-atom potentials, scattering factors, pairs of numbers.
#include <cstdint>

#include "io/factor_table.hpp"
#include "io/setfl.hpp"
#include "io/text_reader.hpp"
#include "tests/fuzz/fuzz_file.hpp"

using namespace vitrobeam;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const std::string path =
      folder.save("a.txt", std::string(reinterpret_cast<const char*>(data), size));
  fuzz::must_read_or_refuse([&] { read_setfl(path); });
  fuzz::must_read_or_refuse([&] { read_factor_table(path); });
  fuzz::must_read_or_refuse([&] { read_number_pairs(path, "x y"); });
  return 0;
}
