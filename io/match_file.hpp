// The /match group of a result file. Its datasets are listed in docs/result-file.md.
#pragma once
#include <string>
#include <vector>

#include "io/hdf5.hpp"
#include "maps/correlated_maps.hpp"
#include "patterns/match_result.hpp"

namespace vitrobeam {

void write_match(Hdf5Writer& file, const MatchResult& result);

// What the maps take on the disk at most: the probabilities of views, which are packed, count
// whole.
struct MatchExtent {
  std::size_t positions = 0, motifs = 0, components = 0, views = 0;  // views, components: kept ones
};
double match_bytes(const MatchExtent& extent);

// One line per position, for spreadsheets and scripts. Error{machine}.
void write_match_table(const std::string& path, const MatchResult& result);

// Of a file's motif map one map a motif: 1 where it is, else 0. Error{input} for a file that is no
// result of match.
std::vector<AtlasMap> read_motif_maps(const std::string& path);

}  // namespace vitrobeam
