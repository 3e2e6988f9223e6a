// Values of a result file in the shape that a picture of them counts on; else Error{input} naming
// the file and the dataset.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "io/hdf5.hpp"
#include "pictures/picture.hpp"

namespace vitrobeam {

// Entry `value` of a list of `count`, as an index that is used for another list.
std::size_t checked_index(const Hdf5Reader& file, const std::string& path, double value,
                          std::size_t count);

// All values, as many as `count`.
std::vector<double> read_list(const Hdf5Reader& file, const std::string& path, std::size_t count);

// The lengths of a dataset's axes, `rank` of them, none of length 0.
Shape checked_shape(const Hdf5Reader& file, const std::string& path, std::size_t rank);
void check_shape(const Hdf5Reader& file, const std::string& path, const Shape& expected);

// All values of exactly these lengths of axes.
template <typename T>
Stack<T> read_shaped(const Hdf5Reader& file, const std::string& path, const Shape& expected) {
  check_shape(file, path, expected);
  return file.read<T>(path);
}

// The first plane of a dataset of two or more axes.
template <typename T>
Plane<T> read_plane(const Hdf5Reader& file, const std::string& path) {
  const Shape shape = file.info(path).shape;
  if (shape.size() < 2 || Stack<T>::count(shape) == 0)
    fail(Fault::input, "{}: {} has the shape ({}), an image was expected", file.path(), path,
         fmt::join(shape, ", "));
  return file.read<T>(path).plane(0);
}

// Every curve has a height, and an error if it has any, at each of its places.
void check_curves(const Hdf5Reader& file, const Panel& panel);

}  // namespace vitrobeam
