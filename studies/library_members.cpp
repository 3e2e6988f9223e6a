#include "studies/library_members.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <sstream>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "models/rotations.hpp"
#include "models/symmetry.hpp"
#include "models/transform.hpp"

namespace vitrobeam {

std::vector<Member> members(const LibraryPlan& plan) {
  std::vector<Member> list;
  for (std::size_t m = 0; m < plan.motifs.size(); ++m)
    for (std::size_t d = 0; d < plan.decorations.size(); ++d) {
      const Motif& motif = find_motif(plan.motifs[m]);
      MotifSize size{plan.decorations[d], plan.bond, plan.radius};
      // what the motif has no place for does not make another decoration
      size.elements.resize(std::min(size.elements.size(), 1 + motif.other_elements.size()));
      if (d > 0 &&
          std::equal(size.elements.begin(), size.elements.end(), plan.decorations[d - 1].begin()))
        continue;
      Member member{int(m), int(d), build_motif(motif, size), {}};
      double spacing = plan.spacing_deg;
      if (spacing == 0)
        spacing =
            rocking_width(member.atoms, plan.simulation.recording.q_max) * 180 / std::numbers::pi;
      member.views = directions(motif, spacing);
      const Vector3d edges = extent(member.atoms);
      for (const double thickness : plan.thicknesses)
        if (edges.norm() > thickness && edges.maxCoeff() > thickness)
          fail(Fault::physics,
               "the motif {} is {:.3g} Angstrom long and does not fit into a thickness of {:.3g}; "
               "give a larger @thickness",
               motif.name, edges.maxCoeff(), thickness);
      list.push_back(std::move(member));
    }
  return list;
}

std::string decoration_text(const std::vector<int>& elements) {
  std::string text;
  for (const int z : elements) text += (text.empty() ? "" : ",") + std::string(symbol(z));
  return text;
}

std::vector<int> decoration_elements(const std::string& text) {
  std::vector<int> elements;
  std::istringstream symbols(text);
  for (std::string one; std::getline(symbols, one, ',');) {
    elements.push_back(atomic_number(one));
    if (elements.back() == 0)
      fail(Fault::input, "the library decorates a motif with '{}', in which '{}' is no element",
           text, one);
  }
  return elements;
}

double depth_at(const Atoms& turned, double thickness, double share) {
  double low = 0, high = 0;
  for (const auto& r : turned.positions) {
    low = std::min(low, r.z());
    high = std::max(high, r.z());
  }
  constexpr double kMargin = 1e-3;
  const double first = -low + kMargin, last = thickness - high - kMargin;
  return last > first ? first + share * (last - first) : (first + last) / 2;
}

Planting planting(const std::vector<Member>& members, int motif, double thickness,
                  RandomSequence& random) {
  std::vector<const Member*> choice;
  for (const auto& m : members)
    if (m.motif == motif) choice.push_back(&m);
  const Member& member = *choice[random.below(choice.size())];
  const Eigen::Matrix3d turn = random_rotation(random);
  Atoms turned = rotated(member.atoms, turn);
  const double depth = depth_at(turned, thickness, random.uniform());
  return {member, turn, std::move(turned), depth};
}

PlantedView view_of(const Planting& p, const Motif& motif) {
  const Vector3d beam = p.turn.transpose() * Vector3d::UnitZ();
  PlantedView view{p.member.decoration, beam, p.depth};
  double nearest = -2;
  for (const auto& g : symmetry_of(motif).rotations)
    for (const auto& v : p.member.views)
      if (const double cosine = v.direction.dot(g * beam); cosine > nearest + 1e-12) {
        nearest = cosine;
        view.direction = g * beam;
      }
  return view;
}

}  // namespace vitrobeam
