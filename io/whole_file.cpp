#include "io/whole_file.hpp"

#include <span>

#include "io/new_file.hpp"

namespace vitrobeam {
namespace {

void write_whole(const std::string& path, std::span<const std::byte> bytes) {
  NewFile file(path);
  file.write(bytes);
  file.keep();
}

}  // namespace

void write_bytes(const std::string& path, const std::vector<std::byte>& bytes) {
  write_whole(path, bytes);
}

void write_text(const std::string& path, const std::string& text) {
  write_whole(path, std::as_bytes(std::span(text)));
}

}  // namespace vitrobeam
