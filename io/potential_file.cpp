#include "io/potential_file.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/first_failure.hpp"
#include "io/compression.hpp"
#include "io/result_file.hpp"
#include "multislice/oversampled_potential.hpp"
#include "multislice/potential_rows.hpp"

namespace vitrobeam {
namespace {

constexpr const char *kSlices = "/potential/slices", *kAbsorption = "/potential/absorption",
                     *kTransmission = "/potential/transmission";

int slices_of(const Configurations& c, const SimulationSettings& s) {
  const bool has_one = s.engine != Engine::automatic && entry_of(s.engine).has_one_slice;
  return has_one ? 1 : slice_count(c.atoms.cell.vectors(2, 2), s.slice);
}

std::string oversampling_text(int n) { return n == 0 ? "auto" : std::to_string(n); }

}  // namespace

PotentialIdentity potential_identity(const PotentialOrigin& o, const Configurations& c,
                                     const SimulationSettings& s, std::size_t bytes_per_real) {
  const Vector3d edge = c.atoms.cell.vectors.diagonal();
  const PotentialSettings& p = s.potential;
  PotentialIdentity identity = {
      {"grid", fmt::format("{} x {}", s.nx, s.ny)},
      {"cell", fmt::format("{:.9g} x {:.9g} x {:.9g} Angstrom", edge.x(), edge.y(), edge.z())},
      {"number of slices", std::to_string(slices_of(c, s))},
      {"number of atoms", std::to_string(c.atoms.size())},
      {"precision", bytes_per_real == sizeof(float) ? "single" : "double"},
      {"projection", p.projection == Projection::finite ? "finite" : "infinite"},
      {"sum over atoms", p.sum == AtomSum::automatic ? "auto"
                         : p.sum == AtomSum::product ? "product"
                                                     : "spreading"},
      {"thermal smearing", o.smearing},
      {"absorption", p.absorption != 0 ? fmt::format("at {:.9g} kV", o.energy_kV) : "none"},
      {"oversampling", oversampling_text(p.oversampling)},
      {"energy of its exponential",
       p.oversampling != 1 ? fmt::format("{:.9g} kV", o.energy_kV) : "any"},
      {"motion", o.motion},
      {"atoms", o.atoms},
      {"seed", c.count > 0 || c.has_vacancies() ? std::to_string(c.seed) : "none"}};
  if (!o.trajectory.empty()) identity.emplace_back("trajectory", o.trajectory);
  identity.emplace_back("scattering factors", o.factors);
  return identity;
}

template <typename Real>
PotentialWriter<Real>::PotentialWriter(const std::string& path, const PotentialIdentity& identity,
                                       const Grid& grid, double height, int configurations,
                                       int slices, const PotentialContents& holds)
    : file_(path), grid_(grid) {
  const Shape shape = {std::size_t(configurations), std::size_t(slices), std::size_t(grid.ny),
                       std::size_t(grid.nx)},
              chunk = {1, 1, shape[2], shape[3]};
  file_.create_chunked<Real>(kSlices, shape, chunk);
  file_.attribute(kSlices, "units", std::string("V Angstrom"));
  if (holds.absorption) {
    file_.create_chunked<Real>(kAbsorption, shape, chunk);
    file_.attribute(kAbsorption, "units", std::string("V Angstrom"));
  }
  if (holds.transmission) {
    file_.create_chunked<std::complex<Real>>(kTransmission, shape, chunk);
    file_.attribute(kTransmission, "units", std::string("1"));
  }
  for (const auto& [name, value] : identity) file_.attribute("/potential", name, value);
  const auto axis = [&](const char* name, int n, double edge) {
    std::vector<double> values;
    for (int i = 0; i < n; ++i) values.push_back(i * edge / n);
    const std::string at = std::string("/potential/") + name;
    file_.write(at, values);
    file_.attribute(at, "units", std::string("Angstrom"));
  };
  axis("z", slices, height);  // where slices begin
  axis("y", grid.ny, grid.ly);
  axis("x", grid.nx, grid.lx);
}

template <typename Real>
void PotentialWriter<Real>::add(int configuration, const PotentialSource<Real>& potential,
                                int threads) {
  const BandTransform<Real> transform(grid_);
  const int step = slices_per_transform(potential);
  FirstFailure failure;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int s = 0; s < potential.slices(); s += step) {
    if (failure.halted()) continue;
    failure.guard([&] {
      const auto [first, second] = potential_planes(potential, transform, s);
      const auto write = [&](const char* dataset, int slice, const auto& plane) {
        using Value = typename std::decay_t<decltype(plane)>::Scalar;
        const auto bytes =
            compress_chunk(plane.data(), sizeof(Value), std::size_t(plane.size()), 1);
        const std::lock_guard lock(mutex_);
        file_.write_chunk(dataset, {std::size_t(configuration), std::size_t(slice), 0, 0}, bytes);
      };
      write(kSlices, s, first);
      for (int k = s; potential.has_transmission() && k < std::min(s + step, potential.slices());
           ++k)
        write(kTransmission, k, potential.transmission(k));
      if (potential.absorbs())
        write(kAbsorption, s, second);
      else if (s + 1 < potential.slices())
        write(kSlices, s + 1, second);
    });
  }
  failure.rethrow();
}

template <typename Real>
void PotentialWriter<Real>::finish(const RunRecord& record) {
  write_record(file_, record);
  file_.commit();
}

double potential_bytes(const Configurations& configurations, const SimulationSettings& s,
                       std::size_t bytes_per_real) {
  const double planes = 1 + (s.potential.absorption != 0 ? 1 : 0) +
                        (s.potential.oversampling != 1 ? 2 : 0);  // transmission: complex
  return planes * configurations.runs() * slices_of(configurations, s) * double(s.nx) * s.ny *
         double(bytes_per_real);
}

