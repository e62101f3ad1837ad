# SPDX-License-Identifier: Apache-2.0
"""Where the C headers and CMake's files are, for who builds plugins against this package."""
from __future__ import annotations

from pathlib import Path

_PREFIX = Path(__file__).resolve().with_name("_native")


def get_include() -> str:
    """The folder for the compiler's `-I`: `sheaf/abi.h` is in it."""
    return str(_PREFIX / "include")


def get_cmake_dir() -> str:
    """The folder for CMake's `Sheaf_DIR`: with it `find_package(Sheaf)` gives `sheaf_add_plugin`."""
    return str(_PREFIX / "lib" / "cmake" / "Sheaf")
