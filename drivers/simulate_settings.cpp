#include "drivers/simulate_settings.hpp"
#include "drivers/configurations.hpp"
#include "drivers/log.hpp"

#include <charconv>
#include <cmath>

#include "base/error.hpp"
#include "drivers/detector_option.hpp"
#include "drivers/probes.hpp"
#include "io/factor_table.hpp"
#include "models/elements.hpp"
#include "models/thermal.hpp"
#include "multislice/padding.hpp"
#include "multislice/sampling.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

// Samples of --pixel, or what the scattering factors allow.
std::pair<int, int> default_samples(const SimulateSettings& s, const Atoms& atoms,
                                    const FactorTable& factors) {
  const auto [grid, limit] = sample_cell(atoms, factors, s.pixel, s.interpolation);
  if (limit)
    inform(
        "pixel {:.4f} x {:.4f} Angstrom instead of {}: the scattering factors are known up to q = "
        "{:g} 1/Angstrom (--pixel, --grid or another --potential changes it)",
        grid.dx(), grid.dy(), kDefaultPixel, *limit);
  return {grid.nx, grid.ny};
}

// Those of the table, their names first.
std::vector<std::pair<std::string, Engine>> engine_choices() {
  std::vector<std::pair<std::string, Engine>> choices = {{"auto", Engine::automatic}};
  for (std::size_t i = 0; i < engine_table().size(); ++i) {
    choices.emplace_back(engine_table()[i].name, Engine(i));
    for (const auto& other : engine_table()[i].other_names) choices.emplace_back(other, Engine(i));
  }
  return choices;
}

}  // namespace

int parse_oversampling(const std::string& text) {
  constexpr int kMost = 64;
  if (text == "auto") return 0;
  int n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || n < 1 || n > kMost)
    fail(Fault::usage, "--oversampling {}: expected auto or a whole number from 1 to {}", text,
         kMost);
  return n;
}

Parameter& add_oversampling(Settings& o, std::string& field) {
  return o
      .add("oversampling", field, "auto|N",
           "exponentiate the potential on a grid N times finer than that of the waves; auto = "
           "converged, by patches around the nuclei; 1 = on the grid itself, which scatters 2 "
           "to 25 % too much at usual pixels. Single scattering has no exponential")
      .reads([](const std::string& text, const std::string&) { parse_oversampling(text); });
}

