#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Downloads the sources of nanoarrow, which `sheaf resolve --format arrow` is built with: pinned and
# checked by its hash, through pip, into build/downloads. Does nothing the second time. Debian 12 has
# no package of it. Without it everything but that one format is built.
#   scripts/fetch_nanoarrow.sh PYTHON    an interpreter that has the modules venv and ensurepip
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${1:?usage: scripts/fetch_nanoarrow.sh PYTHON}

pinned=scripts/nanoarrow/requirements.txt
name=$(sed -n 's/^\([^ ]*\)==\([^ ]*\).*/\1-\2/p' "$pinned")
downloads=build/downloads
[[ ! -f $downloads/$name/complete ]] || exit 0

mkdir -p "$downloads"
work=$(mktemp -d "$downloads/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "fetching the sources of $name"
"$python" -m venv "$work/venv"
PYTHONPATH=$PWD/scripts/nanoarrow "$work/venv/bin/python" -m pip download -q \
  --retries 1 --timeout 20 --disable-pip-version-check --no-deps --no-binary nanoarrow --no-build-isolation \
  --require-hashes -r "$pinned" -d "$work"
tar -xzf "$work/$name.tar.gz" -C "$work" --wildcards \
  "$name/subprojects/arrow-nanoarrow/src/nanoarrow/*" "$name/subprojects/flatcc-*"
touch "$work/$name/complete"
rm -rf "${downloads:?}/$name"
mv "$work/$name" "$downloads/$name"
