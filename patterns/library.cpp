#include "patterns/library.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

template <typename T>
Stack<T> kept(const Stack<T>& stack, const std::vector<std::size_t>& indices) {
  if (stack.shape.empty() || stack.size() == 0) {
    Stack<T> none = stack;
    if (!none.shape.empty()) none.shape[0] = stack.shape[0] == 0 ? 0 : indices.size();
    return none;
  }
  Stack<T> out;
  out.shape = stack.shape;
  out.shape[0] = indices.size();
  const std::size_t each = stack.size() / stack.shape[0];
  out.values.reserve(each * indices.size());
  for (const std::size_t i : indices)
    out.values.insert(out.values.end(), stack.values.begin() + std::ptrdiff_t(i * each),
                      stack.values.begin() + std::ptrdiff_t((i + 1) * each));
  return out;
}

template <typename T>
std::vector<T> kept(const std::vector<T>& values, const std::vector<std::size_t>& indices) {
  std::vector<T> out;
  if (values.empty()) return out;  // a list that older libraries lack
  for (const std::size_t i : indices) out.push_back(values[i]);
  return out;
}

std::vector<std::size_t> where(std::size_t n, const std::function<bool(std::size_t)>& wanted) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < n; ++i)
    if (wanted(i)) out.push_back(i);
  return out;
}

// The same library with other lists of patterns.
MotifLibrary selected(const MotifLibrary& l, const std::vector<std::size_t>& templates,
                      const std::vector<std::size_t>& null,
                      const std::vector<std::size_t>& planted) {
  MotifLibrary out = l;
  out.patterns = kept(l.patterns, templates);
  out.templates = kept(l.templates, templates);
  out.mean = kept(l.mean, templates);
  out.covariance = kept(l.covariance, templates);
  out.null_patterns = kept(l.null_patterns, null);
  out.null_packing = kept(l.null_packing, null);
  out.null_condition = kept(l.null_condition, null);
  out.null_unit = kept(l.null_unit, null);
  out.planted_patterns = kept(l.planted_patterns, planted);
  out.planted_motif = kept(l.planted_motif, planted);
  out.planted_condition = kept(l.planted_condition, planted);
  out.planted_unit = kept(l.planted_unit, planted);
  return out;
}

template <typename T>
void append(Stack<T>& to, const Stack<T>& more, const char* what) {
  if (more.shape.empty() || more.size() == 0) return;
  if (to.shape.empty() || to.size() == 0) {
    to = more;
    return;
  }
  if (!std::equal(to.shape.begin() + 1, to.shape.end(), more.shape.begin() + 1, more.shape.end()))
    fail(Fault::input,
         "{} of {} x {} values in one library, {} x {} in another; libraries that are merged "
         "must have been built with the same --box and --q-max",
         what, to.shape.at(1), to.shape.back(), more.shape.at(1), more.shape.back());
  to.shape[0] += more.shape[0];
  to.values.insert(to.values.end(), more.values.begin(), more.values.end());
}

// The index of `item` in `list`, where it is added if it is new.
template <typename T>
int index_in(std::vector<T>& list, const T& item) {
  const auto at = std::find(list.begin(), list.end(), item);
  if (at != list.end()) return int(at - list.begin());
  list.push_back(item);
  return int(list.size()) - 1;
}

void append_library(MotifLibrary& to, const MotifLibrary& more, int first_packing) {
  std::vector<int> condition, motif, decoration;
  for (const auto& c : more.conditions) condition.push_back(index_in(to.conditions, c));
  for (const auto& m : more.motif_names) motif.push_back(index_in(to.motif_names, m));
  for (const auto& d : more.decorations) decoration.push_back(index_in(to.decorations, d));
  const auto mapped = [](const std::vector<int>& map, int i) { return map[std::size_t(i)]; };
  for (TemplateRecord t : more.templates) {
    t.motif = mapped(motif, t.motif);
    t.condition = mapped(condition, t.condition);
    t.decoration = mapped(decoration, t.decoration);
    to.templates.push_back(t);
  }
  append(to.patterns, more.patterns, "patterns");
  append(to.mean, more.mean, "means");
  append(to.covariance, more.covariance, "covariances");
  append(to.null_patterns, more.null_patterns, "motif-free patterns");
  append(to.planted_patterns, more.planted_patterns, "planted patterns");
  for (int p : more.null_packing) to.null_packing.push_back(first_packing + p);
  for (int c : more.null_condition) to.null_condition.push_back(mapped(condition, c));
  for (int m : more.planted_motif) to.planted_motif.push_back(mapped(motif, m));
  for (int c : more.planted_condition) to.planted_condition.push_back(mapped(condition, c));
  to.null_unit.insert(to.null_unit.end(), more.null_unit.begin(), more.null_unit.end());
  to.planted_unit.insert(to.planted_unit.end(), more.planted_unit.begin(), more.planted_unit.end());
}

template <typename Unit>
std::vector<std::size_t> order_of(std::size_t n, Unit&& unit) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return unit(a) < unit(b); });
  return order;
}