void add_beam_options(Settings& o, SimulateSettings& s) {
  o.section("Beam");
  o.add("energy", s.optics.energy_kV, "kV", "acceleration voltage").at_least(10).at_most(3000);
  o.add("mode", s.mode, {{"probe", BeamMode::probe}, {"plane-wave", BeamMode::plane_wave}},
        "convergent probe or parallel beam");
  o.add("semiangle", s.semiangles_mrad, "mrad",
        "convergence semi-angle; here and below a list a,b,c or FIRST:STEP:LAST is a series of "
        "probes from one run")
      .above(0)
      .at_most(200);
  o.add("defocus", s.defoci, "Angstrom", "underfocus positive (C10 = -defocus); list or range")
      .at_least(-1e6)
      .at_most(1e6);
  o.add("cs", s.cs_mm, "mm", "spherical aberration C30; list or range")
      .at_least(-100)
      .at_most(100)
      .of_pattern();
  o.add("aberrations", s.aberrations, "C12=20,phi12=0.3,..",
        "further aberrations to fifth order, Krivanek's notation: Cnm in Angstrom, phinm in rad "
        "from +x towards +y; several sets apart by '/', or a term as C12=FIRST:STEP:LAST")
      .of_pattern()
      .reads([](const auto& text, const auto&) { check_aberrations(text); });
  o.add("probe-fwhm", s.probe_fwhms, "Angstrom",
        "convergence as the beam's size instead of --semiangle: 0.5145 lambda / semi-angle, "
        "diffraction alone")
      .above(0);
  o.add("beam-tilt", s.beam_tilt, "X,Y",
        "of the beam in mrad: it travels along (tan x, tan y, 1); patterns stay centred on it")
      .of_pattern()
      .reads(a_pair("mrad"));
  o.add("specimen-tilt", s.specimen_tilt, "X,Y",
        "of the specimen in mrad: its z axis points along (tan x, tan y, 1), turned at half its "
        "height; at most 30")
      .of_pattern()
      .reads(a_pair("mrad"));
  o.add("focal-spread", s.optics.focal_spread, "Angstrom",
        "rms of the normal spread of defocus; intensities are averaged over it")
      .at_least(0)
      .at_most(1e5)
      .of_pattern();
  o.add("source-size", s.optics.source_fwhm, "Angstrom",
        "FWHM of the Gaussian source on the specimen; intensities are averaged over it")
      .at_least(0)
      .at_most(1000)
      .of_pattern();
  o.add("aperture-inner", s.optics.inner_mrad, "mrad",
        "the aperture is an annulus, closed up to here")
      .at_least(0)
      .at_most(200)
      .of_pattern();
  o.add("aperture-ellipse", s.aperture_ellipse, "RATIO[,ANGLE]",
        "of long to short axis of the aperture, the long one at ANGLE degrees from +x towards +y; "
        "its area stays that of the round one")
      .of_pattern()
      .reads([](const auto& text, const auto& name) { parse_ellipse(text, 10, name); });
  o.add("aperture-edge", s.optics.edge,
        {{"soft", ApertureEdge::soft}, {"hard", ApertureEdge::hard}},
        "border samples of the aperture covered by their share, or all-or-nothing")
      .of_pattern();
  o.add("wrap-limit", s.wrap_limit, "%",
        "largest share of the probe beyond half the cell, where it overlaps its periodic image")
      .at_least(0)
      .at_most(100);
  o.section("Sampling");
  o.add("grid", s.grid, "N|NXxNY", "samples of the cell, even numbers (default: from --pixel)")
      .of_pattern()
      .reads(a_size());
  o.add("pixel", s.pixel, "Angstrom",
        "largest pixel size; the grid is the next good even size (default 0.08, coarser where the "
        "scattering factors end before that)")
      .above(0)
      .at_most(2);
  o.add("slice", s.slice, "Angstrom", "slice thickness; there are round(height/slice) equal slices")
      .above(0)
      .at_most(1000)
      .of_pattern();
  o.add("potential", s.potential,
        {{"kirkland", Parametrisation::kirkland},
         {"lobato", Parametrisation::lobato},
         {"peng", Parametrisation::peng}},
        "scattering-factor table; peng ends at q = 4 1/Angstrom")
      .of_pattern();
  o.add("projection", s.projection,
        {{"infinite", Projection::infinite}, {"finite", Projection::finite}},
        "an atom whole in its slice, or integrated over every slice that it reaches")
      .of_pattern();
  o.add("atom-sum", s.atom_sum,
        {{"auto", AtomSum::automatic},
         {"product", AtomSum::product},
         {"spreading", AtomSum::spreading}},
        "how the atoms of a slice are summed: matrix products, or spreading on the grid where many "
        "atoms make that cheaper; they differ by less than 1e-6 of the potential");
  add_oversampling(o, s.oversampling).of_pattern().was_before("1");
  o.add("engine", s.engine, engine_choices(),
        "auto takes the cheaper of the exact ones, multislice and smatrix; kinematic (single "
        "scattering with propagation), flat-born (single scattering without) and phase-object "
        "(multiple scattering without) are approximations to compare with");
  o.add("memory", s.memory_GiB, "GiB", "most that the run may take, in each process").above(0);
  o.add("precision", s.precision,
        {{"single", Precision::single_precision}, {"double", Precision::double_precision}},
        "of waves and patterns")
      .of_pattern();
  o.one_of({"semiangle", "probe-fwhm"});
  o.excludes(
      "mode", "plane-wave", {"semiangle", "probe-fwhm", "defocus", "cs", "aberrations"},
      "a plane wave has no aperture and no lens before the specimen; that needs --mode probe");
}

