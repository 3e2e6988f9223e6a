// A file on its way: under a name of its own until it is whole.
#pragma once
#include <cstddef>
#include <span>
#include <string>

namespace vitrobeam {

// Makes a new empty file in the folder of `path`, under a name that nothing else has and nobody can
// predict: never one that is there, never through a link. Returns its name. Error{machine}.
std::string create_temporary(const std::string& path);

// Such a file, which gets the name `path` in the end, or goes.
class NewFile {
 public:
  explicit NewFile(std::string path);  // Error{machine}
  ~NewFile();                          // removes it unless kept
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::span<const std::byte> bytes);  // appends; Error{machine}
  // Gives it the name `path`; what stood there is replaced, a link itself and not what it leads to.
  void keep();

 private:
  void close();
  std::string path_, temporary_;
  int file_ = -1;
};

}  // namespace vitrobeam
