#!/bin/sh
# vitrobeam model from the command line: every kind is built, every mistake has its exit status and leaves no file.
. "$(dirname "$0")/commands.sh"

model() { "$program" model "$@"; }

glass=$source/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz
expect 0 '<0,0,12,0>' model --list
expect 0 'atoms        13' model icosahedron --elements Cu,Zr --bond 2.75 --axis 5 --voronoi -o ico.extxyz
expect 0 'closest pair 2.5600' model fcc --elements Cu --radius 6 --axis 111 --box 40x40x20 -o fcc.extxyz
expect 0 '30 x 30 x 20' model packing --composition Cu64.5Zr35.5 --box 30x30x20 -o packing.extxyz
expect 0 'motif 1      icosahedron' model embed --motif ico.extxyz --matrix packing.extxyz -o embedded.extxyz
expect 0 'motif 2      hcp' model embed --motif hcp --elements Zr --direction 1,1,0 --matrix embedded.extxyz \
  --at 8,8,10 -o two.extxyz
expect 0 '60 x 60 x 20' model cut "$glass" --from 0,0,10 --to 60,60,30 -o large.extxyz
expect 2 'give one of them' model cut "$glass" --from 0,0,10 --slab 0,10 -o bad.extxyz
expect 0 'periodic along xy' model cut "$glass" --slab 10,30 --vacuum 5 -o cut.extxyz
expect 0 'atoms        4000' model cut "$glass" --dry-run
expect 0 '<0,0,12,4>' model 0,0,12,4 --elements Zr,Cu,Zr --voronoi -o z16.extxyz
expect 0 'atoms        147' model mackay --shells 3 --elements Cu -o mackay.extxyz
expect 0 'periodic along none' model turn "$glass" --direction 1,1,1 --size 20x20x10 -o turned.extxyz
expect 0 '40.5926 x 40.0701' model strain "$glass" --strain 1%,-0.3%,0,0,0,0 -o strained.extxyz
expect 0 '80.3814 x 40.1907 x 24' model cut "$glass" --slab 10,22 --repeat 2x1x2 -o tiled.extxyz
expect 0 'motif 1      Z16' model embed --motif 0,0,12,4 --elements Zr,Cu,Zr --matrix "$glass" --depth 12 --offset 3,-2 -o depth.extxyz
grep -q 'motif_1_depth=12 ' depth.extxyz || complain "no depth of 12 recorded"
expect 2 'known are' model 'embed' --motif '<0,9,9,9>' --matrix "$glass" -o bad.extxyz
expect 2 'cut needs a file' model cut -o bad.extxyz
expect 2 "unexpected argument 'more'" model packing more --atoms 100 -o bad.extxyz
expect 2 "--repeat '2x2'" model cut "$glass" --repeat 2x2 -o bad.extxyz
expect 2 'beyond 0.5' model strain "$glass" --strain 1,0,0,0,0,0 -o bad.extxyz
expect 2 'is periodic' model turn "$glass" --direction 1,1,1 -o bad.extxyz
expect 4 'meet its own image' model embed --motif fcc --elements Cu --radius 25 --matrix "$glass" -o bad.extxyz

