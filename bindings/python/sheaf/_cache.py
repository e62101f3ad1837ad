# SPDX-License-Identifier: Apache-2.0
"""What can be done to the stage `cache` beside asking it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from sheaf._batch import Refs, check_ref, request_for, trait_ids
from sheaf._call import AccessMode, Call, access_number
from sheaf._cffi import ffi, lib
from sheaf._context import Context
from sheaf._errors import ElementError, error_for
from sheaf._extension import extension
from sheaf._text import raised
from sheaf._values import GivenTraits

if TYPE_CHECKING:
    from sheaf._manager import OpenManager

_ID = "sheaf.stage.cache/1"
Answer = Union[Mapping[str, Mapping[str, Any]], ElementError]


@dataclass(frozen=True)
class CacheStats:
    """What a cache holds now, and what came of asking it.

    Attributes:
        entries, bytes: that it holds; the bytes with their keys.
        hits, misses: references answered by it, and asked of what is below.
        shared: answered by what another call had asked for already, and not yet got.
        evictions, expired: entries that went for want of room, or were found too old.
    """

    entries: int
    bytes: int
    hits: int
    misses: int
    shared: int
    evictions: int
    expired: int


class Cache:
    """A stage "cache" of a manager's: `OpenManager.cache`. Any number of threads may use it.

    Everything raises ClosedError once the manager is closed.
    """

    def __init__(self, manager: OpenManager) -> None:
        self._manager = manager
        with self._functions():
            pass

    def _functions(self) -> AbstractContextManager[tuple[Any, Any]]:
        return extension(self._manager, _ID, "sheaf_cache_functions", "cache")

    def stats(self) -> CacheStats:
        """What it holds now, and what came of asking it."""
        now = ffi.new("sheaf_cache_stats *", {"struct_size": ffi.sizeof("sheaf_cache_stats")})
        with self._functions() as (table, self_):
            status = table.stats(self_, now)
        if status != lib.SHEAF_OK:
            raise error_for(status)
        return CacheStats(now.entries, now.bytes, now.hits, now.misses, now.shared, now.evictions,
                          now.expired)

    def clear(self, ref: str | None = None) -> int:
        """Forgets all that is kept of a reference, or of all of them; and does not keep what is just
        being asked.

        Args:
            ref: the reference, whatever was asked of it and by whom; None: all.
        Returns:
            how many entries that were.
        Raises:
            TypeError: `ref` is no str.
        """
        if ref is None:
            with self._functions() as (table, self_):
                return int(table.clear(self_))
        check_ref(ref, 0)
        data = ffi.from_buffer("char[]", ref.encode())
        with self._functions() as (table, self_):
            return int(table.clear_ref(self_, {"data": data, "size": len(data)}))

    def prime(self, answers: Mapping[str, Answer], traits: Iterable[str] | None = None, *,
              access: AccessMode = "read", context: Context | None = None) -> None:
        """Keeps answers to `resolve` as if the manager had given them. What is there stays: clear it first.

        Args:
            answers: of each reference its traits with their properties (a `Record`, or a mapping
                trait -> key -> value), or an ElementError, which is left out unless the cache keeps such.
            traits, access, context: with which `resolve` must ask to be answered so; None: all traits.
        Raises:
            TypeError: an answer is none, or a value is none that a property can have; says where.
            ValueError: an integer that 64 bits do not hold; text with lone surrogates.
            InvalidArgumentError: an answer is not sound.
        """
        if not isinstance(answers, Mapping):
            raise TypeError(f"answers must be a mapping of references, not {type(answers).__name__}")
        names = self._manager.library._names
        refs = Refs(list(answers))
        ids = trait_ids(names, traits)
        results = ffi.new("sheaf_result[]", len(refs))
        kept = [self._fill(results[i], i, ref, answer)
                for i, (ref, answer) in enumerate(answers.items())]
        error = ffi.new("sheaf_error *")
        with Call(names, None, None, context) as call, self._functions() as (table, self_):
            request = request_for(refs, ids, access_number(access), call.address)
            request.verb = lib.SHEAF_VERB_RESOLVE
            status = table.prime(self_, request, results, len(kept), error)
        if status != lib.SHEAF_OK:
            raise raised(error)

    def _fill(self, out: Any, index: int, ref: str, answer: Answer) -> Any:
        """Fills a `sheaf_result`. What it points to is valid as long as what is returned."""
        out.index = index
        if isinstance(answer, ElementError):
            out.status = answer.status
            out.flags = lib.SHEAF_RESULT_RETRYABLE if answer.retryable else 0
            data = ffi.from_buffer("char[]", answer.message.encode())
            out.message.data, out.message.size = data, len(data)
            return data
        if not isinstance(answer, Mapping):
            raise TypeError(f"answers[{ref!r}] must be a mapping of traits or an ElementError, not "
                            f"{type(answer).__name__}")
        given = GivenTraits(self._manager.library._names, answer, f"answers[{ref!r}]")
        out.properties, out.property_count = given.c.properties, given.c.property_count
        return given
