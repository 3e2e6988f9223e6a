// What every analysis does around its computation: one input, dry run, record, start of the output,
// the result file, the last line.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "drivers/command.hpp"
#include "io/hdf5.hpp"
#include "io/result_file.hpp"

namespace vitrobeam {

// The one positional argument. Error{usage} naming the command and `what` it wants: "the patterns".
const std::string& single_input(const Settings& settings, const std::string& what);

struct Production {
  std::string title;                // of the file: "strain"; empty: no interchange layout
  std::vector<std::string> inputs;  // files, hashed into the record
  std::function<void()> predict;    // prints what --dry-run says
  std::function<void(const RunControl&)> compute;
  std::function<void(Hdf5Writer&)> store;  // everything but axes, interchange layout, record
  std::function<void()> summarise;         // prints; the name of the file follows
  // Axes of patterns that were stored, which other programs then find; empty: there are none.
  std::function<DiffractionAxes()> axes = {};
  std::function<void(RunRecord&)> audit = {};  // adds to the record what the computation found
  std::string remark = {};                     // printed behind the name of the file
  std::function<void()> after = {};            // once the file stands: further ones
  bool only_prints_without_output = false;     // else an output must be named
  double bytes = 0;  // of the output, where known beforehand: so much must be free on its disk
};
// Runs it; the exit status. Nothing is written where it is interrupted or fails.
int produce(const Settings& settings, const CommonSettings& common, const Production& p);
// The same where the record and the output stand ready.
void finish(const CommonSettings& common, RunRecord record, const Production& p);

}  // namespace vitrobeam
