# SPDX-License-Identifier: Apache-2.0
"""The console script: becomes the command `sheaf` that the package brings along."""
from __future__ import annotations

import os
import sys
from pathlib import Path

from sheaf import _entry_points

COMMAND = Path(__file__).with_name("_native") / "bin" / "sheaf"


def _plugin_path() -> str:
    """$SHEAF_PLUGIN_PATH, and after it what other packages brought along."""
    paths = [os.environ["SHEAF_PLUGIN_PATH"]] if os.environ.get("SHEAF_PLUGIN_PATH") else []
    for found in _entry_points.find():
        if found.error is not None:
            print(f"sheaf: warning: {found.reason}", file=sys.stderr)
        paths += [path for path in found.paths if ":" not in path]
    return ":".join(paths)


def main() -> None:
    # Managers in Python run in the interpreter that this is installed for, unless told otherwise.
    os.environ.setdefault("SHEAF_PYTHON", sys.executable)
    plugin_path = _plugin_path()
    if plugin_path:
        os.environ["SHEAF_PLUGIN_PATH"] = plugin_path
    os.execv(COMMAND, ["sheaf", *sys.argv[1:]])
