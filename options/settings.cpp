#include "options/settings.hpp"

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <ostream>
#include <sstream>

#include "base/error.hpp"
#include "io/provenance.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"
#include "options/version.hpp"

namespace vitrobeam {
namespace {

namespace po = boost::program_options;

std::string text_of(double v) { return fmt::format("{}", v); }

void check_limits(const Parameter& p, double v) {
  const std::string unit = p.unit.empty() ? "" : " " + p.unit;
  if (p.low_open ? v <= p.low : v < p.low)
    fail(Fault::usage, "--{} {}{}: must be {} {}{}", p.name, v, unit,
         p.low_open ? "above" : "at least", p.low, unit);
  if (v > p.high)
    fail(Fault::usage, "--{} {}{}: must be at most {}{}", p.name, v, unit, p.high, unit);
}

template <typename Integer>
Integer parse_integer(const std::string& text, const std::string& name) {
  Integer v{};
  const char *first = text.data(), *last = first + text.size();
  if (const auto [end, error] = std::from_chars(first, last, v);
      error == std::errc() && end == last)
    return v;
  // 1e4 and 1000.0 are whole numbers too
  const double d = parse_quantity(text, "", name);
  if (d != std::floor(d) || std::abs(d) > 9e15 || (std::is_unsigned_v<Integer> && d < 0))
    fail(Fault::usage, "--{} '{}': expected a{} whole number", name, text,
         std::is_unsigned_v<Integer> ? " non-negative" : "");
  return Integer(d);
}

bool parse_bool(const std::string& text, const std::string& name) {
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off") return false;
  fail(Fault::usage, "--{} '{}': expected true or false", name, text);
}

std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
  std::istringstream words(text);
  std::string out, word;
  std::size_t column = 0;
  while (words >> word) {
    if (column + word.size() + 1 > width && column > 0) {
      out += '\n' + std::string(indent, ' ');
      column = 0;
    }
    if (column > 0) out += ' ';
    out += word;
    column += word.size() + 1;
  }
  return out;
}

std::string with_words(std::string text, const std::vector<std::string>& words) {
  for (const auto& w : words) text += ' ' + w;
  return text;
}

}  // namespace

Parameter& Parameter::above(double bound) {
  low = bound;
  low_open = true;
  return *this;
}
Parameter& Parameter::at_least(double bound) {
  low = bound;
  low_open = false;
  return *this;
}
Parameter& Parameter::at_most(double bound) {
  high = bound;
  return *this;
}
Parameter& Parameter::not_recorded() {
  is_recorded = false;
  return *this;
}
Parameter& Parameter::of_pattern() {
  is_of_pattern = true;
  return *this;
}

Parameter& Parameter::was_before(std::string text) {
  before_it_was = std::move(text);
  return *this;
}

Parameter& Parameter::reads(TextCheck check_of_text) {
  check = std::move(check_of_text);
  return *this;
}

Settings::Settings(std::string command, std::string summary,
                   std::vector<std::string> positional_names)
    : command_(std::move(command)),
      summary_(std::move(summary)),
      positional_names_(std::move(positional_names)) {}

Parameter& Settings::add_parameter(Parameter p) {
  p.section = section_;
  if (const auto t = p.texts(); !t.empty() && !p.is_list) p.default_text = t.front();
  if (p.is_number && !p.is_whole) {
    const Limits range = unit_range(p.unit);
    p.low = range.low;
    p.high = range.high;
  }
  parameters_.push_back(std::make_unique<Parameter>(std::move(p)));
  return *parameters_.back();
}

namespace {

double parse_limited(const Parameter& p, const std::string& text) {
  const double v = parse_quantity(text, p.unit, p.name);
  check_limits(p, v);
  return v;
}

std::string placeholder_of(const std::string& unit) { return unit.empty() ? "NUMBER" : unit; }

}  // namespace

