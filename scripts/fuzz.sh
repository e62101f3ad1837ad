#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target of the preset `fuzz`, $SHEAF_FUZZ_SECONDS each (60), as many at once as there
# are processors, beginning with its checked-in corpus and what earlier runs found.
#   scripts/fuzz.sh [TARGET...]
# What makes one fail is left in build/fuzz/found/: mend it, and add the file to tests/fuzz/corpus/.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${SHEAF_FUZZ_SECONDS:-60}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "fuzz: SHEAF_FUZZ_SECONDS is '$seconds': give whole seconds" >&2; exit 2; }
found=build/fuzz/found
mkdir -p "$found"

# A unit that takes 25 s or 2 GiB is a finding as well.
fuzz() { # fuzz TARGET
  local target=$1 corpus=build/fuzz/corpus/$1 log=build/fuzz/$1.log status dictionary=()
  mkdir -p "$corpus"
  [[ ! -f tests/fuzz/$target.dict ]] || dictionary=(-dict="tests/fuzz/$target.dict")
  ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:strict_string_checks=1 \
    UBSAN_OPTIONS=print_stacktrace=1 \
    "build/fuzz/fuzz/$target" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -max_len=4096 \
    "${dictionary[@]}" -artifact_prefix="$found/$target-" -print_final_stats=1 \
    "$corpus" "tests/fuzz/corpus/$target" > "$log" 2>&1
  status=$?
  if [[ $status == 0 ]]; then
    printf '%-16s %s runs\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
  else
    printf '%-16s FAILED\n' "$target"
    tail -n 60 "$log" >&2
  fi
  return "$status"
}

targets=("$@")
if ((${#targets[@]} == 0)); then
  for folder in tests/fuzz/corpus/*/; do targets+=("$(basename "$folder")"); done
fi
failed=0
running=0
for target in "${targets[@]}"; do
  if ((running >= $(nproc 2>/dev/null || echo 2))); then
    wait -n || failed=$((failed + 1))
    running=$((running - 1))
  fi
  fuzz "$target" &
  running=$((running + 1))
done
while ((running-- > 0)); do wait -n || failed=$((failed + 1)); done
printf 'fuzz: %d targets, %s s each, %d failed\n' "${#targets[@]}" "$seconds" "$failed"
((failed == 0))
