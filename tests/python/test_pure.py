# SPDX-License-Identifier: Apache-2.0
"""The tests of the host's face once more, through CFFI alone."""
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FACE = ("async", "bad_input", "batch", "cancel", "columns", "each", "iter", "notebook", "one", "refs",
        "resolve", "same_as_command", "stage_batchers", "stages", "threads")


def test_through_cffi_alone(tmp_path):
    environment = {**os.environ, "SHEAF_PURE_CFFI": "1"}
    code = "import sys, sheaf; sheaf.Refs; print('sheaf._fast' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code],
                            env=environment, capture_output=True, text=True, check=True)
    assert loaded.stdout == "False\n"
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={tmp_path}",
                           *(f"test_{name}.py" for name in FACE)],
                          env=environment, cwd=HERE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
