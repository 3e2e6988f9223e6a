#include "io/crystal_sites.hpp"

#include <cmath>
#include <unordered_map>

#include "base/nearest_image.hpp"
#include "models/plausibility.hpp"

namespace vitrobeam {
namespace {

// Angstrom. A third as 0.333 is 0.0003 a off, as 0.33 ten times that. Whole atoms cannot be as near
// as kWhole, parts of one may be.
constexpr double kPart = 0.05, kWhole = 0.2;

Vector3d into_cell(Vector3d f) {
  for (int k = 0; k < 3; ++k) {
    f[k] -= std::floor(f[k]);
    if (f[k] >= 1) f[k] = 0;
  }
  return f;
}

// The images placed so far, found by their place: bins of at least 1 Angstrom.
class Images {
 public:
  struct Image {
    Vector3d fraction;
    std::size_t site;
    bool is_listed;  // the place that the file lists, not one that symmetry makes of it
  };

  explicit Images(const gemmi::UnitCell& cell) {
    for (int k = 0; k < 3; ++k)
      for (int c = 0; c < 3; ++c) edges_(k, c) = cell.orth.mat[k][c];
    const double spacing[3] = {1 / cell.ar, 1 / cell.br, 1 / cell.cr};
    for (int k = 0; k < 3; ++k) bins_[k] = int(std::clamp(spacing[k], 1.0, 1000.0));
  }

  const Eigen::Matrix3d& edges() const { return edges_; }
  void add(Image image) {
    bins_of_[key(bin(image.fraction))].push_back(all_.size());
    all_.push_back(std::move(image));
  }

  // The first image that is nearer to `f` than `distance` and that `suits`; null if there is none.
  template <typename Suits>
  const Image* find(const Vector3d& f, double distance, const Suits& suits) const {
    const Eigen::Vector3i middle = bin(f);
    for (int x = -1; x <= 1; ++x)
      for (int y = -1; y <= 1; ++y)
        for (int z = -1; z <= 1; ++z) {
          Eigen::Vector3i b = middle + Eigen::Vector3i(x, y, z);
          for (int k = 0; k < 3; ++k) b[k] = (b[k] % bins_[k] + bins_[k]) % bins_[k];
          const auto found = bins_of_.find(key(b));
          if (found == bins_of_.end()) continue;
          for (const std::size_t i : found->second) {
            const Vector3d d = nearest_fraction(f - all_[i].fraction);
            if ((edges_ * d).norm() < distance && suits(all_[i])) return &all_[i];
          }
        }
    return nullptr;
  }

 private:
  Eigen::Vector3i bin(const Vector3d& f) const {
    Eigen::Vector3i out;
    for (int k = 0; k < 3; ++k) out[k] = std::min(int(f[k] * bins_[k]), bins_[k] - 1);
    return out;
  }
  std::int64_t key(const Eigen::Vector3i& b) const {
    return (std::int64_t(b[0]) * bins_[1] + b[1]) * bins_[2] + b[2];
  }

