#include "multislice/scattering_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "base/first_failure.hpp"

namespace vitrobeam {
namespace {

// Positions whose patterns are computed together: rows of a scan share work.
constexpr std::size_t kPointsAtOnce = 64;

template <typename Stop, typename Work>
void for_pieces(int threads, const Stop& stop, const NextRange& next, Work&& work) {
  FirstFailure failure;
#pragma omp parallel num_threads(threads)
  while (!failure.halted() && !stop()) {
    const Range piece = next(kPointsAtOnce);
    if (piece.empty()) break;
    failure.guard([&] { work(piece); });
  }
  failure.rethrow();
}

}  // namespace

BandSamples::BandSamples(const Grid& grid, const PatternWindow* window,
                         const std::vector<Detector>& detectors, double wavelength)
    : channels(std::size_t(channel_count(detectors))) {
  std::vector<bool> is_moment;  // by channel
  for (const auto& d : detectors)
    is_moment.insert(is_moment.end(), std::size_t(d.channels()), d.moments);
  std::map<std::vector<std::pair<int, double>>, std::size_t> known;
  for (int jy = -grid.band_y(); jy <= grid.band_y(); ++jy)
    for (int jx = -grid.band_x(); jx <= grid.band_x(); ++jx) {
      if (!grid.inside_band(jx / grid.lx, jy / grid.ly)) continue;
      std::vector<std::pair<int, double>> key;
      for (const auto& [channel, weight] : shares_of_sample(detectors, grid, wavelength, jx, jy))
        if (!is_moment[std::size_t(channel)]) key.emplace_back(channel, weight);
      const auto [at, is_new] = known.try_emplace(key, groups.size());
      if (is_new) {
        auto& shares = groups.emplace_back();
        for (const auto& [channel, weight] : key) shares.push_back({channel, weight});
      }
      samples.push_back({jx, jy, window && window->contains(jx, jy), at->second});
    }
  std::stable_sort(samples.begin(), samples.end(), [](const BandSample& a, const BandSample& b) {
    return std::pair(!a.in_window, a.group) < std::pair(!b.in_window, b.group);
  });
  std::vector<std::size_t> moment_of(channels, 0);
  for (std::size_t c = 0; c < channels; ++c)
    if (is_moment[c]) {
      moment_of[c] = moments.size();
      moments.push_back({c, std::vector<double>(samples.size(), 0.0)});
    }
  for (std::size_t i = 0; i < samples.size() && !moments.empty(); ++i)
    for (const auto& [channel, weight] :
         shares_of_sample(detectors, grid, wavelength, samples[i].jx, samples[i].jy))
      if (is_moment[std::size_t(channel)])
        moments[moment_of[std::size_t(channel)]].weights[i] = weight;
}

SampleBlocks::SampleBlocks(const BandSamples& band, std::size_t lanes) {
  const auto pad = [&] {
    while (samples.size() % lanes != 0) samples.push_back(-1);
  };
  for (std::size_t i = 0; i < band.samples.size(); ++i) {
    const BandSample& s = band.samples[i];
    if (i == 0 || band.samples[i - 1].group != s.group ||
        band.samples[i - 1].in_window != s.in_window) {
      pad();
      runs.push_back({s.group, samples.size() / lanes, 0});
    }
    samples.push_back(std::ptrdiff_t(i));
    runs.back().last = (samples.size() + lanes - 1) / lanes;
    if (s.in_window) window_blocks = runs.back().last;
  }
  pad();
}

ScatteringPlan::ScatteringPlan(std::size_t all, std::size_t in_window, double bytes_per_block,
                               double bytes_per_position, std::size_t positions,
                               double memory_bytes)
    : blocks(all), window_blocks(in_window) {
  const auto fit = [&](double room) { return std::size_t(std::max(0.0, room / bytes_per_block)); };
  const std::size_t room = fit(memory_bytes);
  if (room >= all) {
    blocks_at_once = all;
  } else if (room > in_window) {  // the window stays, the rest comes in passes
    blocks_at_once = room - in_window;
    propagations =
        std::ceil(double(all - in_window) / double(blocks_at_once)) + (in_window > 0 ? 1 : 0);
  } else {  // half for the matrix, half for unfinished patterns
    window_stays = false;
    blocks_at_once = fit(memory_bytes / 2);
    positions_at_once = std::size_t(memory_bytes / 2 / bytes_per_position);
    if (blocks_at_once == 0 || positions_at_once == 0) return;
    propagations = std::ceil(double(all) / double(blocks_at_once)) +
                   std::ceil(double(in_window) / double(blocks_at_once)) *
                       std::ceil(double(positions) / double(positions_at_once));
  }
  bytes = window_stays ? bytes_per_block * double(std::min(all, in_window + blocks_at_once))
                       : bytes_per_block * double(blocks_at_once) +
                             bytes_per_position * double(std::min(positions, positions_at_once));
}

template <typename Real>
ScatteringMatrix<Real>::ScatteringMatrix(const ScatteringSetup<Real>& setup, std::size_t points,
                                         int threads, const Stop& stop)
    : setup_(setup),
      band_(setup.transform.grid(), setup.window, setup.detectors, setup.wavelength),
      blocks_(band_, BeamSums<Real>::kLanes),
      plan_(blocks_.samples.size() / BeamSums<Real>::kLanes, blocks_.window_blocks,
            BeamSums<Real>::bytes(setup.beams.size(), 1) * double(setup.depths.size()),
            setup.window ? double(setup.window->nx) * setup.window->ny * sizeof(Real) *
                               double(setup.depths.size())
                         : 0,
            points, setup.memory_bytes),
      series_(setup.probes.size() * setup.depths.size()) {
  if (!plan_.possible())
    fail(Fault::physics,
         "@engine smatrix: @memory {:.3g} GiB does not hold one block of the matrix of {} plane "
         "waves; allow more or use @engine multislice",
         setup.memory_bytes / (1 << 30), setup.beams.size());
  const bool window_apart = plan_.window_stays && plan_.blocks_at_once < plan_.blocks;
  std::size_t first = 0;
  if (window_apart && plan_.window_blocks > 0) {
    window_ = propagate_beams(0, plan_.window_blocks, threads, stop);
    add_series(window_, 0, threads);
    first = plan_.window_blocks;
  }
  while (first < plan_.blocks && !stop()) {
    const std::size_t last = std::min(plan_.blocks, first + plan_.blocks_at_once);
    auto sums = propagate_beams(first, last, threads, stop);
    if (!stop()) add_series(sums, first, threads);
    if (plan_.blocks_at_once == plan_.blocks) window_ = std::move(sums);
    first = last;
  }
}

template <typename Real>
typename ScatteringMatrix<Real>::Places ScatteringMatrix<Real>::places_of(std::size_t first,
                                                                          std::size_t last) const {
  constexpr std::size_t kLanes = BeamSums<Real>::kLanes;
  const Grid& grid = setup_.transform.grid();
  Places places(std::size_t(2 * grid.band_x() + 1));
  for (std::size_t i = first * kLanes; i < last * kLanes; ++i)
    if (const auto index = blocks_.samples[i]; index >= 0) {
      const BandSample& s = band_.samples[std::size_t(index)];
      places[std::size_t(std::ptrdiff_t(s.jx) + grid.band_x())].push_back(
          {(s.jy + grid.ny) % grid.ny, i - first * kLanes});
    }
  return places;
}

template <typename Real>
void ScatteringMatrix<Real>::carry(const Transmission<Real>& window, std::size_t k,
                                   const std::vector<Lanes<Real>*>& waves, const Places& places,
                                   typename BandTransform<Real>::Workspace& workspace,
                                   Lanes<Real>* exit, std::vector<BeamSums<Real>>& sums) const {
  constexpr std::size_t kLanes = BeamSums<Real>::kLanes;
  const BandTransform<Real>& transform = setup_.transform;
  const int slices = setup_.slab.slices(), band_x = transform.grid().band_x();
  const auto keep = [&](int jx, const std::complex<Real>* psi) {
    for (const Place& p : places[std::size_t(std::ptrdiff_t(jx) + band_x)])
      exit[p.slot / kLanes].set(int(p.slot % kLanes), psi[p.j]);
  };
  walk(
      window, setup_.depths, slices - 1,
      [&](int from, int to) {
        propagate(transform, window, setup_.propagator, from, to, waves, workspace);
      },
      [&](std::size_t d) {
        for (std::size_t w = 0; w < waves.size(); ++w) {
          if (setup_.depths[d] == slices)
            finish_in_fourier_space(transform, window, setup_.propagator, slices - 1, waves[w],
                                    workspace, keep);
          else
            read_in_fourier_space(transform, waves[w], workspace, keep);
          sums[d].set(k + w, exit);
        }
      });
}

template <typename Real>
std::vector<BeamSums<Real>> ScatteringMatrix<Real>::propagate_beams(std::size_t first,
                                                                    std::size_t last, int threads,
                                                                    const Stop& stop) const {
  const BandTransform<Real>& transform = setup_.transform;
  const Places places = places_of(first, last);
  std::vector<BeamSums<Real>> sums;
  for (std::size_t d = 0; d < setup_.depths.size(); ++d)
    sums.emplace_back(transform.grid(), setup_.beams, last - first);
  const Slab<Real>& slab = setup_.slab;
  const std::size_t beams = setup_.beams.size();
  // where all slices stay, every thread takes the next two beams through them
  constexpr std::size_t kWavesAtOnce = 2;
  const std::size_t size = transform.wave_size();
  const std::size_t at_once = slab.all() ? beams : slab.waves_at_once(beams);
  const auto kept = aligned_array<Lanes<Real>>(slab.all() ? 0 : at_once * size);
  for (std::size_t begin = 0; begin < beams; begin += at_once) {
    const std::size_t end = std::min(beams, begin + at_once);
    slab.for_windows(threads, [&](const Transmission<Real>& window) {
#pragma omp parallel num_threads(threads)
      {
        auto workspace = transform.make_workspace();
        const auto exit = aligned_array<Lanes<Real>>(last - first);
        const auto own = aligned_array<Lanes<Real>>(slab.all() ? kWavesAtOnce * size : 0);
#pragma omp for schedule(dynamic)
        for (std::size_t k = begin; k < end; k += kWavesAtOnce) {
          if (stop()) continue;
          std::vector<Lanes<Real>*> waves;
          for (std::size_t w = 0; w < std::min(kWavesAtOnce, end - k); ++w) {
            waves.push_back(slab.all() ? own.get() + w * size
                                       : kept.get() + (k - begin + w) * size);
            const ApertureBeam& beam = setup_.beams[k + w];
            if (window.first() == 0)
              load_plane_wave(transform, beam.jx, beam.jy, waves.back(), workspace);
          }
          carry(window, k, waves, places, workspace, exit.get(), sums);
        }
      }
    });
  }
  return sums;
}

// `first`: the block of the whole matrix that `sums` begin with.
template <typename Real>
void ScatteringMatrix<Real>::add_series(const std::vector<BeamSums<Real>>& sums, std::size_t first,
                                        int threads) {
  for (std::size_t p = 0; p < setup_.probes.size(); ++p)
    for (std::size_t d = 0; d < sums.size(); ++d)
      for (const auto& mode : setup_.probes[p].amplitudes)
        add_series(sums[d], first, mode, threads, series_[p * sums.size() + d]);
}

template <typename Real>
void ScatteringMatrix<Real>::add_series(const BeamSums<Real>& sums, std::size_t first,
                                        const std::vector<std::complex<double>>& mode, int threads,
                                        Series& series) const {
  constexpr std::size_t kLanes = BeamSums<Real>::kLanes;
  const std::size_t end = first + sums.blocks();
  series.channels.resize(band_.channels);
  for (const SampleBlocks::Run& run : blocks_.runs) {
    const std::size_t from = std::max(run.first, first), to = std::min(run.last, end);
    if (from >= to) continue;
    const ScanSeries part = sums.intensity(mode, from - first, to - first, threads);
    series.total.add(part, 1);
    for (const auto& [channel, weight] : band_.groups[run.group])
      series.channels[std::size_t(channel)].add(part, weight);
  }
  for (const auto& moment : band_.moments) {
    std::vector<double> weights;
    for (std::size_t i = first * kLanes; i < end * kLanes; ++i)
      weights.push_back(blocks_.samples[i] < 0 ? 0
                                               : moment.weights[std::size_t(blocks_.samples[i])]);
    series.channels[moment.channel].add(sums.intensity(mode, 0, end - first, threads, weights), 1);
  }
}

// Those of window blocks that `sums` holds; `first` as above.
template <typename Real>
void ScatteringMatrix<Real>::add_patterns(const BeamSums<Real>& sums, std::size_t first,
                                          std::size_t probe, const std::vector<Vector2d>& positions,
                                          Plane<Real>* patterns) const {
  constexpr std::size_t kLanes = BeamSums<Real>::kLanes;
  const PatternWindow& window = *setup_.window;
  const std::size_t count = std::min(blocks_.window_blocks - first, sums.blocks());
  std::vector<std::ptrdiff_t> pixels;
  for (std::size_t i = first * kLanes; i < (first + count) * kLanes; ++i) {
    std::ptrdiff_t pixel = -1;
    if (const auto index = blocks_.samples[i]; index >= 0) {
      const BandSample& s = band_.samples[std::size_t(index)];
      pixel = std::ptrdiff_t(s.jy - window.first_y) * window.nx + s.jx - window.first_x;
    }
    pixels.push_back(pixel);
  }
  for (const auto& mode : setup_.probes[probe].amplitudes)
    sums.waves(positions, mode, 0, count,
               [&](std::size_t i, std::size_t block, const Lanes<Real>& psi) {
                 const auto intensity = psi.re * psi.re + psi.im * psi.im;
                 Real* pattern = patterns[i].data();
                 for (std::size_t l = 0; l < kLanes; ++l)
                   if (const auto pixel = pixels[block * kLanes + l]; pixel >= 0)
                     pattern[pixel] += intensity[l];
               });
}

template <typename Real>
ProbeResult<Real> ScatteringMatrix<Real>::result(std::size_t i, const ScanPoint& point,
                                                 std::size_t depth, Plane<Real> pattern) const {
  const Series& s = series_[point.probe * setup_.depths.size() + depth];
  ProbeResult<Real> r;
  r.point = i;
  r.depth = int(depth);
  r.pattern = std::move(pattern);
  for (const ScanSeries& c : s.channels) r.detectors.push_back(c(point.at));
  r.intensity_out = s.total(point.at);
  return r;
}

template <typename Real>
void ScatteringMatrix<Real>::run(const std::vector<ScanPoint>& points,
                                 const EngineRun<Real>& run) const {
  if (!setup_.window || plan_.window_stays) return run_whole(points, run);
  while (!run.stop()) {
    const Range piece = run.next(plan_.positions_at_once);
    if (piece.empty()) return;
    run_in_passes(points, piece, run);
  }
}

// Patterns whole at once.
template <typename Real>
void ScatteringMatrix<Real>::run_whole(const std::vector<ScanPoint>& points,
                                       const EngineRun<Real>& run) const {
  for_pieces(run.threads, run.stop, run.next, [&](Range piece) {
    for_each_probe(points, piece, [&](Range part) {
      const std::vector<Vector2d> at = positions_of(points, part);
      for (std::size_t d = 0; d < setup_.depths.size(); ++d) {
        std::vector<Plane<Real>> patterns(at.size());
        if (setup_.window) {
          for (auto& p : patterns) p.setZero(setup_.window->ny, setup_.window->nx);
          add_patterns(window_[d], 0, points[part.first].probe, at, patterns.data());
        }
        std::vector<ProbeResult<Real>> block;
        for (std::size_t i = 0; i < at.size(); ++i)
          block.push_back(
              result(part.first + i, points[part.first + i], d, std::move(patterns[i])));
        run.sink(block);
      }
    });
  });
}

// Patterns of the points of `piece` together, a part of the window at a time.
template <typename Real>
void ScatteringMatrix<Real>::run_in_passes(const std::vector<ScanPoint>& points, Range piece,
                                           const EngineRun<Real>& run) const {
  const std::size_t depths = setup_.depths.size(), count = piece.size();
  const PatternWindow& window = *setup_.window;
  const auto of_piece = [&](Range part) {
    return Range{piece.first + part.first, piece.first + part.last};
  };
  std::vector<Plane<Real>> patterns(depths * count);  // [depth, point]
  for (auto& p : patterns) p.setZero(window.ny, window.nx);
  for (std::size_t b = 0; b < plan_.window_blocks && !run.stop(); b += plan_.blocks_at_once) {
    const auto sums = propagate_beams(b, std::min(plan_.window_blocks, b + plan_.blocks_at_once),
                                      run.threads, run.stop);
    for_pieces(run.threads, run.stop, ranges_in_turn(count), [&](Range some) {
      for_each_probe(points, of_piece(some), [&](Range part) {
        for (std::size_t d = 0; d < depths; ++d)
          add_patterns(sums[d], b, points[part.first].probe, positions_of(points, part),
                       patterns.data() + d * count + part.first - piece.first);
      });
    });
  }
  for_pieces(run.threads, run.stop, ranges_in_turn(count), [&](Range some) {
    std::vector<ProbeResult<Real>> block;
    for (std::size_t i = some.first; i < some.last; ++i)
      for (std::size_t d = 0; d < depths; ++d)
        block.push_back(result(piece.first + i, points[piece.first + i], d,
                               std::move(patterns[d * count + i])));
    run.sink(block);
  });
}

template class ScatteringMatrix<float>;
template class ScatteringMatrix<double>;

}  // namespace vitrobeam
