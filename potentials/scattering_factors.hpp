// Electron scattering factors of neutral atoms: published tables and a user's own, at rest or
// smeared by thermal motion.
#pragma once
#include <array>
#include <limits>
#include <map>
#include <memory>
#include <vector>

namespace vitrobeam {

enum class Parametrisation { kirkland, lobato, peng };

// f_e(q) in Angstrom of one element at q = 1/d in 1/Angstrom: a sum of terms whose Fourier
// transform along the beam is known, or values to interpolate.
struct ElementFactor {
  struct Term {
    double weight, width;
    bool operator==(const Term&) const = default;
  };
  std::vector<Term> lorentzians;          // weight / (q^2 + width)
  std::vector<Term> squared_lorentzians;  // weight / (q^2 + width)^2
  std::vector<Term> gaussians;            // weight exp(-width q^2)
  std::vector<double> q, f;               // instead of terms: at least 4 points, q ascending from 0
  double q_limit = std::numeric_limits<double>::infinity();  // where the fit or the list ends

  bool has_terms() const { return q.empty(); }
  double operator()(double at) const;  // cubic between listed points (Catmull and Rom)
  bool operator==(const ElementFactor&) const = default;
};

// a1..a3, b1..b3, c1..c3, d1..d3: sum_i a_i / (q^2 + b_i) + sum_i c_i exp(-d_i q^2).
ElementFactor kirkland_factor(const std::array<double, 12>& parameters);
// a1..a5, b1..b5: sum_i a_i (2 + b_i q^2) / (1 + b_i q^2)^2.
ElementFactor lobato_factor(const std::array<double, 10>& parameters);

// The factors of the elements. Not relativistic: multiply by gamma for a cross section.
class FactorTable {
 public:
  // Kirkland: Advanced Computing in Electron Microscopy (2010), appendix C. Lobato and Van Dyck:
  // Acta Cryst. A70 (2014) 636. Peng: International Tables C (2011), table 4.3.2.2, five Gaussians
  // in s = q/2 fitted up to s = 2 1/Angstrom, i.e. q = 4, elements 1 to 98.
  FactorTable(Parametrisation table = Parametrisation::kirkland);  // NOLINT: a table is its name
  explicit FactorTable(std::map<int, ElementFactor> elements);

  bool has(int atomic_number) const { return elements_->contains(atomic_number); }
  const ElementFactor& element(int atomic_number) const { return elements_->at(atomic_number); }

  // Isotropic Debye-Waller smearing, f(q) exp(-2 pi^2 u^2 q^2), by one-dimensional rms displacement
  // in Angstrom and atomic number; elements without one stay at rest.
  FactorTable smeared(std::map<int, double> u_rms) const;
  double u_rms(int atomic_number) const;
  double operator()(int atomic_number, double q) const;

 private:
  std::shared_ptr<const std::map<int, ElementFactor>> elements_;
  std::map<int, double> u_rms_;
};

inline double scattering_factor(const FactorTable& table, int atomic_number, double q) {
  return table(atomic_number, q);
}

// V_q = kPotentialUnit / area * f_e(q): h^2 / (2 pi m e) = 2 pi a_0 e in V Angstrom^2 (CODATA
// 2018).
extern const double kPotentialUnit;

}  // namespace vitrobeam
