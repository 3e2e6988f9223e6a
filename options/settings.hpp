// The parameters of a command. One struct field plus one line here defines a parameter everywhere:
// command-line option, INI key, --help, HDF5 attribute.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/run_record.hpp"

namespace vitrobeam {

// Whether the text of option --`name` can be read; throws Error{usage} if not.
using TextCheck = std::function<void(const std::string& text, const std::string& name)>;

// One parameter: how its text becomes the field, and the field its text.
struct Parameter {
  std::string name{}, unit{}, help{}, section{}, placeholder{};
  bool is_flag = false, is_list = false, is_recorded = true, is_of_pattern = false;
  bool is_number = false, is_whole = false, is_choice = false;
  std::string default_text{}, before_it_was{};
  // Parses, checks against the limits of the parameter given, stores; throws Error{usage}.
  std::function<void(const Parameter&, const std::string&)> set{};
  std::function<std::vector<std::string>()> texts{};  // canonical values; none = not set
  std::function<ParameterValue()> value{};

  // Limits on a number; a value outside is refused with the reason.
  Parameter& above(double bound);
  Parameter& at_least(double bound);
  Parameter& at_most(double bound);
  Parameter&
  not_recorded();  // where the run went and how it was shown: never part of what it computed
  // It shapes simulated patterns: patterns that differ in it are not of one kind.
  Parameter& of_pattern();
  // What a stored run did that does not name it, because it is older than the parameter.
  Parameter& was_before(std::string text);
  // A text is more than a name: `check` reads it as it is given, and throws Error{usage}.
  Parameter& reads(TextCheck check_of_text);

  // Of a number; those of its unit (quantity.hpp), unless stated.
  double low = -std::numeric_limits<double>::infinity(),
         high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  TextCheck check{};
};

class Settings {
 public:
  // `positional` names what stands on the command line without an option, for the usage line
  // ("ATOMS", "PATTERNS LIBRARY").
  Settings(std::string command, std::string summary,
           std::vector<std::string> positional_names = {});

  void section(std::string title) { section_ = std::move(title); }
  Parameter& add(std::string name, double& field, std::string unit, std::string help);
  Parameter& add(std::string name, std::optional<double>& field, std::string unit,
                 std::string help);
  // One number, or several: "a,b,c" and FIRST:STEP:LAST.
  Parameter& add(std::string name, std::vector<double>& field, std::string unit, std::string help);
  Parameter& add(std::string name, int& field, std::string help);
  Parameter& add(std::string name, std::uint64_t& field, std::string help);
  Parameter& add(std::string name, bool& field, std::string help);
  Parameter& add(std::string name, std::string& field, std::string placeholder, std::string help);
  Parameter& add(std::string name, std::vector<std::string>& field, std::string placeholder,
                 std::string help);
  // One of named values: {{"soft", ApertureEdge::soft}, {"hard", ApertureEdge::hard}}. Further
  // names of a value are accepted, but not shown.
  template <typename Enum>
  Parameter& add(std::string name, Enum& field, std::vector<std::pair<std::string, Enum>> choices,
                 std::string help) {
    std::vector<std::string> names, shown;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      const auto same = [&](const auto& c) { return c.second == choices[i].second; };
      const auto first = std::find_if(choices.begin(), choices.end(), same);
      if (first == choices.begin() + std::ptrdiff_t(i)) shown.push_back(choices[i].first);
      names.push_back(choices[i].first);
    }
    return add_choice(
        std::move(name), names, shown, std::move(help),
        [&field, choices](std::size_t i) { field = choices[i].second; },
        [&field, choices] {
          std::size_t i = 0;
          while (i + 1 < choices.size() && choices[i].second != field) ++i;
          return i;
        });
  }

  // Rules of parameters that exclude or need one another; what breaks one is Error{usage} naming
  // both, before anything is read.
  void one_of(std::vector<std::string> names);
  void needs(const std::vector<std::string>& names, const std::string& other,
             const std::string& why = "");
  void excludes(const std::string& name, const std::string& value,
                const std::vector<std::string>& others, const std::string& why);

  // Reads command line, then INI file (--config), then leaves defaults. Throws Error{usage}; an
  // unknown name is answered with the nearest known one. `arguments` excludes program and command.
  void parse(const std::vector<std::string>& arguments);
  // What was not given yet, from the text of another run, as ini() made it. A file of data says
  // what was computed and nothing else: parameters that are not recorded (output, log, threads) are
  // left alone. Throws Error{input} naming `source`, where the text is from.
  void parse_ini_text(const std::string& text, const std::string& source);

  const std::vector<std::string>& positional() const { return positional_; }
  void set_positional(std::vector<std::string> files) { positional_ = std::move(files); }
  const std::vector<std::string>& positional_names() const { return positional_names_; }
  bool was_given(std::string_view name) const;
  void print_help(std::ostream& out) const;
  void print_manual(std::ostream& out) const;        // a page of man, from the same table
  void print_option_words(std::ostream& out) const;  // a line an option: name, choices or unit
  // Everything that is known of an option without running, a line each, with tabs; and the rules.
  void print_option_table(std::ostream& out) const;
  std::string ini() const;           // text that reproduces the run
  std::string ini_template() const;  // every parameter with its help, commented out at its default
  std::vector<ParameterRecord> record() const;          // for the result file
  std::vector<ParameterRecord> pattern_record() const;  // of those, what shapes patterns
  const std::string& command() const { return command_; }

 private:
  Parameter& add_parameter(Parameter p);
  void give(Parameter& p, const std::string& text);
  Parameter& add_choice(std::string name, std::vector<std::string> names,
                        const std::vector<std::string>& shown, std::string help,
                        std::function<void(std::size_t)> set, std::function<std::size_t()> get);
  Parameter* find(std::string_view name) const;
  void read_config(const std::string& path);
  void read_ini(std::istream& lines, const std::string& source, bool only_recorded);
  void check_values_follow(const std::vector<std::string>& words) const;
  bool is_on(const std::string& name) const;
  bool is_ruled_out(const std::string& name) const;  // by what the command line says
  std::string as_given(const std::string& name) const;
  void check_rules() const;
  [[noreturn]] void fail_unknown(const std::string& name, const std::string& where) const;

  std::string command_, summary_, section_ = "Options";
  std::vector<std::string> positional_names_, positional_, given_;
  std::vector<std::string> given_on_line_;
  std::vector<std::unique_ptr<Parameter>> parameters_;

  struct Needed {
    std::string name, other, why;
  };
  struct Excluded {
    std::string name, value;
    std::vector<std::string> others;
    std::string why;
  };
  std::vector<std::vector<std::string>> one_of_;
  std::vector<Needed> needed_;
  std::vector<Excluded> excluded_;
};

// What every command takes.
struct CommonSettings {
  std::string output, config, log_level = "info", log_json, progress = "auto";
  bool force = false, write_template = false, dry_run = false, resume = false, strict = false,
       help = false;
  int threads = 0;  // 0 = all
  std::uint64_t seed = 1;
};
void add_common(Settings& settings, CommonSettings& common);

}  // namespace vitrobeam
