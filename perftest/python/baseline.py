# SPDX-License-Identifier: Apache-2.0
"""OpenAssetIO from PyPI in an environment of its own, and a manager for it in C++."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VERSION = "1.0.2"
# In place of a header that its build generates.
EXPORT_H = """#pragma once
#define OPENASSETIO_CORE_EXPORT __attribute__((visibility("default")))
#define OPENASSETIO_CORE_ABI_VERSION v1
"""


class Missing(Exception):
    """Why there is no such baseline."""


def installed(folder: Path) -> Path:
    """The interpreter of an environment that has it."""
    python = folder / "venv/bin/python"
    check = [str(python), "-c", "import importlib.metadata, openassetio.hostApi; "
             "print(importlib.metadata.version('openassetio'))"]
    found = python.exists() and subprocess.run(check, capture_output=True, text=True)
    if found and found.stdout.strip() == VERSION:
        return python
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check",
               f"openassetio=={VERSION}"]
    for command in ([sys.executable, "-m", "venv", "--clear", str(folder / "venv")], install):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            why = (done.stderr or done.stdout).strip().splitlines()
            raise Missing(f"openassetio {VERSION} cannot be installed: {why[-1] if why else ''}")
    return python


def _headers(package: Path) -> Path:
    """What manager.cpp includes: of the wheel, or of $OPENASSETIO_INCLUDE."""
    given = os.environ.get("OPENASSETIO_INCLUDE")
    for folder in ([Path(given)] if given else [package / "include", package.parents[3] / "include"]):
        if (folder / "openassetio/managerApi/ManagerInterface.hpp").exists():
            return folder
    if given:
        raise Missing(f"OPENASSETIO_INCLUDE is {given}, where there is no openassetio/managerApi")
    raise Missing(f"the wheel of openassetio {VERSION} ships no headers to build a manager in C++ with "
                  "(OPENASSETIO_INCLUDE: the folder of those of that version, "
                  "src/openassetio-core/include of its source)")


def built(python: Path, folder: Path) -> Path:
    """The folder of the plugin in C++, built."""
    where = subprocess.run([str(python), "-c", "import openassetio; print(openassetio.__file__)"],
                           capture_output=True, text=True, check=True)
    package = Path(where.stdout.strip()).parent
    headers = _headers(package)
    generated = folder / "include/openassetio"
    generated.mkdir(parents=True, exist_ok=True)
    (generated / "export.h").write_text(EXPORT_H)
    plugins = folder / "plugins"
    plugins.mkdir(exist_ok=True)
    # Its own folders first: a header that was generated goes before the stand-in.
    done = subprocess.run(
        [os.environ.get("CXX", "g++"), "-std=c++17", "-O3", "-DNDEBUG", "-D_GLIBCXX_USE_CXX11_ABI=1",
         "-fPIC", "-shared", "-fvisibility=hidden", f"-I{headers}", f"-I{folder / 'include'}",
         str(HERE / "openassetio/manager.cpp"), "-o", str(plugins / "perftest.so"),
         str(package / f"libopenassetio.so.{VERSION}"), f"-Wl,-rpath,{package}"],
        capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"the manager in C++ cannot be built: {done.stderr.strip().splitlines()[0]}")
    return plugins
