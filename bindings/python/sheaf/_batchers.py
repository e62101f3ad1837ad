# SPDX-License-Identifier: Apache-2.0
"""Batchers in Python, run as a chain by libsheaf."""
from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sheaf._cffi import ffi, lib
from sheaf._settings import Settings
from sheaf._text import raised

_LOGGER = logging.getLogger("sheaf.link")

Batches = list[list[Any]]
Batcher = Callable[[Batches], Iterable[Iterable[Any]]]


def name_of(function: object) -> str:
    """What messages call a function."""
    return getattr(function, "__name__", None) or type(function).__name__


class _Step:
    """One batcher of a run."""

    def __init__(self, run: _Run, batcher: Batcher, number: int) -> None:
        self.run, self.batcher = run, batcher
        # The number keeps equal names, and those of built-in batchers, apart.
        name = re.sub("[^a-z0-9_]+", "-", name_of(batcher).lower())[:40].strip("-")
        self.name = f"{name or 'batcher'}.{number}"
        self.handle = ffi.new_handle(self)
        self._c_name = ffi.new("char[]", self.name.encode())
        self.c = ffi.new("sheaf_batcher *", {
            "struct_size": ffi.sizeof("sheaf_batcher"), "name": self._c_name, "ctx": self.handle,
            "batch": lib.sheafpy_batch})

    def batches(self, given: Batches) -> list[list[int]]:
        """What the batcher makes of batches, as indices; one beyond all for what was not given."""
        made = self.batcher(given)
        if isinstance(made, (str, bytes)) or not isinstance(made, Iterable):
            raise TypeError(f"batcher {self.name} must return a list of batches, not {type(made).__name__}")
        count = len(self.run.records)
        return [[self.run.index.get(id(record), count) for record in self._listed(batch)] for batch in made]

    def _listed(self, batch: Iterable[Any]) -> list[Any]:
        if isinstance(batch, (str, bytes)) or not isinstance(batch, Iterable):
            raise TypeError(f"batcher {self.name} must return a list of lists of records, and has "
                            f"{type(batch).__name__} for a batch")
        return list(batch)


class _Run:
    """A run of a chain over records, of which none is there twice."""

    def __init__(self, records: Sequence[Any]) -> None:
        self.records = records
        self.index = {id(record): i for i, record in enumerate(records)}
        self.error: BaseException | None = None  # that ended it
        self.withheld = False  # a batcher gave back no batch at all

    def step(self, step: _Step, shape: Any, out: Any) -> int:
        ends = [0, *ffi.unpack(shape.ends, shape.batch_count)] if shape.batch_count else [0]
        order = ffi.unpack(shape.order, shape.count) if shape.count else []
        given = [order[begin:end] for begin, end in zip(ends, ends[1:])]
        made = given if self.withheld else step.batches([[self.records[i] for i in one] for one in given])
        if not made and self.records:
            _LOGGER.warning("batcher %s gave back no batch: %d records are not pushed", step.name,
                            len(self.records))
            self.withheld, made = True, given
        for one in made:
            status: int = lib.sheaf_shape_add(out, ffi.new("uint32_t[]", one), len(one))
            if status != lib.SHEAF_OK:
                return status
        return int(lib.SHEAF_OK)


@ffi.def_extern(error=2**31 - 1)  # type: ignore[untyped-decorator]
def sheafpy_batch(ctx: Any, request: Any, shape: Any, out: Any, error: Any) -> int:
    """A `sheaf_batcher.batch`; ctx is the handle of a step."""
    step: _Step = ffi.from_handle(ctx)
    try:
        if step.run.error is None or isinstance(step.run.error, Exception):
            return step.run.step(step, shape, out)
    except BaseException as raised_here:
        step.run.error = raised_here
        text = f"{type(raised_here).__name__}: {raised_here}".encode("utf-8", "replace")
        room = ffi.sizeof(error.message) - 1
        ffi.memmove(error.message, text[:room] + b"\0", min(len(text), room) + 1)
    return int(lib.SHEAF_MANAGER_FAILURE)


def run_batchers(library: Any, batchers: Sequence[Batcher], records: Sequence[Any], *, skip: bool,
                 keep_empty: bool) -> Batches:
    """Cuts records into batches.

    Args:
        library: a `sheaf_library *`, for the log.
        records: of which none is there twice, by identity.
        skip: pass over a batcher that raises, and mend what one made that loses, repeats or invents
            records; both are logged. Else what it raised is raised.
        keep_empty: keep empty batches.
    Raises:
        InvalidArgumentError: a batcher loses, repeats or invents records; says which one, and which.
    """
    run = _Run(records)
    steps = [_Step(run, batcher, number) for number, batcher in enumerate(batchers, 1)]
    settings = Settings({"batchers": " | ".join(one.name for one in steps), "keep_empty": keep_empty,
                         "on_failure": "skip" if skip else "fail", "invariant": "warn" if skip else "error"})
    own = ffi.new("sheaf_batcher *[]", [one.c for one in steps])
    error = ffi.new("sheaf_error *")
    chain = lib.sheaf_batchers_new(library, settings.array, settings.count, own, len(steps), error)
    if not chain:
        raise raised(error)
    try:
        shape = _shape(chain, len(records), error)
    finally:
        lib.sheaf_batchers_free(chain)
    try:
        if run.error is not None and not (skip and isinstance(run.error, Exception)):
            raise run.error
        if not shape:
            raise raised(error)
        return [] if run.withheld else _cut(records, shape)
    finally:
        lib.sheaf_shape_free(shape)


def _shape(chain: Any, count: int, error: Any) -> Any:
    """A `sheaf_shape *`, to be freed; NULL on failure."""
    refs = ffi.new("sheaf_str[]", count)
    request = ffi.new("sheaf_request *", {"struct_size": ffi.sizeof("sheaf_request"), "count": count,
                                          "refs": refs})
    return lib.sheaf_batchers_run(chain, request, error)


def _cut(records: Sequence[Any], shape: Any) -> Batches:
    batches: Batches = []
    begin = 0
    for b in range(shape.batch_count):
        end = shape.ends[b]
        batches.append([records[shape.order[i]] for i in range(begin, end)])
        begin = end
    return batches
