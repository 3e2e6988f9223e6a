#include "studies/library_unit.hpp"

#include <cstdint>
#include <cstring>

#include "base/error.hpp"

namespace vitrobeam {

std::vector<std::byte> UnitResult::bytes() const {
  std::vector<std::byte> out;
  for (const auto* v : {&patterns, &mean, &covariance}) {
    const std::uint64_t n = v->size();
    const auto* size = reinterpret_cast<const std::byte*>(&n);
    out.insert(out.end(), size, size + sizeof n);
    const auto* data = reinterpret_cast<const std::byte*>(v->data());
    out.insert(out.end(), data, data + n * sizeof(float));
  }
  return out;
}

UnitResult UnitResult::from(const std::vector<std::byte>& bytes) {
  UnitResult r;
  std::size_t at = 0;
  for (auto* v : {&r.patterns, &r.mean, &r.covariance}) {
    std::uint64_t n = 0;
    if (at + sizeof n > bytes.size()) fail(Fault::machine, "a unit of the journal is cut off");
    std::memcpy(&n, bytes.data() + at, sizeof n);
    at += sizeof n;
    if (n > (bytes.size() - at) / sizeof(float))
      fail(Fault::machine, "a unit of the journal is cut off");
    v->resize(n);
    std::memcpy(v->data(), bytes.data() + at, n * sizeof(float));
    at += n * sizeof(float);
  }
  return r;
}

}  // namespace vitrobeam
