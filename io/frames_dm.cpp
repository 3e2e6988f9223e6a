// DigitalMicrograph .dm3 and .dm4: a tree of tags in big-endian order whose data follow the byte
// order that the header states. The image is that of most axes, then the largest, of those under
// ImageList that are no thumbnail (/Thumbnails names them), no colours and no complex numbers.
#include <cmath>
#include <map>
#include <set>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "io/pattern_formats.hpp"
#include "io/stated_size.hpp"
#include "io/units.hpp"

namespace vitrobeam {
namespace {

struct DmArray {
  std::uint64_t offset = 0, count = 0;
  int type = 0;
};

class DmFile {
 public:
  explicit DmFile(const std::string& path) : file_(path) {
    wide_ = file_.number<std::int32_t>(0, true) == 4;
    at_ = wide_ ? 12 : 8;
    little_ = file_.number<std::int32_t>(at_, true) == 1;
    at_ += 4;
    read_group("", 0);
  }

  BinaryFile& file() { return file_; }
  bool big_endian() const { return !little_; }
  const std::map<std::string, DmArray>& arrays() const { return arrays_; }
  std::optional<double> number(const std::string& path) const {
    const auto it = numbers_.find(path);
    return it == numbers_.end() ? std::nullopt : std::optional(it->second);
  }
  std::string text(const std::string& path) {
    const auto it = arrays_.find(path);
    std::string out;
    if (it == arrays_.end() || it->second.type != 4) return out;
    constexpr std::uint64_t kLongest = 256;
    for (std::uint64_t i = 0; i < std::min(kLongest, it->second.count); ++i)
      if (const auto c = file_.number<std::uint16_t>(it->second.offset + 2 * i, !little_); c < 128)
        out += char(c);
    return out;
  }

  // Samples of DM's element types, else nothing.
  static std::optional<SampleType> sample_type(int type) {
    switch (type) {
      case 2:
        return SampleType::int16;
      case 3:
        return SampleType::int32;
      case 4:
        return SampleType::uint16;
      case 5:
        return SampleType::uint32;
      case 6:
        return SampleType::float32;
      case 7:
        return SampleType::float64;
      case 8:
      case 10:
        return SampleType::uint8;
      case 9:
        return SampleType::int8;
      case 11:
        return SampleType::int64;
      case 12:
        return SampleType::uint64;
      default:
        return std::nullopt;
    }
  }

 private:
  std::uint64_t take_length() {
    const std::uint64_t v =
        wide_ ? file_.number<std::uint64_t>(at_, true) : file_.number<std::uint32_t>(at_, true);
    at_ += wide_ ? 8 : 4;
    return v;
  }

  void read_group(const std::string& path, int depth) {
    constexpr int kDeepest = 64;
    if (depth > kDeepest)
      fail(Fault::input, "{}: damaged: groups of tags {} deep", file_.path(), depth);
    at_ += 2;  // sorted, open
    const std::uint64_t tags = take_length();
    for (std::uint64_t i = 0; i < tags; ++i) {
      const int kind = file_.number<std::uint8_t>(at_);
      const std::size_t length = file_.number<std::uint16_t>(at_ + 1, true);
      const std::string name = length ? file_.bytes(at_ + 3, length) : std::to_string(i);
      const std::string below = fmt::format("{}/{}", path, name);
      constexpr std::size_t kLongest = 4096, kMostNames = 64 << 20;  // bytes
      names_ += below.size();
      if (below.size() > kLongest || names_ > kMostNames)
        fail(Fault::input, "{}: damaged: long names", file_.path());
      at_ += 3 + length;
      if (wide_) at_ += 8;
      if (kind == 20)
        read_group(below, depth + 1);
      else if (kind == 21)
        read_data(below);
      else
        fail(Fault::input, "{}: damaged tag of kind {}", file_.path(), kind);
    }
  }

  // Bytes that a value of the type described from `info` on takes.
  std::uint64_t value_bytes(const std::vector<std::uint64_t>& info, std::size_t from) const {
    const std::uint64_t type = info.at(from);
    if (const auto sample = type < 100 ? sample_type(int(type)) : std::nullopt)
      return sample_bytes(*sample);
    if (type == 15) {  // a structure: name length, fields, then name length and type of each
      std::uint64_t sum = 0;
      const std::uint64_t fields = info.at(from + 2);
      if (fields > info.size()) fail(Fault::input, "{}: damaged structure", file_.path());
      for (std::uint64_t k = 0; k < fields; ++k) {
        const std::uint64_t field = info.at(from + 4 + 2 * k);
        const auto sample = field < 100 ? sample_type(int(field)) : std::nullopt;
        if (!sample) fail(Fault::input, "{}: structure of unknown type {}", file_.path(), field);
        sum += sample_bytes(*sample);
      }
      return sum;
    }
    if (type == 18) {  // text
      const std::uint64_t length = info.at(from + 1);
      return stated_bytes(file_.path(), "a text", at_, length, 2, file_.size());
    }
    fail(Fault::input, "{}: tag of unknown type {}", file_.path(), type);
  }

