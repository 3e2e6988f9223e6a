#include "io/new_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <tuple>
#include <utility>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

// "folder/scan.h5.3f0c...part", no longer than a name may be.
std::string unpredictable_name(const std::string& path) {
  constexpr std::size_t kLongest = 200;
  const std::size_t name = path.find_last_of('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  std::random_device chance;
  const std::uint64_t number = std::uint64_t(chance()) << 32 | chance();
  return fmt::format("{}.{:016x}.part", path.substr(0, name + kLongest), number);
}

[[noreturn]] void fail_with(const std::string& path, int reason) {
  fail(Fault::machine, "{}: cannot be written: {}; free space, or choose another output", path,
       std::strerror(reason));
}

// The file and its name.
std::pair<int, std::string> new_temporary(const std::string& path) {
  constexpr int kTries = 16;
  for (int i = 0; i < kTries; ++i) {
    std::string name = unpredictable_name(path);
    const int file = open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file >= 0) return {file, std::move(name)};
    if (errno != EEXIST) break;
  }
  fail_with(path, errno);
}

}  // namespace

std::string create_temporary(const std::string& path) {
  const auto [file, name] = new_temporary(path);
  close(file);
  return name;
}

NewFile::NewFile(std::string path) : path_(std::move(path)) {
  std::tie(file_, temporary_) = new_temporary(path_);
}

NewFile::~NewFile() {
  if (temporary_.empty()) return;
  close();
  std::remove(temporary_.c_str());
}

void NewFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail_with(path_, n < 0 ? errno : ENOSPC);
    bytes = bytes.subspan(std::size_t(n));
  }
}

void NewFile::close() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

void NewFile::keep() {
  if (file_ >= 0 && ::close(std::exchange(file_, -1)) != 0) fail_with(path_, errno);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail_with(path_, errno);
  temporary_.clear();
}

}  // namespace vitrobeam
