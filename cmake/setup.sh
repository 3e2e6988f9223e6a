# Sourced by demo.sh and test.sh: installs the Debian packages that are missing, then builds build/release.
# setup PURPOSE [--no-install]: PURPOSE is "build" (the program), "test" (everything, which needs some more packages) or
# "sanitize" (packages alone).

build_packages="
  build-essential
  cmake
  ninja-build
  pkg-config
  libfftw3-dev
  libeigen3-dev
  libhdf5-dev
  libboost-program-options-dev
  doctest-dev
  gemmi-dev
  tao-pegtl-dev
  voro++-dev
  libnanoflann-dev
  librandom123-dev
  libspdlog-dev
  libfmt-dev
  nlohmann-json3-dev
  libpng-dev
  libcairo2-dev
  fonts-dejavu-core
  libdeflate-dev
  libssl-dev
  zlib1g-dev
  libtiff-dev
  libblosc-dev
  libzstd-dev
  bitshuffle
  libopenmpi-dev
"
test_packages="openmpi-bin hdf5-tools python3 python3-numpy python3-scipy python3-h5py python3-hyperspy clang-format clang-tidy"
sanitize_packages="clang libomp-dev"

setup() {
  packages=$build_packages
  [ "$1" = build ] || packages="$packages $test_packages"
  [ "$1" != sanitize ] || packages="$packages $sanitize_packages"
  missing=
  for p in $packages; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
  done
  if [ -n "$missing" ]; then
    if [ "${2:-}" = --no-install ]; then
      echo "missing packages:$missing" >&2
      echo "install them with: apt-get install$missing" >&2
      exit 1
    fi
    as_root=
    if [ "$(id -u)" != 0 ]; then
      command -v sudo >/dev/null || { echo "not root and no sudo: install these yourself:$missing" >&2; exit 1; }
      as_root=sudo
    fi
    echo "installing with apt-get:$missing"
    $as_root apt-get update -q >/dev/null
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
  fi
  [ "$1" != sanitize ] || return 0
  echo "building build/release (the first time takes some minutes)"
  cmake --preset release >/dev/null
  if [ "$1" = test ]; then cmake --build --preset release; else cmake --build --preset release --target vitrobeam; fi
}
