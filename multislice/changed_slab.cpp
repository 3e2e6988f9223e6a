#include "multislice/changed_slab.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "multislice/core_patches.hpp"
#include "multislice/fine_planes.hpp"
#include "multislice/propagation.hpp"

namespace vitrobeam {
namespace {

std::vector<int> all_elements(const Atoms& slab, const std::vector<int>& more) {
  std::set<int> unique(slab.numbers.begin(), slab.numbers.end());
  unique.insert(more.begin(), more.end());
  return {unique.begin(), unique.end()};
}

std::vector<int> recorded_depths(int slices, int every) {
  std::vector<int> depths;
  for (int d = every; every > 0 && d < slices; d += every) depths.push_back(d);
  depths.push_back(slices);
  return depths;
}

// Transmission functions of a potential that is exponentiated on a finer grid. What it
// exponentiates is linear in the atoms.
template <typename Real>
class OversampledSlices {
 public:
  using Field = typename CorePatches<Real>::Smooth;

  OversampledSlices(const Grid& grid, const PotentialSettings& s, double sigma,
                    const std::vector<int>& elements, double atoms_per_slice) {
    if (s.oversampling == 0) {
      patches_ = std::make_unique<CorePatches<Real>>(grid, s, sigma, elements, atoms_per_slice);
      return;
    }
    planes_ = std::make_unique<FinePlanes<Real>>(grid, s.oversampling, sigma);
    const Grid& fine = planes_->fine_grid();
    sums_ = std::make_unique<AtomSums<Real>>(
        fine, s.factors, elements, cheaper_sum(s.sum, fine, atoms_per_slice, int(elements.size())));
  }
  Field field(const SliceAtoms& atoms) const {
    return patches_ ? patches_->smooth(atoms) : Field{(*sums_)(atoms), {}};
  }
  // `atoms` are those that `field` is of.
  Plane<std::complex<Real>> operator()(const Field& field, const SliceAtoms& atoms) const {
    return patches_ ? (*patches_)(field, atoms) : (*planes_)(field.potential, {});
  }

 private:
  std::unique_ptr<CorePatches<Real>> patches_;
  std::unique_ptr<FinePlanes<Real>> planes_;
  std::unique_ptr<AtomSums<Real>> sums_;
};

}  // namespace

template <typename Real>
struct ChangedSlab<Real>::Scratch {
  typename BandTransform<Real>::Workspace lines;
  AlignedArray<Lanes<Real>> wave, potential, limited;
  std::vector<AlignedArray<Lanes<Real>>> planes;  // transmission of the changed slices
};

template <typename Real>
struct ChangedSlab<Real>::State {
  using Complex = std::complex<Real>;
  using Element = Lanes<Real>;

  State(const Atoms& atoms, const SimulationSettings& s, const std::vector<int>& new_elements,
        const std::vector<Vector2d>& probe_positions)
      : slab(atoms),
        grid{s.nx, s.ny, atoms.cell.vectors(0, 0), atoms.cell.vectors(1, 1)},
        beams(aperture_beams(s.optics, grid)),
        window(grid, s.recording.q_max),
        slices(slice_count(atoms.cell.vectors(2, 2), s.slice)),
        depths(recorded_depths(slices, s.recording.every_slices)),
        dz(atoms.cell.vectors(2, 2) / slices),
        sigma(Real(interaction_constant(s.optics.energy_kV))),
        positions(probe_positions),
        transform(grid),
        propagator(transform, s.optics.wavelength(), dz, s.optics.tilt_mrad * 1e-3),
        band(transform, 0, 0),
        potential(grid, s.potential.factors, all_elements(atoms, new_elements)) {
    check_grid(grid);
    if (s.potential.projection == Projection::finite)
      fail(Fault::usage,
           "@projection finite: changes of a slab are computed with whole atoms in their slices; "
           "leave it out");
    if (s.potential.absorption != 0)
      fail(Fault::usage, "@absorption: changes of a slab are computed without it; leave it out");
    if (s.potential.oversampling != 1) {
      const std::vector<int> elements = all_elements(atoms, new_elements);
      oversampled.emplace(grid, s.potential, sigma, elements, double(atoms.size()) / slices);
    }
    Scratch scratch = make_scratch();
    if (oversampled)
      make_oversampled();
    else
      make_transmission(scratch);
    make_waves(scratch);
  }

  Scratch make_scratch() const {
    return {transform.make_workspace(),
            transform.make_wave(),
            transform.make_wave(),
            transform.make_wave(),
            {}};
  }

  // Planes are [row tile, i], as a pass along x wants them.
  std::size_t plane_size() const { return std::size_t(grid.nx) * transform.row_tiles(); }
  AlignedArray<Element> plane() const { return aligned_array<Element>(plane_size()); }

