#include "drivers/stored_potential.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "runtime/interruption.hpp"
#include "runtime/ranks.hpp"

namespace vitrobeam {
namespace {

std::string digest(const Atoms& atoms) {
  std::string bytes;
  const auto put = [&](const void* data, std::size_t size) {
    bytes.append(static_cast<const char*>(data), size);
  };
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    put(&atoms.numbers[i], sizeof atoms.numbers[i]);
    put(atoms.positions[i].data(), 3 * sizeof(double));
  }
  for (const auto& [name, label] : atoms.labels) {  // displacements and occupancies among them
    bytes += name;
    if (const auto* values = std::get_if<std::vector<double>>(&label.values))
      put(values->data(), values->size() * sizeof(double));
  }
  return text_sha256(bytes);
}

// Everything that the numbers depend on; the energy only where thermal diffuse scattering is
// absorbed.
PotentialIdentity identity_of(const SimulateSettings& s, const SimulationPlan& p,
                              const RunRecord& record) {
  const Vector3d edge = p.atoms.cell.vectors.diagonal();
  const int slices = p.simulation.engine == Engine::phase_object ? 1 : p.slices();
  PotentialIdentity identity = {
      {"grid", fmt::format("{} x {}", p.simulation.nx, p.simulation.ny)},
      {"cell", fmt::format("{:.9g} x {:.9g} x {:.9g} Angstrom", edge.x(), edge.y(), edge.z())},
      {"number of slices", std::to_string(slices)},
      {"number of atoms", std::to_string(p.atoms.size())},
      {"precision", s.precision == Precision::single_precision ? "single" : "double"},
      {"projection", s.projection == Projection::finite ? "finite" : "infinite"},
      {"sum over atoms", s.atom_sum == AtomSum::automatic ? "auto"
                         : s.atom_sum == AtomSum::product ? "product"
                                                          : "spreading"},
      {"thermal smearing", s.debye_waller.empty() ? "none" : s.debye_waller},
      {"absorption", s.absorption ? fmt::format("at {:.9g} kV", s.optics.energy_kV) : "none"},
      {"motion", s.u_rms.empty() && p.configurations->count() > 0 && s.frames.empty() ? "labels"
                 : !s.u_rms.empty()                                                   ? s.u_rms
                 : !s.frames.empty() ? "frames " + s.frames
                                     : "none"},
      {"atoms", digest(p.atoms)}};
  const bool is_random = p.configurations->count() > 0 || p.configurations->has_vacancies();
  identity.emplace_back("seed", is_random ? std::to_string(s.common.seed) : "none");
  std::string table = s.potential == Parametrisation::kirkland ? "kirkland"
                      : s.potential == Parametrisation::lobato ? "lobato"
                                                               : "peng";
  for (const auto& a : record.audit)
    if (a.name == "input_sha256") {
      const auto& sums = std::get<std::vector<std::string>>(a.value);
      if (!s.factor_table.empty()) table = "table " + sums.back();
      if (!s.frames.empty()) identity.emplace_back("trajectory", sums.front());
    }
  identity.emplace_back("scattering factors", table);
  return identity;
}

template <typename Real>
void save(const std::string& path, const SimulateSettings& s, const SimulationPlan& p,
          const RunRecord& record, const PotentialIdentity& identity) {
  const Grid grid = p.grid();
  const BandTransform<Real> transform(grid);
  const int slices = p.simulation.engine == Engine::phase_object ? 1 : p.slices();
  const int configurations = std::max(1, p.configurations->count());
  PotentialWriter<Real> writer(path, identity, grid, p.atoms.cell.vectors(2, 2), configurations,
                               slices, p.simulation.potential.absorption != 0);
  for (int k = 0; k < configurations; ++k) {
    const Configuration c = (*p.configurations)(p.configurations->count() > 0 ? k + 1 : 0);
    writer.add(k,
               SlicePotential<Real>(grid, p.simulation.potential, c.atoms, slices, c.displacements),
               transform, s.common.threads);
    if (interrupted()) fail(Fault::usage, "{}: interrupted before it was whole", path);
  }
  writer.finish(record);
  std::cout << fmt::format("potential   {} ({} configuration(s) of {} slices)\n", path,
                           configurations, slices);
}

}  // namespace

template <typename Real>
std::string settle_potential(const SimulateSettings& s, const SimulationPlan& plan,
                             const RunRecord& record) {
  if (s.save_potential.empty() && s.potential_file.empty()) return "";
  const PotentialIdentity identity = identity_of(s, plan, record);
  const bool saves = !s.save_potential.empty();
  const std::string& path = saves ? s.save_potential : s.potential_file;
  const bool is_made = std::filesystem::exists(path) && (!saves || s.common.resume);
  if (saves && !is_made && ranks().is_leader()) {
    if (std::filesystem::exists(path) && !s.common.force)
      fail(Fault::usage,
           "--save-potential {}: exists; give --force to overwrite it, or use it with "
           "--potential-file",
           path);
    save<Real>(path, s, plan, record, identity);
  }
  ranks().from_leader("made");
  check_potential(
      path, identity,
      {std::max(1, plan.configurations->count()),
       plan.simulation.engine == Engine::phase_object ? 1 : plan.slices(), plan.simulation.ny,
       plan.simulation.nx, plan.simulation.potential.absorption != 0});
  return path;
}

template <typename Real>
std::shared_ptr<const PotentialSource<Real>> stored_potential(const SimulationPlan& plan,
                                                              int number) {
  if (plan.potential_file.empty()) return nullptr;
  return std::make_shared<const StoredPotential<Real>>(plan.potential_file,
                                                       std::max(0, number - 1));
}

template std::string settle_potential<float>(const SimulateSettings&, const SimulationPlan&,
                                             const RunRecord&);
template std::string settle_potential<double>(const SimulateSettings&, const SimulationPlan&,
                                              const RunRecord&);
template std::shared_ptr<const PotentialSource<float>> stored_potential(const SimulationPlan&, int);
template std::shared_ptr<const PotentialSource<double>> stored_potential(const SimulationPlan&,
                                                                         int);

}  // namespace vitrobeam
