// The one way in which a user's mistake stops the program, and the exit status that it carries.
#pragma once
#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace vitrobeam {

// The value is the exit status of the program.
enum class Fault {
  usage = 2,    // the command line or the configuration
  input = 3,    // an input file: name it, the line or dataset, and what was expected
  physics = 4,  // a request that has no valid answer on this grid, cell or detector
  machine = 5,  // disk full, memory, permissions
};

class Error : public std::runtime_error {
 public:
  Error(Fault fault, const std::string& message) : std::runtime_error(message), fault_(fault) {}
  Fault fault() const { return fault_; }

 private:
  Fault fault_;
};

// The message says what is wrong, which value, and what to do about it.
template <typename... Args>
[[noreturn]] void fail(Fault fault, fmt::format_string<Args...> message, Args&&... args) {
  throw Error(fault, fmt::format(message, std::forward<Args>(args)...));
}

}  // namespace vitrobeam
