# SPDX-License-Identifier: Apache-2.0
"""A chain of batchers over the records of a link."""
from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from sheaf._batchers import Batcher, Batches, OwnBatcher
from sheaf._cffi import ffi, lib
from sheaf._settings import Settings
from sheaf._text import raised


class _Run:
    """A run of a chain over records, of which none is there twice."""

    def __init__(self, records: Sequence[Any]) -> None:
        self.records = records
        self.index = {id(record): i for i, record in enumerate(records)}
        self.error: BaseException | None = None  # that ended it
        self.withheld = False  # a batcher gave back no batch at all


class _Step(OwnBatcher):
    """One batcher of a run."""

    logger = logging.getLogger("sheaf.link")

    def __init__(self, run: _Run, batcher: Batcher, number: int) -> None:
        super().__init__(batcher, number, "records")
        self.of = run

    def step(self, request: Any, given: list[list[int]]) -> list[list[int]] | None:
        run = self.of
        if run.error is not None and not isinstance(run.error, Exception):
            raise run.error
        if run.withheld:
            return None
        made = self.cut([[run.records[i] for i in one] for one in given], run.index)
        if not made and run.records:
            self.logger.warning("batcher %s gave back no batch: %d records are not pushed", self.name,
                                len(run.records))
            run.withheld = True
            return None
        return made

    def failed(self, error: BaseException) -> None:
        self.of.error = error  # for who called the link to hear


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
