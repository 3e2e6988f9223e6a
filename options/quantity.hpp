// Numbers as users write them: with a unit, in pairs and triples, as sizes. Everything here throws
// Error{usage} that names the option --`name`.
#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

// What makes sense of any quantity in this unit, both ends included: 1 to 3000 kV, 0 to 1e15
// electrons.
struct Limits {
  double low, high;
};
Limits unit_range(const std::string& unit);

// A number with an optional unit suffix, in `unit` and in its range: ("0.36nm", "Angstrom") -> 3.6.
// Units known: Angstrom, 1/Angstrom, kV, mrad, deg, mm, %, K, s, GiB, electrons, counts; empty: a
// plain number.
double parse_quantity(const std::string& text, const std::string& unit, const std::string& name);

// "a,b,c", each a number or FIRST:STEP:LAST with both ends: "-100:50:100" -> {-100, -50, 0, 50,
// 100}.
std::vector<double> parse_list(const std::string& text, const std::string& unit,
                               const std::string& name);

// "a,b" -> {a, b}; "a,b,c" -> {a, b, c}.
Vector2d parse_pair(const std::string& text, const std::string& unit, const std::string& name);
Vector3d parse_vector(const std::string& text, const std::string& unit, const std::string& name);

// "RATIO[,ANGLE]" of an ellipse, its long to its short axis from 1 to `most`, and the direction of
// the long one in degrees -> {ratio, angle in rad}.
std::pair<double, double> parse_ellipse(const std::string& text, double most,
                                        const std::string& name);

// "a,b,c", each in the range and no one twice.
std::vector<double> parse_numbers(const std::string& text, const std::string& unit, Limits range,
                                  const std::string& name);
std::vector<int> parse_whole_numbers(const std::string& text, int low, int high,
                                     const std::string& name);

// "LOW,HIGH" with 0 <= LOW < HIGH.
Vector2d parse_band(const std::string& text, const std::string& unit, const std::string& name);

// Edges of a cell in Angstrom: "40", "40x40x20" or "40,40,20".
Vector3d parse_box(const std::string& text, const std::string& name);

// "512" -> {512, 512}, "512x480" -> {512, 480}.
std::pair<int, int> parse_size(const std::string& text, const std::string& name);

// "R1,C1,R2,C2", both ends of a rectangle inside of so many rows and columns, counted from 0; none
// where the text says anything else.
std::optional<std::array<std::size_t, 4>> parse_rectangle(const std::string& text, std::size_t rows,
                                                          std::size_t columns);

// The parts between separators; "1,2," has three, the last of them empty.
std::vector<std::string> split(const std::string& text, char separator);

}  // namespace vitrobeam
