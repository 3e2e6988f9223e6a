// HDF5 files hold exactly what was put in, whoever reads them, appear whole or not at all, and
// depend on nothing but the data.
#include "io/hdf5.hpp"
#include "io/new_file.hpp"
#include "io/whole_file.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/error.hpp"
#include "base/random.hpp"
#include "io/compression.hpp"
#include "tests/folder.hpp"

using namespace vitrobeam;
namespace fs = std::filesystem;

namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A pattern like a recorded one: noise inside a disc, zero outside.
Stack<float> disc_patterns(std::size_t count, std::size_t n, std::uint64_t seed) {
  Stack<float> out({count, n, n});
  RandomSequence random(seed, 0);
  for (std::size_t p = 0; p < count; ++p)
    for (std::size_t y = 0; y < n; ++y)
      for (std::size_t x = 0; x < n; ++x)
        if (std::hypot(double(y) - n / 2., double(x) - n / 2.) < n / 3.)
          out.values[(p * n + y) * n + x] = float(random.uniform() * 1e-6);
  return out;
}

std::string message_of(const std::function<void()>& action, Fault expected) {
  try {
    action();
  } catch (const Error& e) {
    CHECK(e.fault() == expected);
    return e.what();
  }
  FAIL("no error was raised");
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what is unpacked is what was packed, for every element size") {
  RandomSequence random(1, 0);
  for (std::size_t size : {1u, 2u, 3u, 4u, 8u, 16u})
    for (std::size_t count : {1u, 7u, 64u, 1000u})
      for (int level : {1, 6, 12}) {
        std::vector<unsigned char> data(size * count), back(size * count, 1);
        for (auto& b : data)
          b = random.uniform() < 0.5 ? 0 : static_cast<unsigned char>(random.below(256));
        const auto packed = compress_chunk(data.data(), size, count, level);
        decompress_chunk(packed, back.data(), size, count, "test");
        CHECK(back == data);
      }
}

TEST_CASE("noise in the low bytes is stored, in blocks, and comes back") {
  RandomSequence random(3, 1);
  for (const std::size_t count : {4096, 65535, 65536, 200001}) {
    std::vector<float> data(count), back(count);
    for (float& v : data) v = float(random.uniform());
    const auto packed = compress_chunk(data.data(), 4, count, 1);
    CHECK(packed.size() < 4 * count);
    decompress_chunk(packed, back.data(), 4, count, "test");
    CHECK(back == data);
  }
}

TEST_CASE("a damaged block is refused by name") {
  const std::vector<float> data(500, 1.5f);
  std::vector<float> back(500);
  auto packed = compress_chunk(data.data(), 4, 500, 1);
  packed.resize(packed.size() - 3);
  const auto message = message_of(
      [&] { decompress_chunk(packed, back.data(), 4, 500, "journal.bin"); }, Fault::input);
  CHECK(contains(message, "journal.bin"));
}

