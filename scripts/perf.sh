#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds what is measured as it is installed, measures it, and writes the report.
#   scripts/perf.sh [what perftest/run.py takes]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/build.sh perf
[[ ! -f perftest/python/run.py ]] || scripts/python.sh
.venv/bin/python -m pip install -q --disable-pip-version-check -r perftest/requirements.txt ||
  echo "perf: pip could not install matplotlib (no network?): no plots" >&2
exec .venv/bin/python perftest/run.py "$@"
