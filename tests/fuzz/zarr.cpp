// A Zarr folder: metadata of the array, its attributes, one chunk.
#include <cstdint>

#include "io/pattern_frames.hpp"
#include "tests/fuzz/fuzz_file.hpp"

using namespace vitrobeam;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Folder folder;
  std::string rest(reinterpret_cast<const char*>(data), size);
  const std::string kind = fuzz::cut_part(rest), meta = fuzz::cut_part(rest),
                    attributes = fuzz::cut_part(rest);
  if (kind == "3\n") {
    folder.save("a.zarr/zarr.json", meta);
    folder.save("a.zarr/c/0/0/0", rest);
  } else {
    folder.save("a.zarr/.zarray", meta);
    folder.save("a.zarr/.zattrs", attributes);
    folder.save("a.zarr/0.0.0", rest);
  }
  fuzz::must_read_or_refuse([&] {
    const PatternFrames frames = open_frames(folder / "a.zarr", {});
    frames.read(0, 1);
  });
  return 0;
}
