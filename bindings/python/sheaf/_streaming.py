# SPDX-License-Identifier: Apache-2.0
"""Asking a manager where results are wanted before all are there: by callback, one after another."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, overload

from sheaf._asking import EXISTS, RESOLVE, TRAITS, Asking, Errors, check_errors
from sheaf._batch import trait_ids, trait_list
from sheaf._call import AccessMode, Call, Cancel, access_number
from sheaf._constants import Status
from sheaf._context import Context
from sheaf._each import Delivery, OnError, OnSuccess, check_callbacks
from sheaf._engine import Batch, Record, Refs
from sheaf._errors import ElementError
from sheaf._iterate import Pieces, iterate, terms
from sheaf._progress import progress_over


class Streaming(Asking):
    """See `Asking`."""

    # ------------------------------------------------------------------------------- by callback

    def resolve_each(self, refs: Iterable[str], traits: Iterable[str] | None, on_success: OnSuccess,
                     on_error: OnError, *, access: AccessMode = "read", timeout: float | None = None,
                     cancel: Cancel | None = None, context: Context | None = None) -> Status:
        """Asks as `resolve`, and hands over each result as soon as the manager has given it.

        Args:
            on_success: called with (index, record), on this thread, in whichever order they come.
            on_error: called with (index, ElementError). Either may be None: then those are passed
                over. A callback that returns `sheaf.STOP` ends the batch. So does one that raises,
                and what it raised is raised here, once the manager has noticed.
        Returns:
            OK if the manager answered; STOPPED if a callback said so; else why the batch failed as a
            whole, of which each reference that was left had its call of on_error.
        """
        return self._each(RESOLVE, refs, traits, on_success, on_error, access, timeout, cancel, context)

    def exists_each(self, refs: Iterable[str], on_success: OnSuccess, on_error: OnError, *,
                    access: AccessMode = "read", timeout: float | None = None,
                    cancel: Cancel | None = None, context: Context | None = None) -> Status:
        """Asks as `exists`; on_success is called with (index, bool). See `resolve_each`."""
        return self._each(EXISTS, refs, None, on_success, on_error, access, timeout, cancel, context)

    def traits_each(self, refs: Iterable[str], on_success: OnSuccess, on_error: OnError, *,
                    access: AccessMode = "read", timeout: float | None = None,
                    cancel: Cancel | None = None, context: Context | None = None) -> Status:
        """Asks as `traits`; on_success is called with (index, frozenset). See `resolve_each`."""
        return self._each(TRAITS, refs, None, on_success, on_error, access, timeout, cancel, context)

    def _each(self, verb: int, refs: Iterable[str], traits: Iterable[str] | None,
              on_success: OnSuccess, on_error: OnError, access: AccessMode, timeout: float | None,
              cancel: Cancel | None, context: Context | None) -> Status:
        check_callbacks(on_success, on_error)
        pointer, names = self._open_pointer(), self.library._names
        number, ids = access_number(access), trait_ids(names, traits)
        prepared = refs if isinstance(refs, Refs) else Refs(refs)
        delivery = Delivery(names, verb, prepared, on_success, on_error)
        with Call(names, timeout, cancel, context) as call:
            return delivery.run(pointer, ids, number, call.address, self._nonblocking)

    # --------------------------------------------------------------------------- one after another

    @overload
    def iter(self, refs: Iterable[str], traits: Iterable[str] | None = None, *, chunk: int = 1000,
             ahead: int | None = None, ordered: Literal[True] = True, progress: bool = False,
             errors: Errors = "return", access: AccessMode = "read", timeout: float | None = None,
             cancel: Cancel | None = None,
             context: Context | None = None) -> Iterator[Record | ElementError]: ...
    @overload
    def iter(self, refs: Iterable[str], traits: Iterable[str] | None = None, *, chunk: int = 1000,
             ahead: int | None = None, ordered: Literal[False], progress: bool = False,
             errors: Errors = "return", access: AccessMode = "read", timeout: float | None = None,
             cancel: Cancel | None = None,
             context: Context | None = None) -> Iterator[tuple[int, Record | ElementError]]: ...

    def iter(self, refs: Iterable[str], traits: Iterable[str] | None = None, *, chunk: int = 1000,
             ahead: int | None = None, ordered: bool = True, progress: bool = False,
             errors: Errors = "return", access: AccessMode = "read", timeout: float | None = None,
             cancel: Cancel | None = None, context: Context | None = None) -> Iterator[Any]:
        """Asks as `resolve`, of any number of references, also without end, in bounded memory.

        References are taken and asked about in sub-batches. Of those, `ahead` + 1 are in memory at
        once, and with them the records that the program keeps: a record keeps its sub-batch.

        Args:
            chunk: references a sub-batch.
            ahead: sub-batches that are asked about, each on a thread, while the results of one are
                handed out. None: 1, or 0 for a manager that answers from memory. References are
                always taken on the thread of who iterates. Inside a batch of a serialized manager that
                this would ask again it must be 0: a thread would wait for that batch, and it for the
                thread.
            ordered: False gives pairs (index, result) instead, a sub-batch as soon as it is answered.
            progress: shows how far it is: by tqdm where that is installed, else on a terminal.
            errors: "raise" raises BatchError at the first sub-batch with a reference that failed,
                instead of its results. Indices are those of the whole input, also of its errors.
            timeout: seconds for the whole iteration.
        Returns:
            One result a reference. What taking a reference raises, and the complaint about one that is
            none, comes after the results of those before it.
        Raises:
            DeadlineError, EndedError, ClosedError: while it iterates: after the results of the
                sub-batch that this ended.
        """
        return self._iter(RESOLVE, refs, traits, chunk, ahead, ordered, progress, errors, access,
                          timeout, cancel, context)

    def iter_exists(self, refs: Iterable[str], *, chunk: int = 1000, ahead: int | None = None,
                    progress: bool = False, errors: Errors = "return", access: AccessMode = "read",
                    timeout: float | None = None, cancel: Cancel | None = None,
                    context: Context | None = None) -> Iterator[bool | ElementError]:
        """Asks as `exists`, of any number of references: see `iter`."""
        return self._iter(EXISTS, refs, None, chunk, ahead, True, progress, errors, access, timeout,
                          cancel, context)

    def iter_traits(self, refs: Iterable[str], *, chunk: int = 1000, ahead: int | None = None,
                    progress: bool = False, errors: Errors = "return", access: AccessMode = "read",
                    timeout: float | None = None, cancel: Cancel | None = None,
                    context: Context | None = None) -> Iterator[frozenset[str] | ElementError]:
        """Asks as `traits`, of any number of references: see `iter`."""
        return self._iter(TRAITS, refs, None, chunk, ahead, True, progress, errors, access, timeout,
                          cancel, context)

    def _iter(self, verb: int, refs: Iterable[str], traits: Iterable[str] | None, chunk: int,
              ahead: int | None, ordered: bool, progress: bool, errors: str, access: AccessMode,
              timeout: float | None, cancel: Cancel | None, context: Context | None) -> Iterator[Any]:
        kept = self._checked(traits, errors, access, timeout, cancel, context)
        how = terms(chunk, ahead, ordered, errors, timeout, self._nonblocking)

        def ask(some: Refs, left: float | None, own: Cancel) -> Batch[Any]:
            return self._ask(verb, some, kept, "return", access, left, own, context)

        pieces = Pieces(refs, chunk)
        return iterate(ask, pieces, how, cancel, (lambda: progress_over(refs)) if progress else None)

    def _checked(self, traits: Iterable[str] | None, errors: str, access: AccessMode,
                 timeout: float | None, cancel: Cancel | None,
                 context: Context | None) -> list[str] | None:
        """The traits, to be read many times. Complains about what cannot be, before anything is asked."""
        check_errors(errors)
        self._open_pointer()
        access_number(access)
        Call(self.library._names, timeout, cancel, context)
        kept = None if traits is None else trait_list(traits)
        trait_ids(self.library._names, kept)
        return kept
