#include "io/plan_file.hpp"

namespace vitrobeam {

void write_plan(Hdf5Writer& file, const ExperimentPlan& plan) {
  file.write("/plan/information", plan.information);
  file.attribute("/plan/information", "units", "per pattern");
  file.attribute("/plan/information", "description",
                 "Chernoff information between motifs a and b (the last is none)");
  file.write("/plan/dose", plan.doses);
  file.attribute("/plan/dose", "units", "electrons per pattern");
  file.write_strings("/plan/names", plan.names);
  file.write("/plan/independent_step", plan.step);
  file.attribute("/plan/independent_step", "units", "A");
  const auto axis = [&](const char* name, const char* units, double LibraryConditions::*field) {
    std::vector<double> values;
    for (const auto& l : plan.conditions) values.push_back(l.*field);
    file.write(std::string("/plan/") + name, values);
    file.attribute(std::string("/plan/") + name, "units", units);
  };
  axis("energy_kV", "kV", &LibraryConditions::energy_kV);
  axis("semiangle_mrad", "mrad", &LibraryConditions::semiangle_mrad);
  axis("defocus", "A", &LibraryConditions::defocus);
  axis("thickness", "A", &LibraryConditions::thickness);
  const VirtualDetector& detector = plan.detector;
  file.group("/plan/detector");
  file.attribute("/plan/detector", "separates",
                 std::vector<std::string>{plan.name(plan.motif), plan.name(plan.other)});
  file.attribute("/plan/detector", "q_inner", detector.q_inner);
  file.attribute("/plan/detector", "q_outer", detector.q_outer);
  file.attribute("/plan/detector", "sectors", std::int64_t(detector.sectors));
  file.attribute("/plan/detector", "angle_rad", detector.angle);
  file.attribute("/plan/detector", "half_width_rad", detector.half_width);
  file.attribute("/plan/detector", "standard_deviations", detector.distance);
  file.attribute("/plan", "best_condition", std::int64_t(plan.best_condition));
}

}  // namespace vitrobeam
