// The wish of a user or a batch system that the run ends: SIGINT or SIGTERM.
#pragma once

namespace vitrobeam {

// From now on the first signal is kept for interrupted(); a second one ends the process at once.
void catch_interruptions();

// True after the first signal: stop at the next unit of work, save, exit with 130.
bool interrupted();

}  // namespace vitrobeam
