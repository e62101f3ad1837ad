#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compares the symbols that a shared library exports with a checked-in list (one a line, sorted).
#   scripts/check_symbols.sh LIBRARY LIST
#   scripts/check_symbols.sh --update LIBRARY LIST    rewrites the list
set -euo pipefail
export LC_ALL=C

update=
if [[ ${1:-} == --update ]]; then
  update=1
  shift
fi
(($# == 2)) || { echo "usage: $0 [--update] LIBRARY LIST" >&2; exit 2; }
library=$1
list=$2

exported=$(nm -D --defined-only "$library" | awk '{ sub(/@.*/, "", $NF); print $NF }' | sort -u)
if [[ -n $update ]]; then
  printf '%s\n' "$exported" > "$list"
  echo "$list: $(wc -l < "$list") symbols"
  exit
fi
if [[ ! -f $list ]]; then
  echo "$list is missing; make update-symbols writes libsheaf's" >&2
  exit 1
fi
if ! diff -u --label "$list" --label "$library" "$list" <(printf '%s\n' "$exported"); then
  echo "$library does not export what $list says ('+' is exported and not listed)." >&2
  echo "If that is meant, make update-symbols rewrites libsheaf's list; say why in the commit." >&2
  exit 1
fi
