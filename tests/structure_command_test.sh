#!/bin/sh
# vitrobeam structure as a user runs it: outputs agree with each other, bad input is refused with its status.
program=$(realpath "$1"); source=$(realpath "$2"); failures=0
folder=$(mktemp -d "${TMPDIR:-/tmp}/vitrobeam_structure_XXXXXX"); trap 'rm -rf "$folder"' EXIT; cd "$folder" || exit 1
glass=$source/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz

# expect STATUS PATTERN ARGUMENTS...: exit status and a word of the message
expect() {
  status=$1; pattern=$2; shift 2
  "$program" structure "$@" > out.txt 2> err.txt; got=$?
  if [ $got -ne "$status" ] || ! cat out.txt err.txt | grep -q -e "$pattern"; then
    echo "FAILED: structure $* -> $got (expected $status, '$pattern')"; cat out.txt err.txt; failures=$((failures + 1))
  fi
}

expect 0 '<0,0,12,0>' "$glass" -o all.h5 --labels all.xyz --csv all
[ "$(wc -l < all_atoms.csv)" = 4001 ] || { echo "FAILED: all_atoms.csv has not 4000 atoms"; failures=$((failures + 1)); }
head -1 all_sq.csv | grep -q '^q,electron,xray,neutron,' || { echo "FAILED: head of all_sq.csv"; failures=$((failures + 1)); }
expect 2 'exists; give --force' "$glass" -o all.h5
expect 2 'exists; give --force' "$glass" -o other.h5 --labels all.xyz
[ ! -e other.h5 ] || { echo "FAILED: other.h5 was written though the labels were refused"; failures=$((failures + 1)); }
# the labelled model is a model again, with the same indices
expect 0 'every face counted' all.xyz -o again.h5 --only voronoi --face-cut 0
expect 0 'radical planes' "$glass" -o radical.h5 --only voronoi --radical --radii Cu=1.3
expect 2 "SYMBOL=ANGSTROM" "$glass" -o x.h5 --radical --radii copper
expect 2 'without --radical' "$glass" -o x.h5 --radii Cu=1.3
expect 2 "known are voronoi" "$glass" -o x.h5 --only voronoy
expect 2 "from 1 to 12" "$glass" -o x.h5 --orders 4,13
expect 2 "name one model" -o x.h5
expect 2 "one frame\|1 frames" "$glass" -o x.h5 --frame 3
expect 3 "one frame" "$glass" -o x.h5 --only motion --vibration

printf '2\n\nCu 0 0 0\nZr 1.0 0 0\n' > close.xyz
expect 0 "1 pairs of atoms are closer" close.xyz -o close.h5 --only voronoi
expect 4 "strict" close.xyz -o x.h5 --only voronoi --strict
printf '2\nLattice="9 0 0 3 9 0 0 0 9" Properties=species:S:1:pos:R:3 pbc="T T F"\nCu 0 0 0\nZr 4 0 0\n' > tilted.xyz
expect 4 "tilted cell" tilted.xyz -o x.h5 --only voronoi
printf '2\nLattice="9 0 0 3 9 0 0 0 9" Properties=species:S:1:pos:R:3 pbc="T T T"\nCu 0 0 0\nZr 4 0 0\n' > sheared.xyz
expect 4 "orthogonal" sheared.xyz -o x.h5 --only column
printf '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3:motif:Q:1\nCu 0 0 0 1\nZr 4 0 0 1\n' > label.xyz
expect 3 "kind 'Q'" label.xyz -o x.h5
printf '1\n9 9 9\nCu 0 0 0\n2\n9 9 9\nCu 0 0 0\nCu 4 0 0\n' > frames.xyz
expect 3 "have 1 and 2 atoms" frames.xyz -o x.h5 --only motion --reference-frame 0 --cutoff 5
expect 3 "have 1 and 2 atoms" frames.xyz -o x.h5 --only motion --vibration --cutoff 5
[ ! -e x.h5 ] && [ ! -e x.h5.part ] || { echo "FAILED: a refused run left a file"; failures=$((failures + 1)); }

# a sheared copy: strain found, nothing non-affine
awk 'NR == 1 {print; next} NR == 2 {print "Lattice=\"40.190714808025604 0 0 0.8038142961605121 40.190714808025604 0 0 0 40.190714808025604\" Properties=species:S:1:pos:R:3"; next} {printf "%s %.10f %s %s\n", $1, $2 + 0.02 * $3, $3, $4}' "$glass" > sheared_glass.xyz
expect 0 'd2min       mean [0-9.]*e-[12][0-9]' sheared_glass.xyz --reference "$glass" -o shear.h5 --only motion --cutoff 3.7
"$program" plot all.h5 -o all.png > /dev/null && "$program" report all.h5 -o all.html > /dev/null || { echo "FAILED: plot or report"; failures=$((failures + 1)); }
grep -q '⟨0,0,12,0⟩' all.html || { echo "FAILED: the report has no table of indices"; failures=$((failures + 1)); }
"$program" info all.h5 | grep -q 'good: no two atoms' || { echo "FAILED: verdict of info"; failures=$((failures + 1)); }
exit $failures
