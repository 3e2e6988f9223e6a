// Whether maps of one scan go together. Neighbouring positions repeat each other, so that N
// positions are worth far fewer independent pairs: the usual p-values of a correlation are wrong by
// orders of magnitude. Two ways out:
//   shifts     one map is moved against the other around the scan (and turned by 180 degrees),
//              which keeps the spatial correlation of both and destroys what joins them; the
//              p-value is the rank among these. Moves shorter than the maps' common correlation
//              length still show what joins them and are left out.
//   effective  variance of the coefficient from the autocorrelations of both maps (Clifford,
//              Richardson and Hemon, Biometrics 45 (1989) 123; Dutilleul, Biometrics 49 (1993)
//              305), as a number of independent pairs, and Fisher's transformation.
// Not-a-number marks a position that is not known; it takes no part.
#pragma once
#include <cstdint>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

// Sums over all pairs of known positions at a shift (dy, dx), by Fourier transform.
struct Autocorrelogram {
  Plane<double> value;                 // [lag_y, lag_x] correlation; (0, 0) in the middle
  std::vector<double> radius, radial;  // mean over rings one pixel wide, from 0; pixels
  std::vector<double> pairs;           // of known positions in every ring
  double first_zero = 0;               // radius where the mean falls through 0, pixels
  double length(double level) const;   // radius where it falls through `level`, interpolated
};
// Of the deviations from the mean; `noise` is the part of the variance that is not structure and is
// taken off at lag 0. Up to half of the shorter edge. Error{physics}: fewer than 8 known positions,
// or no variance.
Autocorrelogram autocorrelogram(const PlaneD& map, double noise = 0);

struct ShiftTest {
  std::size_t most = 1999;  // shifts, drawn without repetition where there are more
  std::uint64_t seed = 1;
};

struct MapCorrelation {
  double coefficient = 0;
  double p_shift = 1;         // two-sided, (1 + as large) / (1 + shifts)
  double effective = 0;       // independent pairs
  double p_effective = 1;     // two-sided
  double low = -1, high = 1;  // 68 % interval by the effective number
  std::size_t positions = 0, shifts = 0;
};
// Pearson's coefficient of two maps of one shape, over the positions known in both. A coefficient
// of not-a-number where fewer than 8 are, or a map is constant.
MapCorrelation correlate_maps(const PlaneD& a, const PlaneD& b, const ShiftTest& test = {});

// Ranks of the known values (ties share their mean), for Spearman's coefficient: Pearson's of
// ranks.
PlaneD ranks_of(const PlaneD& map);

// What is left of a map when the best linear combination of others is taken off (and their mean);
// known where all are. Pearson's coefficient of two such maps is the partial one.
PlaneD without(const PlaneD& map, const std::vector<PlaneD>& others);

// Of all pairs of maps: [map, map], the diagonal 1.
struct CorrelationMatrix {
  PlaneD coefficient, p_shift, p_effective, effective;
};
enum class Association { pearson, spearman, partial, partial_spearman };
// A map that is constant where all are known has not-a-number in its row.
CorrelationMatrix correlation_matrix(const std::vector<PlaneD>& maps, Association kind,
                                     const ShiftTest& test, int threads);

}  // namespace vitrobeam
