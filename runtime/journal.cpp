#include "runtime/journal.hpp"

#include <fcntl.h>
#include <libdeflate.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

constexpr char kMagic[] = "vitrobeam journal 1\n";

struct Header {  // before the bytes of a record
  std::uint64_t index, size;
  std::uint32_t checksum, header_checksum;
};

std::uint32_t header_checksum(const Header& h) {
  return libdeflate_crc32(0, &h, offsetof(Header, header_checksum));
}

void write_all(int file, const void* data, std::size_t size, std::uint64_t offset,
               const std::string& path) {
  const char* p = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = pwrite(file, p, size, off_t(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      fail(Fault::machine, "{}: {}; free some space, then continue with @resume", path,
           std::strerror(n < 0 ? errno : ENOSPC));
    p += n;
    offset += std::uint64_t(n);
    size -= std::size_t(n);
  }
}

bool read_all(int file, void* data, std::size_t size, std::uint64_t offset) {
  char* p = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t n = pread(file, p, size, off_t(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    p += n;
    offset += std::uint64_t(n);
    size -= std::size_t(n);
  }
  return true;
}

std::uint32_t checksum(std::span<const std::byte> bytes) {
  return libdeflate_crc32(0, bytes.data(), bytes.size());
}

}  // namespace

bool Journal::is_journal(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return false;
  std::string head(sizeof kMagic - 1, '\0');
  const bool good = read_all(file, head.data(), head.size(), 0) && head == kMagic;
  close(file);
  return good;
}

Journal::Journal(std::string path, const std::string& identity, bool start_over)
    : path_(std::move(path)) {
  file_ = open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
  if (file_ < 0 && errno == ELOOP)
    fail(Fault::usage, "{}: is a link, which no journal of a run is; remove it or give another -o",
         path_);
  if (file_ < 0) fail(Fault::machine, "{}: {}", path_, std::strerror(errno));
  // file systems without locks do without
  if (flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(file_);
    fail(Fault::usage,
         "{}: another process is writing to it; wait until it ends, or give another -o", path_);
  }
  if (start_over && ftruncate(file_, 0) != 0)
    fail(Fault::machine, "{}: {}", path_, std::strerror(errno));
  struct stat status {};
  fstat(file_, &status);
  const auto file_size = std::uint64_t(status.st_size);
  const std::string head = kMagic + identity + "\n";
  std::string found(std::min<std::uint64_t>(head.size(), file_size), '\0');
  read_all(file_, found.data(), found.size(), 0);
  const bool is_journal = std::string(kMagic).starts_with(found.substr(0, sizeof kMagic - 1));
  if (!is_journal || !S_ISREG(status.st_mode)) {
    close(file_);
    fail(Fault::usage,
         "{}: is no journal of a run; remove it, give @force to overwrite it, or another -o",
         path_);
  }
  if (!head.starts_with(found)) {
    close(file_);
    fail(Fault::usage,
         "{}: belongs to a run with other parameters, inputs or version; repeat that run's "
         "options, or give @force to start over",
         path_);
  }
  if (found != head) {  // new, or cut off inside its first line
    if (ftruncate(file_, 0) != 0) fail(Fault::machine, "{}: {}", path_, std::strerror(errno));
    write_all(file_, head.data(), head.size(), 0, path_);
  }
  end_ = head.size();
  std::vector<std::byte> bytes;
  for (Header h{};
       read_all(file_, &h, sizeof h, end_) && h.header_checksum == header_checksum(h);) {
    if (h.size > file_size) break;
    bytes.resize(h.size);
    if (!read_all(file_, bytes.data(), h.size, end_ + sizeof h) || checksum(bytes) != h.checksum)
      break;
    records_[h.index] = {end_ + sizeof h, h.size, h.checksum};
    end_ += sizeof h + h.size;
  }
}

Journal::~Journal() {
  if (file_ < 0) return;
  close(file_);
  if (records_.empty()) std::filesystem::remove(path_);
}

void Journal::append(std::uint64_t index, std::span<const std::byte> bytes) {
  Header h{index, bytes.size(), checksum(bytes), 0};
  h.header_checksum = header_checksum(h);
  const std::lock_guard lock(mutex_);
  write_all(file_, bytes.data(), bytes.size(), end_ + sizeof h, path_);
  write_all(file_, &h, sizeof h, end_, path_);
  records_[index] = {end_ + sizeof h, bytes.size(), h.checksum};
  end_ += sizeof h + bytes.size();
}

std::vector<std::byte> Journal::read(std::uint64_t index) const {
  const Place place = records_.at(index);
  std::vector<std::byte> bytes(place.size);
  if (!read_all(file_, bytes.data(), bytes.size(), place.offset) ||
      checksum(bytes) != place.checksum)
    fail(Fault::machine, "{}: record {} cannot be read back", path_, index);
  return bytes;
}

void Journal::remove() {
  close(file_);
  file_ = -1;
  std::filesystem::remove(path_);
}

}  // namespace vitrobeam
