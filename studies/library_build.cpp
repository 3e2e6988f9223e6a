#include "studies/library_build.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <numbers>

#include "base/error.hpp"
#include "base/first_failure.hpp"
#include "base/random.hpp"
#include "models/embedding.hpp"
#include "models/rotations.hpp"
#include "models/transform.hpp"
#include "multislice/changed_slab.hpp"
#include "studies/library_members.hpp"
#include "studies/library_unit.hpp"

namespace vitrobeam {
namespace {

// Random streams of the build.
constexpr std::uint64_t kNullStream = 1, kPlantedStream = 2, kTemplateStream = 3;
// Templates of a unit: large enough to share its slabs, small enough to be lost without regret.
constexpr std::size_t kTemplatesPerUnit = 64, kPlantedPerUnit = 8;
// Places in a slab where templates stand in turn, so that they do not share their background.
constexpr std::size_t kPlaces = 8;

// Of this thread's processor, whatever else the machine does.
double processor_seconds(const std::function<void()>& work) {
  const auto now = [] {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
  };
  const double start = now();
  work();
  return now() - start;
}

Atoms moved(Atoms atoms, const Vector3d& by) {
  for (auto& r : atoms.positions) r += by;
  return atoms;
}

}  // namespace

struct LibraryBuilder::State {
  struct Condition {
    double thickness;
    SimulationSettings simulation;
    std::size_t first_template, last_template;  // of the entries
  };
  enum class Kind { templates, null, planted };
  struct Unit {
    Kind kind;
    std::size_t condition, first, last;  // templates, or patterns of the condition
  };

  LibraryPlan plan;
  std::function<Atoms(std::size_t)> make_packing;
  std::vector<Member> list;
  std::vector<Condition> conditions;
  std::vector<TemplateRecord> entries;
  std::vector<std::size_t> entry_member;
  std::vector<Unit> units;
  MomentGrid moment_grid;
  std::size_t rows = 0, columns = 0;
  ScanLayout layout;

  struct Packing {
    std::once_flag made;
    Atoms atoms;
  };
  mutable std::vector<Packing> packings;
  struct Slab {
    std::once_flag made;
    Atoms atoms;
    std::unique_ptr<ChangedSlab<float>> patterns;
  };
  mutable std::vector<Slab> slabs;  // [condition * realisations + realisation]

  State(const LibraryPlan& p, std::function<Atoms(std::size_t)> packing)
      : plan(p),
        make_packing(std::move(packing)),
        list(members(p)),
        packings(std::size_t(std::max(p.packings, 1))) {
    if (plan.scan_step > 0) {
      layout.null_edge = std::max(1, int(std::lround(plan.box / plan.scan_step)));
      layout.step = plan.box / layout.null_edge;
      layout.planted_half = int(plan.offset_range / layout.step + 1e-9);
      if (plan.null_patterns > 0)
        plan.null_patterns = int(packings.size()) * layout.null_edge * layout.null_edge;
    }
    for (const Optics& optics : optics_of(p))
      for (const double thickness : p.thicknesses) {
        Condition c{thickness, p.simulation, 0, 0};
        c.simulation.optics = optics;
        conditions.push_back(c);
      }
    add_entries();
    if (entries.empty()) fail(Fault::usage, "the plan has no motif: give @motifs");
    slabs = std::vector<Slab>(conditions.size() * realisations());
    number_units();
    const Grid grid{p.simulation.nx, p.simulation.ny, p.box, p.box};
    const PatternWindow window(grid, p.simulation.recording.q_max);
    rows = std::size_t(window.ny);
    columns = std::size_t(window.nx);
    double aperture = 0;
    for (const auto& c : conditions)
      aperture = std::max(aperture, c.simulation.optics.aperture_q());
    const double reach = double(std::min(window.nx, window.ny) / 2) / p.box;
    moment_grid.q_min = std::min(1.1 * aperture, 0.5 * reach);
    moment_grid.q_max = reach;
  }

  std::size_t realisations() const {
    return plan.matrix == Matrix::none ? 1 : std::size_t(plan.realisations);
  }

  std::vector<Vector2d> offsets() const {
    const int n = plan.offset_range > 0 ? int(plan.offset_range / plan.offset_step + 1e-9) : 0;
    std::vector<Vector2d> out;
    for (int y = -n; y <= n; ++y)
      for (int x = -n; x <= n; ++x)
        if (const Vector2d o = plan.offset_step * Vector2d(x, y);
            o.norm() <= plan.offset_range + 1e-9)
          out.push_back(o);
    return out;
  }

