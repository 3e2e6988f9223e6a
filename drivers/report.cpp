// vitrobeam report: one self-contained HTML page: maps, best matches, what was assumed, how to do
// it again.
#include <iostream>
#include <memory>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "io/whole_file.hpp"
#include "options/version.hpp"
#include "pictures/report_page.hpp"

namespace vitrobeam {

int write_report(const std::vector<std::string>& paths, const std::string& title,
                 const CommonSettings& common) {
  std::vector<std::unique_ptr<Hdf5Reader>> files;
  std::vector<const Hdf5Reader*> shown;
  for (const auto& path : paths) {
    files.push_back(std::make_unique<Hdf5Reader>(path));
    shown.push_back(files.back().get());
  }
  check_output(common);
  const std::string page =
      report_page(shown, title, fmt::format("vitrobeam {} ({})", version(), revision()));
  if (common.dry_run) {
    std::cout << fmt::format("page        {:.1f} MB\n", double(page.size()) / 1e6);
    return 0;
  }
  write_text(common.output, page);
  std::cout << fmt::format("wrote       {} ({:.1f} MB)\n", common.output,
                           double(page.size()) / 1e6);
  return 0;
}

int run_report(const std::vector<std::string>& arguments) {
  CommonSettings common;
  std::string title = "Electron scattering report";
  Settings settings("report", "one self-contained HTML page from result files", {"FILE..."});
  settings.section("Page");
  settings.add("title", title, "TEXT", "title of the page");
  add_common(settings, common);
  if (!begin(settings, common, arguments)) return 0;
  if (settings.positional().empty())
    fail(Fault::usage,
         "report: name one or more result files: vitrobeam report SCAN.h5 MATCH.h5 -o page.html");
  return write_report(settings.positional(), title, common);
}

}  // namespace vitrobeam
