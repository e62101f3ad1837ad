# SPDX-License-Identifier: Apache-2.0
"""Batchers in Python: functions from a list of batches to a list of batches, run by libsheaf as part of a
chain. What they are given, a link's records or a stage's references, is told apart by identity."""
from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sheaf._cffi import ffi, lib
from sheaf._errors import SheafError

Batches = list[list[Any]]
Batcher = Callable[[Batches], Iterable[Iterable[Any]]]


def name_of(function: object) -> str:
    """What messages call a function."""
    return getattr(function, "__name__", None) or type(function).__name__


def _text_of(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = "(its text cannot be read)"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _status_of(error: BaseException) -> int:
    if isinstance(error, MemoryError):
        return int(lib.SHEAF_OUT_OF_MEMORY)
    return int(error.status if isinstance(error, SheafError) and error.status else lib.SHEAF_MANAGER_FAILURE)


class OwnBatcher:
    """A `sheaf_batcher`, `c`, that is valid as long as this is.

    Args:
        number: the batcher's place in its chain. Keeps equal names, and those of built-in batchers, apart.
        what: a batch is a list of.
    """

    logger: logging.Logger

    def __init__(self, batcher: Batcher, number: int, what: str) -> None:
        self.batcher, self._what = batcher, what
        name = re.sub("[^a-z0-9_]+", "-", name_of(batcher).lower())[:40].strip("-")
        self.name = f"{name or 'batcher'}.{number}"
        self._handle = ffi.new_handle(self)
        self._c_name = ffi.new("char[]", self.name.encode())
        self.c = ffi.new("sheaf_batcher *", {
            "struct_size": ffi.sizeof("sheaf_batcher"), "name": self._c_name, "ctx": self._handle,
            "batch": lib.sheafpy_batch})

    def step(self, request: Any, given: list[list[int]]) -> list[list[int]] | None:
        """What becomes of batches of indices; None: they stay as they are."""
        raise NotImplementedError

    def failed(self, error: BaseException) -> None:
        """What it raised."""
        self.logger.warning("batcher %s failed", self.name, exc_info=error)

    def cut(self, batches: Batches, index: Mapping[int, int]) -> list[list[int]]:
        """What the batcher makes of batches, as indices; one beyond all for what it was not given.

        Args:
            index: of each object that it is given, by identity.
        """
        made = self.batcher(batches)
        if inspect.iscoroutine(made):
            made.close()
        if isinstance(made, (str, bytes)) or not isinstance(made, Iterable):
            raise TypeError(f"batcher {self.name} must return a list of batches, not {type(made).__name__}")
        return [[index.get(id(one), len(index)) for one in self._listed(batch)] for batch in made]

    def _listed(self, batch: Iterable[Any]) -> list[Any]:
        if isinstance(batch, (str, bytes)) or not isinstance(batch, Iterable):
            raise TypeError(f"batcher {self.name} must return a list of lists of {self._what}, and has "
                            f"{'str' if isinstance(batch, str) else type(batch).__name__} for a batch")
        return list(batch)

    def run(self, request: Any, shape: Any, out: Any) -> int:
        ends = [0, *ffi.unpack(shape.ends, shape.batch_count)] if shape.batch_count else [0]
        order = ffi.unpack(shape.order, shape.count) if shape.count else []
        given = [order[begin:end] for begin, end in zip(ends, ends[1:])]
        made = self.step(request, given)
        for one in given if made is None else made:
            status: int = lib.sheaf_shape_add(out, ffi.new("uint32_t[]", one), len(one))
            if status != lib.SHEAF_OK:
                return status
        return int(lib.SHEAF_OK)


@ffi.def_extern(error=2**31 - 1)  # type: ignore[untyped-decorator]
def sheafpy_batch(ctx: Any, request: Any, shape: Any, out: Any, error: Any) -> int:
    """A `sheaf_batcher.batch`; ctx is the handle of an OwnBatcher."""
    own: OwnBatcher = ffi.from_handle(ctx)
    try:
        return own.run(request, shape, out)
    except BaseException as raised_here:
        text = _text_of(raised_here).encode("utf-8", "replace")
        room = ffi.sizeof(error.message) - 1
        ffi.memmove(error.message, text[:room] + b"\0", min(len(text), room) + 1)
        own.failed(raised_here)
        return _status_of(raised_here)
