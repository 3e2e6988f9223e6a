#include "patterns/library.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

template <typename T>
std::vector<T> kept(const std::vector<T>& values, const std::vector<std::size_t>& indices) {
  std::vector<T> out;
  for (const std::size_t i : indices) out.push_back(values[i]);
  return out;
}

std::vector<std::size_t> where(std::size_t n, const std::function<bool(std::size_t)>& wanted) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < n; ++i)
    if (wanted(i)) out.push_back(i);
  return out;
}

template <typename T>
std::size_t rows_of(const Stack<T>& stack) {
  return stack.shape.empty() ? 0 : stack.shape[0];
}

template <typename T>
void set_length(Stack<T>& stack, std::size_t n) {
  if (!stack.shape.empty()) stack.shape[0] = n;
}

using Places = std::vector<LibrarySelection::Place>;

// Others of one library's patterns.
LibrarySelection selected(const MotifLibrary& records, const std::vector<std::size_t>& templates,
                          const std::vector<std::size_t>& null,
                          const std::vector<std::size_t>& planted) {
  LibrarySelection s;
  MotifLibrary& out = s.records;
  out = records_of(records);
  out.templates = kept(records.templates, templates);
  out.null = kept(records.null, null);
  out.planted = kept(records.planted, planted);
  set_length(out.patterns, templates.size());
  set_length(out.mean, templates.size());
  set_length(out.covariance, templates.size());
  set_length(out.null_patterns, null.size());
  set_length(out.planted_patterns, planted.size());
  const auto places = [](const std::vector<std::size_t>& indices) {
    Places list;
    for (const std::size_t i : indices) list.push_back({0, i});
    return list;
  };
  s.templates = places(templates);
  s.null = places(null);
  s.planted = places(planted);
  return s;
}

template <typename T>
void append_shape(Stack<T>& to, const Stack<T>& more, const char* what) {
  if (more.shape.empty() || (more.shape[0] == 0 && !to.shape.empty())) return;
  if (to.shape.empty() || to.shape[0] == 0) {
    to.shape = more.shape;
    return;
  }
  if (!std::equal(to.shape.begin() + 1, to.shape.end(), more.shape.begin() + 1, more.shape.end()))
    fail(Fault::input,
         "{} of {} x {} values in one library, {} x {} in another; libraries that are merged "
         "must have been built with the same @box and @q_max",
         what, to.shape.at(1), to.shape.back(), more.shape.at(1), more.shape.back());
  to.shape[0] += more.shape[0];
}

bool has_moments(const MotifLibrary& l) {
  const auto has_all = [&](const auto& stack) {
    return !stack.shape.empty() && stack.shape[0] == l.templates.size();
  };
  return l.templates.empty() || (has_all(l.mean) && has_all(l.covariance));
}

// The index of `item` in `list`, where it is added if it is new.
template <typename T>
int index_in(std::vector<T>& list, const T& item) {
  const auto at = std::find(list.begin(), list.end(), item);
  if (at != list.end()) return int(at - list.begin());
  list.push_back(item);
  return int(list.size()) - 1;
}

void append_records(MotifLibrary& to, const MotifLibrary& more, int first_packing) {
  std::vector<int> condition, motif, decoration, origin;
  for (const auto& o : more.origins) origin.push_back(index_in(to.origins, o));
  for (const auto& c : more.conditions) condition.push_back(index_in(to.conditions, c));
  for (const auto& m : more.motif_names) motif.push_back(index_in(to.motif_names, m));
  for (const auto& d : more.decorations) decoration.push_back(index_in(to.decorations, d));
  const auto mapped = [](const std::vector<int>& map, int i) { return map[std::size_t(i)]; };
  for (TemplateRecord t : more.templates) {
    t.motif = mapped(motif, t.motif);
    t.condition = mapped(condition, t.condition);
    t.decoration = mapped(decoration, t.decoration);
    t.origin = mapped(origin, t.origin);
    to.templates.push_back(t);
  }
  append_shape(to.patterns, more.patterns, "patterns");
  append_shape(to.mean, more.mean, "means");
  append_shape(to.covariance, more.covariance, "covariances");
  append_shape(to.null_patterns, more.null_patterns, "motif-free patterns");
  append_shape(to.planted_patterns, more.planted_patterns, "planted patterns");
  for (NullRecord n : more.null) {
    n.packing += first_packing;
    n.condition = mapped(condition, n.condition);
    n.origin = mapped(origin, n.origin);
    to.null.push_back(n);
  }
  for (PlantedRecord p : more.planted) {
    p.motif = mapped(motif, p.motif);
    p.condition = mapped(condition, p.condition);
    p.origin = mapped(origin, p.origin);
    if (p.view.is_known()) p.view.decoration = mapped(decoration, p.view.decoration);
    to.planted.push_back(p);
  }
}