Settings describe(SimulateSettings& s) {
  if (std::string(VITROBEAM_DEFAULT_PRECISION) == "double")
    s.precision = Precision::double_precision;
  Settings o("simulate", "atoms -> diffraction patterns, HAADF and other detectors, exit waves",
             {"ATOMS"});
  o.section("Model");
  add_structure_input(o, s.model);
  o.add("padding", s.padding, "Angstrom",
        "vacuum on either side of a model that is not periodic along x or y (default: what the "
        "probe needs, where there is no cell or a smaller one)")
      .at_least(0)
      .at_most(1000);
  o.add("wrap", s.wrap, "fold atoms outside the cell back in along periodic axes");
  add_beam_options(o, s);
  o.add("interpolation", s.interpolation,
        "scattering matrix of every N-th beam along each axis, the probe cut out of 1/N of the "
        "cell (PRISM): an approximation whose error the run measures; 1 = exact")
      .at_least(1)
      .at_most(64);
  o.section("Potential of other runs");
  o.add("save-potential", s.save_potential, "FILE",
        "keep the potential of every configuration; probe, scan and detectors of other runs are "
        "free, with --oversampling 1 the energy too");
  o.add("potential-file", s.potential_file, "FILE",
        "use the potential that --save-potential kept; one of other atoms, grid, slices or factors "
        "is refused");
  o.section("Thermal motion");
  o.add("phonons", s.phonons, "frozen-phonon configurations to average over; 0 = atoms at rest")
      .at_least(0)
      .at_most(100000);
  o.add("u-rms", s.u_rms, "0.085|Cu=0.08,..|model",
        "one-dimensional rms displacement in Angstrom, of all or by element, or what the model's "
        "labels U or u_rms say")
      .reads(displacements(true));
  o.add("phonons-until", s.phonons_until, "%",
        "a position is done before --phonons when the standard error of each of its detectors "
        "(without any: of its pattern) is below this share of the mean")
      .above(0)
      .at_most(100);
  o.add("frames", s.frames, "FIRST:END:STEP",
        "frames of a trajectory as configurations, END excluded; :: takes all")
      .reads([](const auto& text, const auto&) { check_frames_text(text); });
  o.add("elastic", s.elastic,
        "store the elastic (|<psi>|^2 over the configurations) and the diffuse part of patterns");
  o.add("debye-waller", s.debye_waller, "0.085|Cu=0.08,..|model",
        "thermal motion as smearing of the potential instead of --phonons: rms displacement as "
        "--u-rms")
      .reads(displacements(true));
  o.add("absorption", s.absorption,
        "with --debye-waller: take thermal diffuse scattering from the elastic wave (Einstein "
        "model)");
  o.section("Plasmon losses");
  o.add("plasmon-mean-free-path", s.plasmon_path, "Angstrom",
        "between two losses, at --energy; patterns and detectors are those of electrons with and "
        "without losses")
      .at_least(10)
      .at_most(1e6)
      .of_pattern();
  o.add("plasmon-energy", s.plasmon_energy_eV, "eV", "of one loss")
      .above(0)
      .at_most(100)
      .of_pattern();
  o.add("plasmon-cutoff", s.plasmon_cutoff_mrad, "mrad",
        "largest angle of one loss (default: where plasmons of a free-electron gas decay)")
      .above(0)
      .at_most(100)
      .of_pattern();
  o.add("energy-filter", s.energy_filter_eV, "eV",
        "width of a slit centred on the zero loss: keeps n losses with n --plasmon-energy up to "
        "half of it")
      .above(0)
      .at_most(1e4)
      .of_pattern();
  o.add("plasmon-limit", s.plasmon_limit, "%",
        "largest estimated error of folding patterns with losses, which takes the elastic "
        "scattering behind a loss as that of an untilted beam")
      .at_least(0)
      .at_most(100);
  o.section("Scattering factors of your own");
  o.add("factor-table", s.factor_table, "FILE",
        "CSV in place of --potential: ELEMENT,kirkland|lobato|peng,parameters or ELEMENT,q,f_e");
  o.section("Scan (default: one position, the centre of the cell)");
  o.add("at", s.at, "X,Y", "probe position in Angstrom").reads(a_pair("Angstrom"));
  o.add("scan", s.scan, "NXxNY", "raster of positions between --from and --to").reads(a_size());
  o.add("from", s.from, "X,Y", "first corner of the raster (default 0,0)")
      .reads(a_pair("Angstrom"));
  o.add("to", s.to, "X,Y", "opposite corner, itself excluded (default: the cell's)")
      .reads(a_pair("Angstrom"));
  o.add("positions", s.positions, "FILE", "text file with one position x y in Angstrom per line");
  o.section("Output");
  o.add("detector", s.detectors, "NAME=IN:OUT",
        "annular detector, inner and outer angle in mrad; /4+15deg: in 4 segments from 15 degrees "
        "on; IN:OUT:STEP: in rings; NAME=com or com:OUT: centre of mass")
      .reads([](const auto& text, const auto&) { parse_detector(text); });
  o.add("patterns", s.patterns, {{"full", PatternMode::full}, {"none", PatternMode::none}},
        "store diffraction patterns");
  o.add("q-max", s.q_max, "1/Angstrom",
        "crop patterns to |q_x|, |q_y| up to this (default: the whole grid)")
      .above(0);
  o.add("bin", s.bin, "samples of the grid along the edge of a stored pixel")
      .at_least(1)
      .at_most(1024);
  o.add("camera-length", s.camera_length, "mm",
        "with --camera-pixel: patterns on the pixels of a camera, resampled by area")
      .above(0);
  o.add("camera-pixel", s.camera_pixel, "mm", "edge of a camera's pixel (55um)").above(0);
  o.add("camera-pixels", s.camera_pixels, "along an edge of the camera; 0 = as many as it takes")
      .at_least(0)
      .at_most(16384);
  o.add("exit-wave", s.exit_wave, "store the exit wave of every position");
  o.add("every-slices", s.every_slices,
        "results also after every so many slices: a leading thickness axis; 0 = only at the exit")
      .at_least(0);
  add_camera_options(o, s.camera);
  o.add("keep-noiseless", s.keep_noiseless,
        "store the patterns without the camera beside those of it");
  o.one_of({"potential", "factor-table"});
  o.one_of({"save-potential", "potential-file"});
  o.one_of({"u-rms", "debye-waller"});
  o.needs({"camera-pixels"}, "camera-length");
  o.needs({"plasmon-energy", "plasmon-cutoff", "energy-filter"}, "plasmon-mean-free-path");
  o.needs({"plasmon-mean-free-path"}, "plasmon-energy");
  add_common(o, s.common);
  return o;
}

