#include "io/crystal_symmetry.hpp"

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>

#include "base/error.hpp"
#include "io/text_reader.hpp"

namespace vitrobeam {
namespace {

using gemmi::Op;
using gemmi::SpaceGroup;

std::vector<Op> all_operations(const gemmi::GroupOps& group) {
  std::vector<Op> out;
  for (const Op& op : group) out.push_back(op);
  return out;
}

// The list without repetitions, each operation with its shift in the cell, the identity first.
std::vector<Op> tidy(const std::vector<Op>& listed) {
  std::vector<Op> out{Op::identity()};
  std::set<Op> seen{Op::identity()};
  for (Op op : listed)
    if (seen.insert(op.wrap()).second) out.push_back(op);
  return out;
}

void check_closed(const std::vector<Op>& operations, const std::string& place) {
  constexpr std::size_t kMost = 1000;  // the tables have up to 192
  if (operations.size() > kMost)
    fail(Fault::input, "{}: lists {} symmetry operations; at most {} are expected", place,
         operations.size(), kMost);
  const std::set<Op> all(operations.begin(), operations.end());
  for (const Op& a : operations)
    for (const Op& b : operations)
      if (Op product = (a * b).wrap(); !all.contains(product))
        fail(Fault::input,
             "{}: the {} symmetry operations listed are no group: {} after {} gives {}, which is "
             "missing; list all of them, with the centring",
             place, operations.size(), a.triplet(), b.triplet(), product.triplet());
}

// "P 2(1)/c", "P 2~1~/c", "P 2_1/c", "F d -3 m Z", "R -3 m (H)" in the spelling of the tables.
std::string tidy_name(std::string name) {
  name = std::regex_replace(
      name, std::regex("[(]?origin(?: choice)? *([12])[)]?", std::regex::icase), ":$1");
  name = std::regex_replace(name, std::regex("([2346])(?:[(~]([1-5])[)~]|_([1-5]))"), "$1$2$3");
  std::replace(name.begin(), name.end(), '_', ' ');
  name = std::regex_replace(name, std::regex("^ +| +$"), "");
  // the database ICSD appends S and Z for the first and second origin, H and R for the axes
  name = std::regex_replace(name, std::regex("^(.*[^: ]) *:? *[(]?S[)]?$"), "$1:1");
  name = std::regex_replace(name, std::regex("^(.*[^: ]) *:? *[(]?Z[)]?$"), "$1:2");
  if (std::regex_search(name, std::regex("^[Rr]")))
    name = std::regex_replace(name, std::regex("^(.*[^: ]) *:? *[(]?([HRhr])[)]?$"), "$1:$2");
  return std::regex_replace(name, std::regex(" *: *"), ":");
}

// "F 4/m -3 2/m" -> "F m -3 m", "P 21/n 21/m 21/a" -> "P n m a": full symbols in their short form.
// Empty if it is none.
std::string short_name(const std::string& name) {
  static const std::regex full("[2346][1-5]?/([a-z])");
  std::vector<std::string> words;
  const std::string end = name.find(':') < name.size() ? name.substr(name.find(':')) : "";
  const std::string spaced = name.substr(0, name.size() - end.size());
  for (std::size_t i = 0; (i = spaced.find_first_not_of(' ', i)) != std::string::npos;) {
    const auto stop = std::min(spaced.find(' ', i), spaced.size());
    words.push_back(spaced.substr(i, stop - i));
    i = stop;
  }
  if (words.size() < 3) return "";
  const bool cubic = words[2] == "-3" || words[2] == "3";
  const bool uniaxial = words[1][0] == '4' || words[1][0] == '6';
  std::string out = words[0];
  for (std::size_t k = 1; k < words.size(); ++k)
    out +=
        ' ' + (k == 1 && uniaxial && !cubic ? words[k] : std::regex_replace(words[k], full, "$1"));
  // before 1992 the axis of inversion of cubic groups was written 3
  if (cubic) out = std::regex_replace(out, std::regex("^(. [a-z]) 3"), "$1 -3");
  return out == spaced ? "" : out + end;
}

const SpaceGroup* find_group(const std::string& name, const gemmi::UnitCell& cell) {
  constexpr std::size_t kLongest = 100;  // no symbol is; std::regex recurses with the length
  if (name.size() > kLongest) return nullptr;
  const std::string tidied = tidy_name(name);
  if (tidied.empty() || std::isdigit(static_cast<unsigned char>(tidied[0])) != 0) return nullptr;
  if (const auto* group = gemmi::find_spacegroup_by_name(tidied, cell.alpha, cell.gamma))
    return group;
  if (const std::string brief = short_name(tidied); !brief.empty())
    if (const auto* group = gemmi::find_spacegroup_by_name(brief, cell.alpha, cell.gamma))
      return group;
  // without blanks: the old 3 for -3
  const std::string old = std::regex_replace(tidied, std::regex("^([PIFpif] ?[mnda]) ?3"), "$1-3");
  return old == tidied ? nullptr : gemmi::find_spacegroup_by_name(old, cell.alpha, cell.gamma);
}

// Does every rotation leave the lengths of the cell as they are, within what files round?
bool cell_has(const gemmi::UnitCell& cell, const std::vector<Op>& operations) {
  const double v[3] = {cell.a, cell.b, cell.c};
  double g[3][3];
  const double cosines[3] = {std::cos(gemmi::rad(cell.alpha)), std::cos(gemmi::rad(cell.beta)),
                             std::cos(gemmi::rad(cell.gamma))};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) g[i][j] = v[i] * v[j] * (i == j ? 1 : cosines[3 - i - j]);
  for (const Op& op : operations) {
    double moved[3][3] = {};
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j)
        for (int k = 0; k < 3; ++k)
          for (int l = 0; l < 3; ++l)
            moved[i][j] += double(op.rot[k][i]) * op.rot[l][j] * g[k][l] / (Op::DEN * Op::DEN);
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j)
        if (std::abs(moved[i][j] - g[i][j]) > 0.02 * v[i] * v[j]) return false;
  }
  return true;
}

