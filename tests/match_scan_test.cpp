// Laws of matching a scan: what a notebook gets from arrays, without files or options.
#include "patterns/match_scan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "tests/speckle_library.hpp"

using namespace vitrobeam;
using namespace vitrobeam::speckle_library;

namespace {

MotifLibrary stated_library() {
  MotifLibrary l = library();
  LibraryConditions& c = l.conditions.front();
  c.energy_kV = 200;
  c.semiangle_mrad = 3;
  c.thickness = 20;
  return l;
}

constexpr std::size_t kRows = 4, kColumns = 10;

// The central disc of a beam of 3 mrad at 200 kV, with a soft border of a pixel.
PlaneF disc() {
  const double radius = disc_radius(3, 200) / 0.05;
  PlaneF image(kSize, kSize);
  for (int r = 0; r < kSize; ++r)
    for (int c = 0; c < kSize; ++c)
      image(r, c) = float(
          0.02 * std::clamp(radius - std::hypot(r - kSize / 2, c - kSize / 2) + 0.5, 0.0, 1.0));
  return image;
}

bool is_planted(std::size_t at) { return at % 4 == 0; }

Stack<float> images() {
  Stack<float> all;
  for (std::size_t i = 0; i < kRows * kColumns; ++i) {
    PlaneF image = speckle(70000 + i) + disc();
    if (is_planted(i)) image += 1.5f * motif(5, 0.3 * double(i));
    append(all, image);
  }
  return all;
}

PatternScan scan_of(const Stack<float>& all) {
  PatternScan s;
  s.scan_rows = kRows;
  s.scan_columns = kColumns;
  s.rows = s.columns = kSize;
  s.calibration = kCamera;
  s.energy_kV = 200;
  s.semiangle_mrad = 3;
  s.thickness = 20;
  s.read = [&all](std::size_t row, std::size_t first, std::size_t count, int) {
    Stack<float> part({count, std::size_t(kSize), std::size_t(kSize)});
    for (std::size_t i = 0; i < count; ++i) part.plane(i) = all.plane(row * kColumns + first + i);
    return part;
  };
  return s;
}

MatchSettings settings() {
  MatchSettings s;
  s.recognition.grid = {0.3, 0.9, 12, 72};
  s.recognition.matching.m_max = 20;
  s.q_max = 0.9;
  s.false_alarm = 0.1;
  s.examples = 3;
  return s;
}

RunControl with_notes(std::vector<std::string>& notes) {
  RunControl run;
  run.note = [&notes](Remark, const Message& m) { notes.push_back(m.plain()); };
  return run;
}

Fault fault_of(const auto& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.fault();
  }
  return Fault::machine;
}

}  // namespace

TEST_CASE("planted motifs are found, motif-free positions are not, on any number of threads") {
  const Stack<float> all = images();
  RunControl one, three;
  three.threads = 3;
  const MotifLibrary l = stated_library();
  const MatchResult r = match_scan(scan_of(all), l, settings(), one),
                    again = match_scan(scan_of(all), l, settings(), three);
  int right = 0, wrong = 0, planted = 0;
  for (std::size_t i = 0; i < kRows * kColumns; ++i) {
    planted += is_planted(i);
    right += is_planted(i) && r.motif.values[i] == 0;
    wrong += !is_planted(i) && r.motif.values[i] >= 0;
  }
  CHECK(right >= 0.7 * planted);
  CHECK(wrong <= 0.1 * (right + wrong) + 3);
  CHECK(r.condition.energy_kV == 200);
  CHECK(r.motif.values == again.motif.values);
  CHECK(r.best_score.values == again.best_score.values);
  CHECK(r.posterior_none.values == again.posterior_none.values);
  REQUIRE(r.examples.size() == 3);
  CHECK(r.examples[0].accepted);
  CHECK((r.examples[0].measured ==
         all.plane(r.examples[0].scan_row * kColumns + r.examples[0].scan_column))
            .all());
  CHECK(r.is_like_null());
}

TEST_CASE("a motif is called exactly where its false-discovery rate is within the stated one") {
  const Stack<float> all = images();
  const MotifLibrary l = stated_library();
  MatchSettings strict = settings();
  strict.false_alarm = 0.02;
  const MatchResult r = match_scan(scan_of(all), l, settings(), {}),
                    s = match_scan(scan_of(all), l, strict, {});
  for (std::size_t i = 0; i < r.motif.size(); ++i) {
    CHECK((r.motif.values[i] >= 0) == (r.best_false_discovery_rate.values[i] <= 0.1f));
    if (s.motif.values[i] >= 0) CHECK(s.motif.values[i] == r.motif.values[i]);
  }
}

TEST_CASE("useless patterns are marked and never a motif, and change nothing elsewhere") {
  Stack<float> all = images();
  const MotifLibrary l = stated_library();
  const MatchResult whole = match_scan(scan_of(all), l, settings(), {});
  all.plane(0).setZero();
  all.plane(4)(3, 3) = NAN;
  const MatchResult r = match_scan(scan_of(all), l, settings(), {});
  CHECK(r.status.values[0] == std::uint8_t(PatternStatus::empty));
  CHECK(r.status.values[4] == std::uint8_t(PatternStatus::not_finite));
  for (const std::size_t i : {0, 4}) {
    CHECK(r.motif.values[i] == -1);
    CHECK(std::isnan(r.best_score.values[i]));
  }
  CHECK(r.best_score.values[1] == whole.best_score.values[1]);
}

