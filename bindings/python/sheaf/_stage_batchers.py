# SPDX-License-Identifier: Apache-2.0
"""Batchers in Python in the stage `batch`."""
from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Union

from sheaf import _interrupt
from sheaf._batchers import Batcher, OwnBatcher
from sheaf._cffi import ffi, lib

GivenBatchers = Union[str, Batcher, Iterable[Union[str, Batcher]]]


class _Ref(str):
    """A reference of a batch: an object of its own, though its text be there twice."""

    __slots__ = ()


def _read(refs: Any, count: int) -> list[_Ref]:
    """A `sheaf_str` array, as managers in Python are given it."""
    made = []
    for i in range(count):
        one = refs[i]
        size = one.size
        made.append(_Ref(ffi.unpack(one.data, size), "utf-8", "surrogateescape") if size else _Ref())
    return made


class _StageBatcher(OwnBatcher):
    """One batcher of a stage. Any threads may run it at once."""

    logger = logging.getLogger("sheaf.batch")

    def __init__(self, batcher: Batcher, number: int) -> None:
        super().__init__(batcher, number, "references")
        self.c.destroy = lib.sheafpy_batcher_gone

    def step(self, request: Any, given: list[list[int]]) -> list[list[int]]:
        refs = _read(request.refs, request.count)
        index = {id(ref): i for i, ref in enumerate(refs)}
        return self.cut([[refs[i] for i in one] for one in given], index)

    def failed(self, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt) and _interrupt.on_main_thread():
            _interrupt.pending.append(error)  # for who asked, when the call has returned
        else:
            super().failed(error)


# Until C is done with them, which a call under way may put off beyond the stage's closing.
_in_use: set[_StageBatcher] = set()


@ffi.def_extern()  # type: ignore[untyped-decorator]
def sheafpy_batcher_gone(ctx: Any) -> None:
    """A `sheaf_batcher.destroy`."""
    _in_use.discard(ffi.from_handle(ctx))


class Chain:
    """The setting `batchers` with functions in it.

    Attributes:
        text: what C is to be given for it.
        count, array: `sheaf_batcher *const *`; valid as long as this is.
    Raises:
        TypeError: one is neither a function nor a str.
    """

    def __init__(self, given: GivenBatchers | None) -> None:
        listed: list[Any] = [given]
        if isinstance(given, Iterable) and not isinstance(given, (str, bytes)) and not callable(given):
            listed = list(given)
        self._own: list[_StageBatcher] = []
        self.text = None if given is None else " | ".join(
            self._word(one, number) for number, one in enumerate(listed, 1))
        self.count = len(self._own)
        self.array = ffi.new("sheaf_batcher *[]", [one.c for one in self._own])

    def _word(self, one: Any, number: int) -> str:
        if isinstance(one, str):
            return one
        if not callable(one):
            raise TypeError(f"batchers[{number - 1}] must be a function, or a str such as \"size(100)\", "
                            f"and is {type(one).__name__}")
        self._own.append(_StageBatcher(one, number))
        return self._own[-1].name

    def begin(self) -> None:
        """Before C is given them."""
        _in_use.update(self._own)

    def refused(self) -> None:
        """C has not taken them."""
        _in_use.difference_update(self._own)
