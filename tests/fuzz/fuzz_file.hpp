// A reader must read a file or refuse it with Error{input}, whatever its bytes. Every other end is
// a fault: another error, another exception, what the sanitizers see, no end at all.
#pragma once
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

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

// Whether libhdf5 1.10.8 never ends with these bytes: an object of a global heap that does not lead
// to a next one (H5HG__cache_heap_deserialize). The program ends such a read by a timer
// (io/hdf5_watch.hpp); a target would do little else than wait.
inline bool is_endless_heap(const std::string& bytes) {
  constexpr std::size_t kHeader = 16;  // of a collection, and of an object in it
  const auto number = [&](std::size_t at, int size) {
    std::uint64_t value = 0;
    for (int k = size; k-- > 0;)
      value = value << 8 | static_cast<unsigned char>(bytes[at + std::size_t(k)]);
    return value;
  };
  for (auto heap = bytes.find("GCOL\1"); heap != std::string::npos;
       heap = bytes.find("GCOL\1", heap + 1)) {
    if (heap + kHeader > bytes.size()) break;
    const std::size_t end =
        heap + std::min<std::uint64_t>(number(heap + 8, 8), bytes.size() - heap);
    for (std::size_t at = heap + kHeader; at + kHeader <= end;) {
      const std::uint64_t size = number(at + 8, 8),
                          need = number(at, 2) > 0 ? kHeader + (size + 7) / 8 * 8 : size;
      if (need == 0 || need > ~std::uint64_t(0) / 2) return true;
      if (need > end - at) break;
      at += need;
    }
  }
  return false;
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
