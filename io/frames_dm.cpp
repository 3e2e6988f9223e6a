// DigitalMicrograph .dm3 and .dm4: a tree of tags in big-endian order whose data follow the byte
// order that the header states. The image is the largest numeric array under ImageData.
#include <cmath>
#include <map>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "io/pattern_formats.hpp"

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
    read_group("");
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
    for (std::uint64_t i = 0; i < it->second.count; ++i)
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

  void read_group(const std::string& path) {
    at_ += 2;  // sorted, open
    const std::uint64_t tags = take_length();
    for (std::uint64_t i = 0; i < tags; ++i) {
      const int kind = file_.number<std::uint8_t>(at_);
      const std::size_t length = file_.number<std::uint16_t>(at_ + 1, true);
      std::string name = length ? file_.bytes(at_ + 3, length) : std::to_string(i);
      at_ += 3 + length;
      if (wide_) at_ += 8;
      if (kind == 20)
        read_group(path + "/" + name);
      else if (kind == 21)
        read_data(path + "/" + name);
      else
        fail(Fault::input, "{}: damaged tag '{}' of kind {}", file_.path(), path + "/" + name,
             kind);
    }
  }

  // Bytes that a value of the type described from `info` on takes; 0 for what has no fixed size.
  std::uint64_t value_bytes(const std::vector<std::uint64_t>& info, std::size_t from) const {
    const int type = int(info.at(from));
    if (const auto sample = sample_type(type)) return sample_bytes(*sample);
    if (type == 15) {
      std::uint64_t sum = 0;
      for (std::uint64_t k = 0; k < info.at(from + 2); ++k)
        sum += value_bytes(info, from + 4 + 2 * k);
      return sum;
    }
    if (type == 18) return 2 * info.at(from + 1);
    fail(Fault::input, "{}: tag of unknown type {}", file_.path(), type);
  }

  void read_data(const std::string& path) {
    at_ += 4;  // "%%%%"
    const std::uint64_t words = take_length();
    if (words == 0 || words > 4096) fail(Fault::input, "{}: damaged tag '{}'", file_.path(), path);
    std::vector<std::uint64_t> info(words);
    for (auto& w : info) w = take_length();
    if (info[0] == 20) {
      const std::uint64_t count = info.back();
      arrays_[path] = {at_, count, int(info.at(1))};
      at_ += count * value_bytes(info, 1);
      return;
    }
    if (const auto type = sample_type(int(info[0])))
      numbers_[path] = double(file_.samples(at_, 1, *type, !little_).front());
    at_ += value_bytes(info, 0);
  }

  BinaryFile file_;
  bool wide_ = false, little_ = true;
  std::uint64_t at_ = 0;
  std::map<std::string, DmArray> arrays_;
  std::map<std::string, double> numbers_;
};

// 1/Angstrom per unit of a DM axis; nothing for what is no reciprocal length.
std::optional<double> inverse_angstrom(const std::string& units, std::optional<double> energy_kV) {
  if (units == "1/nm") return 0.1;
  if (units == "1/A") return 1;
  if (units == "mrad" && energy_kV) return 1e-3 / wavelength(*energy_kV);
  return std::nullopt;
}

}  // namespace

PatternFrames open_dm_frames(const std::string& path, const FrameOptions& options) {
  auto dm = std::make_shared<DmFile>(path);
  std::string image;
  for (const auto& [name, array] : dm->arrays()) {
    if (!name.ends_with("/ImageData/Data") || !DmFile::sample_type(array.type)) continue;
    if (image.empty() || array.count > dm->arrays().at(image).count) image = name;
  }
  if (image.empty()) fail(Fault::input, "{}: holds no image of real numbers", path);
  const DmArray data = dm->arrays().at(image);
  const std::string group = image.substr(0, image.rfind('/')),
                    tags = group.substr(0, group.rfind('/')) + "/ImageTags/Microscope Info/";
  Shape shape;
  for (int k = 0; const auto n = dm->number(group + "/Dimensions/" + std::to_string(k)); ++k)
    shape.insert(shape.begin(), std::size_t(*n));
  if (shape.size() < 2 || shape.size() > 4 || Stack<float>::count(shape) != data.count)
    fail(Fault::input, "{}: an array of {} axes; patterns have two to four", path, shape.size());

  PatternFrames f;
  f.format = "DigitalMicrograph";
  if (const auto volt = dm->number(tags + "Voltage"); volt && *volt > 1e4)
    f.energy_kV = *volt / 1e3;
  const auto axis = [&](int k) { return group + "/Calibrations/Dimension/" + std::to_string(k); };
  const auto unit = [&](int k) {
    return inverse_angstrom(dm->text(axis(k) + "/Units"), f.energy_kV);
  };
  if (shape.size() == 4 && !unit(0) && unit(2))
    fail(Fault::input,
         "{}: the scan runs fastest in this file; save it with the diffraction pattern as the "
         "fastest axes (swap data in the recording program)",
         path);
  const auto calibrate = [&](int k, std::optional<double>& pixel, std::optional<double>& centre) {
    const auto scale = dm->number(axis(k) + "/Scale"), origin = dm->number(axis(k) + "/Origin");
    if (!unit(k) || !scale || !(*scale > 0)) return;
    pixel = *scale * *unit(k);
    if (origin && *origin > 0) centre = *origin;
  };
  calibrate(0, f.pixel_qx, f.centre_col);
  calibrate(1, f.pixel_qy, f.centre_row);
  const std::size_t rows = shape[shape.size() - 2], columns = shape.back();
  f.shape = options.scan ? frames_shape(path, std::size_t(data.count) / (rows * columns), rows,
                                        columns, options)
                         : shape;
  f.read = [dm, data, size = rows * columns](std::size_t first, std::size_t count) {
    const SampleType type = *DmFile::sample_type(data.type);
    return dm->file().samples(data.offset + first * size * sample_bytes(type), count * size, type,
                              dm->big_endian());
  };
  return f;
}

}  // namespace vitrobeam
