# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C. Python hears of a signal only while it runs, on its main thread. So calls of that thread are
given a switch that has it look from time to time, when the manager answers, polls or waits."""
from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Any

from sheaf._cffi import ffi, lib

_INTERVAL_NS = 10_000_000

# What a signal's handler raised, until the call that it ended has returned. The main thread's.
pending: list[BaseException] = []


def _raised(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    pending.append(error)


@ffi.def_extern(error=True, onerror=_raised)  # type: ignore[untyped-decorator]
def sheafpy_interrupted(ctx: Any) -> bool:
    """Whether the call is to end. By being called it lets the interpreter run signals' handlers."""
    return bool(pending)  # what a batcher was interrupted with


def new_switch() -> Any:
    """A `sheaf_cancel *` for a call of this thread."""
    ask = lib.sheafpy_interrupted if on_main_thread() else ffi.NULL
    switch = lib.sheaf_cancel_new_asking(ask, ffi.NULL, _INTERVAL_NS)
    if not switch:
        raise MemoryError("no memory for a cancel switch")
    return ffi.gc(switch, lib.sheaf_cancel_free)


class _Default:
    """The call of who asks for nothing else, on the main thread. `address` is 0 until it is made."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.address = 0
        self._switch: Any = None
        self._call: Any = None
        self.thread = threading.main_thread().ident

    def make(self) -> int:
        self._switch = new_switch()
        self._call = ffi.new("sheaf_call *", {"struct_size": ffi.sizeof("sheaf_call")})
        self._call.cancel = self._switch
        self.address = int(ffi.cast("uintptr_t", self._call))
        return self.address


_default = _Default()
os.register_at_fork(after_in_child=_default.forget)


def on_main_thread() -> bool:
    """Whether signals' handlers run on this thread."""
    return threading.get_ident() == _default.thread


def default_call() -> int:
    """The address of a `sheaf_call` for this thread, or 0 if it needs none."""
    if threading.get_ident() != _default.thread:
        return 0
    return _default.address or _default.make()


def raise_pending() -> None:
    """To be called after each call: raises what a signal's handler raised during it."""
    if pending and on_main_thread():
        _default.forget()  # its switch has been thrown
        raise pending.pop()
