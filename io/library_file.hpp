// The motif library file: one HDF5 file that vitrobeam, emdfile and py4DSTEM (EMD 1.0) and HyperSpy
// open.
//
//   /motif_library                       EMD root, attribute library_version
//     patterns, null_patterns, planted_patterns    Arrays [template or pattern, q_y, q_x]
//     templates                          PointList, a field of TemplateRecord each
//     conditions                         PointList, a number of LibraryConditions each
//     null, planted                      PointLists, a field of NullRecord and PlantedRecord each
//     moments/mean, covariance           [template, harmonic, q or pair of q]
//     metadatabundle/simulation          names: motifs and decorations; of the conditions elements,
//                                        matrix and sampling
//     origins/0 ..                       attributes program, plan: the builds that made the entries
//     units                              the units of the build that are here
//   /Experiments/motif_library           HyperSpy: the templates as a stack of images
//   /parameters /audit                   the run that made it
#pragma once
#include <functional>
#include <string>

#include "io/hdf5.hpp"
#include "io/run_record.hpp"
#include "patterns/library.hpp"

namespace vitrobeam {

inline constexpr int kLibraryVersion = 2;

// LibraryConditions::simulation as the INI text of a build tells it; empty where that does not. For
// files of older versions, which hold it nowhere else.
using SimulationOfPlan = std::function<std::string(const std::string& plan)>;

// Writes a library as its values come, so that none need to be in memory. The file appears whole or
// not at all. Throws Error{machine}.
class LibraryWriter final : public LibrarySink {
 public:
  // Stacks of the records give the shapes.
  LibraryWriter(const std::string& path, const MotifLibrary& records, const RunRecord& record);
  void add_null(std::span<const float> pattern) override;
  void add_planted(std::span<const float> pattern) override;
  void add_template(std::span<const float> pattern, std::span<const std::complex<float>> mean,
                    std::span<const float> covariance) override;
  void commit();

 private:
  Hdf5Writer file_;
  std::size_t null_ = 0, planted_ = 0, templates_ = 0;
};

void write_library(const std::string& path, const MotifLibrary& library, const RunRecord& record);

// A library in its file. Also reads version 1. Throws Error{input} for a file that is no library,
// is of a newer version, or whose parts disagree.
class LibraryFile final : public LibrarySource {
 public:
  explicit LibraryFile(const std::string& path, const SimulationOfPlan& simulation = {});
  const MotifLibrary& records() const override { return records_; }
  MotifLibrary read() const;  // with all its values
  std::span<const float> null_pattern(std::size_t i) override;
  std::span<const float> planted_pattern(std::size_t i) override;
  std::span<const float> pattern(std::size_t i) override;
  std::span<const std::complex<float>> mean(std::size_t i) override;
  std::span<const float> covariance(std::size_t i) override;

 private:
  std::span<const float> row(const std::string& name, std::size_t i);
  Hdf5Reader file_;
  MotifLibrary records_;
  Stack<float> row_[2];  // a pattern and a covariance
  Stack<std::complex<float>> mean_;
};

// The library of the file `path` with all its values.
MotifLibrary read_library(const std::string& path);

}  // namespace vitrobeam
