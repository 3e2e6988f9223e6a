// What a result file says about the run that made it: resolved parameters and the audit ledger.
#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace vitrobeam {

using ParameterValue =
    std::variant<double, std::int64_t, bool, std::string, std::vector<std::string>>;

struct ParameterRecord {
  std::string name, unit;  // unit is empty for what has none
  ParameterValue value;
};

struct RunRecord {
  std::string command;  // "simulate"
  std::vector<ParameterRecord>
      parameters;   // /parameters: one attribute each, <name>_unit beside a number with a unit
  std::string ini;  // /parameters/ini: text that reproduces the run
  std::vector<ParameterRecord> audit;  // /audit: one attribute each
};

}  // namespace vitrobeam
