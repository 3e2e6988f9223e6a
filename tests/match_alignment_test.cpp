// Laws of measuring a scan against a library: what is put in comes out, and right scans stay.
#include "patterns/match_alignment.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "patterns/match_scan.hpp"
#include "tests/speckle_library.hpp"

using namespace vitrobeam;
using namespace vitrobeam::speckle_library;

namespace {

constexpr std::size_t kEdge = 16;

// Motif-free patterns on a camera of that calibration.
Stack<float> images(const Calibration& camera, double dose) {
  const Calibration ideal = kCamera;
  Stack<float> all;
  for (std::size_t i = 0; i < kEdge * kEdge; ++i) {
    const PlaneF whole = speckle(40000 + i);
    PlaneF image = PlaneF::Zero(kSize, kSize);
    for (int r = 0; r < kSize; ++r)
      for (int c = 0; c < kSize; ++c)
        for (const PixelShare& s : seen_by_pixel(kSize, kSize, ideal, camera, r, c))
          image(r, c) += s.share * whole(s.pixel / kSize, s.pixel % kSize);
    if (dose > 0) add_camera_noise(image, dose, 11, i);
    append(all, image);
  }
  return all;
}

PatternScan scan_of(const Stack<float>& all) {
  PatternScan s;
  s.scan_rows = s.scan_columns = kEdge;
  s.rows = s.columns = kSize;
  s.calibration = kCamera;
  s.read = [&all](std::size_t row, std::size_t first, std::size_t count, int) {
    Stack<float> part({count, std::size_t(kSize), std::size_t(kSize)});
    for (std::size_t i = 0; i < count; ++i) part.plane(i) = all.plane(row * kEdge + first + i);
    return part;
  };
  return s;
}

Calibration camera_off(double columns, double rows) {
  Calibration c = kCamera;
  c.centre_col += columns;
  c.centre_row += rows;
  return c;
}

RunControl with_notes(std::vector<std::string>& notes) {
  RunControl run;
  run.note = [&notes](Remark, const Message& m) { notes.push_back(m.plain()); };
  return run;
}

constexpr AlignmentSettings kRings{0.3, 0.9};

}  // namespace

TEST_CASE(
    "a scan off centre is matched about its own centre, with a remark, with and without counts") {
  for (const double dose : {0.0, 3e4}) {
    CAPTURE(dose);
    const Stack<float> all = images(camera_off(0.8, -0.5), dose);
    std::vector<std::string> notes;
    const Calibration c = aligned_calibration(scan_of(all), library(), kRings, with_notes(notes));
    CHECK(std::abs(c.centre_col - kCamera.centre_col - 0.8) < 0.15);
    CHECK(std::abs(c.centre_row - kCamera.centre_row + 0.5) < 0.15);
    CHECK(c.ellipticity == 0);
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].find("off the stated 24.00,24.00") != std::string::npos);
  }
}

TEST_CASE("a scan that is right stays as it is, in silence") {
  for (const double dose : {0.0, 3e4, 3e3}) {
    CAPTURE(dose);
    const Stack<float> all = images(kCamera, dose);
    std::vector<std::string> notes;
    const Calibration c = aligned_calibration(scan_of(all), library(), kRings, with_notes(notes));
    CHECK(c.centre_col == kCamera.centre_col);
    CHECK(c.centre_row == kCamera.centre_row);
    CHECK(c.ellipticity == 0);
    CHECK(notes.empty());
  }
}

TEST_CASE("an ellipse comes back with its angle, and as stated nothing is corrected") {
  Calibration camera = kCamera;
  camera.ellipticity = 0.12;
  camera.ellipse_angle = 0.5;
  const Stack<float> all = images(camera, 0);
  std::vector<std::string> notes;
  AlignmentSettings s = kRings;
  const Calibration c = aligned_calibration(scan_of(all), library(), s, with_notes(notes));
  CHECK(std::abs(c.ellipticity - 0.12) < 0.02);
  CHECK(std::abs(c.ellipse_angle - 0.5) < 0.08);
  CHECK(notes.size() == 1);
  s.as_stated = true;
  const Calibration same = aligned_calibration(scan_of(all), library(), s, with_notes(notes));
  CHECK(same.ellipticity == 0);
  REQUIRE(notes.size() == 2);
  CHECK(notes[1].find("as stated all the same") != std::string::npos);
}

TEST_CASE("another scale is refused, or remarked where that is asked for") {
  Calibration camera = kCamera;
  camera.pixel_qx = camera.pixel_qy = 0.05 / 1.2;  // rings on more pixels than are stated
  const Stack<float> all = images(camera, 0);
  CHECK_THROWS_AS(aligned_calibration(scan_of(all), library(), kRings, {}), Error);
  AlignmentSettings s = kRings;
  s.rescale = true;
  std::vector<std::string> notes;
  aligned_calibration(scan_of(all), library(), s, with_notes(notes));
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].find("scale: ") == 0);
  const Misalignment m = misalignment(scan_of(all), library(), 0.3, 0.9);
  CHECK(std::abs(m.scale.value - 1.2) < 4 * m.scale.error + 0.02);
}
