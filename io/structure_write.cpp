// Writes extended XYZ (every label a property, every info entry a key of the comment line) and
// Kirkland's xyz.
#include <algorithm>
#include <iterator>

#include "base/error.hpp"
#include "io/structure_file.hpp"
#include "io/whole_file.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

std::string quoted(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_of(" \t\"'={}\\,[]\n") == std::string::npos;
  if (plain) return text;
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + '"';
}

// A name that stands as a key or a property: blanks and the separators = : become underscores.
std::string as_key(std::string text) {
  for (char& c : text)
    if (std::strchr(" \t\n\"'=:{}", c)) c = '_';
  return text.empty() ? "_" : text;
}

char kind_of(const Label& label) { return "IRS"[label.values.index()]; }

std::string comment_line(const Atoms& atoms) {
  std::string out;
  const bool has_cell = !atoms.cell.vectors.isZero();
  if (has_cell) {
    out += "Lattice=\"";
    for (int i = 0; i < 9; ++i)
      fmt::format_to(std::back_inserter(out), "{}{}", i ? " " : "",
                     atoms.cell.vectors(i / 3, i % 3));
    out += "\" ";
  }
  out += "Properties=species:S:1:pos:R:3";
  for (const auto& [name, label] : atoms.labels)
    out += fmt::format(":{}:{}:{}", as_key(name), kind_of(label), label.columns);
  const auto& p = atoms.cell.periodic;
  const auto letter = [&](int k) { return has_cell && p[std::size_t(k)] ? 'T' : 'F'; };
  out += fmt::format(" pbc=\"{} {} {}\"", letter(0), letter(1), letter(2));
  for (const auto& [key, value] : atoms.info)
    out += fmt::format(" {}={}", as_key(key), quoted(value));
  return out;
}

void append_label(std::string& out, const Label& label, std::size_t atom) {
  const auto columns = std::size_t(label.columns);
  std::visit(
      [&](const auto& values) {
        for (std::size_t c = 0; c < columns; ++c) {
          using Value = typename std::decay_t<decltype(values)>::value_type;
          const Value& value = values[atom * columns + c];
          if constexpr (std::is_same_v<Value, std::string>)
            fmt::format_to(std::back_inserter(out), " {}", as_key(value));
          else
            fmt::format_to(std::back_inserter(out), " {}", value);
        }
      },
      label.values);
}

void append_frame(std::string& out, const Atoms& atoms) {
  fmt::format_to(std::back_inserter(out), "{}\n{}\n", atoms.size(), comment_line(atoms));
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const Vector3d& r = atoms.positions[i];
    fmt::format_to(std::back_inserter(out), "{:<2} {:15.10f} {:15.10f} {:15.10f}",
                   symbol(atoms.numbers[i]), r.x(), r.y(), r.z());
    for (const auto& entry : atoms.labels) append_label(out, entry.second, i);
    out += '\n';
  }
}

}  // namespace

void write_extxyz(const Atoms& atoms, const std::string& path) {
  write_extxyz(std::vector<Atoms>{atoms}, path);
}

void write_extxyz(const std::vector<Atoms>& frames, const std::string& path) {
  std::string out;
  for (const Atoms& atoms : frames) append_frame(out, atoms);
  write_text(path, out);
}

void write_kirkland_xyz(const Atoms& atoms, const std::string& path) {
  if (!atoms.cell.is_orthogonal())
    fail(Fault::physics,
         "{}: Kirkland's format holds orthogonal boxes only; cut one with vitrobeam model cut "
         "@from @to",
         path);
  const Vector3d l = atoms.cell.vectors.diagonal();
  const auto column = [&](const char* name) -> const std::vector<double>* {
    const auto found = atoms.labels.find(name);
    return found == atoms.labels.end() || found->second.columns != 1
               ? nullptr
               : std::get_if<std::vector<double>>(&found->second.values);
  };
  const auto *occupancy = column("occupancy"), *u_rms = column("u_rms");
  std::string out = fmt::format("vitrobeam: Z x y z occupancy u_rms, {} atoms\n{} {} {}\n",
                                atoms.size(), l.x(), l.y(), l.z());
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const Vector3d& r = atoms.positions[i];
    if (r.minCoeff() < 0 || ((r - l).array() > 0).any())
      fail(Fault::physics, "{}: atom {} at {:g}, {:g}, {:g} lies outside of the box", path, i + 1,
           r.x(), r.y(), r.z());
    fmt::format_to(std::back_inserter(out), "{:<3} {:15.10f} {:15.10f} {:15.10f} {} {}\n",
                   atoms.numbers[i], r.x(), r.y(), r.z(), occupancy ? (*occupancy)[i] : 1.0,
                   u_rms ? (*u_rms)[i] : 0.0);
  }
  write_text(path, out + "-1\n");
}

}  // namespace vitrobeam
