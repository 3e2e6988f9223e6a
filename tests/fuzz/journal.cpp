// Journals of interrupted runs. One of another run is an error of use.
#include <cstdint>

#include "runtime/journal.hpp"
#include "tests/fuzz/fuzz_file.hpp"

using namespace vitrobeam;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const std::string path =
      folder.save("a.journal", std::string(reinterpret_cast<const char*>(data), size));
  fuzz::must_read_or_refuse(
      [&] {
        const Journal journal(path, "run", false);
        for (std::uint64_t k = 0; k < 4; ++k)
          if (journal.has(k)) journal.read(k);
      },
      Fault::usage);
  return 0;
}
