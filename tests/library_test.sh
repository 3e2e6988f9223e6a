#!/bin/sh
# Libraries in parts: shards merge into the very file of a build in one piece, a killed build
# continues to the same bytes, an interrupted one can be used as far as it goes.
. "$(dirname "$0")/commands.sh"
export XDG_CACHE_HOME="$folder"  # transform plans: measured by the first run, used by the others

same() { cmp -s "$1" "$2" || complain "$1 and $2 differ"; }

cat >plan.ini <<'PLAN'
motifs = icosahedron,fcc
elements = Cu,Zr;Zr,Cu
bond = 2.75
spacing-deg = 25
depths = 0.3,0.7
matrix = packing
realisations = 2
thickness = 12,14
box = 14
wrap-limit = 60
grid = 48
null = 24
packings = 3
planted = 5
semiangle = 7
PLAN
build="$program library build --config plan.ini"

expect 0 "units" $build --dry-run
expect 0 "wrote" $build -o whole.h5 --threads 1
grep -q "2 decorations" out.txt || complain "decorations are not listed"
cp whole.h5 again.h5
expect 0 "whole already" $build -o whole.h5 --resume
for i in 1 2 3; do expect 0 "not whole" $build -o s$i.h5 --shard $i/3 --threads 2; done
expect 0 "wrote" $program library merge s2.h5 s3.h5 s1.h5 -o merged.h5
same whole.h5 merged.h5
expect 3 "two of the libraries" $program library merge s1.h5 s1.h5 -o twice.h5
expect 0 "not whole" $program library merge s1.h5 s3.h5 -o part.h5
expect 2 "shard" $build -o x.h5 --shard 4/3
expect 2 "shard" $build -o x.h5 --shard one

# killed at some moment, then continued, until it is whole
for pause in 0.3 0.6 1.0; do
  $build -o killed.h5 --resume --threads 1 >/dev/null 2>&1 &
  pid=$!
  sleep $pause
  kill -9 $pid 2>/dev/null
  wait $pid 2>/dev/null
done
[ -e killed.h5 ] || expect 0 "wrote" $build -o killed.h5 --resume
same whole.h5 killed.h5
ls ./*.journal >/dev/null 2>&1 && complain "a journal is left"

# a polite interruption leaves what is done
$build -o polite.h5 --threads 1 --null 3000 --planted 40 >polite.txt 2>&1 &
pid=$!
sleep 1.2
kill -TERM $pid 2>/dev/null
wait $pid
status=$?
if [ "$status" = 130 ] && [ -e polite.h5 ]; then
  grep -q "as far as it goes" polite.txt || complain "interruption is not explained"
  expect 0 "not whole" $program library info polite.h5
  expect 0 "wrote" $build -o polite.h5 --null 3000 --planted 40 --resume
  grep -q "not whole" out.txt && complain "resumed build is not whole"
fi

expect 0 "hcp" $program library extend whole.h5 -o more.h5 --motifs hcp
grep -q "icosahedron" out.txt || complain "extend lost a motif"
expect 2 "is in whole.h5 already" $program library extend whole.h5 -o no.h5
expect 0 "hcp" $program library subset more.h5 -o few.h5 --motifs hcp,fcc --condition 1
grep -q "icosahedron" out.txt && complain "subset kept a motif"
expect 2 "no motif 'bcc'" $program library subset more.h5 -o no.h5 --motifs bcc
expect 2 "condition" $program library subset more.h5 -o no.h5 --condition 2
expect 2 "version" $program library migrate whole.h5 -o no.h5
expect 2 "twice" $build -o no.h5 --thickness 12,12
expect 2 "depths" $build -o no.h5 --depths 1.5
expect 2 "semiangles" $build -o no.h5 --semiangles 0,5
# of other optics: a condition of its own, not more of the same; every entry keeps the build that made it
expect 0 "wrote" $build -o sharper.h5 --thickness 12 --cs 0.5 --seed 3 --motifs fcc
expect 0 "condition   2" $program library merge whole.h5 sharper.h5 -o optics.h5
grep -q "cs = 0.5 mm" out.txt || complain "conditions do not tell their optics"
[ "$(grep -c "^made by" out.txt)" = 2 ] && grep -q "seed 3" out.txt || complain "entries do not tell their builds"
expect 0 "wrote" $program library build -o other.h5 --config plan.ini --box 16 --null 24 --planted 0 --spacing-deg 90
expect 3 "same --box" $program library merge whole.h5 other.h5 -o no.h5
expect 0 "wrote" $program plot more.h5 -o more.png
expect 0 "wrote" $program library plot more.h5 -o coverage.png
[ -e no.h5 ] && complain "a refused run left no.h5"

# which condition separates best: all of them are listed, the best is one of them
expect 0 "step" $program plan more.h5 --doses 1e3,1e5 --angles 24 --radii 6 -o plan.h5
for word in "12 Angstrom thick" "14 Angstrom thick" "best " "detector"; do
  grep -q "$word" out.txt || complain "plan does not tell '$word'"
done
h5ls plan.h5/plan/information >/dev/null 2>&1 || complain "plan.h5 lacks /plan/information"
expect 0 "wrote" $program plot plan.h5 -o plan.png
expect 0 "wrote" $program report plan.h5 -o plan.html
expect 0 "wrote" $program report more.h5 -o more.html
grep -q "directions of the beam" more.html || complain "no coverage in the report of a library"
grep -q "virtual detector" plan.html || complain "no detector in the report of a plan"
expect 0 "from hcp" $program plan few.h5 --doses 1e4 --separate fcc,hcp --angles 24 --radii 6
expect 2 "no motif 'bcc'" $program plan more.h5 --separate fcc,bcc
expect 2 "doses" $program plan more.h5 --doses 0
expect 2 "multiple of 12" $program plan more.h5 --angles 50
expect 3 "no motif library" $program plan plan.h5
expect 3 "no motif library" $program library plot plan.h5 -o no.png
expect 2 "svg" $program library plot few.h5 -o no.svg

# matching takes the condition of the patterns, and says that a shard is not the whole
glass=$source/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz
expect 0 "wrote" $program simulate $glass -o p.h5 --scan 2x1 --to 4,4 --grid 180 --q-max 1.1 --semiangle 7
expect 0 "no motif" $program match p.h5 more.h5 -o m.h5
expect 0 "equally near" $program match p.h5 optics.h5 -o m2.h5 --thickness 12
expect 0 "knows fcc only" $program match p.h5 optics.h5 -o m3.h5 --condition 2 --thickness 12
grep -q "equally near" out.txt && complain "a chosen condition is doubted"
expect 2 "the library has 3" $program match p.h5 optics.h5 -o n.h5 --condition 3
expect 3 "no template" $program match p.h5 s1.h5 -o n.h5
grep -q "units of its build" out.txt || complain "a shard passes for a library"
finish
