// A folder of a test's own, and the messages that actions end in.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace vitrobeam {

// Removed at the end of the scope; one at a time.
struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("vitrobeam_test_" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

// Of the error that the action ends in; empty where it ends in none.
std::string message_of(const auto& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace vitrobeam