std::map<int, double> parse_u_rms(const std::string& text, const Atoms& atoms,
                                  const std::string& option) {
  std::map<int, double> u;
  const auto number = [&](const std::string& t) {
    const double v = parse_quantity(t, "Angstrom", option);
    if (v < 0 || v > 2) fail(Fault::usage, "--{} {}: expected 0 to 2 Angstrom", option, v);
    return v;
  };
  if (text.find('=') == std::string::npos) {
    const double all = number(text);
    for (const int z : atoms.numbers) u[z] = all;
    return u;
  }
  for (const auto& item : split(text, ',')) {
    const auto parts = split(item, '=');
    const int z = atomic_number(parts[0]);
    if (parts.size() != 2 || z == 0)
      fail(Fault::usage, "--{} '{}': expected SYMBOL=ANGSTROM, for example Cu=0.08", option, item);
    u[z] = number(parts[1]);
  }
  for (const int z : atoms.numbers)
    if (!u.contains(z))
      fail(Fault::usage, "--{} '{}': says nothing of {}", option, text, symbol(z));
  return u;
}

// What `info` calls a probe that fits; the user's limit, where that is tighter.
constexpr double kWellInside = 5;  // %

Atoms read_model(const std::string& path, SimulateSettings& s) {
  Atoms atoms = read_structure(path, read_options(s.model));
  if (s.wrap) wrap(atoms);
  refuse_coincident(say_oddities(atoms, path), path);
  if (!s.model.box.empty() && !s.padding) return atoms;
  if (s.padding && atoms.cell.volume() > 0 && atoms.cell.periodic[0] && atoms.cell.periodic[1])
    fail(Fault::usage,
         "--padding {}: the model is periodic along x and y; vacuum would cut it open (model cut "
         "does that)",
         *s.padding);
  std::vector<Optics> probes;
  for (const Probe& probe : resolve_probes(s)) probes.push_back(probe.optics);
  const PaddedBox box = pad(atoms, probes, std::min(s.wrap_limit, kWellInside) / 100, s.padding);
  if (box.changed)
    s.box_chosen = fmt::format(
        "{:.4g} x {:.4g} x {:.4g} Angstrom {}, atoms moved by {:.4f} {:.4f} {:.4f}", box.edges.x(),
        box.edges.y(), box.edges.z(), s.padding ? "by --padding" : "chosen for the probe",
        box.moved.x(), box.moved.y(), box.moved.z());
  return atoms;
}

