#include "drivers/log.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"
#include "base/printable.hpp"
#include "io/new_file.hpp"

namespace vitrobeam {
namespace {

// One JSON object per line. The file is made with the first of them, so that a call that is refused
// leaves none.
class JsonSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit JsonSink(std::string path) : path_(std::move(path)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& m) override {
    if (!file_.is_open()) open();
    const double time = std::chrono::duration<double>(m.time.time_since_epoch()).count();
    const auto level = spdlog::level::to_string_view(m.level);
    file_ << nlohmann::json{{"time", time},
                            {"level", std::string(level.data(), level.size())},
                            {"message", std::string(m.payload.data(), m.payload.size())}}
                 .dump()
          << '\n';
  }
  void flush_() override { file_.flush(); }

 private:
  void open() {
    NewFile(path_).keep();
    file_.open(path_, std::ios::app);
    if (!file_) fail(Fault::machine, "--log-json {}: cannot be written", path_);
  }
  std::string path_;
  std::ofstream file_;
};

// Turns the first warning into an error, for --strict.
class StrictSink final : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& m) override {
    if (m.level == spdlog::level::warn)
      throw Error(Fault::physics, fmt::format("--strict: {}", fmt::string_view(m.payload.data(),
                                                                               m.payload.size())));
  }
  void flush_() override {}
};

}  // namespace

std::string option_name(std::string_view field) {
  std::string name = "--";
  for (const char c : field) name += c == '_' ? '-' : c;
  return name;
}

bool is_log(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) && line.starts_with("{\"level\":\"") &&
         line.find("\"time\":") != std::string::npos;
}

void start_log(const LogSettings& c) {
  const auto level = spdlog::level::from_str(c.level);
  if (level == spdlog::level::off && c.level != "off")
    fail(Fault::usage, "--log-level '{}': expected trace, debug, info, warning, error or off",
         c.level);
  auto console = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  console->set_pattern("vitrobeam: %^%l%$: %v");
  auto log = std::make_shared<spdlog::logger>("vitrobeam", console);
  if (!c.json.empty() && c.is_leader) log->sinks().push_back(std::make_shared<JsonSink>(c.json));
  if (c.strict) log->sinks().push_back(std::make_shared<StrictSink>());
  log->set_error_handler([](const std::string& message) { throw Error(Fault::physics, message); });
  log->set_level(c.is_leader ? level : std::max(level, spdlog::level::err));
  spdlog::set_default_logger(log);
}

void log_information(const std::string& text) { spdlog::info("{}", printable(text)); }
void log_warning(const std::string& text) { spdlog::warn("{}", printable(text)); }

}  // namespace vitrobeam
