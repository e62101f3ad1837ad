# SPDX-License-Identifier: Apache-2.0
"""A `sheaf_column` as a list, or as a numpy array."""
from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from sheaf._cffi import ffi, lib
from sheaf._values import Value

if TYPE_CHECKING:
    import numpy

# Of kinds that lie in memory as they are: what `array` calls them.
_FIXED = {lib.SHEAF_KIND_INT64: "q", lib.SHEAF_KIND_DOUBLE: "d"}


def _unpack(pointer: Any, format: str, count: int) -> list[Any]:
    items = array(format)
    items.frombytes(ffi.buffer(ffi.cast("char *", pointer), count * items.itemsize))
    return items.tolist()


def bits(pointer: Any, count: int) -> list[bool]:
    """The first bits of a bitmap."""
    packed = bytes(ffi.buffer(ffi.cast("char *", pointer), (count + 7) // 8))
    return [bool(packed[i >> 3] >> (i & 7) & 1) for i in range(count)]


def _offsets(column: Any, count: int) -> list[int]:
    if column.offsets:
        return _unpack(column.offsets, "i", count)
    return _unpack(column.large_offsets, "q", count)


def _mixed(column: Any, rows: int) -> list[Value]:
    children = [read_list(child) if child else [] for child in
                (column.children[i] for i in range(lib.SHEAF_TYPE_COUNT))]
    kinds = _unpack(column.type_ids, "b", rows)
    return [children[kind][at] for kind, at in zip(kinds, _offsets(column, rows))]


def _pieces(column: Any, rows: int) -> list[Value]:
    """Of what has offsets: a slice of the whole for each row."""
    offsets = _offsets(column, rows + 1)
    if column.kind == lib.SHEAF_KIND_LIST:
        items = read_list(column.children[0])
        return [items[a:b] for a, b in zip(offsets, offsets[1:])]
    data = bytes(ffi.buffer(ffi.cast("char *", column.values), offsets[-1])) if offsets[-1] else b""
    pieces = (data[a:b] for a, b in zip(offsets, offsets[1:]))
    return [piece.decode() for piece in pieces] if column.kind == lib.SHEAF_KIND_STRING else [*pieces]


def read_list(column: Any) -> list[Value]:
    """The rows; None where there is no value."""
    rows, kind = column.length, column.kind
    if kind == lib.SHEAF_KIND_NONE or not rows:
        return [None] * rows
    if kind == lib.SHEAF_COLUMN_MIXED:
        return _mixed(column, rows)
    values: list[Value]
    if kind == lib.SHEAF_KIND_BOOL:
        values = [*bits(column.values, rows)]
    elif kind in _FIXED:
        values = _unpack(column.values, _FIXED[kind], rows)
    else:
        values = _pieces(column, rows)
    if column.validity:
        return [value if there else None for value, there in zip(values, bits(column.validity, rows))]
    return values


def read_numpy(column: Any, owner: object) -> numpy.ndarray[Any, Any]:
    """The rows as an array; where nothing has to be copied, it keeps `owner`."""
    import numpy

    rows, kind = column.length, column.kind
    found: numpy.ndarray[Any, Any]
    if kind == lib.SHEAF_KIND_BOOL:
        found = _flags(column.values, rows)
    elif kind in _FIXED:
        # numpy keeps the buffer, that the pointer, and that the owner.
        pointer = ffi.gc(ffi.cast("char *", column.values), lambda _, owner=owner: None)
        found = numpy.frombuffer(ffi.buffer(pointer, rows * 8), dtype=_FIXED[kind])
        found.flags.writeable = False
    else:
        found = numpy.empty(rows, dtype=object)
        for row, value in enumerate(read_list(column)):
            found[row] = value
        return found
    if column.validity:
        masked: Any = numpy.ma.masked_array  # numpy says nothing of its type
        found = masked(found, mask=~_flags(column.validity, rows))
    return found


def _flags(pointer: Any, rows: int) -> Any:
    """A bitmap as an array of bool."""
    import numpy

    packed = numpy.frombuffer(ffi.buffer(ffi.cast("char *", pointer), (rows + 7) // 8), dtype="u1")
    return numpy.unpackbits(packed, count=rows, bitorder="little").view(bool)
