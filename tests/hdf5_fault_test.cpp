// A memory fault inside the HDF5 library, which it has on some damaged files, is told from one of
// ours: the first ends the program as an unreadable file does, the second is never hidden. Faults
// are made here: the library's H5Lexists stands in this file, and so does the allocation that ours
// makes between two of its calls.
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <new>

#include "base/error.hpp"
#include "drivers/crash_report.hpp"
#include "io/hdf5.hpp"
#include "io/hdf5_watch.hpp"
#include "tests/sanitized.hpp"

using namespace vitrobeam;

namespace {

bool library_fails = false, library_loops = false;
std::size_t allocation_fails = 0;  // of this many bytes or more

}  // namespace

extern "C" int H5Lexists(std::int64_t file, const char* path, std::int64_t access) {
  if (library_fails) raise(SIGSEGV);
  for (volatile bool again = library_loops; again;) {
  }
  using Function = int (*)(std::int64_t, const char*, std::int64_t);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "H5Lexists"));
  return real(file, path, access);
}

#ifndef __SANITIZE_ADDRESS__
void* operator new(std::size_t size) {
  if (allocation_fails > 0 && size >= allocation_fails) raise(SIGSEGV);
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif

namespace {

struct End {
  int status;  // of waitpid
  std::string said;
};

// How a process ends that reports crashes and does this.
End end_of(const std::function<void()>& work) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    for (const int number : {SIGSEGV, SIGABRT}) signal(number, SIG_DFL);  // not doctest's
    dup2(ends[1], STDERR_FILENO);
    report_crashes();
    work();
    _exit(0);
  }
  close(ends[1]);
  End end{};
  std::array<char, 256> part{};
  for (ssize_t n; (n = read(ends[0], part.data(), part.size())) > 0;)
    end.said.append(part.data(), std::size_t(n));
  close(ends[0]);
  REQUIRE(waitpid(child, &end.status, 0) == child);
  return end;
}

constexpr std::size_t kValues = 20000;
const std::string kLongName(5000, 'n');

struct File {
  std::string path =
      (std::filesystem::temp_directory_path() / ("fault_" + std::to_string(::getpid()) + ".h5"))
          .string();
  File() {
    Hdf5Writer file(path);
    file.write("/a", std::vector<double>(kValues, 1.0));
    file.write("/" + kLongName, std::vector<double>(2, 1.0));
    file.commit();
  }
  ~File() { std::filesystem::remove(path); }
};

}  // namespace

TEST_CASE("a fault of the HDF5 library is an unreadable file, named" * doctest::skip(kSanitized)) {
  const File file;
  const End end = end_of([&] {
    const Hdf5Reader reader(file.path);
    library_fails = true;
    reader.exists("/a");
  });
  CHECK(WIFEXITED(end.status));
  CHECK(WEXITSTATUS(end.status) == int(Fault::input));
  CHECK(end.said.find(file.path) != std::string::npos);
}

TEST_CASE("what the HDF5 library never ends with is an unreadable file, named") {
  const File file;
  const End end = end_of([&] {
    watch_hdf5_library(SIGVTALRM, 1);
    const Hdf5Reader reader(file.path);
    for (volatile bool again = true; again;) {  // ours may take its time
      timespec used{};
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
      again = used.tv_sec < 2;
    }
    library_loops = true;
    reader.exists("/a");
  });
  CHECK(WIFEXITED(end.status));
  CHECK(WEXITSTATUS(end.status) == int(Fault::input));
  CHECK(end.said.find(file.path) != std::string::npos);
}

TEST_CASE("a fault of ours while a file is read is none of the library" *
          doctest::skip(kSanitized)) {
  const File file;
  const auto is_ours = [](const End& end) {
    return WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSEGV && end.said.empty();
  };
  SUBCASE("between two calls of the library") {
    CHECK(is_ours(end_of([&] {
      const Hdf5Reader reader(file.path);
      allocation_fails = kValues * sizeof(double);
      reader.read<double>("/a");
    })));
  }
  SUBCASE("in what the library calls back") {
    CHECK(is_ours(end_of([&] {
      const Hdf5Reader reader(file.path);
      allocation_fails = kLongName.size();
      reader.tree();
    })));
  }
  SUBCASE("after it was read") {
    CHECK(is_ours(end_of([&] {
      Hdf5Reader(file.path).read<double>("/a");
      raise(SIGSEGV);
    })));
  }
}
