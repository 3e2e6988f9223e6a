// Numbers about this machine that runs of this user share: the file vitrobeam/NAME in the cache
// folder ($XDG_CACHE_HOME, else ~/.cache).
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace vitrobeam {

// The `count` positive numbers that an earlier run kept under `key`, or those of measure(), which
// are kept then. A folder that cannot be written costs a measurement every time.
std::vector<double> remembered(const std::string& name, const std::string& key, std::size_t count,
                               const std::function<std::vector<double>()>& measure);

}  // namespace vitrobeam
