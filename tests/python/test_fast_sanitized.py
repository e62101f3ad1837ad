# SPDX-License-Identifier: Apache-2.0
"""The tests of the C helper once more, with the helper built under AddressSanitizer and
UndefinedBehaviorSanitizer."""
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import sheaf

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SOURCES = ROOT / "bindings/python/src"
FLAGS = ["-std=c11", "-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fPIC",
         "-shared", "-D_POSIX_C_SOURCE=200809L", "-DPy_LIMITED_API=0x030A0000"]


def runtime(name):
    """The shared library of a sanitizer; what is not found comes back as it was asked for."""
    found = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    path = found.stdout.strip()
    if "/" not in path:
        pytest.skip(f"gcc has no {name}")
    return path


@pytest.fixture
def sanitized(tmp_path):
    """A folder with the package, and in it the helper that looks."""
    if not shutil.which("gcc"):
        pytest.skip("there is no gcc")
    package = tmp_path / "sheaf"
    package.mkdir()
    for entry in Path(sheaf.__file__).parent.iterdir():
        if not entry.name.startswith("_fast.") or entry.suffix != ".so":
            (package / entry.name).symlink_to(entry)
    sources = [*SOURCES.glob("*.c"), *SOURCES.glob("fast/*.c")]
    includes = [f"-I{ROOT / 'include'}", f"-I{SOURCES}", f"-I{sysconfig.get_path('include')}"]
    subprocess.run(["gcc", *FLAGS, *includes, *map(str, sources), "-o", str(package / "_fast.abi3.so")],
                   check=True)
    return tmp_path


@pytest.mark.slow
def test_sanitized(sanitized):
    environment = dict(
        os.environ, PYTHONPATH=str(sanitized), PYTHONMALLOC="malloc",
        LD_PRELOAD=f"{runtime('libasan.so')} {runtime('libubsan.so')}",
        ASAN_OPTIONS="detect_leaks=0:quarantine_size_mb=1", UBSAN_OPTIONS="halt_on_error=1")

    def run(*arguments):
        return subprocess.run([sys.executable, *arguments], env=environment, cwd=ROOT, text=True,
                              capture_output=True)

    where = run("-c", "import sheaf._fast; print(sheaf._fast.__file__)")
    assert where.stdout.strip() == str(sanitized / "sheaf/_fast.abi3.so"), where.stderr
    done = run("-m", "pytest", "-q", "-o", f"cache_dir={sanitized / 'cache'}",
               str(HERE / "test_fast.py"), str(HERE / "test_fast_life.py"))
    report = done.stdout + done.stderr
    assert done.returncode == 0, report[-8000:]
    assert "Sanitizer" not in report and "runtime error" not in report, report[-8000:]
    assert re.search(r"\b\d\d+ passed", report)