void check_same_pixels(const MotifLibrary& a, const MotifLibrary& b) {
  if (std::abs(a.pixel_qx - b.pixel_qx) > 1e-9 || std::abs(a.pixel_qy - b.pixel_qy) > 1e-9)
    fail(Fault::input,
         "pixels of {:.6g} 1/Angstrom in one library, {:.6g} in another; libraries that are merged "
         "must have been built with the same --box",
         a.pixel_qx, b.pixel_qx);
  if (!(a.layout == b.layout))
    fail(Fault::input,
         "motif-free patterns in a raster of {:.4g} Angstrom in one library, {:.4g} in another (0: "
         "single ones), or patches of other sizes; build them with the same --box, --scan-step and "
         "--offset-range",
         a.layout.step, b.layout.step);
  if (!(a.moment_grid == b.moment_grid) && a.mean.size() > 0 && b.mean.size() > 0)
    fail(Fault::input,
         "means and covariances from {} to {:.4g} 1/Angstrom in one library, {} to {:.4g} in "
         "another; build them with the same optics and --q-max",
         a.moment_grid.q_min, a.moment_grid.q_max, b.moment_grid.q_min, b.moment_grid.q_max);
}

}  // namespace

MotifLibrary under_condition(const MotifLibrary& l, std::size_t condition) {
  const int c = int(condition);
  MotifLibrary out = selected(
      l, where(l.templates.size(), [&](std::size_t i) { return l.templates[i].condition == c; }),
      where(l.null_packing.size(),
            [&](std::size_t i) { return l.null_condition.empty() || l.null_condition[i] == c; }),
      where(l.planted_motif.size(), [&](std::size_t i) {
        return l.planted_condition.empty() || l.planted_condition[i] == c;
      }));
  out.conditions = {l.conditions.at(condition)};
  for (auto& t : out.templates) t.condition = 0;
  std::fill(out.null_condition.begin(), out.null_condition.end(), 0);
  std::fill(out.planted_condition.begin(), out.planted_condition.end(), 0);
  return out;
}

MotifLibrary with_motifs(const MotifLibrary& l, const std::vector<std::string>& motifs) {
  std::vector<int> now(l.motif_names.size(), -1);
  for (std::size_t k = 0; k < motifs.size(); ++k) {
    const auto at = std::find(l.motif_names.begin(), l.motif_names.end(), motifs[k]);
    if (at == l.motif_names.end())
      fail(Fault::usage, "the library has no motif '{}'; it has {}", motifs[k],
           fmt::format("{}", fmt::join(l.motif_names, ", ")));
    now[std::size_t(at - l.motif_names.begin())] = int(k);
  }
  const auto is_kept = [&](int m) { return now[std::size_t(m)] >= 0; };
  MotifLibrary out = selected(
      l, where(l.templates.size(), [&](std::size_t i) { return is_kept(l.templates[i].motif); }),
      where(l.null_packing.size(), [](std::size_t) { return true; }),
      where(l.planted_motif.size(), [&](std::size_t i) { return is_kept(l.planted_motif[i]); }));
  out.motif_names = motifs;
  for (auto& t : out.templates) t.motif = now[std::size_t(t.motif)];
  for (auto& m : out.planted_motif) m = now[std::size_t(m)];
  return out;
}

std::vector<std::size_t> planted_centres(const MotifLibrary& library) {
  std::vector<std::size_t> out;
  const std::size_t patch = library.layout.patch();
  for (std::size_t i = patch / 2; i < library.planted_motif.size(); i += patch) out.push_back(i);
  return out;
}

MotifLibrary merged(const std::vector<MotifLibrary>& libraries) {
  if (libraries.empty()) fail(Fault::usage, "there is no library to merge");
  const MotifLibrary& first = libraries.front();
  const bool shards = std::all_of(libraries.begin(), libraries.end(), [&](const MotifLibrary& l) {
    return !l.identity.empty() && l.identity == first.identity;
  });
  MotifLibrary all;
  all.conditions.clear();
  all.decorations.clear();
  all.pixel_qx = first.pixel_qx;
  all.pixel_qy = first.pixel_qy;
  all.moment_grid = first.moment_grid;
  all.layout = first.layout;
  int packings = 0;
  for (const MotifLibrary& l : libraries) {
    check_same_pixels(first, l);
    append_library(all, l, packings);
    for (const std::int64_t u : l.units) {
      if (shards && std::count(all.units.begin(), all.units.end(), u) > 0)
        fail(Fault::input, "unit {} of the build is in two of the libraries; merge each shard once",
             u);
      all.units.push_back(u);
    }
    if (!shards && !all.null_packing.empty())
      packings = 1 + *std::max_element(all.null_packing.begin(), all.null_packing.end());
  }
  if (!shards) {
    all.units.clear();
    return all;
  }
  all.identity = first.identity;
  all.planned_units = first.planned_units;
  std::sort(all.units.begin(), all.units.end());
  return selected(
      all, order_of(all.templates.size(), [&](std::size_t i) { return all.templates[i].unit; }),
      order_of(all.null_unit.size(), [&](std::size_t i) { return all.null_unit[i]; }),
      order_of(all.planted_unit.size(), [&](std::size_t i) { return all.planted_unit[i]; }));
}

}  // namespace vitrobeam
