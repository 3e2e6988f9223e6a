// The likelihood of every motif of a library at every position of a scan, alone or together with
// the neighbouring positions that see the same motif (match_evidence.hpp states the model and is
// the slow reference), and what it makes probable: motif or none, the axis, the depth.
//
// A view is one motif with one decoration, direction and depth; its templates at several offsets of
// the probe are the net that neighbours are read from. For a pattern x and a template t of the net
//   K_t(phi) = 2 Re sum over m of exp(i m phi) <C^-1 t, x>_m
// is computed once for all in-plane angles, as matrix products, and shared by all patches that hold
// the position.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "patterns/library.hpp"
#include "patterns/match_evidence.hpp"

namespace vitrobeam {

// One motif as it may stand under the probe, and its templates by offset.
struct MotifView {
  int motif = 0, decoration = 0;
  Vector3d direction = Vector3d::UnitZ();
  double depth = 0, solid_angle = 1;
  std::vector<std::size_t> entries;  // of the library, in the order of MotifLikelihood::net
};

// Index of the view of that motif whose direction is nearest to the planted one, and of those of
// its decoration the one nearest in depth; -1 where that is not known.
int nearest_view(const std::vector<MotifView>& views, int motif, const PlantedView& planted);

// Contrasts of a raster, row by row; null where a pattern must not be used. `periodic`: the raster
// closes upon itself. `relative_intensity`: Background::relative_intensity of every pattern; may be
// left out.
struct ContrastScan {
  std::size_t rows = 1, columns = 1;
  bool periodic = false;
  std::vector<const Harmonics*> contrast;
  std::vector<double> relative_intensity = {};
};

// Steps (rows, columns) from a position to the neighbours that count with it; the first is (0, 0).
struct Patch {
  double step = 0;  // of the raster, Angstrom
  std::vector<std::array<int, 2>> members = {{0, 0}};
  static Patch within(double radius, double step);
};
// Bit k: member k of the patch is there.
using PatchMask = std::uint64_t;

// By view: log of the mean likelihood ratio over in-plane angles (and, of a patch of one, over the
// net of offsets); the most likely angle, index out of MotifLikelihood::angles, and template.
struct ScanLikelihood {
  PlaneF log_evidence;  // [position, view]
  Plane<int> angle, entry;
};

class MotifLikelihood {
 public:
  // `camera` makes polar patterns of the library's images on the grid of `background`. Throws
  // Error{input} where views of the library have different nets of offsets, Error{usage} for more
  // than 64 members of the patch.
  MotifLikelihood(const Background& background, const MotifLibrary& library,
                  const PolarTransform& camera, const Patch& patch, int angles = 72,
                  int threads = 1);

  const std::vector<MotifView>& views() const { return views_; }
  const Patch& patch() const { return patch_; }
  int angles() const { return angles_; }
  double angle(int index) const;
  // Which members of the patch are there, by position; 0 where the position itself is not.
  std::vector<PatchMask> masks(const ContrastScan& scan) const;
  // Evidence at every position for `masks` by position. Positions of mask 0 have not-a-number.
  ScanLikelihood operator()(const ContrastScan& scan, const std::vector<PatchMask>& masks,
                            int threads) const;
  // The evidence alone of a motif-free scan, for several masks, each at all positions:
  // [mask][position, view].
  std::vector<PlaneF> under_masks(const ContrastScan& scan, const std::vector<PatchMask>& masks,
                                  int threads) const;
  // K of all templates of a view for one pattern: [angle, template of the net], and half of the
  // square norm of every template.
  Eigen::ArrayXXf curves(const Harmonics& x, std::size_t view) const;
  double half_norm(std::size_t view, std::size_t net_point) const;
  const Harmonics& expected(std::size_t view, std::size_t net_point) const;

 private:
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  struct Spectra;  // of a scan
  // A template of the net that member d of the patch sees at angle a, and its share.
  struct Share {
    int point;
    float weight;
  };
  Rows filtered(const Spectra& x, std::size_t view) const;  // [angle, net * positions]
  // -1/2 |t|^2 of one member at every angle.
  Eigen::ArrayXf member_norm(std::size_t view, std::size_t member) const;
  void add_member(const Rows& k, const ContrastScan& scan, std::size_t member, Rows& sum) const;

  int angles_ = 72, m_max_ = 0;
  std::size_t centre_ = 0;  // point of the net without offset
  Eigen::Index n_q_ = 0;
  std::vector<Vector2d> net_;
  std::vector<MotifView> views_;
  Patch patch_;
  std::vector<std::vector<Share>> shares_;          // [member * angles + angle]
  std::vector<std::vector<Harmonics>> expected_;    // [view][net]
  std::vector<std::vector<Eigen::MatrixXf>> rows_;  // [view][harmonic]: [net, 2 n_q]
  std::vector<Eigen::MatrixXf> gram_;               // [view]: <C^-1 t_i, t_j>
  Eigen::MatrixXf synthesis_;                       // [angle, 2 m_max]
};

}  // namespace vitrobeam
