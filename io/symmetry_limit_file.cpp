#include "io/symmetry_limit_file.hpp"

#include "io/symmetry_file.hpp"

namespace vitrobeam {
namespace {

std::string path_of(const LimitTarget& t) {
  return fmt::format("{}_{}_n{}", t.motif, t.axis, t.order);
}

}  // namespace

void write_symmetry_limit(Hdf5Writer& file, const LimitPlan& p, const LimitStudy& study) {
  const std::string root = "/symmetry_limit/";
  const auto put = [&](const std::string& name, const auto& values, const std::string& units,
                       const std::string& description) {
    write_described(file, root + name, values, units, description);
  };
  put("thickness", p.thickness, "Angstrom", "of the specimen");
  put("depth", p.depths, "", "of the motif, share of the thickness");
  put("tilt", p.tilts_deg, "deg", "of the motif's axis off the beam");
  put("dose", p.doses, "", "electrons per pattern, 0 = no noise");
  put("odd_even/law", study.law, "", "(1 - rho) / (1 + rho), rho = sinc^2(pi lambda q^2 t)");
  for (const auto& o : study.odd_even) {
    put("odd_even/" + engine_label(o.engine), o.ratio, "", "odd over even power in the ring");
    put("odd_even/" + engine_label(o.engine) + "_error", o.error, "", "its standard error");
    put("odd_even/" + engine_label(o.engine) + "_even", o.even, "", "sum of the even orders");
  }
  const Shape shape{p.thickness.size(), p.depths.size(), p.tilts_deg.size(), p.doses.size()};
  for (const auto& d : study.detections) {
    const std::string group = "detection/" + path_of(d.target) + "/" + engine_label(d.engine) + "/";
    const auto table = [&](const std::string& name, const std::vector<double>& v, Shape s,
                           const std::string& units, const std::string& description) {
      Stack<double> stack(std::move(s));
      stack.values = v;
      put(group + name, stack, units, description);
    };
    table("probability", d.probability, shape, "", "share of the planted motifs that are found");
    table("probability_low", d.low, shape, "", "lower end of its 95 % interval (Wilson)");
    table("probability_high", d.high, shape, "", "upper end");
    table("area", d.area, shape, "", "area under the ROC, planted against glass");
    table("area_error", d.area_error, shape, "", "its standard error");
    table("power_planted", d.planted_power, shape, "", "mean C_n over the planted motifs");
    table("power_glass", d.null_power, shape, "", "mean C_n over the glass");
    table("limit", d.limit, {shape[1], shape[2], shape[3]}, "Angstrom",
          "thickness at which half of the planted motifs are found; not-a-number: at all "
          "thicknesses or at none");
    file.attribute(root + "detection/" + path_of(d.target), "order", std::int64_t(d.target.order));
  }
  const LimitLaw& law = study.by_ratio;
  put("law/thickness", law.thickness, "Angstrom",
      "at which odd / even reaches the ratio, by the law");
  put("law/energy", law.energy_kV, "kV", "");
  put("law/ratio", law.ratio, "", "odd / even");
  file.attribute("/symmetry_limit", "ring_low", p.ring.low);
  file.attribute("/symmetry_limit", "ring_high", p.ring.high);
  file.attribute("/symmetry_limit", "motif_ring_low", p.motif_ring.low);
  file.attribute("/symmetry_limit", "motif_ring_high", p.motif_ring.high);
  file.attribute("/symmetry_limit", "significance", p.significance);
}

}  // namespace vitrobeam