Parameter& Settings::add(std::string name, double& field, std::string unit, std::string help) {
  return add_parameter(
      {.name = std::move(name),
       .unit = unit,
       .help = std::move(help),
       .placeholder = placeholder_of(unit),
       .is_number = true,
       .set = [&field](const Parameter& p, const std::string& t) { field = parse_limited(p, t); },
       .texts = [&field] { return std::vector{text_of(field)}; },
       .value = [&field] { return ParameterValue(field); }});
}

Parameter& Settings::add(std::string name, std::optional<double>& field, std::string unit,
                         std::string help) {
  using Texts = std::vector<std::string>;
  return add_parameter(
      {.name = std::move(name),
       .unit = unit,
       .help = std::move(help),
       .placeholder = placeholder_of(unit),
       .is_number = true,
       .set = [&field](const Parameter& p, const std::string& t) { field = parse_limited(p, t); },
       .texts = [&field] { return field ? Texts{text_of(*field)} : Texts{}; },
       .value =
           [&field] { return field ? ParameterValue(*field) : ParameterValue(std::string()); }});
}

Parameter& Settings::add(std::string name, std::vector<double>& field, std::string unit,
                         std::string help) {
  const auto text = [&field] { return fmt::format("{}", fmt::join(field, ",")); };
  return add_parameter(
      {.name = std::move(name),
       .unit = unit,
       .help = std::move(help),
       .placeholder = placeholder_of(unit),
       .is_number = true,
       .set =
           [&field](const Parameter& p, const std::string& t) {
             const auto values = parse_list(t, p.unit, p.name);
             for (const double v : values) check_limits(p, v);
             field = values;
           },
       .texts = [&field,
                 text] { return field.empty() ? std::vector<std::string>{} : std::vector{text()}; },
       .value =
           [&field, text] {
             return field.size() == 1 ? ParameterValue(field[0]) : ParameterValue(text());
           }});
}

Parameter& Settings::add(std::string name, int& field, std::string help) {
  return add_parameter({.name = std::move(name),
                        .help = std::move(help),
                        .placeholder = "N",
                        .is_number = true,
                        .is_whole = true,
                        .set =
                            [&field](const Parameter& p, const std::string& t) {
                              const auto v = parse_integer<std::int64_t>(t, p.name);
                              check_limits(p, double(v));
                              if (!std::in_range<int>(v))
                                fail(Fault::usage, "--{} {}: out of range; give at most {}", p.name,
                                     v, std::numeric_limits<int>::max());
                              field = int(v);
                            },
                        .texts = [&field] { return std::vector{fmt::format("{}", field)}; },
                        .value = [&field] { return ParameterValue(std::int64_t(field)); }});
}

Parameter& Settings::add(std::string name, std::uint64_t& field, std::string help) {
  return add_parameter({.name = std::move(name),
                        .help = std::move(help),
                        .placeholder = "N",
                        .is_number = true,
                        .is_whole = true,
                        .set =
                            [&field](const Parameter& p, const std::string& t) {
                              const auto v = parse_integer<std::uint64_t>(t, p.name);
                              if (!std::in_range<std::int64_t>(v))  // as it is recorded
                                fail(Fault::usage, "--{} {}: out of range; give at most {}", p.name,
                                     v, std::numeric_limits<std::int64_t>::max());
                              field = v;
                            },
                        .texts = [&field] { return std::vector{fmt::format("{}", field)}; },
                        .value = [&field] { return ParameterValue(std::int64_t(field)); }});
}

Parameter& Settings::add(std::string name, bool& field, std::string help) {
  return add_parameter(
      {.name = std::move(name),
       .help = std::move(help),
       .is_flag = true,
       .set = [&field](const Parameter& p, const std::string& t) { field = parse_bool(t, p.name); },
       .texts = [&field] { return std::vector<std::string>{field ? "true" : "false"}; },
       .value = [&field] { return ParameterValue(field); }});
}

