// INI files, the user's own and those that a result carries.
#include <cstdint>

#include "options/settings.hpp"
#include "tests/fuzz/fuzz_file.hpp"

using namespace vitrobeam;

namespace {

struct Parameters {
  double energy = 200;
  std::vector<double> thickness;
  int count = 1;
  bool flag = false;
  std::string name;
  CommonSettings common;
};

Settings describe(Parameters& p) {
  Settings o("fuzz", "parameters of every kind");
  o.add("energy", p.energy, "kV", "a number").above(0);
  o.add("thickness", p.thickness, "Angstrom", "numbers");
  o.add("count", p.count, "a whole number").at_least(0);
  o.add("flag", p.flag, "yes or no");
  o.add("name", p.name, "TEXT", "text");
  add_common(o, p.common);
  return o;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string path = folder.save("a.ini", text);
  fuzz::must_read_or_refuse(
      [&] {
        Parameters p;
        describe(p).parse({"--config", path});
      },
      Fault::usage);
  fuzz::must_read_or_refuse([&] {
    Parameters p;
    describe(p).parse_ini_text(text, "a.h5");
    if (p.common.force || !p.common.output.empty() || !p.common.log_json.empty()) std::abort();
  });
  return 0;
}