// Indices of records, those of lower units first.
template <typename Record>
std::vector<std::size_t> order_of(const std::vector<Record>& records) {
  std::vector<std::size_t> order(records.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return records[a].unit < records[b].unit; });
  return order;
}

void check_same_pixels(const MotifLibrary& a, const MotifLibrary& b) {
  if (std::abs(a.pixel_qx - b.pixel_qx) > 1e-9 || std::abs(a.pixel_qy - b.pixel_qy) > 1e-9)
    fail(Fault::input,
         "pixels of {:.6g} 1/Angstrom in one library, {:.6g} in another; libraries that are merged "
         "must have been built with the same @box",
         a.pixel_qx, b.pixel_qx);
  if (!(a.layout == b.layout))
    fail(Fault::input,
         "motif-free patterns in a raster of {:.4g} Angstrom in one library, {:.4g} in another (0: "
         "single ones), or patches of other sizes; build them with the same @box, @scan_step and "
         "@offset_range",
         a.layout.step, b.layout.step);
  if (!(a.moment_grid == b.moment_grid) && rows_of(a.mean) > 0 && rows_of(b.mean) > 0)
    fail(Fault::input,
         "means and covariances from {} to {:.4g} 1/Angstrom in one library, {} to {:.4g} in "
         "another; build them with the same optics and @q_max",
         a.moment_grid.q_min, a.moment_grid.q_max, b.moment_grid.q_min, b.moment_grid.q_max);
}

// A library in memory as one to copy from.
class SourceInMemory final : public LibrarySource {
 public:
  explicit SourceInMemory(const MotifLibrary& library) : library_(library) {}
  const MotifLibrary& records() const override { return library_; }
  std::span<const float> null_pattern(std::size_t i) override {
    return row(library_.null_patterns, i);
  }
  std::span<const float> planted_pattern(std::size_t i) override {
    return row(library_.planted_patterns, i);
  }
  std::span<const float> pattern(std::size_t i) override { return row(library_.patterns, i); }
  std::span<const std::complex<float>> mean(std::size_t i) override {
    return row(library_.mean, i);
  }
  std::span<const float> covariance(std::size_t i) override { return row(library_.covariance, i); }

 private:
  template <typename T>
  static std::span<const T> row(const Stack<T>& stack, std::size_t i) {
    const std::size_t each = stack.size() / stack.shape.at(0);
    return {stack.values.data() + i * each, each};
  }
  const MotifLibrary& library_;
};

MotifLibrary with_values(const LibrarySelection& selection,
                         const std::vector<MotifLibrary>& libraries) {
  std::vector<SourceInMemory> sources;
  for (const auto& l : libraries) sources.emplace_back(l);
  std::vector<LibrarySource*> from;
  for (auto& s : sources) from.push_back(&s);
  LibraryInMemory to(selection.records);
  selection.copy(from, to);
  return to.take();
}

template <typename T>
void add_row(Stack<T>& stack, std::span<const T> row) {
  stack.values.insert(stack.values.end(), row.begin(), row.end());
}

template <typename T>
Stack<T> without_values(const Stack<T>& stack) {
  Stack<T> out;
  out.shape = stack.shape;
  return out;
}

}  // namespace

