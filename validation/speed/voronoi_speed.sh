#!/bin/sh
# Voronoi cells, bond order and classes of 252 000 atoms, the glass of examples/ repeated 4 x 4 x 4 less one layer: processor time and
# memory of one thread. Usage: voronoi_speed.sh VITROBEAM
program=$(realpath "$1"); source=$(realpath "$(dirname "$0")/../..")
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder" || exit 1
"$program" model cut "$source"/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz --from 0,0,0 --to 160.7628592321024,160.7628592321024,158 -o large.xyz | head -1
for only in voronoi order classes; do
  python3 - "$program" "$only" <<'PY'
import os, resource, subprocess, sys
subprocess.run([sys.argv[1], "structure", "large.xyz", "-o", "out.h5", "--force", "--threads", "1", "--cutoff", "3.76", "--only", sys.argv[2]],
               check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
u = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{sys.argv[2]:8} {u.ru_utime + u.ru_stime:6.1f} s of processor time, {u.ru_maxrss / 1024:.0f} MiB, reading and writing included")
PY
done
