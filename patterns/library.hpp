// A motif library: simulated patterns of known motifs, and of motif-free packings seen the same
// way, under one or several conditions of beam and specimen.
#pragma once
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "base/array.hpp"
#include "patterns/moments.hpp"
#include "patterns/polar.hpp"

namespace vitrobeam {

// How patterns were made. Lengths in Angstrom.
struct LibraryConditions {
  double energy_kV = 0, semiangle_mrad = 0, defocus = 0;
  double thickness = 0;         // of the slab; of the cell around a free cluster
  double bond = 0;              // centre to shell distance of the motifs
  double density = 0;           // of the packings, atoms per cubic Angstrom
  std::string elements;         // of the packings, "Cu64.5Zr35.5"
  std::string matrix = "none";  // around the templates: none (free cluster) or packing
  int realisations = 1;         // packings over which a template is averaged
  // The rest of the optics and the sampling, "cs = 0 mm, grid = 96x96, ..": patterns that differ in
  // it are not of one condition. Empty: an older library, which does not say.
  std::string simulation = {};
  bool operator==(const LibraryConditions&) const = default;
};

// The build that made an entry.
struct LibraryOrigin {
  std::string program;  // "vitrobeam 0.1.0 (1fa0aa8ab1d7)"
  std::string plan;     // the INI text that reproduces it, with its seed
  bool operator==(const LibraryOrigin&) const = default;
};

// One template: the motif seen along `direction` (unit vector in the motif's own frame, towards the
// detector).
struct TemplateRecord {
  int motif = 0;  // index into motif_names
  Vector3d direction = Vector3d::UnitZ();
  int condition = 0;         // index into conditions
  int decoration = 0;        // index into decorations
  double depth = 0;          // of the motif's centre below the entrance face, Angstrom
  Vector2d offset = {0, 0};  // of the probe from the motif's centre, Angstrom
  double solid_angle = 1;    // that the direction stands for, steradian
  std::int64_t unit = 0;     // of the build: the order of entries, and what their seed hangs on
  int origin = 0;            // index into origins
};

// One pattern of a motif-free packing.
struct NullRecord {
  int packing = 0;        // patterns of one packing are not independent
  int condition = 0;      // index into conditions
  std::int64_t unit = 0;  // as TemplateRecord::unit
  int origin = 0;         // index into origins
  bool operator==(const NullRecord&) const = default;
};

// A motif as it was planted in a packing.
struct PlantedView {
  int decoration = 0;
  // Of those that look alike the one that is nearest to a direction of the templates; not-a-number
  // where a library does not say.
  Vector3d direction = Vector3d::Constant(std::numeric_limits<double>::quiet_NaN());
  double depth = 0;
  bool is_known() const { return !direction.hasNaN(); }
};

// One pattern of a motif inside a packing, turned at random.
struct PlantedRecord {
  int motif = 0;          // index into motif_names
  int condition = 0;      // index into conditions
  std::int64_t unit = 0;  // as TemplateRecord::unit
  int origin = 0;         // index into origins
  PlantedView view = {};
};

// How motif-free and planted patterns lie side by side; all 0: single positions at random. With a
// step, every motif-free packing is one raster of null_edge x null_edge positions that closes upon
// itself, and every planted motif one patch of (2 planted_half + 1)^2 positions around it, row by
// row.
struct ScanLayout {
  int null_edge = 0, planted_half = 0;
  double step = 0;  // Angstrom
  std::size_t patch() const {
    return std::size_t(2 * planted_half + 1) * std::size_t(2 * planted_half + 1);
  }
  bool operator==(const ScanLayout&) const = default;
};

struct MotifLibrary {
  std::string name = "the library";  // in messages: the file
  int version = 0;                   // of the file that it was read from
  std::vector<LibraryConditions> conditions = {{}};
  std::vector<std::string> motif_names;
  std::vector<std::string> decorations = {""};  // elements of the motifs, "Cu,Zr"
  double pixel_qx = 0, pixel_qy = 0;            // 1/Angstrom; q = 0 at index n/2
  Stack<float> patterns;  // [template, q_y, q_x], fraction of the incident beam: the mean over the
                          // realisations
  std::vector<TemplateRecord> templates;
  MomentGrid moment_grid;           // of the two below
  Stack<std::complex<float>> mean;  // [template, harmonic, q]; empty: an older library
  Stack<float> covariance;          // [template, harmonic, pair of q], over the realisations
  Stack<float> null_patterns;       // [pattern, q_y, q_x]: motif-free packings
  std::vector<NullRecord> null;     // [pattern]
  Stack<float> planted_patterns;    // [pattern, q_y, q_x]: a motif inside a packing, seen at random
  std::vector<PlantedRecord> planted;  // [pattern]
  std::vector<LibraryOrigin> origins = {{}};
  ScanLayout layout;
  // Of the build's units, the number planned and those that are here: fewer in a shard, or when
  // the build was interrupted. Empty: all of them, or an older library.
  std::int64_t planned_units = 0;
  std::vector<std::int64_t> units;
  std::string identity;  // of the build: shards of one have the same

