// MATLAB .mat files (levels 4 and 5) through matio. MATLAB stores columns first: an array (rows,
// columns, n, m) holds n x m frames, the n running fastest.
#include <matio.h>

#include <algorithm>
#include <memory>

#include "base/error.hpp"
#include "io/pattern_formats.hpp"

namespace vitrobeam {
namespace {

SampleType class_type(matio_classes kind) {
  switch (kind) {
    case MAT_C_UINT8:
      return SampleType::uint8;
    case MAT_C_INT8:
      return SampleType::int8;
    case MAT_C_UINT16:
      return SampleType::uint16;
    case MAT_C_INT16:
      return SampleType::int16;
    case MAT_C_UINT32:
      return SampleType::uint32;
    case MAT_C_INT32:
      return SampleType::int32;
    case MAT_C_UINT64:
      return SampleType::uint64;
    case MAT_C_INT64:
      return SampleType::int64;
    case MAT_C_SINGLE:
      return SampleType::float32;
    default:
      return SampleType::float64;
  }
}

bool holds_patterns(const matvar_t& v) {
  return !v.isComplex && v.class_type >= MAT_C_DOUBLE && v.class_type <= MAT_C_UINT64 &&
         v.rank >= 2 && v.rank <= 4 && v.dims[0] >= 8 && v.dims[1] >= 8;
}

std::size_t elements(const matvar_t& v) {
  std::size_t n = 1;
  for (int k = 0; k < v.rank; ++k) n *= v.dims[k];
  return n;
}

using MatFile = std::unique_ptr<mat_t, decltype([](mat_t* m) { Mat_Close(m); })>;
using MatVariable = std::unique_ptr<matvar_t, decltype([](matvar_t* v) { Mat_VarFree(v); })>;

// The variable that is asked for, else the largest that may hold patterns.
std::string choose(mat_t* file, const std::string& path, const std::string& wanted) {
  std::string best, seen;
  std::size_t most = 0;
  while (const MatVariable v{Mat_VarReadNextInfo(file)}) {
    if (!v->name) continue;
    seen += (seen.empty() ? "" : ", ") + std::string(v->name);
    if (wanted.empty() ? holds_patterns(*v) && elements(*v) > most : wanted == v->name) {
      best = v->name;
      most = elements(*v);
    }
  }
  if (best.empty())
    fail(Fault::input, "{}: {}; its variables are: {}", path,
         wanted.empty() ? "holds no array of patterns (rows, columns, n)"
                        : "holds no variable '" + wanted + "'",
         seen.empty() ? "none" : seen);
  Mat_Rewind(file);
  return best;
}

}  // namespace

PatternFrames open_matlab_frames(const std::string& path, const FrameOptions& options) {
  const MatFile file(Mat_Open(path.c_str(), MAT_ACC_RDONLY));
  if (!file) fail(Fault::input, "{}: damaged MATLAB file", path);
  std::string wanted = options.dataset;
  wanted.erase(0, wanted.find_first_not_of('/'));
  const std::string name = choose(file.get(), path, wanted);
  const std::shared_ptr<matvar_t> v(Mat_VarRead(file.get(), name.c_str()),
                                    [](matvar_t* m) { Mat_VarFree(m); });
  if (!v || !v->data || !holds_patterns(*v))
    fail(Fault::input, "{}: '{}' is no readable array of patterns (rows, columns, n)", path, name);
  const SampleType type = class_type(v->class_type);  // of the numbers in memory
  if (sample_bytes(type) != std::size_t(v->data_size))
    fail(Fault::input, "{}: '{}' is stored in a way that is not supported", path, name);

  PatternFrames f;
  f.format = "MATLAB";
  f.dataset = "/" + name;
  const std::size_t rows = v->dims[0], columns = v->dims[1],
                    frames = elements(*v) / (rows * columns);
  std::optional<std::pair<std::size_t, std::size_t>> raster;
  if (v->rank == 4) raster = std::pair{v->dims[2], v->dims[3]};
  f.shape = frames_shape(path, frames, rows, columns, options, raster);
  f.read = [v, type, rows, columns](std::size_t first, std::size_t count) {
    const std::size_t size = rows * columns;
    const char* data = static_cast<const char*>(v->data) + first * size * sample_bytes(type);
    const auto by_columns =
        to_float(data, count * size, type, std::endian::native == std::endian::big);
    std::vector<float> by_rows(count * size);
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c)
          by_rows[k * size + r * columns + c] = by_columns[k * size + c * rows + r];
    return by_rows;
  };
  return f;
}

}  // namespace vitrobeam
