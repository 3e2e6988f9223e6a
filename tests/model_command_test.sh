#!/bin/sh
# vitrobeam model from the command line: every kind is built, every mistake has its exit status and leaves no file.
set -u
program=$1 source=$2
folder=$(mktemp -d) && cd "$folder" || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0

# expect STATUS TEXT ARGUMENTS...: the status, and TEXT somewhere in the output
expect() {
  status=$1 text=$2
  shift 2
  output=$("$program" model "$@" 2>&1)
  got=$?
  if [ $got -ne "$status" ]; then
    echo "status $got instead of $status: model $*"
    echo "$output"
    failed=1
  fi
  case $output in
    *"$text"*) ;;
    *) echo "no '$text' in the output of: model $*"; echo "$output"; failed=1 ;;
  esac
}

glass=$source/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz
expect 0 '<0,0,12,0>' --list
expect 0 'atoms        13' icosahedron --elements Cu,Zr --bond 2.75 --axis 5 --voronoi -o ico.extxyz
expect 0 'closest pair 2.5600' fcc --elements Cu --radius 6 --axis 111 --box 40x40x20 -o fcc.extxyz
expect 0 '30 x 30 x 20' packing --composition Cu64.5Zr35.5 --box 30x30x20 -o packing.extxyz
expect 0 'motif 1      icosahedron' embed --motif ico.extxyz --matrix packing.extxyz -o embedded.extxyz
expect 0 'motif 2      hcp' embed --motif hcp --elements Zr --direction 1,1,0 --matrix embedded.extxyz \
  --at 8,8,10 -o two.extxyz
expect 0 '60 x 60 x 20' cut "$glass" --from 0,0,10 --to 60,60,30 -o large.extxyz
expect 2 'give one of them' cut "$glass" --from 0,0,10 --slab 0,10 -o bad.extxyz
expect 0 'periodic along xy' cut "$glass" --slab 10,30 --vacuum 5 -o cut.extxyz
expect 0 'atoms        4000' cut "$glass" --dry-run
expect 0 '<0,0,12,4>' 0,0,12,4 --elements Zr,Cu,Zr --voronoi -o z16.extxyz
expect 0 'atoms        147' mackay --shells 3 --elements Cu -o mackay.extxyz
expect 0 'periodic along none' turn "$glass" --direction 1,1,1 --size 20x20x10 -o turned.extxyz
expect 0 '40.5926 x 40.0701' strain "$glass" --strain 1%,-0.3%,0,0,0,0 -o strained.extxyz
expect 0 '80.3814 x 40.1907 x 24' cut "$glass" --slab 10,22 --repeat 2x1x2 -o tiled.extxyz
expect 0 'motif 1      Z16' embed --motif 0,0,12,4 --elements Zr,Cu,Zr --matrix "$glass" --depth 12 --offset 3,-2 -o depth.extxyz
grep -q 'motif_1_depth=12 ' depth.extxyz || { echo 'no depth of 12 recorded'; failed=1; }
expect 2 'known are' 'embed' --motif '<0,9,9,9>' --matrix "$glass" -o bad.extxyz
expect 2 'cut needs a file' cut -o bad.extxyz
expect 2 "unexpected argument 'more'" packing more --atoms 100 -o bad.extxyz
expect 2 "--repeat '2x2'" cut "$glass" --repeat 2x2 -o bad.extxyz
expect 2 'beyond 0.5' strain "$glass" --strain 1,0,0,0,0,0 -o bad.extxyz
expect 2 'is periodic' turn "$glass" --direction 1,1,1 -o bad.extxyz
expect 4 'meet its own image' embed --motif fcc --elements Cu --radius 25 --matrix "$glass" -o bad.extxyz

expect 2 "did you mean 'icosahedron'" icosaedron -o bad.extxyz
expect 2 'no output' fcc --elements Cu
expect 2 'exists' fcc --elements Cu -o fcc.extxyz
expect 2 '5, 3, 2' icosahedron --elements Cu --axis 4 -o bad.extxyz
expect 2 'Qq' packing --composition Qq50 --atoms 100 -o bad.extxyz
expect 2 'known are' embed --motif none --matrix packing.extxyz -o bad.extxyz
expect 3 'cannot be opened' cut absent.xyz -o bad.extxyz
expect 4 'does not fit' fcc --elements Cu --box 3 -o bad.extxyz
expect 4 'along z' embed --motif ico.extxyz --matrix packing.extxyz --at 5,5,1 -o bad.extxyz
printf '1\n9 9 9\nCu 1 nan 3\n' > broken.xyz
expect 3 'broken.xyz:3: y in column 3 is nan' cut broken.xyz -o bad.extxyz
for left in bad.extxyz ./*.part; do
  if [ -e "$left" ]; then echo "left behind: $left"; failed=1; fi
done
exit $failed
