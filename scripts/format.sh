#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Formats the C and C++ sources with the pinned clang-format, which it puts into .venv when first asked.
#   scripts/format.sh [--check]    --check: change nothing, fail if something would change
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

wanted=$(sed -n 's/^clang-format==//p' scripts/requirements-format.txt)
tool=.venv/bin/clang-format
if ! "$tool" --version 2>/dev/null | grep -qF "version $wanted"; then
  scripts/setup.sh
  .venv/bin/python -m pip install -q --disable-pip-version-check -r scripts/requirements-format.txt ||
    { echo "format: pip could not install clang-format $wanted (no network?)" >&2; exit 1; }
fi

action=(-i)
[[ ${1:-} != --check ]] || action=(--dry-run -Werror)
folders=()
for folder in include src plugins perftest tests bindings; do
  [[ ! -d $folder ]] || folders+=("$folder")
done
find "${folders[@]}" \( -path '*/data/*' -o -path '*/vendor/*' \) -prune -o -type f \
  \( -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.hpp' \) -print0 |
  xargs -0 -r "$tool" "${action[@]}"