MotifLibrary records_of(const MotifLibrary& l) {
  MotifLibrary r;
  r.name = l.name;
  r.version = l.version;
  r.conditions = l.conditions;
  r.motif_names = l.motif_names;
  r.decorations = l.decorations;
  r.pixel_qx = l.pixel_qx;
  r.pixel_qy = l.pixel_qy;
  r.patterns = without_values(l.patterns);
  r.templates = l.templates;
  r.moment_grid = l.moment_grid;
  r.layout = l.layout;
  r.mean = without_values(l.mean);
  r.covariance = without_values(l.covariance);
  r.null_patterns = without_values(l.null_patterns);
  r.null = l.null;
  r.planted_patterns = without_values(l.planted_patterns);
  r.planted = l.planted;
  r.origins = l.origins;
  r.planned_units = l.planned_units;
  r.units = l.units;
  r.identity = l.identity;
  return r;
}

LibraryInMemory::LibraryInMemory(const MotifLibrary& records) : library_(records_of(records)) {
  const auto reserve = [](auto& stack) {
    if (!stack.shape.empty()) stack.values.reserve(stack.count(stack.shape));
  };
  reserve(library_.patterns);
  reserve(library_.mean);
  reserve(library_.covariance);
  reserve(library_.null_patterns);
  reserve(library_.planted_patterns);
}
void LibraryInMemory::add_null(std::span<const float> pattern) {
  add_row(library_.null_patterns, pattern);
}
void LibraryInMemory::add_planted(std::span<const float> pattern) {
  add_row(library_.planted_patterns, pattern);
}
void LibraryInMemory::add_template(std::span<const float> pattern,
                                   std::span<const std::complex<float>> mean,
                                   std::span<const float> covariance) {
  add_row(library_.patterns, pattern);
  add_row(library_.mean, mean);
  add_row(library_.covariance, covariance);
}

void LibrarySelection::copy(const std::vector<LibrarySource*>& from, LibrarySink& to) const {
  for (const auto& [library, i] : null) to.add_null(from.at(library)->null_pattern(i));
  for (const auto& [library, i] : planted) to.add_planted(from.at(library)->planted_pattern(i));
  const bool moments = has_moments(records);
  for (const auto& [library, i] : templates) {
    LibrarySource& l = *from.at(library);
    if (moments)
      to.add_template(l.pattern(i), l.mean(i), l.covariance(i));
    else
      to.add_template(l.pattern(i), {}, {});
  }
}

void copy_values(const MotifLibrary& from, LibrarySink& to) {
  const auto all = [](std::size_t) { return true; };
  SourceInMemory source(from);
  selected(from, where(rows_of(from.patterns), all), where(rows_of(from.null_patterns), all),
           where(rows_of(from.planted_patterns), all))
      .copy({&source}, to);
}

LibrarySelection composed(const LibrarySelection& first, const LibrarySelection& second) {
  LibrarySelection out{second.records, {}, {}, {}};
  for (const auto& p : second.templates) out.templates.push_back(first.templates.at(p.index));
  for (const auto& p : second.null) out.null.push_back(first.null.at(p.index));
  for (const auto& p : second.planted) out.planted.push_back(first.planted.at(p.index));
  return out;
}

LibrarySelection select_condition(const MotifLibrary& l, std::size_t condition) {
  const int c = int(condition);
  LibrarySelection out = selected(
      l, where(l.templates.size(), [&](std::size_t i) { return l.templates[i].condition == c; }),
      where(l.null.size(), [&](std::size_t i) { return l.null[i].condition == c; }),
      where(l.planted.size(), [&](std::size_t i) { return l.planted[i].condition == c; }));
  MotifLibrary& r = out.records;
  r.conditions = {l.conditions.at(condition)};
  for (auto& t : r.templates) t.condition = 0;
  for (auto& n : r.null) n.condition = 0;
  for (auto& p : r.planted) p.condition = 0;
  return out;
}
MotifLibrary under_condition(const MotifLibrary& l, std::size_t condition) {
  return with_values(select_condition(l, condition), {l});
}

