# SPDX-License-Identifier: Apache-2.0
"""Results by column, for data frames: by the Arrow PyCapsule protocol, as numpy arrays, as lists."""
from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sheaf._cffi import ffi, lib
from sheaf._column import read_list, read_numpy
from sheaf._constants import STATUS_NAMES, Status
from sheaf._engine import Refs
from sheaf._errors import ElementError, status_of
from sheaf._names import Names
from sheaf._text import raised, text
from sheaf._values import Value

if TYPE_CHECKING:
    import numpy

Slot = tuple[str, str]

_MIXED = "mixed"
_new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi))
# Capsules do not copy their names. Each with the function that ends such a capsule.
_CAPSULES = {name: lib.sheafpy_capsule_destructor(name)
             for name in (b"arrow_schema", b"arrow_array", b"arrow_array_stream")}


def _capsule(name: bytes, pointer: Any) -> object:
    name, destructor = next(item for item in _CAPSULES.items() if item[0] == name)
    return _new_capsule(int(ffi.cast("uintptr_t", pointer)), name, destructor)


class _Exported:
    """What the Arrow PyCapsule protocol takes: https://arrow.apache.org/docs/format/CDataInterface."""

    __slots__ = ("_columns", "_slot")

    def __init__(self, columns: Any, slot: int) -> None:
        self._columns = columns  # the sheaf_columns, kept as long as this is
        self._slot = slot

    def _export(self, array: Any) -> Any:
        schema = ffi.new("struct ArrowSchema **")
        error = ffi.new("sheaf_error *")
        if lib.sheafpy_arrow_export(self._columns, self._slot, schema, array, error):
            raise raised(error)
        return schema[0]

    def __arrow_c_schema__(self) -> object:
        """Of what type it is, as a capsule "arrow_schema"."""
        return _capsule(b"arrow_schema", self._export(ffi.NULL))

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """Type and content, as capsules "arrow_schema" and "arrow_array". Nothing is copied, and
        nothing is converted: the consumer does that if it is of another mind (requested_schema)."""
        array = ffi.new("struct ArrowArray **")
        schema = self._export(array)
        return _capsule(b"arrow_schema", schema), _capsule(b"arrow_array", array[0])

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The same as a stream of one piece, a capsule "arrow_array_stream"."""
        error = ffi.new("sheaf_error *")
        stream = lib.sheafpy_arrow_stream(self._columns, self._slot, error)
        if not stream:
            raise raised(error)
        return _capsule(b"arrow_array_stream", stream)


class Column(_Exported):
    """A property of many references: a row for each, None where there is no value.

    Taken without a copy by whatever knows the Arrow PyCapsule protocol (`pyarrow.array(column)`,
    `polars.Series(column)`).

    Attributes:
        trait, key: what it holds.
        kind: "bool", "int64", "double", "string", "bytes", "list"; "mixed" if there are several, and
            "none" if there is no value.
        null_count: how many rows have none.
    """

    __slots__ = ("_column", "trait", "key")

    def __init__(self, columns: Any, slot: int, column: Any, name: Slot) -> None:
        super().__init__(columns, slot)
        self._column = column
        self.trait, self.key = name

    @property
    def kind(self) -> str:
        """Of what kind its values are: "int64", "string", ..., "mixed", or "none" if it has none."""
        mixed = self._column.kind == lib.SHEAF_COLUMN_MIXED
        return _MIXED if mixed else text(lib.sheaf_kind_name(self._column.kind))

    @property
    def null_count(self) -> int:
        """How many rows have no value."""
        return int(self._column.null_count)

    def to_list(self) -> list[Value]:
        """The rows as a list."""
        return read_list(self._column)

    def to_numpy(self) -> numpy.ndarray[Any, Any]:
        """The rows as an array of shape (rows,): int64, float64 or bool; of anything else, objects.

        Numbers are not copied, and not to be written to. Where rows have no value it is a masked
        array, but of objects, which are None there.
        """
        return read_numpy(self._column, self._columns)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> numpy.ndarray[Any, Any]:
        array = self.to_numpy()
        converted = array if dtype is None else array.astype(dtype, copy=False)
        return converted.copy() if copy else converted

    def __iter__(self) -> Iterator[Value]:
        return iter(self.to_list())

    def __len__(self) -> int:
        return int(self._column.length)

    def __repr__(self) -> str:
        return (f"<sheaf.Column {self.trait!r}, {self.key!r}: {self.kind}, {len(self)} rows, "
                f"{self.null_count} null>")


class Columns(_Exported):
    """What came of a batch, by column: `columns[trait, key]` is a `Column`, iterating gives them all.

    Needs neither its manager nor its library any more. To Arrow it is a record batch with a field
    `trait/key` for each slot, then `status` (uint32) and `message` (utf8, null where the reference did
    not fail). It is taken without a copy by whatever knows the Arrow PyCapsule protocol
    (`pyarrow.table(columns)`, `polars.DataFrame(columns)`, `pandas.DataFrame.from_arrow(columns)`).

    Attributes:
        refs: the references that were asked about, one a row.
        slots: the (trait, key) of each column.
        failed: how many rows failed.
        status: as of a `Batch`.
    """

    __slots__ = ("refs", "slots", "failed", "status")

    def __init__(self, columns: Any, refs: Refs, slots: list[Slot]) -> None:
        super().__init__(columns, lib.SHEAFPY_ALL_SLOTS)
        self.refs = refs
        self.slots = slots
        self.failed = int(lib.sheaf_columns_failed(columns))
        self.status: Status = status_of(lib.sheaf_columns_batch_status(columns))

    def _at(self, at: int) -> Column:
        return Column(self._columns, at, lib.sheaf_columns_at(self._columns, at), self.slots[at])

    def __getitem__(self, slot: Slot) -> Column:
        if slot not in self.slots:
            raise KeyError(slot)
        return self._at(self.slots.index(slot))

    def __iter__(self) -> Iterator[Column]:
        return map(self._at, range(len(self.slots)))

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.refs)

    @property
    def ok(self) -> bool:
        """Whether no reference failed."""
        return not self.failed and self.status is Status.OK

    def statuses(self) -> list[int]:
        """The status of each row, a number: see `sheaf.Status`."""
        rows = lib.sheaf_columns_statuses(self._columns)
        return [*ffi.unpack(rows, len(self))] if len(self) else []

    @property
    def errors(self) -> list[ElementError]:
        """The ElementError of each row that failed, in their order. They cannot tell whether asking
        again may help."""
        if not self.failed:
            return []
        messages = read_list(lib.sheaf_columns_messages(self._columns))
        return [ElementError(str(messages[row] or ""), status, row, self.refs[row])
                for row, status in enumerate(self.statuses()) if status]

    def to_numpy(self) -> dict[Slot, numpy.ndarray[Any, Any]]:
        """Each column as an array: see `Column.to_numpy`."""
        return {slot: self[slot].to_numpy() for slot in self.slots}

    def __repr__(self) -> str:
        status = "" if self.status is Status.OK else f": {STATUS_NAMES[self.status]}"
        return f"<sheaf.Columns {self.slots} of {len(self)} rows, {self.failed} failed{status}>"


def _slot_list(slots: Iterable[Slot]) -> list[Slot]:
    """Raises TypeError or ValueError where it is no list of slots."""
    if isinstance(slots, (str, bytes, Mapping)) or not isinstance(slots, Iterable):
        raise TypeError(f"slots must be an iterable of (trait, key), not {type(slots).__name__}")
    found = list(slots)
    for at, slot in enumerate(found):
        if not (isinstance(slot, (tuple, list)) and len(slot) == 2 and
                all(isinstance(name, str) for name in slot)):
            raise TypeError(f"slots[{at}] must be (trait, key), two str, not {slot!r}")
    if not found:
        raise ValueError("slots is empty: name at least one (trait, key)")
    return [(trait, key) for trait, key in found]


def perform_columns(manager: Any, names: Names, refs: Refs, slots: Iterable[Slot], access: int,
                    call: int) -> Columns:
    """Asks a `sheaf_manager *`, and collects by column."""
    wanted = _slot_list(slots)
    ids = names.many([name for slot in wanted for name in slot])
    array = ffi.new("sheaf_slot[]", [*zip(ids[::2], ids[1::2])])
    request = ffi.new("sheaf_request *", {"struct_size": ffi.sizeof("sheaf_request")})
    request.refs, request.count = ffi.cast("sheaf_str *", refs.address), len(refs)
    request.slots, request.slot_count = array, len(wanted)
    request.access, request.call = access, ffi.cast("sheaf_call *", call)
    error = ffi.new("sheaf_error *")
    pointer = lib.sheaf_perform_columns(manager, lib.SHEAF_VERB_RESOLVE, request, error)
    if not pointer:
        raise raised(error)
    return Columns(ffi.gc(pointer, lib.sheaf_columns_free), refs, wanted)
