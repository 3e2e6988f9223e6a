#include "io/crystal_sites.hpp"

#include <cmath>

#include "base/nearest_image.hpp"

namespace vitrobeam {
namespace {

constexpr double kSamePlace = 0.05;  // Angstrom; a third as 0.333 is 0.0003 a off

Vector3d into_cell(Vector3d f) {
  for (int k = 0; k < 3; ++k) {
    f[k] -= std::floor(f[k]);
    if (f[k] >= 1) f[k] = 0;
  }
  return f;
}

}  // namespace

std::vector<gemmi::Op> all_operations(const gemmi::GroupOps& group) {
  std::vector<gemmi::Op> out;
  for (const gemmi::Op& op : group) out.push_back(op);
  return out;
}

Atoms fill_cell(const gemmi::UnitCell& cell, const std::vector<CrystalSite>& sites,
                const std::vector<gemmi::Op>& operations) {
  Atoms atoms;
  for (int k = 0; k < 3; ++k)
    for (int c = 0; c < 3; ++c) atoms.cell.vectors(k, c) = cell.orth.mat[c][k];
  const Eigen::Matrix3d edges = atoms.cell.vectors.transpose();
  SiteLabels labels;
  for (const CrystalSite& site : sites) {
    std::vector<Vector3d> images;
    for (const gemmi::Op& op : operations) {
      const auto moved = op.apply_to_xyz({site.fraction.x(), site.fraction.y(), site.fraction.z()});
      const Vector3d f = into_cell({moved[0], moved[1], moved[2]});
      bool is_new = true;
      for (const Vector3d& other : images) {
        is_new = is_new && (edges * nearest_fraction(f - other)).norm() > kSamePlace;
      }
      if (!is_new) continue;
      images.push_back(f);
      atoms.add(site.number, edges * f);
      labels.occupancy.push_back(site.occupancy);
      labels.u_rms.push_back(site.u_rms);
    }
  }
  add_site_labels(atoms, std::move(labels));
  return atoms;
}

}  // namespace vitrobeam
