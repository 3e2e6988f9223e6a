#include "models/column_descriptors.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "models/bond_order.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"
#include "models/voronoi.hpp"

namespace vitrobeam {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
using Kind = ColumnDescriptor::Kind;

// Names that stand for themselves.
struct PlainName {
  const char* name;
  Kind kind;
  int order;
};
constexpr PlainName kPlain[] = {{"five_fold", Kind::five_fold, 0},
                                {"faces", Kind::faces, 0},
                                {"voronoi_volume", Kind::volume, 0},
                                {"coordination", Kind::coordination, 0},
                                {"q4", Kind::q, 4},
                                {"q6", Kind::q, 6},
                                {"q4_averaged", Kind::q_averaged, 4},
                                {"q6_averaged", Kind::q_averaged, 6},
                                {"warren_cowley", Kind::warren_cowley, 0},
                                {"density", Kind::density, 0},
                                {"thickness", Kind::thickness, 0}};

const DescriptorLine& line_of(const std::string& name) {
  for (const auto& line : descriptor_table())
    if (line.name == name) return line;
  fail(Fault::usage, "@descriptors '{}': no such descriptor", name);
}

std::string label_name(const ColumnDescriptor& d) { return "descriptor:" + d.name; }

// Parts between commas that are not inside of <>.
std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> out{""};
  int depth = 0;
  for (const char c : text) {
    depth += (c == '<') - (c == '>');
    if (c == ',' && depth == 0)
      out.emplace_back();
    else if (c != ' ')
      out.back() += c;
  }
  return out;
}

// "Cu<0,0,12,0>"
std::optional<ColumnDescriptor> voronoi_class(const std::string& text) {
  const auto open = text.find('<');
  if (open == std::string::npos) return std::nullopt;
  ColumnDescriptor d;
  d.kind = Kind::voronoi;
  const std::string centre = text.substr(0, open);
  d.element = centre.empty() ? 0 : atomic_number(centre);
  int read = 0;
  std::array<int, 4>& n = d.index;
  if ((!centre.empty() && d.element == 0) ||
      std::sscanf(text.c_str() + open, "<%d,%d,%d,%d>%n", &n[0], &n[1], &n[2], &n[3], &read) != 4 ||
      open + std::size_t(read) != text.size() || *std::min_element(n.begin(), n.end()) < 0)
    fail(Fault::usage,
         "@descriptors '{}': a Voronoi class is written <n3,n4,n5,n6>, as <0,0,12,0>, with the "
         "element of its centre before it if that counts, as Cu<0,0,12,0>",
         text);
  d.name = (d.element ? std::string(symbol(d.element)) : "") + voronoi_name(n);
  d.unit = "share of the atoms";
  d.text = fmt::format("{} with the Voronoi index {}",
                       d.element ? fmt::format("{} atoms", symbol(d.element)) : "atoms",
                       voronoi_name(n));
  return d;
}

ColumnDescriptor parse_one(const std::string& text) {
  if (text.empty()) fail(Fault::usage, "@descriptors: a name is empty");
  if (auto d = voronoi_class(text)) return *d;
  ColumnDescriptor d;
  d.name = text;
  if (text == "icosahedra") {
    d.kind = Kind::voronoi;
    d.index = {0, 0, 12, 0};
  } else if (text.starts_with("share:")) {
    const int z = atomic_number(text.substr(6));
    if (z == 0) fail(Fault::usage, "@descriptors '{}': '{}' is no element", text, text.substr(6));
    return element_share(z);
  } else if (const auto* plain = std::find_if(std::begin(kPlain), std::end(kPlain),
                                              [&](const auto& p) { return text == p.name; });
             plain != std::end(kPlain)) {
    d.kind = plain->kind;
    d.order = plain->order;
  } else {
    d.kind = Kind::label;
    d.name = text.starts_with("label:") ? text.substr(6) : text;
    d.text = fmt::format("label {} of the model", d.name);
    if (d.name.empty() || d.name.find('/') != std::string::npos)
      fail(Fault::usage, "@descriptors '{}': a label has a name, without /", text);
    return d;
  }
  d.unit = line_of(text).unit;
  d.text = line_of(text).text;
  return d;
}