  // exp(i sigma v) of one or two slices from one transform: v_first + i v_second in real space;
  // `use(k, place, t)` takes the element at `place` of the plane of slice k.
  template <typename Use>
  void exponentials(const HalfPlane<Real>& first, const HalfPlane<Real>* second, Scratch& s,
                    Use&& use) const {
    const int by = grid.band_y();
    transform.write_columns(s.potential.get(), s.lines, [&](int jx, Complex* column) {
      const auto coefficient = [&](const HalfPlane<Real>& c, int jy) {
        return jx >= 0 ? c(jy + by, jx) : std::conj(c(-jy + by, -jx));
      };
      for (int jy = -by; jy <= by; ++jy) {
        Complex value = coefficient(first, jy);
        if (second) value += Complex(0, 1) * coefficient(*second, jy);
        column[jy < 0 ? jy + grid.ny : jy] = value;
      }
      return true;
    });
    transform.read_rows(s.potential.get(), s.lines, [&](int tile, const Element* v) {
      for (int k = 0; k < (second ? 2 : 1); ++k)
        for (int i = 0; i < grid.nx; ++i)
          use(k, std::size_t(tile) * grid.nx + i,
              phase_factor<Real>((k == 0 ? v[i].re : v[i].im) * sigma));
    });
  }

  // The plane limited to the band, in place.
  void limit(Element* plane_values, Scratch& s) const {
    transform.write_rows(s.limited.get(), s.lines, [&](int tile, Element* row) {
      std::copy_n(plane_values + std::ptrdiff_t(tile) * grid.nx, grid.nx, row);
    });
    transform.pass_columns(s.limited.get(), band);
    transform.read_rows(s.limited.get(), s.lines, [&](int tile, const Element* row) {
      std::copy_n(row, grid.nx, plane_values + std::ptrdiff_t(tile) * grid.nx);
    });
  }

  // [y, x] as an engine's pass along x wants it.
  void write_plane(const Plane<Complex>& t, Element* out) const {
    constexpr int kLanes = Element::kCount;
    for (int y = 0; y < grid.ny; ++y)
      for (int i = 0; i < grid.nx; ++i)
        out[std::size_t(y / kLanes) * std::size_t(grid.nx) + std::size_t(i)].set(
            y % kLanes, t(y, transform.x(i)));
  }

  void make_oversampled() {
    slice_atoms = assign_to_slices(slab, slices);
    for (const SliceAtoms& atoms : slice_atoms) {
      fields.push_back(oversampled->field(atoms));
      limited.push_back(plane());
      write_plane((*oversampled)(fields.back(), atoms), limited.back().get());
    }
  }

  // The transmission function of a slice that atoms are added to and taken from.
  void change_oversampled(int slice, const SliceAtoms& added, const SliceAtoms& removed,
                          Element* out) const {
    const auto k = std::size_t(slice);
    auto field = fields[k];
    SliceAtoms atoms = slice_atoms[k];
    if (!added.empty()) field += oversampled->field(added);
    if (!removed.empty()) field -= oversampled->field(removed);
    for (const auto& [z, places] : removed)
      for (const Vector2d& at : places) {
        auto& of_element = atoms.at(z);
        of_element.erase(std::find(of_element.begin(), of_element.end(), at));
      }
    for (const auto& [z, places] : added)
      atoms[z].insert(atoms[z].end(), places.begin(), places.end());
    write_plane((*oversampled)(field, atoms), out);
  }

  void make_transmission(Scratch& s) {
    const auto atoms = assign_to_slices(slab, slices);
    for (int k = 0; k < slices; ++k) {
      whole.push_back(plane());
      limited.push_back(plane());
    }
    for (int k = 0; k < slices; k += 2) {
      const HalfPlane<Real> first = potential.coefficients(atoms[std::size_t(k)]);
      const bool pair = k + 1 < slices;
      const HalfPlane<Real> second =
          pair ? potential.coefficients(atoms[std::size_t(k) + 1]) : HalfPlane<Real>();
      exponentials(first, pair ? &second : nullptr, s,
                   [&](int which, std::size_t place, const Element& t) {
                     whole[std::size_t(k + which)][place] = t;
                   });
    }
    for (int k = 0; k < slices; ++k) {
      std::copy_n(whole[std::size_t(k)].get(), plane_size(), limited[std::size_t(k)].get());
      limit(limited[std::size_t(k)].get(), s);
    }
  }

