// Atoms in MATLAB files (levels 5 and 7.3): positions as 3 x N or N x 3 numbers in
// Angstrom, beside them N types or atomic numbers, as published atomic models come.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>

#include "io/hdf5.hpp"
#include "io/matlab_file.hpp"
#include "io/structure_formats.hpp"
#include "io/xyz_comment.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

struct Table {
  std::string name;
  std::size_t rows = 0, columns = 0;
  std::vector<double> values;  // column after column

  bool is_vector() const { return rows == 1 || columns == 1; }
  std::string shape() const { return fmt::format("{} ({} x {})", name, rows, columns); }
};

// Of [rows, columns]: a vector, or a matrix with three rows or columns.
bool may_be_table(const std::vector<std::size_t>& shape) {
  return shape.size() == 2 && shape[0] > 0 && shape[1] > 0 && (shape[0] <= 3 || shape[1] <= 3);
}

std::vector<Table> tables_of_level_5(const std::string& path) {
  MatlabFile file(path);
  std::vector<Table> out;
  for (const MatlabVariable& v : file.variables()) {
    if (!v.is_numeric || v.is_complex || !may_be_table(v.shape)) continue;
    const MatlabValues values = file.values(v);
    out.push_back(
        {v.name, v.shape[0], v.shape[1],
         to_double(values.bytes.data(), v.shape[0] * v.shape[1], values.type, values.big_endian)});
  }
  return out;
}

// HDF5, whose axes are MATLAB's in the opposite order, so that values come column after column.
std::vector<Table> tables_of_level_73(const std::string& path) {
  const Hdf5Reader file(path);
  std::vector<Table> out;
  for (const auto& name : file.children("/")) {
    const std::string at = "/" + name;
    if (!file.is_dataset(at) || !file.has_attribute(at, "MATLAB_class")) continue;
    const DatasetInfo info = file.info(at);
    const std::vector<std::size_t> shape(info.shape.rbegin(), info.shape.rend());
    if (is_number(info.type) && may_be_table(shape))
      out.push_back({name, shape[0], shape[1], file.read<double>(at).values});
  }
  return out;
}

// All small matrices of the file: vectors, and those with three rows or columns.
std::vector<Table> tables_of(const std::string& path) {
  return first_bytes(path, 10) == "MATLAB 7.3" ? tables_of_level_73(path) : tables_of_level_5(path);
}

bool are_whole_and_positive(const Table& t) {
  return std::all_of(t.values.begin(), t.values.end(),
                     [](double v) { return v >= 1 && v == std::floor(v); });
}

bool is_box(const Table& t) {
  const std::string name = lower_case(t.name);
  for (const char* word : {"cell", "box", "lattice"})
    if (name.find(word) != std::string::npos) return true;
  return false;
}

bool may_be_positions(const Table& t) {
  const std::size_t n = std::max(t.rows, t.columns);
  return std::min(t.rows, t.columns) == 3 && n > 3 && !is_box(t) && !are_whole_and_positive(t);
}

std::string names_of(const std::vector<Table>& tables) {
  std::string out;
  for (const Table& t : tables) out += (out.empty() ? "" : ", ") + t.shape();
  return out;
}

std::vector<Table> types_for(const std::vector<Table>& tables, std::size_t atoms) {
  std::vector<Table> out;
  for (const Table& t : tables)
    if (t.is_vector() && t.values.size() == atoms && are_whole_and_positive(t)) out.push_back(t);
  if (out.size() < 2) return out;
  std::vector<Table> named;  // by their names, where several fit
  for (const Table& t : out)
    for (const char* word : {"type", "species", "element", "atomic"})
      if (lower_case(t.name).find(word) != std::string::npos) {
        named.push_back(t);
        break;
      }
  return named.empty() ? out : named;
}

Table only_one(const std::vector<Table>& found, const char* what, const std::string& path) {
  if (found.size() == 1) return found[0];
  fail(Fault::input, "{}: several variables may be the {}: {}; keep one of them in the file", path,
       what, names_of(found));
}

