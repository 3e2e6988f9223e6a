// The xyz input of Kirkland's programs and of Prismatic: a comment, the box a b c, one line
// "Z x y z occupancy u_rms" per atom, closed by -1. u_rms is the one-dimensional rms displacement.
#include <cmath>

#include "io/structure_formats.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

bool all_numbers(const TextReader& reader, std::size_t at_least, std::size_t at_most) {
  const auto& w = reader.words();
  double value = 0;
  for (auto word : w)
    if (!parse_number(word, value)) return false;
  return w.size() >= at_least && w.size() <= at_most;
}

bool ends_with_minus_one(const std::string& text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  return last != std::string::npos && last > 2 && text.compare(last - 1, 2, "-1") == 0 &&
         std::string_view(" \t\n").find(text[last - 2]) != std::string_view::npos;
}

}  // namespace

bool looks_like_kirkland_xyz(TextReader reader) {
  if (!reader.next() || !reader.next() || !all_numbers(reader, 3, 3)) return false;
  std::int64_t z = 0;
  return reader.next() && all_numbers(reader, 4, 6) && parse_integer(reader.words()[0], z) &&
         ends_with_minus_one(reader.text());
}

Atoms read_kirkland_xyz(TextReader& reader, const FramePlace&, const StructureReadOptions&) {
  reader.require("a comment");
  reader.require("the box");
  const Vector3d box(reader.number(0, "a"), reader.number(1, "b"), reader.number(2, "c"));
  if (!(box.minCoeff() > 0))
    reader.fail("the box {:g} {:g} {:g} needs three positive edges", box.x(), box.y(), box.z());
  Atoms atoms;
  atoms.cell = Cell::orthogonal(box.x(), box.y(), box.z());
  SiteLabels labels;
  for (;;) {
    reader.require(fmt::format("atom {} or the closing -1", atoms.size() + 1));
    if (reader.words().empty()) continue;
    if (reader.words()[0] == "-1") break;
    const int z = reader.element(0);
    atoms.add(z, {reader.number(1, "x"), reader.number(2, "y"), reader.number(3, "z")});
    const auto columns = reader.words().size();
    labels.occupancy.push_back(columns > 4 ? reader.number(4, "the occupancy") : 1);
    labels.u_rms.push_back(columns > 5 ? reader.number(5, "the rms displacement") : 0);
    if (labels.occupancy.back() < 0 || labels.occupancy.back() > 1)
      reader.fail("the occupancy is {:g}; 0 to 1 is expected", labels.occupancy.back());
    if (labels.u_rms.back() < 0)
      reader.fail("the rms displacement is {:g}; 0 or more is expected", labels.u_rms.back());
  }
  add_site_labels(atoms, std::move(labels));
  return atoms;
}

}  // namespace vitrobeam
