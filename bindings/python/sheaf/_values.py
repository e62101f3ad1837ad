# SPDX-License-Identifier: Apache-2.0
"""Values of properties, from C to Python and back."""
from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Union

from sheaf._cffi import ffi, lib

if TYPE_CHECKING:
    from sheaf._names import Names

Value = Union[bool, int, float, str, bytes, list[Any], None]

# A sheaf_value: kind, flags, length, and the union as an integer.
VALUE = struct.Struct("=HHIq")
# Looking a name up in `lib` costs more than the rest.
NONE, BOOL, INT64, DOUBLE = (lib.SHEAF_KIND_NONE, lib.SHEAF_KIND_BOOL, lib.SHEAF_KIND_INT64,
                             lib.SHEAF_KIND_DOUBLE)
STRING, BYTES, LIST = lib.SHEAF_KIND_STRING, lib.SHEAF_KIND_BYTES, lib.SHEAF_KIND_LIST
_MOST_DEPTH = lib.SHEAF_MAX_LIST_DEPTH
_DOUBLE, _INTEGER = struct.Struct("=d"), struct.Struct("=q")
_cast, _CHARS = ffi.cast, ffi.typeof("char *")


def _bytes(address: int, length: int) -> bytes:
    return ffi.buffer(_cast(_CHARS, address), length)[:] if length else b""


def read_value(kind: int, length: int, payload: int, depth: int = 0) -> Value:
    """A value by the fields of its `sheaf_value`. None of a kind that this version does not know."""
    if kind == STRING:
        return _bytes(payload, length).decode("utf-8", "surrogateescape")
    if kind == INT64:
        return payload
    if kind == BOOL:
        return payload != 0
    if kind == DOUBLE:
        return float(_DOUBLE.unpack(_INTEGER.pack(payload))[0])
    if kind == BYTES:
        return _bytes(payload, length)
    if kind == LIST and depth < _MOST_DEPTH:
        items = VALUE.iter_unpack(_bytes(payload, length * VALUE.size))
        return [read_value(kind, length, payload, depth + 1) for kind, _, length, payload in items]
    return None


class GivenTraits:
    """A `sheaf_record` made of a mapping trait -> key -> value; `c` is valid as long as this is.

    Args:
        where: what messages call the mapping.
    Raises:
        TypeError: a value is none that a property can have; says where.
        ValueError: an integer that 64 bits do not hold; text with lone surrogates.
    """

    def __init__(self, names: Names, traits: Mapping[str, Mapping[str, Value]], where: str) -> None:
        self._kept: list[Any] = []
        rows: list[tuple[str, str | None, Value]] = []
        for trait, properties in traits.items():
            if not isinstance(properties, Mapping):
                raise TypeError(f"{where}[{trait!r}] must be a mapping of properties, not "
                                f"{type(properties).__name__}")
            rows += [(trait, key, value) for key, value in properties.items()] or [(trait, None, None)]
        self._array = ffi.new("sheaf_property[]", len(rows))
        for out, (trait, key, value) in zip(self._array, rows):
            out.trait = names.id(trait)
            if key is not None:
                out.key = names.id(key)
                self._fill(out.value, f"{where}[{trait!r}][{key!r}]", value)
        self.c = ffi.new("sheaf_record *", {"properties": self._array, "property_count": len(rows)})

    def _fill(self, out: Any, where: str, value: Value) -> None:
        if isinstance(value, bool):
            out.kind, out.u.integer = lib.SHEAF_KIND_BOOL, value
        elif isinstance(value, int):
            if not -(2**63) <= value < 2**63:
                raise ValueError(f"{where} is {value}, which is no 64-bit integer")
            out.kind, out.u.integer = lib.SHEAF_KIND_INT64, value
        elif isinstance(value, float):
            out.kind, out.u.real = lib.SHEAF_KIND_DOUBLE, value
        elif isinstance(value, (str, bytes)):
            self._fill_bytes(out, value)
        elif isinstance(value, (list, tuple)):
            items = ffi.new("sheaf_value[]", len(value))
            self._kept.append(items)
            for i, item in enumerate(value):
                self._fill(items[i], f"{where}[{i}]", item)
            out.kind, out.length, out.u.items = lib.SHEAF_KIND_LIST, len(value), items
        else:
            raise TypeError(f"{where} is of type {type(value).__name__}: give a bool, int, float, str, "
                            "bytes or list")

    def _fill_bytes(self, out: Any, value: str | bytes) -> None:
        out.kind = lib.SHEAF_KIND_STRING if isinstance(value, str) else lib.SHEAF_KIND_BYTES
        data = value.encode() if isinstance(value, str) else value
        self._kept.append(ffi.from_buffer("char[]", data))
        out.length, out.u.data = len(data), self._kept[-1]
