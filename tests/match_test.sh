#!/bin/sh
# The way from a model to a motif map, and how it refuses.
. "$(dirname "$0")/commands.sh"

small="--motifs icosahedron,fcc --elements Cu,Zr --bond 2.75 --spacing-deg 30 --box 22 --thickness 14 --grid 96
  --null 48 --packings 3 --planted 4 --semiangle 5"
glass=$source/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz
simulate="$program simulate $glass --scan 3x2 --to 8,8 --grid 180 --q-max 1.1 --semiangle 5"

expect 0 "planted" $program library build --help
expect 0 "usage" $program library --help
expect 2 "is no action" $program library destroy
expect 2 "icosahedron" $program library build -o l.h5 --motifs icosahedrom
expect 2 "twice" $program library build -o l.h5 --motifs fcc,fcc
expect 4 "band limit" $program library build -o l.h5 $small --q-max 15
expect 0 "packings" $program library build -o l.h5 $small --dry-run
expect 0 "motif-free  48" $program library build -o l.h5 $small --threads 2
expect 2 "force" $program library build -o l.h5 $small
expect 0 "icosahedron" $program library info l.h5
expect 0 "" $program library build -o l1.h5 $small --threads 1
for part in patterns null_patterns planted_patterns; do
  h5diff -q l.h5 l1.h5 /motif_library/$part/data /motif_library/$part/data || complain "$part depends on the number of threads"
done

expect 0 "wrote" $simulate --detector adf=20:36 -o p.h5
expect 0 "no motif" $program match p.h5 l.h5 -o m.h5 --false-alarm 5%
grep -q "thickness" out.txt || complain "the thickness mismatch is not mentioned"
for path in match/motif match/posterior match/examples/library simulation/detectors/adf parameters audit; do
  h5ls m.h5/$path >/dev/null 2>&1 || complain "m.h5 lacks $path"
done
expect 0 "is among the" $program info m.h5
# speckle that a large source has blurred ranks among no packings
expect 0 "wrote" $simulate --source-size 20 --wrap-limit 100 -o blurred.h5
expect 0 "unlike the library" $program match blurred.h5 l.h5 -o unlike.h5 --false-alarm 99%
grep -q "6 of 6 patterns were not matched" out.txt || complain "patterns without contrast are ranked"
expect 0 "LOOK: the speckle" $program info unlike.h5
expect 0 "no motif" $program match p.h5 l.h5 -o noisy.h5 --dose 1e4
expect 0 "wrote" $program match p.h5 l.h5 -o rescaled.h5 --energy 300 --rescale --csv map.csv
grep -q "equal q" out.txt || complain "--rescale is silent"
[ "$(wc -l <map.csv)" = 7 ] || complain "map.csv has not one line per position"
expect 0 "6 of 6 patterns were not matched" $program match p.h5 l.h5 -o dark.h5 --saturation 1e-12
grep -q "saturated" out.txt || complain "saturation is not named"
expect 0 "wrote" $program report m.h5 -o m.html
grep -q "Probability that some motif" m.html || complain "no posterior in the report"
grep -q "area under the ROC" m.html || complain "no ROC in the report"
for path in match/confusion match/roc match/roc_area; do
  h5ls m.h5/$path >/dev/null 2>&1 || complain "m.h5 lacks $path"
done
# neighbours together
expect 0 "scanned in steps of 2 " $program library build -o scanned.h5 $small \
  --scan-step 2 --offset-range 2 --offset-step 1
expect 0 "wrote" $program simulate $glass --scan 3x3 --to 6,6 --grid 180 --q-max 1.1 --semiangle 5 -o raster.h5
expect 0 "count together" $program match raster.h5 scanned.h5 -o joint.h5 --neighbours 2 --threads 2
expect 0 "count together" $program match raster.h5 scanned.h5 -o joint1.h5 --neighbours 2 --threads 1
for path in match/best_p_value match/view_posterior match/axis_share match/depth match/views/direction; do
  h5diff -q joint.h5 joint1.h5 /$path /$path || complain "$path lacks in joint.h5, or depends on the number of threads"
