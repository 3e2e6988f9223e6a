// The maps of an atlas from arrays: planted symmetry and strain come back where they were planted,
// a crystal has one structure everywhere, and motion is what was moved.
#include "studies/atlas_maps.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.hpp"
#include "models/transform.hpp"
#include "tests/approx.hpp"
#include "tests/random_atoms.hpp"

using namespace vitrobeam;

namespace {

constexpr int kPixels = 96, kRows = 2, kColumns = 3;
constexpr double kPixel = 0.016, kAmplitude = 0.4, kStrain = 0.01;

// A ring at 0.42 1/Angstrom on a slope of background; `four` makes it fourfold, `exx` strains it.
PlaneF ring(double four, double exx) {
  PlaneF image(kPixels, kPixels);
  for (int r = 0; r < kPixels; ++r)
    for (int c = 0; c < kPixels; ++c) {
      const double y = (r - kPixels / 2) * kPixel, x = (c - kPixels / 2) * kPixel;
      const double q = std::hypot((1 + exx) * x, y), theta = std::atan2(y, x);
      image(r, c) = float((std::exp(-0.5 * std::pow((q - 0.42) / 0.04, 2)) + 0.2 * std::exp(-q)) *
                          (1 + four * std::cos(4 * theta)));
    }
  return image;
}

// Fourfold at column 0, strained in column 1, an ordinary ring in column 2; the last of row 1 is
// empty.
PatternScan planted() {
  PatternScan scan;
  scan.scan_rows = kRows;
  scan.scan_columns = kColumns;
  scan.rows = scan.columns = kPixels;
  scan.calibration = centred_calibration(kPixels, kPixels, kPixel, kPixel);
  scan.read = [](std::size_t row, std::size_t first, std::size_t count, int) {
    Stack<float> out({count, kPixels, kPixels});
    for (std::size_t k = 0; k < count; ++k)
      if (row == 0 || first + k < kColumns - 1)
        out.plane(k) = ring(first + k == 0 ? kAmplitude : 0, first + k == 1 ? kStrain : 0);
    return out;
  };
  return scan;
}

const PlaneD& find(const std::vector<AtlasMap>& maps, const std::string& name) {
  for (const auto& map : maps)
    if (map.name == name) return map.values;
  FAIL("no map " << name);
  return maps.front().values;
}

Atoms crystal(int n, double edge) {
  Atoms atoms;
  atoms.cell = Cell::orthogonal(n * edge, n * edge, n * edge);
  for (int x = 0; x < n; ++x)
    for (int y = 0; y < n; ++y)
      for (int z = 0; z < n; ++z)
        for (const Vector3d& at : {Vector3d(0, 0, 0), Vector3d(0.5, 0.5, 0), Vector3d(0.5, 0, 0.5),
                                   Vector3d(0, 0.5, 0.5)})
          atoms.add(29, edge * (Vector3d(x, y, z) + at));
  return atoms;
}

Voxels voxels(double step, int n) {
  Voxels v;
  for (int i = 0; i < n; ++i) v.y.push_back(step * i), v.x.push_back(step * i);
  v.weight.fwhm = 6;
  return v;
}

}  // namespace

TEST_CASE("planted symmetry and strain stand in their own columns, and an empty pattern has none") {
  const auto maps = diffraction_maps(planted(), {{2, 4}, 0.25, 0.6}, {});
  const PlaneD &four = find(maps, "symmetry_4"), &two = find(maps, "symmetry_2"),
               &exx = find(maps, "exx"), &dilatation = find(maps, "dilatation"),
               &pair = find(maps, "friedel_pair");
  CHECK(four(0, 0) == approx(kAmplitude * kAmplitude / 4).epsilon(0.03));
  CHECK(four(0, 2) < 1e-4);
  CHECK(two(0, 0) < 1e-4);
  CHECK(pair(0, 0) == approx(1).epsilon(1e-3));  // fourfold is inversion-symmetric
  // against the mean of all, in which a fifth of the rings is strained
  for (int row = 0; row < kRows; ++row)
    CHECK(exx(row, 1) - exx(0, 2) == approx(kStrain).epsilon(0.05));
  CHECK(dilatation(0, 1) - dilatation(0, 2) == approx(kStrain).epsilon(0.1));
  for (const auto& map : maps) {
    CAPTURE(map.name);
    CHECK(map.group == "diffraction");
    CHECK(std::isnan(map.values(1, 2)));
    CHECK(std::isfinite(map.values(0, 0)));
  }
}

TEST_CASE("threads change nothing, patterns that end before a ring are refused, a stop is heard") {
  RunControl run;
  const auto one = diffraction_maps(planted(), {}, run);
  run.threads = 3;
  const auto three = diffraction_maps(planted(), {}, run);
  for (std::size_t k = 0; k < one.size(); ++k)
    CHECK(((one[k].values == three[k].values) || one[k].values.isNaN()).all());
  CHECK_THROWS_AS(diffraction_maps(planted(), {{2}, 0.7, 0.75}, run), Error);
  run.stop = [] { return true; };
  CHECK_THROWS_AS(diffraction_maps(planted(), {}, run), Interrupted);
}

TEST_CASE("a crystal has one structure everywhere") {
  constexpr double kEdge = 3.6;
  const auto maps = structure_maps(crystal(5, kEdge), voxels(2, 4), 0);
  const PlaneD& density = find(maps, "column_density");
  CHECK(density.mean() == approx(4 / std::pow(kEdge, 3)).epsilon(1e-3));
  CHECK(find(maps, "voronoi_volume").mean() == approx(std::pow(kEdge, 3) / 4));
  CHECK(find(maps, "icosahedra").abs().maxCoeff() == 0);
  CHECK(find(maps, "q6_averaged").mean() == approx(0.57452).epsilon(1e-4));  // of fcc
}

TEST_CASE("homogeneous deformation leaves no non-affine motion; unequal time steps are refused") {
  const Atoms before = crystal(5, 3.6);
  Atoms after = before, moved = before;
  for (auto& r : after.positions) r *= 1.02;
  after.cell = Cell::orthogonal(18 * 1.02, 18 * 1.02, 18 * 1.02);
  moved.positions[0] += Vector3d(0.5, 0, 0);
  const auto motion = [&](const Atoms& last) {
    return motion_maps({"run", 2, [&](std::size_t k) { return k == 0 ? before : last; }},
                       voxels(2, 4), {}, {});
  };
  CHECK(find(motion(after), "d2min").abs().maxCoeff() < 1e-12);
  const auto maps = motion(moved);
  CHECK(maps.size() == 2);  // too few frames for relaxation times
  CHECK(find(maps, "d2min").maxCoeff() > 1e-3);
  const AtomFrames twice{"run", 41, [&](std::size_t k) {
                           Atoms a = before;
                           a.info["timestep"] = std::to_string(k == 7 ? 6 : k);
                           return a;
                         }};
  CHECK_THROWS_AS(motion_maps(twice, voxels(2, 4), {}, {}), Error);
}
