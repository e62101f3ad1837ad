#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Includes run one way: cli -> public headers only; stage -> plugin, core; plugin -> core; core -> nothing else of src/;
# plugins, bindings -> sheaf/ headers and their own files. Tests may see everything.
#   scripts/check_layers.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
failed=0

# layer FOLDER FORBIDDEN: no file below FOLDER, tests apart, includes what matches FORBIDDEN.
layer() {
  local found
  [[ -d $1 ]] || return 0
  found=$(find "$1" -name '*_test.c' -prune -o -name '*.[ch]' -exec \
    grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]+[\"<]($2)/" /dev/null {} +) || true
  [[ -n $found ]] || return 0
  printf '%s may not include from %s:\n%s\n' "$1" "$2" "$found" >&2
  failed=1
}

modules='core|plugin|stage|plan|flow|cli'
layer include "$modules"
layer plugins "(\.\./)*(src/)?($modules)"
layer bindings "(\.\./)*(src/)?($modules)"
layer src/cli '(\.\./)*(core|plugin|stage|plan|flow)'
layer src/core '(\.\./)*(plugin|stage|plan|flow|cli)'
layer src/plugin '(\.\./)*(stage|plan|flow|cli)'
layer src/stage '(\.\./)*(plan|flow|cli)'
((failed == 0)) && echo "includes run one way"
