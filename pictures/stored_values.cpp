#include "pictures/stored_values.hpp"

#include <algorithm>
#include <cmath>

namespace vitrobeam {

std::size_t checked_index(const Hdf5Reader& file, const std::string& path, double value,
                          std::size_t count) {
  if (!(value >= 0 && value < double(count)) || value != std::floor(value))
    fail(Fault::input,
         "{}: {} holds the index {}, where there are {} to count from 0; the file is damaged",
         file.path(), path, value, count);
  return std::size_t(value);
}

std::vector<double> read_list(const Hdf5Reader& file, const std::string& path, std::size_t count) {
  auto values = file.read<double>(path).values;
  if (values.size() != count)
    fail(Fault::input, "{}: {} holds {} values, {} were expected; the file is damaged", file.path(),
         path, values.size(), count);
  return values;
}

Shape checked_shape(const Hdf5Reader& file, const std::string& path, std::size_t rank) {
  const Shape shape = file.info(path).shape;
  if (shape.size() != rank || std::count(shape.begin(), shape.end(), 0u) > 0)
    fail(Fault::input, "{}: {} has the shape ({}), {} axes were expected, none of them empty",
         file.path(), path, fmt::join(shape, ", "), rank);
  return shape;
}

void check_shape(const Hdf5Reader& file, const std::string& path, const Shape& expected) {
  if (const Shape shape = file.info(path).shape; shape != expected)
    fail(Fault::input, "{}: {} has the shape ({}), ({}) was expected; the file is damaged",
         file.path(), path, fmt::join(shape, ", "), fmt::join(expected, ", "));
}

void check_curves(const Hdf5Reader& file, const Panel& panel) {
  const auto* lines = std::get_if<LinePanel>(&panel);
  if (!lines) return;
  for (const Curve& c : lines->curves) {
    const auto fits = [&](std::size_t n) { return n == 0 || n >= c.x.size(); };
    if (c.y.size() < c.x.size() || !fits(c.error.size()) || !fits(c.above.size()))
      fail(Fault::input,
           "{}: the curve '{} {}' has {} places, {} heights and {} errors; the file is damaged",
           file.path(), lines->title, c.label, c.x.size(), c.y.size(), c.error.size());
  }
}

}  // namespace vitrobeam
