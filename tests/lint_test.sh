#!/bin/sh
# clang-format over the whole tree; clang-tidy (.clang-tidy; a finding is an error) over the product sources that differ from
# the main branch, because it takes 14 to 29 s of processor time a file. The whole tree, to be done before a release:
#   tests/lint_test.sh build/release/vitrobeam . --all
# Usage: lint_test.sh PROGRAM SOURCE_DIR [--all]; PROGRAM lies in the build folder, beside compile_commands.json.
set -u
build=$(dirname "$1"); cd "$2" || exit 1
command -v clang-format >/dev/null && command -v clang-tidy >/dev/null && command -v git >/dev/null &&
  git rev-parse --git-dir >/dev/null 2>&1 || { echo "skipped: needs clang-format, clang-tidy and a git checkout"; exit 77; }

sources() { git ls-files --cached --others --exclude-standard -- "$@"; }
sources '*.cpp' '*.hpp' | while read -r f; do [ -f "$f" ] && echo "$f"; done |
  xargs clang-format --dry-run -Werror || { echo "format with: clang-format -i FILE..."; exit 1; }
echo "clang-format: in order"

changed() {
  git diff --name-only "$(git merge-base HEAD main 2>/dev/null || echo HEAD)"
  git ls-files --others --exclude-standard
}
product='^(base|fourier|models|potentials|multislice|patterns|maps|studies|io|pictures|runtime|options|drivers)/[^/]*\.cpp$'
if [ "${3:-}" = --all ]; then
  files=$(sources '*.cpp' | grep -E "$product")
else
  files=$(changed | sed 's/\.hpp$/.cpp/' | sort -u | grep -E "$product" | while read -r f; do [ -f "$f" ] && echo "$f"; done)
fi
[ -n "$files" ] || { echo "clang-tidy: no product source changed"; exit 0; }
echo "clang-tidy: $(echo "$files" | wc -l) files"
# clang cannot read the precompiled header of another compiler: without it, a file is checked with what it includes itself
mkdir -p "$build/tidy"
sed 's/ -fpch-preprocess\| -Winvalid-pch\| -include [^ ]*cmake_pch.hxx//g' "$build/compile_commands.json" >"$build/tidy/compile_commands.json"
echo "$files" | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p "$build/tidy" 2>&1 | grep -v ' warnings\{0,1\} generated' >"$build/tidy.log"
# what clang 14 itself does not accept of a system header (gemmi's CIF document, as C++20) is no finding
if grep 'error:' "$build/tidy.log" | grep -qv '^/usr/'; then cat "$build/tidy.log"; exit 1; fi
echo "clang-tidy: in order"
