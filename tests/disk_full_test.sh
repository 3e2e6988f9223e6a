#!/bin/sh
# A file system that refuses further bytes (here: the limit on file sizes) ends a run with status 5, says what to do, leaves no
# result; --resume then continues from the journal to the data of an undisturbed run: a simulation and a library.
. "$(dirname "$0")/commands.sh"

# full_disk BYTES FILE ARGUMENTS...: a run that may write so much ends with status 5, names FILE, leaves no result.
full_disk() {
  most=$1 file=$2
  shift 2
  (ulimit -f $((most / 512)); exec "$program" "$@" -o "$file" >/dev/null 2>message)
  status=$?
  [ $status = 5 ] || complain "$file: status $status instead of 5: $(cat message)"
  grep -q "$file" message || complain "$file is not named: $(cat message)"
  [ -e "$file" ] && complain "half of $file is left"
}
# resumed FILE ARGUMENTS...: its journal is there and named, and --resume goes on from it.
resumed() {
  file=$1
  shift
  grep -q "$file.journal: .*--resume" message || complain "$file: no word of the journal and --resume: $(cat message)"
  [ -s "$file.journal" ] || complain "$file: no journal"
  "$program" "$@" -o "$file" --resume >out 2>&1 || complain "$file is not resumed: $(cat out)"
  grep -q "resuming: [1-9]" out || complain "$file: nothing was saved: $(cat out)"
}

"$program" model packing --box 20x20x16 -o model.xyz >/dev/null || complain "no model"
run="simulate model.xyz --scan 8x8 --grid 160 --semiangle 12 --q-max 2.6 --engine multislice"
"$program" $run -o whole.h5 >/dev/null || complain "no whole run"
bytes=$(stat -c %s whole.h5)

full_disk $((bytes / 2)) part.h5 $run
resumed part.h5 $run
h5diff -q whole.h5 part.h5 /simulation /simulation || complain "other data after resuming"

# a library: the journal of its units is what fills the disk; continued, it is the same file to the byte
build="library build --motifs icosahedron,fcc --elements Cu,Zr --spacing-deg 25 --thickness 12 --box 14 --wrap-limit 60 --grid 48
  --null 24 --packings 3 --planted 5 --semiangle 7 --threads 1"
"$program" $build -o whole_library.h5 >/dev/null 2>message || complain "no whole library: $(cat message)"
bytes=$(stat -c %s whole_library.h5)
full_disk $((bytes / 2)) library.h5 $build
resumed library.h5 $build
cmp -s whole_library.h5 library.h5 || complain "another library after resuming"
# a merge has no journal: it leaves nothing, and the same command works where there is room
"$program" $build -o half.h5 --shard 1/2 >/dev/null 2>&1
"$program" $build -o rest.h5 --shard 2/2 >/dev/null 2>&1
full_disk $((bytes / 2)) merged.h5 library merge half.h5 rest.h5
ls merged* >/dev/null 2>&1 && complain "half a merged library is left: $(ls merged*)"
"$program" library merge half.h5 rest.h5 -o merged.h5 >/dev/null 2>message || complain "not merged: $(cat message)"
cmp -s whole_library.h5 merged.h5 || complain "another library after merging"
finish
