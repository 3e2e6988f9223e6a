// Laws of the correction for multiple scattering: none where there is none, single scattering comes
// back from patterns of other piles and from a specimen of another structure, disc and faces are
// undone.
#include "studies/multiple_scattering.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.hpp"
#include "io/structure_file.hpp"
#include "potentials/debye.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

const RingAxis kAxis{0.2, 1.6, 56};

// Rings of a liquid: a main peak at q_peak and its harmonic.
struct Liquid {
  RingFactors factors;
  Eigen::ArrayXd intensity;
};

Liquid liquid(double q_peak, double height) {
  const Eigen::ArrayXd q = kAxis.q();
  const MeanFactors f = mean_factors({29, 40}, {0.645, 0.355}, {q.begin(), q.end()});
  const auto array = [](const std::vector<double>& v) {
    return Eigen::ArrayXd(Eigen::Map<const Eigen::ArrayXd>(v.data(), Eigen::Index(v.size())));
  };
  const Eigen::ArrayXd s = height * (-((q - q_peak) / 0.04).square()).exp() +
                           0.3 * height * (-((q - 1.75 * q_peak) / 0.07).square()).exp() -
                           (-(q / 0.25).square()).exp();
  Liquid out{{q, array(f.squared), array(f.of_mean)}, {}};
  out.intensity = out.factors.squared + out.factors.of_mean * s;
  return out;
}

RingMeans rings_of(const Eigen::ArrayXd& q, const std::vector<Eigen::ArrayXd>& groups) {
  return {q, groups, std::vector<double>(groups.size(), 1)};
}

// Height of `g` against `reference` from 2 to 12 Angstrom.
double height(const RadialCurves& g, const RadialCurves& reference) {
  double above = 0, below = 0;
  for (Eigen::Index i = 0; i < g.r.size(); ++i)
    if (g.r[i] > 2 && g.r[i] < 12)
      above += g.g[i] * reference.g[i], below += reference.g[i] * reference.g[i];
  return above / below;
}

}  // namespace

TEST_CASE("where nothing is scattered twice nothing is corrected") {
  const Liquid a = liquid(0.45, 1.8);
  const SimulatedRings model{a.factors.q,
                             {a.intensity, 1.1 * a.intensity, 0.9 * a.intensity},
                             {a.intensity, 1.1 * a.intensity, 0.9 * a.intensity}};
  const RingMeans rings = rings_of(a.factors.q, {a.intensity, 1.2 * a.intensity, a.intensity});
  // so little of the beam that what is scattered once does not scatter again
  SimulatedRings weak = model;
  for (auto* part : {&weak.kinematic, &weak.dynamical})
    for (auto& p : *part) p *= 1e-6;
  const CorrectedRadial c = correct_radial(rings, weak, a.factors, {}, {});
  CHECK((c.ratio - 1).abs().maxCoeff() < 1e-4);
  CHECK(c.ratio_error.maxCoeff() < 1e-6);
  const RadialResult plain = analyse_radial(rings, a.factors.squared, a.factors.of_mean, {});
  CHECK((c.result.curves.g - plain.curves.g).abs().maxCoeff() <
        1e-3 * plain.curves.g.abs().maxCoeff());
}

TEST_CASE("transport keeps a weak pattern, attenuates a strong one by what is scattered") {
  const Liquid a = liquid(0.45, 1.8);
  const RingTransport transport(a.factors);
  CHECK(((transport(1e-5 * a.intensity, 1) / a.intensity) * 1e5 - 1).abs().maxCoeff() < 0.01);
  // exp(-k_0) of the sharp ring stays, the rest is smooth: contrast falls by the scattered share
  const Eigen::ArrayXd single = 0.01 * a.intensity, twice = transport(single, 1);
  CHECK(transport.strength(single, transport(single, 0.6)) == approx(0.6).epsilon(0.03));
  CHECK((twice / single).minCoeff() < 0.95 * (twice / single).maxCoeff());
}

TEST_CASE("a specimen of another structure comes nearer to its own single scattering") {
  const Liquid a = liquid(0.45, 1.8), b = liquid(0.43, 1.3);
  const RingTransport transport(a.factors);
  const double share = 0.015;
  const std::vector<Eigen::ArrayXd> once(3, share * b.intensity),
      again(3, transport(share * b.intensity, 1));
  const Eigen::ArrayXd measured = transport(share * a.intensity, 1);
  const RingMeans rings = rings_of(a.factors.q, {measured, measured, measured});
  const auto curves = [&](const Eigen::ArrayXd& i) {
    return reduce_radial(a.factors.q, i, a.factors.squared, a.factors.of_mean, {});
  };
  const RadialCurves truth = curves(a.intensity);
  const double left = 1 - height(curves(measured), truth);
  REQUIRE(left > 0.1);
  const CorrectedRadial other =
      correct_radial(rings, {a.factors.q, once, again}, a.factors, {}, {});
  CHECK(std::abs(height(other.result.curves, truth) - 1) < 0.25 * left);
  CHECK(other.ratio_range.maxCoeff() > 0.003);
}

