#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Downloads the sources of libraries in C that Debian 12 has no package of, from source distributions
# on PyPI that hold them: pinned and checked by their hash (scripts/sources/), through pip, into
# build/downloads. Does nothing the second time.
#   scripts/fetch_sources.sh PYTHON NAME...    an interpreter that has the modules venv and ensurepip;
#                                              nanoarrow, yyjson
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${1:?usage: scripts/fetch_sources.sh PYTHON NAME...}
shift
downloads=build/downloads

# What of a source distribution is wanted.
wanted() {
  case $1 in
    nanoarrow-*) echo "$1/subprojects/arrow-nanoarrow/src/nanoarrow/*" "$1/subprojects/flatcc-*" ;;
    yyjson-*) echo "$1/yyjson/yyjson.*" ;;
  esac
}

fetch() {
  local pinned=scripts/sources/$1.txt name work
  name=$(sed -n 's/^\([^ ]*\)==\([^ ]*\).*/\1-\2/p' "$pinned")
  [[ ! -f $downloads/$name/complete ]] || return 0
  mkdir -p "$downloads"
  work=$(mktemp -d "$downloads/work.XXXXXX")
  # shellcheck disable=SC2064 # this very folder
  trap "rm -rf '$work'" EXIT
  echo "fetching the sources of $name"
  "$python" -m venv "$work/venv"
  SHEAF_PINNED=$PWD/$pinned PYTHONPATH=$PWD/scripts/sources "$work/venv/bin/python" -m pip download -q \
    --retries 1 --timeout 20 --disable-pip-version-check --no-deps --no-binary "$1" \
    --no-build-isolation --require-hashes -r "$pinned" -d "$work"
  set -f # tar matches, not the shell
  # shellcheck disable=SC2046 # words, on purpose
  tar -xzf "$work/$name.tar.gz" -C "$work" --wildcards $(wanted "$name")
  set +f
  touch "$work/$name/complete"
  rm -rf "${downloads:?}/$name"
  mv "$work/$name" "$downloads/$name"
  rm -rf "$work"
}

for name in "$@"; do fetch "$name"; done
