// The parameter machinery: units, precedence, INI round trip, spelling help.
#include "options/settings.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.hpp"
#include "base/printable.hpp"
#include "drivers/simulate_settings.hpp"
#include "options/quantity.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

struct IniFile {
  std::string path =
      fmt::format("{}/settings-{}.ini", std::filesystem::temp_directory_path().string(), getpid());
  explicit IniFile(const std::string& text) { std::ofstream(path) << text; }
  ~IniFile() { std::filesystem::remove(path); }
};

SimulateSettings parsed(std::vector<std::string> arguments) {
  SimulateSettings s;
  describe(s).parse(arguments);
  return s;
}

std::string message(std::vector<std::string> arguments) {
  try {
    parsed(std::move(arguments));
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::usage);
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("numbers take unit suffixes") {
  CHECK(parse_quantity("200", "kV", "energy") == 200);
  CHECK(parse_quantity("200kV", "kV", "energy") == 200);
  CHECK(parse_quantity("200000 V", "kV", "energy") == approx(200));
  CHECK(parse_quantity("0.36nm", "Angstrom", "slice") == approx(3.6));
  CHECK(parse_quantity("2A", "Angstrom", "slice") == 2);
  CHECK(parse_quantity("-1e2", "Angstrom", "defocus") == -100);
  CHECK(parse_quantity("20%", "%", "wrap-limit") == 20);
  CHECK(parse_quantity("2 1/nm", "1/Angstrom", "q-max") == approx(0.2));
  CHECK_THROWS_AS(parse_quantity("3 mrad", "Angstrom", "slice"), Error);
  CHECK_THROWS_AS(parse_quantity("inf", "Angstrom", "slice"), Error);
  CHECK_THROWS_AS(parse_quantity("", "Angstrom", "slice"), Error);
}

TEST_CASE("command line wins over the file, the file over the default") {
  const IniFile ini(
      "energy = 300\nsemiangle = 1mrad  # a comment\ndetector = a=10:20\ndetector = b=20:30\nforce "
      "= true\n");
  const auto s = parsed({"x", "--config", ini.path, "--energy", "80"});
  CHECK(s.optics.energy_kV == 80);
  CHECK(s.semiangles_mrad == std::vector<double>{1});
  CHECK(s.slice == 2);
  CHECK(s.detectors == std::vector<std::string>{"a=10:20", "b=20:30"});
  CHECK(s.common.force);
}

TEST_CASE("the INI text of a run reproduces its parameters") {
  SimulateSettings s;
  Settings settings = describe(s);
  settings.parse({"x.xyz", "--energy", "80kV", "--defocus=-120", "--at", "1,2", "--at", "3,4",
                  "--exit-wave", "--potential", "lobato", "--seed", "7", "-o", "out.h5"});
  const IniFile ini(settings.ini());
  SimulateSettings again;
  Settings second = describe(again);
  second.parse({"x.xyz", "--config", ini.path});
  CHECK(second.ini() == settings.ini());
  CHECK(again.defoci == std::vector<double>{-120});
  CHECK(again.at == s.at);
  CHECK(again.exit_wave);
  CHECK(again.common.seed == 7);
  CHECK(again.common.output.empty());  // where a run went is not part of it
}

TEST_CASE("the template parses, and changes nothing until a line is uncommented") {
  SimulateSettings s;
  const std::string text = describe(s).ini_template();
  const IniFile ini(text);
  CHECK(parsed({"x", "--config", ini.path}).optics.energy_kV == s.optics.energy_kV);
  std::string changed = text;
  changed.replace(changed.find("#energy = 200"), 13, "energy = 120");
  const IniFile edited(changed);
  CHECK(parsed({"x", "--config", edited.path}).optics.energy_kV == 120);
}

TEST_CASE("a wrong name is answered with the nearest known one") {
  CHECK(message({"x", "--semiangel", "3"}).find("did you mean '--semiangle'") != std::string::npos);
  const IniFile ini("\nsliec = 2\n");
  const std::string m = message({"x", "--config", ini.path});
  CHECK(m.find(":2: unknown key 'sliec'; did you mean 'slice'") != std::string::npos);
  CHECK(message({"x", "--potential", "lobata"}).find("did you mean 'lobato'") != std::string::npos);
  CHECK(message({"x", "--energy"}) != "");
  CHECK(message({"x", "--energy", "--force"}) != "");
}

TEST_CASE("a stored text gives what was computed, behind the command line, and nothing else") {
  SimulateSettings s;
  Settings settings = describe(s);
  settings.parse({"x.xyz", "--energy", "80kV"});
  settings.parse_ini_text(
      "# vitrobeam simulate\nenergy = 300\nslice = 1.5\nlog-json = /nowhere\noutput = theirs.h5\n"
      "force = true\nthreads = 7\nconfig = other.ini\nstrict = true\n",
      "file.h5");
  CHECK(s.optics.energy_kV == 80);
  CHECK(s.slice == 1.5);
  CHECK(s.common.log_json.empty());
  CHECK(s.common.output.empty());
  CHECK(s.common.config.empty());
  CHECK(!s.common.force);
  CHECK(!s.common.strict);
  CHECK(s.common.threads == 0);
  for (const char* wrong : {"slic = 1\n", "slice = thick\n", "slice = -1\n"}) {
    SimulateSettings t;
    Settings fresh = describe(t);
    try {
      fresh.parse_ini_text(wrong, "file.h5");
      FAIL("accepted: " << wrong);
    } catch (const Error& e) {
      CHECK(e.fault() == Fault::input);
      CHECK(std::string(e.what()).find("file.h5:1") != std::string::npos);
    }
  }
}
