#!/bin/sh
# Installs what is missing, builds, runs all tests.   ./test.sh [--no-install]
set -eu
cd "$(dirname "$0")"
. cmake/setup.sh
setup test "${1:-}"
ctest --preset release -j "$(nproc)"
