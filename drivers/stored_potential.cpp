#include "drivers/stored_potential.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/command.hpp"
#include "io/digest.hpp"
#include "io/potential_file.hpp"
#include "runtime/ranks.hpp"

namespace vitrobeam {
namespace {

PotentialOrigin origin_of(const SimulateSettings& s, const ScanSimulation& scan,
                          const RunRecord& record) {
  PotentialOrigin o;
  o.atoms = atoms_sha256(scan.atoms());
  if (!s.debye_waller.empty()) o.smearing = s.debye_waller;
  if (!s.u_rms.empty())
    o.motion = s.u_rms;
  else if (!s.frames.empty())
    o.motion = "frames " + s.frames;
  else if (scan.configurations.count > 0)
    o.motion = "labels";
  o.energy_kV = s.optics.energy_kV;
  o.factors = s.potential == Parametrisation::kirkland ? "kirkland"
              : s.potential == Parametrisation::lobato ? "lobato"
                                                       : "peng";
  const auto sums = input_digests(record);
  if (!s.factor_table.empty()) o.factors = "table " + sums.back();
  if (!s.frames.empty()) o.trajectory = sums.front();
  return o;
}

}  // namespace

void check_stored_potential(const SimulateSettings& s, const ScanSimulation& scan,
                            const RunRecord& record, std::size_t bytes_of_number) {
  if (s.potential_file.empty()) return;
  const Configurations& c = scan.configurations;
  check_potential(s.potential_file,
                  potential_identity(origin_of(s, scan, record), c, scan.settings, bytes_of_number),
                  c, scan.settings);
}

template <typename Real>
KnownPotential<Real> settle_potential(const SimulateSettings& s, const ScanSimulation& scan,
                                      const RunRecord& record) {
  if (s.save_potential.empty() && s.potential_file.empty()) return {};
  const Configurations& c = scan.configurations;
  const PotentialIdentity identity =
      potential_identity(origin_of(s, scan, record), c, scan.settings, sizeof(Real));
  const bool saves = !s.save_potential.empty();
  const std::string& path = saves ? s.save_potential : s.potential_file;
  const bool is_made = std::filesystem::exists(path) && (!saves || s.common.resume);
  if (saves && !is_made && ranks().is_leader()) {
    const int slices =
        save_potential<Real>(path, identity, c, scan.settings, record, run_control(s.common));
    std::cout << fmt::format("potential   {} ({} of {})\n", path,
                             counted(c.runs(), "configuration"), counted(slices, "slice"));
  }
  ranks().from_leader("made");
  check_potential(path, identity, c, scan.settings);
  return [path](int number) {
    return std::make_shared<const StoredPotential<Real>>(path, std::max(0, number - 1));
  };
}

template KnownPotential<float> settle_potential(const SimulateSettings&, const ScanSimulation&,
                                                const RunRecord&);
template KnownPotential<double> settle_potential(const SimulateSettings&, const ScanSimulation&,
                                                 const RunRecord&);

}  // namespace vitrobeam
