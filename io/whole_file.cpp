#include "io/whole_file.hpp"

#include <cstdio>
#include <fstream>
#include <span>

#include "base/error.hpp"

namespace vitrobeam {

void write_bytes(const std::string& path, const std::vector<std::byte>& bytes) {
  const std::string part = path + ".part";
  std::ofstream file(part, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
  file.close();
  if (!file || std::rename(part.c_str(), path.c_str()) != 0) {
    std::remove(part.c_str());
    fail(Fault::machine, "{}: cannot be written; free space, or choose another output", path);
  }
}

void write_text(const std::string& path, const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  write_bytes(path, {bytes.begin(), bytes.end()});
}

}  // namespace vitrobeam
