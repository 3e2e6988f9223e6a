#!/bin/sh
# Installs what is missing, builds, runs all tests.   ./test.sh [--no-install]
# ./test.sh --sanitize [--no-install]: all tests under address and undefined-behaviour sanitizers, then the parallel
# ones under the thread sanitizer (presets debug and thread); hours on two cores.
set -eu
cd "$(dirname "$0")"
. cmake/setup.sh
if [ "${1:-}" = --sanitize ]; then
  setup sanitize "${2:-}"
  for preset in debug thread; do
    cmake --preset $preset
    cmake --build --preset $preset
    ctest --preset $preset -j "$(nproc)"
  done
  exit
fi
setup test "${1:-}"
ctest --preset release -j "$(nproc)"
