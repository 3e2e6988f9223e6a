#include "io/position_record.hpp"

#include <algorithm>
#include <cstdint>

#include "base/error.hpp"
#include "io/compression.hpp"

namespace vitrobeam {
namespace {

// intensity_out, configurations, detectors, errors, then the planes, each behind its length.
void append_record(std::vector<std::byte>& unit, PositionRecord r) {
  const auto put = [&](const void* data, std::size_t size) {
    const auto* p = static_cast<const std::byte*>(data);
    unit.insert(unit.end(), p, p + size);
  };
  put(&r.intensity_out, sizeof r.intensity_out);
  put(&r.configurations, sizeof r.configurations);
  put(r.detectors.data(), r.detectors.size() * sizeof(double));
  put(r.errors.data(), r.errors.size() * sizeof(double));
  for (const auto* chunk : r.planes()) {
    const std::uint64_t size = chunk->size();
    put(&size, sizeof size);
    put(chunk->data(), chunk->size());
  }
}

template <typename Value>
std::vector<std::byte> compressed(const Plane<Value>& plane) {
  return plane.size() == 0
             ? std::vector<std::byte>{}
             : compress_chunk(plane.data(), sizeof(Value), std::size_t(plane.size()), 1);
}

template <typename Real>
PositionRecord packed(const ProbeResult<Real>& result) {
  PositionRecord r;
  r.intensity_out = result.intensity_out;
  r.detectors = result.detectors;
  r.errors.assign(result.detectors.size(), 0.0);
  r.pattern = compressed(result.pattern);
  r.exit_wave = compressed(result.exit_wave);
  return r;
}

template <typename Real>
PositionRecord packed(const ThermalAverage<Real>& average) {
  PositionRecord r = packed(average.mean());
  r.configurations = average.count();
  r.errors = average.detector_errors();
  if (average.count() > 1) r.pattern_error = compressed(average.pattern_error());
  r.elastic = compressed(average.elastic());
  r.diffuse = compressed(average.diffuse());
  return r;
}

}  // namespace

template <typename Real>
void append(std::vector<std::byte>& unit, const ProbeResult<Real>& result) {
  append_record(unit, packed(result));
}

template <typename Real>
void append(std::vector<std::byte>& unit, const ThermalAverage<Real>& average) {
  append_record(unit, packed(average));
}

std::vector<PositionRecord> position_records(const std::vector<std::byte>& unit, std::size_t depths,
                                             std::size_t detectors) {
  std::size_t at = 0;
  const auto get = [&](void* data, std::size_t size) {
    if (size > unit.size() - at) fail(Fault::machine, "a position in the journal is cut off");
    std::copy_n(unit.data() + at, size, static_cast<std::byte*>(data));
    at += size;
  };
  std::vector<PositionRecord> records(depths);
  for (PositionRecord& r : records) {
    r.detectors.resize(detectors);
    r.errors.resize(detectors);
    get(&r.intensity_out, sizeof r.intensity_out);
    get(&r.configurations, sizeof r.configurations);
    get(r.detectors.data(), detectors * sizeof(double));
    get(r.errors.data(), detectors * sizeof(double));
    for (auto* chunk : r.planes()) {
      std::uint64_t size = 0;
      get(&size, sizeof size);
      if (size > unit.size() - at) fail(Fault::machine, "a position in the journal is cut off");
      chunk->resize(size);
      get(chunk->data(), size);
    }
  }
  return records;
}

template void append(std::vector<std::byte>&, const ProbeResult<float>&);
template void append(std::vector<std::byte>&, const ProbeResult<double>&);
template void append(std::vector<std::byte>&, const ThermalAverage<float>&);
template void append(std::vector<std::byte>&, const ThermalAverage<double>&);

}  // namespace vitrobeam
