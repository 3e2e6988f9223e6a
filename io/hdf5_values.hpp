// Values of an HDF5 file that must be there: Error{input} names the dataset where they are not.
#pragma once
#include "base/error.hpp"
#include "io/hdf5.hpp"

namespace vitrobeam {

inline void check_count(const Hdf5Reader& file, const std::string& path, std::size_t count,
                        std::size_t needed) {
  if (count < needed)
    fail(Fault::input, "{}: {} holds {} values, {} are expected", file.path(), path, count, needed);
}

// The first one.
inline double number_at(const Hdf5Reader& file, const std::string& path) {
  const auto values = file.read<double>(path);
  check_count(file, path, values.size(), 1);
  return values.values[0];
}
inline std::string text_at(const Hdf5Reader& file, const std::string& path) {
  const auto texts = file.read_strings(path);
  check_count(file, path, texts.size(), 1);
  return texts[0];
}

}  // namespace vitrobeam
