#include "models/contacts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/neighbours.hpp"

namespace vitrobeam {
namespace {

constexpr std::int64_t kHolding = 4;  // contacts that hold a sphere in three dimensions

struct Near {
  std::size_t atom;
  double gap;  // of the surfaces, over the sum of the radii
};

std::vector<std::vector<Near>> near_spheres(const Cell& cell,
                                            const std::vector<Vector3d>& positions,
                                            const std::vector<double>& radii, double gap) {
  std::vector<std::vector<Near>> out(positions.size());
  const double most = *std::max_element(radii.begin(), radii.end());
  visit_neighbours(cell, positions, 2 * most * (1 + gap),
                   [&](std::size_t i, std::size_t j, const Vector3d& r) {
                     const double apart = r.norm() / (radii[i] + radii[j]) - 1;
                     if (apart <= gap) out[i].push_back({j, apart});
                   });
  return out;
}

std::int64_t count(const std::vector<Near>& near, const std::vector<bool>& supported, double gap) {
  return std::count_if(near.begin(), near.end(),
                       [&](const Near& n) { return n.gap <= gap && supported[n.atom]; });
}

std::vector<bool> supported_spheres(const std::vector<std::vector<Near>>& near, double gap) {
  std::vector<bool> supported(near.size(), true);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < near.size(); ++i)
      if (supported[i] && count(near[i], supported, gap) < kHolding) {
        supported[i] = false;
        changed = true;
      }
  }
  return supported;
}

}  // namespace

SphereContacts sphere_contacts(const Cell& cell, const std::vector<Vector3d>& positions,
                               const std::vector<double>& radii, double gap) {
  SphereContacts out;
  out.gap = gap;
  out.number.assign(positions.size(), 0);
  if (positions.empty()) return out;
  const auto near = near_spheres(cell, positions, radii, gap);
  const auto supported = supported_spheres(near, gap);
  double sum = 0, n = 0;
  for (std::size_t i = 0; i < near.size(); ++i)
    if (supported[i]) {
      out.number[i] = count(near[i], supported, gap);
      sum += double(out.number[i]);
      n += 1;
    }
  if (n > 0) out.mean = sum / n;
  out.rattling = 1 - n / double(near.size());
  return out;
}

double contacts_at_no_gap(const Cell& cell, const std::vector<Vector3d>& positions,
                          const std::vector<double>& radii) {
  constexpr double kClosed = 1e-3;
  constexpr int kGaps = 7;  // four to the decade
  if (positions.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto near = near_spheres(cell, positions, radii, 32 * kClosed);
  const auto supported = supported_spheres(near, kClosed);
  double n = 0, x1 = 0, x2 = 0, y1 = 0, xy = 0;
  for (int k = 0; k < kGaps; ++k) {
    const double gap = kClosed * std::pow(10, k / 4.0), x = std::pow(gap, 0.6);
    double z = 0, spheres = 0;
    for (std::size_t i = 0; i < near.size(); ++i)
      if (supported[i]) {
        z += double(count(near[i], supported, gap));
        spheres += 1;
      }
    z /= spheres;  // none: not-a-number
    n += 1, x1 += x, x2 += x * x, y1 += z, xy += x * z;
  }
  return (y1 * x2 - xy * x1) / (n * x2 - x1 * x1);
}

}  // namespace vitrobeam