SymmetryChoice choice_of(const SpaceGroup& group) {
  return {all_operations(group.operations()), group.xhm()};
}

bool is_open_origin(const SpaceGroup& a, const SpaceGroup& b) {
  return a.number == b.number && std::string(a.hm) == b.hm && a.ext != b.ext &&
         (a.ext == '1' || a.ext == '2') && (b.ext == '1' || b.ext == '2');
}

// The group of a symbol, and the other one where the symbol leaves the origin open.
std::vector<SymmetryChoice> named_choices(const SpaceGroup& group, const StatedSymmetry& stated) {
  std::vector<SymmetryChoice> out;
  const bool says = tidy_name(stated.name).find(':') != std::string::npos;
  for (const SpaceGroup& other : gemmi::spacegroup_tables::main)
    if (&other == &group || (!says && is_open_origin(group, other))) {
      const bool origin = other.ext == '1' || other.ext == '2';
      const bool axes = stated.setting == "1" || stated.setting == "2";
      if (!says && origin && axes && stated.setting[0] != other.ext) continue;
      out.push_back(choice_of(other));
    }
  return out;
}

// All settings of a group whose cell this may be.
std::vector<SymmetryChoice> numbered_choices(const StatedSymmetry& stated,
                                             const gemmi::UnitCell& cell) {
  std::vector<SymmetryChoice> out;
  for (const SpaceGroup& group : gemmi::spacegroup_tables::main) {
    if (group.number != stated.number) continue;
    if (stated.setting.size() == 1 && group.ext &&
        std::toupper(static_cast<unsigned char>(stated.setting[0])) != group.ext)
      continue;
    SymmetryChoice choice = choice_of(group);
    if (cell_has(cell, choice.operations)) out.push_back(std::move(choice));
  }
  return out;
}

std::vector<Op> hall_operations(const std::string& hall) {
  try {
    return all_operations(gemmi::symops_from_hall(hall.c_str()));
  } catch (const std::exception&) {
    return {};
  }
}

std::size_t rotations(const std::vector<Op>& operations) {
  std::set<gemmi::Op::Rot> out;
  for (const Op& op : operations) out.insert(op.rot);
  return out.size();
}

// The tabulated group of these operations, if they stand in a tabulated setting.
const SpaceGroup* group_of(const std::vector<Op>& operations) {
  return gemmi::find_spacegroup_by_ops(gemmi::split_centering_vectors(operations));
}

// The operations listed against the symbol or number `called`.
void compare(const std::vector<Op>& listed, const SpaceGroup* named,
             const std::vector<Op>& expected, const std::string& called, const std::string& place) {
  const SpaceGroup* found = group_of(listed);
  const bool same =
      found && named ? found->number == named->number : rotations(listed) == rotations(expected);
  if (same) return;
  if (listed.size() == 1)
    fail(Fault::input,
         "{}: the space group {} has {} operations, the file lists only one; remove the list or "
         "name the group P 1",
         place, called, expected.size());
  fail(Fault::input,
       "{}: the space group {} has {} operations, the {} operations listed are those of {}; one of "
       "them is wrong",
       place, called, expected.size(), listed.size(), found ? found->xhm() : "another group");
}

// The group of the symbol and that of the Hall symbol, null where there is none that is known.
struct Names {
  const SpaceGroup* named = nullptr;
  const SpaceGroup* by_hall = nullptr;
  std::vector<Op> hall;
  bool is_unknown = false;  // there is a symbol, and nothing says what it means
  std::string called;       // for messages
};

