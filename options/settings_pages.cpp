// The table of parameters as a manual page and as words for a shell's completion.
#include <fmt/format.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>

#include <ostream>

#include "options/settings.hpp"
#include "options/version.hpp"

namespace vitrobeam {
namespace {

// Text for troff: no line begins with a control character, hyphens are hyphens.
std::string troff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return char(std::toupper(c)); });
  return text;
}

std::string dashed(std::string text) {
  std::replace(text.begin(), text.end(), ' ', '-');
  return text;
}

}  // namespace

void Settings::print_manual(std::ostream& out) const {
  const std::string page = "vitrobeam-" + dashed(command_);
  out << fmt::format(".TH {} 1 \"\" \"vitrobeam {}\"\n.SH NAME\n{} \\- {}\n", upper(troff(page)),
                     version(), troff(page), troff(summary_));
  out << ".SH SYNOPSIS\n.B vitrobeam " << troff(command_);
  for (const auto& word : positional_names_) out << ' ' << troff(word);
  out << "\n[options]\n";
  std::string section;
  for (const auto& p : parameters_) {
    if (p->section != section) out << ".SH " << upper(troff(section = p->section)) << '\n';
    out << ".TP\n.B \\-\\-" << troff(p->name);
    if (!p->is_flag) out << ' ' << troff(p->placeholder);
    out << '\n' << troff(p->help);
    if (p->is_list) out << " (repeatable)";
    if (!p->is_flag && !p->default_text.empty()) out << " [" << troff(p->default_text) << ']';
    out << '\n';
  }
}

void Settings::print_option_words(std::ostream& out) const {
  for (const auto& p : parameters_)
    out << "--" << p->name << (p->is_flag ? "" : "\t" + p->placeholder) << '\n';
}

void Settings::print_option_table(std::ostream& out) const {
  for (const auto& p : parameters_) {
    const std::string kind = p->is_flag     ? "flag"
                             : p->is_whole  ? "whole"
                             : p->is_number ? "number"
                             : p->is_choice ? "choice"
                             : p->check     ? "form"
                                            : "text";
    out << fmt::format("option\t{}\t{}\t{}\t{}\t{}{}\t{}\t{}\t{}\n", p->name, kind, p->placeholder,
                       p->unit, p->low_open ? ">" : "", p->low, p->high,
                       p->is_list ? "list" : "once", p->default_text);
  }
  for (const auto& names : one_of_) out << fmt::format("one-of\t{}\n", fmt::join(names, "\t"));
  for (const auto& rule : needed_) out << fmt::format("needs\t{}\t{}\n", rule.name, rule.other);
  for (const auto& rule : excluded_)
    out << fmt::format("excludes\t{}\t{}\t{}\n", rule.name, rule.value,
                       fmt::join(rule.others, "\t"));
}

}  // namespace vitrobeam
