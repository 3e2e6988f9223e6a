// Other programs that a command runs.
#pragma once
#include <string>
#include <vector>

namespace vitrobeam {

// Runs a program in a folder, its output in the file `log` there; the exit status, 127 if it cannot
// start, -1 if it ended otherwise.
int run_program(const std::string& program, const std::vector<std::string>& arguments,
                const std::string& folder, const std::string& log);

}  // namespace vitrobeam
