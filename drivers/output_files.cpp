#include "drivers/output_files.hpp"

#include <unistd.h>

#include <filesystem>

#include "base/error.hpp"
#include "runtime/output_lock.hpp"
#include "runtime/ranks.hpp"

namespace vitrobeam {

void check_new_file(const std::string& option, const std::string& name, bool force) {
  namespace fs = std::filesystem;
  const fs::path path(name), folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder))
    fail(Fault::usage, "{} {}: the folder {} does not exist", option, name, folder.string());
  if (access(folder.c_str(), W_OK) != 0)
    fail(Fault::usage, "{} {}: the folder {} cannot be written to", option, name, folder.string());
  if (fs::is_directory(path)) fail(Fault::usage, "{} {}: is a folder; name a file", option, name);
  if (fs::exists(fs::symlink_status(path)) && !force)  // a link that leads nowhere, too
    fail(Fault::usage, "{} {}: exists; give --force to overwrite it, or another name", option,
         name);
  if (!lock_output(name))
    fail(Fault::usage,
         "{} {}: another run is writing it; wait until that ends, or name another file", option,
         name);
}

void check_free_space(const std::string& name, double bytes) {
  const std::filesystem::path path(name),
      folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  if (error || bytes <= double(space.available)) return;
  constexpr double kGB = 1e9;
  fail(Fault::machine,
       "{}: the run needs {:.3g} GB on the disk, and {:.3g} GB are free there; write elsewhere, or "
       "store less",
       name, bytes / kGB, double(space.available) / kGB);
}

void check_further_file(const std::string& option, const std::string& name,
                        const CommonSettings& common) {
  if (name.empty() || !ranks().is_leader()) return;
  if (common.resume && std::filesystem::exists(common.output)) return;
  check_new_file(option, name, common.force);
}

}  // namespace vitrobeam
