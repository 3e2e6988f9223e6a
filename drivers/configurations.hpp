// What the configurations of a run are: displaced atoms, frames of a trajectory, draws of partly
// occupied sites.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "drivers/simulate_settings.hpp"
#include "models/thermal.hpp"

namespace vitrobeam {

struct Configuration {
  Atoms atoms;                          // those that are there
  std::vector<Vector3d> displacements;  // one per atom; empty: at rest
};

class Configurations {
 public:
  // `atoms` is the model as it was read, `input` its file. Settings that exclude each other are
  // refused: Error{usage}. Labels that make no sense are Error{input}.
  Configurations(const SimulateSettings& s, const Atoms& atoms, const std::string& input);

  int count() const { return count_; }               // 0: one run at rest
  bool has_vacancies() const { return vacancies_; }  // sites that are partly occupied
  // Of `number` from 1; depends on (seed, number, atom) only. 0: at rest (with vacancies as of 1).
  Configuration operator()(int number) const;
  std::string summary() const;  // a line of text; empty where there is nothing to say

 private:
  Configuration frame(int number) const;

  Atoms atoms_;
  std::uint64_t seed_;
  int count_;
  bool vacancies_;
  std::optional<ThermalMotion> motion_;
  std::shared_ptr<const Trajectory> trajectory_;
  std::vector<std::size_t> frames_;
  bool wrap_;
};

}  // namespace vitrobeam