Parameter& Settings::add(std::string name, std::string& field, std::string placeholder,
                         std::string help) {
  return add_parameter(
      {.name = std::move(name),
       .help = std::move(help),
       .placeholder = std::move(placeholder),
       .set = [&field](const Parameter&, const std::string& t) { field = t; },
       .texts =
           [&field] { return field.empty() ? std::vector<std::string>{} : std::vector{field}; },
       .value = [&field] { return ParameterValue(field); }});
}

Parameter& Settings::add(std::string name, std::vector<std::string>& field, std::string placeholder,
                         std::string help) {
  return add_parameter(
      {.name = std::move(name),
       .help = std::move(help),
       .placeholder = std::move(placeholder),
       .is_list = true,
       .set = [&field](const Parameter&, const std::string& t) { field.push_back(t); },
       .texts = [&field] { return field; },
       .value = [&field] { return ParameterValue(field); }});
}

Parameter& Settings::add_choice(std::string name, std::vector<std::string> names,
                                const std::vector<std::string>& shown, std::string help,
                                std::function<void(std::size_t)> set,
                                std::function<std::size_t()> get) {
  return add_parameter({.name = std::move(name),
                        .help = std::move(help),
                        .placeholder = fmt::format("{}", fmt::join(shown, "|")),
                        .is_choice = true,
                        .set =
                            [names, shown, set](const Parameter& p, const std::string& t) {
                              const auto i = std::find(names.begin(), names.end(), t);
                              if (i == names.end())
                                fail(Fault::usage,
                                     "--{} '{}': expected one of {}; did you mean '{}'?", p.name, t,
                                     p.placeholder, nearest(t, shown));
                              set(std::size_t(i - names.begin()));
                            },
                        .texts = [names, get] { return std::vector{names[get()]}; },
                        .value = [names, get] { return ParameterValue(names[get()]); }});
}

Parameter* Settings::find(std::string_view name) const {
  for (auto& p : parameters_)
    if (p->name == name) return p.get();
  return nullptr;
}

void Settings::give(Parameter& p, const std::string& text) {
  if (!was_given(p.name)) given_.push_back(p.name);
  if (p.check && !text.empty()) p.check(text, p.name);
  p.set(p, text);
}

bool Settings::was_given(std::string_view name) const {
  return std::find(given_.begin(), given_.end(), name) != given_.end();
}

void Settings::fail_unknown(const std::string& name, const std::string& where) const {
  std::vector<std::string> names;
  for (const auto& p : parameters_) names.push_back(p->name);
  fail(Fault::usage, "{}unknown {} '{}'; did you mean '{}'? (vitrobeam {} --help lists them)",
       where, where.empty() ? "option" : "key", (where.empty() ? "--" : "") + name,
       (where.empty() ? "--" : "") + nearest(name, names), command_);
}

// Else the next option would be taken for the value.
void Settings::check_values_follow(const std::vector<std::string>& words) const {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Parameter* p = words[i].starts_with("--") ? find(words[i].substr(2)) : nullptr;
    if (!p || p->is_flag) continue;
    if (++i == words.size()) fail(Fault::usage, "--{}: needs a value", p->name);
    if (words[i].starts_with("--"))
      fail(Fault::usage, "--{}: needs a value, and {} follows", p->name, words[i]);
  }
}

