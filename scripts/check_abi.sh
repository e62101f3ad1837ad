#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compares the binary interface of libsheaf with the one that is stored, by libabigail: whatever the
# exported functions and the types that they reach have lost or changed is a failure. What was added is
# none: functions, types, and fields at the end of extensible structures.
#   scripts/check_abi.sh LIBRARY INCLUDE             INCLUDE: the headers that it was built with
#   scripts/check_abi.sh --update LIBRARY INCLUDE    stores it
#   scripts/check_abi.sh --self-test CC TOP          shows that changes are caught
set -euo pipefail
export LC_ALL=C
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
baseline=$top/tests/abi/baseline/libsheaf.abi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "check_abi: $*" >&2; exit 1; }

# No tool, no comparison: that must not look like a pass.
for tool in abidw abidiff; do
  command -v "$tool" > /dev/null ||
    fail "$tool is missing: install abigail-tools (Debian's name; make setup does it as root)"
done

# The names of structures that public headers only declare.
opaque_types() { # opaque_types INCLUDE
  local declared defined
  declared=$(sed -nE 's/^typedef struct (sheaf_\w+) \1;$/\1/p' "$1"/sheaf/*.h | sort -u)
  defined=$(sed -nE 's/^(typedef )?struct (sheaf_\w+) \{$/\2/p' "$1"/sheaf/*.h | sort -u)
  comm -23 <(echo "$declared") <(echo "$defined") | paste -sd '|'
}

# What hosts see of a library. libabigail tells private types from public ones by the name of the file
# only, and src/core has names that include/sheaf has too; so the opaque ones are emptied here.
dump() { # dump LIBRARY INCLUDE OUTPUT
  abidw --headers-dir "$2/sheaf" --drop-private-types --exported-interfaces-only \
    --drop-undefined-syms --no-corpus-path --no-comp-dir-path --no-show-locs --no-architecture \
    --no-elf-needed --type-id-style hash --out-file "$work/all.abi" "$1"
  grep -q "<function-decl" "$work/all.abi" || fail "$1 has no debug information: build it with -g"
  awk -v opaque="^ *<class-decl name='($(opaque_types "$2"))'" '
    depth { depth += /<class-decl/ && !/\/>/; depth -= /<\/class-decl>/; next }
    $0 ~ opaque && !/\/>/ {
      depth = 1
      sub(/ size-in-bits=.[0-9]+./, "")
      sub(/ id=/, " is-declaration-only=\x27yes\x27 id=")
      sub(/>$/, "/>")
    }
    { sub(/path=.\/.*\/src\//, "path=\x27src/"); print }' "$work/all.abi" > "$3"
}

# Reads abidiff's report and lets pass what only grows: a field beyond the former end of a structure
# that may grow. Whatever else it says is a change, whether this knows the words or not. (A suppression
# file cannot say this: that of abidiff 2.2 hides other changes of the same structure as well.)
only_grows() {
  awk -v names="$(sed -nE 's/^EXTENSIBLE\((\w+),.*/\1/p' "$top"/tests/abi/*/layout.h | sort -u | paste -sd ' ')" '
    BEGIN { split(names, list); for (i in list) extensible["\x27" list[i] "\x27"] = 1 }
    /^$/ || /^(Leaf changes|Changed leaf types) summary: / { next }
    /^Removed\/Changed\/Added (functions|variables) summary: 0 Removed, 0 Changed, / { next }
    /^\x27struct sheaf_[a-z0-9_]+\x27 changed:$/ && ("\x27" $2) in extensible { end = 0; next }
    /^  type size changed from [0-9]+ to [0-9]+ \(in bits\)$/ { if ($7 > $5) end = $5; next }
    /^  [0-9]+ data member insertions?:$/ { next }
    /^    \x27.*\x27, at offset [0-9]+ \(in bits\)$/ && end && $(NF - 2) >= end { next }
    { changed = 1 }
    END { exit changed }'
}

# Each type by itself (leaves): otherwise one that may grow would hide what is reached through it.
compare() { # compare BEFORE AFTER
  local report=$work/report
  abidiff --leaf-changes-only --no-added-syms "$1" "$2" > "$report" && return
  only_grows < "$report" && return
  cat "$report"
  return 1
}

check() { # check LIBRARY INCLUDE
  [[ -f $baseline ]] || fail "$baseline is missing: cmake --build --preset dev --target update-abi"
  dump "$1" "$2" "$work/now.abi"
  compare "$baseline" "$work/now.abi" && return
  echo "check_abi: $1 breaks programs that were linked with an earlier one: see above" >&2
  echo "If no release has had what was changed, store the new one (target update-abi) and say why." >&2
  exit 1
}

# ------------------------------------------------------------------------------------- self test

# A library of one function that takes every structure, built with a header that `sed` has changed.
build() { # build NAME HEADER SED [FLAG]
  mkdir -p "$work/$1"
  cp -R "$top_of_sources/include" "$work/$1"
  local header=$work/$1/include/sheaf/$2
  sed -i -E "$3" "$header"
  [[ $1 == before || -n ${4:-} ]] || ! cmp -s "$header" "$top_of_sources/include/sheaf/$2" ||
    fail "self-test '$1' changes nothing: $2 has no such line any more"
  # Its own assertions would catch many of these, and are not what is tested here.
  sed -i -E '/^SHEAF_ASSERT_(SIZE|OFFSET)\(/d' "$work/$1"/include/sheaf/*.h
  cat > "$work/$1.c" << 'SOURCE'
#include <sheaf/sheaf.h>
sheaf_status sheaf_self_test(const sheaf_request *request, const sheaf_callbacks *callbacks,
                             const sheaf_plugin *plugin, const sheaf_manager_table *table,
                             sheaf_manager *manager) SHEAF_NOEXCEPT {
  return request && callbacks && plugin && table && manager ? SHEAF_OK : SHEAF_UNSUPPORTED;
}
#ifndef REMOVE
int sheaf_second(int number) { return number; }
#endif
#ifdef ADD
int sheaf_third(int number) { return number; }
#endif
SOURCE
  "$cc" -std=c11 -g -fPIC -shared -w ${4:-} -I"$work/$1/include" -o "$work/$1.so" "$work/$1.c"
  dump "$work/$1.so" "$work/$1/include" "$work/$1.abi"
}

caught() { # as build
  build "$@"
  ! compare "$work/before.abi" "$work/$1.abi" > "$work/log" || fail "not caught: $1"
  echo "caught: $1"
}

tolerated() { # as build
  build "$@"
  compare "$work/before.abi" "$work/$1.abi" > "$work/log" || { cat "$work/log"; fail "not tolerated: $1"; }
  echo "tolerated: $1"
}

# The same script where abidw is not.
without_tools() {
  local tool
  mkdir "$work/bin"
  for tool in bash dirname mktemp rm; do ln -s "$(command -v "$tool")" "$work/bin"; done
  ! PATH=$work/bin bash "$top/scripts/check_abi.sh" "$work/before.so" "$work/before/include" \
    2> "$work/log" || fail "passes without abidw"
  grep -q "abidw is missing: install abigail-tools" "$work/log" || { cat "$work/log"; fail "no words"; }
  echo "caught: no abidw"
}

self_test() { # self_test CC TOP
  cc=$1 top_of_sources=$2
  build before abi.h ''
  tolerated unchanged abi.h '1s/$/ /'
  tolerated appended abi.h 's/^\} sheaf_request;/  uint64_t more;\n&/'
  tolerated added-type resolve.h 's/^typedef struct sheaf_summary \{/typedef struct sheaf_more { int more; } sheaf_more;\n&/'
  tolerated added-function abi.h '' -DADD
  caught removed-function abi.h '' -DREMOVE
  caught inserted abi.h 's/^  sheaf_access access;/  uint64_t more;\n&/'
  caught inserted-in-table abi.h 's/^  void \(\*destroy\)\(void \*self\)/  void (*more)(void *self);\n&/'
  caught inserted-in-callbacks resolve.h 's/^  void \*ctx; /  void *more;\n&/'
  caught grown-frozen-type abi.h 's/^\} sheaf_property;/  uint64_t more;\n&/'
  caught removed abi.h '/^  sheaf_access access;/d'
  caught retyped abi.h 's/^  const sheaf_record \*inputs;/  const sheaf_id *inputs;/'
  caught reordered abi.h 's/^  uint32_t trait_count;/  uint32_t slot_count;/; t; s/^  uint32_t slot_count;/  uint32_t trait_count;/'
  without_tools
}

usage="usage: $0 [--update] LIBRARY INCLUDE | --self-test CC TOP"
case ${1:-} in
  --self-test)
    (($# == 3)) || fail "$usage"
    self_test "$2" "$3"
    ;;
  --update)
    (($# == 3)) || fail "$usage"
    mkdir -p "$(dirname "$baseline")"
    dump "$2" "$3" "$baseline"
    echo "$baseline: $(grep -c '<elf-symbol ' "$baseline") functions"
    ;;
  *)
    (($# == 2)) || fail "$usage"
    check "$1" "$2"
    ;;
esac
