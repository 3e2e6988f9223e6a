// That two runs do not write one output: a lock by name, which leaves no file and ends with the
// process, however that ends.
#pragma once
#include <string>

namespace vitrobeam {

// Takes the file `path`, which need not exist, for this process until it ends; taking it twice is
// fine. False while another process of this machine has it. Runs on several machines are told
// apart by the locks of their journals alone.
bool lock_output(const std::string& path);

}  // namespace vitrobeam