  void add_entries() {
    const auto net = offsets();
    for (std::size_t c = 0; c < conditions.size(); ++c) {
      conditions[c].first_template = entries.size();
      for (std::size_t m = 0; m < list.size(); ++m)
        for (const auto& view : list[m].views) {
          const Atoms turned = rotated(list[m].atoms, rotation_to_beam(view.direction));
          for (const double share : plan.depths)
            for (const Vector2d& offset : net) {
              TemplateRecord t;
              t.motif = list[m].motif;
              t.direction = view.direction;
              t.condition = int(c);
              t.decoration = list[m].decoration;
              t.depth = depth_at(turned, conditions[c].thickness, share);
              t.offset = offset;
              t.solid_angle = view.weight;
              entries.push_back(t);
              entry_member.push_back(m);
            }
        }
      conditions[c].last_template = entries.size();
    }
  }

  // What error rates need comes first: a library that is not whole yet can already be used.
  void number_units() {
    const std::size_t null = std::size_t(plan.null_patterns), n = packings.size();
    for (std::size_t c = 0; c < conditions.size(); ++c)
      for (std::size_t s = 0, first = 0; s < n; ++s) {
        const std::size_t last = null * (s + 1) / n;
        if (last > first) units.push_back({Kind::null, c, first, last});
        first = last;
      }
    const std::size_t planted = std::size_t(plan.planted_patterns) * plan.motifs.size();
    for (std::size_t c = 0; c < conditions.size(); ++c)
      for (std::size_t first = 0; first < planted; first += kPlantedPerUnit)
        units.push_back({Kind::planted, c, first, std::min(first + kPlantedPerUnit, planted)});
    for (std::size_t c = 0; c < conditions.size(); ++c)
      for (std::size_t first = conditions[c].first_template; first < conditions[c].last_template;
           first += kTemplatesPerUnit) {
        const std::size_t last = std::min(first + kTemplatesPerUnit, conditions[c].last_template);
        for (std::size_t t = first; t < last; ++t) entries[t].unit = std::int64_t(units.size());
        units.push_back({Kind::templates, c, first, last});
      }
  }

  // Which packing the null patterns first .. of a unit come from.
  std::size_t packing_of_null(std::size_t pattern) const {
    const std::size_t n = packings.size(), null = std::size_t(plan.null_patterns);
    std::size_t s = 0;
    while (null * (s + 1) / n <= pattern) ++s;
    return s;
  }

  const Atoms& packing(std::size_t i) const {
    Packing& p = packings[i];
    std::call_once(p.made, [&] { p.atoms = make_packing(i); });
    return p.atoms;
  }

  // A slab of the periodic packing from a random height, moved sideways at random.
  Atoms random_slab(const Atoms& source, double thickness, RandomSequence& random) const {
    const Vector3d edges = source.cell.lengths();
    Vector3d lo;
    for (int k = 0; k < 3; ++k) lo[k] = random.uniform() * edges[k];
    return cut_box(source, lo, lo + Vector3d(plan.box, plan.box, thickness));
  }

  std::vector<int> motif_elements() const {
    std::vector<int> elements;
    for (const auto& d : plan.decorations) elements.insert(elements.end(), d.begin(), d.end());
    return elements;
  }

  std::vector<Vector2d> places() const {
    if (plan.matrix == Matrix::none) return {Vector2d(plan.box / 2, plan.box / 2)};
    std::vector<Vector2d> out;
    RandomSequence random(plan.seed, (kTemplateStream << 32) - 1);
    for (std::size_t k = 0; k < kPlaces; ++k) {
      const double x = random.uniform();
      out.emplace_back(x * plan.box, random.uniform() * plan.box);
    }
    return out;
  }

  const Slab& slab(std::size_t condition, std::size_t realisation) const {
    Slab& s = slabs[condition * realisations() + realisation];
    std::call_once(s.made, [&] {
      const Condition& c = conditions[condition];
      if (plan.matrix == Matrix::none) {
        s.atoms.cell = Cell::orthogonal(plan.box, plan.box, c.thickness);
      } else {
        RandomSequence random(plan.seed, (kTemplateStream << 32) + realisation);
        s.atoms = random_slab(packing(random.below(packings.size())), c.thickness, random);
      }
      s.patterns =
          std::make_unique<ChangedSlab<float>>(s.atoms, c.simulation, motif_elements(), places());
    });
    return s;
  }

