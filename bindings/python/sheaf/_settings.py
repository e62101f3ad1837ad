# SPDX-License-Identifier: Apache-2.0
"""Settings of a manager, as Python gives them and as C takes them."""
from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Union

from sheaf._cffi import ffi, lib
from sheaf._text import text_of

Setting = Union[str, int, float, bool, "os.PathLike[str]", None]


def _bytes(name: str, value: str | os.PathLike[str]) -> bytes:
    try:
        # A path may have bytes that are not UTF-8; they go as they are.
        return value.encode() if isinstance(value, str) else os.fsencode(value)
    except UnicodeEncodeError as error:
        raise ValueError(f"setting {name!r} is not valid text: {error}") from error


class Settings:
    """A `sheaf_setting` array, with what it points to: valid as long as this, and `base`, is.

    Args:
        given: by name; None is as if the setting were not there.
        base: `sheaf_setting`s that hold where `given` has no other.
    """

    def __init__(self, given: Mapping[str, Setting], base: Sequence[Any] = ()) -> None:
        kept = [one for one in base if text_of(one.name) not in given]
        given = {name: value for name, value in given.items() if value is not None}
        self.count = len(kept) + len(given)
        self.array = ffi.new("sheaf_setting[]", self.count)
        self._kept: list[Any] = []
        for i, one in enumerate(kept):
            self.array[i] = one
        for i, (name, value) in enumerate(given.items(), len(kept)):
            self.array[i].name = self._text(_bytes(name, name))
            self._fill(self.array[i].value, name, value)

    def _text(self, data: bytes) -> Any:
        self._kept.append(ffi.from_buffer("char[]", data))
        return {"data": self._kept[-1], "size": len(data)}

    def _fill(self, out: Any, name: str, value: Setting) -> None:
        if isinstance(value, bool):
            out.kind, out.u.integer = lib.SHEAF_KIND_BOOL, value
        elif isinstance(value, int):
            if not -(2**63) <= value < 2**63:
                raise ValueError(f"setting {name!r} has {value}, which is no 64-bit integer")
            out.kind, out.u.integer = lib.SHEAF_KIND_INT64, value
        elif isinstance(value, float):
            out.kind, out.u.real = lib.SHEAF_KIND_DOUBLE, value
        elif isinstance(value, (str, os.PathLike)):
            text = self._text(_bytes(name, value))
            out.kind, out.length, out.u.data = lib.SHEAF_KIND_STRING, text["size"], text["data"]
        else:
            raise TypeError(f"setting {name!r} is of type {type(value).__name__}: give a str, int, float, "
                            f"bool or path")
