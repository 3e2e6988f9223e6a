#include "potentials/atom_sums.hpp"

namespace vitrobeam {

AtomSum cheaper_sum(AtomSum wanted, const Grid& grid, double atoms_per_slice, int elements) {
  if (wanted != AtomSum::automatic) return wanted;
  return spreading_is_cheaper(grid, atoms_per_slice, elements) ? AtomSum::spreading
                                                               : AtomSum::product;
}

template <typename Real>
AtomSums<Real>::AtomSums(const Grid& grid, const FactorTable& factors,
                         const std::vector<int>& elements, AtomSum sum)
    : projected_(grid, factors, elements) {
  if (sum == AtomSum::spreading) spreading_ = std::make_unique<Spreading<Real>>(grid);
}

template <typename Real>
HalfPlane<Real> AtomSums<Real>::operator()(const SliceAtoms& atoms) const {
  if (!spreading_) return projected_.coefficients(atoms);
  HalfPlane<Real> v = projected_.zero();
  for (auto a = atoms.begin(); a != atoms.end(); ++a) {  // two elements take one transform
    const auto b = std::next(a);
    const bool pair = b != atoms.end();
    const auto sums = (*spreading_)(a->second, pair ? b->second : std::vector<Vector2d>{});
    v += sums[0] * projected_.form_factor(a->first);
    if (pair) v += sums[1] * projected_.form_factor((a = b)->first);
  }
  return v;
}

template class AtomSums<float>;
template class AtomSums<double>;

}  // namespace vitrobeam
