#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks that what the build and the tests take is usable, installs what is missing (on Debian and its
# children, as root), and makes .venv. Does nothing the second time.
#   scripts/setup.sh [--tools-only | --full]    --tools-only: no .venv, which only the tests need
#                                               --full: also what only `make test-full` needs
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools_only=
[[ ${1:-} != --tools-only ]] || tools_only=1
lists=(scripts/debian-packages.txt)
[[ -n $tools_only ]] || lists+=(scripts/debian-packages-python.txt)
[[ ${1:-} != --full ]] || lists+=(scripts/debian-packages-full.txt)

die() { printf 'setup: %s\n' "$@" >&2; exit 1; }

# The first interpreter that can make virtual environments: a version manager's, else the system's.
find_python() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import venv, ensurepip, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  return 1
}

has() { # has KIND:NAME
  local name=${1#*:} python
  case $1 in
    tool:*) command -v "$name" >/dev/null ;;
    header:*) printf '#include <stddef.h>\n#include <stdarg.h>\n#include <stdint.h>\n#include <setjmp.h>\n#include <%s>\n' "$name" |
      gcc -E -x c - >/dev/null 2>&1 ;;
    pc:*) pkg-config --exists "$name" 2>/dev/null ;;
    python:Python.h) python=$(find_python) && [[ -f $("$python" -c 'import sysconfig
print(sysconfig.get_path("include"))')/Python.h ]] ;;
    python:*) find_python >/dev/null ;;
    fuzzer:*) echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n > 9; }' |
      "$name" -fsanitize=fuzzer,address -x c - -o /dev/null >/dev/null 2>&1 ;;
    *) die "${lists[*]}: what is $1?" ;;
  esac
}

missing_packages() {
  local package probes probe
  while read -r package probes; do
    [[ -n $package && $package != \#* ]] || continue
    for probe in $probes; do
      has "$probe" || { echo "$package"; break; }
    done
  done < <(cat "${lists[@]}")
}

install_packages() {
  local get="apt-get install -y --no-install-recommends $*"
  if ! command -v apt-get >/dev/null; then
    die "missing, by their Debian names: $*" "install your system's packages of these, then run this again"
  elif [[ $(id -u) != 0 ]]; then
    echo "setup: packages are missing; run this, then try again:" >&2
    echo "  sudo apt-get update && sudo $get" >&2
    exit 1
  fi
  echo "setup: installing $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q -o DPkg::Lock::Timeout=120 update ||
    echo "setup: apt-get update failed (no network?); trying with the package lists that are here" >&2
  # shellcheck disable=SC2086 # words, on purpose
  $get -q -o DPkg::Lock::Timeout=120 || die "could not install $*: see apt-get's message above"
}

check_tools() {
  local missing
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]})); then
    install_packages "${missing[@]}"
    hash -r
    mapfile -t missing < <(missing_packages)
    ((${#missing[@]} == 0)) || die "still not usable after installing: ${missing[*]}"
  fi
  local version
  version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')
  [[ $(printf '%s\n' 3.22 "$version" | sort -V | head -n 1) == 3.22 ]] ||
    die "cmake is $version; 3.22 or newer is needed"
}

make_venv() {
  local python stamp
  python=$(find_python) || die "no python3 (3.10 or newer) with the modules venv and ensurepip"
  stamp="$(cat requirements-dev.txt <("$python" -c 'import sys; print(sys.version, sys.prefix)') | cksum) $PWD"
  if [[ -f .venv/stamp && $(<.venv/stamp) == "$stamp" ]] && .venv/bin/python -c '' 2>/dev/null; then
    return
  fi
  echo "setup: making .venv with $python"
  rm -rf .venv
  "$python" -m venv .venv || die "$python -m venv .venv failed: see above"
  .venv/bin/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt ||
    die "pip could not install requirements-dev.txt (no network?): see above; run this again"
  echo "$stamp" > .venv/stamp
}

# Libraries that Debian has no package of. The build needs yyjson; without nanoarrow only one output
# format is missing, so that a build goes on, but the tests want all.
fetch_sources() {
  local python
  python=$(find_python) || die "no python3 (3.10 or newer) with the modules venv and ensurepip"
  scripts/fetch_sources.sh "$python" yyjson ||
    die "could not fetch yyjson (no network?): see above; run this again"
  if scripts/fetch_sources.sh "$python" nanoarrow; then return; fi
  [[ -n $tools_only ]] || die "could not fetch nanoarrow (no network?): see above; run this again"
  echo "setup: no sources of nanoarrow (no network?): building without --format arrow" >&2
}

check_tools
[[ -n $tools_only ]] || make_venv
fetch_sources
