#include "patterns/library_patterns.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "base/random.hpp"
#include "patterns/pattern_status.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

// A library's pattern on the pixels of another camera, of those only that the polar transform of
// that camera uses.
class Recorder {
 public:
  Recorder(const PolarTransform& library, Index rows, Index cols, const PatternPixels& camera)
      : polar_(camera.rows, camera.cols, camera.calibration, library.grid(), camera.hidden),
        rows_(camera.rows),
        cols_(camera.cols) {
    const Calibration &from = library.calibration(), &to = camera.calibration;
    area_ = to.pixel_qx * to.pixel_qy / (from.pixel_qx * from.pixel_qy);
    std::set<int> used;
    for (Index bin = 0; bin < polar_.weights().size(); ++bin)
      for (const int p : polar_.pixels(std::size_t(bin))) used.insert(p);
    first_.push_back(0);
    for (const int p : used) {
      for (const auto& s :
           seen_by_pixel(rows, cols, from, to, double(p / cols_), double(p % cols_)))
        shares_.push_back(s);
      pixel_.push_back(p);
      first_.push_back(shares_.size());
    }
  }

  // `polar`: the image's own polar pattern.
  PlaneF operator()(const Eigen::Ref<const PlaneF>& image, const PlaneF& polar, double dose,
                    double readout, RandomSequence random) const {
    std::vector<double> expected(pixel_.size());  // counts
    double sum = 0;
    for (std::size_t k = 0; k < pixel_.size(); ++k) {
      double intensity = 0;
      for (std::size_t s = first_[k]; s < first_[k + 1]; ++s)
        intensity += shares_[s].share * double(image(shares_[s].pixel / image.cols(),
                                                     shares_[s].pixel % image.cols()));
      sum += expected[k] = std::max(0.0, intensity * area_ * dose);
    }
    std::vector<double> counts(pixel_.size(), 0);
    if (sum < 0.25 * double(pixel_.size())) {
      // few electrons on many pixels: each falls somewhere
      std::vector<double> up_to(expected);
      std::partial_sum(expected.begin(), expected.end(), up_to.begin());
      for (auto left = random.poisson(sum); left > 0; --left) {
        const auto at =
            std::upper_bound(up_to.begin(), up_to.end(), random.uniform() * up_to.back());
        counts[std::min(std::size_t(at - up_to.begin()), counts.size() - 1)] += 1;
      }
    } else {
      for (std::size_t k = 0; k < counts.size(); ++k)
        counts[k] = double(random.poisson(expected[k]));
    }
    if (readout > 0)
      for (double& c : counts) c += readout * random.normal();
    const PlaneF mean = binned(expected, dose);
    return binned(counts, dose) * (mean > 0).select((polar / mean).max(0.0f).min(kMost), 1.0f);
  }

 private:
  // What the library's pixels and then the camera's blur between them, above all at the rim of the
  // disc, is no part of a measured pattern: in every bin the mean is that of the image's own polar
  // pattern, up to this factor.
  static constexpr float kMost = 4;

  PlaneF binned(const std::vector<double>& counts, double dose) const {
    PlaneF seen = PlaneF::Zero(rows_, cols_);
    for (std::size_t k = 0; k < counts.size(); ++k)
      seen.data()[pixel_[k]] = float(counts[k] / dose);
    return polar_(seen) / float(area_);
  }

  PolarTransform polar_;
  Index rows_, cols_;
  double area_ = 1;  // of its pixels, in those of the library
  std::vector<int> pixel_;
  std::vector<std::size_t> first_;  // [pixel + 1] into the next
  std::vector<PixelShare> shares_;
};

}  // namespace

double reach(const MotifLibrary& library) {
  return largest_full_circle(Index(library.patterns.shape.at(1)),
                             Index(library.patterns.shape.at(2)), library.calibration());
}

ContrastRange null_contrast(const MotifLibrary& library, const PlaneF& weights,
                            const RecognitionSettings& settings, int threads) {
  const PolarTransform transform(Index(library.patterns.shape[1]), Index(library.patterns.shape[2]),
                                 library.calibration(), settings.grid);
  std::vector<double> contrast;
  for (const PlaneF& polar : noisy_polar(library.null_patterns, null_parts(library).calibration,
                                         transform, settings, kNullStream, threads))
    contrast.push_back(speckle_contrast(polar, weights));
  std::sort(contrast.begin(), contrast.end());
  const auto quantile = [&](double share) {
    return contrast[std::size_t(std::lround(share * double(contrast.size() - 1)))];
  };
  return {quantile(0.01), quantile(0.5), quantile(0.99), contrast.front()};
}

void add_camera_noise(Eigen::Ref<PlaneF> image, double dose, std::uint64_t seed,
                      std::uint64_t stream, double readout) {
  RandomSequence random(seed, stream);
  for (Index r = 0; r < image.rows(); ++r)
    for (Index c = 0; c < image.cols(); ++c)
      image(r, c) = float((double(random.poisson(std::max(0.0, double(image(r, c)) * dose))) +
                           (readout > 0 ? readout * random.normal() : 0)) /
                          dose);
}

std::vector<PlaneF> noisy_polar(const Stack<float>& patterns, const std::vector<std::size_t>& which,
                                const PolarTransform& transform,
                                const RecognitionSettings& settings, std::uint64_t stream,
                                int threads) {
  std::vector<PlaneF> polar(which.size());
  const bool noisy = settings.dose > 0 && stream > 0;
  std::optional<Recorder> recorder;
  if (noisy && settings.camera.rows > 0)
    recorder.emplace(transform, Index(patterns.shape.at(1)), Index(patterns.shape.at(2)),
                     settings.camera);
#pragma omp parallel for schedule(dynamic) num_threads(std::max(threads, 1))
  for (long i = 0; i < long(polar.size()); ++i) {
    const std::size_t w = which[std::size_t(i)];
    PlaneF image = patterns.plane(w);
    if (recorder) {
      polar[std::size_t(i)] = (*recorder)(image, transform(image), settings.dose, settings.readout,
                                          RandomSequence(settings.seed, stream + w));
      continue;
    }
    if (noisy) add_camera_noise(image, settings.dose, settings.seed, stream + w, settings.readout);
    polar[std::size_t(i)] = transform(image);
  }
  return polar;
}

RecognitionSettings with_model_noise(RecognitionSettings settings) {
  settings.dose = settings.dose > 0 ? std::min(settings.dose, kModelDose) : kModelDose;
  return settings;
}

NullParts null_parts(const MotifLibrary& library) {
  std::set<int> packings, calibrating;
  for (const auto& n : library.null) packings.insert(n.packing);
  NullParts parts;
  for (std::size_t i = 0; i < library.null.size(); ++i) {
    const int packing = library.null[i].packing;
    const auto rank = packings.size() >= 3 ? std::distance(packings.begin(), packings.find(packing))
                                           : std::ptrdiff_t(i);
    (rank % 3 == 0 ? parts.training : parts.calibration).push_back(i);
    if (rank % 3 != 0) calibrating.insert(packing);
  }
  parts.calibration_packings = int(calibrating.size());
  if (parts.training.size() < 8 || parts.calibration.size() < 8)
    fail(Fault::input,
         "the library holds {} motif-free patterns, too few for an error rate; build it with "
         "@null 100 or more",
         library.null.size());
  return parts;
}

}  // namespace vitrobeam