TEST_CASE("disc and faces damp G as they must and are undone") {
  const Liquid a = liquid(0.45, 1.8);
  const auto curves = [&](const Eigen::ArrayXd& i) {
    return reduce_radial(a.factors.q, i, a.factors.squared, a.factors.of_mean, {});
  };
  // a ripple of S, the transform of neighbours at one distance, under a disc: 2 J1(x) / x
  Eigen::ArrayXd ripple = (2 * M_PI * 6 * a.factors.q).sin() * 0.2;
  const Eigen::ArrayXd flat = smeared(a.factors, a.factors.squared, {0.03, 0}),
                       with = smeared(a.factors, a.factors.squared + a.factors.of_mean * ripple,
                                      {0.03, 0});
  const double x = 2 * M_PI * 6 * 0.03, expected = 2 * std::cyl_bessel_j(1.0, x) / x;
  const Eigen::Index from = 24, n = 24;  // far from the ends
  const Eigen::ArrayXd seen = ((with - flat) / a.factors.of_mean).segment(from, n);
  const Eigen::ArrayXd put = ripple.segment(from, n);
  CHECK((seen * put).sum() / put.square().sum() == approx(expected).epsilon(0.05));
  CHECK((smeared(a.factors, a.intensity, {0, 1e5}) / a.intensity - 1).abs().maxCoeff() < 1e-3);
  const RingSmearing smearing{0.04, 20};
  const Eigen::ArrayXd blurred = smeared(a.factors, a.intensity, smearing);
  const RadialCurves truth = curves(a.intensity);
  CHECK(height(curves(blurred), truth) < 0.93);
  CHECK(height(curves(sharpened(a.factors, blurred, smearing)), truth) == approx(1).epsilon(0.015));
}

TEST_CASE("G of multislice patterns of other piles comes back to that of single scattering") {
  const Atoms glass = read_structure(std::string(VITROBEAM_SOURCE_DIR) +
                                     "/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz");
  PatternScan scan;
  scan.energy_kV = 200;
  scan.semiangle_mrad = 1;
  scan.thickness = 120;
  RadialStudy study;
  study.composition = composition_of(glass);
  ScatteringPlan plan = scattering_plan(scan, kAxis, glass, study, 0);
  plan.piles = 3;
  plan.positions = 4;
  plan.simulation.slice = 3;
  const SimulatedRings model = simulate_rings(plan, glass, {});
  plan.seed = 4711;
  const SimulatedRings specimen = simulate_rings(plan, glass, {});
  const RingFactors factors = ring_factors(study, specimen.q);
  const auto plain = [&](const std::vector<Eigen::ArrayXd>& groups) {
    return analyse_radial(rings_of(specimen.q, groups), factors.squared, factors.of_mean, {});
  };
  const RadialCurves single = plain(specimen.kinematic).curves;
  CHECK(height(plain(specimen.dynamical).curves, single) < 0.9);
  const CorrectedRadial c =
      correct_radial(rings_of(specimen.q, specimen.dynamical), model, factors, {}, {});
  CHECK(height(c.result.curves, single) == approx(1).epsilon(0.03));
}

TEST_CASE("what is not known and what does not fit is refused") {
  Atoms glass;
  glass.cell = Cell::orthogonal(20, 20, 20);
  for (int i = 0; i < 8; ++i)
    glass.add(i % 2 ? 29 : 40, {10.0 * (i & 1), 10.0 * (i >> 1 & 1), 10.0 * (i >> 2)});
  RadialStudy study;
  study.composition = composition_of(glass);
  PatternScan scan;
  const auto fault = [&](const PatternScan& s, const RadialStudy& of, double density) {
    try {
      scattering_plan(s, kAxis, glass, of, density);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK(fault(scan, study, 0).find("thickness") != std::string::npos);
  scan.thickness = 50;
  CHECK(fault(scan, study, 0).find("energy") != std::string::npos);
  scan.energy_kV = 200;
  CHECK(fault(scan, study, 0).find("semi-angle") != std::string::npos);
  scan.semiangle_mrad = 1;
  CHECK(fault(scan, study, 0).empty());
  CHECK(fault(scan, study, 0.0011).find("density") != std::string::npos);
  RadialStudy other = study;
  other.composition.shares[0] += 0.1;
  CHECK(fault(scan, other, 0).find("alloy") != std::string::npos);
  scan.semiangle_mrad = 5;
  CHECK(fault(scan, study, 0).find("central disc") != std::string::npos);
}