  bool is_whole() const { return std::int64_t(units.size()) == planned_units; }
  const LibraryConditions& condition() const { return conditions.front(); }
  Calibration calibration() const {
    return centred_calibration(Eigen::Index(patterns.shape.at(1)),
                               Eigen::Index(patterns.shape.at(2)), pixel_qx, pixel_qy);
  }
};

// The same library with the shapes of its stacks but without their values.
MotifLibrary records_of(const MotifLibrary& library);

// Takes the values of a library one pattern at a time: first the motif-free, then the planted, then
// the templates, each in the order of the records. One row of the stack of that name each; a
// library without moments gives empty spans for them.
class LibrarySink {
 public:
  virtual ~LibrarySink() = default;
  virtual void add_null(std::span<const float> pattern) = 0;
  virtual void add_planted(std::span<const float> pattern) = 0;
  virtual void add_template(std::span<const float> pattern,
                            std::span<const std::complex<float>> mean,
                            std::span<const float> covariance) = 0;
};

// Into memory.
class LibraryInMemory final : public LibrarySink {
 public:
  explicit LibraryInMemory(const MotifLibrary& records);
  void add_null(std::span<const float> pattern) override;
  void add_planted(std::span<const float> pattern) override;
  void add_template(std::span<const float> pattern, std::span<const std::complex<float>> mean,
                    std::span<const float> covariance) override;
  MotifLibrary take() { return std::move(library_); }

 private:
  MotifLibrary library_;
};

// Rows of a library that is somewhere: in memory, or in a file (io/library_file.hpp).
class LibrarySource {
 public:
  virtual ~LibrarySource() = default;
  virtual const MotifLibrary& records() const = 0;
  // A span is valid until the next call.
  virtual std::span<const float> null_pattern(std::size_t i) = 0;
  virtual std::span<const float> planted_pattern(std::size_t i) = 0;
  virtual std::span<const float> pattern(std::size_t i) = 0;
  virtual std::span<const std::complex<float>> mean(std::size_t i) = 0;
  virtual std::span<const float> covariance(std::size_t i) = 0;
};

// All values of a library.
void copy_values(const MotifLibrary& from, LibrarySink& to);

// A library made of others: its records, and where each of its patterns stands.
struct LibrarySelection {
  struct Place {
    std::size_t library, index;
  };
  MotifLibrary records;
  std::vector<Place> templates, null, planted;

  // The patterns into `to`, in the order of `records`; `from` as the libraries were numbered.
  void copy(const std::vector<LibrarySource*>& from, LibrarySink& to) const;
};

// What belongs to one condition, or to some motifs, with the indices counted anew; of records alone
// or with their values.
LibrarySelection select_condition(const MotifLibrary& records, std::size_t condition);
MotifLibrary under_condition(const MotifLibrary& library, std::size_t condition);
// Throws Error{usage} naming a motif that the library does not know.
LibrarySelection select_motifs(const MotifLibrary& records, const std::vector<std::string>& motifs);
MotifLibrary with_motifs(const MotifLibrary& library, const std::vector<std::string>& motifs);

// Indices of the planted patterns whose probe is nearest to the motif.
std::vector<std::size_t> planted_centres(const MotifLibrary& library);

// One library of several, in the order of their units where they are shards of one build, else one
// behind the other; equal conditions, motifs and decorations become one. Moments are kept where all
// of them have some. Throws Error{input} when their pixels or sizes differ, or when both hold the
// same unit.
LibrarySelection select_merged(const std::vector<MotifLibrary>& records);
MotifLibrary merged(const std::vector<MotifLibrary>& libraries);

// `second` made of what `first` gives.
LibrarySelection composed(const LibrarySelection& first, const LibrarySelection& second);

}  // namespace vitrobeam