  UnitResult make_templates(const Unit& unit) const {
    UnitResult result;
    const Eigen::Index ny = Eigen::Index(rows), nx = Eigen::Index(columns);
    const PolarTransform polar(ny, nx, centred_calibration(ny, nx, 1 / plan.box, 1 / plan.box),
                               moment_grid.polar());
    const auto where = places();
    const auto scratch = slab(unit.condition, 0).patterns->make_scratch();
    for (std::size_t t = unit.first; t < unit.last; ++t) {
      const TemplateRecord& entry = entries[t];
      const Atoms turned = rotated(list[entry_member[t]].atoms, rotation_to_beam(entry.direction));
      PlaneD sum = PlaneD::Zero(ny, nx);
      Moments moments(moment_grid);
      for (std::size_t k = 0; k < realisations(); ++k) {
        const std::size_t place = (t + k) % where.size();
        const Vector2d centre = where[place] - entry.offset;
        const Atoms motif = moved(turned, {centre.x(), centre.y(), entry.depth});
        const Slab& s = slab(unit.condition, k);
        const PlaneF pattern =
            s.patterns->at(place, motif, displaced_atoms(s.atoms, motif), *scratch)[0];
        sum += pattern.cast<double>();
        moments.add(harmonics(polar(pattern), moment_grid));
      }
      append(result.patterns, PlaneF((sum / double(realisations())).cast<float>()));
      append(result.mean, moments.mean());
      append(result.covariance, moments.covariance());
    }
    return result;
  }

  // Patterns at random positions, or the raster, of one slab of a packing; the first `most` of
  // them.
  UnitResult make_null(const Unit& unit, std::size_t most = ~std::size_t{0}) const {
    UnitResult result;
    const Condition& c = conditions[unit.condition];
    const std::size_t source = packing_of_null(unit.first);
    RandomSequence random(plan.seed, (kNullStream << 32) + source);
    const Atoms piece = random_slab(packing(source), c.thickness, random);
    std::vector<Vector2d> positions;
    for (int y = 0; y < layout.null_edge; ++y)
      for (int x = 0; x < layout.null_edge; ++x)
        positions.emplace_back((x + 0.5) * layout.step, (y + 0.5) * layout.step);
    for (std::size_t k = unit.first; layout.step == 0 && k < unit.last; ++k) {
      const double x = random.uniform();
      positions.emplace_back(x * plan.box, random.uniform() * plan.box);
    }
    positions.resize(std::min(positions.size(), most));
    result.patterns.resize(positions.size() * rows * columns);
    Simulation<float>(piece, c.simulation)
        .run(positions, 1, [&](std::size_t k, const ProbeResult<float>& r) {
          std::copy_n(r.pattern.data(), rows * columns,
                      result.patterns.data() + k * rows * columns);
        });
    return result;
  }

  int planted_motif(std::size_t pattern) const {
    return int(pattern / std::size_t(plan.planted_patterns));
  }

  // The probe on the motif, or the patch of a raster around it, which it misses by up to half a
  // step.
  std::vector<Vector2d> planted_positions(const Vector2d& centre, RandomSequence& random) const {
    if (layout.step == 0) return {centre};
    const double x = random.uniform() - 0.5, y = random.uniform() - 0.5;
    std::vector<Vector2d> positions;
    for (int row = -layout.planted_half; row <= layout.planted_half; ++row)
      for (int column = -layout.planted_half; column <= layout.planted_half; ++column)
        positions.push_back(centre + layout.step * Vector2d(x + column, y + row));
    return positions;
  }

  PlantedView planted_view(std::size_t pattern, double thickness) const {
    RandomSequence random(plan.seed, (kPlantedStream << 32) + pattern);
    const int motif = planted_motif(pattern);
    return view_of(planting(list, motif, thickness, random),
                   find_motif(plan.motifs[std::size_t(motif)]));
  }

