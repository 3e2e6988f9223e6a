#include "potentials/radiation.hpp"

#include <gemmi/it92.hpp>
#include <gemmi/neutron92.hpp>

#include "base/error.hpp"
#include "models/elements.hpp"

namespace vitrobeam {

double scattering_amplitude(Radiation radiation, Parametrisation table, int atomic_number,
                            double q) {
  if (radiation == Radiation::electron) return scattering_factor(table, atomic_number, q);
  const auto element = static_cast<gemmi::El>(atomic_number);
  const bool is_xray = radiation == Radiation::xray;
  if (is_xray ? !gemmi::IT92<double>::has(element) : !gemmi::Neutron92<double>::has(element))
    fail(Fault::input, "no {} amplitude of {} is tabulated", is_xray ? "x-ray" : "neutron",
         symbol(atomic_number));
  if (!is_xray) return gemmi::Neutron92<double>::get_(element);
  return gemmi::IT92<double>::get(element).calculate_sf(q * q / 4);  // (sin theta / lambda)^2
}

}  // namespace vitrobeam
