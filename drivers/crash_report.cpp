#include "drivers/crash_report.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/error.hpp"
#include "io/hdf5.hpp"

namespace vitrobeam {
namespace {

void say(const char* text) {
  if (write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

// Only what may be called in a handler.
extern "C" void on_crash(int number) {
  if (const char* file = hdf5_file_being_read()) {
    say("vitrobeam: error: ");
    say(file);
    say(": is damaged; the HDF5 library fails on it\n");
    _exit(int(Fault::input));
  }
  signal(number, SIG_DFL);
  raise(number);
}

}  // namespace

void report_crashes() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(VITROBEAM_FUZZ)
  static std::array<char, 1 << 16> stack;  // the crash may be that of the stack
  stack_t other{};
  other.ss_sp = stack.data();
  other.ss_size = stack.size();
  sigaltstack(&other, nullptr);
  struct sigaction action {};
  action.sa_handler = on_crash;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
    sigaction(number, &action, nullptr);
#endif
}

}  // namespace vitrobeam
