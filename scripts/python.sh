#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the Python package in build/python, as optimised as an installed one, and installs it into
# .venv. Does nothing if nothing that goes into it has changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A tree that was copied or moved: CMake refuses its old cache.
cache=build/python/CMakeCache.txt
if [[ -f $cache ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD/bindings/python" "$cache"; then
  rm -rf build/python
fi

inputs() { # what the package is made from, and for which interpreter
  find CMakeLists.txt cmake include src plugins bindings/python scripts/sources requirements-dev.txt \
    -name __pycache__ -prune -o -type f -printf '%p %T@ %s\n' | sort
  .venv/bin/python -c 'import sys; print(sys.version, sys.prefix)'
}

stamp=build/python/stamp
now=$(inputs | cksum)
if [[ -f $stamp && $(<"$stamp") == "$now" && -d $(echo .venv/lib/python3*/site-packages/sheaf) ]]; then
  exit
fi
mkdir -p build/logs
log=build/logs/python.log
echo "python: building the package"
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc 2>/dev/null || echo 2)}
if ! .venv/bin/python -m pip install -v --disable-pip-version-check --no-build-isolation --no-deps \
  --force-reinstall --config-settings build-dir="$PWD/build/python" \
  --config-settings cmake.define.SHEAF_PYTHON_WERROR=ON \
  ./bindings/python > "$log" 2>&1; then
  grep -vE '^ *(\[[0-9]+/[0-9]+\] (Building|Linking)|-- )' "$log" >&2
  exit 1
fi
echo "$now" > "$stamp"