TEST_CASE("behind a mask of everything there is nothing to match") {
  const Stack<float> all = images();
  PatternScan scan = scan_of(all);
  scan.hidden = PixelMask::Ones(kSize, kSize);
  const MatchResult r = match_scan(scan, stated_library(), settings(), {});
  for (std::size_t i = 0; i < r.motif.size(); ++i) {
    CHECK(r.motif.values[i] == -1);
    CHECK(r.status.values[i] == std::uint8_t(PatternStatus::hidden));
  }
  CHECK(r.null_best.empty());
}

TEST_CASE(
    "another beam is refused, or matched all the same with a remark; an unknown one remarked") {
  const Stack<float> all = images();
  const MotifLibrary l = stated_library();
  PatternScan scan = scan_of(all);
  scan.energy_kV = 300;
  CHECK(fault_of([&] { prepare_match(scan, l, settings(), {}); }) == Fault::physics);
  MatchSettings all_the_same = settings();
  all_the_same.rescale = true;
  std::vector<std::string> notes;
  prepare_match(scan, l, all_the_same, with_notes(notes));
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].find("300 kV") != std::string::npos);
  notes.clear();
  scan.energy_kV.reset();
  prepare_match(scan, l, settings(), with_notes(notes));
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].find("energy states it") != std::string::npos);
  MatchSettings inside = settings();
  inside.recognition.grid.q_min = 0.1;  // the beam's disc reaches 0.12
  CHECK(fault_of([&] { prepare_match(scan_of(all), l, inside, {}); }) == Fault::physics);
  MatchSettings absent = settings();
  absent.condition = 1;
  CHECK(fault_of([&] { prepare_match(scan_of(all), l, absent, {}); }) == Fault::usage);
}

TEST_CASE("the condition nearest to the patterns is taken, beam before thickness") {
  const Stack<float> all = images();
  MotifLibrary l = stated_library();
  l.conditions.push_back(l.conditions[0]);
  l.conditions[0].energy_kV = 80;
  l.conditions[1].thickness = 500;
  for (auto& t : l.templates) t.condition = 1;
  for (auto& n : l.null) n.condition = 1;
  for (auto& p : l.planted) p.condition = 1;
  const PreparedMatch p = prepare_match(scan_of(all), l, settings(), {});
  CHECK(p.library.condition().energy_kV == 200);
  CHECK(p.library.templates.size() == l.templates.size());
  MatchSettings other = settings();
  other.condition = 0;
  CHECK(fault_of([&] { prepare_match(scan_of(all), l, other, {}); }) == Fault::input);
}

TEST_CASE("the matched range ends where whole circles of patterns or library do") {
  const Stack<float> all = images();
  MatchSettings s = settings();
  s.q_max = 0;
  const MotifLibrary l = stated_library();
  const double reached = prepare_match(scan_of(all), l, s, {}).settings.recognition.grid.q_max;
  CHECK(reached <= reach(l));
  CHECK(reached <= largest_full_circle(kSize, kSize, kCamera));
  PatternScan small = scan_of(all);
  small.calibration.pixel_qx = small.calibration.pixel_qy = 0.02;
  CHECK(fault_of([&] { prepare_match(small, l, s, {}); }) == Fault::physics);
}

TEST_CASE("neighbours nearer than the next position are refused, and a wish to stop is heard") {
  const Stack<float> all = images();
  const MotifLibrary l = stated_library();
  MatchSettings s = settings();
  s.neighbours = 1;
  s.step = 2;
  CHECK(fault_of([&] { match_scan(scan_of(all), l, s, {}); }) == Fault::usage);
  RunControl stopped;
  stopped.stop = [] { return true; };
  CHECK_THROWS_AS(match_scan(scan_of(all), l, settings(), stopped), Interrupted);
}

TEST_CASE("the dose that explains the counts comes back, also behind a mask") {
  const MotifLibrary l = stated_library();
  constexpr double kDose = 2e4;
  Stack<float> counts;
  for (std::size_t i = 0; i < kRows * kColumns; ++i) {
    PlaneF image = speckle(80000 + i);
    add_camera_noise(image, kDose, 3, i);
    append(counts, image * float(kDose));
  }
  PatternScan scan = scan_of(counts);
  const PolarGrid grid = settings().recognition.grid;
  CHECK(matched_electrons(scan, l, grid, 1) == 0);  // without counting noise
  scan.gain = 1;
  const double whole = matched_electrons(scan, l, grid, 1);
  CHECK(std::abs(whole / kDose - 1) < 0.15);
  scan.hidden = PixelMask::Zero(kSize, kSize);
  scan.hidden.topRows(kSize / 2 - 6) = 1;
  CHECK(std::abs(matched_electrons(scan, l, grid, 1) / kDose - 1) < 0.2);
}
