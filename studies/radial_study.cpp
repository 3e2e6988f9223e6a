#include "studies/radial_study.hpp"

#include "models/structure_factor.hpp"

namespace vitrobeam {
namespace {

Eigen::ArrayXd array(const std::vector<double>& v) {
  return Eigen::Map<const Eigen::ArrayXd>(v.data(), Eigen::Index(v.size()));
}

std::vector<double> list(const Eigen::ArrayXd& a) { return {a.begin(), a.end()}; }

}  // namespace

RingFactors ring_factors(const RadialStudy& study, const Eigen::ArrayXd& q) {
  const MeanFactors f =
      mean_factors(study.composition.elements, study.composition.shares, list(q), study.table);
  return {q, array(f.squared), array(f.of_mean)};
}

Composition composition_of(const Atoms& atoms) {
  Composition c;
  for (const auto& [z, share] : element_shares(atoms)) {
    c.elements.push_back(z);
    c.shares.push_back(share);
  }
  return c;
}

RadialResult radial_of_patterns(const PatternScan& scan, const RingAxis& axis,
                                const RadialStudy& study, const RunControl& run) {
  const RingMeans rings = mean_rings(scan, axis, run);
  const RingFactors f = ring_factors(study, rings.q);
  return analyse_radial(rings, f.squared, f.of_mean, study.radial);
}

ModelRadial radial_of_model(const Atoms& model, const Eigen::ArrayXd& q, const RadialStudy& study) {
  constexpr double kDebyeRadius = 30;
  const RingFactors f = ring_factors(study, q);
  ModelRadial m{{q, {}, {}, {}, {}}, debye_scattering(model, list(q), kDebyeRadius, study.table)};
  m.curves.intensity = array(m.debye.intensity);
  m.curves.curves = reduce_radial(q, m.curves.intensity, f.squared, f.of_mean, study.radial);
  return m;
}

}  // namespace vitrobeam