std::vector<int> elements_for(const std::vector<Table>& tables, std::size_t atoms,
                              const TextReader& reader, const StructureReadOptions& options) {
  const auto types = types_for(tables, atoms);
  if (types.empty() && options.types.size() == 1) return std::vector<int>(atoms, options.types[0]);
  if (types.empty())
    fail(Fault::input,
         "{}: no variable holds the types of the {} atoms; if there is one element, give it with "
         "@types Cu",
         reader.name(), atoms);
  const Table table = only_one(types, "types", reader.name());
  const double largest = *std::max_element(table.values.begin(), table.values.end());
  constexpr double kMostTypes = 9;  // larger numbers are atomic numbers
  if (options.types.empty() && largest <= kMostTypes)
    fail(Fault::input,
         "{}: the variable {} holds types 1 to {:g}; name the elements, for example with "
         "@types Cu,Zr",
         reader.name(), table.name, largest);
  if (options.types.empty() && largest > kElements)
    fail(Fault::input, "{}: the variable {} holds {:g}, which is no atomic number", reader.name(),
         table.name, largest);
  std::vector<int> out;
  for (const double v : table.values)
    out.push_back(options.types.empty() ? int(v)
                                        : element_of_type(reader, options, std::int64_t(v)));
  return out;
}

// Three edges, or a matrix of them if it is diagonal.
void take_box(const std::vector<Table>& tables, const StructureReadOptions& options, Atoms& atoms) {
  for (const Table& t : tables) {
    if (!is_box(t)) continue;
    if (t.values.size() == 3 && *std::min_element(t.values.begin(), t.values.end()) > 0) {
      atoms.cell = Cell::orthogonal(t.values[0], t.values[1], t.values[2]);
      return;
    }
    const bool square = t.rows == 3 && t.columns == 3;
    Cell cell;
    if (square) cell.vectors = Eigen::Map<const Eigen::Matrix3d>(t.values.data()).transpose();
    if (square && cell.is_orthogonal()) {
      atoms.cell = cell;
      return;
    }
    note(options, "the variable {} is no box of three edges, and is not read", t.shape());
  }
}

std::vector<Table> positions_of(const std::vector<Table>& tables) {
  std::vector<Table> out;
  std::copy_if(tables.begin(), tables.end(), std::back_inserter(out), may_be_positions);
  return out;
}

}  // namespace

bool is_matlab_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char text[6] = {};
  file.read(text, 6);
  return file.gcount() == 6 && std::string_view(text, 6) == "MATLAB";
}

bool has_matlab_atoms(const std::string& path) {
  return is_matlab_file(path) && !positions_of(tables_of(path)).empty();
}

bool looks_like_matlab(TextReader reader) { return has_matlab_atoms(reader.name()); }

Atoms read_matlab(TextReader& reader, const FramePlace&, const StructureReadOptions& options) {
  const auto tables = tables_of(reader.name());
  const Table p = only_one(positions_of(tables), "positions", reader.name());
  const bool by_rows = p.columns == 3;
  const std::size_t n = by_rows ? p.rows : p.columns;
  const auto elements = elements_for(tables, n, reader, options);
  Atoms atoms;
  for (std::size_t i = 0; i < n; ++i) {
    Vector3d r;
    for (std::size_t k = 0; k < 3; ++k)
      r[int(k)] = by_rows ? p.values[k * n + i] : p.values[3 * i + k];
    if (!r.allFinite())
      fail(Fault::input, "{}: the position of atom {} in {} is no number", reader.name(), i + 1,
           p.name);
    atoms.add(elements[i], r);
  }
  take_box(tables, options, atoms);
  if (atoms.cell.vectors.isZero() && options.box) atoms.cell.vectors = options.box->asDiagonal();
  note(options, "{}: arrays of MATLAB have no unit; positions ({}) are taken as Angstrom",
       reader.name(), p.shape());
  return atoms;
}

}  // namespace vitrobeam
