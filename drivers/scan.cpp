#include "drivers/scan.hpp"

#include "base/error.hpp"
#include "drivers/quantity.hpp"
#include "io/text_reader.hpp"

namespace vitrobeam {

Scan resolve_scan(const SimulateSettings& s, const Atoms& atoms) {
  const int ways = int(!s.at.empty()) + int(!s.scan.empty()) + int(!s.positions.empty());
  if (ways > 1) fail(Fault::usage, "--at, --scan and --positions: give one of them");
  if (s.scan.empty() && !(s.from.empty() && s.to.empty()))
    fail(Fault::usage, "--from and --to need --scan NXxNY");
  if (s.mode == BeamMode::plane_wave && ways > 0)
    fail(Fault::usage,
         "--mode plane-wave has no probe position; leave out --at, --scan and --positions");
  const Vector2d edge = atoms.cell.vectors.diagonal().head<2>();
  Scan scan;
  if (!s.scan.empty()) {
    const auto [nx, ny] = parse_size(s.scan, "scan");
    const Vector2d from = s.from.empty() ? Vector2d(0, 0) : parse_pair(s.from, "Angstrom", "from");
    const Vector2d to = s.to.empty() ? edge : parse_pair(s.to, "Angstrom", "to");
    if (nx > 1 && to.x() == from.x())
      fail(Fault::usage, "--to: the raster of {} columns has no width", nx);
    if (ny > 1 && to.y() == from.y())
      fail(Fault::usage, "--to: the raster of {} rows has no height", ny);
    scan.is_list = false;
    for (int i = 0; i < nx; ++i) scan.x.push_back(from.x() + (to.x() - from.x()) * i / nx);
    for (int j = 0; j < ny; ++j) scan.y.push_back(from.y() + (to.y() - from.y()) * j / ny);
    for (const double y : scan.y)
      for (const double x : scan.x) scan.positions.emplace_back(x, y);
    return scan;
  }
  if (!s.positions.empty()) {
    for (const auto& [x, y] : read_number_pairs(s.positions, "x y in Angstrom"))
      scan.positions.emplace_back(x, y);
  } else if (s.mode == BeamMode::plane_wave) {
    scan.positions = {Vector2d(0, 0)};
  } else if (s.at.empty()) {
    scan.positions = {edge / 2};
  }
  for (const auto& at : s.at) scan.positions.push_back(parse_pair(at, "Angstrom", "at"));
  for (const auto& p : scan.positions) {
    scan.x.push_back(p.x());
    scan.y.push_back(p.y());
  }
  return scan;
}

}  // namespace vitrobeam
