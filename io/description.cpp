#include "io/description.hpp"

#include <nlohmann/json.hpp>

#include "io/provenance.hpp"
#include "models/elements.hpp"
#include "models/occupancy.hpp"

namespace vitrobeam {
namespace {

nlohmann::json attribute_json(const AttributeValue& value) {
  return std::visit([](const auto& v) { return nlohmann::json(v); }, value);
}

nlohmann::json attributes_json(const Hdf5Reader& file, const std::string& path) {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& name : file.attribute_names(path))
    out[name] = attribute_json(file.attribute(path, name));
  return out;
}

}  // namespace

std::string description_json(const Hdf5Reader& file) {
  nlohmann::json out{{"file", file.path()}, {"datasets", nlohmann::json::array()}};
  for (const auto& e : file.tree()) {
    if (!e.is_dataset) continue;
    nlohmann::json d{{"path", e.path},
                     {"shape", e.dataset.shape},
                     {"type", type_name(e.dataset.type)},
                     {"stored_bytes", e.dataset.stored_bytes}};
    if (!e.same_as.empty()) d["same_as"] = e.same_as;
    if (file.has_attribute(e.path, "units"))
      d["units"] = attribute_json(file.attribute(e.path, "units"));
    out["datasets"].push_back(d);
  }
  for (const char* group : {"parameters", "audit"})
    if (file.exists(std::string("/") + group))
      out[group] = attributes_json(file, std::string("/") + group);
  out["checks"] = nlohmann::json::array();
  for (const auto& line : audit_lines(file))
    out["checks"].push_back({{"good", line.good}, {"text", line.text}});
  out["verdicts"] = out["checks"];  // their earlier name, which scripts may read
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::map<std::string, double> element_counts(const Atoms& atoms) {
  const auto occupancy = occupancies(atoms);
  std::map<std::string, double> counts;
  for (std::size_t i = 0; i < atoms.size(); ++i)
    counts[atoms.numbers[i] > 0 ? std::string(symbol(atoms.numbers[i])) : "unknown"] +=
        occupancy[i];
  return counts;
}

std::string description_json(const std::string& path, const Atoms& atoms) {
  nlohmann::json out{
      {"file", path}, {"atoms", atoms.size()}, {"composition", element_counts(atoms)}};
  if (has_partial_occupancy(atoms)) out["atoms_by_occupancy"] = atoms_in(atoms);
  for (int k = 0; k < 3; ++k) {
    const Vector3d edge = atoms.cell.vectors.row(k);
    out["cell"].push_back({edge.x(), edge.y(), edge.z()});
    out["periodic"].push_back(bool(atoms.cell.periodic[std::size_t(k)]));
  }
  if (atoms.cell.volume() > 0) {
    out["number_density"] = number_density(atoms);
    out["mass_density_g_cm3"] = mass_density(atoms);
  }
  for (const auto& [name, label] : atoms.labels) out["labels"].push_back(name);
  out["info"] = atoms.info;
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace vitrobeam