  // Motifs under the probe.
  UnitResult make_planted(const Unit& unit) const {
    UnitResult result;
    const Condition& c = conditions[unit.condition];
    const Vector2d centre(plan.box / 2, plan.box / 2);
    for (std::size_t i = unit.first; i < unit.last; ++i) {
      RandomSequence random(plan.seed, (kPlantedStream << 32) + i);
      const auto [member, turn, turned, depth] =
          planting(list, planted_motif(i), c.thickness, random);
      const Atoms piece = random_slab(packing(random.below(packings.size())), c.thickness, random);
      const Atoms motif = moved(turned, {centre.x(), centre.y(), depth});
      const ChangedSlab<float> changed(piece, c.simulation, member.atoms.numbers,
                                       planted_positions(centre, random));
      const auto scratch = changed.make_scratch();
      for (const auto& pattern : changed(motif, displaced_atoms(piece, motif), *scratch))
        append(result.patterns, pattern);
    }
    return result;
  }

  std::size_t size_of(const Unit& u) const {
    const std::size_t each = u.kind == Kind::templates ? realisations()
                             : u.kind == Kind::planted ? layout.patch()
                                                       : 1;
    return (u.last - u.first) * each;
  }

  // Seconds of one thread that a unit takes, from a small part of it.
  double measured_seconds(const Unit& u) const {
    const auto n = double(u.last - u.first);
    if (u.kind == Kind::null) {
      const std::size_t all = layout.step == 0 ? u.last - u.first
                                               : layout.null_edge * layout.null_edge,
                        some = std::min<std::size_t>(all, 5);
      packing(packing_of_null(u.first));
      const double first = processor_seconds([&] { make_null(u, 1); });
      if (some < 2) return first;
      const double more = processor_seconds([&] { make_null(u, some); });
      return first + std::max(0.0, more - first) * double(all - 1) / double(some - 1);
    }
    if (u.kind == Kind::planted)
      return n * processor_seconds([&] {
               make_planted({u.kind, u.condition, u.first, u.first + 1});
             });
    const auto make = [&](std::size_t count) {
      return processor_seconds([&] {
        make_templates({u.kind, u.condition, u.first, u.first + count});
      });
    };
    make(1);  // what all templates share is made first
    const std::size_t some = std::min<std::size_t>(5, u.last - u.first);
    const double first = make(1);
    return some < 2 ? first
                    : first + std::max(0.0, make(some) - first) * (n - 1) / double(some - 1);
  }

  LibraryConditions describe(const Condition& c) const {
    LibraryConditions d;
    d.energy_kV = c.simulation.optics.energy_kV;
    d.semiangle_mrad = c.simulation.optics.semiangle_mrad;
    d.defocus = c.simulation.optics.defocus;
    d.thickness = c.thickness;
    d.bond = plan.bond;
    d.density = plan.density;
    d.elements = plan.composition;
    d.matrix = plan.matrix == Matrix::none ? "none" : "packing";
    d.realisations = int(realisations());
    d.simulation = plan.sampling;
    return d;
  }

  // That a unit leaves in the library.
  std::size_t patterns_in(const Unit& u) const {
    return (u.last - u.first) * (u.kind == Kind::planted ? layout.patch() : 1);
  }

  void add_records(std::size_t index, MotifLibrary& l) const {
    const Unit& u = units[index];
    const std::size_t n = patterns_in(u);
    l.units.push_back(std::int64_t(index));
    if (u.kind == Kind::templates) {
      for (auto* shape : {&l.patterns.shape, &l.mean.shape, &l.covariance.shape}) (*shape)[0] += n;
      l.templates.insert(l.templates.end(), entries.begin() + std::ptrdiff_t(u.first),
                         entries.begin() + std::ptrdiff_t(u.last));
      return;
    }
    (u.kind == Kind::null ? l.null_patterns : l.planted_patterns).shape[0] += n;
    for (std::size_t i = 0; i < n; ++i) {
      if (u.kind == Kind::null) {
        l.null.push_back({int(packing_of_null(u.first)), int(u.condition), std::int64_t(index), 0});
      } else {
        const std::size_t pattern = u.first + i / layout.patch();
        PlantedRecord p{planted_motif(pattern), int(u.condition), std::int64_t(index), 0, {}};
        p.view = i % layout.patch() == 0 ? planted_view(pattern, conditions[u.condition].thickness)
                                         : l.planted.back().view;
        l.planted.push_back(p);
      }
    }
  }

