#include "drivers/command.hpp"

#include <omp.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

#include "base/error.hpp"
#include "drivers/log.hpp"
#include "drivers/output_files.hpp"
#include "io/digest.hpp"
#include "options/version.hpp"
#include "runtime/interruption.hpp"
#include "runtime/progress.hpp"
#include "runtime/ranks.hpp"

namespace vitrobeam {
namespace {

// The cores that this process may use, its share of the machine when several processes run there.
int threads_of_one_rank() {
  const int bound = omp_get_num_procs(),
            share = int(sysconf(_SC_NPROCESSORS_ONLN)) / ranks().on_this_node();
  if (ranks().count() > 1 && bound < share)
    inform("each process is bound to {} of its {} cores; mpirun --bind-to none lets it use all",
           bound, share);
  return ranks().count() == 1 ? bound : std::clamp(share, 1, bound);
}

}  // namespace

bool begin(Settings& settings, CommonSettings& common, const std::vector<std::string>& arguments) {
  if (const std::string last = arguments.empty() ? "" : arguments.back(); last == "--help-man") {
    settings.print_manual(std::cout);
    return false;
  } else if (last == "--help-words") {
    settings.print_option_words(std::cout);
    return false;
  } else if (last == "--help-table") {
    settings.print_option_table(std::cout);
    return false;
  }
  settings.parse(arguments);
  if (common.help) {
    settings.print_help(std::cout);
    return false;
  }
  if (common.write_template) {
    std::cout << settings.ini_template();
    return false;
  }
  if (!common.log_json.empty() && ranks().is_leader())
    check_new_file("--log-json", common.log_json,
                   common.force || (common.resume && is_log(common.log_json)));
  start_log({common.log_level, common.log_json, common.strict, ranks().is_leader()});
  if (common.threads == 0) common.threads = threads_of_one_rank();
  catch_interruptions();
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is a full disk, not a death
  return true;
}

void check_output(const CommonSettings& common) {
  namespace fs = std::filesystem;
  if (common.output.empty() && common.dry_run) return;
  if (common.output.empty()) fail(Fault::usage, "no output: give -o FILE");
  check_new_file("-o", common.output, common.force);
  if (const std::string journal = common.output + ".journal";
      fs::exists(journal) && !common.force && !common.resume)
    fail(Fault::usage,
         "{}: holds the finished positions of an interrupted run; give --resume to continue it, or "
         "--force to start over",
         journal);
}

bool start_output(const CommonSettings& common, const RunRecord& record) {
  bool is_whole = false;
  if (ranks().is_leader()) {
    is_whole = common.resume && is_complete(common.output, record);
    if (is_whole)
      std::cout << common.output << " is whole already; nothing to resume\n";
    else
      check_output(common);
  }
  return ranks().from_leader(is_whole ? "whole" : "") != "whole";
}

RunControl run_control(const CommonSettings& common) {
  RunControl run;
  run.threads = common.threads;
  run.progress = [line = std::make_shared<ProgressLine>(common.progress)](
                     const RunControl::Step& step) { (*line)(step); };
  run.stop = interrupted;
  run.note = [](Remark kind, const Message& text) {
    const std::string words = text.with_fields(option_name);
    kind == Remark::warning ? warn("{}", words) : inform("{}", words);
  };
  return run;
}

int nothing_written() {
  std::cerr << "vitrobeam: interrupted; nothing was written, start again\n";
  return 130;
}

RunRecord start_record(const Settings& settings, const CommonSettings& common,
                       const std::vector<std::string>& inputs) {
  RunRecord r;
  r.command = settings.command();
  r.parameters = settings.record();
  r.ini = settings.ini();
  r.audit = {{"version", "", version()},
             {"revision", "", revision()},
             {"seed", "", std::int64_t(common.seed)}};
  name_run(r, inputs, version());
  return r;
}

}  // namespace vitrobeam
