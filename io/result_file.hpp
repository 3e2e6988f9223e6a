// The layout of a result file: /simulation beside the views of the same patterns (hard links, no
// copies) that py4DSTEM (EMD 1.0), HyperSpy, pyxem, LiberTEM and NeXus readers open without
// conversion.
#pragma once
#include <string>
#include <vector>

#include "base/array.hpp"
#include "io/hdf5.hpp"
#include "io/run_record.hpp"

namespace vitrobeam {

// One probe of a series.
struct ProbeRecord {
  double semiangle_mrad = 0, defocus = 0, cs_mm = 0;  // defocus in Angstrom
  std::string aberrations;                            // as --aberrations
  double beyond_half_cell = 0;                        // fraction of the beam
};

// Lengths in Angstrom, q = 1/d in 1/Angstrom, ascending.
struct DiffractionAxes {
  std::string group = "/simulation";   // or /measurement: where patterns and axes stand
  double energy_kV = 200;              // 0: not known, and not stored
  std::vector<double> scan_y, scan_x;  // of a raster; a list of n positions has n of each
  bool has_steps = true;               // false: their distance is not known, they are counted
  bool is_list = false;                // patterns are then [1, n, q_y, q_x]
  std::vector<double> q_y, q_x;        // rows grow with q_y, columns with q_x
  std::vector<double> thickness;       // empty: one thickness, no such axis
  std::vector<ProbeRecord> probes;     // empty: one probe, no such axis

  Shape scan_shape() const {
    return is_list ? Shape{1, scan_x.size()} : Shape{scan_y.size(), scan_x.size()};
  }
  // [probe,] [thickness,] and what follows.
  Shape with_series(const Shape& shape) const;
  Shape pattern_shape() const {
    return with_series({scan_shape()[0], scan_shape()[1], q_y.size(), q_x.size()});
  }
};

// scan_y scan_x q_y q_x [thickness] [probes/..] with units in the group, and energy_kV and the kind
// of scan on it.
void write_axes(Hdf5Writer& file, const DiffractionAxes& axes);
// Whether the positions in `group` are lengths, and no mere numbers.
bool has_scan_steps(const Hdf5Reader& file, const std::string& group);

// /parameters (each option, <name>_unit, ini, command) and /audit.
void write_record(Hdf5Writer& file, const RunRecord& record);

// A map over the scan, e.g. "/simulation/detectors/HAADF", with its units.
void write_map(Hdf5Writer& file, const std::string& path, const PlaneD& map,
               const std::string& units);

// Links the group's patterns into the interchange layout. Axes of thickness and probe have no
// place there: then, or without patterns, only the file header is written. The UUID follows from
// the record, so that the same run gives the same bytes.
void write_interchange(Hdf5Writer& file, const DiffractionAxes& axes, const RunRecord& record,
                       const std::string& title);

// Axes, record and interchange layout, and the units of the patterns if they have none yet.
void write_result(Hdf5Writer& file, const DiffractionAxes& axes, const RunRecord& record,
                  const std::string& title,
                  const std::string& units = "fraction of incident beam per pixel");

// The datasets of a group of maps, with their attributes.
void copy_maps(const Hdf5Reader& from, Hdf5Writer& to, const std::string& group);

// A result made of another keeps what that was made with: parameters and audit of `from` where the
// record has none of that name, and its command and INI text in the audit.
void inherit_record(const Hdf5Reader& from, RunRecord& record);

// The series of probes of such a file; empty for one probe.
std::vector<ProbeRecord> read_probes(const Hdf5Reader& file, const std::string& group);
// Each by what changes along the series: "defocus -50 A".
std::vector<std::string> probe_names(const std::vector<ProbeRecord>& probes);

// The axes of a file that write_axes() made.
DiffractionAxes read_axes(const Hdf5Reader& file);

}  // namespace vitrobeam
