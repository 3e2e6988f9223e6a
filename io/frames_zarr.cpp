// Patterns in Zarr folders: HyperSpy's .zspy, or any array by its path.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "io/pattern_formats.hpp"
#include "io/stated_size.hpp"
#include "io/units.hpp"
#include "io/zarr.hpp"

namespace vitrobeam {
namespace {

using nlohmann::json;

std::string choose(const ZarrFolder& zarr, const std::string& asked) {
  const auto all = zarr.arrays();
  if (!asked.empty()) {
    if (std::find(all.begin(), all.end(), asked) == all.end())
      fail(Fault::input, "{}: holds no array {}; it has {}", zarr.folder(), asked,
           fmt::join(all, ", "));
    return asked;
  }
  std::vector<std::string> best;
  std::size_t most = 2;
  for (const auto& path : all) {
    const bool data = path.ends_with("/data") || all.size() == 1 || path == "/";
    if (!data || path.find("metadata/") != std::string::npos) continue;
    const std::size_t rank = zarr.array(path).shape.size();
    if (rank > most) best.clear();
    if (rank >= most) best.push_back(path);
    most = std::max(most, rank);
  }
  if (best.size() != 1)
    fail(Fault::input, "{}: {}; name one as {}:/path ({})", zarr.folder(),
         best.empty() ? "holds no array of patterns in a known place" : "holds several arrays",
         zarr.folder(), fmt::join(all, ", "));
  return best.front();
}

struct Axis {
  double scale = 0, offset = 0;
  std::string units;
};

// HyperSpy's axis-k beside the data.
std::optional<Axis> axis_of(const ZarrFolder& zarr, const std::string& path, std::size_t k) {
  const std::string group = path.substr(0, path.rfind('/'));
  const json a = json::parse(zarr.attributes(group + "/axis-" + std::to_string(k)), nullptr, false);
  if (!a.is_object() || !a.contains("scale") || !a["scale"].is_number()) return std::nullopt;
  Axis axis;
  axis.scale = a["scale"].get<double>();
  if (a.contains("offset") && a["offset"].is_number()) axis.offset = a["offset"].get<double>();
  if (a.contains("units") && a["units"].is_string()) axis.units = a["units"].get<std::string>();
  return axis;
}

void take_axes(const ZarrFolder& zarr, const std::string& path, PatternFrames& f) {
  const std::size_t rank = f.shape.size();
  const std::string group = path.substr(0, path.rfind('/'));
  const json tem =
      json::parse(zarr.attributes(group + "/metadata/Acquisition_instrument/TEM"), nullptr, false);
  if (tem.is_object() && tem.contains("beam_energy") && tem["beam_energy"].is_number())
    f.energy_kV = tem["beam_energy"].get<double>();
  const auto y = axis_of(zarr, path, rank - 2), x = axis_of(zarr, path, rank - 1);
  const auto unit_y = y ? inverse_angstrom_per(y->units, f.energy_kV) : std::nullopt,
             unit_x = x ? inverse_angstrom_per(x->units, f.energy_kV) : std::nullopt;
  if (unit_y && unit_x && y->scale > 0 && x->scale > 0) {
    f.pixel_qy = y->scale * *unit_y;
    f.pixel_qx = x->scale * *unit_x;
    if (y->offset < 0 && x->offset < 0) {
      f.centre_row = -y->offset / y->scale;
      f.centre_col = -x->offset / x->scale;
    }
  }
  for (std::size_t k = 0; k < rank; ++k) {
    const auto axis = axis_of(zarr, path, k);
    f.axis_units.push_back(axis ? axis->units : "");
  }
  if (rank < 4) return;
  const auto step = [&](std::size_t k) -> std::optional<double> {
    const auto axis = axis_of(zarr, path, k);
    const auto unit = axis ? angstrom_per(axis->units) : std::nullopt;
    return unit && axis->scale > 0 ? std::optional(axis->scale * *unit) : std::nullopt;
  };
  f.step_y = step(0);
  f.step_x = step(1);
}

// Frames one by one out of chunks, of which those last used are kept.
class ChunkReader {
 public:
  ChunkReader(const std::string& folder, ZarrArray array)
      : zarr_(folder), array_(std::move(array)) {
    const std::size_t bytes = stated_count(folder, "a chunk", array_.chunk) * sizeof(float);
    constexpr std::size_t kKept = 512 << 20;
    most_kept_ = std::max<std::size_t>(1, kKept / bytes);
  }

  std::vector<float> frame(std::size_t number) {
    const std::size_t rank = array_.shape.size();
    std::vector<std::size_t> at(rank, 0);  // of the frame's first pixel
    for (std::size_t k = rank - 2; k-- > 0; number /= array_.shape[k])
      at[k] = number % array_.shape[k];
    const std::size_t rows = array_.shape[rank - 2], columns = array_.shape[rank - 1];
    check_size(at);
    std::vector<float> out(rows * columns);
    for (std::size_t r = 0; r < rows; r += array_.chunk[rank - 2])
      for (std::size_t c = 0; c < columns; c += array_.chunk[rank - 1]) {
        at[rank - 2] = r;
        at[rank - 1] = c;
        copy(at, out);
      }
    return out;
  }

