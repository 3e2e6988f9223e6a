#include "patterns/match_likelihood.hpp"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

constexpr std::size_t kBand = 2048;  // positions whose curves are in memory at a time

bool is_same_view(const MotifView& v, const TemplateRecord& t) {
  return v.motif == t.motif && v.decoration == t.decoration && v.direction == t.direction &&
         v.depth == t.depth;
}

std::vector<MotifView> views_of(const MotifLibrary& library) {
  std::vector<MotifView> views;
  for (std::size_t i = 0; i < library.templates.size(); ++i) {
    const TemplateRecord& t = library.templates[i];
    // entries of one view stand together, unless libraries were merged
    auto at = std::find_if(views.rbegin(), views.rend(),
                           [&](const MotifView& v) { return is_same_view(v, t); });
    if (at == views.rend()) {
      views.push_back({t.motif, t.decoration, t.direction, t.depth, t.solid_angle, {}});
      at = views.rbegin();
    }
    at->entries.push_back(i);
  }
  return views;
}

std::vector<Vector2d> net_of(const MotifLibrary& library, const std::vector<MotifView>& views) {
  const auto offset = [&](std::size_t entry) { return library.templates[entry].offset; };
  std::vector<Vector2d> net;
  for (const std::size_t e : views.front().entries) net.push_back(offset(e));
  for (const MotifView& v : views) {
    bool same = v.entries.size() == net.size();
    for (std::size_t k = 0; same && k < net.size(); ++k)
      same = (offset(v.entries[k]) - net[k]).norm() < 1e-6;
    if (!same)
      fail(Fault::input,
           "the views of the library were made with different offsets of the probe ({} and {}); "
           "merge only libraries of the same @offset_range and @offset_step",
           net.size(), v.entries.size());
  }
  return net;
}

// Points and shares of the net at `at`, bilinear; what lies beyond it adds nothing.
std::vector<std::pair<int, float>> shares_at(const std::vector<Vector2d>& net, const Vector2d& at) {
  double step = 1e300;
  for (const auto& o : net)
    for (int k = 0; k < 2; ++k)
      if (std::abs(o[k]) > 1e-9) step = std::min(step, std::abs(o[k]));
  std::vector<std::pair<int, float>> out;
  for (std::size_t k = 0; k < net.size(); ++k) {
    const Vector2d apart = (at - net[k]) / step;
    const double share =
        std::max(0.0, 1 - std::abs(apart.x())) * std::max(0.0, 1 - std::abs(apart.y()));
    if (share > 1e-9) out.emplace_back(int(k), float(share));
  }
  return out;
}

}  // namespace

int nearest_view(const std::vector<MotifView>& views, int motif, const PlantedView& planted) {
  int best = -1;
  if (!planted.is_known()) return best;
  double cosine = -2, apart = 0;
  for (std::size_t v = 0; v < views.size(); ++v) {
    if (views[v].motif != motif || views[v].decoration != planted.decoration) continue;
    const double c = views[v].direction.dot(planted.direction),
                 d = std::abs(views[v].depth - planted.depth);
    if (c > cosine + 1e-12 || (c > cosine - 1e-12 && d < apart)) {
      best = int(v);
      cosine = std::max(c, cosine);
      apart = d;
    }
  }
  return best;
}

Patch Patch::within(double radius, double step) {
  Patch p{step, {{0, 0}}};
  const int n = step > 0 ? int(radius / step + 1e-6) : 0;
  for (int y = -n; y <= n; ++y)
    for (int x = -n; x <= n; ++x)
      if ((x != 0 || y != 0) && step * std::hypot(x, y) <= radius + 1e-6)
        p.members.push_back({y, x});
  return p;
}

