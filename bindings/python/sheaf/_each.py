# SPDX-License-Identifier: Apache-2.0
"""Results by callback, in the order in which the manager gives them."""
from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Final

from sheaf import _interrupt
from sheaf._batch import read_error, read_success_now, request_for
from sheaf._cffi import ffi, lib
from sheaf._constants import Status
from sheaf._engine import Refs
from sheaf._errors import ElementError, status_of
from sheaf._names import Names
from sheaf._text import raised


class Stop(Enum):
    """The type of `sheaf.STOP`."""

    STOP = "STOP"

    def __repr__(self) -> str:
        return "sheaf.STOP"


# What a callback returns for no further one.
STOP: Final = Stop.STOP

OnSuccess = Callable[[int, Any], object] | None
OnError = Callable[[int, ElementError], object] | None


def check_callbacks(on_success: OnSuccess, on_error: OnError) -> None:
    """Raises TypeError for what cannot be called."""
    for name, callback in (("on_success", on_success), ("on_error", on_error)):
        if callback is not None and not callable(callback):
            raise TypeError(f"{name} must be a function or None, not {type(callback).__name__}")


class Delivery:
    """The results of one batch, handed to callbacks as they come.

    The manager is asked on a thread of libsheaf's; what has come meanwhile is taken all at once. So
    the interpreter's lock is waited for once a wake-up, and not once a result. A manager that answers
    from memory is asked on this thread.
    """

    def __init__(self, names: Names, verb: int, refs: Refs, on_success: OnSuccess,
                 on_error: OnError) -> None:
        self._names, self._verb, self._refs = names, verb, refs
        self._on_success, self._on_error = on_success, on_error

    def run(self, manager: Any, traits: Any, access: int, call: int, nonblocking: bool) -> Status:
        """Asks a `sheaf_manager *`; see `request_for`. What the callbacks raise ends it."""
        request = request_for(self._refs, traits, access, call)
        options = ffi.new("sheaf_iterator_options *", {
            "struct_size": ffi.sizeof("sheaf_iterator_options"), "chunk_size": len(self._refs),
            "flags": lib.SHEAF_ITERATOR_AS_THEY_ARRIVE |
            (0 if nonblocking else lib.SHEAF_ITERATOR_PREFETCH)})
        error = ffi.new("sheaf_error *")
        iterator = lib.sheaf_iterator_new(manager, self._verb, request, options, error)
        if not iterator:
            raise raised(error)
        try:
            return self._all(iterator)
        finally:
            lib.sheaf_iterator_free(iterator)  # cancels, and waits for, what is under way

    def _all(self, iterator: Any) -> Status:
        results, count = ffi.new("sheaf_result **"), ffi.new("uint32_t *")
        while True:
            status = lib.sheaf_iterator_next_many(iterator, results, count, ffi.NULL)
            _interrupt.raise_pending()
            if not count[0]:
                return status_of(status)
            for i in range(count[0]):
                if self._one(results[0] + i) is STOP:
                    return Status.STOPPED

    def _one(self, result: Any) -> object:
        index = result.index
        if result.status // 100:
            if self._on_error is not None:
                return self._on_error(index, read_error(result, index, self._refs[index]))
        elif self._on_success is not None:
            return self._on_success(index, read_success_now(self._names, self._verb, result))
        return None
