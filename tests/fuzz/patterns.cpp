// Pattern files: FUZZ_NAME is the name of the file, FUZZ_BESIDE that of a second file (.hdr, .raw).
#include <cstdint>

#include "io/pattern_frames.hpp"
#include "tests/fuzz/fuzz_file.hpp"

using namespace vitrobeam;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (fuzz::is_endless_heap(bytes)) return 0;
#ifdef FUZZ_BESIDE
  const std::string first = fuzz::cut_part(bytes);
  folder.save(FUZZ_BESIDE, bytes);
  const std::string path = folder.save(FUZZ_NAME, first);
#else
  const std::string path = folder.save(FUZZ_NAME, bytes);
#endif
  fuzz::must_read_or_refuse([&] {
    const PatternFrames frames = open_frames(path, {});
    std::size_t count = 1;
    for (std::size_t k = 0; k + 2 < frames.shape.size(); ++k) count *= frames.shape[k];
    const std::size_t pixels = frames.shape.back() * frames.shape[frames.shape.size() - 2];
    for (const std::size_t at : {std::size_t(0), count / 2, count - 1})
      if (frames.read(at, 1).size() != pixels) std::abort();
  });
  return 0;
}