  void load_probe(const Vector2d& r0, Element* wave, Scratch& s) const {
    transform.write_columns(wave, s.lines, [&](int jx, Complex* column) {
      bool any = false;
      for (const ApertureBeam& b : beams)
        if (b.jx == jx) {
          const double turn = b.jx * r0.x() / grid.lx + b.jy * r0.y() / grid.ly;
          column[b.jy < 0 ? b.jy + grid.ny : b.jy] =
              Complex(b.amplitude * std::polar(1.0, -2 * M_PI * turn));
          any = true;
        }
      return any;
    });
  }

  void transmit(const Element* t, Element* wave, Scratch& s) const {
    transform.pass_rows(
        wave, s.lines, 0, transform.row_tiles(),
        [&](int tile, int i, Element& psi) { psi = psi * t[std::ptrdiff_t(tile) * grid.nx + i]; });
  }

  void step(const Element* t, Element* wave, Scratch& s) const {
    transmit(t, wave, s);
    transform.pass_columns(wave, propagator);
  }

  // The unchanged slab's wave in front of every slice, position by position.
  void make_waves(Scratch& s) {
    for (const Vector2d& r0 : positions) {
      load_probe(r0, s.wave.get(), s);
      for (int k = 0; k < slices; ++k) {
        before.push_back(transform.make_wave());
        std::copy_n(s.wave.get(), transform.wave_size(), before.back().get());
        step(limited[std::size_t(k)].get(), s.wave.get(), s);
      }
    }
  }

  // Of the wave between two slices, or with `last` of the scratch's in front of the last slice.
  Plane<Real> record(const Element* wave, const Element* last, Scratch& s) const {
    if (last) transmit(last, s.wave.get(), s);
    // propagation keeps intensities
    const Real norm = Real(1) / Real(grid.ny) / (last ? Real(grid.nx) : Real(1));
    const auto nothing = [](int, int, Element&) {};
    Plane<Real> pattern = Plane<Real>::Zero(window.ny, window.nx);
    transform.read_columns(last ? s.wave.get() : wave, s.lines, nothing,
                           [&](int jx, const Complex* psi) {
                             const int column = jx - window.first_x;
                             if (column < 0 || column >= window.nx) return;
                             const int h = std::min(propagator.half_height(jx), window.ny / 2);
                             for (int jy = std::max(-h, window.first_y);
                                  jy <= std::min(h, window.first_y + window.ny - 1); ++jy)
                               pattern(jy - window.first_y, column) =
                                   norm * norm * std::norm(psi[jy < 0 ? jy + grid.ny : jy]);
                           });
    return pattern;
  }

  // v_added - v_removed of one slice.
  HalfPlane<Real> change(const SliceAtoms& added, const SliceAtoms& removed) const {
    HalfPlane<Real> v = potential.coefficients(added);
    if (!removed.empty()) v -= potential.coefficients(removed);
    return v;
  }

  // The transmission functions of slices first .. last, changed, into the scratch's planes.
  void change_slices(int first, int last, const std::vector<SliceAtoms>& more,
                     const std::vector<SliceAtoms>& less, Scratch& s) const {
    while (last >= first && s.planes.size() < std::size_t(last - first + 1))
      s.planes.push_back(plane());
    if (oversampled) {
      for (int k = first; k <= last; ++k)
        change_oversampled(k, more[std::size_t(k)], less[std::size_t(k)],
                           s.planes[std::size_t(k - first)].get());
      return;
    }
    for (int k = first; k <= last; k += 2) {
      const auto a = std::size_t(k);
      const HalfPlane<Real> one = change(more[a], less[a]);
      const bool pair = k < last;
      const HalfPlane<Real> two = pair ? change(more[a + 1], less[a + 1]) : HalfPlane<Real>();
      exponentials(one, pair ? &two : nullptr, s,
                   [&](int which, std::size_t place, const Element& t) {
                     s.planes[std::size_t(k - first + which)][place] =
                         t * whole[a + std::size_t(which)][place];
                   });
    }
    for (int k = first; k <= last; ++k) limit(s.planes[std::size_t(k - first)].get(), s);
  }