  Eigen::Matrix3d edges_;
  int bins_[3];
  std::vector<Image> all_;
  std::unordered_map<std::int64_t, std::vector<std::size_t>> bins_of_;
};

// Are the two models the same atoms at the same places?
bool same_atoms(const Atoms& a, const Atoms& b) {
  if (a.size() != b.size()) return false;
  Atoms both = a;
  for (std::size_t i = 0; i < b.size(); ++i) both.add(b.numbers[i], b.positions[i]);
  std::vector<bool> met(both.size(), false);
  visit_neighbours(both.cell, both.positions, kPart,
                   [&](std::size_t i, std::size_t j, const Vector3d&) {
                     if ((i < a.size()) != (j < a.size()) && both.numbers[i] == both.numbers[j])
                       met[i] = true;
                   });
  return std::all_of(met.begin(), met.end(), [](bool m) { return m; });
}

// Numbers so large that images have no place in the cell.
void check_sites(const gemmi::UnitCell& cell, const std::vector<CrystalSite>& sites,
                 const std::string& place) {
  constexpr double kMost = 1e9;
  if (!(cell.volume > 0 && cell.volume < kMost * kMost))
    fail(Fault::input, "{}: the cell has a volume of {:g} Angstrom^3", place, cell.volume);
  for (const CrystalSite& site : sites)
    if (!(site.fraction.cwiseAbs().maxCoeff() < kMost))
      fail(Fault::input, "{}: the site {} lies at {:g} {:g} {:g} of the cell", place, site.name,
           site.fraction.x(), site.fraction.y(), site.fraction.z());
}

std::string list(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

}  // namespace

FilledCell fill_cell(const gemmi::UnitCell& cell, const std::vector<CrystalSite>& sites,
                     const std::vector<gemmi::Op>& operations, const std::string& place) {
  FilledCell out;
  Images images(cell);
  // solids have up to 0.3 atoms/Angstrom^3; shared sites and small cells have more
  const double most = 1000 + 5 * cell.volume;
  out.atoms.cell.vectors = images.edges().transpose();
  SiteLabels labels;
  for (std::size_t s = 0; s < sites.size(); ++s) {
    const CrystalSite& site = sites[s];
    const double near = site.occupancy >= 1 ? kWhole : kPart;
    out.images.push_back(0);
    if (images.find(into_cell(site.fraction), near, [&](const Images::Image& other) {
          return !other.is_listed && sites[other.site].number == site.number &&
                 sites[other.site].kind == site.kind &&
                 std::abs(sites[other.site].occupancy - site.occupancy) < 1e-3;
        })) {
      ++out.repeated;
      continue;
    }
    bool is_listed = true;
    for (const gemmi::Op& op : operations) {
      const auto moved = op.apply_to_xyz({site.fraction.x(), site.fraction.y(), site.fraction.z()});
      const Vector3d f = into_cell({moved[0], moved[1], moved[2]});
      if (images.find(f, near, [&](const Images::Image& other) { return other.site == s; }))
        continue;
      images.add({f, s, is_listed});
      is_listed = false;
      ++out.images.back();
      if (double(out.atoms.size()) >= most)
        fail(Fault::input, "{}: more than {:.0f} atoms in a cell of {:.6g} Angstrom^3", place, most,
             cell.volume);
      out.atoms.add(site.number, images.edges() * f);
      labels.occupancy.push_back(site.occupancy);
      labels.u_rms.push_back(site.u_rms);
    }
  }
  add_site_labels(out.atoms, std::move(labels));
  return out;
}

FilledCell fill_cell(const gemmi::UnitCell& cell, const std::vector<CrystalSite>& sites,
                     const SymmetryChoices& symmetry,
                     const std::function<Contradictions>& contradictions, const std::string& place,
                     const StructureReadOptions& options) {
  check_sites(cell, sites, place);
  for (const auto& text : symmetry.notes) note(options, "{}", text);
  std::vector<FilledCell> filled;
  std::vector<std::string> names, against;
  const bool is_open = symmetry.choices.size() > 1;
  for (const SymmetryChoice& choice : symmetry.choices) {
    FilledCell f = fill_cell(cell, sites, choice.operations, place);
    auto wrong = contradictions(f);
    if (is_open && plausibility(f.atoms).coincident > 0) wrong.push_back("atoms at one place");
    if (!wrong.empty()) {
      against.push_back((is_open ? choice.name + ": " : "") + list(wrong, "; "));
      continue;
    }
    // a choice that makes new atoms of sites that another knows as images is not meant
    if (!filled.empty() && filled.back().repeated < f.repeated) filled.clear(), names.clear();
    if (!filled.empty() &&
        (filled.back().repeated > f.repeated || same_atoms(filled.front().atoms, f.atoms)))
      continue;
    filled.push_back(std::move(f));
    names.push_back(choice.name);
  }
  if (filled.empty()) fail(Fault::input, "{}: {}", place, list(against, " | "));
  if (filled.size() > 1)
    fail(Fault::input,
         "{}: the origin or the setting of the space group is left open ({}); choose with "
         "_space_group_symop_operation_xyz, or in the symbol, for example 'F d -3 m :2'",
         place, list(names, ", "));
  if (is_open)
    note(options, "{}: the file leaves the origin or the setting open; {} fits what it states",
         place, names[0]);
  if (filled[0].repeated > 0)
    note(options,
         "{}: lists images of its sites and states the symmetry ({}) as well; {} of {} sites are "
         "images of others and count once",
         place, names[0], filled[0].repeated, sites.size());
  return std::move(filled[0]);
}

}  // namespace vitrobeam
