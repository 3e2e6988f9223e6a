// What every subcommand file provides, and the steps they share.
#pragma once
#include <string>
#include <vector>

#include "base/run_control.hpp"
#include "io/run_record.hpp"
#include "options/settings.hpp"

namespace vitrobeam {

// Each subcommand is one file drivers/<name>.cpp with a function of this kind, run_<name>, which
// main.cpp declares; it returns the exit status or throws Error.
using CommandFunction = int (*)(const std::vector<std::string>& arguments);

// Commands that another one starts.
int run_plot(const std::vector<std::string>& arguments);
int run_symmetry_limit(const std::vector<std::string>& arguments);
int run_estimate_calibrate(const std::vector<std::string>& arguments);
int run_estimate_plan(const std::vector<std::string>& arguments);
int run_density_calibrate(const std::vector<std::string>& arguments);

// What `report` does once its options are known: a page about result files, at common.output.
int write_report(const std::vector<std::string>& files, const std::string& title,
                 const CommonSettings& common);

// Parses; answers --help and --write-template itself (returns false: nothing more to do), and
// --help-man, --help-words and --help-table, from which manual pages, completions and tests of
// options are made; sets log level and threads.
bool begin(Settings& settings, CommonSettings& common, const std::vector<std::string>& arguments);

// Refuses an output that exists or that another run is writing, or the journal of an interrupted
// run (without --force or
// --resume), or a folder that does not exist; exit status 2. A dry run may name none.
void check_output(const CommonSettings& common);

// The same for a run that can be resumed; false (and says so) when --resume finds its result whole.
// Collective: the leader looks (ranks.hpp).
bool start_output(const CommonSettings& common, const RunRecord& record);

// What a computation hears of this run: --threads, --progress, interruption, the log.
RunControl run_control(const CommonSettings& common);

// Says that a run was interrupted before it wrote anything; the exit status for it.
int nothing_written();

// The record with parameters, INI text, version, revision, seed, threads filled in; `inputs` are
// hashed (sha256) by name.
RunRecord start_record(const Settings& settings, const CommonSettings& common,
                       const std::vector<std::string>& inputs);

}  // namespace vitrobeam
