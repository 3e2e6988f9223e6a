// Structure files from their text: what the reader makes of it, remarks and error included.
#pragma once
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "io/structure_file.hpp"

namespace vitrobeam {

struct ReadText {
  Atoms atoms;
  std::vector<std::string> notes;
  std::string error;
  std::size_t frames = 0;
};

inline ReadText read_text(const std::string& content, StructureReadOptions options = {}) {
  const std::string path = (std::filesystem::temp_directory_path() /
                            ("vitrobeam_text_" + std::to_string(::getpid()) + ".x"))
                               .string();
  std::ofstream(path, std::ios::binary) << content;
  ReadText out;
  options.need_cell = false;
  options.note = [&](const Message& text) { out.notes.push_back(text.plain()); };
  try {
    out.frames = Trajectory(path, options).size();
    out.atoms = read_structure(path, options);
  } catch (const Error& e) {
    out.error = e.what();
  }
  std::filesystem::remove(path);
  return out;
}

// Shows the text where the part is not in it.
inline bool mentions(const std::string& text, const std::string& part) {
  if (text.find(part) == std::string::npos) MESSAGE(text);
  return text.find(part) != std::string::npos;
}

inline StructureReadOptions with_types(std::vector<int> numbers) {
  StructureReadOptions options;
  options.types = std::move(numbers);
  return options;
}

inline StructureReadOptions with_frame(int number) {
  StructureReadOptions options;
  options.frame = number;
  return options;
}

// The glass of the examples; `source` is the project's folder.
inline Atoms example_glass(const std::string& source) {
  return read_structure(source + "/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz");
}

}  // namespace vitrobeam
