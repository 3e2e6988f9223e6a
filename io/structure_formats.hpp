// The readers behind read_structure: one function and one file per format, one line in the table of
// structure_file.cpp.
#pragma once
#include "io/structure_file.hpp"
#include "io/text_reader.hpp"

namespace vitrobeam {

// Where a frame begins, where the header stands that it shares with others (XDATCAR, PDB), and
// which of the models of the whole file it is (CIF).
struct FramePlace {
  TextReader::Place start, header = {};
  std::size_t number = 0;
};
using FramePlaces = std::vector<FramePlace>;

// `looks_like_...` decides by the first lines, `..._frames` finds the frames, `read_...` reads
// one; its reader stands before the first line of the frame.
bool looks_like_xyz(TextReader reader);
FramePlaces xyz_frames(TextReader reader);
Atoms read_xyz(TextReader& reader, const FramePlace& place, const StructureReadOptions& options);

bool looks_like_lammps_data(TextReader reader);
Atoms read_lammps_data(TextReader& reader, const FramePlace& place,
                       const StructureReadOptions& options);

bool looks_like_lammps_dump(TextReader reader);
FramePlaces lammps_dump_frames(TextReader reader);
Atoms read_lammps_dump(TextReader& reader, const FramePlace& place,
                       const StructureReadOptions& options);

bool looks_like_poscar(TextReader reader);
FramePlaces poscar_frames(TextReader reader);
Atoms read_poscar(TextReader& reader, const FramePlace& place, const StructureReadOptions& options);

bool looks_like_kirkland_xyz(TextReader reader);
Atoms read_kirkland_xyz(TextReader& reader, const FramePlace& place,
                        const StructureReadOptions& options);

bool looks_like_cif(TextReader reader);
FramePlaces cif_frames(TextReader reader);
Atoms read_cif(TextReader& reader, const FramePlace& place, const StructureReadOptions& options);

bool looks_like_pdb(TextReader reader);
FramePlaces pdb_frames(TextReader reader);
Atoms read_pdb(TextReader& reader, const FramePlace& place, const StructureReadOptions& options);

bool looks_like_matlab(TextReader reader);
Atoms read_matlab(TextReader& reader, const FramePlace& place, const StructureReadOptions& options);

// Tells the caller what of the file was not used, or is doubtful.
template <typename... Args>
void note(const StructureReadOptions& options, fmt::format_string<Args...> what, Args&&... args) {
  if (options.note) options.note(message(what, std::forward<Args>(args)...));
}

// Element of type `type` from options.types; throws with `reader`'s place if the list is too short.
int element_of_type(const TextReader& reader, const StructureReadOptions& options,
                    std::int64_t type);

// The element whose standard atomic weight lies within 0.1 g/mol of `mass`, 0 if there is none.
int element_of_mass(double mass);

// The same atoms with ids ascending; throws Error{input} if an id occurs twice.
Atoms sorted_by_id(const Atoms& atoms, const std::vector<std::int64_t>& ids,
                   const std::string& name);

// What a crystallographic file says of a site besides its place: share of the sites that are
// occupied, and one-dimensional rms displacement in Angstrom (0: not given).
struct SiteLabels {
  std::vector<double> occupancy, u_rms;
};
// Adds the labels occupancy and u_rms, each only where the file says something: an occupancy other
// than 1, a displacement other than 0.
void add_site_labels(Atoms& atoms, SiteLabels labels);

}  // namespace vitrobeam