void Settings::parse(const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  for (const auto& a : arguments)
    words.push_back(a == "-o" ? "--output" : a == "-h" ? "--help" : a);

  check_values_follow(words);
  po::options_description known;
  for (const auto& p : parameters_) {
    auto* value = po::value<std::vector<std::string>>();
    known.add_options()(p->name.c_str(), p->is_flag ? value->zero_tokens() : value->composing());
  }
  known.add_options()("positional", po::value<std::vector<std::string>>());
  po::positional_options_description positions;
  positions.add("positional", -1);
  namespace style = po::command_line_style;
  po::parsed_options parsed(&known);
  try {
    // no short options: "-100" is a value, not an option
    parsed = po::command_line_parser(words)
                 .options(known)
                 .positional(positions)
                 .style(style::allow_long | style::long_allow_adjacent | style::long_allow_next)
                 .run();
  } catch (const po::unknown_option& e) {
    std::string name = e.get_option_name();
    fail_unknown(name.substr(name.find_first_not_of('-')), "");
  } catch (const po::error& e) {
    fail(Fault::usage, "{} (vitrobeam {} --help)", e.what(), command_);
  }
  std::vector<std::pair<Parameter*, std::string>> values;
  for (const auto& o : parsed.options) {
    if (o.string_key == "positional") {
      for (const auto& v : o.value) {
        if (v.size() > 1 && v[0] == '-' && !std::isdigit(static_cast<unsigned char>(v[1])) &&
            v[1] != '.')
          fail_unknown(v.substr(1), "");
        positional_.push_back(v);
      }
      continue;
    }
    values.emplace_back(find(o.string_key), o.value.empty() ? "true" : o.value.front());
  }
  for (const auto& [p, text] : values) {
    if (was_given(p->name) && !p->is_list)
      fail(Fault::usage, "--{} {}: given twice", p->name, text);
    if (text.empty()) fail(Fault::usage, "--{} '': needs a value", p->name);
    give(*p, text);
  }
  given_on_line_ = given_;
  if (Parameter* config = find("config"); config && !config->texts().empty())
    read_config(config->texts().front());
  check_rules();
  if (positional_.size() > positional_names_.size() &&
      (positional_names_.empty() || !positional_names_.back().ends_with("...")))
    fail(Fault::usage, "unexpected argument '{}'; usage: vitrobeam {} {}", positional_.back(),
         command_, fmt::join(positional_names_, " "));
}

void Settings::parse_ini_text(const std::string& text, const std::string& source) {
  std::istringstream lines(text);
  try {
    read_ini(lines, source, true);
    for (const auto& p : parameters_)
      if (!p->before_it_was.empty() && !was_given(p->name)) {
        given_.push_back(p->name);
        p->set(*p, p->before_it_was);
      }
  } catch (const Error& e) {
    throw Error(Fault::input, e.message());
  }
}

void Settings::read_config(const std::string& path) {
  std::error_code none;
  if (std::filesystem::is_directory(path, none))
    fail(Fault::usage, "--config {}: is a folder", path);
  std::ifstream file(path);
  if (!file) fail(Fault::usage, "--config {}: cannot be read", path);
  read_ini(file, path, false);
}

void Settings::read_ini(std::istream& lines, const std::string& source, bool only_recorded) {
  const std::vector<std::string> given_before = given_;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream text(line);
    po::options_description none;
    po::parsed_options parsed(&none);
    try {
      parsed = po::parse_config_file(text, none, true);
    } catch (const po::error& e) {
      fail(Fault::usage, "{}:{}: {}; expected `name = value`", source, number, e.what());
    }
    for (const auto& o : parsed.options) {
      Parameter* p = find(o.string_key);
      if (!p) fail_unknown(o.string_key, fmt::format("{}:{}: ", source, number));
      if (only_recorded && !p->is_recorded) continue;
      if (std::find(given_before.begin(), given_before.end(), p->name) != given_before.end())
        continue;
      if (is_ruled_out(p->name)) continue;
      try {
        give(*p, o.value.empty() ? "" : o.value.front());
      } catch (const Error& e) {
        fail(e.fault(), "{}:{}: {}", source, number, e.what());
      }
    }
  }
}

void Settings::print_help(std::ostream& out) const {
  out << fmt::format("vitrobeam {}: {}\n\nusage: vitrobeam {} [options]\n", command_, summary_,
                     with_words(command_, positional_names_));
  constexpr std::size_t kColumn = 34;
  std::vector<std::string> sections;
  for (const auto& p : parameters_)
    if (std::find(sections.begin(), sections.end(), p->section) == sections.end())
      sections.push_back(p->section);
  for (const auto& s : sections) {
    out << '\n' << s << ":\n";
    for (const auto& p : parameters_) {
      if (p->section != s) continue;
      std::string left = "  --" + p->name + (p->is_flag ? "" : " " + p->placeholder);
      if (p->name == "output") left = "  -o, --output " + p->placeholder;
      std::string help = p->help;
      if (p->is_list) help += " (repeatable)";
      if (!p->is_flag && !p->default_text.empty()) help += " [" + p->default_text + "]";
      out << left;
      if (left.size() + 2 > kColumn)
        out << '\n' << std::string(kColumn, ' ');
      else
        out << std::string(kColumn - left.size(), ' ');
      out << wrapped(help, kColumn, 100 - kColumn) << '\n';
    }
  }
}

