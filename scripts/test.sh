#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every piece of the tests, also after one failed, and ends with a summary.
#   scripts/test.sh [--full]    --full: the slow ones too, and the fuzz targets (scripts/fuzz.sh)
# With --full: SHEAF_SOAK_SECONDS is how long each soak lasts (600, under sanitizers 120),
# SHEAF_FUZZ_SECONDS how long each fuzz target runs (60).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs=$(nproc 2>/dev/null || echo 2)
mkdir -p build/logs build/tests-home

full=
without_slow=(-LE slow)
pytest_marks=(-m "not slow")
if [[ ${1:-} == --full ]]; then
  full=1
  without_slow=()
  pytest_marks=()
fi

# gcc 12's ThreadSanitizer and AddressSanitizer do not start where the kernel randomises more bits of
# an address than they know of. Not everybody may switch that off (containers): then it is left as is.
fixed=()
if setarch "$(uname -m)" -R true 2>/dev/null; then fixed=(setarch "$(uname -m)" -R); fi

names=()
results=()
closings=()
failed=0

record() { # record NAME STATUS CLOSING-LINE
  names+=("$1")
  closings+=("$3")
  if [[ $2 == 0 ]]; then
    results+=(passed)
  else
    results+=(FAILED)
    failed=$((failed + 1))
  fi
}

declare -A built=()
build() { # build PRESET, or `python` for its package: once; remembers how it went
  [[ -z ${built[$1]:-} ]] || return "${built[$1]}"
  printf '\n== build %s\n' "$1"
  if [[ $1 == python ]]; then scripts/python.sh; else scripts/build.sh "$1"; fi
  built[$1]=$?
  return "${built[$1]}"
}

# piece NAME PRESET CLOSING-PATTERN COMMAND...: the last line of its output that matches closes it.
piece() {
  local name=$1 preset=$2 pattern=$3 log status closing
  shift 3
  if ! build "$preset"; then
    record "$name" 1 "the build of $preset failed"
    return
  fi
  printf '\n== %s\n' "$name"
  log=build/logs/${name// /-}.log
  "$@" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  closing=$(grep -E "$pattern" "$log" | tail -n 1)
  record "$name" "$status" "${closing:-no closing line: see $log}"
}

run_ctest() { # run_ctest PRESET ARGUMENT...
  local preset=$1
  shift
  "${fixed[@]}" ctest --preset "$preset" --output-on-failure --no-tests=error -j "$jobs" "$@"
}

run_pytest() { # run_pytest PRESET FOLDER...
  local preset=$1
  shift
  env -u SHEAF_PLUGIN_PATH -u SHEAF_CONFIG -u BAL_LIBRARY_PATH -u XDG_DATA_HOME -u XDG_CONFIG_HOME \
    HOME="$PWD/build/tests-home" SHEAF_BUILD_DIR="$PWD/build/$preset" \
    ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99:allocator_may_return_null=1:strict_string_checks=1 \
    LSAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=print_stacktrace=1:exitcode=99 \
    "${fixed[@]}" .venv/bin/python -m pytest "$@" "${pytest_marks[@]}"
}

summary() {
  local i
  printf '\n== summary\n'
  for i in "${!names[@]}"; do
    printf '%-12s %s  %s\n' "${names[i]}" "${results[i]}" "${closings[i]}"
  done
  if ((failed)); then
    printf '%d of %d pieces FAILED\n' "$failed" "${#names[@]}"
  else
    printf 'all %d pieces passed\n' "${#names[@]}"
  fi
}

ctest_closing='tests passed, |^No tests were found'
pytest_closing='^=+ .* in [0-9.]+s'
piece "ctest dev" dev "$ctest_closing" run_ctest dev "${without_slow[@]}"
piece "ctest asan" asan "$ctest_closing" run_ctest asan "${without_slow[@]}"
piece "ctest tsan" tsan "$ctest_closing" run_ctest tsan "${without_slow[@]}"
piece "pytest dev" dev "$pytest_closing" run_pytest dev tests/cli tests/perf
piece "pytest asan" asan "$pytest_closing" run_pytest asan tests/cli
# It has a libsheaf of its own, as it is installed: optimised.
piece "pytest python" python "$pytest_closing" run_pytest dev tests/python
# The documentation is tried with the plain build only, for its snippets know of no sanitizer; and some
# are in Python.
piece "pytest docs" python "$pytest_closing" run_pytest dev tests/docs
[[ -z $full ]] || piece "fuzz" fuzz '^fuzz: ' scripts/fuzz.sh
summary
((failed == 0))
