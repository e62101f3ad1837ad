# SPDX-License-Identifier: Apache-2.0
"""The circumstances of a call: how long it may take, what ends it, on whose behalf it is made."""
from __future__ import annotations

import math
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal

from sheaf import _interrupt
from sheaf._cffi import ffi, lib
from sheaf._constants import ACCESS_NAMES, Access
from sheaf._context import Context
from sheaf._names import Names
from sheaf._unique import Unique
from sheaf._values import GivenTraits

AccessMode = Access | Literal["read", "write", "createRelated", "required", "managerDriven"]


def access_number(access: AccessMode) -> int:
    """The number of a mode of access.

    Raises:
        ValueError: there is no such mode; says which there are.
    """
    number = ACCESS_NAMES.get(access) if isinstance(access, str) else access
    if not isinstance(number, int) or number not in ACCESS_NAMES.values():
        raise ValueError(f"access is {access!r}: there are {', '.join(map(repr, ACCESS_NAMES))}")
    return int(number)


class _Surroundings:
    """A `sheaf_context`; `c` is valid as long as this is."""

    def __init__(self, names: Names, context: Context) -> None:
        self.c = ffi.new("sheaf_context *", {"struct_size": ffi.sizeof("sheaf_context")})
        self._kept: list[Any] = []
        for name in ("share_key", "authority", "state"):
            data = getattr(context, name)
            self._kept.append(ffi.from_buffer("char[]", data))
            string = getattr(self.c, name)
            string.data, string.size = self._kept[-1], len(data)
        if context.locale is not None:
            locale = GivenTraits(names, context.locale, "locale")
            self._kept.append(locale)
            self.c.locale = locale.c


class Cancel(Unique):
    """A switch that ends calls from outside. Any thread may throw it; it may be given to many calls.

    It acts when the manager answers, polls or waits. Each reference that has no result by then gets an
    error with the status CANCELLED. A manager that is stuck in its own code cannot be ended.
    """

    def __init__(self) -> None:
        self._set = False
        self._listeners: list[Callable[[], object]] = []

    def set(self) -> None:
        """Throws it, for good."""
        self._set = True
        for listener in list(self._listeners):
            listener()

    def is_set(self) -> bool:
        """Whether it was thrown."""
        return self._set

    def _add(self, listener: Callable[[], object]) -> None:
        """Has it called once it is thrown; now, if it is. Perhaps twice."""
        self._listeners.append(listener)
        if self._set:  # looked at after the other; `set` does it the other way round
            listener()

    def _remove(self, listener: Callable[[], object]) -> None:
        self._listeners.remove(listener)

    def __repr__(self) -> str:
        return f"<sheaf.Cancel{' (set)' if self._set else ''}>"


class Call:
    """A `sheaf_call`, with what it points to; to be used as a context manager.

    Args:
        timeout: seconds from now.
    Attributes:
        address: of the `sheaf_call`.
    Raises:
        TypeError, ValueError: an argument is not of its type, or no number of seconds.
    """

    def __init__(self, names: Names, timeout: float | None, cancel: Cancel | None,
                 context: Context | None) -> None:
        if cancel is not None and not isinstance(cancel, Cancel):
            raise TypeError(f"cancel must be a sheaf.Cancel, not {type(cancel).__name__}")
        if context is not None and not isinstance(context, Context):
            raise TypeError(f"context must be a sheaf.Context, not {type(context).__name__}")
        self._cancel = cancel
        self._switch = _interrupt.new_switch()
        self._call = ffi.new("sheaf_call *", {"struct_size": ffi.sizeof("sheaf_call")})
        self._call.cancel = self._switch
        if timeout is not None:
            self._call.deadline_ns = _deadline(timeout)
        if context is not None:
            self._context = _Surroundings(names, context)
            self._call.context = self._context.c
        self.address = int(ffi.cast("uintptr_t", self._call))

    def end(self) -> None:
        """Ends it, as if it had been cancelled."""
        lib.sheaf_cancel_set(self._switch)

    def __enter__(self) -> Call:
        if self._cancel is not None:
            self._cancel._add(self.end)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self._cancel is not None:
            self._cancel._remove(self.end)


def _deadline(timeout: float) -> int:
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout must be a number of seconds, not {type(timeout).__name__}")
    if math.isnan(timeout):
        raise ValueError("timeout is no number of seconds: nan")
    return int(lib.sheaf_deadline_in(int(min(max(timeout, 0.0), 9e9) * 1e9)))
