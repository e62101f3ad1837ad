#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Configures and builds a preset: scripts/build.sh PRESET. Quiet unless it fails or there is work.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=${1:?usage: scripts/build.sh PRESET}

# A tree that was copied or moved: CMake refuses its old cache.
cache=build/$preset/CMakeCache.txt
if [[ -f $cache ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache"; then
  rm -rf "build/$preset"
fi
mkdir -p build/logs
if ! cmake --preset "$preset" > "build/logs/$preset-configure.log" 2>&1; then
  cat "build/logs/$preset-configure.log" >&2
  exit 1
fi
cmake --build --preset "$preset"
