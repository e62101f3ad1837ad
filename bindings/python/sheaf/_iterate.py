# SPDX-License-Identifier: Apache-2.0
"""Results one after another, for any number of references, in bounded memory."""
from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any, NamedTuple

from sheaf._asking import batch_error
from sheaf._batch import check_ref, check_refs
from sheaf._call import Cancel
from sheaf._constants import Status
from sheaf._engine import Batch, Refs
from sheaf._errors import ElementError, error_for

# Asks about a sub-batch, within so many seconds.
Ask = Callable[[Refs, float | None, Cancel], Batch[Any]]


class Piece(NamedTuple):
    """References that are asked about together. first: the place of the first in the whole input."""

    first: int
    refs: Refs


class Pieces:
    """Takes references from any iterable, a piece at a time.

    What the iterable raises, and the complaint about a reference that is none, is kept in `failure`:
    the references before it get their results first.

    Attributes:
        first: the place in the whole input of the next one that is taken.
    """

    def __init__(self, refs: Iterable[str], chunk: int) -> None:
        check_refs(refs)
        self._iterator = iter(refs)
        self._chunk = chunk
        self.first = 0
        self.failure: Exception | None = None

    def take(self) -> Piece | None:
        """The next one; None if there is none."""
        if self.failure is not None:
            return None
        texts: list[str] = []
        try:
            for text in islice(self._iterator, self._chunk):
                check_ref(text, self.first + len(texts))
                texts.append(text)
        except Exception as error:
            self.failure = error
        return self.piece(texts) if texts else None

    def piece(self, texts: list[str]) -> Piece:
        """The next piece, of these."""
        piece = Piece(self.first, Refs(texts))
        self.first += len(texts)
        return piece


class Terms(NamedTuple):
    """How to iterate: see `sheaf.OpenManager.iter`."""

    chunk: int
    ahead: int
    ordered: bool
    errors: str
    end: float | None  # by time.monotonic

    def left(self) -> float | None:
        """Seconds."""
        return None if self.end is None else max(0.0, self.end - time.monotonic())


def terms(chunk: int, ahead: int | None, ordered: bool, errors: str, timeout: float | None,
          nonblocking: bool) -> Terms:
    """Checks them; TypeError or ValueError says what would be right."""
    if ahead is None:
        ahead = 0 if nonblocking else 1
    for name, number, least in (("chunk", chunk, 1), ("ahead", ahead, 0)):
        if isinstance(number, bool) or not isinstance(number, int):
            raise TypeError(f"{name} must be an int, not {type(number).__name__}")
        if number < least:
            raise ValueError(f"{name} is {number}: it is at least {least}")
    return Terms(chunk, ahead, ordered, errors, None if timeout is None else time.monotonic() + timeout)


def hand_out(batch: Batch[Any], first: int, how: Terms) -> Iterator[Any]:
    """The results of a sub-batch; then raises if no further one would fare better."""
    if how.errors == "raise" and not batch.ok:
        errors = batch.errors
        for error in errors:
            error.index += first
        raise batch_error(batch, errors)
    for index, result in enumerate(batch, first):
        if isinstance(result, ElementError):
            result.index = index
        yield result if how.ordered else (index, result)
    if batch.status // 100 == 2 or batch.status is Status.CLOSED:
        raise error_for(batch.status)


Batches = Generator[tuple[int, Batch[Any]], None, None]


def _one_by_one(ask: Ask, pieces: Pieces, cancel: Cancel, how: Terms) -> Batches:
    while piece := pieces.take():
        yield piece.first, ask(piece.refs, how.left(), cancel)


def _answer(asked: deque[tuple[int, Future[Batch[Any]]]]) -> tuple[int, Batch[Any]]:
    first, future = asked.popleft()
    try:
        return first, future.result()
    finally:
        del future  # else what it raised would keep it, and it that


def _fetched_ahead(ask: Ask, pieces: Pieces, cancel: Cancel, how: Terms) -> Batches:
    pool = ThreadPoolExecutor(how.ahead, thread_name_prefix="sheaf-iter")
    asked: deque[tuple[int, Future[Batch[Any]]]] = deque()
    try:
        while True:
            while len(asked) <= how.ahead and (piece := pieces.take()):
                asked.append((piece.first, pool.submit(ask, piece.refs, how.left(), cancel)))
            if not asked:
                return
            if not how.ordered:
                done = wait([future for _, future in asked], return_when=FIRST_COMPLETED).done
                asked.rotate(-next(at for at, (_, future) in enumerate(asked) if future in done))
            yield _answer(asked)
    finally:
        cancel.set()
        pool.shutdown(cancel_futures=True)


def iterate(ask: Ask, pieces: Pieces, how: Terms, cancel: Cancel | None,
            make_bar: Callable[[], Any] | None) -> Iterator[Any]:
    """Results, in the order of the references; or pairs (index, result), by sub-batches as they are
    answered."""
    own, bar = Cancel(), make_bar() if make_bar is not None else None
    if cancel is not None:
        cancel._add(own.set)
    batches = (_fetched_ahead if how.ahead else _one_by_one)(ask, pieces, own, how)
    try:
        for first, batch in batches:
            yield from hand_out(batch, first, how)
            if bar is not None:
                bar.update(len(batch))
            del batch  # before the next one is waited for
        if pieces.failure is not None:
            raise pieces.failure
    finally:
        batches.close()
        if cancel is not None:
            cancel._remove(own.set)
        if bar is not None:
            bar.close()

