#!/bin/sh
# The installed package: program, manual pages, completions, and examples/cpp compiled against headers and libraries.
# Usage: install_test.sh PROGRAM SOURCE_DIR; PROGRAM lies in the build folder.
set -eu
build=$(cd "$(dirname "$1")" && pwd) source=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >"$work/install.log" || { cat "$work/install.log"; exit 1; }
"$work/prefix/bin/vitrobeam" --version
for page in vitrobeam vitrobeam-simulate vitrobeam-library-build vitrobeam-symmetry-limit vitrobeam-model-icosahedron; do
  [ -s "$work/prefix/share/man/man1/$page.1" ] || { echo "no manual page $page.1"; exit 1; }
done
grep -q 'semiangle' "$work/prefix/share/man/man1/vitrobeam-simulate.1" || { echo "the page of simulate lacks --semiangle"; exit 1; }
# options and choices as a shell completes them
if command -v bash >/dev/null; then
  offered=$(PATH="$work/prefix/bin:$PATH" bash -c '. "$0"; COMP_WORDS=(vitrobeam simulate x.xyz --engine s) COMP_CWORD=4; _vitrobeam; echo "${COMPREPLY[@]}"' \
    "$work/prefix/share/bash-completion/completions/vitrobeam")
  [ "$offered" = smatrix ] || { echo "completion of --engine s offers '$offered'"; exit 1; }
fi
cmake -S "$source/examples/cpp" -B "$work/example" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/configure.log" 2>&1 || { cat "$work/configure.log"; exit 1; }
cmake --build "$work/example" >"$work/compile.log" 2>&1 || { cat "$work/compile.log"; exit 1; }
"$work/example/scan_and_match" >"$work/output" || { cat "$work/output"; exit 1; }
cat "$work/output"
# the planted icosahedron is in the middle of the nine positions
awk '/^ / { for (i = 1; i <= NF; ++i) p[n++] = $i } END { exit !(n == 9 && p[4] <= 0.05) }' "$work/output" ||
  { echo "the planted icosahedron was not found"; exit 1; }
