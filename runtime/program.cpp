#include "runtime/program.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace vitrobeam {

int run_program(const std::string& program, const std::vector<std::string>& arguments,
                const std::string& folder, const std::string& log) {
  const pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    std::vector<char*> argv;
    std::string name = program;
    std::vector<std::string> copies = arguments;
    argv.push_back(name.data());
    for (auto& a : copies) argv.push_back(a.data());
    argv.push_back(nullptr);
    if (chdir(folder.c_str()) != 0 || !std::freopen(log.c_str(), "w", stdout) || dup2(1, 2) < 0)
      _exit(127);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace vitrobeam
