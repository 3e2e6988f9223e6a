// Where a result comes from and whether its bookkeeping adds up, in words.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "io/hdf5.hpp"

namespace vitrobeam {

struct AuditLine {
  bool good;
  std::string text;
};

// What /audit and /match/null say, and whether it is good: atoms lost, intensity beyond the band
// limit, a probe that wraps around, the patterns behind an error rate.
std::vector<AuditLine> audit_lines(const Hdf5Reader& file);

// Error{physics} if the model that a scan was simulated from has elements of which a library knows
// nothing, as far as both files say what they are of. `decorations`: the library's, "Cu,Zr".
void check_alloy(const std::string& scan, const std::string& library,
                 const std::vector<std::string>& decorations);

// A word as a POSIX shell takes it: in single quotes where it holds anything but letters, digits
// and _ - . / : , + = % @.
std::string shell_word(const std::string& word);

// The command line that makes the file again from its INI text, which stands in a file of this
// name: from the first line of that text.
std::string rerun_command(const Hdf5Reader& file, const std::string& ini_name);

// An attribute as one line of text.
std::string value_text(const AttributeValue& value);

// Name and value with its unit, of the attributes of a group; "<name>_unit" is folded in and
// `skipped` left out.
std::vector<std::pair<std::string, std::string>> attribute_rows(
    const Hdf5Reader& file, const std::string& group, const std::vector<std::string>& skipped = {});

// "32 x 32 x 128 x 128"
std::string shape_text(const Shape& shape);

}  // namespace vitrobeam