done
expect 0 "a second one at" $program match raster.h5 l.h5 -o several.h5 --components 2
h5ls several.h5/match/components/amplitude >/dev/null 2>&1 || complain "no components"
expect 0 "refined .* tilt" $program match raster.h5 scanned.h5 -o refined.h5 --refine 1 --dose 1e5
grep -q "does not tell the offset" out.txt || complain "the offset of one pattern passes for known"
h5ls refined.h5/match/refined/thickness_error >/dev/null 2>&1 || complain "nothing refined"
# all neighbours fitted together
expect 0 "refined .* tilt" $program match raster.h5 scanned.h5 -o together.h5 --refine 1 --dose 1e5 --neighbours 2
grep -q "does not tell the offset" out.txt && complain "the offset of neighbours is not trusted"
expect 0 "wrote" $program library subset l.h5 -o part.h5 --motifs fcc
expect 0 "refined .* fcc, tilt" $program match raster.h5 part.h5 -o part_refined.h5 --refine 1 --dose 1e5
expect 2 "components" $program match raster.h5 l.h5 -o n.h5 --components 0
expect 3 "square raster" $program match p.h5 l.h5 -o n.h5 --neighbours 3
expect 3 "scan-step" $program match raster.h5 l.h5 -o n.h5 --neighbours 2
expect 3 "offset-range" $program match raster.h5 scanned.h5 -o n.h5 --neighbours 4
expect 2 "next position" $program match raster.h5 scanned.h5 -o n.h5 --neighbours 1
expect 3 "scan-step" $program library merge l.h5 scanned.h5 -o n.h5
expect 0 "pairs" $program match p.h5 l.h5 -o n.h5 --dry-run
# a library of another alloy than that of the scan's model
expect 0 "motif-free  24" $program library build -o pdsi.h5 --motifs fcc --elements Pd,Si --composition Pd80Si20 --bond 2.75 \
  --spacing-deg 60 --box 22 --thickness 14 --grid 96 --null 24 --packings 3 --planted 2 --semiangle 5
expect 4 "p.h5: .* model with Cu and Zr, of which pdsi.h5, a library for Si and Pd, knows nothing" $program match p.h5 pdsi.h5 -o n.h5
[ -e n.h5 ] && complain "a scan of another alloy is matched"
expect 2 "PATTERNS LIBRARY" $program match p.h5
expect 2 "band\|q-max" $program match p.h5 l.h5 -o n.h5 --q-max 2.5
expect 4 "central disc" $program match p.h5 l.h5 -o n.h5 --q-min 0.1
expect 4 "300" $program match p.h5 l.h5 -o n.h5 --energy 300
expect 4 "convergence" $program match p.h5 l.h5 -o n.h5 --semiangle 10
expect 4 "end at 0.4.*the library is for 1.4" $program match p.h5 l.h5 -o n.h5 --pixel-q 0.01 --semiangle 5
{ printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (89, 89), }"
  head -c 7921 /dev/zero | tr '\0' '\1'; } >all.npy
expect 2 "hides every pixel" $program match p.h5 l.h5 -o n.h5 --mask all.npy
{ head -c 128 all.npy; printf '\0'; head -c 7920 /dev/zero | tr '\0' '\1'; } >corner.npy  # one pixel beyond the range is left
expect 0 "is hidden" $program match p.h5 l.h5 -o blind.h5 --mask corner.npy --csv blind.csv
expect 0 "6 of 6 patterns were not matched" $program info blind.h5
[ "$(grep -c ",6,none," blind.csv)" = 6 ] || complain "fully masked patterns are not marked"
expect 0 "wrote" $program plot blind.h5 -o blind.png
expect 0 "wrote" $program report blind.h5 -o blind.html
expect 4 "scale: pixels of 0.05 .* has pixels of 0.02" $program match p.h5 l.h5 -o n.h5 --pixel-q 0.05
expect 0 "by the central disc" $program match p.h5 l.h5 -o scaled.h5 --pixel-q 0.05 --rescale
expect 3 "no motif library" $program match p.h5 p.h5 -o n.h5
expect 3 "absent.h5" $program match absent.h5 l.h5 -o n.h5
expect 3 "absent" $program match p.h5:/simulation/absent l.h5 -o n.h5
expect 3 "but the patterns have" $program match p.h5:/simulation/patterns l.h5 -o n.h5 --mask p.h5:/simulation/detectors/adf
expect 2 "false-alarm" $program match p.h5 l.h5 -o n.h5 --false-alarm 120%
[ -e n.h5 ] && complain "a refused run left n.h5"
ls ./*.part >/dev/null 2>&1 && complain "temporary files are left"
finish
