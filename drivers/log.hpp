// What the program tells beside its results: lines on standard error, and JSON for --log-json.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>

namespace vitrobeam {

struct LogSettings {
  std::string level;      // --log-level
  std::string json;       // file; empty: none
  bool strict = false;    // the first warning becomes Error{physics}
  bool is_leader = true;  // other processes report errors only
};
// Whether a file looks like what --log-json writes.
bool is_log(const std::string& path);

void start_log(const LogSettings& settings);

// A field of the settings as the command line writes it: q_max is --q-max.
std::string option_name(std::string_view field);

void log_information(const std::string& text);
void log_warning(const std::string& text);

template <typename... Args>
void inform(fmt::format_string<Args...> text, Args&&... args) {
  log_information(fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
void warn(fmt::format_string<Args...> text, Args&&... args) {
  log_warning(fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace vitrobeam
