# SPDX-License-Identifier: Apache-2.0
"""The console script: becomes the command `sheaf` that the package brings along."""
from __future__ import annotations

import os
import sys
from pathlib import Path

COMMAND = Path(__file__).with_name("_native") / "bin" / "sheaf"


def main() -> None:
    # Managers in Python run in the interpreter that this is installed for, unless told otherwise.
    os.environ.setdefault("SHEAF_PYTHON", sys.executable)
    os.execv(COMMAND, ["sheaf", *sys.argv[1:]])
