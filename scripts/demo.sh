#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A tour of Sheaf in half a minute: `make demo`, or with a Basic Asset Library file of your own
# `make demo LIBRARY=path.json`. $SHEAF_BIN is the command to show, by default build/dev/bin/sheaf.
set -euo pipefail

# Paths given are relative to where we were called.
library=${LIBRARY:+$(realpath -- "$LIBRARY")}
sheaf=${SHEAF_BIN:+$(realpath -- "$SHEAF_BIN")}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sheaf=${sheaf:-build/dev/bin/sheaf}
printf -v shown %q "$sheaf"
export SHEAF_CONFIG=demo/sheaf.json

bold='' dim='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; fi

die() { printf 'demo: %s\n' "$*" >&2; exit 1; }
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# run COMMAND: shows it, runs it, and shows how it ended if that was not with 0.
run() {
  local status=0
  printf '%s$ %s%s\n' "$dim" "$1" "$plain"
  bash -o pipefail -c "$1" || status=$?
  ((status == 0)) || printf '%s(exit status %d)%s\n' "$dim" "$status" "$plain"
  # 0 and 1 belong to the tour; anything else is a demo that does not work.
  ((status <= 1)) || die "that should not have happened"
}

milliseconds() { # milliseconds COMMAND...: how long it takes
  local from=$EPOCHREALTIME to
  "$@" > build/demo/out.jsonl || (($? == 1)) || die "'$*' failed"
  to=$EPOCHREALTIME
  printf '%d' $(((${to/[.,]/} - ${from/[.,]/}) / 1000))
}

[[ -x $sheaf ]] || die "there is no $sheaf: run 'make build' first, or set SHEAF_BIN"
command -v python3 > /dev/null || die "python3 is needed to write the sample library"
mkdir -p build/demo

if [[ -z $library ]]; then
  say "A sample library: the assets of an animation studio that never was."
  run "python3 demo/make_library.py build/demo/library.json"
  library=build/demo/library.json
  some="demo/refs.txt" bad="demo/bad_refs.txt"
else
  say "Your library: $library"
  [[ -r $library ]] || die "cannot read $library"
  python3 - "$library" > build/demo/own.json << 'END'
import json, sys
path = sys.argv[1].replace("$", "$$")
print(json.dumps({"manager": "bal", "settings": {"library_path": path}}, indent=2))
END
  export SHEAF_CONFIG=build/demo/own.json
  some=build/demo/some.txt bad=build/demo/bad.txt
  python3 demo/list_refs.py "$library" 5 > "$some"
  { head -n 1 "$some"; printf '%s\n' 'bal:///no/such/entity' 'bal:///' 'sg://other/manager'; } > "$bad"
fi
python3 demo/list_refs.py "$library" > build/demo/all.txt
printf 'It has %d entities. A configuration file names it, and the manager that reads it:\n' \
  "$(wc -l < build/demo/all.txt)"
run "export SHEAF_CONFIG=$SHEAF_CONFIG; cat \$SHEAF_CONFIG"

say "1. Which managers are there?"
run "$shown managers"

say "2. Entity references go in, the traits behind them come out."
run "$shown resolve --format table - < $some"

say "3. Only the traits that you ask for, as JSON lines for programs, in the order of the input."
trait=openassetio-mediacreation:identity.DisplayName
run "$shown resolve --trait $trait --format jsonl - < $some"

say "4. What cannot be resolved is an answer too: one a reference, the rest is not held up."
run "$shown resolve --trait $trait --format table - < $bad"
run "$shown resolve --trait $trait --format jsonl - < $bad"

say "5. The whole library, streamed: a batch of 1,000 at a time, so memory stays bounded."
printf '%s$ %s%s\n' "$dim" "$shown resolve --format jsonl - < build/demo/all.txt" "$plain"
took=$(milliseconds "$sheaf" resolve --format jsonl - < build/demo/all.txt)
printf '%d references in %d ms, starting and reading the library included: %d resolved.\n' \
  "$(wc -l < build/demo/out.jsonl)" "$took" "$(grep -c '"status":"ok"' build/demo/out.jsonl)"

say "6. Why batches: a manager that takes 10 ms to answer, as one behind a network does."
# A small library's references come round again.
awk '{ refs[NR] = $0 } END { for (i = 0; NR && i < 200; i++) print refs[i % NR + 1] }' \
  build/demo/all.txt > build/demo/200.txt
count=$(wc -l < build/demo/200.txt)
slow=(resolve --setting simulated_query_latency_ms=10 --format jsonl)
printf '%s$ %s%s\n' "$dim" "$shown ${slow[*]} --batch-size 1 - < build/demo/200.txt" "$plain"
one=$(milliseconds "$sheaf" "${slow[@]}" --batch-size 1 - < build/demo/200.txt)
printf '%d references one at a time: %d ms\n' "$count" "$one"
printf '%s$ %s%s\n' "$dim" "$shown ${slow[*]} - < build/demo/200.txt" "$plain"
all=$(milliseconds "$sheaf" "${slow[@]}" - < build/demo/200.txt)
printf 'the same in one batch: %d ms\n' "$all"
factor=$((one * 10 / (all > 0 ? all : 1)))
printf '%sOne batch is %d.%d times faster%s, starting and reading the library included.\n' \
  "$bold" $((factor / 10)) $((factor % 10)) "$plain"

say "Now you: export SHEAF_CONFIG=$SHEAF_CONFIG, then $shown help"
