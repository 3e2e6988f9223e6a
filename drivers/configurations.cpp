#include "drivers/configurations.hpp"

#include <cmath>
#include <memory>
#include <optional>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "io/frame_configurations.hpp"
#include "models/elements.hpp"
#include "options/quantity.hpp"

namespace vitrobeam {
namespace {

// FIRST:END:STEP as in Python: END excluded, each may be left out, negative ones count from the
// end.
struct FrameRange {
  std::optional<std::int64_t> first, end, step;
};

FrameRange parse_frames(const std::string& text) {
  const auto parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3)
    fail(Fault::usage, "--frames '{}': expected FIRST:END:STEP, for example 0:100:10 or ::", text);
  std::optional<std::int64_t> numbers[3];
  for (std::size_t k = 0; k < parts.size(); ++k) {
    if (parts[k].empty()) continue;
    const double v = parse_quantity(parts[k], "", "frames");
    if (v != std::floor(v) || std::abs(v) > 1e9)
      fail(Fault::usage, "--frames '{}': '{}' is no number of a frame", text, parts[k]);
    numbers[k] = std::int64_t(v);
  }
  if (numbers[2].value_or(1) < 1)
    fail(Fault::usage, "--frames '{}': the step must be at least 1", text);
  return {numbers[0], numbers[1], numbers[2]};
}

std::vector<std::size_t> chosen_frames(const std::string& text, std::size_t size) {
  const FrameRange range = parse_frames(text);
  const auto n = std::int64_t(size);
  const auto from_end = [n](std::int64_t v) { return v < 0 ? n + v : v; };
  const std::int64_t first = from_end(range.first.value_or(0)),
                     end = from_end(range.end.value_or(n)), step = range.step.value_or(1);
  if (first < 0 || first >= n || end > n)
    fail(Fault::usage, "--frames '{}': the file has {} frames, 0 to {}", text, n, n - 1);
  std::vector<std::size_t> frames;
  for (std::int64_t i = first; i < end; i += step) frames.push_back(std::size_t(i));
  if (frames.empty())
    fail(Fault::usage, "--frames '{}': holds no frame (the end is excluded)", text);
  return frames;
}

void check_choices(const SimulateSettings& s, bool vacancies, bool labelled) {
  if (!s.frames.empty() && (s.phonons > 0 || !s.u_rms.empty()))
    fail(Fault::usage,
         "--frames: the frames are displaced already; leave out --phonons and --u-rms");
  if (s.phonons > 0 && s.u_rms.empty() && !vacancies && !labelled)
    fail(Fault::usage,
         "--phonons {}: without --u-rms every configuration is the same; give --u-rms 0.085 or the "
         "like",
         s.phonons);
  if (s.phonons == 0 && !s.u_rms.empty())
    fail(Fault::usage, "--u-rms {}: has no effect without --phonons N", s.u_rms);
  const bool averaged = s.phonons > 0 || !s.frames.empty();
  const auto needs = [&](bool given, const char* option) {
    if (given && !averaged)
      fail(Fault::usage, "--{}: has no effect without --phonons N or --frames", option);
  };
  needs(s.phonons_until.has_value(), "phonons-until");
  needs(s.elastic, "elastic");
  if (averaged && !s.debye_waller.empty())
    fail(Fault::usage,
         "--debye-waller {}: smears what --phonons or --frames move; give one of them",
         s.debye_waller);
  if (averaged && s.exit_wave)
    fail(Fault::usage,
         "--exit-wave: waves of different configurations have no mean; leave out --phonons and "
         "--frames, or --exit-wave");
}

// The rest of a line of `summary`, and that of the sites.
std::string motion_summary(const Configurations& c) {
  std::string text;
  if (c.motion)
    for (const auto& [z, u] : mean_motion(c.atoms, *c.motion))
      text += fmt::format("; {} u {:.6g} Angstrom, <u^2> {:.6f} Angstrom^2, B {:.4f} Angstrom^2",
                          symbol(z), u, u * u, 8 * M_PI * M_PI * u * u);
  return text;
}

}  // namespace

void check_frames_text(const std::string& text) { parse_frames(text); }

ChosenConfigurations resolve_configurations(const SimulateSettings& s, const Atoms& atoms,
                                            const std::string& input) {
  ChosenConfigurations out{{atoms, s.phonons, s.common.seed, {}, {}}, ""};
  Configurations& c = out.configurations;
  const bool vacancies = c.has_vacancies(), labelled = has_motion_labels(atoms);
  check_choices(s, vacancies, labelled);
  if (!s.frames.empty()) {
    StructureReadOptions quiet = read_options(s.model);
    quiet.note = nullptr;  // its remarks were made when the model was read
    const auto trajectory = std::make_shared<const Trajectory>(input, quiet);
    const auto frames = chosen_frames(s.frames, trajectory->size());
    c.count = int(frames.size());
    c.frame = frames_of(trajectory, frames, atoms.cell, s.wrap);
    out.summary = fmt::format("motion      {}, {} to {} of {}\n", counted(c.count, "frame"),
                              frames.front(), frames.back(), trajectory->size());
  } else if (s.phonons > 0) {
    if (s.u_rms == "model" || (s.u_rms.empty() && labelled))
      c.motion = labelled_motion(atoms);
    else if (!s.u_rms.empty())
      c.motion = einstein_motion(atoms, parse_u_rms(s.u_rms, atoms, "u-rms"));
    out.summary = fmt::format("motion      {}, seed {}{}\n", counted(c.count, "configuration"),
                              c.seed, motion_summary(c));
  }
  if (vacancies)
    out.summary += fmt::format("occupancy   sites partly occupied, drawn {} (seed {})\n",
                               c.count > 0 ? "for every configuration" : "once", c.seed);
  return out;
}

}  // namespace vitrobeam
