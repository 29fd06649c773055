# Debian packages, and how they are installed. Sourced by ./dev.
#
# An entry PACKAGE:PROGRAM is there when the program is, however it came; an entry without a
# program is there when the package is installed.

# Boost 1.81 is a package of its own: plain libboost-dev is 1.74, which is too old, and the
# development files of the two cannot be installed together.
build_packages=(
  build-essential:g++ cmake:cmake ninja-build:ninja ccache:ccache
  libboost1.81-dev libfmt-dev librocksdb-dev libssl-dev libtomlplusplus-dev
  libpcre2-dev libpq-dev libsqlite3-dev nlohmann-json3-dev catch2
)

test_packages=(
  "${build_packages[@]}" python3:python3 clang-format:clang-format
  clang:clang++ libclang-rt-14-dev
  python3-pika amqp-tools:amqp-publish librabbitmq-dev pkg-config:pkg-config openssl:openssl
  golang-go:go golang-github-rabbitmq-amqp091-go-dev
  nodejs:node npm:npm ca-certificates valgrind:valgrind doxygen:doxygen postgresql
)

# What ./dev bench needs besides. rabbitmq-server, which it compares with, is left to people: it
# brings a service on port 5672 with it.
bench_packages=(python3:python3 git:git valgrind:valgrind gnuplot-nox:gnuplot libbenchmark-dev)

# missing_packages ENTRY…: prints the names of those that are not there.
missing_packages() {
  local entry package
  local -a unsure=()
  for entry in "$@"; do
    package=${entry%%:*}
    if [ "$entry" = "$package" ]; then
      unsure+=("$package")
    elif ! command -v "${entry#*:}" >/dev/null; then
      echo "$package"
    fi
  done
  [ ${#unsure[@]} -gt 0 ] || return 0
  if ! command -v dpkg-query >/dev/null; then
    # Not Debian: CMake will say what it does not find.
    return 0
  fi
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${unsure[@]}" 2>/dev/null |
    sed -n 's/^installed //p') || true
  for package in "${unsure[@]}"; do
    grep -qxF -- "$package" <<<"$installed" || echo "$package"
  done
}

install_packages() {
  local -a missing privileged=()
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  say "missing packages: ${missing[*]}"
  command -v apt-get >/dev/null || die "this is not Debian: install their like by hand"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "run it as root, or install sudo"
    privileged=(sudo)
  fi
  "${privileged[@]}" apt-get update -q </dev/null >&2
  # --no-remove: nobody's other packages go away for this.
  if ! "${privileged[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
    --no-install-recommends --no-remove "${missing[@]}" </dev/null >&2; then
    say "If apt-get spoke of packages to be removed: libboost1.81-dev cannot be installed beside"
    say "libboost-dev, which is Boost 1.74. First: apt-get remove libboost1.74-dev"
    die "the packages could not be installed"
  fi
}
