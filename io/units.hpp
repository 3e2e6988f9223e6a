// Units as files spell them: one table for every reader.
#pragma once
#include <optional>
#include <string>

namespace vitrobeam {

// Angstrom per unit: "A", "Å", "nm", "nanometer", "µm", ..; nothing for what is no length.
std::optional<double> angstrom_per(const std::string& units);

// 1/Angstrom (without 2 pi) per unit: "1/nm", "nm^-1", "$nm^{-1}$", "Å⁻¹", "1 / angstrom", ..; of
// angles ("mrad") where the energy is known. Nothing for anything else.
std::optional<double> inverse_angstrom_per(const std::string& units,
                                           std::optional<double> energy_kV = {});

// Of an axis of spectra: "eV", "keV".
bool is_energy_unit(const std::string& units);

}  // namespace vitrobeam
