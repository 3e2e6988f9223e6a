// A result file has the layout that scripts and the readers of the field rely on.
#include "io/result_file.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "base/random.hpp"
#include "io/match_file.hpp"
#include "io/strain_file.hpp"
#include "tests/folder.hpp"

using namespace vitrobeam;
namespace fs = std::filesystem;

namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<double> linear(double first, double step, std::size_t n) {
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = first + step * double(i);
  return out;
}

DiffractionAxes small_scan() {
  DiffractionAxes axes;
  axes.energy_kV = 200;
  axes.scan_y = linear(4, 2, 3);
  axes.scan_x = linear(1, 2, 4);
  axes.q_y = linear(-16 * 0.02, 0.02, 32);
  axes.q_x = linear(-24 * 0.02, 0.02, 48);
  return axes;
}

RunRecord small_record() {
  RunRecord record;
  record.command = "simulate";
  record.ini = "energy = 200\n";
  record.parameters = {{"energy", "kV", 200.0},
                       {"grid", "", std::vector<std::string>{"512x480"}},
                       {"wrap", "", false},
                       {"seed", "", std::int64_t(1)}};
  record.audit = {{"atoms_read", "", std::int64_t(4000)}, {"wall_time", "s", 1.5}};
  return record;
}

void write_file(const std::string& path, const DiffractionAxes& axes, const RunRecord& record) {
  Stack<float> patterns(axes.pattern_shape());
  RandomSequence random(1, 0);
  for (auto& v : patterns.values) v = float(random.uniform());
  Hdf5Writer file(path);
  file.write_compressed("/simulation/patterns", patterns);
  write_map(file, "/simulation/detectors/HAADF", PlaneD::Constant(3, 4, 0.25),
            "fraction of incident beam");
  write_result(file, axes, record, "glass");
  file.commit();
}

}  // namespace

TEST_CASE("one file, every reader's layout") {
  if (std::system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") != 0) {
    MESSAGE("skipped: python3-h5py is not installed");
    return;
  }
  const Folder folder;
  for (const char* name : {"scan.h5", "scan.hspy"}) {
    write_file(folder / name, small_scan(), small_record());
    const std::string command =
        "/usr/bin/python3 " VITROBEAM_SOURCE_DIR "/tests/result_file_check.py " + folder / name +
        " " VITROBEAM_SOURCE_DIR "/../shared/formats/universal.h5";
    CHECK(std::system(command.c_str()) == 0);
  }
  CHECK(bytes_of(folder / "scan.h5") == bytes_of(folder / "scan.hspy"));
}

TEST_CASE("axes and record are read back as they were") {
  const Folder folder;
  write_file(folder / "scan.h5", small_scan(), small_record());
  const Hdf5Reader file(folder / "scan.h5");
  const DiffractionAxes axes = read_axes(file);
  CHECK(axes.energy_kV == 200);
  CHECK_FALSE(axes.is_list);
  CHECK(axes.scan_y == small_scan().scan_y);
  CHECK(axes.q_x == small_scan().q_x);
  CHECK(file.number_attribute("/parameters", "energy") == 200);
  CHECK(file.string_attribute("/parameters", "energy_unit") == "kV");
  CHECK(file.string_attribute("/parameters", "ini") == "energy = 200\n");
  CHECK(std::get<bool>(file.attribute("/parameters", "wrap")) == false);
  CHECK(file.number_attribute("/audit", "atoms_read") == 4000);
  CHECK(file.string_attribute("/simulation/detectors/HAADF", "units") ==
        "fraction of incident beam");
  for (const auto& entry : file.tree("/simulation"))
    if (entry.is_dataset) CHECK(file.has_attribute(entry.path, "units"));
}

TEST_CASE(
    "the same record has the same UUID, however long the run took; another record has another") {
  const Folder folder;
  const auto uuid = [&](const RunRecord& record) {
    write_file(folder / "scan.h5", small_scan(), record);
    return Hdf5Reader(folder / "scan.h5").string_attribute("/", "UUID");
  };
  RunRecord slower = small_record(), other = small_record();
  slower.audit[1].value = 2.5;
  other.parameters[0].value = 300.0;
  CHECK(uuid(small_record()) == uuid(slower));
  CHECK(uuid(small_record()) != uuid(other));
}

TEST_CASE("a list of positions has one row; a thickness axis stays out of the interchange layout") {
  const Folder folder;
  DiffractionAxes list = small_scan();
  list.is_list = true;
  list.scan_y = {1, 5, 2, 7, 3};
  list.scan_x = {3, 3, 1, 2, 9};
  write_file(folder / "list.h5", list, small_record());
  const Hdf5Reader listed(folder / "list.h5");
  CHECK(listed.info("/simulation/patterns").shape == Shape{1, 5, 32, 48});
  CHECK(listed.info("/Experiments/patterns/data").shape == Shape{1, 5, 32, 48});
  CHECK(listed.number_attribute("/Experiments/patterns/axis-1", "size") == 5);
  CHECK(read_axes(listed).scan_y == list.scan_y);
  DiffractionAxes series = small_scan();
  series.thickness = {10, 20};
  write_file(folder / "series.h5", series, small_record());
  const Hdf5Reader thick(folder / "series.h5");
  CHECK(thick.info("/simulation/patterns").shape == Shape{2, 3, 4, 32, 48});
  CHECK_FALSE(thick.exists("/datacube_root"));
  CHECK_FALSE(thick.has_attribute("/", "file_format"));
  CHECK(read_axes(thick).thickness == series.thickness);
}

TEST_CASE("maps of strain and of motifs take on the disk what is said before they are computed") {
  constexpr int kSide = 100;
  constexpr std::size_t kPositions = kSide * kSide;
  const Folder folder;
  const auto ratio = [&](double predicted, const std::function<void(Hdf5Writer&)>& write) {
    const std::string path = folder / "maps.h5";
    Hdf5Writer file(path);
    write(file);
    file.commit();
    return predicted / double(fs::file_size(path));
  };
  const auto holds = [](double r) {
    CHECK(r > 0.9);
    CHECK(r < 1.1);
  };
  StrainResult strain;
  const PlaneD map = PlaneD::Constant(kSide, kSide, 0.01);
  strain.strain.fill(map);
  strain.error.fill(map);
  strain.amplitude = strain.centre_x = strain.centre_y = map;
  strain.status = Plane<unsigned char>::Zero(kSide, kSide);
  strain.q = strain.profile = {1, 2};
  holds(ratio(strain_bytes(kPositions), [&](Hdf5Writer& file) { write_strain(file, strain); }));
  for (const std::size_t components : {0, 3}) {
    MatchResult match(kSide, kSide, {"icosahedron", "fcc", "bcc"});
    if (components > 0) match.expect_components(components);
    holds(ratio(match_bytes({kPositions, 3, components, 0}),
                [&](Hdf5Writer& file) { write_match(file, match); }));
  }
}
