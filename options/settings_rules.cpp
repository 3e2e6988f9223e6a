// Parameters that exclude or need one another.
#include <algorithm>

#include "base/error.hpp"
#include "options/settings.hpp"

namespace vitrobeam {

void Settings::one_of(std::vector<std::string> names) { one_of_.push_back(std::move(names)); }

void Settings::needs(const std::vector<std::string>& names, const std::string& other,
                     const std::string& why) {
  for (const auto& name : names) needed_.push_back({name, other, why});
}

void Settings::excludes(const std::string& name, const std::string& value,
                        const std::vector<std::string>& others, const std::string& why) {
  excluded_.push_back({name, value, others, why});
}

// A file of a run states every parameter: what stands there at its default says nothing.
bool Settings::is_on(const std::string& name) const {
  const Parameter* p = find(name);
  if (!p || !was_given(name)) return false;
  const auto texts = p->texts();
  if (texts.empty() || (p->is_flag && texts.front() == "false")) return false;
  const bool is_of_line =
      std::find(given_on_line_.begin(), given_on_line_.end(), name) != given_on_line_.end();
  return is_of_line || texts.front() != p->default_text;
}

bool Settings::is_ruled_out(const std::string& name) const {
  for (const auto& names : one_of_)
    if (std::find(names.begin(), names.end(), name) != names.end())
      for (const auto& other : names)
        if (other != name &&
            std::find(given_on_line_.begin(), given_on_line_.end(), other) != given_on_line_.end())
          return true;
  return false;
}

std::string Settings::as_given(const std::string& name) const {
  const Parameter* p = find(name);
  return "--" + name + (p->is_flag ? "" : " " + p->texts().front());
}

void Settings::check_rules() const {
  for (const auto& names : one_of_) {
    std::vector<std::string> on;
    for (const auto& name : names)
      if (is_on(name)) on.push_back(as_given(name));
    if (on.size() > 1) fail(Fault::usage, "{}: give one of them", fmt::join(on, " and "));
  }
  for (const auto& [name, other, why] : needed_)
    if (is_on(name) && !is_on(other))
      fail(Fault::usage, "{}: has no effect without --{}{}", as_given(name), other,
           why.empty() ? "" : "; " + why);
  for (const auto& [name, value, others, why] : excluded_) {
    const Parameter* p = find(name);
    if (!p) continue;
    if (const auto texts = p->texts(); texts.empty() || texts.front() != value) continue;
    for (const auto& other : others)
      if (is_on(other))
        fail(Fault::usage, "{} and --{}{}: {}", as_given(other), name,
             p->is_flag ? "" : " " + value, why);
  }
}

}  // namespace vitrobeam
