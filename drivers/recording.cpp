#include "drivers/recording.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <numeric>

namespace vitrobeam {

Production recording(const PatternSource& source, const RecordingSettings& s,
                     const CommonSettings& common) {
  auto saturated = std::make_shared<std::vector<std::int32_t>>();
  Production p;
  p.title = std::filesystem::path(common.output).stem().string();
  p.inputs = {source.file()};
  p.predict = [] {};
  p.compute = [](const RunControl&) {};
  p.store = [=, &source, &common](Hdf5Writer& file) {
    *saturated = write_recorded(file, source, s, run_control(common)).values;
  };
  p.axes = [&source] { return axes_of(source); };
  p.audit = [&source](RunRecord& record) {
    if (source.is_result()) inherit_record(Hdf5Reader(source.file()), record);
  };
  p.summarise = [=] {
    if (s.camera.saturation > 0)
      std::cout << fmt::format(
          "saturated   {} pixels of {} patterns\n",
          std::accumulate(saturated->begin(), saturated->end(), std::int64_t{0}),
          std::count_if(saturated->begin(), saturated->end(), [](auto n) { return n > 0; }));
  };
  p.remark = pattern_units(s.camera);
  return p;
}

}  // namespace vitrobeam
