#include "io/factor_table.hpp"

#include <algorithm>
#include <cmath>

#include "io/text_reader.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

using Columns = std::vector<std::string_view>;

template <std::size_t N>
std::array<double, N> parameters(const TextReader& reader, const Columns& columns,
                                 std::size_t first_width, std::size_t last_width) {
  if (columns.size() != N + 2)
    reader.fail("{} {} has {} parameters, {} are expected", columns[0], columns[1],
                columns.size() - 2, N);
  std::array<double, N> out;
  for (std::size_t i = 0; i < N; ++i) out[i] = reader.number(i + 2, "a parameter");
  for (std::size_t i = first_width; i < last_width; ++i)
    if (!(out[i] > 0))
      reader.fail("parameter {} of {} {} is {:g}; a width must be positive", i + 1, columns[0],
                  columns[1], out[i]);
  return out;
}

ElementFactor of_parameters(const TextReader& reader, const Columns& columns) {
  if (columns[1] == "kirkland") {
    const auto p = parameters<12>(reader, columns, 3, 6);
    for (std::size_t i = 9; i < 12; ++i)
      if (!(p[i] > 0))
        reader.fail("parameter {} of {} kirkland is {:g}; a width must be positive", i + 1,
                    columns[0], p[i]);
    return kirkland_factor(p);
  }
  if (columns[1] == "lobato") return lobato_factor(parameters<10>(reader, columns, 5, 10));
  if (columns[1] == "peng") {
    const auto p = parameters<10>(reader, columns, 5, 10);
    ElementFactor f;
    for (std::size_t i = 0; i < 5; ++i) f.gaussians.push_back({p[i], p[5 + i] / 4});
    f.q_limit = 4;
    return f;
  }
  reader.fail("found {} where kirkland, lobato, peng or a value of q is expected",
              excerpt(columns[1]));
}

void add_point(const TextReader& reader, const Columns& columns, ElementFactor& f) {
  if (columns.size() != 3)
    reader.fail("{} columns; element, q and f_e are expected", columns.size());
  const double q = reader.number(1, "q"), value = reader.number(2, "f_e");
  if (f.q.empty() && q != 0)
    reader.fail("the first point of {} is at q = {:g}; f_e(0) is expected", columns[0], q);
  if (!f.q.empty() && !(q > f.q.back()))
    reader.fail("q = {:g} of {} does not follow {:g}; ascending values are expected", q, columns[0],
                f.q.back());
  f.q.push_back(q);
  f.f.push_back(value);
  f.q_limit = q;
}

}  // namespace

FactorTable read_factor_table(const std::string& path) {
  constexpr std::size_t kFewest = 4;
  const std::string text = read_text(path);
  TextReader reader(path, text);
  std::map<int, ElementFactor> elements;
  while (reader.next_row()) {
    const Columns& columns = reader.words();
    const int z = atomic_number(columns[0]);
    if (z == 0)
      reader.fail("found {} where the symbol of an element is expected", excerpt(columns[0]));
    if (columns.size() < 3)
      reader.fail("{} columns; element, kind and parameters, or element, q and f_e are expected",
                  columns.size());
    double q = 0;
    const bool is_point = parse_number(columns[1], q);
    const auto known = elements.find(z);
    if (known != elements.end() && (!is_point || known->second.has_terms()))
      reader.fail("{} occurs twice", columns[0]);
    if (is_point)
      add_point(reader, columns, elements[z]);
    else
      elements[z] = of_parameters(reader, columns);
  }
  for (const auto& [z, f] : elements)
    if (!f.has_terms() && f.q.size() < kFewest)
      fail(Fault::input, "{}: {} has {} points; at least {} are expected", path, symbol(z),
           f.q.size(), kFewest);
  if (elements.empty()) fail(Fault::input, "{}: holds no scattering factor", path);
  return FactorTable(std::move(elements));
}

}  // namespace vitrobeam