  void read_data(const std::string& path) {
    at_ += 4;  // "%%%%"
    const std::uint64_t words = take_length();
    if (words == 0 || words > 4096) fail(Fault::input, "{}: damaged tag", file_.path());
    std::vector<std::uint64_t> info(words);
    for (auto& w : info) w = take_length();
    if (info[0] == 20) {
      const std::uint64_t count = info.back();
      if (words < 3) fail(Fault::input, "{}: damaged array", file_.path());
      arrays_[path] = {at_, count, info[1] < 100 ? int(info[1]) : -1};
      at_ += stated_bytes(file_.path(), "an array", at_, count, value_bytes(info, 1), file_.size());
      return;
    }
    if (const auto type = info[0] < 100 ? sample_type(int(info[0])) : std::nullopt)
      numbers_[path] = double(file_.samples(at_, 1, *type, !little_).front());
    at_ += value_bytes(info, 0);
  }

  BinaryFile file_;
  bool wide_ = false, little_ = true;
  std::uint64_t at_ = 0, names_ = 0;
  std::map<std::string, DmArray> arrays_;
  std::map<std::string, double> numbers_;
};

// An image of the file and what it states about itself.
struct DmImage {
  std::string group;  // "/ImageList/1/ImageData"
  DmArray data;
  Shape shape;
};

// A number of the file as a small whole one, -1 where it is none.
int whole(std::optional<double> number) {
  constexpr double kMost = 1e9;
  return number && *number >= 0 && *number < kMost ? int(*number) : -1;
}

// Images that /Thumbnails names, by their place in /ImageList.
std::set<std::string> thumbnails(const DmFile& dm) {
  std::set<std::string> groups;
  constexpr int kMost = 1000;
  for (int k = 0; k < kMost; ++k) {
    const auto index = dm.number("/Thumbnails/" + std::to_string(k) + "/ImageIndex");
    if (!index) break;
    groups.insert("/ImageList/" + std::to_string(whole(index)) + "/ImageData");
  }
  return groups;
}

// Of DM's DataType, as far as patterns have them.
std::optional<int> element_of(int data_type) {
  static const std::map<int, int> kElements = {{1, 2}, {2, 6},  {6, 8},  {7, 3},
                                               {9, 9}, {10, 4}, {11, 5}, {12, 7}};
  const auto it = kElements.find(data_type);
  return it == kElements.end() ? std::nullopt : std::optional(it->second);
}

// Colours or complex numbers.
bool is_no_intensity(int data_type) {
  static const std::set<int> kKinds = {3, 5, 8, 13, 23, 27, 28};
  return kKinds.contains(data_type);
}

Shape shape_of(const DmFile& dm, const std::string& group) {
  Shape shape;
  constexpr int kMostAxes = 8;
  for (int k = 0; k < kMostAxes; ++k) {
    const auto n = dm.number(group + "/Dimensions/" + std::to_string(k));
    if (!n) break;
    shape.insert(shape.begin(), *n >= 0 && *n < 4294967296.0 ? std::size_t(*n) : 0);
  }
  return shape;
}

// Error{input} where the data are not what the tags state.
void check_image(const std::string& path, const DmFile& dm, const DmImage& best) {
  const auto type = dm.number(best.group + "/DataType");
  if (const auto element = type ? element_of(whole(type)) : std::nullopt;
      element && *element != best.data.type &&
      sample_bytes(*DmFile::sample_type(*element)) !=
          sample_bytes(*DmFile::sample_type(best.data.type)))
    fail(Fault::input, "{}: states images of DataType {}, its values are of type {}", path, *type,
         best.data.type);
  if (const auto depth = dm.number(best.group + "/PixelDepth");
      depth && *depth != double(sample_bytes(*DmFile::sample_type(best.data.type))))
    fail(Fault::input, "{}: states pixels of {} bytes, its values have {}", path, *depth,
         sample_bytes(*DmFile::sample_type(best.data.type)));
  if (stated_count(path, "its image", best.shape) != best.data.count || best.shape.empty())
    fail(Fault::input, "{}: states an image of {} pixels, its data hold {} values", path,
         fmt::join(best.shape, " x "), best.data.count);
}

// `asked` names one: "/ImageList/1".
DmImage choose_image(DmFile& dm, const std::string& asked) {
  const std::string& path = dm.file().path();
  const auto previews = thumbnails(dm);
  DmImage best;
  std::string passed, equal;
  const auto weight = [](const DmImage& image) {
    return std::pair{image.shape.size(), image.data.count};
  };
  for (const auto& [name, array] : dm.arrays()) {
    if (!name.ends_with("/ImageData/Data")) continue;
    const std::string group = name.substr(0, name.rfind('/')),
                      place = group.substr(0, group.rfind('/'));
    const int stated = whole(dm.number(group + "/DataType"));
    if (asked.empty() ? previews.contains(group) || is_no_intensity(stated) ||
                            !DmFile::sample_type(array.type)
                      : place != asked) {
      passed += (passed.empty() ? "" : ", ") + place;
      continue;
    }
    const DmImage image{group, array, shape_of(dm, group)};
    if (!best.group.empty() && weight(image) == weight(best)) equal += ", " + place;
    if (!best.group.empty() && weight(image) <= weight(best)) continue;
    best = image;
    equal = place;
  }
  if (best.group.empty())
    fail(Fault::input, "{}: holds no image of real numbers{}", path,
         passed.empty() ? "" : " but for previews, colours and complex numbers (" + passed + ")");
  if (equal.find(", ") != std::string::npos)
    fail(Fault::input, "{}: holds several images of {} pixels: {}; name one as {}:{}", path,
         fmt::join(best.shape, " x "), equal, path, equal.substr(0, equal.find(',')));
  if (!DmFile::sample_type(best.data.type) ||
      is_no_intensity(whole(dm.number(best.group + "/DataType"))))
    fail(Fault::input, "{}: {} holds colours or complex numbers", path, best.group);
  check_image(path, dm, best);
  return best;
}

// Scale and origin of the axes; `axis` 0 runs fastest.
void take_axes(DmFile& dm, const std::string& group, PatternFrames& f) {
  const int rank = int(f.shape.size());
  const auto place = [&](int axis) {
    return group + "/Calibrations/Dimension/" + std::to_string(axis);
  };
  for (int k = rank; k-- > 0;) f.axis_units.push_back(dm.text(place(k) + "/Units"));
  const auto scale = [&](int axis, std::optional<double> unit) -> std::optional<double> {
    const auto value = dm.number(place(axis) + "/Scale");
    return unit && value && *value > 0 && std::isfinite(*value) ? std::optional(*value * *unit)
                                                                : std::nullopt;
  };
  const auto unit_of = [&](int axis) { return dm.text(place(axis) + "/Units"); };
  const auto calibrate = [&](int axis, std::optional<double>& pixel,
                             std::optional<double>& centre) {
    pixel = scale(axis, inverse_angstrom_per(unit_of(axis), f.energy_kV));
    const auto origin = dm.number(place(axis) + "/Origin");
    if (pixel && origin && *origin > 0) centre = *origin;
  };
  calibrate(0, f.pixel_qx, f.centre_col);
  calibrate(1, f.pixel_qy, f.centre_row);
  if (rank < 4) return;
  f.step_x = scale(2, angstrom_per(unit_of(2)));
  f.step_y = scale(3, angstrom_per(unit_of(3)));
}

}  // namespace

PatternFrames open_dm_frames(const std::string& path, const FrameOptions& options) {
  auto dm = std::make_shared<DmFile>(path);
  const auto [group, data, shape] = choose_image(*dm, options.dataset);
  if (shape.size() < 2 || shape.size() > 4)
    fail(Fault::input, "{}: an array of {} axes; patterns have two to four", path, shape.size());
  const std::string tags = group.substr(0, group.rfind('/')) + "/ImageTags/Microscope Info/";
  PatternFrames f;
  f.format = "DigitalMicrograph";
  f.dataset = group.substr(0, group.rfind('/'));
  if (const auto volt = dm->number(tags + "Voltage"); volt && *volt > 1e4)
    f.energy_kV = *volt / 1e3;
  f.shape = shape;
  take_axes(*dm, group, f);
  const std::size_t rows = shape[shape.size() - 2], columns = shape.back();
  check_image_size(path, rows, columns);
  if (options.scan)
    f.shape =
        frames_shape(path, std::size_t(data.count) / (rows * columns), rows, columns, options);
  f.largest = largest_value(*DmFile::sample_type(data.type));
  f.read = [dm, array = data, size = rows * columns](std::size_t first, std::size_t count) {
    const SampleType type = *DmFile::sample_type(array.type);
    return dm->file().samples(array.offset + first * size * sample_bytes(type), count * size, type,
                              dm->big_endian());
  };
  return f;
}

}  // namespace vitrobeam