// What is computed once for all descriptors of a model.
class ModelAnalysis {
 public:
  ModelAnalysis(const Atoms& model, double first_shell) : model_(model), shell_(first_shell) {}

  std::vector<double> values(const ColumnDescriptor& d) {
    const auto& p = model_.cell.periodic;
    const bool is_open = !(model_.cell.volume() > 0) || !(p[0] && p[1] && p[2]);
    if (d.kind == Kind::label || (is_open && model_.labels.contains(d.name)))
      return stated(d.name, 1);
    switch (d.kind) {
      case Kind::voronoi:
        return of_class(d, is_open);
      case Kind::five_fold:
        return with_surface(five_fold_share(cells()));
      case Kind::faces: {
        std::vector<double> n;
        for (const auto& edges : cells().edges) n.push_back(double(edges.size()));
        return with_surface(n);
      }
      case Kind::volume:
        return with_surface(cells().volume);
      case Kind::coordination: {
        std::vector<double> n;
        for (std::size_t i = 0; i < model_.size(); ++i) n.push_back(double(shell().count(i)));
        return n;
      }
      case Kind::q:
        return bond_order(shell(), d.order).q;
      case Kind::q_averaged:
        return bond_order(shell(), d.order).q_averaged;
      case Kind::share: {
        std::vector<double> is(model_.size());
        for (std::size_t i = 0; i < is.size(); ++i) is[i] = model_.numbers[i] == d.element;
        return is;
      }
      case Kind::warren_cowley:
        return unlike_neighbours();
      default:
        return {};
    }
  }

 private:
  const Voronoi& cells() {
    if (!cells_) cells_ = voronoi(model_);
    return *cells_;
  }
  const NeighbourList& shell() {
    if (!list_) list_ = neighbours_within(model_.cell, model_.positions, shell_);
    return *list_;
  }

  std::vector<double> with_surface(std::vector<double> values) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (cells().at_surface[i]) values[i] = kUnknown;
    return values;
  }

  // 1 where the atom is of the class.
  std::vector<double> of_class(const ColumnDescriptor& d, bool is_open) {
    std::vector<double> out(model_.size());
    const bool is_stated = is_open && model_.labels.contains("voronoi");
    const std::vector<double> stated_index =
        is_stated ? stated("voronoi", 4) : std::vector<double>{};
    const std::vector<double> cut = is_stated && model_.labels.contains("at_surface")
                                        ? stated("at_surface", 1)
                                        : std::vector<double>(out.size(), 0);
    for (std::size_t i = 0; i < out.size(); ++i) {
      bool same = d.element == 0 || model_.numbers[i] == d.element;
      for (std::size_t k = 0; k < 4 && same; ++k)
        same =
            is_stated ? stated_index[4 * i + k] == d.index[k] : cells().index[i][k] == d.index[k];
      out[i] = cut[i] != 0 ? kUnknown : same;
    }
    return is_stated ? out : with_surface(out);
  }

  // alpha of every atom: 1 - (its share of unlike neighbours) / (share of unlike atoms).
  std::vector<double> unlike_neighbours() {
    std::map<int, double> share;
    for (const int z : model_.numbers) share[z] += 1 / double(model_.size());
    std::vector<double> out(model_.size(), kUnknown);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const double n = double(shell().count(i)), unlike = 1 - share[model_.numbers[i]];
      if (n == 0 || unlike < 1e-12) continue;
      double different = 0;
      for (std::size_t k = shell().first[i]; k < shell().first[i + 1]; ++k)
        different += model_.numbers[shell().atom[k]] != model_.numbers[i];
      out[i] = 1 - different / n / unlike;
    }
    return out;
  }

  std::vector<double> stated(const std::string& name, int columns) const {
    const auto found = model_.labels.find(name);
    if (found == model_.labels.end()) {
      std::string known;
      for (const auto& [label, values] : model_.labels)
        known += (known.empty() ? "" : ", ") + label;
      fail(Fault::input,
           "@descriptors '{}': neither a descriptor (@list shows them) nor a label of the model; "
           "its labels: {}",
           name, known.empty() ? "none" : known);
    }
    const Label& label = found->second;
    std::vector<double> out;
    if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&label.values))
      out.assign(whole->begin(), whole->end());
    if (const auto* real = std::get_if<std::vector<double>>(&label.values)) out = *real;
    if (label.columns != columns || out.size() != std::size_t(columns) * model_.size())
      fail(Fault::input, "@descriptors '{}': the label has {}, expected {} for every atom", name,
           out.empty() ? "text" : fmt::format("{} columns", label.columns),
           columns == 1 ? "one number" : fmt::format("{} numbers", columns));
    return out;
  }

  const Atoms& model_;
  double shell_;
  std::optional<Voronoi> cells_;
  std::optional<NeighbourList> list_;
};

}  // namespace

