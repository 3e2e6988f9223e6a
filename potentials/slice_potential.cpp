#include "potentials/slice_potential.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "potentials/absorption.hpp"

namespace vitrobeam {
namespace {

std::vector<int> elements_of(const Atoms& atoms) {
  const std::set<int> unique(atoms.numbers.begin(), atoms.numbers.end());
  return {unique.begin(), unique.end()};
}

}  // namespace

double factor_reach(const FactorTable& factors, const Atoms& atoms) {
  double reach = std::numeric_limits<double>::infinity();
  for (const int z : elements_of(atoms))
    if (factors.has(z)) reach = std::min(reach, factors.element(z).q_limit);
  return reach;
}

void check_factors(const PotentialSettings& s, const Atoms& atoms, const Grid& grid) {
  for (const int z : elements_of(atoms)) {
    if (!s.factors.has(z))
      fail(Fault::physics,
           "@potential: the table of scattering factors says nothing of {}; take another table",
           symbol(z));
    const ElementFactor& f = s.factors.element(z);
    if (grid.q_max() > f.q_limit * (1 + 1e-9))
      fail(Fault::physics,
           "@potential: the scattering factor of {} is known up to q = {:g} 1/Angstrom, the band "
           "reaches {:.4f}; use @pixel {:.4f} or coarser, or another table",
           symbol(z), f.q_limit, grid.q_max(),
           std::ceil(1e4 * std::max(grid.dx(), grid.dy()) * grid.q_max() / f.q_limit) / 1e4);
    if (s.projection == Projection::finite && !f.has_terms())
      fail(Fault::usage,
           "@projection finite: the scattering factor of {} is a list of values, whose extent "
           "along the beam is unknown; give parameters, or @projection infinite",
           symbol(z));
    if (s.absorption != 0 && !std::isinf(f.q_limit))
      fail(Fault::usage,
           "@absorption: needs scattering factors at large angles, that of {} ends at q = {:g} "
           "1/Angstrom; use @potential kirkland or lobato",
           symbol(z), f.q_limit);
  }
}

namespace {

FactorTable absorptive_factors(const PotentialSettings& s, const std::vector<int>& elements,
                               double q_max) {
  std::map<int, ElementFactor> factors;
  for (const int z : elements)
    factors[z] = absorptive_factor(s.factors.element(z), s.factors.u_rms(z), s.absorption, q_max);
  return FactorTable(std::move(factors));
}

}  // namespace

Atoms displaced(Atoms atoms, const std::vector<Vector3d>& displacements) {
  for (std::size_t i = 0; i < displacements.size(); ++i) atoms.positions[i] += displacements[i];
  return atoms;
}

template <typename Real>
SlicePotential<Real>::SlicePotential(const Grid& grid, const PotentialSettings& settings,
                                     const Atoms& atoms, int slices,
                                     const std::vector<Vector3d>& displacements)
    : sums_(grid, (check_factors(settings, atoms, grid), settings.factors), elements_of(atoms),
            cheaper_sum(settings.sum, grid, double(atoms.size()) / slices,
                        int(elements_of(atoms).size()))) {
  if (settings.absorption != 0)
    absorbed_.emplace(grid, absorptive_factors(settings, elements_of(atoms), grid.q_max()),
                      elements_of(atoms));
  if (settings.projection == Projection::infinite) {
    placed_ = assign_to_slices(atoms, slices, displacements);
    return;
  }
  const Atoms moved = displaced(atoms, displacements);
  placed_ = assign_to_slices(moved, slices);
  flux_ = std::make_unique<SliceFlux<Real>>(grid, settings.factors, moved, slices);
}

template <typename Real>
SlicePotential<Real>::SlicePotential(SlicePotential&&) noexcept = default;
template <typename Real>
SlicePotential<Real>::~SlicePotential() = default;

template <typename Real>
int SlicePotential<Real>::slices() const {
  return int(placed_.size());
}

template <typename Real>
std::size_t SlicePotential<Real>::atoms() const {
  std::size_t count = 0;
  for (const auto& slice : placed_)
    for (const auto& element : slice) count += element.second.size();
  return count;
}

template <typename Real>
HalfPlane<Real> SlicePotential<Real>::coefficients(int slice) const {
  const SliceAtoms& atoms = placed_[std::size_t(slice)];
  HalfPlane<Real> v = sums_(atoms);
  if (flux_) v += flux_->into(slice);
  return v;
}

template <typename Real>
HalfPlane<Real> SlicePotential<Real>::absorption(int slice) const {
  return absorbed_->coefficients(placed_[std::size_t(slice)]);
}

template class SlicePotential<float>;
template class SlicePotential<double>;

}  // namespace vitrobeam