// Harmonics of many patterns, ready to be multiplied.
struct MotifLikelihood::Spectra {
  std::size_t positions = 0;
  std::vector<Eigen::MatrixXf> real_part, imaginary_part;  // [harmonic]: [2 n_q, position]
  Spectra(const std::vector<const Harmonics*>& x, Index n_q, int m_max) : positions(x.size()) {
    real_part.assign(std::size_t(m_max), Eigen::MatrixXf::Zero(2 * n_q, Index(x.size())));
    imaginary_part = real_part;
    for (int m = 0; m < m_max; ++m) {
      Eigen::MatrixXf &re = real_part[std::size_t(m)], &im = imaginary_part[std::size_t(m)];
      for (std::size_t p = 0; p < x.size(); ++p) {
        if (!x[p]) continue;
        const auto column = x[p]->col(m);
        re.col(Index(p)) << column.real().matrix(), column.imag().matrix();
        im.col(Index(p)) << column.imag().matrix(), -column.real().matrix();
      }
    }
  }
};

double MotifLikelihood::angle(int index) const { return 2 * std::numbers::pi * index / angles_; }

MotifLikelihood::MotifLikelihood(const Background& background, const MotifLibrary& library,
                                 const PolarTransform& camera, const Patch& patch, int angles,
                                 int threads)
    : angles_(angles), views_(views_of(library)), patch_(patch) {
  if (views_.empty()) fail(Fault::input, "there is no template in the library");
  if (patch.members.size() > 64)
    fail(Fault::usage,
         "{} neighbouring positions would count together, 64 is the most; take a smaller radius",
         patch.members.size());
  net_ = net_of(library, views_);
  for (std::size_t k = 0; k < net_.size(); ++k)
    if (net_[k].norm() < net_[centre_].norm()) centre_ = k;
  for (const auto& member : patch.members)
    for (int a = 0; a < angles; ++a) {
      const Vector2d d = patch.step * Vector2d(member[1], member[0]);
      std::vector<Share> list;
      for (const auto& [point, weight] :
           shares_at(net_, Eigen::Rotation2D<double>(-angle(a)).toRotationMatrix() * d))
        list.push_back({point, weight});
      shares_.push_back(std::move(list));
    }
  expected_.resize(views_.size());
  rows_.resize(views_.size());
  gram_.resize(views_.size());
#pragma omp parallel for schedule(dynamic) num_threads(std::max(threads, 1))
  for (std::size_t v = 0; v < views_.size(); ++v) {
    std::vector<Harmonics> filters;
    for (const std::size_t e : views_[v].entries) {
      expected_[v].push_back(background.expected(camera(library.patterns.plane(e))));
      filters.push_back(background.whitened(expected_[v].back()));
    }
    const Index n = Index(filters.size()), n_q = filters[0].rows(), m_max = filters[0].cols();
    gram_[v].resize(n, n);
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < n; ++j)
        gram_[v](i, j) =
            (filters[std::size_t(i)] * expected_[v][std::size_t(j)].conjugate()).real().sum();
    for (Index m = 0; m < m_max; ++m) {
      Eigen::MatrixXf rows(n, 2 * n_q);
      for (Index i = 0; i < n; ++i)
        rows.row(i) << filters[std::size_t(i)].col(m).real().transpose().matrix(),
            filters[std::size_t(i)].col(m).imag().transpose().matrix();
      rows_[v].push_back(std::move(rows));
    }
  }
  n_q_ = expected_[0][0].rows();
  m_max_ = int(expected_[0][0].cols());
  synthesis_.resize(angles, 2 * m_max_);
  for (int a = 0; a < angles; ++a)
    for (int m = 0; m < m_max_; ++m) {
      synthesis_(a, 2 * m) = float(2 * std::cos((m + 1) * angle(a)));
      synthesis_(a, 2 * m + 1) = float(-2 * std::sin((m + 1) * angle(a)));
    }
}

MotifLikelihood::Rows MotifLikelihood::filtered(const Spectra& x, std::size_t view) const {
  const Index n = Index(net_.size()), positions = Index(x.positions);
  Rows sums(2 * m_max_, n * positions);
  for (int m = 0; m < m_max_; ++m) {
    Eigen::Map<Rows>(sums.row(2 * m).data(), n, positions).noalias() =
        rows_[view][std::size_t(m)] * x.real_part[std::size_t(m)];
    Eigen::Map<Rows>(sums.row(2 * m + 1).data(), n, positions).noalias() =
        rows_[view][std::size_t(m)] * x.imaginary_part[std::size_t(m)];
  }
  return synthesis_ * sums;
}

