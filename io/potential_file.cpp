#include "io/potential_file.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/first_failure.hpp"
#include "io/compression.hpp"
#include "io/result_file.hpp"

namespace vitrobeam {
namespace {

constexpr const char *kSlices = "/potential/slices", *kAbsorption = "/potential/absorption";

}  // namespace

template <typename Real>
PotentialWriter<Real>::PotentialWriter(const std::string& path, const PotentialIdentity& identity,
                                       const Grid& grid, double height, int configurations,
                                       int slices, bool absorbs)
    : file_(path) {
  const Shape shape = {std::size_t(configurations), std::size_t(slices), std::size_t(grid.ny),
                       std::size_t(grid.nx)},
              chunk = {1, 1, shape[2], shape[3]};
  file_.create_chunked<Real>(kSlices, shape, chunk);
  file_.attribute(kSlices, "units", std::string("V Angstrom"));
  if (absorbs) {
    file_.create_chunked<Real>(kAbsorption, shape, chunk);
    file_.attribute(kAbsorption, "units", std::string("V Angstrom"));
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
                                const BandTransform<Real>& transform, int threads) {
  constexpr int kLanes = Lanes<Real>::kCount;
  const Grid& grid = transform.grid();
  FirstFailure failure;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int s = 0; s < potential.slices(); s += potential.together()) {
    if (failure.halted()) continue;
    failure.guard([&] {
      Plane<Real> first(grid.ny, grid.nx), second(grid.ny, grid.nx);
      potential.rows(transform, s, [&](int tile, const Lanes<Real>* v) {
        for (int lane = 0; lane < std::min(kLanes, grid.ny - tile * kLanes); ++lane)
          for (int i = 0; i < grid.nx; ++i) {
            first(tile * kLanes + lane, transform.x(i)) = v[i].re[lane];
            second(tile * kLanes + lane, transform.x(i)) = v[i].im[lane];
          }
      });
      const auto write = [&](const char* dataset, int slice, const Plane<Real>& plane) {
        const auto bytes = compress_chunk(plane.data(), sizeof(Real), std::size_t(plane.size()), 1);
        const std::lock_guard lock(mutex_);
        file_.write_chunk(dataset, {std::size_t(configuration), std::size_t(slice), 0, 0}, bytes);
      };
      write(kSlices, s, first);
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

namespace {

void check_shape(const Hdf5Reader& file, const char* dataset, const PotentialShape& needed) {
  const DatasetInfo info = file.info(dataset);
  const Shape& shape = info.shape;
  if (!is_number(info.type) || shape.size() != 4 || shape[1] != std::size_t(needed.slices) ||
      shape[2] != std::size_t(needed.ny) || shape[3] != std::size_t(needed.nx))
    fail(Fault::input, "{}: {} has the shape {}, this run needs [configuration, {}, {}, {}]",
         file.path(), dataset, fmt::join(shape, " x "), needed.slices, needed.ny, needed.nx);
  if (shape[0] < std::size_t(needed.configurations))
    fail(Fault::input, "{}: holds {} configurations, this run has {}", file.path(), shape[0],
         needed.configurations);
}

}  // namespace

void check_potential(const std::string& path, const PotentialIdentity& identity,
                     const PotentialShape& needed) {
  const Hdf5Reader file(path);
  if (!file.is_dataset(kSlices))
    fail(Fault::input, "{}: holds no potential ({}); simulate @save_potential makes such a file",
         path, kSlices);
  for (const auto& [name, value] : identity)
    if (const std::string there = file.string_attribute("/potential", name, "(not stated)");
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
}

template <typename Real>
StoredPotential<Real>::StoredPotential(const std::string& path, int configuration)
    : file_(path),
      configuration_(std::size_t(configuration)),
      slices_(int(file_.info(kSlices).shape.at(1))),
      absorbs_(file_.is_dataset(kAbsorption)) {}

template <typename Real>
void StoredPotential<Real>::rows(const BandTransform<Real>& transform, int slice,
                                 const typename PotentialSource<Real>::AtTile& at_tile) const {
  constexpr int kLanes = Lanes<Real>::kCount;
  const Grid& grid = transform.grid();
  const auto plane = [&](const char* dataset, int s) {
    Stack<Real> values = file_.read<Real>(dataset, {configuration_, std::size_t(s)}, {1, 1});
    if (values.size() != std::size_t(grid.nx) * std::size_t(grid.ny) ||
        !std::all_of(values.values.begin(), values.values.end(),
                     [](Real v) { return std::isfinite(v); }))
      fail(Fault::input, "{}: slice {} of {} holds values that are no numbers", file_.path(), s,
           dataset);
    return values;
  };
  const Stack<Real> first = plane(kSlices, slice);
  const Stack<Real> second = absorbs_              ? plane(kAbsorption, slice)
                             : slice + 1 < slices_ ? plane(kSlices, slice + 1)
                                                   : Stack<Real>(first.shape);
  std::vector<Lanes<Real>> line(std::size_t(grid.nx));
  for (int tile = 0; tile < transform.row_tiles(); ++tile) {
    const int rows = std::min(kLanes, grid.ny - tile * kLanes);
    for (int i = 0; i < grid.nx; ++i) {
      line[std::size_t(i)] = Lanes<Real>{};
      for (int lane = 0; lane < rows; ++lane) {
        const std::size_t at =
            std::size_t(tile * kLanes + lane) * std::size_t(grid.nx) + std::size_t(transform.x(i));
        line[std::size_t(i)].set(lane, {first.values[at], second.values[at]});
      }
    }
    at_tile(tile, line.data());
  }
}

template class PotentialWriter<float>;
template class PotentialWriter<double>;
template class StoredPotential<float>;
template class StoredPotential<double>;

}  // namespace vitrobeam
