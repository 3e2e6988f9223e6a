#include "models/elements.hpp"

#include <array>
#include <cassert>
#include <cctype>
#include <charconv>
#include <string>

namespace vitrobeam {
namespace {

struct Element {
  std::string_view symbol;
  double mass;    // g/mol
  double radius;  // Angstrom
};

constexpr std::array<Element, kElements> kTable = {{
    {"H", 1.008, 0.31},         {"He", 4.002602, 0.28},   {"Li", 6.94, 1.52},
    {"Be", 9.012183, 1.12},     {"B", 10.81, 0.84},       {"C", 12.011, 0.76},
    {"N", 14.007, 0.71},        {"O", 15.999, 0.66},      {"F", 18.998403, 0.57},
    {"Ne", 20.1797, 0.58},      {"Na", 22.989769, 1.86},  {"Mg", 24.305, 1.6},
    {"Al", 26.981538, 1.43},    {"Si", 28.085, 1.11},     {"P", 30.973762, 1.07},
    {"S", 32.06, 1.05},         {"Cl", 35.45, 1.02},      {"Ar", 39.95, 1.06},
    {"K", 39.0983, 2.27},       {"Ca", 40.078, 1.97},     {"Sc", 44.955907, 1.62},
    {"Ti", 47.867, 1.47},       {"V", 50.9415, 1.34},     {"Cr", 51.9961, 1.28},
    {"Mn", 54.938043, 1.27},    {"Fe", 55.845, 1.26},     {"Co", 58.933194, 1.25},
    {"Ni", 58.6934, 1.25},      {"Cu", 63.546, 1.28},     {"Zn", 65.38, 1.34},
    {"Ga", 69.723, 1.35},       {"Ge", 72.63, 1.2},       {"As", 74.921595, 1.19},
    {"Se", 78.971, 1.2},        {"Br", 79.904, 1.2},      {"Kr", 83.798, 1.16},
    {"Rb", 85.4678, 2.48},      {"Sr", 87.62, 2.15},      {"Y", 88.905838, 1.8},
    {"Zr", 91.224, 1.6},        {"Nb", 92.90637, 1.46},   {"Mo", 95.95, 1.39},
    {"Tc", 97, 1.36},           {"Ru", 101.07, 1.34},     {"Rh", 102.90549, 1.34},
    {"Pd", 106.42, 1.37},       {"Ag", 107.8682, 1.44},   {"Cd", 112.414, 1.51},
    {"In", 114.818, 1.67},      {"Sn", 118.71, 1.58},     {"Sb", 121.76, 1.39},
    {"Te", 127.6, 1.38},        {"I", 126.90447, 1.39},   {"Xe", 131.293, 1.4},
    {"Cs", 132.90545196, 2.65}, {"Ba", 137.327, 2.22},    {"La", 138.90547, 1.87},
    {"Ce", 140.116, 1.82},      {"Pr", 140.90766, 1.82},  {"Nd", 144.242, 1.81},
    {"Pm", 145, 1.83},          {"Sm", 150.36, 1.8},      {"Eu", 151.964, 1.8},
    {"Gd", 157.25, 1.8},        {"Tb", 158.925354, 1.77}, {"Dy", 162.5, 1.78},
    {"Ho", 164.930329, 1.76},   {"Er", 167.259, 1.76},    {"Tm", 168.934219, 1.76},
    {"Yb", 173.045, 1.76},      {"Lu", 174.967, 1.74},    {"Hf", 178.486, 1.59},
    {"Ta", 180.94788, 1.46},    {"W", 183.84, 1.39},      {"Re", 186.207, 1.37},
    {"Os", 190.23, 1.35},       {"Ir", 192.217, 1.36},    {"Pt", 195.084, 1.39},
    {"Au", 196.96657, 1.44},    {"Hg", 200.592, 1.51},    {"Tl", 204.38, 1.7},
    {"Pb", 207.2, 1.75},        {"Bi", 208.9804, 1.48},   {"Po", 209, 1.4},
    {"At", 210, 1.5},           {"Rn", 222, 1.5},         {"Fr", 223, 2.6},
    {"Ra", 226, 2.21},          {"Ac", 227, 2.15},        {"Th", 232.0377, 1.79},
    {"Pa", 231.03588, 1.63},    {"U", 238.02891, 1.56},   {"Np", 237, 1.55},
    {"Pu", 244, 1.59},          {"Am", 243, 1.73},        {"Cm", 247, 1.74},
    {"Bk", 247, 1.7},           {"Cf", 251, 1.69},        {"Es", 252, 1.69},
    {"Fm", 257, 1.69},          {"Md", 258, 1.69},        {"No", 259, 1.69},
    {"Lr", 262, 1.69},
}};

const Element& element(int atomic_number) {
  assert(atomic_number >= 1 && atomic_number <= kElements);
  return kTable[std::size_t(atomic_number - 1)];
}

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// The element of one or two letters in any case.
int element_of_letters(std::string_view letters) {
  if (letters.empty() || letters.size() > 2) return 0;
  std::string name(1, char(std::toupper(static_cast<unsigned char>(letters[0]))));
  if (letters.size() == 2) name += char(std::tolower(static_cast<unsigned char>(letters[1])));
  return name == "D" ? 1 : atomic_number(name);
}

std::string_view leading_letters(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && is_letter(text[n])) ++n;
  return text.substr(0, n);
}

// Capitals such as CO or NA may be an element, or an atom of C, N, O or H with a neighbour or a
// mark; PO and so on likewise.
bool may_be_two(std::string_view two) {
  constexpr std::string_view kFirst = "CHNO", kSecond = "ABDEFGHNOPS";
  return two == "PO" || (two.size() == 2 && kFirst.find(two[0]) != std::string_view::npos &&
                         kSecond.find(two[1]) != std::string_view::npos);
}

}  // namespace

int element_of_symbol(std::string_view text) {
  const auto letters = leading_letters(text);
  for (const char c : text.substr(letters.size()))
    if (!is_digit(c) && c != '+' && c != '-') return 0;
  return element_of_letters(letters);
}

int element_of_label(std::string_view label) {
  constexpr std::string_view kMarks = "ADEGJLMQRTXZ";
  while (!label.empty() && is_digit(label.front())) label.remove_prefix(1);  // 57Fe, 1HB
  if (label.substr(0, 3) == "H2O" || label.substr(0, 3) == "D2O") return 0;
  const auto letters = leading_letters(label);
  const bool lower_second =
      letters.size() > 1 && std::islower(static_cast<unsigned char>(letters[1])) != 0;
  if (const int z = element_of_letters(letters))
    return letters.size() == 2 && !lower_second && may_be_two(letters) ? 0 : z;
  const std::size_t own = lower_second ? 2 : 1;
  if (letters.size() <= own ||
      letters.substr(own).find_first_not_of(kMarks) != std::string_view::npos)
    return 0;
  if (std::islower(static_cast<unsigned char>(letters[0])) != 0) return 0;
  return element_of_letters(letters.substr(0, own));
}

int atomic_number(std::string_view text) {
  for (int z = 1; z <= kElements; ++z)
    if (kTable[std::size_t(z - 1)].symbol == text) return z;
  int z = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), z);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && z >= 1 && z <= kElements ? z : 0;
}

std::string_view symbol(int atomic_number) { return element(atomic_number).symbol; }

double atomic_mass(int atomic_number) { return element(atomic_number).mass; }

double metallic_radius(int atomic_number) { return element(atomic_number).radius; }

}  // namespace vitrobeam