  Atoms slab;
  Grid grid;
  std::vector<ApertureBeam> beams;
  PatternWindow window;
  int slices;
  std::vector<int> depths;
  double dz;
  Real sigma;
  std::vector<Vector2d> positions;
  BandTransform<Real> transform;
  Propagator<Real> propagator, band;  // band: the circular limit and the normalisation alone
  ProjectedPotential<Real> potential;
  std::vector<AlignedArray<Element>> whole, limited;  // exp(i sigma v) before and after the limit
  std::vector<AlignedArray<Element>> before;          // [position * slices + slice]
  // where the potential is exponentiated on a finer grid; `whole` is empty then
  std::optional<OversampledSlices<Real>> oversampled;
  std::vector<SliceAtoms> slice_atoms;
  std::vector<typename OversampledSlices<Real>::Field> fields;
};

template <typename Real>
void ChangedSlab<Real>::DeleteScratch::operator()(Scratch* s) const {
  delete s;
}

template <typename Real>
ChangedSlab<Real>::ChangedSlab(const Atoms& slab, const SimulationSettings& settings,
                               const std::vector<int>& new_elements,
                               const std::vector<Vector2d>& positions)
    : state_(std::make_unique<State>(slab, settings, new_elements, positions)) {}
template <typename Real>
ChangedSlab<Real>::~ChangedSlab() = default;

template <typename Real>
typename ChangedSlab<Real>::ScratchPointer ChangedSlab<Real>::make_scratch() const {
  return ScratchPointer(new Scratch(state_->make_scratch()));
}
template <typename Real>
std::size_t ChangedSlab<Real>::positions() const {
  return state_->positions.size();
}
template <typename Real>
std::vector<int> ChangedSlab<Real>::depths() const {
  return state_->depths;
}
template <typename Real>
std::vector<double> ChangedSlab<Real>::q_x() const {
  std::vector<double> q;
  for (int i = 0; i < state_->window.nx; ++i)
    q.push_back((state_->window.first_x + i) / state_->grid.lx);
  return q;
}
template <typename Real>
std::vector<double> ChangedSlab<Real>::q_y() const {
  std::vector<double> q;
  for (int j = 0; j < state_->window.ny; ++j)
    q.push_back((state_->window.first_y + j) / state_->grid.ly);
  return q;
}

template <typename Real>
std::vector<Plane<Real>> ChangedSlab<Real>::operator()(const Atoms& added,
                                                       const std::vector<std::size_t>& removed,
                                                       Scratch& scratch) const {
  return patterns(0, positions(), added, removed, scratch);
}

template <typename Real>
std::vector<Plane<Real>> ChangedSlab<Real>::at(std::size_t position, const Atoms& added,
                                               const std::vector<std::size_t>& removed,
                                               Scratch& scratch) const {
  return patterns(position, position + 1, added, removed, scratch);
}

template <typename Real>
std::vector<Plane<Real>> ChangedSlab<Real>::patterns(std::size_t first_position,
                                                     std::size_t last_position, const Atoms& added,
                                                     const std::vector<std::size_t>& removed,
                                                     Scratch& s) const {
  const State& state = *state_;
  std::vector<SliceAtoms> more(std::size_t(state.slices)), less(std::size_t(state.slices));
  int first = state.slices, last = -1;
  const auto note = [&](std::vector<SliceAtoms>& slices, int number, const Vector3d& r) {
    if (!(r.z() >= 0 && r.z() <= state.slab.cell.vectors(2, 2)))
      fail(Fault::physics, "an atom at height {:.4g} lies outside the slab of {:.4g} Angstrom",
           r.z(), state.slab.cell.vectors(2, 2));
    const int k = std::clamp(int(std::floor(r.z() / state.dz)), 0, state.slices - 1);
    slices[std::size_t(k)][number].push_back(r.head<2>());
    first = std::min(first, k);
    last = std::max(last, k);
  };
  for (std::size_t i = 0; i < added.size(); ++i) note(more, added.numbers[i], added.positions[i]);
  for (const std::size_t i : removed) note(less, state.slab.numbers[i], state.slab.positions[i]);

  state.change_slices(first, last, more, less, s);

  std::vector<Plane<Real>> out;
  const auto transmission = [&](int k) {
    return k >= first && k <= last ? s.planes[std::size_t(k - first)].get()
                                   : state.limited[std::size_t(k)].get();
  };
  for (std::size_t p = first_position; p < last_position; ++p) {
    const std::size_t offset = p * std::size_t(state.slices);
    std::size_t d = 0;
    for (; d < state.depths.size() && state.depths[d] <= first && state.depths[d] < state.slices;
         ++d)
      out.push_back(
          state.record(state.before[offset + std::size_t(state.depths[d])].get(), nullptr, s));
    const int start = std::min(first, state.slices - 1);
    std::copy_n(state.before[offset + std::size_t(start)].get(), state.transform.wave_size(),
                s.wave.get());
    for (int k = start; k < state.slices - 1; ++k) {
      state.step(transmission(k), s.wave.get(), s);
      if (d < state.depths.size() && state.depths[d] == k + 1) {
        out.push_back(state.record(s.wave.get(), nullptr, s));
        ++d;
      }
    }
    out.push_back(state.record(nullptr, transmission(state.slices - 1), s));
  }
  return out;
}

template class ChangedSlab<float>;
template class ChangedSlab<double>;

}  // namespace vitrobeam
