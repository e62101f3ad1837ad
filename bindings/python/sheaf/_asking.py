# SPDX-License-Identifier: Apache-2.0
"""Asking a manager about a batch, and about a single reference."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from sheaf import _interrupt
from sheaf._call import AccessMode, Call, Cancel, access_number
from sheaf._cffi import ffi, lib
from sheaf._columns import Columns, Slot, perform_columns
from sheaf._context import Context
from sheaf._engine import Batch, Manager, Record, Refs
from sheaf._errors import BatchError, ClosedError, ElementError, error_for

if TYPE_CHECKING:
    from sheaf._library import Library

RESOLVE, EXISTS, TRAITS = lib.SHEAF_VERB_RESOLVE, lib.SHEAF_VERB_EXISTS, lib.SHEAF_VERB_TRAITS
Errors = Literal["return", "raise"]


def check_errors(errors: str) -> None:
    """Raises ValueError if errors cannot be treated so."""
    if errors not in ("return", "raise"):
        raise ValueError(f"errors is {errors!r}: there are 'return' and 'raise'")


def batch_error(batch: Batch[Any] | Columns, errors: Sequence[ElementError]) -> BatchError:
    """The exception for results of which these failed."""
    whole = error_for(batch.status) if batch.status else None
    why = whole or errors[0]
    error = BatchError(f"{len(errors)} of {len(batch)} references failed: {errors[0] if errors else whole}",
                       why.status, errors, batch)
    error.__cause__ = why
    return error


def only(batch: Batch[Any]) -> Any:
    """The record of a batch of one; raises what it is instead."""
    one = batch[0]
    if not isinstance(one, ElementError):
        return one
    # That it took too long, was cancelled or the manager is closed says nothing of the entity.
    raise error_for(one.status, one.message) if one.status // 100 in (2, 4) else one


class Asking:
    """A manager that can be asked, by any number of threads at once.

    Every question takes these keywords:

        access: what is to be done with the entities: "read", or another `sheaf.Access`.
        timeout: seconds it may take. References without a result by then get an error, DEADLINE.
        cancel: a `sheaf.Cancel` that ends it.
        context: a `sheaf.Context`: on whose behalf is asked.

    And each raises, before anything is asked: TypeError or ValueError for an argument that cannot be,
    ClosedError if the manager is closed. Ctrl-C ends a question as soon as the manager answers, polls
    or waits; then KeyboardInterrupt is raised.
    """

    library: Library
    _address: int
    _pointer: Any
    _nonblocking: bool  # it answers from memory
    _asker: Manager

    def _refusal(self) -> ClosedError:
        raise NotImplementedError

    def _open_pointer(self) -> Any:
        raise NotImplementedError

    def _ask(self, verb: int, refs: Iterable[str], traits: Iterable[str] | None, errors: str,
             access: AccessMode, timeout: float | None, cancel: Cancel | None,
             context: Context | None) -> Batch[Any]:
        if errors != "return":
            check_errors(errors)
        if not self._address:
            raise self._refusal()
        number = 0 if access == "read" else access_number(access)
        if timeout is None and cancel is None and context is None:
            batch = self._asker.ask(verb, refs, traits, number, None)
        else:
            prepared = refs if isinstance(refs, Refs) else Refs(refs)  # takes none of the time
            with Call(self.library._names, timeout, cancel, context) as call:
                batch = self._asker.ask(verb, prepared, traits, number, call.address)
        if _interrupt.pending:
            _interrupt.raise_pending()
        if errors == "raise" and not batch.ok:
            raise batch_error(batch, batch.errors)
        return batch

    def resolve(self, refs: Iterable[str], traits: Iterable[str] | None = None, *,
                errors: Errors = "return", access: AccessMode = "read",
                timeout: float | None = None, cancel: Cancel | None = None,
                context: Context | None = None) -> Batch[Record]:
        """Asks for the traits of many references, with their properties.

        Args:
            refs: any iterable of str, but no str and no mapping; or `sheaf.Refs`, prepared before.
            traits: the names of those that are wanted; None for all that there are. What an entity
                does not have is left out, and is no error.
            errors: "return" puts an ElementError where a reference failed; "raise" raises.
        Returns:
            One result a reference, in their order: a `Record`, or an `ElementError`.
        Raises:
            BatchError: with errors="raise", if any reference failed. It has all errors and the batch.
        """
        return self._ask(RESOLVE, refs, traits, errors, access, timeout, cancel, context)

    def exists(self, refs: Iterable[str], *, errors: Errors = "return", access: AccessMode = "read",
               timeout: float | None = None, cancel: Cancel | None = None,
               context: Context | None = None) -> Batch[bool]:
        """Asks whether entities exist.

        Returns:
            One result a reference, in their order: True or False, or an `ElementError`. That there is
            no such entity is an answer, and no error.
        Raises:
            BatchError: see `resolve`.
        """
        return self._ask(EXISTS, refs, None, errors, access, timeout, cancel, context)

    def traits(self, refs: Iterable[str], *, errors: Errors = "return", access: AccessMode = "read",
               timeout: float | None = None, cancel: Cancel | None = None,
               context: Context | None = None) -> Batch[frozenset[str]]:
        """Asks which traits entities have.

        Returns:
            One result a reference, in their order: a frozenset of names, or an `ElementError`.
        Raises:
            BatchError: see `resolve`.
        """
        return self._ask(TRAITS, refs, None, errors, access, timeout, cancel, context)

    # ------------------------------------------------------------------------- a single reference

    def resolve_one(self, ref: str, traits: Iterable[str] | None = None, *,
                    access: AccessMode = "read", timeout: float | None = None,
                    cancel: Cancel | None = None, context: Context | None = None) -> Record:
        """The traits of one reference: see `resolve`.

        Raises:
            ElementError: it could not be resolved.
            DeadlineError, EndedError: the time was up; it was cancelled.
        """
        record: Record = only(
            self._ask(RESOLVE, (ref,), traits, "return", access, timeout, cancel, context))
        return record

    def exists_one(self, ref: str, *, access: AccessMode = "read", timeout: float | None = None,
                   cancel: Cancel | None = None, context: Context | None = None) -> bool:
        """Whether one entity exists. Raises as `resolve_one`."""
        return bool(only(self._ask(EXISTS, (ref,), None, "return", access, timeout, cancel, context)))

    def traits_one(self, ref: str, *, access: AccessMode = "read", timeout: float | None = None,
                   cancel: Cancel | None = None, context: Context | None = None) -> frozenset[str]:
        """The traits of one entity. Raises as `resolve_one`."""
        return frozenset(only(
            self._ask(TRAITS, (ref,), None, "return", access, timeout, cancel, context)))

    # ---------------------------------------------------------------------------------- by column

    def columns(self, refs: Iterable[str], slots: Iterable[Slot], *, errors: Errors = "return",
                access: AccessMode = "read", timeout: float | None = None,
                cancel: Cancel | None = None, context: Context | None = None) -> Columns:
        """Asks for single properties of many references, as columns: for data frames.

        Args:
            refs: see `resolve`.
            slots: a (trait, key) for each column, at least one.
        Returns:
            A column a slot, and one row a reference, in their order. A row is null where the entity
            has no such property, and where the reference failed: see `Columns.errors`.
        Raises:
            BatchError: see `resolve`.
        """
        check_errors(errors)
        pointer = self._open_pointer()
        number, prepared = access_number(access), refs if isinstance(refs, Refs) else Refs(refs)
        with Call(self.library._names, timeout, cancel, context) as call:
            columns = perform_columns(pointer, self.library._names, prepared, slots, number,
                                      call.address)
        _interrupt.raise_pending()
        if errors == "raise" and columns.failed:
            raise batch_error(columns, columns.errors)
        return columns
