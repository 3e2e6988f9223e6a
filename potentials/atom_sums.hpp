// The Fourier coefficients of the atoms of a slice, by whatever sum is cheaper.
#pragma once
#include <memory>
#include <vector>

#include "potentials/projected_potential.hpp"
#include "potentials/scattering_factors.hpp"
#include "potentials/spreading.hpp"

namespace vitrobeam {

// How the atoms of a slice are summed: matrix products, or spreading (spreading.hpp) where many
// atoms make it cheaper. The same numbers to rounding.
enum class AtomSum { automatic, product, spreading };

// The cheaper one for slices with so many atoms of so many elements, where `wanted` leaves it open.
AtomSum cheaper_sum(AtomSum wanted, const Grid& grid, double atoms_per_slice, int elements);

template <typename Real>
class AtomSums {
 public:
  // `sum` is not automatic.
  AtomSums(const Grid& grid, const FactorTable& factors, const std::vector<int>& elements,
           AtomSum sum);

  AtomSum sum() const { return spreading_ ? AtomSum::spreading : AtomSum::product; }
  // V_q inside the band, V Angstrom; any thread.
  HalfPlane<Real> operator()(const SliceAtoms& atoms) const;

 private:
  ProjectedPotential<Real> projected_;
  std::unique_ptr<Spreading<Real>> spreading_;  // when chosen
};

extern template class AtomSums<float>;
extern template class AtomSums<double>;

}  // namespace vitrobeam
