// NumPy .npy arrays of patterns: [row, column], [n, row, column] or [y, x, row, column].
#include "base/counted.hpp"
#include "base/error.hpp"
#include "io/npy.hpp"
#include "io/pattern_formats.hpp"
#include "io/stated_size.hpp"

namespace vitrobeam {
namespace {

// Of an array in Fortran order, which is turned in memory.
FrameReader reader_in_memory(const std::string& path, std::size_t size) {
  auto array = std::make_shared<Stack<float>>(read_npy(path));
  return [array, size](std::size_t first, std::size_t count) {
    const float* from = array->values.data() + first * size;
    return std::vector<float>(from, from + count * size);
  };
}

}  // namespace

PatternFrames open_npy_frames(const std::string& path, const FrameOptions& options) {
  BinaryFile file(path);
  const NpyArray array = open_npy(file);
  const std::size_t rank = array.shape.size();
  if (rank < 2 || rank > 4)
    fail(Fault::input,
         "{}: an array of {} axes; patterns are [row, column], [n, row, column] or "
         "[y, x, row, column]",
         path, rank);
  FrameLayout layout;
  layout.offset = array.offset;
  layout.rows = array.shape[rank - 2];
  layout.columns = array.shape[rank - 1];
  layout.type = array.type;
  layout.big_endian = array.big_endian;
  check_image_size(path, layout.rows, layout.columns);
  PatternFrames f;
  f.shape = array.shape;
  const std::size_t size = layout.rows * layout.columns,
                    frames = stated_count(path, "the array", array.shape) / size;
  if (options.scan) f.shape = frames_shape(path, frames, layout.rows, layout.columns, options);
  f.largest = largest_value(array.type);
  f.read = array.columns_first ? reader_in_memory(path, size) : frame_reader(path, layout);
  if (array.left_over > 0)
    f.notes.push_back(fmt::format("{}: {} behind the array left out", path,
                                  counted(array.left_over, "byte is", "bytes are")));
  return f;
}

}  // namespace vitrobeam
