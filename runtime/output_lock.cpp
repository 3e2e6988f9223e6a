#include "runtime/output_lock.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

namespace vitrobeam {
namespace {

// The same for every way that leads to the file: its folder by device and number, and its name.
std::string identity(const std::filesystem::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) return {};
  return std::to_string(status.st_dev) + "-" + std::to_string(status.st_ino) + "-" +
         path.filename().string();
}

}  // namespace

bool lock_output(const std::string& path) {
  static std::set<std::string> held;
  const std::string name = identity(path);
  if (name.empty() || held.contains(name)) return true;
  // a name without a file (it begins with a zero byte): Linux frees it when the process ends
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text =
      "vitrobeam-output-" + std::to_string(std::hash<std::string>{}(name)) + "-" + name;
  const std::size_t length = std::min(text.size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path + 1, text.data(), length);
  const int lock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (lock < 0) return true;  // systems without such names do without
  const auto size = socklen_t(offsetof(sockaddr_un, sun_path) + 1 + length);
  if (bind(lock, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    const bool is_taken = errno == EADDRINUSE;
    close(lock);
    return !is_taken;
  }
  held.insert(name);  // the socket stays open until the process ends
  return true;
}

}  // namespace vitrobeam