Eigen::ArrayXXf MotifLikelihood::curves(const Harmonics& x, std::size_t view) const {
  return filtered(Spectra({&x}, n_q_, m_max_), view).array();
}

double MotifLikelihood::half_norm(std::size_t view, std::size_t point) const {
  return gram_[view](Index(point), Index(point));
}

const Harmonics& MotifLikelihood::expected(std::size_t view, std::size_t point) const {
  return expected_[view][point];
}

Eigen::ArrayXf MotifLikelihood::member_norm(std::size_t view, std::size_t member) const {
  Eigen::ArrayXf norm = Eigen::ArrayXf::Zero(angles_);
  for (int a = 0; a < angles_; ++a) {
    const auto& list = shares_[member * std::size_t(angles_) + std::size_t(a)];
    for (const Share& i : list)
      for (const Share& j : list) norm(a) -= i.weight * j.weight * gram_[view](i.point, j.point);
  }
  return norm;
}

void MotifLikelihood::add_member(const Rows& k, const ContrastScan& scan, std::size_t member,
                                 Rows& sum) const {
  const Index rows = Index(scan.rows), columns = Index(scan.columns), n = rows * columns;
  const Index dy = patch_.members[member][0], dx = patch_.members[member][1];
  const auto wrapped = [](Index i, Index of) { return ((i % of) + of) % of; };
  for (int a = 0; a < angles_; ++a)
    for (const Share& s : shares_[member * std::size_t(angles_) + std::size_t(a)]) {
      const float* from = k.data() + a * k.cols() + s.point * n;
      float* to = sum.data() + a * n;
      for (Index r = 0; r < rows; ++r) {
        const Index source = scan.periodic ? wrapped(r + dy, rows) : r + dy;
        if (source < 0 || source >= rows) continue;
        if (scan.periodic) {
          for (Index c = 0; c < columns; ++c)
            to[r * columns + c] += s.weight * from[source * columns + wrapped(c + dx, columns)];
          continue;
        }
        const Index first = std::max<Index>(0, -dx), last = std::min(columns, columns - dx);
        for (Index c = first; c < last; ++c)
          to[r * columns + c] += s.weight * from[source * columns + c + dx];
      }
    }
}

std::vector<PatchMask> MotifLikelihood::masks(const ContrastScan& scan) const {
  const auto rows = std::ptrdiff_t(scan.rows), columns = std::ptrdiff_t(scan.columns);
  std::vector<PatchMask> out(scan.contrast.size(), 0);
  for (std::ptrdiff_t r = 0; r < rows; ++r)
    for (std::ptrdiff_t c = 0; c < columns; ++c) {
      if (!scan.contrast[std::size_t(r * columns + c)]) continue;
      for (std::size_t d = 0; d < patch_.members.size(); ++d) {
        std::ptrdiff_t y = r + patch_.members[d][0], x = c + patch_.members[d][1];
        if (scan.periodic) {
          y = ((y % rows) + rows) % rows;
          x = ((x % columns) + columns) % columns;
        }
        if (y >= 0 && y < rows && x >= 0 && x < columns &&
            scan.contrast[std::size_t(y * columns + x)])
          out[std::size_t(r * columns + c)] |= PatchMask(1) << d;
      }
    }
  return out;
}

namespace {

// log of the mean of exp over the rows of each column.
Eigen::ArrayXf column_log_mean_exp(const Eigen::Ref<const Eigen::ArrayXXf>& values) {
  const Eigen::ArrayXf largest = values.colwise().maxCoeff();
  return largest +
         (values.rowwise() - largest.transpose()).exp().colwise().mean().log().transpose();
}

}  // namespace

