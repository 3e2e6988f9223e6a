#include "io/correlation_file.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "io/result_file.hpp"
#include "io/text_reader.hpp"

namespace vitrobeam {

void write_correlation(Hdf5Writer& file, const CorrelationResult& r) {
  const std::string g = "/correlation/";
  write_map(file, g + "tau", r.tau, "s");
  write_map(file, g + "tau_error", r.tau_error, "s");
  write_map(file, g + "beta", r.beta, "1");
  write_map(file, g + "beta_error", r.beta_error, "1");
  write_map(file, g + "amplitude", r.amplitude, "1");
  write_map(file, g + "amplitude_error", r.amplitude_error, "1");
  if (r.has_baseline) write_map(file, g + "baseline", r.baseline, "1");
  file.write(g + "status", r.status);
  file.attribute(g + "status", "description",
                 "0 good, 1 no decay found, 2 series shorter than 40 tau, 3 frame longer than 0.1 "
                 "tau");
  file.write(g + "time", r.time);
  file.attribute(g + "time", "units", "s");
  file.write(g + "g2", r.g2);
  file.attribute(g + "g2", "description", "mean over all fits");
  if (!r.q.empty()) {
    file.write(g + "q", r.q);
    file.attribute(g + "q", "units", "1/Angstrom");
  }
  file.attribute("/correlation", "frames", std::int64_t(r.frames));
  file.attribute("/correlation", "frame_time_s", r.frame_time);
}

Stack<float> read_detector_frames(const std::vector<std::string>& files,
                                  const std::string& detector) {
  Stack<float> images;
  const std::string path = "/simulation/detectors/" + detector;
  for (std::size_t k = 0; k < files.size(); ++k) {
    const Stack<float> map = Hdf5Reader(files[k]).read<float>(path);
    if (map.shape.size() != 2)
      fail(Fault::input, "{}: {} has {} axes; a frame is one map", files[k], path,
           map.shape.size());
    if (k == 0) images = Stack<float>({files.size(), map.shape[0], map.shape[1]});
    if (map.shape != Shape{images.shape[1], images.shape[2]})
      fail(Fault::input, "{}: a map of {} x {} positions, the first frame has {} x {}", files[k],
           map.shape[1], map.shape[0], images.shape[2], images.shape[1]);
    std::copy(map.values.begin(), map.values.end(), images.plane(k).data());
  }
  return images;
}

double read_frame_time(const std::string& path, std::size_t frames) {
  const std::string text = read_text(path);
  TextReader reader(path, text);
  std::vector<double> times;
  while (reader.next_row())
    for (std::size_t i = 0; i < reader.words().size(); ++i) {
      const double t = reader.number(i, "a time in s");
      if (!times.empty() && !(t > times.back()))
        fail(Fault::input, "@times {}: frame {} at {} s is not later than the one before, at {} s",
             path, times.size() + 1, t, times.back());
      times.push_back(t);
    }
  if (times.size() != frames)
    fail(Fault::input, "@times {}: {} times for {} frames", path, times.size(), frames);
  const double step = (times.back() - times.front()) / double(frames - 1);
  for (std::size_t k = 0; k < frames; ++k)
    if (std::abs(times[k] - times.front() - step * double(k)) > 0.1 * step)
      fail(Fault::input,
           "@times {}: frame {} at {} s is off the equal steps of {:.4g} s by more than a tenth of "
           "one; the autocorrelation needs equal steps",
           path, k + 1, times[k], step);
  return step;
}

}  // namespace vitrobeam