LibrarySelection select_motifs(const MotifLibrary& l, const std::vector<std::string>& motifs) {
  std::vector<int> now(l.motif_names.size(), -1);
  for (std::size_t k = 0; k < motifs.size(); ++k) {
    const auto at = std::find(l.motif_names.begin(), l.motif_names.end(), motifs[k]);
    if (at == l.motif_names.end())
      fail(Fault::usage, "the library has no motif '{}'; it has {}", motifs[k],
           fmt::format("{}", fmt::join(l.motif_names, ", ")));
    now[std::size_t(at - l.motif_names.begin())] = int(k);
  }
  const auto is_kept = [&](int m) { return now[std::size_t(m)] >= 0; };
  LibrarySelection out = selected(
      l, where(l.templates.size(), [&](std::size_t i) { return is_kept(l.templates[i].motif); }),
      where(l.null.size(), [](std::size_t) { return true; }),
      where(l.planted.size(), [&](std::size_t i) { return is_kept(l.planted[i].motif); }));
  out.records.motif_names = motifs;
  for (auto& t : out.records.templates) t.motif = now[std::size_t(t.motif)];
  for (auto& p : out.records.planted) p.motif = now[std::size_t(p.motif)];
  return out;
}
MotifLibrary with_motifs(const MotifLibrary& l, const std::vector<std::string>& motifs) {
  return with_values(select_motifs(l, motifs), {l});
}

std::vector<std::size_t> planted_centres(const MotifLibrary& library) {
  std::vector<std::size_t> out;
  const std::size_t patch = library.layout.patch();
  for (std::size_t i = patch / 2; i < library.planted.size(); i += patch) out.push_back(i);
  return out;
}

LibrarySelection select_merged(const std::vector<MotifLibrary>& libraries) {
  if (libraries.empty()) fail(Fault::usage, "there is no library to merge");
  const MotifLibrary& first = libraries.front();
  const bool shards = std::all_of(libraries.begin(), libraries.end(), [&](const MotifLibrary& l) {
    return !l.identity.empty() && l.identity == first.identity;
  });
  LibrarySelection out;
  MotifLibrary& all = out.records;
  all.conditions.clear();
  all.decorations.clear();
  all.origins.clear();
  all.pixel_qx = first.pixel_qx;
  all.pixel_qy = first.pixel_qy;
  all.layout = first.layout;
  int packings = 0;
  std::set<std::int64_t> units;
  for (std::size_t k = 0; k < libraries.size(); ++k) {
    const MotifLibrary& l = libraries[k];
    check_same_pixels(all, l);
    if (rows_of(all.mean) == 0) all.moment_grid = l.moment_grid;
    append_records(all, l, packings);
    for (std::size_t i = 0; i < l.templates.size(); ++i) out.templates.push_back({k, i});
    for (std::size_t i = 0; i < l.null.size(); ++i) out.null.push_back({k, i});
    for (std::size_t i = 0; i < l.planted.size(); ++i) out.planted.push_back({k, i});
    for (const std::int64_t u : l.units)
      if (!units.insert(u).second && shards)
        fail(Fault::input, "unit {} of the build is in two of the libraries; merge each shard once",
             u);
    for (const auto& n : all.null)
      if (!shards) packings = std::max(packings, n.packing + 1);
  }
  if (!std::all_of(libraries.begin(), libraries.end(), has_moments)) {
    all.mean = {};
    all.covariance = {};
  }
  if (!shards) return out;
  all.identity = first.identity;
  all.planned_units = first.planned_units;
  all.units.assign(units.begin(), units.end());
  return composed(
      out, selected(all, order_of(all.templates), order_of(all.null), order_of(all.planted)));
}

MotifLibrary merged(const std::vector<MotifLibrary>& libraries) {
  return with_values(select_merged(libraries), libraries);
}

}  // namespace vitrobeam
