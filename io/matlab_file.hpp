// MATLAB .mat files of level 5 (The MathWorks, "MAT-File Format"): variables by name, numeric
// arrays as they are stored. Level 7.3 is HDF5 (io/hdf5.hpp).
#pragma once
#include <string>
#include <vector>

#include "io/binary_file.hpp"

namespace vitrobeam {

struct MatlabVariable {
  std::string name;
  std::vector<std::size_t> shape;  // as MATLAB says it; the first axis runs fastest
  bool is_numeric = false, is_complex = false;
  SampleType type = SampleType::float64;  // that MATLAB gives it; stored it may be smaller
  std::uint64_t offset = 0, size = 0;     // of its element in the file
  bool is_packed = false;
};

// Numbers of a variable as they are stored.
struct MatlabValues {
  SampleType type = SampleType::float64;
  bool big_endian = false;
  std::string bytes;  // a whole array of the variable's shape
};

class MatlabFile {
 public:
  explicit MatlabFile(const std::string& path);  // Error{input} if it is none of level 5
  const std::vector<MatlabVariable>& variables() const { return variables_; }
  // Error{input} if it holds no real numbers or its values do not fill its shape.
  MatlabValues values(const MatlabVariable& variable);

 private:
  BinaryFile file_;
  bool big_endian_ = false;
  std::vector<MatlabVariable> variables_;
};

}  // namespace vitrobeam
