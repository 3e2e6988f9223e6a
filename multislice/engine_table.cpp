// The engines. To add one: its file, which declares the four functions of an entry, and a line
// here.
#include "base/error.hpp"
#include "multislice/engine.hpp"
#include "multislice/engine_cost.hpp"
#include "multislice/matrix_engine.hpp"
#include "multislice/wave_engine.hpp"

namespace vitrobeam {
namespace {

constexpr const char* kApproximation = " (approximation)";

template <typename Physics>
EngineEntry wave_engine(std::string name, std::vector<std::string> other_names, bool is_exact,
                        std::string description) {
  return {std::move(name),
          std::move(other_names),
          is_exact,
          true,
          Physics::kScattersOnce,
          !Physics::kHasSlices,
          "processor",
          std::move(description),
          wave_cost<Physics>,
          wave_memory<Physics>,
          prepare_waves<Physics, float>,
          prepare_waves<Physics, double>};
}

}  // namespace

const std::vector<EngineEntry>& engine_table() {
  static const std::vector<EngineEntry> table = {
      wave_engine<Multislice>("multislice", {}, true, "every probe through every slice"),
      {"smatrix",
       {"scattering-matrix"},
       true,
       false,
       false,
       false,
       "processor",
       "the plane waves of the aperture through every slice, a probe is a sum over them",
       matrix_cost,
       matrix_memory_needs,
       prepare_matrix<float>,
       prepare_matrix<double>},
      wave_engine<CurvedBorn>("kinematic", {"curved-born", "curved_born"}, false,
                              "single scattering with propagation"),
      wave_engine<FlatBorn>("flat-born", {"flat_born", "kinematic, flat Ewald sphere"}, false,
                            "single scattering without propagation"),
      wave_engine<PhaseObject>("phase-object", {"phase_object", "phase-grating", "phase_grating"},
                               false, "multiple scattering without propagation"),
  };
  return table;
}

const EngineEntry& entry_of(Engine engine) { return engine_table().at(std::size_t(engine)); }

std::string engine_name(Engine engine) {
  return engine == Engine::automatic ? "auto" : entry_of(engine).name;
}

std::string engine_statement(Engine engine) {
  return engine_name(engine) +
         (engine == Engine::automatic || entry_of(engine).is_exact ? "" : kApproximation);
}

namespace {

std::ptrdiff_t line_of(const std::string& name) {
  const auto& table = engine_table();
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].name == name) return std::ptrdiff_t(i);
    for (const auto& other : table[i].other_names)
      if (other == name) return std::ptrdiff_t(i);
  }
  return -1;
}

}  // namespace

std::optional<Engine> find_engine(const std::string& name) {
  if (name == "auto") return Engine::automatic;
  if (const auto line = line_of(name); line >= 0) return Engine(line);
  return std::nullopt;
}

Engine engine_named(const std::string& name) {
  if (const auto engine = find_engine(name)) return *engine;
  std::string names = "auto";
  for (const EngineEntry& e : engine_table()) names += ", " + e.name;
  fail(Fault::usage, "there is no engine '{}'; expected one of {}", name, names);
}

const EngineEntry* stated_engine(const std::string& statement) {
  std::string name = statement.substr(0, statement.find(kApproximation));
  if (const auto interpolated = name.find(", interpolation"); interpolated != std::string::npos)
    name.resize(interpolated);
  const auto line = line_of(name);
  return line < 0 ? nullptr : &engine_table()[std::size_t(line)];
}

}  // namespace vitrobeam
