#include "drivers/produce.hpp"

#include <iostream>

#include "base/error.hpp"
#include "io/result_file.hpp"

namespace vitrobeam {

const std::string& single_input(const Settings& settings, const std::string& what) {
  if (settings.positional().size() != 1)
    fail(Fault::usage, "{0}: name {1}: vitrobeam {0} {2} -o OUT.h5", settings.command(), what,
         settings.positional_names().empty() ? "FILE" : settings.positional_names().front());
  return settings.positional().front();
}

int produce(const Settings& settings, const CommonSettings& common, const Production& p) {
  if (common.dry_run) {
    p.foretell();
    return 0;
  }
  if (p.only_prints_without_output && common.output.empty()) {
    p.compute(run_control(common));
    p.summarise();
    return 0;
  }
  const RunRecord record = start_record(settings, common, p.inputs);
  if (!start_output(common, record)) return 0;
  p.compute(run_control(common));
  Hdf5Writer file(common.output);
  p.store(file);
  write_interchange(file, {}, record, p.title);
  write_record(file, record);
  file.commit();
  p.summarise();
  std::cout << fmt::format("wrote       {}\n", common.output);
  return 0;
}

}  // namespace vitrobeam
