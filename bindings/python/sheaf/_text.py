# SPDX-License-Identifier: Apache-2.0
"""Text and errors across the C interface."""
from __future__ import annotations

import os
from typing import Any

from sheaf._cffi import ffi
from sheaf._errors import SheafError, error_for


def text(pointer: Any) -> str:
    """A NUL-terminated `const char *`; "" for NULL."""
    return ffi.string(pointer).decode("utf-8", "replace") if pointer else ""


def text_of(string: Any) -> str:
    """A `sheaf_str`."""
    return ffi.buffer(string.data, string.size)[:].decode("utf-8", "replace") if string.size else ""


def c_string(value: str | os.PathLike[str]) -> Any:
    """A `const char *` for a name or a path, valid as long as what is returned.

    Raises:
        ValueError: it has a NUL, or is not valid text.
    """
    data = os.fsencode(value)
    if b"\0" in data:
        raise ValueError(f"{value!r} has a NUL")
    return ffi.from_buffer("char[]", data + b"\0")


def raised(error: Any) -> SheafError:
    """The exception for a filled `sheaf_error *`."""
    return error_for(error.status, text(error.message))
