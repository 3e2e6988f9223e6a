#include "drivers/produce.hpp"

#include <filesystem>
#include <iostream>

#include "base/error.hpp"
#include "drivers/output_files.hpp"

namespace vitrobeam {

const std::string& single_input(const Settings& settings, const std::string& what) {
  if (settings.positional().size() != 1)
    fail(Fault::usage, "{0}: name {1}: vitrobeam {0} {2} -o OUT.h5", settings.command(), what,
         settings.positional_names().empty() ? "FILE" : settings.positional_names().front());
  return settings.positional().front();
}

int produce(const Settings& settings, const CommonSettings& common, const Production& p) {
  if (common.dry_run) {
    if (!(common.resume && std::filesystem::exists(common.output))) check_output(common);
    if (!common.output.empty()) check_free_space(common.output, p.bytes);
    p.predict();
    return 0;
  }
  if (p.only_prints_without_output && common.output.empty()) {
    p.compute(run_control(common));
    p.summarise();
    return 0;
  }
  if (!common.output.empty()) check_free_space(common.output, p.bytes);
  const RunRecord record = start_record(settings, common, p.inputs);
  if (start_output(common, record)) finish(common, record, p);
  return 0;
}

void finish(const CommonSettings& common, RunRecord record, const Production& p) {
  p.compute(run_control(common));
  Hdf5Writer file(common.output);
  p.store(file);
  if (p.audit) p.audit(record);
  const DiffractionAxes axes = p.axes ? p.axes() : DiffractionAxes{};
  if (p.axes) write_axes(file, axes);
  if (!p.title.empty()) write_interchange(file, axes, record, p.title);
  write_record(file, record);
  file.commit();
  if (p.summarise) p.summarise();
  std::cout << fmt::format("wrote       {}{}\n", common.output,
                           p.remark.empty() ? "" : fmt::format(" ({})", p.remark));
  if (p.after) p.after();
}

}  // namespace vitrobeam