const std::vector<DescriptorLine>& descriptor_table() {
  static const std::vector<DescriptorLine> table{
      {"icosahedra", "share of the atoms", "atoms with the Voronoi index <0,0,12,0>"},
      {"<n3,n4,n5,n6>", "share of the atoms",
       "atoms with this Voronoi index; Cu<0,0,12,0>: those of Cu among them"},
      {"five_fold", "share of the faces", "faces of the Voronoi cell with five edges"},
      {"faces", "faces", "neighbours by faces of the Voronoi cell"},
      {"voronoi_volume", "Angstrom^3", "volume of the Voronoi cell"},
      {"coordination", "neighbours", "neighbours in the first shell, to the minimum of g(r)"},
      {"q4", "1", "bond-orientational order q_4 (Steinhardt)"},
      {"q6", "1", "bond-orientational order q_6 (Steinhardt)"},
      {"q4_averaged", "1", "q_4 averaged over the first shell (Lechner and Dellago)"},
      {"q6_averaged", "1", "q_6 averaged over the first shell (Lechner and Dellago)"},
      {"share:EL", "share of the atoms", "atoms of one element, as share:Cu"},
      {"warren_cowley", "1", "chemical order, 1 - share of unlike neighbours over that at random"},
      {"density", "atoms/Angstrom^2", "atoms of the column by area: density times thickness"},
      {"thickness", "Angstrom", "of the specimen"},
      {"LABEL", "", "any label of the model with one number for every atom, as d2min"}};
  return table;
}

ColumnDescriptor element_share(int element) {
  ColumnDescriptor d;
  d.kind = Kind::share;
  d.element = element;
  d.name = fmt::format("share_{}", symbol(element));
  d.unit = "share of the atoms";
  d.text = fmt::format("atoms of {}", symbol(element));
  return d;
}

std::vector<ColumnDescriptor> parse_descriptors(const std::string& text) {
  std::vector<ColumnDescriptor> out;
  std::set<std::string> names;
  for (const auto& part : split_names(text)) {
    out.push_back(parse_one(part));
    if (!names.insert(out.back().name).second)
      fail(Fault::usage, "@descriptors {}: '{}' is named twice", text, out.back().name);
  }
  return out;
}

Atoms with_descriptors(const Atoms& model, const std::vector<ColumnDescriptor>& descriptors,
                       double first_shell) {
  Atoms out = model;
  ModelAnalysis analysis(model, first_shell);
  for (const auto& d : descriptors)
    if (d.is_of_atoms()) out.labels[label_name(d)] = {1, analysis.values(d)};
  return out;
}

const std::vector<double>& atom_values(const Atoms& atoms, const ColumnDescriptor& d) {
  return std::get<std::vector<double>>(atoms.labels.at(label_name(d)).values);
}

std::vector<PlaneD> column_descriptors(const Atoms& atoms,
                                       const std::vector<ColumnDescriptor>& descriptors,
                                       const ColumnWeight& weight, const std::vector<double>& y,
                                       const std::vector<double>& x) {
  const double height = atoms.cell.vectors(2, 2);
  std::vector<PlaneD> out;
  for (const auto& d : descriptors) {
    if (d.kind == Kind::thickness)
      out.push_back(PlaneD::Constant(Eigen::Index(y.size()), Eigen::Index(x.size()), height));
    else if (d.kind == Kind::density)
      out.push_back(column_density(atoms, weight, y, x).density * height);
    else
      out.push_back(column_mean(atoms, atom_values(atoms, d), weight, y, x));
  }
  return out;
}

}  // namespace vitrobeam