expect 0 'fraction 0.55000' model hard-spheres --composition Cu50Zr50 --atoms 300 --fraction 0.55 -o spheres.extxyz
expect 4 'were asked for; the state is in' model hard-spheres --atoms 300 --fraction 0.62 --time-limit 1e-6 -o stopped.extxyz
[ -e stopped.extxyz.state.xyz ] || complain "no state was kept"
[ -e stopped.extxyz ] && complain "an unfinished packing was written"
expect 2 'is the state of a packing that was stopped' model hard-spheres --atoms 300 --fraction 0.62 -o stopped.extxyz
expect 2 'of another packing' model hard-spheres --atoms 300 --fraction 0.62 --seed 2 --resume -o stopped.extxyz
expect 0 'fraction 0.62000' model hard-spheres --atoms 300 --fraction 0.62 --resume -o stopped.extxyz
expect 0 'fraction 0.62000' model hard-spheres --atoms 300 --fraction 0.62 -o whole.extxyz
cmp -s stopped.extxyz whole.extxyz || complain "a resumed packing differs from an uninterrupted one"
[ -e stopped.extxyz.state.xyz ] && complain "the state was left behind"
expect 4 'the spheres jam at' model hard-spheres --composition Cu --atoms 300 --fraction 0.74 --growth 1 -o jam.extxyz
expect 0 'extrapolated to no gap' model hard-spheres --composition Cu --atoms 300 --jam -o jammed.extxyz
grep -q 'coordination_at_no_gap=' jammed.extxyz || complain "jammed.extxyz does not say its contacts"
expect 4 'is impossible' model packing --composition Cu --density 0.9 --atoms 300 -o bad.extxyz
expect 0 'energy' model relax spheres.extxyz --potential morse --steps 20 -o relaxed.extxyz
expect 0 'largest force' model relax spheres.extxyz --potential morse --steps 20 --largest-force 0.1 -o relaxed.extxyz --force
expect 0 'Zr around Cu: 0.' model order "$glass" --target 0.1 -o order.extxyz
expect 4 'no farther' model order "$glass" --target 1 -o bad.extxyz
expect 2 'neither contacts' model relax "$glass" --potential eam -o bad.extxyz
expect 3 'number of elements (a whole number) is expected' model relax "$glass" --potential "$glass" -o bad.extxyz
expect 0 'Cu33.33 Zr66.67' model crystal --lattice C11b --elements Cu,Zr --a 3.22 --c 11.18 --periodic -o c11b.extxyz
expect 0 'periodic along none' model crystal --lattice c11b.extxyz --zone 1,1,0 --size 30x20x12 --shape block -o slab.extxyz
expect 0 'motif 1      c11b.extxyz' model embed --motif slab.extxyz --matrix "$glass" -o with_crystal.extxyz
expect 0 'closest pair 2.5600' model crystal --lattice fcc --elements Cu --fault twin --plane 1,1,1 -o twin.extxyz
expect 0 'grains       5' model microcrystal --lattice fcc --elements Cu --cell 30 --grains 5 -o grains.extxyz
expect 2 'known are fcc' model crystal --lattice C14 --elements Cu -o bad.extxyz
expect 2 'two elements' model crystal --lattice B2 --elements Cu -o bad.extxyz
expect 2 'no fault' model crystal --lattice B2 --elements Cu,Zr --fault twin -o bad.extxyz
expect 0 'periodic along y' model wedge "$glass" --thin 4 --angle 25 -o wedge.extxyz
expect 0 'periodic along xy' model oxide cut.extxyz --density 5 --thickness 6 -o oxide.extxyz
expect 0 'density +6.' model shear-band "$glass" --width 12 --segment 20 -o band.extxyz
expect 0 'atoms        4000' model inclusion "$glass" --radius 8 --eigenstrain 2%,0,0,0,0,0 -o inclusion.extxyz
expect 0 'frames       3' model series order.extxyz --frames 3 --tau 5 --surface 4 --closest 0 -o series.extxyz
expect 0 'frames       2' model series series.extxyz --trajectory --stride 2 -o every_second.extxyz
expect 0 'clusters' model cluster-packing --cells 2 -o miracle.extxyz
expect 0 'Cu64.29 Zr35.71' model clusters-and-glue --formula '[Cu8Zr5]Cu' --cells 2 -o dong.extxyz
expect 0 'within 0.12 bonds' model prisms --atoms 150 -o prisms.extxyz
expect 2 'a prism of its own' model prisms --composition Fe50C50 -o bad.extxyz
expect 4 'take more atoms' model prisms --atoms 100 --bond 4 -o bad.extxyz
expect 2 'does not fit a band' model shear-band "$glass" --width 12 --border 20 -o bad.extxyz
expect 0 '<0,2,8,0>' model C16 --elements Ni,Zr --voronoi -o c16.extxyz
expect 0 'bond angles' model network --cells 2 --anneal 20 -o network.extxyz
expect 0 'class 1' model classes "$glass" --most 5 --labelled labelled.extxyz -o classes.extxyz
expect 2 'no cluster in brackets' model clusters-and-glue --formula Cu8Zr5 -o bad.extxyz
expect 2 'no oxygen' model oxide "$glass" --oxide Zr --density 5 -o bad.extxyz
expect 2 'is no series' model series series.extxyz --trajectory --first 2 -o bad.extxyz
expect 4 'does not lie in the cell' model shear-band "$glass" --width 60 -o bad.extxyz
expect 2 "did you mean 'icosahedron'" model icosaedron -o bad.extxyz
expect 2 'no output' model fcc --elements Cu
expect 2 'exists' model fcc --elements Cu -o fcc.extxyz
expect 2 '5, 3, 2' model icosahedron --elements Cu --axis 4 -o bad.extxyz
expect 2 'Qq' model packing --composition Qq50 --atoms 100 -o bad.extxyz
expect 2 'known are' model embed --motif none --matrix packing.extxyz -o bad.extxyz
expect 3 'cannot be opened' model cut absent.xyz -o bad.extxyz
expect 4 'does not fit' model fcc --elements Cu --box 3 -o bad.extxyz
expect 4 'along z' model embed --motif ico.extxyz --matrix packing.extxyz --at 5,5,1 -o bad.extxyz
printf '1\n9 9 9\nCu 1 nan 3\n' > broken.xyz
expect 3 'broken.xyz:3: y in column 3 is nan' model cut broken.xyz -o bad.extxyz
for left in bad.extxyz ./*.part; do
  [ -e "$left" ] && complain "left behind: $left"
done
finish
