// The parameters of `simulate`, and what they resolve to for a given model.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "drivers/camera_settings.hpp"
#include "drivers/structure_input.hpp"
#include "multislice/simulation.hpp"
#include "options/settings.hpp"

namespace vitrobeam {

enum class Precision { single_precision, double_precision };
enum class BeamMode { probe, plane_wave };
enum class PatternMode { full, none };

struct SimulateSettings {
  CommonSettings common;
  StructureInput model;
  std::optional<double> padding;
  std::string box_chosen;  // what was done to the model to give it its box; empty: nothing
  bool wrap = false;
  Optics optics;  // what all probes of a run share
  // Several values make a series of probes: every combination.
  std::vector<double> semiangles_mrad{3.3}, probe_fwhms, cs_mm{0}, defoci{0};
  std::string aberrations;  // sets, apart by '/'
  std::string beam_tilt, specimen_tilt, aperture_ellipse;
  BeamMode mode = BeamMode::probe;
  double wrap_limit = 20;  // %
  int phonons = 0;
  std::string u_rms, frames, debye_waller, factor_table;
  std::optional<double> phonons_until;  // %
  bool elastic = false, absorption = false;
  std::optional<double> plasmon_path, plasmon_energy_eV, plasmon_cutoff_mrad, energy_filter_eV;
  double plasmon_limit = 1;  // %
  std::string grid;
  std::optional<double> pixel;
  double slice = 2.0;
  Parametrisation potential = Parametrisation::kirkland;
  Projection projection = Projection::infinite;
  AtomSum atom_sum = AtomSum::automatic;
  std::string oversampling = "auto";
  std::string save_potential, potential_file;
  Engine engine = Engine::automatic;
  int interpolation = 1;
  double memory_GiB = 4;
  Precision precision = Precision::single_precision;
  std::vector<std::string> at;
  std::string scan, from, to, positions;
  std::vector<std::string> detectors;
  PatternMode patterns = PatternMode::full;
  std::optional<double> q_max;
  int bin = 1;
  std::optional<double> camera_length, camera_pixel;  // mm
  int camera_pixels = 0;
  CameraSettings camera;
  bool keep_noiseless = false;
  bool exit_wave = false;
  int every_slices = 0;
};

Settings describe(SimulateSettings& s);

// What `simulate` does once its options are known: those of `settings`, which describe `s`, and the
// file of atoms. The exit status.
int simulate(const Settings& settings, SimulateSettings& s);

// --oversampling, and what it says: 0 = automatic. Error{usage}.
Parameter& add_oversampling(Settings& options, std::string& field);
int parse_oversampling(const std::string& text);

// The beam, grid and slicing options, which every command that simulates shares.
void add_beam_options(Settings& settings, SimulateSettings& s);

// One-dimensional rms displacement in Angstrom by atomic number, of "0.085" or "Cu=0.08,Zr=0.09";
// every element of the model must have one. Errors name the option.
std::map<int, double> parse_u_rms(const std::string& text, const Atoms& atoms,
                                  const std::string& option);

// Reads the model as the options say; folds atoms in with --wrap; gives a finite model a box that
// the probe fits into, and says so in `s`.
Atoms read_model(const std::string& path, SimulateSettings& s);

// nx by ny of --grid or --pixel for the model's cell; writes the resolved --grid back into `s`.
SimulationSettings resolve(SimulateSettings& s, const Atoms& atoms);

}  // namespace vitrobeam
