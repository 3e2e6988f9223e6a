#include "drivers/crash_report.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/error.hpp"
#include "io/hdf5.hpp"
#include "io/hdf5_watch.hpp"

namespace vitrobeam {
namespace {

void say(const char* text) {
  if (write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

// A name without control characters.
void say_name(const char* name) {
  for (; *name; ++name) {
    const auto c = static_cast<unsigned char>(*name);
    const char shown = c < 32 || c == 127 ? '?' : *name;
    if (write(STDERR_FILENO, &shown, 1) < 0) return;
  }
}

// Only what may be called in a handler.
extern "C" void on_crash(int number) {
  if (const char* file = hdf5_file_being_read()) {
    say("vitrobeam: error: ");
    say_name(file);
    say(": is damaged; the HDF5 library fails on it\n");
    _exit(int(Fault::input));
  }
  signal(number, SIG_DFL);
  raise(number);
}

extern "C" void on_watch(int) {
  if (const char* file = hdf5_file_being_read()) {
    say("vitrobeam: error: ");
    say_name(file);
    say(": is damaged; the HDF5 library does not come to an end with it\n");
    _exit(int(Fault::input));
  }
}

}  // namespace

void report_crashes() {
  struct sigaction watch {};
  watch.sa_handler = on_watch;
  watch.sa_flags = SA_RESTART;
  sigaction(SIGVTALRM, &watch, nullptr);
  watch_hdf5_library(SIGVTALRM);
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