template <typename Real>
int save_potential(const std::string& path, const PotentialIdentity& identity,
                   const Configurations& configurations, const SimulationSettings& s,
                   const RunRecord& record, const RunControl& run) {
  const Eigen::Matrix3d& edges = configurations.atoms.cell.vectors;
  const Grid grid{s.nx, s.ny, edges(0, 0), edges(1, 1)};
  const int slices = slices_of(configurations, s);
  PotentialWriter<Real> writer(path, identity, grid, edges(2, 2), configurations.runs(), slices,
                               {s.potential.absorption != 0, s.potential.oversampling != 1});
  for (int k = 0; k < configurations.runs(); ++k) {
    const Configuration c = configurations(configurations.count > 0 ? k + 1 : 0);
    const auto potential =
        make_potential<Real>(grid, s.potential, interaction_constant(s.optics.energy_kV), c.atoms,
                             slices, c.displacements);
    writer.add(k, *potential, run.threads);
    run.check_stop();
  }
  writer.finish(record);
  return slices;
}

namespace {

// What a run needs of a stored potential: [configurations, slices, ny, nx].
struct PotentialShape {
  int configurations = 1, slices = 1, ny = 0, nx = 0;
  bool absorbs = false;
};

// What a file of before this was stated is of.
std::string unstated(const std::string& name) {
  return name == "oversampling"                ? "1"
         : name == "energy of its exponential" ? "any"
                                               : "(not stated)";
}

void check_shape(const Hdf5Reader& file, const char* dataset, const PotentialShape& needed) {
  const DatasetInfo info = file.info(dataset);
  const Shape& shape = info.shape;
  const bool complex = dataset == std::string_view(kTransmission);
  if (is_number(info.type) == complex || shape.size() != 4 ||
      shape[1] != std::size_t(needed.slices) || shape[2] != std::size_t(needed.ny) ||
      shape[3] != std::size_t(needed.nx))
    fail(Fault::input, "{}: {} has the shape {}, this run needs [configuration, {}, {}, {}]",
         file.path(), dataset, fmt::join(shape, " x "), needed.slices, needed.ny, needed.nx);
  if (shape[0] < std::size_t(needed.configurations))
    fail(Fault::input, "{}: holds {} configurations, this run has {}", file.path(), shape[0],
         needed.configurations);
}

}  // namespace

void check_potential(const std::string& path, const PotentialIdentity& identity,
                     const Configurations& configurations, const SimulationSettings& settings) {
  const PotentialShape needed{configurations.runs(), slices_of(configurations, settings),
                              settings.ny, settings.nx, settings.potential.absorption != 0};
  const Hdf5Reader file(path);
  if (!file.is_dataset(kSlices))
    fail(Fault::input, "{}: holds no potential ({}); simulate @save_potential makes such a file",
         path, kSlices);
  for (const auto& [name, value] : identity)
    if (const std::string there = file.string_attribute("/potential", name, unstated(name));
        there != value)
      fail(Fault::input,
           "{}: its potential is of another {}: {}, this run has {}; make it again with "
           "@save_potential",
           path, name, there, value);
  check_shape(file, kSlices, needed);
  if (file.is_dataset(kAbsorption) != needed.absorbs)
    fail(Fault::input, "{}: {} absorption, this run has {}", path,
         needed.absorbs ? "holds no" : "holds", needed.absorbs ? "it" : "none");
  if (needed.absorbs) check_shape(file, kAbsorption, needed);
  const bool has_transmission = file.is_dataset(kTransmission);
  if (settings.potential.oversampling != 1 && !has_transmission)
    fail(Fault::input, "{}: holds no {}; make it again with @save_potential", path, kTransmission);
  if (has_transmission) check_shape(file, kTransmission, needed);
}

template <typename Real>
StoredPotential<Real>::StoredPotential(const std::string& path, int configuration)
    : file_(path),
      configuration_(std::size_t(configuration)),
      slices_(int(file_.info(kSlices).shape.at(1))),
      absorbs_(file_.is_dataset(kAbsorption)),
      has_transmission_(file_.is_dataset(kTransmission)) {}

template <typename Real>
template <typename Value>
Plane<Value> StoredPotential<Real>::read(const char* dataset, int slice) const {
  const Stack<Value> values =
      file_.read<Value>(dataset, {configuration_, std::size_t(slice)}, {1, 1});
  if (!std::all_of(values.values.begin(), values.values.end(),
                   [](const Value& v) { return std::isfinite(std::abs(v)); }))
    fail(Fault::input, "{}: slice {} of {} holds values that are no numbers", file_.path(), slice,
         dataset);
  return values.plane(0);
}

template <typename Real>
SliceField<Real> StoredPotential<Real>::field(int slice) const {
  return read<Real>(kSlices, slice);
}

template <typename Real>
SliceField<Real> StoredPotential<Real>::absorbed_field(int slice) const {
  return read<Real>(kAbsorption, slice);
}

template <typename Real>
Plane<std::complex<Real>> StoredPotential<Real>::transmission(int slice) const {
  (void)field(slice);  // a file with damaged slices is not trusted
  return read<std::complex<Real>>(kTransmission, slice);
}

template int save_potential<float>(const std::string&, const PotentialIdentity&,
                                   const Configurations&, const SimulationSettings&,
                                   const RunRecord&, const RunControl&);
template int save_potential<double>(const std::string&, const PotentialIdentity&,
                                    const Configurations&, const SimulationSettings&,
                                    const RunRecord&, const RunControl&);
template class PotentialWriter<float>;
template class PotentialWriter<double>;
template class StoredPotential<float>;
template class StoredPotential<double>;

}  // namespace vitrobeam