  void copy_unit(std::size_t index, const UnitResult& r, LibrarySink& to) const {
    const Unit& u = units[index];
    const std::size_t n = patterns_in(u), pattern = rows * columns;
    const std::size_t mean = 2 * moment_grid.harmonics() * std::size_t(moment_grid.n_q),
                      covariance = moment_grid.harmonics() * moment_grid.pairs(),
                      moments = u.kind == Kind::templates ? n : 0;
    if (r.patterns.size() != n * pattern || r.mean.size() != moments * mean ||
        r.covariance.size() != moments * covariance)
      fail(Fault::machine, "unit {} of the build holds {} values instead of {}", index,
           r.patterns.size() + r.mean.size() + r.covariance.size(),
           n * pattern + moments * (mean + covariance));
    for (std::size_t k = 0; k < n; ++k) {
      const std::span row(r.patterns.data() + k * pattern, pattern);
      if (u.kind == Kind::null)
        to.add_null(row);
      else if (u.kind == Kind::planted)
        to.add_planted(row);
      else
        to.add_template(
            row, {reinterpret_cast<const std::complex<float>*>(r.mean.data() + k * mean), mean / 2},
            {r.covariance.data() + k * covariance, covariance});
    }
  }
};

LibraryBuilder::LibraryBuilder(const LibraryPlan& plan, std::function<Atoms(std::size_t)> packing)
    : state_(std::make_unique<State>(plan, std::move(packing))) {}
LibraryBuilder::LibraryBuilder(const LibraryPlan& plan)
    : LibraryBuilder(plan, [plan](std::size_t i) { return library_packing(plan, i); }) {}
LibraryBuilder::~LibraryBuilder() = default;

std::size_t LibraryBuilder::units() const { return state_->units.size(); }
std::size_t LibraryBuilder::templates() const { return state_->entries.size(); }
std::size_t LibraryBuilder::patterns() const {
  std::size_t n = 0;
  for (const auto& u : state_->units) n += state_->size_of(u);
  return n;
}
std::size_t LibraryBuilder::patterns_of(std::size_t unit) const {
  return state_->size_of(state_->units.at(unit));
}

double LibraryBuilder::values(const std::vector<std::size_t>& units) const {
  const State& s = *state_;
  const double pattern = double(s.rows * s.columns),
               moments = double(s.moment_grid.harmonics()) *
                         (2 * double(s.moment_grid.n_q) + double(s.moment_grid.pairs()));
  double n = 0;
  for (const std::size_t u : units) {
    const State::Unit& unit = s.units.at(u);
    n += double(s.patterns_in(unit)) *
         (pattern + (unit.kind == State::Kind::templates ? moments : 0));
  }
  return n;
}

std::vector<std::byte> LibraryBuilder::make(std::size_t unit) const {
  const State::Unit& u = state_->units.at(unit);
  switch (u.kind) {
    case State::Kind::templates:
      return state_->make_templates(u).bytes();
    case State::Kind::null:
      return state_->make_null(u).bytes();
    case State::Kind::planted:
      return state_->make_planted(u).bytes();
  }
  return {};
}

MotifLibrary LibraryBuilder::records(const std::vector<std::size_t>& units) const {
  const State& s = *state_;
  MotifLibrary l;
  l.conditions.clear();
  for (const auto& c : s.conditions) l.conditions.push_back(s.describe(c));
  l.motif_names = s.plan.motifs;
  l.decorations.clear();
  for (const auto& d : s.plan.decorations) l.decorations.push_back(decoration_text(d));
  l.pixel_qx = l.pixel_qy = 1 / s.plan.box;
  l.moment_grid = s.moment_grid;
  l.layout = s.layout;
  for (auto* stack : {&l.patterns, &l.null_patterns, &l.planted_patterns})
    stack->shape = {0, s.rows, s.columns};
  l.mean.shape = {0, s.moment_grid.harmonics(), std::size_t(s.moment_grid.n_q)};
  l.covariance.shape = {0, s.moment_grid.harmonics(), s.moment_grid.pairs()};
  l.planned_units = std::int64_t(s.units.size());
  for (const std::size_t u : units) s.add_records(u, l);
  return l;
}

void LibraryBuilder::copy(const std::vector<std::size_t>& units,
                          const std::function<std::vector<std::byte>(std::size_t)>& read,
                          LibrarySink& to) const {
  for (const std::size_t u : units) state_->copy_unit(u, UnitResult::from(read(u)), to);
}

double LibraryBuilder::measured_seconds(const std::vector<std::size_t>& chosen) const {
  constexpr std::size_t kTried = 3;  // units of a kind, evenly apart
  double seconds = 0;
  for (const auto kind : {State::Kind::templates, State::Kind::null, State::Kind::planted}) {
    std::vector<const State::Unit*> of_kind;
    double patterns = 0;
    for (const std::size_t u : chosen)
      if (const State::Unit& unit = state_->units.at(u); unit.kind == kind) {
        of_kind.push_back(&unit);
        patterns += double(state_->size_of(unit));
      }
    if (of_kind.empty()) continue;
    const std::size_t tries = std::min(kTried, of_kind.size());
    double tried = 0, tried_seconds = 0;
    for (std::size_t k = 0; k < tries; ++k) {
      const State::Unit& unit = *of_kind[tries == 1 ? 0 : k * (of_kind.size() - 1) / (tries - 1)];
      tried += double(state_->size_of(unit));
      tried_seconds += state_->measured_seconds(unit);
    }
    seconds += tried_seconds * patterns / tried;
  }
  return seconds;
}

BuildEstimate estimate_build(const LibraryPlan& p, const LibraryBuilder& builder,
                             const std::vector<std::size_t>& units) {
  BuildEstimate e;
  for (const auto u : units) e.patterns += builder.patterns_of(u);
  for (const double t : p.thicknesses)
    e.slices += slice_count(t, p.simulation.slice) / double(p.thicknesses.size());
  e.packing_atoms = packing_settings(p).atoms;
  constexpr double kPacked = 0.57;  // 0.47 to 0.63 where it was measured
  e.values_MB = builder.values(units) * 4e-6;
  e.file_MB = kPacked * e.values_MB;
  return e;
}

double estimate_seconds(const LibraryPlan& p, const std::vector<std::size_t>& units) {
  constexpr double kPerSphere = 0.45e-3;  // packing: 0.2 ms of 200, 0.5 ms of 2000 to 6000
  const PackingSettings packing = packing_settings(p);
  // in place of packings, which take their time: as many atoms, anywhere
  const LibraryBuilder trial(p, [&packing, &p](std::size_t i) {
    Atoms gas;
    gas.cell = Cell::orthogonal(packing.box.x(), packing.box.y(), packing.box.z());
    RandomSequence random(p.seed, i);
    const auto counts = atom_counts(packing.composition, packing.atoms);
    for (std::size_t k = 0; k < counts.size(); ++k)
      for (std::size_t n = 0; n < counts[k]; ++n) {
        const double x = random.uniform(), y = random.uniform();
        gas.add(packing.composition.elements[k],
                packing.box.cwiseProduct(Vector3d(x, y, random.uniform())));
      }
    return gas;
  });
  return (trial.measured_seconds(units) + kPerSphere * double(p.packings) * double(packing.atoms)) /
         p.threads;
}

LibraryPlan without_known(const LibraryPlan& plan, const MotifLibrary& known) {
  const auto has = [](const auto& list, const auto& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
  };
  const MotifLibrary planned = LibraryBuilder(plan).records({});
  LibraryPlan rest = plan;
  if (!std::all_of(planned.conditions.begin(), planned.conditions.end(),
                   [&](const LibraryConditions& c) { return has(known.conditions, c); }))
    return rest;
  rest.null_patterns = 0;
  for (const auto& m : plan.motifs)
    for (const auto& d : planned.decorations)
      if (has(known.motif_names, m) && has(known.decorations, d))
        fail(Fault::usage,
             "library extend: {} of {} is in {} already; name with @motifs or @elements what it "
             "lacks",
             m, d, known.name);
  return rest;
}

MotifLibrary build_library(LibraryPlan plan, const std::vector<Atoms>& packings,
                           const std::function<void(std::size_t)>& progress,
                           const std::function<bool()>& stop) {
  plan.packings = int(packings.size());
  const LibraryBuilder builder(plan, [&](std::size_t i) { return packings[i]; });
  std::vector<std::vector<std::byte>> made(builder.units());
  FirstFailure failure;
#pragma omp parallel for schedule(dynamic) num_threads(std::max(plan.threads, 1))
  for (std::size_t u = 0; u < made.size(); ++u)
    if (!failure.halted() && !stop())
      failure.guard([&] {
        made[u] = builder.make(u);
        progress(builder.patterns_of(u));
      });
  failure.rethrow();
  std::vector<std::size_t> done;
  for (std::size_t u = 0; u < made.size(); ++u)
    if (!made[u].empty()) done.push_back(u);
  LibraryInMemory library(builder.records(done));
  builder.copy(
      done, [&](std::size_t u) { return made[u]; }, library);
  return library.take();
}

}  // namespace vitrobeam
