#include "drivers/scan.hpp"

#include "base/error.hpp"
#include "io/text_reader.hpp"
#include "options/quantity.hpp"

namespace vitrobeam {

namespace {

// Positions outside would be those of the periodic image, if there is one.
Scan inside(Scan scan, const Vector2d& edge, const std::string& option) {
  constexpr double kRounding = 1e-6;
  for (const Vector2d& p : scan.positions)
    if (!((p.array() >= -kRounding).all() && (p.array() <= edge.array() + kRounding).all()))
      fail(Fault::physics,
           "{}: position {:g},{:g} lies outside of the cell of {:g} x {:g} Angstrom", option, p.x(),
           p.y(), edge.x(), edge.y());
  return scan;
}

}  // namespace

Scan resolve_scan(const SimulateSettings& s, const Atoms& atoms) {
  const int ways = int(!s.at.empty()) + int(!s.scan.empty()) + int(!s.positions.empty());
  if (ways > 1) fail(Fault::usage, "--at, --scan and --positions: give one of them");
  if (s.scan.empty() && !(s.from.empty() && s.to.empty()))
    fail(Fault::usage, "--from and --to need --scan NXxNY");
  if (s.mode == BeamMode::plane_wave && ways > 0)
    fail(Fault::usage,
         "--mode plane-wave has no probe position; leave out --at, --scan and --positions");
  const Vector2d edge = atoms.cell.vectors.diagonal().head<2>();
  if (!s.scan.empty()) {
    const auto [nx, ny] = parse_size(s.scan, "scan");
    constexpr double kMost = 2e8;
    if (double(nx) * ny > kMost)
      fail(Fault::machine, "--scan {}: {:.3g} positions are more than the {:g} of one run", s.scan,
           double(nx) * ny, kMost);
    const Vector2d from = s.from.empty() ? Vector2d(0, 0) : parse_pair(s.from, "Angstrom", "from");
    const Vector2d to = s.to.empty() ? edge : parse_pair(s.to, "Angstrom", "to");
    if (nx > 1 && to.x() == from.x())
      fail(Fault::usage, "--to: the raster of {} columns has no width", nx);
    if (ny > 1 && to.y() == from.y())
      fail(Fault::usage, "--to: the raster of {} rows has no height", ny);
    return inside(raster_scan(nx, ny, from, to), edge, "--scan, --from and --to");
  }
  std::vector<Vector2d> positions;
  if (!s.positions.empty()) {
    for (const auto& [x, y] : read_number_pairs(s.positions, "x y in Angstrom"))
      positions.emplace_back(x, y);
  } else if (s.mode == BeamMode::plane_wave) {
    positions = {Vector2d(0, 0)};
  } else if (s.at.empty()) {
    positions = {edge / 2};
  }
  for (const auto& at : s.at) positions.push_back(parse_pair(at, "Angstrom", "at"));
  return inside(listed_scan(std::move(positions)), edge,
                s.positions.empty() ? "--at" : "--positions");
}

}  // namespace vitrobeam
