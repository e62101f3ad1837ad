# SPDX-License-Identifier: Apache-2.0
"""Links: records from inlets, through processors and batchers, to outlets."""
from __future__ import annotations

import copy
import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar, Union

from sheaf._batchers import Batcher, name_of
from sheaf._library import _default_library
from sheaf._link_batchers import run_batchers
from sheaf._link_record import LinkRecord

_LOGGER = logging.getLogger("sheaf.link")
T = TypeVar("T")

Inlet = Callable[[], Any]
Processor = Callable[[list[Any]], Iterable[Any]]


class Outlet(Protocol):
    """What a link pushes to. It may have `processors`, one or many, for its batches alone."""

    def push(self, records: list[Any], /) -> object:
        """Takes a batch of records."""


OneOrMany = Union[T, Iterable[T]]


def _many(what: str, given: Any, method: str = "") -> list[Any]:
    """One or many functions, or objects with a method, as a list; TypeError for what is none."""
    def fits(one: object) -> bool:
        return callable(getattr(one, method, None) if method else one)
    if given is None:
        return []
    if not fits(given) and (isinstance(given, (str, bytes)) or not isinstance(given, Iterable)):
        given = [given]
    listed = [given] if fits(given) else list(given)
    for i, one in enumerate(listed):
        if not fits(one):
            need = f"have a method {method}" if method else "be a function"
            raise TypeError(f"{what}[{i}] must {need}, and is {type(one).__name__}")
    return listed


def _records(what: str, given: Any) -> Iterator[LinkRecord]:
    """Records of what an inlet returned."""
    if given is None or inspect.isawaitable(given):
        if inspect.iscoroutine(given):
            given.close()
        raise TypeError(f"{what} must return payloads or records, not {type(given).__name__}")
    if isinstance(given, (LinkRecord, str, bytes, bytearray, Mapping)) or not isinstance(given, Iterable):
        given = [given]  # one payload
    for one in given:
        yield one if isinstance(one, LinkRecord) else LinkRecord(one)


def _process(processor: Processor, records: list[Any]) -> list[Any]:
    what = f"processor {name_of(processor)}"
    made = processor(list(records))
    if isinstance(made, (str, bytes, Mapping)) or not isinstance(made, Iterable):
        raise TypeError(f"{what} must return a list of records, not {type(made).__name__}")
    listed = list(made)
    for one in listed:
        if not isinstance(one, LinkRecord):
            raise TypeError(f"{what} must return a list of records, and has {type(one).__name__} in it")
    return listed


def _distinct(records: list[Any]) -> list[Any]:
    """The same records; one that is there again is a copy, for each has a place of its own."""
    seen: set[int] = set()
    out: list[Any] = []
    for one in records:
        out.append(copy.copy(one) if id(one) in seen else one)
        seen.add(id(one))
    return out


class Link:
    """Takes records from inlets to outlets, in batches.

    A record is a `sheaf.Record(payload, metadata)`. Each is pushed to each outlet once: that no batcher
    loses, repeats or invents one is checked, by identity, before anything is pushed.

    Args:
        inlets: one function or many, without arguments. Each returns an iterable of payloads or
            records, or a single one; a str, bytes or a mapping is a single payload.
        outlets: one or many, with a method `push(records)`, and perhaps `processors` for what is
            pushed to it alone.
        processors: one function or many, from a list of records to such: filters, changes.
        batchers: one function or many, from a list of batches (lists of records) to such. The first is
            given one batch of everything, each of the others what the one before made of it. Batches are
            pushed in order. One that returns no batch at all withholds everything; the log says so.
        groupers: the same, after the batchers.
        ignore_exceptions: pass over an inlet, processor, batcher or outlet that raises, and log it; what a
            batcher that loses, repeats or invents records has made is mended.
        copy_records: each outlet gets deep copies; else they share the records.
        empty_batches: whether empty batches are pushed too.
    Raises:
        TypeError: one of these is no function, or no outlet; says which.
    """

    def __init__(self, inlets: OneOrMany[Inlet], outlets: OneOrMany[Outlet], *,
                 processors: OneOrMany[Processor] = (), batchers: OneOrMany[Batcher] = (),
                 groupers: OneOrMany[Batcher] = (), ignore_exceptions: bool = False,
                 copy_records: bool = True, empty_batches: bool = True) -> None:
        self.inlets: list[Inlet] = _many("inlets", inlets)
        self.outlets: list[Outlet] = _many("outlets", outlets, "push")
        self.processors: list[Processor] = _many("processors", processors)
        self.batchers: list[Batcher] = _many("batchers", batchers) + _many("groupers", groupers)
        for outlet in self.outlets:
            self._processors_of(outlet)
        self.ignore_exceptions = ignore_exceptions
        self.copy_records = copy_records
        self.empty_batches = empty_batches

    def transfer(self) -> None:
        """Takes what the inlets have to the outlets: batch by batch, each to one outlet after another.

        Raises:
            InvalidArgumentError: a batcher loses, repeats or invents records: says which one, and the
                index of a record. Nothing was pushed.
            TypeError: an inlet, processor or batcher returns what it cannot; nothing was pushed.
            Exception: what an inlet, processor or batcher raised; nothing was pushed. What an outlet
                raised: the other outlets have got that batch, and none has got those after it.
        """
        records = self._processed(self.processors, self._pulled())
        batches = run_batchers(_default_library()._open_pointer(), self.batchers, _distinct(records),
                               skip=self.ignore_exceptions, keep_empty=self.empty_batches)
        for batch in batches:
            self._push_to_all(batch)

    def _passed_over(self, what: str, error: Exception) -> None:
        """Raises the error that is being handled, unless such are ignored."""
        if not self.ignore_exceptions:
            raise error
        _LOGGER.warning("%s failed: %s: %s", what, type(error).__name__, error, exc_info=error)

    def _pulled(self) -> list[Any]:
        records: list[Any] = []
        for inlet in self.inlets:
            what = f"inlet {name_of(inlet)}"
            try:
                for one in _records(what, inlet()):
                    records.append(one)  # what comes before an error is not lost with it
            except Exception as error:
                self._passed_over(what, error)
        return records

    def _processed(self, processors: Iterable[Processor], records: list[Any]) -> list[Any]:
        for processor in processors:
            try:
                records = _process(processor, records)
            except Exception as error:
                self._passed_over(f"processor {name_of(processor)}", error)
        return records

    def _push_to_all(self, batch: list[Any]) -> None:
        first: Exception | None = None
        for outlet in self.outlets:
            try:
                self._push(outlet, batch)
            except Exception as error:
                if first is None and not self.ignore_exceptions:
                    first = error
                else:
                    _LOGGER.warning("outlet %s failed: %s: %s", name_of(outlet), type(error).__name__, error,
                                    exc_info=error)
        if first is not None:
            raise first

    def _processors_of(self, outlet: Outlet) -> list[Processor]:
        return _many(f"processors of outlet {name_of(outlet)}", getattr(outlet, "processors", None))

    def _push(self, outlet: Outlet, batch: list[Any]) -> None:
        records = self._copied(batch) if self.copy_records else list(batch)
        records = self._processed(self._processors_of(outlet), records)
        if not records and not self.empty_batches:
            return
        done = outlet.push(records)
        if inspect.iscoroutine(done):
            done.close()
            raise TypeError(f"push of outlet {name_of(outlet)} is a coroutine, which a link does not await")

    def _copied(self, batch: list[Any]) -> list[Any]:
        try:
            return copy.deepcopy(batch)
        except Exception as error:
            raise TypeError(f"a record cannot be copied: {error}; copy_records=False lets outlets share "
                            "the records") from error
