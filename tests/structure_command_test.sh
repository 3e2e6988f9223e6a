#!/bin/sh
# vitrobeam structure as a user runs it: outputs agree with each other, bad input is refused with its status.
. "$(dirname "$0")/commands.sh"
glass=$source/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz

structure() { "$program" structure "$@"; }

expect 0 '<0,0,12,0>' structure "$glass" -o all.h5 --labels all.xyz --csv all
[ "$(wc -l < all_atoms.csv)" = 4001 ] || complain "all_atoms.csv has not 4000 atoms"
head -1 all_sq.csv | grep -q '^q,electron,xray,neutron,' || complain "head of all_sq.csv"
expect 2 'exists; give --force' structure "$glass" -o all.h5
expect 2 'exists; give --force' structure "$glass" -o other.h5 --labels all.xyz
[ ! -e other.h5 ] || complain "other.h5 was written though the labels were refused"
# the labelled model is a model again, with the same indices
expect 0 'every face counted' structure all.xyz -o again.h5 --only voronoi --face-cut 0
expect 0 'radical planes' structure "$glass" -o radical.h5 --only voronoi --radical --radii Cu=1.3
expect 2 "SYMBOL=ANGSTROM" structure "$glass" -o x.h5 --radical --radii copper
expect 2 'without --radical' structure "$glass" -o x.h5 --radii Cu=1.3
expect 2 "known are voronoi" structure "$glass" -o x.h5 --only voronoy
expect 2 "not between 1 and 12" structure "$glass" -o x.h5 --orders 4,13
expect 2 "name one model" structure -o x.h5
expect 2 "one frame\|1 frames" structure "$glass" -o x.h5 --frame 3
expect 3 "one frame" structure "$glass" -o x.h5 --only motion --vibration

printf '2\n\nCu 0 0 0\nZr 1.0 0 0\n' > close.xyz
expect 0 "1 pair of atoms is closer" structure close.xyz -o close.h5 --only voronoi
expect 4 "strict" structure close.xyz -o x.h5 --only voronoi --strict
printf '2\nLattice="9 0 0 3 9 0 0 0 9" Properties=species:S:1:pos:R:3 pbc="T T F"\nCu 0 0 0\nZr 4 0 0\n' > tilted.xyz
expect 4 "tilted cell" structure tilted.xyz -o x.h5 --only voronoi
printf '2\nLattice="9 0 0 3 9 0 0 0 9" Properties=species:S:1:pos:R:3 pbc="T T T"\nCu 0 0 0\nZr 4 0 0\n' > sheared.xyz
expect 4 "orthogonal" structure sheared.xyz -o x.h5 --only column
printf '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3:motif:Q:1\nCu 0 0 0 1\nZr 4 0 0 1\n' > label.xyz
expect 3 "kind 'Q'" structure label.xyz -o x.h5
printf '1\n9 9 9\nCu 0 0 0\n2\n9 9 9\nCu 0 0 0\nCu 4 0 0\n' > frames.xyz
expect 3 "have 1 and 2 atoms" structure frames.xyz -o x.h5 --only motion --reference-frame 0 --cutoff 5
expect 3 "have 1 and 2 atoms" structure frames.xyz -o x.h5 --only motion --vibration --cutoff 5
[ ! -e x.h5 ] && [ ! -e x.h5.part ] || complain "a refused run left a file"

# a sheared copy: strain found, nothing non-affine
awk 'NR == 1 {print; next} NR == 2 {print "Lattice=\"40.190714808025604 0 0 0.8038142961605121 40.190714808025604 0 0 0 40.190714808025604\" Properties=species:S:1:pos:R:3"; next} {printf "%s %.10f %s %s\n", $1, $2 + 0.02 * $3, $3, $4}' "$glass" > sheared_glass.xyz
expect 0 'd2min       mean [0-9.]*e-[12][0-9]' structure sheared_glass.xyz --reference "$glass" -o shear.h5 --only motion --cutoff 3.7
"$program" plot all.h5 -o all.png > /dev/null && "$program" report all.h5 -o all.html > /dev/null || complain "plot or report"
grep -q '⟨0,0,12,0⟩' all.html || complain "the report has no table of indices"
"$program" info all.h5 | grep -q 'good: no two atoms' || complain "info does not call a sound model good"

# a file that names no elements is readable wherever a model is
printf 'two\n\n2 atoms\n2 atom types\n0 12 xlo xhi\n0 12 ylo yhi\n0 4 zlo zhi\n\nAtoms # atomic\n\n1 1 3 3 1\n2 2 6 6 2\n' >two.data
refuse 3 'with --types' info two.data
expect 0 'Cu.*Zr' "$program" info two.data --types Cu,Zr
expect 0 'wrote' "$program" plot two.data --types Cu,Zr -o two.png
expect 0 'wrote' "$program" simulate two.data --types Cu,Zr --grid 64 --semiangle 10 --scan 2x2 -o two.h5
expect 0 'wrote' "$program" fluctuation two.h5 --model two.data --types Cu,Zr --q-min 0.2 --q-max 1 --radii 4 --resolution 0.1 -o v.h5
finish