Names names_of(const StatedSymmetry& stated, const gemmi::UnitCell& cell) {
  Names n;
  n.named = find_group(stated.name, cell);
  n.hall = hall_operations(stated.hall);
  n.by_hall = n.hall.empty() ? nullptr : group_of(n.hall);
  n.is_unknown = !n.named && n.hall.empty() && !stated.name.empty();
  n.called = excerpt(!stated.name.empty()   ? stated.name
                     : !stated.hall.empty() ? stated.hall
                                            : std::to_string(stated.number));
  return n;
}

// Symbol, Hall symbol and number must name the same group.
void check_names(const StatedSymmetry& stated, const Names& n, const std::string& place) {
  if (n.named && stated.number > 0 && n.named->number != stated.number)
    fail(Fault::input, "{}: the space group {} has the number {}, the file says {}", place,
         n.called, n.named->number, stated.number);
  const int number = n.named ? n.named->number : stated.number;
  if (n.by_hall && number > 0 && n.by_hall->number != number)
    fail(Fault::input, "{}: the Hall symbol {} is of the space group {}, the file says {} ({})",
         place, excerpt(stated.hall), n.by_hall->xhm(), n.called, number);
}

// A code of the axes ("cab", "b2") must be that of the symbol, if it is one of this group.
void check_setting(const StatedSymmetry& stated, const Names& n, const std::string& place) {
  if (stated.setting.empty() || stated.setting == n.named->qualifier) return;
  for (const SpaceGroup& other : gemmi::spacegroup_tables::main)
    if (other.number == n.named->number && stated.setting == other.qualifier)
      fail(Fault::input,
           "{}: the space group {} does not have the axes {}, as the file says: {} has", place,
           n.called, excerpt(stated.setting), other.xhm());
}

// The operations that the file lists, held against the names.
SymmetryChoices listed_choices(const StatedSymmetry& stated, const Names& n,
                               const std::string& place) {
  SymmetryChoices out;
  const std::vector<Op> listed = tidy(stated.listed);
  check_closed(listed, place);
  const SpaceGroup* reference = n.named ? n.named : n.by_hall;
  if (!reference && stated.number > 0 && stated.number <= 230)
    reference = &gemmi::get_spacegroup_reference_setting(stated.number);
  if (reference)
    compare(listed, reference, all_operations(reference->operations()), n.called, place);
  else if (!n.hall.empty())
    compare(listed, nullptr, n.hall, n.called, place);
  else if (listed.size() == 1 && n.is_unknown)
    fail(Fault::input,
         "{}: the space group {} is not known, and the file lists no symmetry operation but "
         "x,y,z; list all of them, or name the group P 1",
         place, n.called);
  else if (n.is_unknown)
    out.notes.push_back(
        fmt::format("{}: the space group {} is not known; the {} operations listed are used", place,
                    n.called, listed.size()));
  out.choices = {{listed, fmt::format("the {} operations listed", listed.size())}};
  return out;
}

// What names and number leave open, where no operations are listed.
SymmetryChoices choices_by_name(const StatedSymmetry& stated, const Names& n,
                                const gemmi::UnitCell& cell, const std::string& place) {
  SymmetryChoices out;
  if (!n.hall.empty()) {
    out.choices = {{tidy(n.hall), stated.hall}};
  } else if (n.named) {
    check_setting(stated, n, place);
    out.choices = named_choices(*n.named, stated);
  } else if (n.is_unknown || !stated.hall.empty()) {
    fail(Fault::input,
         "{}: the space group {} is not known, and no symmetry operations are listed; add "
         "_space_group_symop_operation_xyz",
         place, n.called);
  } else if (stated.number > 0) {
    out.choices = numbered_choices(stated, cell);
    if (out.choices.empty())
      fail(Fault::input,
           "{}: the space group number {} is not known, or has no setting that fits the cell {:g} "
           "{:g} {:g} {:g} {:g} {:g}",
           place, stated.number, cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma);
  } else {
    out.choices = {{{Op::identity()}, "P 1"}};
    out.notes.push_back(fmt::format("{}: states no symmetry; read as P 1", place));
  }
  return out;
}

}  // namespace

SymmetryChoices understood(const StatedSymmetry& stated, const gemmi::UnitCell& cell,
                           const std::string& place) {
  const Names names = names_of(stated, cell);
  check_names(stated, names, place);
  SymmetryChoices out = stated.listed.empty() ? choices_by_name(stated, names, cell, place)
                                              : listed_choices(stated, names, place);
  for (const SymmetryChoice& choice : out.choices)
    if (!cell_has(cell, choice.operations))
      fail(Fault::input,
           "{}: the cell {:g} {:g} {:g} {:g} {:g} {:g} does not have the symmetry of {}", place,
           cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma, choice.name);
  return out;
}

}  // namespace vitrobeam