std::string Settings::ini() const {
  std::string text = "# vitrobeam " + command_;
  for (const auto& word : positional_) text += ' ' + shell_word(word);
  text += " --config THIS_FILE -o OUTPUT\n";
  for (const auto& p : parameters_) {
    if (!p->is_recorded) continue;
    for (const auto& t : p->texts()) text += fmt::format("{} = {}\n", p->name, t);
  }
  return text;
}

std::string Settings::ini_template() const {
  std::string text = fmt::format("# vitrobeam {}: {}\n# Remove the leading # of what you change.\n",
                                 command_, summary_);
  std::string section;
  for (const auto& p : parameters_) {
    if (p->name == "help" || p->name == "config" || p->name == "write-template") continue;
    if (p->section != section) text += fmt::format("\n# ---- {}\n", section = p->section);
    text += "# " + wrapped(p->help, 0, 98) + '\n';
    for (std::size_t at = text.rfind("# ");
         (at = text.find('\n', at)) != std::string::npos && at + 1 < text.size();)
      if (text.compare(at + 1, 1, "#") != 0)
        text.insert(at + 1, "# ");
      else
        ++at;
    text += fmt::format("#{} = {}{}\n", p->name, p->default_text,
                        p->unit.empty() ? "" : "   # " + p->unit);
  }
  return text;
}

std::vector<ParameterRecord> Settings::record() const {
  std::vector<ParameterRecord> out;
  for (const auto& p : parameters_)
    if (p->is_recorded && !p->texts().empty()) out.push_back({p->name, p->unit, p->value()});
  return out;
}

std::vector<ParameterRecord> Settings::pattern_record() const {
  std::vector<ParameterRecord> out;
  for (const auto& p : parameters_)
    if (p->is_of_pattern && !p->texts().empty()) out.push_back({p->name, p->unit, p->value()});
  return out;
}

void add_common(Settings& settings, CommonSettings& c) {
  settings.section("Run");
  settings.add("output", c.output, "FILE", "file to write; an existing one is kept unless --force")
      .not_recorded();
  settings.add("force", c.force, "overwrite an existing output").not_recorded();
  settings
      .add("config", c.config, "FILE.ini",
           "read parameters from an INI file (same names as the options)")
      .not_recorded();
  settings
      .add("write-template", c.write_template, "print an INI file with every parameter and stop")
      .not_recorded();
  settings
      .add("dry-run", c.dry_run, "print grid, memory, disk and time that the run needs, and stop")
      .not_recorded();
  settings.add("resume", c.resume, "continue an interrupted run of the same parameters")
      .not_recorded();
  settings.add("threads", c.threads, "threads; 0 = all cores; results do not depend on it")
      .at_least(0)
      .at_most(4096)
      .not_recorded();
  settings.add("seed", c.seed, "seed of every random number");
  settings.add("strict", c.strict, "warnings are errors").not_recorded();
  settings.add("log-level", c.log_level, "LEVEL", "trace, debug, info, warning, error or off")
      .not_recorded()
      .reads(one_name_of({"trace", "debug", "info", "warning", "error", "off"}));
  settings.add("log-json", c.log_json, "FILE", "write the log as one JSON object per line too")
      .not_recorded();
  settings.add("progress", c.progress, "auto|always|never", "show progress on standard error")
      .not_recorded()
      .reads(one_name_of({"auto", "always", "never"}));
  settings.add("help", c.help, "print this help").not_recorded();
}

}  // namespace vitrobeam