namespace {

// Smearing has one value per element, so labels must agree.
std::map<int, double> smearing(const std::string& text, const Atoms& atoms) {
  if (text != "model") return parse_u_rms(text, atoms, "debye-waller");
  const ThermalMotion motion = labelled_motion(atoms);
  const auto u = mean_motion(atoms, motion);
  for (std::size_t i = 0; i < motion.size(); ++i)
    if ((motion[i] - u.at(atoms.numbers[i]) * Eigen::Matrix3d::Identity()).norm() > 1e-6)
      fail(Fault::usage,
           "--debye-waller model: atoms of {} move differently, or more along one axis than along "
           "another; smearing needs one value per element, --phonons N does not",
           symbol(atoms.numbers[i]));
  return u;
}

PotentialSettings resolve_potential(const SimulateSettings& s, const Atoms& atoms) {
  PotentialSettings p;
  p.oversampling = parse_oversampling(s.oversampling);
  p.factors = s.factor_table.empty() ? FactorTable(s.potential) : read_factor_table(s.factor_table);
  if (!s.debye_waller.empty()) p.factors = p.factors.smeared(smearing(s.debye_waller, atoms));
  if (s.absorption) {
    if (s.debye_waller.empty())
      fail(Fault::usage,
           "--absorption: without thermal motion nothing is absorbed; give --debye-waller 0.085 or "
           "the like");
    p.absorption = interaction_constant(s.optics.energy_kV);
  }
  p.projection = s.projection;
  p.sum = s.atom_sum;
  return p;
}

Recording resolve_recording(const SimulateSettings& s, const Optics& optics) {
  if (bool(s.camera_length) != bool(s.camera_pixel))
    fail(Fault::usage, "--camera-length and --camera-pixel: give both of them, or neither");
  if (s.camera_length && s.bin != 1)
    fail(Fault::usage, "--bin and --camera-length: give one of them");
  if (s.camera_pixels > 0 && s.q_max)
    fail(Fault::usage, "--q-max and --camera-pixels: give one of them");
  Recording r;
  r.patterns = s.patterns == PatternMode::full;
  r.q_max = s.q_max.value_or(0);
  r.exit_waves = s.exit_wave;
  r.bin = s.bin;
  r.camera_pixels = s.camera_pixels;
  if (s.camera_length)  // tan(angle) = angle of the paraxial pattern
    r.pixel_q = *s.camera_pixel / *s.camera_length / optics.wavelength();
  r.every_slices = s.every_slices;
  r.amplitudes = s.elastic;
  r.memory_GiB = s.memory_GiB;
  r.detectors = parse_detectors(s.detectors);
  if (!r.patterns && !r.exit_waves && r.detectors.empty())
    fail(Fault::usage,
         "--patterns none: nothing is left to record; give --detector NAME=IN:OUT or --exit-wave");
  return r;
}

std::optional<PlasmonSettings> resolve_plasmons(const SimulateSettings& s) {
  if (!s.plasmon_path) return std::nullopt;
  return PlasmonSettings{*s.plasmon_path, s.plasmon_energy_eV.value_or(0),
                         s.plasmon_cutoff_mrad.value_or(0), s.energy_filter_eV, s.plasmon_limit};
}

}  // namespace

SimulationSettings resolve(SimulateSettings& s, const Atoms& atoms) {
  if (!s.grid.empty() && s.pixel) fail(Fault::usage, "--grid and --pixel: give one of them");
  SimulationSettings r;
  const std::vector<Probe> probes = resolve_probes(s);
  r.optics = probes.front().optics;
  if (probes.size() > 1)
    for (const Probe& probe : probes) r.series.push_back(probe.optics);
  s.semiangles_mrad = semiangles(s);
  s.probe_fwhms.clear();
  r.potential = resolve_potential(s, atoms);
  std::tie(r.nx, r.ny) =
      s.grid.empty() ? default_samples(s, atoms, r.potential.factors) : parse_size(s.grid, "grid");
  s.grid = fmt::format("{}x{}", r.nx, r.ny);
  s.pixel.reset();
  const Grid grid{r.nx, r.ny, atoms.cell.vectors(0, 0), atoms.cell.vectors(1, 1)};
  check_factors(r.potential, atoms, grid);
  check_reach(grid, s.optics.energy_kV);
  r.slice = s.slice;
  r.engine = s.engine;
  r.interpolation = s.interpolation;
  r.recording = resolve_recording(s, r.optics);
  r.plasmons = resolve_plasmons(s);
  check_settings(r);
  if (r.interpolation > 1) {
    check_grid(interpolation_window(grid, r.interpolation));
    r.engine = Engine::scattering_matrix;
  }
  return r;
}

}  // namespace vitrobeam