TEST_CASE("every kind of value is read back as it was written") {
  const Folder folder;
  const std::string path = folder / "kinds.h5";
  const Stack<float> patterns = disc_patterns(6, 16, 3);
  const std::vector<std::complex<float>> wave = {{1, 2}, {-3, 0.5f}};
  const std::vector<double> doubles = {1. / 3, -1e300, 5e-324};
  const std::vector<std::string> names = {"icosahedron", "", "<0,0,12,0> \xc3\x85"};
  {
    Hdf5Writer file(path);
    file.write_compressed("/a/patterns", patterns);
    file.write("/a/wave", wave);
    file.write("/doubles", doubles);
    file.write<std::int64_t>("/big", std::vector<std::int64_t>{INT64_MIN, INT64_MAX});
    file.write<std::uint8_t>("/mask", std::vector<std::uint8_t>{0, 1, 255});
    file.write<float>("/empty", Shape{0, 3}, {});
    file.write_number("/scalar", 2.5);
    file.write_bool("/flag", true);
    file.write_strings("/names", names);
    file.write_string("/title", "glass");
    file.link("/a/patterns", "/b/c/linked");
    file.attribute("/a", "number", 0.1);
    file.attribute("/a", "count", 3);
    file.attribute("/a", "yes", true);
    file.attribute("/a", "text", "Cu64.5Zr35.5");
    file.attribute("/a", "texts", names);
    file.attribute("/a", "numbers", doubles);
    file.attribute("/a/patterns", "units", "first");
    file.attribute("/a/patterns", "units", "fraction");  // the later one counts
    file.fixed_string_attribute("/doubles", "dtype", "float64");
    file.commit();
  }
  const Hdf5Reader file(path);
  CHECK(file.read<float>("/a/patterns").values == patterns.values);
  CHECK(file.read<float>("/b/c/linked").values == patterns.values);
  CHECK(file.info("/a/patterns").shape == Shape{6, 16, 16});
  CHECK(file.info("/a/patterns").chunk == Shape{1, 16, 16});
  CHECK(file.info("/a/patterns").type == StoredType::float32);
  CHECK(file.info("/a/patterns").stored_bytes < 6 * 16 * 16 * 4);
  CHECK(file.read<std::complex<float>>("/a/wave").values == wave);
  CHECK(file.read<std::complex<double>>("/a/wave").values[1] == std::complex<double>(-3, 0.5));
  CHECK(file.read<double>("/doubles").values == doubles);
  CHECK(file.read<std::int64_t>("/big").values == std::vector<std::int64_t>{INT64_MIN, INT64_MAX});
  CHECK(file.read<float>("/mask").values == std::vector<float>{0, 1, 255});
  CHECK(file.read<float>("/empty").shape == Shape{0, 3});
  CHECK(file.read_number<double>("/scalar") == 2.5);
  CHECK(file.read_number<int>("/flag") == 1);
  CHECK(file.info("/flag").type == StoredType::boolean);
  CHECK(file.read_strings("/names") == names);
  CHECK(file.read_strings("/title") == std::vector<std::string>{"glass"});
  CHECK(file.number_attribute("/a", "number") == 0.1);
  CHECK(std::get<std::int64_t>(file.attribute("/a", "count")) == 3);
  CHECK(std::get<bool>(file.attribute("/a", "yes")));
  CHECK(file.string_attribute("/a", "text") == "Cu64.5Zr35.5");
  CHECK(std::get<std::vector<std::string>>(file.attribute("/a", "texts")) == names);
  CHECK(std::get<std::vector<double>>(file.attribute("/a", "numbers")) == doubles);
  CHECK(file.string_attribute("/a/patterns", "units") == "fraction");
  CHECK(file.string_attribute("/doubles", "dtype") == "float64");
  CHECK(file.string_attribute("/a", "absent", "otherwise") == "otherwise");
  CHECK(file.attribute_names("/a") ==
        std::vector<std::string>{"count", "number", "numbers", "text", "texts", "yes"});
  CHECK(file.children("/a") == std::vector<std::string>{"patterns", "wave"});
  for (const auto& entry : file.tree())
    if (entry.path == "/b/c/linked") CHECK(entry.same_as == "/a/patterns");
}

TEST_CASE("a hyperslab is the same part of the whole") {
  const Folder folder;
  const std::string path = folder / "slab.h5";
  Stack<float> all({3, 4, 5, 6});
  for (std::size_t i = 0; i < all.size(); ++i) all.values[i] = float(i);
  {
    Hdf5Writer file(path);
    file.write_compressed("/all", all);
    file.commit();
  }
  const Hdf5Reader file(path);
  const auto part = file.read<double>("/all", {1, 2}, {2, 1});
  CHECK(part.shape == Shape{2, 1, 5, 6});
  for (std::size_t y = 0; y < 2; ++y)
    for (std::size_t i = 0; i < 30; ++i)
      CHECK(part.values[y * 30 + i] == all.values[((1 + y) * 4 + 2) * 30 + i]);
  const auto message = message_of([&] { file.read<double>("/all", {2, 0}, {2, 1}); }, Fault::input);
  CHECK(contains(message, "axis 0"));
}

TEST_CASE("chunks packed by several threads make the bytes that one thread makes, edges included") {
  const Folder folder;
  const Stack<float> all =
      disc_patterns(10, 12, 5);  // 10 patterns in chunks of 4: the last is partly empty
  const auto write = [&](const std::string& path, int threads) {
    std::vector<std::vector<std::byte>> packed(3);
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t)
      workers.emplace_back([&, t] {
        for (std::size_t c = std::size_t(t); c < 3; c += std::size_t(threads)) {
          std::vector<float> chunk(4 * 144);
          const std::size_t first = c * 4 * 144,
                            count = std::min<std::size_t>(4 * 144, all.size() - first);
          std::copy_n(all.values.begin() + std::ptrdiff_t(first), count, chunk.begin());
          packed[c] = compress_chunk(chunk.data(), 4, chunk.size(), 1);
        }
      });
    workers.clear();
    Hdf5Writer file(path);
    file.create_chunked<float>("/simulation/patterns", {10, 12, 12}, {4, 12, 12});
    for (std::size_t c = 0; c < 3; ++c)
      file.write_chunk("/simulation/patterns", {c, 0, 0}, packed[c]);
    file.attribute("/simulation/patterns", "units", "1");
    file.commit();
  };
  write(folder / "one.h5", 1);
  write(folder / "three.h5", 3);
  CHECK(Hdf5Reader(folder / "one.h5").read<float>("/simulation/patterns").values == all.values);
  CHECK(bytes_of(folder / "one.h5") == bytes_of(folder / "three.h5"));
}

