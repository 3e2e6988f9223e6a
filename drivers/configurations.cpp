#include "drivers/configurations.hpp"

#include <cmath>

#include "base/error.hpp"
#include "drivers/quantity.hpp"
#include "models/elements.hpp"
#include "models/occupancy.hpp"

namespace vitrobeam {
namespace {

// FIRST:END:STEP as in Python: END excluded, each may be left out, negative ones count from the
// end.
std::vector<std::size_t> chosen_frames(const std::string& text, std::size_t size) {
  const auto parts = split(text, ':');
  const auto n = std::int64_t(size);
  const auto number = [&](std::size_t k, std::int64_t otherwise) {
    if (k >= parts.size() || parts[k].empty()) return otherwise;
    const double v = parse_quantity(parts[k], "", "frames");
    if (v != std::floor(v) || std::abs(v) > 1e9)
      fail(Fault::usage, "--frames '{}': '{}' is no number of a frame", text, parts[k]);
    return k < 2 && v < 0 ? n + std::int64_t(v) : std::int64_t(v);
  };
  if (parts.size() < 2 || parts.size() > 3)
    fail(Fault::usage, "--frames '{}': expected FIRST:END:STEP, for example 0:100:10 or ::", text);
  const std::int64_t first = number(0, 0), end = number(1, n), step = number(2, 1);
  if (step < 1) fail(Fault::usage, "--frames '{}': the step must be at least 1", text);
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

}  // namespace

Configurations::Configurations(const SimulateSettings& s, const Atoms& atoms,
                               const std::string& input)
    : atoms_(atoms),
      seed_(s.common.seed),
      count_(s.phonons),
      vacancies_(has_partial_occupancy(atoms)),
      wrap_(s.wrap) {
  const bool labelled = has_motion_labels(atoms);
  check_choices(s, vacancies_, labelled);
  if (!s.frames.empty()) {
    StructureReadOptions quiet = read_options(s.model);
    quiet.note = nullptr;  // said when the model was read
    trajectory_ = std::make_shared<Trajectory>(input, quiet);
    frames_ = chosen_frames(s.frames, trajectory_->size());
    count_ = int(frames_.size());
  } else if (s.phonons > 0 && (s.u_rms == "model" || (s.u_rms.empty() && labelled))) {
    motion_ = labelled_motion(atoms);
  } else if (s.phonons > 0 && !s.u_rms.empty()) {
    motion_ = einstein_motion(atoms, parse_u_rms(s.u_rms, atoms, "u-rms"));
  }
}

Configuration Configurations::frame(int number) const {
  const std::size_t index = frames_[std::size_t(number - 1)];
  Configuration c{trajectory_->frame(index), {}};
  if (wrap_) wrap(c.atoms);
  refuse_coincident(plausibility(c.atoms), fmt::format("{}, frame {}", trajectory_->path(), index));
  const double change = (c.atoms.cell.vectors - atoms_.cell.vectors).cwiseAbs().maxCoeff();
  if (change > 1e-6)
    fail(Fault::input,
         "{}: the cell of frame {} differs by {:.4g} Angstrom from that of frame --frame; "
         "configurations of one run must share their cell",
         trajectory_->path(), index, change);
  return c;
}

Configuration Configurations::operator()(int number) const {
  if (trajectory_ && number > 0) return frame(number);
  Configuration c{atoms_, {}};
  if (motion_ && number > 0)
    c.displacements = thermal_displacements(*motion_, seed_, std::uint64_t(number));
  if (vacancies_) {
    const auto there = occupied_sites(atoms_, seed_, std::uint64_t(std::max(1, number)));
    c.atoms = select(atoms_, there);
    std::vector<Vector3d> kept;
    if (!c.displacements.empty())
      for (const std::size_t i : there) kept.push_back(c.displacements[i]);
    c.displacements = std::move(kept);
  }
  return c;
}

std::string Configurations::summary() const {
  std::string text;
  if (trajectory_)
    text = fmt::format("motion      {} frames, {} to {} of {}\n", count_, frames_.front(),
                       frames_.back(), trajectory_->size());
  else if (count_ > 0)
    text = fmt::format("motion      {} configurations, seed {}", count_, seed_);
  if (motion_)
    for (const auto& [z, u] : mean_motion(atoms_, *motion_))
      text += fmt::format("; {} u {:.6g} Angstrom, <u^2> {:.6f} Angstrom^2, B {:.4f} Angstrom^2",
                          symbol(z), u, u * u, 8 * M_PI * M_PI * u * u);
  if (!text.empty() && text.back() != '\n') text += '\n';
  if (vacancies_)
    text += fmt::format("occupancy   sites partly occupied, drawn {} (seed {})\n",
                        count_ > 0 ? "for every configuration" : "once", seed_);
  return text;
}

}  // namespace vitrobeam
