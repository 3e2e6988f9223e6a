// The readers of pattern files, one per format; io/pattern_frames.cpp has the table. Facts about
// the formats: documentation and sources of RosettaSciIO and LiberTEM, and the files themselves.
#pragma once
#include "io/binary_file.hpp"
#include "io/pattern_frames.hpp"

namespace vitrobeam {

PatternFrames open_hdf5_frames(const std::string& path, const FrameOptions& options);
PatternFrames open_npy_frames(const std::string& path, const FrameOptions& options);
PatternFrames open_merlin_frames(const std::string& path, const FrameOptions& options);
PatternFrames open_blockfile_frames(const std::string& path, const FrameOptions& options);
PatternFrames open_empad_frames(const std::string& path, const FrameOptions& options);
PatternFrames open_dm_frames(const std::string& path, const FrameOptions& options);
PatternFrames open_mrc_frames(const std::string& path, const FrameOptions& options);
PatternFrames open_tiff_frames(const std::string& path, const FrameOptions& options);
PatternFrames open_matlab_frames(const std::string& path, const FrameOptions& options);
PatternFrames open_raw_frames(const std::string& path, const FrameOptions& options);

// Frames that follow one another in a file: `header` bytes, the samples of one frame, `trailer`
// bytes, from `offset` on.
struct FrameLayout {
  std::uint64_t offset = 0;
  std::size_t rows = 0, columns = 0, header = 0, trailer = 0;
  SampleType type = SampleType::uint8;
  bool big_endian = false, bottom_row_first = false;

  std::size_t frame_bytes() const { return header + rows * columns * sample_bytes(type) + trailer; }
  std::size_t frames_in(std::uint64_t file_size) const {
    return file_size < offset ? 0 : std::size_t((file_size - offset) / frame_bytes());
  }
};
using FrameReader = std::function<std::vector<float>(std::size_t, std::size_t)>;
FrameReader frame_reader(const std::string& path, const FrameLayout& layout);

// [scan rows, scan columns, rows, columns] of `frames` frames: the user's raster, or the file's
// {columns, rows}, else a list [frames, rows, columns]. Error{input} if the raster does not hold as
// many; a file that ends early keeps its whole scan rows.
Shape frames_shape(const std::string& path, std::size_t frames, std::size_t rows,
                   std::size_t columns, const FrameOptions& options,
                   std::optional<std::pair<std::size_t, std::size_t>> stated = {});

}  // namespace vitrobeam
