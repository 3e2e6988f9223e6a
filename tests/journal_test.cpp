// The journal of a run: what was kept before a kill is read back, what was cut off or damaged is
// not, and only one process writes to it.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "runtime/journal.hpp"

using namespace vitrobeam;

namespace {

struct Place {
  std::string path =
      (std::filesystem::temp_directory_path() / ("journal_test_" + std::to_string(getpid())))
          .string();
  ~Place() { std::filesystem::remove(path); }
};

std::vector<std::byte> bytes(std::size_t n, int seed) {
  std::vector<std::byte> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = std::byte((i * 31 + std::size_t(seed) * 7) % 251);
  return out;
}

}  // namespace

TEST_CASE("records survive; the one that was cut off and those behind a damaged one do not") {
  const Place place;
  {
    Journal journal(place.path, "run", true);
    for (int k = 0; k < 4; ++k) journal.append(std::uint64_t(10 + k), bytes(100 + k, k));
  }
  std::filesystem::resize_file(place.path, std::filesystem::file_size(place.path) - 1);
  {
    const Journal journal(place.path, "run", false);
    CHECK(journal.size() == 3);
    CHECK(!journal.has(13));
    CHECK(journal.read(12) == bytes(102, 2));
  }
  {
    std::fstream file(place.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-262, std::ios::end);
    file.put('\x7f');
  }
  Journal journal(place.path, "run", false);
  CHECK(journal.size() == 1);
  journal.append(11, bytes(5, 9));
  CHECK(journal.read(11) == bytes(5, 9));
  CHECK(journal.read(10) == bytes(100, 0));
}

TEST_CASE("a journal belongs to one run and one process at a time") {
  const Place place;
  {
    Journal journal(place.path, "run", true);
    journal.append(1, bytes(8, 1));
    CHECK_THROWS_AS(Journal(place.path, "run", false), Error);
    CHECK_THROWS_AS(Journal(place.path, "run", true), Error);
    CHECK(journal.read(1) == bytes(8, 1));
  }
  CHECK_THROWS_AS(Journal(place.path, "another run", false), Error);
  CHECK(Journal(place.path, "run", false).size() == 1);
  CHECK(Journal(place.path, "another run", true).size() == 0);
  CHECK(!std::filesystem::exists(place.path));
}

TEST_CASE("a file that is no journal stays as it is, and a link is not followed") {
  const Place place;
  std::ofstream(place.path) << "notes";
  CHECK_THROWS_AS(Journal(place.path, "run", false), Error);
  CHECK(std::filesystem::file_size(place.path) == 5);
  const std::string link = place.path + ".link";
  std::filesystem::create_symlink(place.path, link);
  CHECK_THROWS_AS(Journal(link, "run", true), Error);
  CHECK(std::filesystem::file_size(place.path) == 5);
  std::filesystem::remove(link);
}

TEST_CASE("bytes that change behind its back are noticed") {
  const Place place;
  Journal journal(place.path, "run", true);
  journal.append(1, bytes(64, 1));
  std::fstream file(place.path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-3, std::ios::end);
  file.put('\x01');
  file.close();
  CHECK_THROWS_AS(journal.read(1), Error);
}
