#include "models/ground_truth.hpp"

#include <fmt/format.h>

#include <Eigen/LU>
#include <algorithm>
#include <cstdlib>
#include <limits>
#include <set>

#include "base/nearest_image.hpp"

namespace vitrobeam {
namespace {

std::string text_of(const Vector3d& v) {
  return fmt::format("{:.10g} {:.10g} {:.10g}", v[0], v[1], v[2]);
}

bool vector_of(const std::string& text, Vector3d& v) {
  const char* at = text.c_str();
  for (int k = 0; k < 3; ++k) {
    char* end = nullptr;
    v[k] = std::strtod(at, &end);
    if (end == at) return false;
    at = end;
  }
  return v.allFinite();
}

}  // namespace

std::vector<std::int64_t> motif_ids(const Atoms& atoms) {
  const auto found = atoms.labels.find("motif");
  if (found != atoms.labels.end() && found->second.columns == 1)
    if (const auto* ids = std::get_if<std::vector<std::int64_t>>(&found->second.values))
      return *ids;
  return std::vector<std::int64_t>(atoms.size(), 0);
}

std::vector<PlantedMotif> planted_motifs(const Atoms& atoms) {
  std::set<std::int64_t> ids;
  for (const auto& [key, value] : atoms.info)
    if (key.starts_with("motif_")) ids.insert(std::atoll(key.c_str() + 6));
  std::vector<PlantedMotif> out;
  const auto entry = [&](const std::string& key) {
    const auto found = atoms.info.find(key);
    return found == atoms.info.end() ? std::string() : found->second;
  };
  for (const auto id : ids) {
    const std::string key = fmt::format("motif_{}", id);
    PlantedMotif m;
    m.id = id;
    m.name = entry(key);
    if (id <= 0 || m.name.empty() || !vector_of(entry(key + "_position"), m.position)) continue;
    m.axis = entry(key + "_axis");
    vector_of(entry(key + "_direction"), m.direction);
    m.voronoi = entry(key + "_voronoi");
    out.push_back(std::move(m));
  }
  return out;
}

void record(Atoms& atoms, const PlantedMotif& m) {
  const std::string key = fmt::format("motif_{}", m.id);
  atoms.info[key] = m.name;
  atoms.info[key + "_axis"] = m.axis;
  atoms.info[key + "_direction"] = text_of(m.direction);
  atoms.info[key + "_position"] = text_of(m.position);
  if (!m.voronoi.empty()) atoms.info[key + "_voronoi"] = m.voronoi;
}

void move_planted(Atoms& atoms, const Eigen::Matrix3d& deformation, const Vector3d& shift) {
  for (PlantedMotif m : planted_motifs(atoms)) {
    m.position = deformation * m.position + shift;
    m.direction = (deformation * m.direction).normalized();
    record(atoms, m);
  }
}

void settle_planted(Atoms& piece, const Cell& whole) {
  const auto ids = motif_ids(piece);
  const Eigen::Matrix3d edges = whole.vectors.transpose(), to_fraction = edges.inverse();
  for (PlantedMotif m : planted_motifs(piece)) {
    Vector3d best = m.position;
    double nearest = std::numeric_limits<double>::infinity();
    bool any = false;
    for (std::size_t i = 0; i < piece.size(); ++i) {
      if (ids[i] != m.id) continue;
      any = true;
      const Vector3d offset =
          edges * nearest_fraction(to_fraction * (m.position - piece.positions[i]), whole.periodic);
      if (offset.norm() < nearest - 1e-6) {
        nearest = offset.norm();
        best = piece.positions[i] + offset;
      }
    }
    if (any) {
      m.position = best;
      record(piece, m);
      continue;
    }
    const std::string key = fmt::format("motif_{}", m.id);
    std::erase_if(piece.info, [&](const auto& entry) {
      return entry.first == key || entry.first.starts_with(key + "_");
    });
  }
}

void record_depths(Atoms& atoms) {
  double first = std::numeric_limits<double>::infinity();
  for (const auto& r : atoms.positions) first = std::min(first, r.z());
  for (const PlantedMotif& m : planted_motifs(atoms))
    atoms.info[fmt::format("motif_{}_depth", m.id)] = fmt::format("{:.6g}", m.position.z() - first);
}

}  // namespace vitrobeam
