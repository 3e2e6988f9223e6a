// A reader must read a file or refuse it with Error{input}, whatever its bytes. Every other end is
// a fault: another error, another exception, what the sanitizers see, no end at all.
#pragma once
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.hpp"

namespace vitrobeam::fuzz {

// A folder in memory that is gone when this is.
class Folder {
 public:
  Folder() {
    const char* memory = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
    std::string name = std::string(memory) + "/vitrobeam_fuzz_XXXXXX";
    if (!mkdtemp(name.data())) std::abort();
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string save(const std::string& name, const std::string& bytes) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    return file.string();
  }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// A file that states more than memory holds is refused by the system; that is no fault of a reader.
template <typename Read>
void must_read_or_refuse(Read&& read, Fault other = Fault::input) {
  try {
    read();
  } catch (const Error& e) {
    if (e.fault() == Fault::input || e.fault() == other) return;
    std::fprintf(stderr, "fault %d: %s\n", int(e.fault()), e.what());
    std::abort();
  }
}

// The parts of an input that stands for several files, apart by a line "====".
inline std::string cut_part(std::string& rest) {
  constexpr std::string_view kCut = "====\n";
  const auto at = rest.find(kCut);
  const std::string part = rest.substr(0, at);
  rest = at == std::string::npos ? "" : rest.substr(at + kCut.size());
  return part;
}

}  // namespace vitrobeam::fuzz
