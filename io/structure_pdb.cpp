// PDB files; every MODEL is a frame. The cell and its symmetry come from CRYST1; 1 x 1 x 1 means
// that there is none.
#include <cmath>
#include <gemmi/pdb.hpp>
#include <numbers>

#include "io/crystal_sites.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

bool is_record(const TextReader& reader, std::string_view name) {
  return reader.line().substr(0, name.size()) == name;
}

// The header and one model of the file.
std::string one_model(const TextReader& reader) {
  const std::string& text = reader.text();
  const auto start = reader.place().offset;
  const auto first = start == 0 ? std::string::npos : text.find("\nMODEL");
  const std::string head = first < start ? text.substr(0, first + 1) : "";
  const auto end = text.find("\nENDMDL", start);
  return (start == 0     ? ""
          : head.empty() ? text.substr(0, start)
                         : head) +
         text.substr(start, end == std::string::npos ? end : end + 1 - start);
}

CrystalSite site_of(const gemmi::Atom& atom, const std::string& path) {
  CrystalSite site;
  site.number = atom.element.atomic_number();
  if (site.number < 1 || site.number > kElements)
    fail(Fault::input, "{}: atom {} ({}) has no element that is known (columns 77 and 78)", path,
         atom.serial, atom.name);
  site.occupancy = atom.occ;
  if (atom.b_iso > 0)
    site.u_rms = std::sqrt(double(atom.b_iso) / (8 * std::numbers::pi * std::numbers::pi));
  return site;
}

}  // namespace

bool looks_like_pdb(TextReader reader) {
  for (int i = 0; i < 1000 && reader.next(); ++i) {
    if (is_record(reader, "CRYST1 ") || is_record(reader, "ATOM  ") || is_record(reader, "HETATM"))
      return true;
    if (!reader.words().empty() && !std::isupper(static_cast<unsigned char>(reader.line()[0])))
      return false;
  }
  return false;
}

FramePlaces pdb_frames(TextReader reader) {
  FramePlaces out;
  for (auto place = reader.place(); reader.next(); place = reader.place())
    if (is_record(reader, "MODEL ")) out.push_back(place);
  return out.empty() ? FramePlaces{TextReader::Place{}} : out;
}

Atoms read_pdb(TextReader& reader, const StructureReadOptions&) {
  gemmi::Structure structure;
  try {
    structure = gemmi::read_pdb_string(one_model(reader), reader.name());
  } catch (const std::exception& e) {
    fail(Fault::input, "{}: not a valid PDB file: {}", reader.name(), e.what());
  }
  const gemmi::UnitCell& cell = structure.cell;
  Atoms atoms;
  std::vector<CrystalSite> sites;
  SiteLabels labels;
  for (const auto& model : structure.models)
    for (const auto& chain : model.chains)
      for (const auto& residue : chain.residues)
        for (const auto& atom : residue.atoms) {
          CrystalSite site = site_of(atom, reader.name());
          const gemmi::Fractional f = cell.fractionalize(atom.pos);
          site.fraction = {f.x, f.y, f.z};
          sites.push_back(site);
          atoms.add(site.number, {atom.pos.x, atom.pos.y, atom.pos.z});
          labels.occupancy.push_back(site.occupancy);
          labels.u_rms.push_back(site.u_rms);
        }
  if (!cell.is_crystal()) {
    add_site_labels(atoms, std::move(labels));
    return atoms;
  }
  const auto* group =
      gemmi::find_spacegroup_by_name(structure.spacegroup_hm, cell.alpha, cell.gamma);
  if (!group && !structure.spacegroup_hm.empty())
    fail(Fault::input, "{}: the space group {} of CRYST1 is not known", reader.name(),
         excerpt(structure.spacegroup_hm));
  return fill_cell(
      cell, sites,
      group ? all_operations(group->operations()) : std::vector<gemmi::Op>{gemmi::Op::identity()});
}

}  // namespace vitrobeam
