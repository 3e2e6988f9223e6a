// The potential of an atom taken apart for exponentials on a coarse grid: a smooth part that the
// grid holds, and what is left around the nucleus (docs/decisions/0015-converged-transmission.md).
//
// exp(i sigma V) has detail around a nucleus that no usual grid resolves. Outside of 4 pixels the
// smooth part is V itself; inside, it is V's Taylor polynomial in r^2 about that radius. The
// exponential of the smooth part needs no finer grid (its error there is below 1e-5). The rest is
// local. It is sampled on a finer grid, and smoothed once more within 4 of the fine pixels; what
// that takes away has the radius of a few hundredths of an Angstrom and enters by its transform,
// which is a one-dimensional integral.
#pragma once
#include <complex>
#include <memory>
#include <vector>

#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

// One of the atoms that stand at a site: several where nuclei coincide in projection.
struct SiteAtom {
  ElementFactor factor;
  double u_rms = 0;        // Angstrom; smears `factor`
  ElementFactor absorbed;  // of the imaginary potential, smeared already; no terms: none
  bool operator==(const SiteAtom&) const = default;
};

struct CoreGrid {
  double pixel = 0;                 // of the coarser axis, Angstrom
  int fine = 4;                     // samples of the fine grid per pixel
  double interaction_constant = 0;  // sigma, rad/(V Angstrom)
  bool operator==(const CoreGrid&) const = default;
};

class AtomCore {
 public:
  AtomCore(const std::vector<SiteAtom>& site, const CoreGrid& grid);

  // Beyond it nothing is left, Angstrom.
  double radius() const { return radius_; }
  // Nuclei nearer than this must not stand side by side on this fine grid, Angstrom.
  double reach() const { return 2 * inner_; }
  // The smooth part as scattering factors, Angstrom: of V, and of the imaginary potential.
  const ElementFactor& smooth() const { return smooth_; }
  const ElementFactor& smooth_absorbed() const { return smooth_absorbed_; }

  // Tables in steps of 1 / per_square in r^2, Angstrom^2, linear between entries; the last are 0.
  // The phase of the rest, smoothed: sigma (V + i V') less that of the smooth part.
  const std::vector<std::complex<float>>& phase() const { return phase_; }
  double phase_per_square() const { return phase_per_square_; }
  // What the innermost adds to the exponential of everything else around it, as its factor.
  const std::vector<std::complex<float>>& inner() const { return inner_share_; }
  double inner_per_square() const { return inner_per_square_; }

 private:
  using Complex = std::complex<double>;
  struct Expansion;

  double radius_, inner_;
  ElementFactor smooth_, smooth_absorbed_;
  std::vector<std::complex<float>> phase_, inner_share_;
  double phase_per_square_ = 0, inner_per_square_ = 0;
};

// The same, kept for the next who asks; any thread.
std::shared_ptr<const AtomCore> atom_core(const std::vector<SiteAtom>& site, const CoreGrid& grid);

}  // namespace vitrobeam
