# SPDX-License-Identifier: Apache-2.0
"""Asking, and what comes of it, through CFFI alone.

`sheaf._fast` does the same in C, and is what runs where it is there. This says what is right, and is
what runs where it is not.
"""
from __future__ import annotations

import struct
from abc import ABCMeta
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain
from typing import Any, SupportsIndex, TypeVar, Union, overload

from sheaf._cffi import ffi, lib
from sheaf._constants import STATUS_NAMES, Status
from sheaf._errors import ElementError, status_of
from sheaf._html import batch_html
from sheaf._link_record import LinkRecord
from sheaf._interrupt import default_call
from sheaf._names import Names
from sheaf._text import raised
from sheaf._values import NONE, Value, read_value

T_co = TypeVar("T_co", covariant=True)

# A sheaf_property: trait, key, and the fields of its value.
_PROPERTY = struct.Struct("=IIHHIq")
_MOST_REFS = lib.SHEAF_REST - 1


# -------------------------------------------------------------------------------------- references


def check_refs(refs: object) -> None:
    """Raises TypeError for what is no iterable of references, or is one and means another."""
    if isinstance(refs, (str, bytes, bytearray, Mapping)) or not isinstance(refs, Iterable):
        raise TypeError(f"refs must be an iterable of str, not {type(refs).__name__}")


def check_ref(ref: object, index: int) -> None:
    """Raises TypeError for what is no str, UnicodeEncodeError for one with lone surrogates."""
    if not isinstance(ref, str):
        raise TypeError(f"refs[{index}] must be str, not {type(ref).__name__}")
    try:
        str.encode(ref)
    except UnicodeEncodeError as error:
        error.reason = f"surrogates not allowed: refs[{index}]"
        raise


def _encoded(texts: tuple[str, ...]) -> list[bytes]:
    try:
        return [str.encode(text) for text in texts]
    except (TypeError, UnicodeEncodeError):
        for index, text in enumerate(texts):
            check_ref(text, index)
        raise


class Refs(Sequence[str]):
    """References, prepared once for many calls.

    Args:
        refs: any iterable of str, other than a str or a mapping. It is read at once.
    Raises:
        TypeError: `refs` is no such iterable, or an item is no str; says which.
        UnicodeEncodeError: an item has lone surrogates; says which.
        ValueError: there are more than 2,147,483,647.
    Attributes:
        texts: the references, a tuple.
        address: of an array of `sheaf_str`, for C.
    """

    __slots__ = ("texts", "_data", "_array")

    def __init__(self, refs: Iterable[str]) -> None:
        check_refs(refs)
        self.texts = tuple(refs)
        if len(self.texts) > _MOST_REFS:
            raise ValueError(f"{len(self.texts)} refs are too many: at most {_MOST_REFS} at once")
        encoded = _encoded(self.texts)
        if any(type(text) is not str for text in self.texts):
            self.texts = tuple(one.decode() for one in encoded)  # what a subclass stands for
        self._data = ffi.from_buffer(b"".join(encoded))
        base = int(ffi.cast("uintptr_t", self._data))
        sizes = [len(one) for one in encoded]
        pairs = zip(accumulate(sizes, initial=base), sizes)
        # As sheaf_str lies in memory: where, and how many bytes.
        self._array = ffi.from_buffer("sheaf_str[]", array("Q", chain.from_iterable(pairs)))

    @property
    def address(self) -> int:
        """Where the references are, as C has them: a `sheaf_str` array, valid as long as this."""
        return int(ffi.cast("uintptr_t", self._array))

    @overload
    def __getitem__(self, index: SupportsIndex) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Refs: ...

    def __getitem__(self, index: SupportsIndex | slice) -> str | Refs:
        return Refs(self.texts[index]) if isinstance(index, slice) else self.texts[index]

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __contains__(self, ref: object) -> bool:
        return ref in self.texts

    def __reduce__(self) -> tuple[Any, ...]:
        return Refs, (self.texts,)

    def __repr__(self) -> str:
        return f"<sheaf.Refs of {len(self)}>"


# ----------------------------------------------------------------------------------------- records


class Properties(Mapping[str, Value]):
    """The properties of one trait: key -> value, in the manager's order.

    Values are bool, int (64 bits), float, str, bytes, or a list of these; a property that the entity
    does not have is not there. Text that is no UTF-8 has its bytes as surrogates, as file names do.
    None stands for a value of a kind that this version does not know.
    """

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, Value]) -> None:
        self._values = values

    def __getitem__(self, key: str) -> Value:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)

    def to_dict(self) -> dict[str, Value]:
        """A dict of its own."""
        return dict(self._values)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self.to_dict(),)


