// Patterns in MATLAB .mat files (levels 5 and 7.3). MATLAB stores columns first: an array (rows,
// columns, n, m) holds n x m frames, the n running fastest.
#include <algorithm>
#include <memory>

#include "base/error.hpp"
#include "io/frames_hdf5.hpp"
#include "io/hdf5.hpp"
#include "io/matlab_file.hpp"
#include "io/pattern_formats.hpp"
#include "io/stated_size.hpp"

namespace vitrobeam {
namespace {

// A variable of either level, with MATLAB's shape.
struct Variable {
  std::string name;
  Shape shape;
  bool is_real = false;
};

bool may_hold_patterns(const Variable& v) {
  constexpr std::size_t kFewest = 8;  // pixels a side
  return v.is_real && v.shape.size() >= 2 && v.shape.size() <= 4 && v.shape[0] >= kFewest &&
         v.shape[1] >= kFewest;
}

// The variable that is asked for, else the largest that may hold patterns.
Variable choose(const std::vector<Variable>& all, const std::string& path, std::string wanted) {
  wanted.erase(0, wanted.find_first_not_of('/'));
  const Variable* best = nullptr;
  std::size_t most = 0;
  std::string as_large;
  std::string seen;
  for (const Variable& v : all) {
    seen += (seen.empty() ? "" : ", ") + v.name;
    const std::size_t count = stated_count(path, v.name, v.shape);
    if (best && wanted.empty() && may_hold_patterns(v) && count == most) as_large = v.name;
    if (wanted.empty() ? may_hold_patterns(v) && count > most : wanted == v.name) {
      best = &v;
      most = count;
      as_large.clear();
    }
  }
  if (!as_large.empty())
    fail(Fault::input, "{}: holds several arrays of {} values: {}, {}; name one as {}:/{}", path,
         most, best->name, as_large, path, best->name);
  constexpr std::size_t kShown = 400;
  if (!best)
    fail(Fault::input, "{}: {}; its variables are: {}", path,
         wanted.empty() ? "holds no array of patterns (rows, columns, n)"
                        : "holds no variable '" + wanted + "'",
         seen.empty() ? "none" : seen.substr(0, kShown));
  if (!may_hold_patterns(*best))
    fail(Fault::input, "{}: '{}' is no array of patterns (rows, columns, n)", path, best->name);
  return *best;
}

std::vector<Variable> variables_of(MatlabFile& file) {
  std::vector<Variable> out;
  for (const auto& v : file.variables())
    out.push_back({v.name, v.shape, v.is_numeric && !v.is_complex});
  return out;
}

// HDF5, whose axes are MATLAB's in the opposite order; variables have an attribute MATLAB_class.
std::vector<Variable> variables_of(const Hdf5Reader& file) {
  std::vector<Variable> out;
  for (const auto& name : file.children("/")) {
    const std::string at = "/" + name;
    if (!file.is_dataset(at) || !file.has_attribute(at, "MATLAB_class")) continue;
    const DatasetInfo info = file.info(at);
    const AttributeValue stated = file.attribute(at, "MATLAB_class");
    const auto* kind = std::get_if<std::string>(&stated);
    const bool is_text = kind && *kind == "char";
    out.push_back(
        {name, {info.shape.rbegin(), info.shape.rend()}, is_number(info.type) && !is_text});
  }
  return out;
}

bool is_level_73(const std::string& path) { return first_bytes(path, 10) == "MATLAB 7.3"; }

// Frames stored column by column, row by row.
std::vector<float> rows_first(const std::vector<float>& by_columns, std::size_t rows,
                              std::size_t columns) {
  const std::size_t size = rows * columns;
  std::vector<float> by_rows(by_columns.size());
  for (std::size_t k = 0; k < by_columns.size(); k += size)
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        by_rows[k + r * columns + c] = by_columns[k + c * rows + r];
  return by_rows;
}

PatternFrames frames_of_variable(const std::string& path, const Variable& v,
                                 const FrameOptions& options) {
  PatternFrames f;
  f.format = "MATLAB";
  f.dataset = "/" + v.name;
  const std::size_t rows = v.shape[0], columns = v.shape[1];
  std::optional<std::pair<std::size_t, std::size_t>> raster;
  if (v.shape.size() == 4) raster = std::pair{v.shape[2], v.shape[3]};
  const std::size_t frames = stated_count(path, v.name, v.shape) / (rows * columns);
  f.shape = frames_shape(path, frames, rows, columns, options, raster);
  return f;
}

PatternFrames open_level_5(const std::string& path, const FrameOptions& options) {
  MatlabFile file(path);
  const Variable chosen = choose(variables_of(file), path, options.dataset);
  PatternFrames f = frames_of_variable(path, chosen, options);
  const auto variable = *std::find_if(
      file.variables().begin(), file.variables().end(),
      [&](const auto& v) { return v.name == chosen.name && v.shape == chosen.shape; });
  const auto values = std::make_shared<const MatlabValues>(file.values(variable));
  f.largest = largest_value(variable.type);
  f.read = [values, rows = chosen.shape[0], columns = chosen.shape[1]](std::size_t first,
                                                                       std::size_t count) {
    const std::size_t size = rows * columns;
    return rows_first(to_float(values->bytes.data() + first * size * sample_bytes(values->type),
                               count * size, values->type, values->big_endian),
                      rows, columns);
  };
  return f;
}

PatternFrames open_level_73(const std::string& path, const FrameOptions& options) {
  const auto file = std::make_shared<Hdf5Reader>(path, options.follow_links);
  const Variable chosen = choose(variables_of(*file), path, options.dataset);
  PatternFrames f = frames_of_variable(path, chosen, options);
  f.largest = largest_value_of(file->info(f.dataset).type);
  const Shape stored(chosen.shape.rbegin(), chosen.shape.rend());
  f.read = [read = reader_of_array(file, f.dataset, stored), rows = chosen.shape[0],
            columns = chosen.shape[1]](std::size_t first, std::size_t count) {
    return rows_first(read(first, count), rows, columns);
  };
  return f;
}

}  // namespace

PatternFrames open_matlab_frames(const std::string& path, const FrameOptions& options) {
  return is_level_73(path) ? open_level_73(path, options) : open_level_5(path, options);
}

bool has_matlab_patterns(const std::string& path) {
  std::vector<Variable> all;
  if (is_level_73(path)) {
    all = variables_of(Hdf5Reader(path));
  } else {
    MatlabFile file(path);
    all = variables_of(file);
  }
  return std::any_of(all.begin(), all.end(), may_hold_patterns);
}

}  // namespace vitrobeam