ScanLikelihood MotifLikelihood::operator()(const ContrastScan& scan,
                                           const std::vector<PatchMask>& masks, int threads) const {
  const Index views = Index(views_.size()), columns = Index(scan.columns);
  const Index all = Index(scan.rows) * columns;
  ScanLikelihood out{PlaneF::Constant(all, views, std::nanf("")),
                     Plane<int>::Constant(all, views, -1), Plane<int>::Constant(all, views, -1)};
  Index halo = 0;
  for (const auto& member : patch_.members) halo = std::max<Index>(halo, std::abs(member[0]));
  const Index band = std::max<Index>(1, Index(kBand) / std::max<Index>(columns, 1));
  const bool alone = patch_.members.size() == 1;
  for (Index first = 0; first < Index(scan.rows); first += band) {
    const Index last = std::min(first + band, Index(scan.rows)),
                low = std::max<Index>(0, first - halo),
                high = std::min(Index(scan.rows), last + halo), skipped = (first - low) * columns;
    ContrastScan part{
        std::size_t(high - low),
        scan.columns,
        false,
        {scan.contrast.begin() + low * columns, scan.contrast.begin() + high * columns}};
    const Spectra spectra(part.contrast, n_q_, m_max_);
    const Index n = (high - low) * columns, net = Index(net_.size());
#pragma omp parallel for schedule(dynamic) num_threads(std::max(threads, 1))
    for (Index v = 0; v < views; ++v) {
      const std::size_t view = std::size_t(v);
      const Rows k = filtered(spectra, view);
      Rows own = Rows::Zero(angles_, n), sum;
      std::map<PatchMask, Eigen::ArrayXf> norms;
      if (!alone) {
        add_member(k, part, 0, own);
        sum = own;
        for (std::size_t d = 1; d < patch_.members.size(); ++d) add_member(k, part, d, sum);
      }
      for (Index p = 0; p < (last - first) * columns; ++p) {
        const Index at = first * columns + p;
        const PatchMask mask = masks[std::size_t(at)];
        if (mask == 0) continue;
        Eigen::ArrayXXf values(angles_, alone ? net : 1);
        if (alone) {
          for (Index i = 0; i < net; ++i)
            values.col(i) = k.col(i * n + skipped + p).array() - gram_[view](i, i);
        } else {
          auto [norm, is_new] = norms.try_emplace(mask, Eigen::ArrayXf::Zero(angles_));
          for (std::size_t d = 0; is_new && d < patch_.members.size(); ++d)
            if (mask >> d & 1) norm->second += member_norm(view, d);
          values.col(0) = (mask == 1 ? own : sum).col(skipped + p).array() + norm->second;
        }
        Index angle = 0, point = 0;
        const float largest = values.maxCoeff(&angle, &point);
        out.log_evidence(at, v) = largest + std::log((values - largest).exp().mean());
        out.angle(at, v) = int(angle);
        out.entry(at, v) = int(views_[view].entries[std::size_t(alone ? point : centre_)]);
      }
    }
  }
  return out;
}

std::vector<PlaneF> MotifLikelihood::under_masks(const ContrastScan& scan,
                                                 const std::vector<PatchMask>& masks,
                                                 int threads) const {
  const Index n = Index(scan.contrast.size()), views = Index(views_.size());
  std::vector<PlaneF> out(masks.size(), PlaneF(n, views));
  const Spectra spectra(scan.contrast, n_q_, m_max_);
#pragma omp parallel for schedule(dynamic) num_threads(std::max(threads, 1))
  for (Index v = 0; v < views; ++v) {
    const Rows k = filtered(spectra, std::size_t(v));
    std::vector<Rows> member(patch_.members.size(), Rows::Zero(angles_, n));
    for (std::size_t d = 0; d < member.size(); ++d) {
      add_member(k, scan, d, member[d]);
      member[d].array().colwise() += member_norm(std::size_t(v), d);
    }
    for (std::size_t m = 0; m < masks.size(); ++m) {
      Rows sum = Rows::Zero(angles_, n);
      for (std::size_t d = 0; d < member.size(); ++d)
        if (masks[m] >> d & 1) sum += member[d];
      out[m].col(v) = column_log_mean_exp(sum.array());
    }
  }
  return out;
}

}  // namespace vitrobeam