class _RecordType(ABCMeta):
    """Counts what `Record(...)` makes among the records, though it is no mapping."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, LinkRecord) or super().__instancecheck__(instance)


class Record(Mapping[str, Properties], metaclass=_RecordType):
    """What a reference resolved to: trait -> key -> value, in the manager's order.

    Read when it is first looked at; until it is gone, so are not the results that it is part of. A
    trait without properties is an empty mapping. Equal to any mapping of the same content; pickled as
    a dict.

    Those that a host makes itself, `Record(payload, metadata)`, are for a `sheaf.Link`: any payload, and a
    dict of metadata. They are no mappings.
    """

    __slots__ = ("_source", "_result", "_read")
    _source: Any
    _result: Any
    _read: dict[str, Properties] | None

    def __new__(cls, payload: Any, metadata: Mapping[str, Any] | None = None) -> Record:
        return LinkRecord(payload, metadata)  # type: ignore[return-value]

    @classmethod
    def _of(cls, source: Any, result: Any) -> Record:
        """One of a `sheaf_result`, which source owns; that has the names."""
        self = object.__new__(cls)
        self._source, self._result, self._read = source, result, None
        return self

    @property
    def payload(self) -> Any:
        """Of what a reference resolved to, the record itself."""
        return self

    @property
    def metadata(self) -> dict[str, Any]:
        """Of what a reference resolved to, a new dict with nothing in it."""
        return {}

    def _traits(self) -> dict[str, Properties]:
        if self._read is None:
            text = self._source._names.text
            self._read = {}
            for trait, key, kind, _, length, payload in properties_of(self._result):
                if key and kind == NONE:
                    continue
                name = text(trait)
                values = (self._read.get(name) or self._read.setdefault(name, Properties({})))._values
                if key and text(key) not in values:
                    values[text(key)] = read_value(kind, length, payload)
        return self._read

    def __getitem__(self, trait: str) -> Properties:
        return self._traits()[trait]

    def __iter__(self) -> Iterator[str]:
        return iter(self._traits())

    def __len__(self) -> int:
        return len(self._traits())

    def __repr__(self) -> str:
        return repr(self._traits())

    def to_dict(self) -> dict[str, dict[str, Value]]:
        """A dict of dicts of its own, which needs no batch."""
        return {trait: properties.to_dict() for trait, properties in self._traits().items()}

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self.to_dict(),)


def properties_of(result: Any) -> Iterable[tuple[int, ...]]:
    """Of a `sheaf_result`: trait, key, kind, flags, length and payload of each property."""
    count = result.property_count
    return _PROPERTY.iter_unpack(ffi.buffer(result.properties, count * _PROPERTY.size)) if count else ()


# ----------------------------------------------------------------------------------------- batches


def _retry_after(result: Any) -> float | None:
    for trait, key, kind, _, _, payload in properties_of(result):
        if (trait, key, kind) == (lib.SHEAF_TRAIT_ERROR, lib.SHEAF_KEY_RETRY_AFTER_MS,
                                  lib.SHEAF_KIND_INT64):
            return payload / 1000
    return None


def read_error(result: Any, index: int, ref: str) -> ElementError:
    """The exception for a `sheaf_result` that is an error."""
    message = result.message
    text = bytes(ffi.buffer(message.data, message.size)).decode("utf-8", "replace") if message.size else ""
    return ElementError(text, result.status, index, ref,
                        bool(result.flags & lib.SHEAF_RESULT_RETRYABLE), _retry_after(result))


def read_success(source: Any, verb: int, result: Any) -> Any:
    """What a successful `sheaf_result` says: a Record, a bool or a frozenset, as the verb has it."""
    if verb == lib.SHEAF_VERB_EXISTS:
        return bool(lib.sheaf_record_exists(result))
    if verb == lib.SHEAF_VERB_TRAITS:
        return frozenset(Record._of(source, result))
    return Record._of(source, result)


class _Names:
    """A source of records that are read at once."""

    __slots__ = ("_names",)

    def __init__(self, names: Names) -> None:
        self._names = names


def read_success_now(names: Names, verb: int, result: Any) -> Any:
    """The same, of a result that is about to go."""
    record = read_success(_Names(names), verb, result)
    if isinstance(record, Record):
        record._traits()
        record._source = record._result = None
    return record


class Batch(Sequence[Union[T_co, ElementError]]):
    """The results of a batch, by index: of each reference a record or an ElementError.

    A record is a `Record` of `resolve`, a bool of `exists`, a frozenset of str of `traits`. Nothing
    is read until it is looked at. Stays readable when the manager has been closed. Pickled as a list.

    Attributes:
        refs: the references that were asked about.
        failed: how many of them failed.
    """

    __slots__ = ("_manager", "_names", "_verb", "_pointer", "refs", "failed", "__weakref__")

    def __init__(self, manager: Manager, refs: Refs, verb: int, pointer: Any) -> None:
        self._manager = manager
        self._names = manager.names
        self._verb = verb
        self._pointer = pointer
        self.refs = refs
        self.failed = int(lib.sheaf_batch_failed(pointer))

    @property
    def status(self) -> Status:
        """OK if the manager answered. Else why the batch failed as a whole; errors stand for what was
        not answered by then."""
        return status_of(lib.sheaf_batch_status(self._pointer))

    @property
    def ok(self) -> bool:
        """Whether each reference has a record."""
        return not self.failed and self.status is Status.OK

    @property
    def errors(self) -> list[ElementError]:
        """The ElementError of each reference that failed, by index."""
        return [one for one in self if isinstance(one, ElementError)] if self.failed else []

    def to_list(self) -> list[Any]:
        """A list that needs no batch: records as dicts of dicts, and the errors."""
        return [one.to_dict() if isinstance(one, Record) else one for one in self]

    def _element(self, index: int) -> Any:
        result = lib.sheaf_batch_at(self._pointer, index)
        if result.status // 100:
            return read_error(result, index, self.refs[index])
        return read_success(self, self._verb, result)

    @overload
    def __getitem__(self, index: SupportsIndex) -> T_co | ElementError: ...
    @overload
    def __getitem__(self, index: slice) -> list[T_co | ElementError]: ...

    def __getitem__(self, index: SupportsIndex | slice) -> T_co | ElementError | list[T_co | ElementError]:
        if isinstance(index, slice):
            return [self._element(i) for i in range(*index.indices(len(self)))]
        try:
            result: T_co | ElementError = self._element(range(len(self))[index])
            return result
        except TypeError:
            raise TypeError("batch indices must be integers or slices, not "
                            f"{type(index).__name__}") from None
        except IndexError:
            raise IndexError("batch index out of range") from None

    def __iter__(self) -> Iterator[T_co | ElementError]:
        return map(self._element, range(len(self)))

    def __len__(self) -> int:
        return len(self.refs)

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (self.to_list(),)

    def __repr__(self) -> str:
        status = "" if self.status is Status.OK else f": {STATUS_NAMES[self.status]}"
        return f"<sheaf.Batch of {len(self)}, {self.failed} failed{status}>"

    def _repr_html_(self) -> str:
        return batch_html(self)


# ----------------------------------------------------------------------------------------- asking


def trait_list(traits: Iterable[str]) -> list[str]:
    """The names of traits; TypeError where they are none."""
    if isinstance(traits, (str, bytes, bytearray, Mapping)) or not isinstance(traits, Iterable):
        raise TypeError("traits must be an iterable of str, or None for all traits, not "
                        f"{type(traits).__name__}")
    names = list(traits)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"traits must be str, not {type(name).__name__}")
    return names


def trait_ids(names: Names, traits: Iterable[str] | None) -> Any:
    """A `sheaf_id[]` of the traits asked for; None for all of them.

    Raises:
        TypeError: `traits` is no iterable of str.
        InvalidArgumentError: one cannot be a name: it is empty, too long or has a NUL.
    """
    return None if traits is None else ffi.new("sheaf_id[]", names.many(trait_list(traits)))


def request_for(refs: Refs, ids: Any, access: int, call: int) -> Any:
    """A `sheaf_request *` for all traits, or for those of `ids`; call is an address, or 0."""
    request = ffi.new("sheaf_request *")
    request.struct_size = ffi.sizeof("sheaf_request")
    request.refs, request.count = ffi.cast("sheaf_str *", refs.address), len(refs)
    request.access, request.call = access, ffi.cast("sheaf_call *", call)
    if ids is None:
        request.flags = lib.SHEAF_REQUEST_ALL_TRAITS
    else:
        request.traits, request.trait_count = ids, len(ids)
    return request


def _freeing(names: Names) -> Callable[[Any], None]:
    """What frees batches. It keeps their library until it has, whatever else goes first."""
    made_in = lib.sheafpy_generation

    def free(pointer: Any) -> None:
        if names is not None and lib.sheafpy_generation == made_in:  # else it is the parent's
            lib.sheaf_batch_free(pointer)

    return free


class Manager:
    """Asks a manager.

    Args:
        address: of the `sheaf_manager`.
        names: of its library, which they keep.
        nonblocking: it answers from memory. (Of no use here: cffi always lets go of the GIL.)
    """

    __slots__ = ("_pointer", "_free", "names")

    def __init__(self, address: int, names: Names, nonblocking: bool) -> None:
        self._pointer = ffi.cast("sheaf_manager *", address)
        self._free = _freeing(names)
        self.names = names

    def ask(self, verb: int, refs: Iterable[str], traits: Iterable[str] | None, access: int,
            call: int | None) -> Batch[Any]:
        """Asks about a batch.

        Args:
            verb: the id of one.
            refs: see `Refs`.
            traits: their names; None for all.
            access: a number.
            call: the address of a `sheaf_call`; None: see `default_call`.
        """
        prepared = refs if isinstance(refs, Refs) else Refs(refs)
        ids = trait_ids(self.names, traits)
        error = ffi.new("sheaf_error *")
        request = request_for(prepared, ids, access, default_call() if call is None else call)
        pointer = lib.sheaf_perform_batch(self._pointer, verb, request, error)
        if not pointer:
            raise raised(error)
        return Batch(self, prepared, verb, ffi.gc(pointer, self._free))

    def closing(self) -> None:
        """To be called before the manager is closed."""
