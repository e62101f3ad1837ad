# SPDX-License-Identifier: Apache-2.0
"""Asking a manager from a coroutine: on a thread, so that the event loop goes on."""
from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Any, TypeVar

from sheaf._asking import Errors
from sheaf._batch import check_ref
from sheaf._call import AccessMode, Cancel
from sheaf._columns import Columns, Slot
from sheaf._context import Context
from sheaf._engine import Batch, Record, Refs
from sheaf._errors import ElementError
from sheaf._iterate import Piece, Pieces, hand_out, terms
from sheaf._streaming import Streaming

T = TypeVar("T")


async def in_thread(function: Callable[[Cancel], T], cancel: Cancel | None) -> T:
    """Calls it, with a switch of its own, on a thread of the event loop's. Who is cancelled while it
    waits throws the switch, and goes on waiting until the function has ended."""
    own, started = Cancel(), threading.Event()
    context = contextvars.copy_context()

    def run() -> T:
        started.set()
        if own.is_set():
            raise asyncio.CancelledError  # nobody waits any more
        return context.run(function, own)

    if cancel is not None:
        cancel._add(own.set)
    future = asyncio.get_running_loop().run_in_executor(None, run)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        own.set()
        if started.is_set():
            await _end_of(future)
        else:
            future.cancel()  # there was no thread for it yet
        raise
    finally:
        if cancel is not None:
            cancel._remove(own.set)


async def _end_of(future: asyncio.Future[Any]) -> None:
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            pass  # once was enough
    if not future.cancelled():
        future.exception()  # looked at, for nobody else will


class AsyncPieces:
    """The same as `Pieces`, from an asynchronous iterable too."""

    def __init__(self, refs: Iterable[str] | AsyncIterable[str], chunk: int) -> None:
        self._refs = refs.__aiter__() if isinstance(refs, AsyncIterable) else None
        self._pieces = Pieces(() if isinstance(refs, AsyncIterable) else refs, chunk)
        self._chunk = chunk

    @property
    def failure(self) -> Exception | None:
        return self._pieces.failure

    async def take(self) -> Piece | None:
        if self._refs is None or self.failure is not None:
            return self._pieces.take()
        texts: list[str] = []
        try:
            while len(texts) < self._chunk:
                text = await self._refs.__anext__()
                check_ref(text, self._pieces.first + len(texts))
                texts.append(text)
        except StopAsyncIteration:
            self._refs = None
        except Exception as error:
            self._pieces.failure = error
        return self._pieces.piece(texts) if texts else None


class Awaiting(Streaming):
    """See `Asking`. Each `a...` asks as the one without the `a` does, on a thread of the event loop's
    executor. If it is cancelled while it waits, so is the batch; CancelledError is raised when that
    has ended."""

    async def aresolve(self, refs: Iterable[str], traits: Iterable[str] | None = None, *,
                       errors: Errors = "return", access: AccessMode = "read",
                       timeout: float | None = None, cancel: Cancel | None = None,
                       context: Context | None = None) -> Batch[Record]:
        """See `resolve`."""
        prepared = Refs(refs)
        return await in_thread(lambda own: self.resolve(
            prepared, traits, errors=errors, access=access, timeout=timeout, cancel=own,
            context=context), cancel)

    async def aexists(self, refs: Iterable[str], *, errors: Errors = "return",
                      access: AccessMode = "read", timeout: float | None = None,
                      cancel: Cancel | None = None, context: Context | None = None) -> Batch[bool]:
        """See `exists`."""
        prepared = Refs(refs)
        return await in_thread(lambda own: self.exists(
            prepared, errors=errors, access=access, timeout=timeout, cancel=own, context=context), cancel)

    async def atraits(self, refs: Iterable[str], *, errors: Errors = "return",
                      access: AccessMode = "read", timeout: float | None = None,
                      cancel: Cancel | None = None,
                      context: Context | None = None) -> Batch[frozenset[str]]:
        """See `traits`."""
        prepared = Refs(refs)
        return await in_thread(lambda own: self.traits(
            prepared, errors=errors, access=access, timeout=timeout, cancel=own, context=context), cancel)

    async def aresolve_one(self, ref: str, traits: Iterable[str] | None = None, *,
                           access: AccessMode = "read", timeout: float | None = None,
                           cancel: Cancel | None = None, context: Context | None = None) -> Record:
        """See `resolve_one`."""
        return await in_thread(lambda own: self.resolve_one(
            ref, traits, access=access, timeout=timeout, cancel=own, context=context), cancel)

    async def acolumns(self, refs: Iterable[str], slots: Iterable[Slot], *, errors: Errors = "return",
                       access: AccessMode = "read", timeout: float | None = None,
                       cancel: Cancel | None = None, context: Context | None = None) -> Columns:
        """See `columns`."""
        prepared = Refs(refs)
        return await in_thread(lambda own: self.columns(
            prepared, slots, errors=errors, access=access, timeout=timeout, cancel=own,
            context=context), cancel)

    async def aiter(self, refs: Iterable[str] | AsyncIterable[str],
                    traits: Iterable[str] | None = None, *, chunk: int = 1000, ahead: int = 1,
                    errors: Errors = "return", access: AccessMode = "read",
                    timeout: float | None = None, cancel: Cancel | None = None,
                    context: Context | None = None) -> AsyncIterator[Record | ElementError]:
        """See `iter`. The references may come from an asynchronous iterable, too."""
        how = terms(chunk, ahead, True, errors, timeout, False)
        kept = self._checked(traits, errors, access, timeout, cancel, context)
        pieces = AsyncPieces(refs, chunk)

        def ask(piece: Piece) -> asyncio.Task[tuple[int, Batch[Record]]]:
            async def asked() -> tuple[int, Batch[Record]]:
                return piece.first, await self.aresolve(
                    piece.refs, kept, access=access, timeout=how.left(), cancel=cancel,
                    context=context)
            return asyncio.create_task(asked())

        tasks: deque[asyncio.Task[tuple[int, Batch[Record]]]] = deque()
        try:
            while True:
                while len(tasks) <= how.ahead and (piece := await pieces.take()):
                    tasks.append(ask(piece))
                if not tasks:
                    break
                first, batch = await tasks.popleft()
                for result in hand_out(batch, first, how):
                    yield result
            if pieces.failure is not None:
                raise pieces.failure
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
