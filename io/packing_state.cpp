#include "io/packing_state.hpp"

#include <charconv>

#include "base/error.hpp"
#include "io/structure_file.hpp"

namespace vitrobeam {
namespace {

double number_of(const Atoms& atoms, const std::string& name, const std::string& path) {
  const auto found = atoms.info.find(name);
  if (found == atoms.info.end()) fail(Fault::input, "{}: holds no {}", path, name);
  const std::string& text = found->second;
  double value = 0;
  if (const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      error != std::errc() || end != text.data() + text.size())
    fail(Fault::input, "{}: {} '{}' is no number", path, name, text);
  return value;
}

const std::vector<double>& values_of(const Atoms& atoms, const std::string& name, int columns,
                                     const std::string& path) {
  const auto found = atoms.labels.find(name);
  if (found == atoms.labels.end() || found->second.columns != columns ||
      !std::holds_alternative<std::vector<double>>(found->second.values))
    fail(Fault::input, "{}: holds no {}; a state that `model hard-spheres` kept is expected", path,
         name);
  return std::get<std::vector<double>>(found->second.values);
}

}  // namespace

void write_packing_state(const HardSpheres& spheres, const std::vector<int>& numbers,
                         std::uint64_t seed, const std::string& path) {
  Atoms atoms = atoms_of(spheres, numbers, 1);
  const auto label = [&](const std::vector<Vector3d>& vectors) {
    std::vector<double> values;
    for (const Vector3d& v : vectors) values.insert(values.end(), v.begin(), v.end());
    return Label{3, std::move(values)};
  };
  atoms.labels["state_position"] = label(spheres.positions);
  atoms.labels["state_velocity"] = label(spheres.velocities);
  atoms.labels["state_size"].values = spheres.sizes;
  atoms.info["state_diameter"] = fmt::format("{}", spheres.diameter);
  atoms.info["state_collisions"] = fmt::format("{}", spheres.collisions);
  atoms.info["seed"] = std::to_string(seed);
  write_extxyz(atoms, path);
}

HardSpheres read_packing_state(const std::string& path, const SphereSizes& sizes,
                               std::uint64_t seed) {
  const Atoms atoms = read_structure(path);
  HardSpheres s;
  s.box = atoms.cell.vectors.diagonal();
  const auto &r = values_of(atoms, "state_position", 3, path),
             &v = values_of(atoms, "state_velocity", 3, path);
  s.sizes = values_of(atoms, "state_size", 1, path);
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    s.positions.emplace_back(r[3 * i], r[3 * i + 1], r[3 * i + 2]);
    s.velocities.emplace_back(v[3 * i], v[3 * i + 1], v[3 * i + 2]);
  }
  s.diameter = number_of(atoms, "state_diameter", path);
  s.collisions = number_of(atoms, "state_collisions", path);
  const auto seed_there = atoms.info.find("seed");
  if (atoms.numbers != sizes.numbers || s.sizes != sizes.relative ||
      seed_there == atoms.info.end() || seed_there->second != std::to_string(seed))
    fail(Fault::usage,
         "{} is the state of another packing (atoms, composition, polydispersity or seed differ); "
         "give the same options, or @force to start anew",
         path);
  return s;
}

}  // namespace vitrobeam
