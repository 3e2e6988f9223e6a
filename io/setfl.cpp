// Layout: three lines of comment; number of elements and their names; Nrho drho Nr dr cutoff; per
// element: a line (Z, mass, lattice constant, lattice), F(rho) and one density (alloy) or one per
// element (fs); then r phi(r) of the pairs (1,1) (2,1) (2,2) (3,1) ...
#include "io/setfl.hpp"

#include <cmath>

#include "io/text_reader.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

struct Block {
  int element = 0;
  std::vector<double> numbers;  // up to the next element's line or the end
};

// `count` numbers from the next lines.
std::vector<double> take(TextReader& reader, std::size_t count, const char* what) {
  std::vector<double> out;
  while (out.size() < count) {
    reader.require(what);
    for (std::size_t i = 0; i < reader.words().size(); ++i) out.push_back(reader.number(i, what));
  }
  if (out.size() != count)
    reader.fail("{}: {} numbers are expected, the last line makes them {}", what, count,
                out.size());
  return out;
}

// Numbers left in the file behind `place`: all that no element's line interrupts.
std::size_t numbers_left(TextReader reader) {
  std::size_t n = 0;
  double value = 0;
  while (reader.next())
    for (auto word : reader.words()) n += parse_number(word, value);
  return n;
}

}  // namespace

EmbeddedAtom read_setfl(const std::string& path) {
  const std::string text = read_text(path);
  TextReader reader(path, text);
  for (int k = 0; k < 3; ++k) {
    reader.require("three lines of comment");
  }
  reader.require("the number of elements and their names");
  const std::int64_t count = reader.integer(0, "number of elements");
  if (count < 1 || count > 20 || reader.words().size() != std::size_t(count) + 1)
    reader.fail(
        "expected the number of elements and as many names, as in '2 Cu Zr' (eam/alloy or "
        "eam/fs); found {}",
        excerpt(reader.line()));
  EmbeddedAtom out;
  for (std::int64_t k = 0; k < count; ++k)
    out.elements.push_back(reader.element(std::size_t(k) + 1));
  reader.require("Nrho drho Nr dr cutoff");
  const auto n_rho = reader.integer(0, "Nrho"), n_r = reader.integer(2, "Nr");
  const double d_rho = reader.number(1, "drho"), d_r = reader.number(3, "dr");
  out.cutoff = reader.number(4, "cutoff");
  if (n_rho < 5 || n_r < 5 || n_rho > 10000000 || n_r > 10000000 || !(d_rho > 0) || !(d_r > 0) ||
      !(out.cutoff > 0) || out.cutoff > 100)
    reader.fail("expected Nrho drho Nr dr cutoff, all positive; found {}", excerpt(reader.line()));
  const auto elements = std::size_t(count), rho = std::size_t(n_rho), r = std::size_t(n_r);
  const std::size_t left = numbers_left(reader), pairs = elements * (elements + 1) / 2 * r;
  // the element lines hold three numbers and a word; allow for a lattice that reads as a number
  const std::size_t alloy = elements * (rho + r) + pairs,
                    fs = elements * (rho + elements * r) + pairs;
  const auto fits = [&](std::size_t n) {
    return left >= n + 3 * elements && left <= n + 4 * elements;
  };
  const bool is_fs = elements > 1 ? fits(fs) && !fits(alloy) : false;
  if (!is_fs && !fits(alloy))
    fail(Fault::input,
         "{}: holds {} numbers behind its header; eam/alloy of {} elements would have {}, eam/fs "
         "{}: the file is cut short or of another format",
         path, left, count, alloy + 3 * elements, fs + 3 * elements);
  for (std::size_t a = 0; a < elements; ++a) {
    reader.require("the line of an element: Z mass lattice-constant lattice");
    out.embedding.emplace_back(d_rho, take(reader, rho, "embedding energy"));
    std::vector<CubicTable> of_a;
    if (is_fs)
      for (std::size_t b = 0; b < elements; ++b) of_a.emplace_back(d_r, take(reader, r, "density"));
    else
      of_a.assign(elements, CubicTable(d_r, take(reader, r, "density")));
    out.density.push_back(std::move(of_a));
  }
  out.pair.assign(elements, std::vector<CubicTable>(elements));
  for (std::size_t a = 0; a < elements; ++a)
    for (std::size_t b = 0; b <= a; ++b)
      out.pair[a][b] = out.pair[b][a] = CubicTable(d_r, take(reader, r, "pair energy"));
  return out;
}

}  // namespace vitrobeam