TEST_CASE("h5py reads the same values") {
  if (std::system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") != 0) {
    MESSAGE("skipped: python3-h5py is not installed");
    return;
  }
  const Folder folder;
  const Stack<float> all = disc_patterns(3, 33, 8);
  {
    Hdf5Writer file(folder / "file.h5");
    file.write_compressed("/patterns", all);
    file.write_bool("/flag", true);
    file.write<std::complex<double>>("/wave", std::vector<std::complex<double>>{{1, 2}});
    file.attribute("/", "text", "variable");
    file.attribute("/", "flag", false);
    file.commit();
  }
  std::ofstream(folder / "raw", std::ios::binary)
      .write(reinterpret_cast<const char*>(all.values.data()), std::streamsize(all.size() * 4));
  std::ofstream(folder / "check.py") << R"(
import h5py, numpy, sys
f = h5py.File(sys.argv[1] + '/file.h5', 'r')
d = f['patterns']
assert d.compression == 'gzip' and d.shuffle and d.chunks == (1, 33, 33)
assert d[()].tobytes() == open(sys.argv[1] + '/raw', 'rb').read()
assert f['flag'][()] is numpy.bool_(True) or f['flag'][()] == True and f['flag'].dtype == bool
assert f['wave'].dtype == numpy.complex128 and f['wave'][0] == 1 + 2j
assert f.attrs['text'] == 'variable' and h5py.check_string_dtype(f.attrs.get_id('text').dtype).length is None
assert f.attrs['flag'].dtype == bool
)";
  CHECK(std::system(
            ("/usr/bin/python3 " + folder / "check.py" + " " + folder.path.string()).c_str()) == 0);
}

TEST_CASE("a file appears whole or not at all") {
  const Folder folder;
  const std::string path = folder / "result.h5";
  { Hdf5Writer(path).write("/values", std::vector<float>(100)); }
  CHECK(fs::is_empty(folder.path));
  {
    Hdf5Writer file(path);
    file.write("/values", std::vector<float>(100));
    CHECK_FALSE(fs::exists(path));
    file.commit();
  }
  CHECK(fs::exists(path));
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("a user's file or link beside the output is not touched while it is written") {
  const Folder folder;
  const std::string path = folder / "result.h5", part = path + ".part", victim = folder / "victim";
  write_text(victim, "precious");
  fs::create_symlink(victim, part);
  fs::create_symlink(victim, path);
  {
    Hdf5Writer file(path);
    file.write("/values", std::vector<float>(100));
    file.commit();
  }
  CHECK(fs::is_symlink(part));
  CHECK(!fs::is_symlink(path));
  CHECK(fs::file_size(victim) == 8);
  write_text(part, "table");  // in place of the link, not of what it leads to
  CHECK(fs::file_size(victim) == 8);
  CHECK(fs::file_size(part) == 5);
  CHECK(create_temporary(path) != create_temporary(path));
}

TEST_CASE("a full disk is an error of the machine and leaves nothing") {
  const Folder folder;
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{200000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const auto message = message_of(
      [&] {
        Hdf5Writer file(folder / "large.h5");
        for (int i = 0; i < 10; ++i)
          file.write("/part" + std::to_string(i), std::vector<float>(20000, 1.f));
        file.commit();
      },
      Fault::machine);
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK(contains(message, "large.h5"));
  CHECK(fs::is_empty(folder.path));
  const auto absent = message_of([&] { Hdf5Writer(folder / "no/such/folder.h5"); }, Fault::machine);
  CHECK(contains(absent, "No such file"));
}

TEST_CASE("what is wrong with an input file is reported") {
  const Folder folder;
  const std::string path = folder / "file.h5";
  {
    Hdf5Writer file(path);
    file.write("/simulation/patterns", std::vector<float>(3));
    file.write_string("/title", "glass");
    file.commit();
  }
  const Hdf5Reader file(path);
  CHECK(contains(message_of([&] { file.read<float>("/pattern/patterns"); }, Fault::input),
                 "/simulation/patterns"));
  CHECK(contains(message_of([&] { file.read<float>("/simulation"); }, Fault::input), "group"));
  CHECK(contains(message_of([&] { file.read<float>("/title"); }, Fault::input), "string"));
  CHECK(contains(
      message_of([&] { file.read<std::complex<float>>("/simulation/patterns"); }, Fault::input),
      "float32"));
  CHECK(contains(message_of([&] { file.number_attribute("/title", "units"); }, Fault::input),
                 "no attribute 'units'"));
  CHECK(contains(message_of([&] { Hdf5Reader(folder / "absent.h5"); }, Fault::input),
                 "no such file"));
  std::ofstream(folder / "text.h5") << "not HDF5";
  CHECK(contains(message_of([&] { Hdf5Reader(folder / "text.h5"); }, Fault::input),
                 "not an HDF5 file"));
  const std::string whole = bytes_of(path);
  std::ofstream(folder / "cut.h5", std::ios::binary) << whole.substr(0, whole.size() / 2);
  CHECK(contains(message_of([&] { Hdf5Reader(folder / "cut.h5"); }, Fault::input), "cut short"));
}