 private:
  // What is stored of a frame bounds its size; where nothing is, up to 64 MB are its fill value.
  void check_size(std::vector<std::size_t> at) const {
    constexpr std::size_t kMostChunks = 1 << 16;  // of one frame
    const std::size_t rank = at.size(), rows = array_.shape[rank - 2],
                      columns = array_.shape[rank - 1];
    const std::size_t chunks = stated_count(
        zarr_.folder(), "the chunks of a frame",
        {(rows - 1) / array_.chunk[rank - 2] + 1, (columns - 1) / array_.chunk[rank - 1] + 1});
    if (chunks > kMostChunks)
      fail(Fault::input, "{}: {} is stored in {} chunks a frame; save it in larger ones",
           zarr_.folder(), array_.path, chunks);
    std::vector<std::size_t> index(rank);
    for (std::size_t k = 0; k < rank; ++k) index[k] = at[k] / array_.chunk[k];
    std::uint64_t stored = 0;
    for (std::size_t r = 0; r < rows; r += array_.chunk[rank - 2])
      for (std::size_t c = 0; c < columns; c += array_.chunk[rank - 1]) {
        index[rank - 2] = r / array_.chunk[rank - 2];
        index[rank - 1] = c / array_.chunk[rank - 1];
        stored += zarr_.stored_bytes(array_, index);
      }
    if (const double bytes = double(rows) * double(columns) * sizeof(float);
        !can_unpack_to(stored, bytes))
      fail(Fault::input, "{}: {} states frames of {} x {} pixels, of which {} bytes are stored",
           zarr_.folder(), array_.path, columns, rows, stored);
  }

  // The part of the frame that one chunk holds.
  void copy(const std::vector<std::size_t>& at, std::vector<float>& out) {
    const std::size_t rank = at.size(), columns = array_.shape[rank - 1];
    std::vector<std::size_t> index(rank);
    std::size_t inside = 0;
    for (std::size_t k = 0; k < rank; ++k) {
      index[k] = at[k] / array_.chunk[k];
      inside = inside * array_.chunk[k] + at[k] % array_.chunk[k];
    }
    const std::vector<float>& values = chunk(index);
    const std::size_t n_rows =
                          std::min(array_.chunk[rank - 2], array_.shape[rank - 2] - at[rank - 2]),
                      n_columns = std::min(array_.chunk[rank - 1], columns - at[rank - 1]);
    for (std::size_t r = 0; r < n_rows; ++r) {
      const auto from = values.begin() + std::ptrdiff_t(inside + r * array_.chunk[rank - 1]);
      std::copy(from, from + std::ptrdiff_t(n_columns),
                out.begin() + std::ptrdiff_t((at[rank - 2] + r) * columns + at[rank - 1]));
    }
  }

  // The chunk, unpacked; those used last are kept.
  const std::vector<float>& chunk(const std::vector<std::size_t>& index) {
    auto it = kept_.find(index);
    if (it == kept_.end()) {
      Kept loaded{zarr_.chunk(array_, index)};
      if (kept_.size() >= most_kept_)
        kept_.erase(std::min_element(kept_.begin(), kept_.end(), [](const auto& a, const auto& b) {
          return a.second.used < b.second.used;
        }));
      it = kept_.emplace(index, std::move(loaded)).first;
    }
    it->second.used = ++uses_;
    return it->second.values;
  }

  struct Kept {
    std::vector<float> values;
    std::size_t used = 0;
  };
  ZarrFolder zarr_;
  ZarrArray array_;
  std::size_t most_kept_ = 1, uses_ = 0;
  std::map<std::vector<std::size_t>, Kept> kept_;
};

}  // namespace

PatternFrames open_zarr_frames(const std::string& path, const FrameOptions& options) {
  const ZarrFolder zarr(path);
  PatternFrames f;
  f.format = "Zarr";
  f.dataset = choose(zarr, options.dataset);
  const ZarrArray array = zarr.array(f.dataset);
  const std::size_t rank = array.shape.size();
  if (rank < 2 || rank > 4)
    fail(Fault::input, "{}: {} has {} axes; patterns have two to four", path, f.dataset, rank);
  f.shape = array.shape;
  check_image_size(path, array.shape[rank - 2], array.shape[rank - 1]);
  take_axes(zarr, f.dataset, f);
  if (const std::size_t n = zarr.missing_chunks(array); n > 0)
    f.notes.push_back(fmt::format(
        "{}: {}: {} of its chunks are not there; they read as its fill value", path, f.dataset, n));
  if (options.scan) {
    const std::size_t frames = stated_count(path, f.dataset, array.shape) /
                               (array.shape[rank - 2] * array.shape[rank - 1]);
    f.shape = frames_shape(path, frames, array.shape[rank - 2], array.shape[rank - 1], options);
  }
  f.largest = largest_value(array.type);
  const auto chunks = std::make_shared<ChunkReader>(path, array);
  f.read = [chunks](std::size_t first, std::size_t count) {
    std::vector<float> all;
    for (std::size_t k = first; k < first + count; ++k) {
      const auto frame = chunks->frame(k);
      all.insert(all.end(), frame.begin(), frame.end());
    }
    return all;
  };
  return f;
}

}  // namespace vitrobeam
