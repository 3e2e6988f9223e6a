// Result files as `info` reads them: every object, every attribute, the audit.
#include <cstdint>

#include "io/hdf5.hpp"
#include "io/provenance.hpp"
#include "tests/fuzz/fuzz_file.hpp"

using namespace vitrobeam;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (fuzz::is_endless_heap(bytes)) return 0;
  const std::string path = folder.save("a.h5", bytes);
  fuzz::must_read_or_refuse([&] {
    const Hdf5Reader file(path);
    for (const auto& entry : file.tree()) {
      for (const auto& name : file.attribute_names(entry.path))
        fuzz::must_read_or_refuse([&] { value_text(file.attribute(entry.path, name)); });
      if (entry.is_dataset && is_number(entry.dataset.type))
        fuzz::must_read_or_refuse([&] { file.read<double>(entry.path); });
    }
    audit_lines(file);
    attribute_rows(file, "/parameters");
  });
  return 0;
}
