// The configurations that a result is averaged over: displaced atoms, frames of a trajectory, draws
// of partly occupied sites.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>

#include "models/atoms.hpp"
#include "models/thermal.hpp"

namespace vitrobeam {

struct Configuration {
  Atoms atoms;                               // those that are there
  std::vector<Vector3d> displacements = {};  // one per atom, Angstrom; empty: at rest
};

struct Configurations {
  Atoms atoms;    // the model; with a label `occupancy`, sites may be empty (models/occupancy.hpp)
  int count = 0;  // 0: one run at rest
  std::uint64_t seed = 0;
  std::optional<ThermalMotion> motion = {};  // none: at rest, or as the frames say
  // Of `number` from 1, in the model's cell; empty: `atoms` in every configuration.
  std::function<Atoms(int number)> frame = {};

  // Of `number` from 1; depends on (seed, number, atom) only. 0: at rest, with vacancies as of 1.
  // Error{input} as labels and frames.
  Configuration operator()(int number) const;
  bool has_vacancies() const;  // sites that are partly occupied
  int runs() const { return count > 0 ? count : 1; }
};

}  // namespace vitrobeam
