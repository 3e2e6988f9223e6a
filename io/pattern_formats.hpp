// The readers of pattern files, one per format; io/pattern_frames.cpp has the table. Facts about
// the formats: documentation and sources of RosettaSciIO and LiberTEM, and the files themselves.
#pragma once
#include <filesystem>

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
PatternFrames open_zarr_frames(const std::string& path, const FrameOptions& options);
PatternFrames open_raw_frames(const std::string& path, const FrameOptions& options);

// Frames that follow one another in a file: `header` bytes, the samples of one frame, `trailer`
// bytes, from `offset` on.
struct FrameLayout {
  std::uint64_t offset = 0;
  std::size_t rows = 0, columns = 0, header = 0, trailer = 0;
  SampleType type = SampleType::uint8;
  bool big_endian = false, bottom_row_first = false;
  std::string mark;  // with which the header of every frame begins
  // Columns of a scan row and frames recorded while the beam flies back, which are passed over.
  std::size_t scan_columns = 0, fly_back = 0;

  std::size_t frame_bytes() const { return header + rows * columns * sample_bytes(type) + trailer; }
};
using FrameReader = std::function<std::vector<float>(std::size_t, std::size_t)>;
FrameReader frame_reader(const std::string& path, const FrameLayout& layout);

// What a file states about its frames, beside what its size says.
struct StatedFrames {
  std::optional<std::size_t> count;
  std::optional<std::pair<std::size_t, std::size_t>> raster;  // columns, rows
  std::string by;                                             // what states it: ".hdr", "header"
  bool flies_back = false;  // the camera may record one more frame at the end of every scan row
};

// Shape, reader and notes of such frames. Error{input} where the layout has no sense, where frames
// and raster contradict each other, and where the file holds none.
PatternFrames frames_of(const std::string& path, FrameLayout layout, const StatedFrames& stated,
                        const FrameOptions& options);

// [scan rows, scan columns, rows, columns] of `frames` frames: the user's raster, or the file's
// {columns, rows}, else a list [frames, rows, columns]. Error{input} if the raster does not hold as
// many.
Shape frames_shape(const std::string& path, std::size_t frames, std::size_t rows,
                   std::size_t columns, const FrameOptions& options,
                   std::optional<std::pair<std::size_t, std::size_t>> stated = {});

// The text of a small file beside the patterns (.hdr, .xml, _info.txt); empty if there is none.
std::string companion_text(const std::filesystem::path& path);

}  // namespace vitrobeam
