# SPDX-License-Identifier: Apache-2.0
"""A manager in a host's hands: its life. What it can be asked: `_asking.py`."""
from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sheaf import _interrupt, _log
from sheaf._call import Call
from sheaf._cffi import ffi, lib
from sheaf._describe import Description, SettingInfo, read_description
from sheaf._engine import Manager
from sheaf._errors import ClosedError, error_for
from sheaf._stack import Stack
from sheaf._text import raised, text
from sheaf._unique import Unique

if TYPE_CHECKING:
    from sheaf._library import Library


class OpenManager(Stack, Unique):
    """A manager that was opened, or a stage on top of some; made by `sheaf.open`, `stage` and
    `sheaf.stage`. Any number of threads may share it.

    Use it in a `with` statement, or close it: what it holds (files, connections) is given back then.
    Batches that it answered stay readable.

    Attributes:
        library: where it was opened.
        id: the manager's, or the stage's. If a configuration put stages on the manager, the manager's.
        wrapped: of a stage, what it stands on.
    """

    def __init__(self, library: Library, pointer: Any, factory: Any, private: bool) -> None:
        self.library = library
        self._private = private  # the library was made for this manager alone
        self._pointer = pointer
        # For who calls C by address; 0 once no call may be made any more.
        self._address = int(ffi.cast("uintptr_t", pointer))
        # Of the manager itself, where stages stand on it.
        self._factory = factory
        self.id = text(factory.id)
        said = lib.sheaf_manager_description(pointer)
        self._nonblocking = bool(said.flags & lib.SHEAF_MANAGER_NONBLOCKING)
        # Not made when it is first needed: a lock for that might be held when the process forks.
        self._asker = Manager(self._address, library._names, self._nonblocking)
        self._owner: OpenManager | None = None  # the stage that has it
        self.wrapped: Sequence[OpenManager] = ()
        library._managers.add(self)

    @classmethod
    def _over(cls, library: Library, pointer: Any, wrapped: Sequence[OpenManager]) -> OpenManager:
        """A stage that has just taken these over."""
        top = cls(library, pointer, lib.sheaf_manager_factory(pointer), any(one._private for one in wrapped))
        for one in wrapped:
            one._private = False
        top._has(wrapped)
        return top

    def _has(self, wrapped: Sequence[OpenManager]) -> None:
        self.wrapped = tuple(wrapped)
        for one in wrapped:
            one._owner = self

    def _find_wrapped(self) -> None:
        """Finds what a configuration put below."""
        found: list[OpenManager] = []
        while pointer := lib.sheaf_stage_child(self._pointer, len(found)):
            found.append(OpenManager(self.library, pointer, lib.sheaf_manager_factory(pointer), False))
            found[-1]._find_wrapped()
        self._has(found)

    @property
    def _stage_id(self) -> str:
        return text(lib.sheaf_manager_factory(self._pointer).id)

    def _itself(self) -> OpenManager:
        return self

    def _open_pointer(self) -> Any:
        """The `sheaf_manager *`. ClosedError if the manager is closed, or of before a fork."""
        if not self._address:
            raise self._refusal()
        return self._pointer

    def _refusal(self) -> ClosedError:
        return self.library._fork_refusal() or ClosedError(
            f'manager "{self.id}" is closed', lib.SHEAF_CLOSED)

    @cached_property
    def description(self) -> Description:
        """What the manager says of itself: verbs, settings, version."""
        return read_description(self.library._pointer, self._pointer, self._factory)

    @property
    def settings(self) -> tuple[SettingInfo, ...]:
        """The settings that it takes."""
        return self.description.settings

    @property
    def version(self) -> str:
        """The version of the manager, for people; "" if it has none."""
        return self.description.version

    @property
    def closed(self) -> bool:
        """Whether no more can be asked of it."""
        return not self._address

    def flush(self, timeout: float | None = None) -> None:
        """Lets the manager go on with what it holds back (a half-full batch).

        Args:
            timeout: seconds; None waits as long as it takes.
        Raises:
            DeadlineError: the time was up.
            ClosedError: the manager is closed.
            SheafError: what the manager failed with.
        """
        error = ffi.new("sheaf_error *")
        with Call(self.library._names, timeout, None, None) as call:
            status = lib.sheaf_manager_flush(self._open_pointer(), ffi.cast("sheaf_call *", call.address),
                                             error)
        _interrupt.raise_pending()
        if status != lib.SHEAF_OK:
            raise raised(error)

    def close(self) -> None:
        """Ends it, and what it wraps: later calls raise ClosedError, those under way end undisturbed.
        Again: no effect.

        Raises:
            BusyError: from inside a callback of one of its own calls, or a stage has it; nothing is done.
        """
        if not self._address:
            return
        with self.library._closing:
            self._let_go()
        _log.log.flush()
        if self._private:
            self.library.close()

    def _let_go(self) -> None:
        self._will_end()
        status = lib.sheaf_manager_close(self._pointer)
        if status not in (lib.SHEAF_OK, lib.SHEAF_CLOSED):
            raise error_for(status, f'manager "{self.id}" ' + (
                f'belongs to the stage "{self._owner._stage_id}": close that, and this with it'
                if self._owner else "cannot be closed from inside its own call"))
        self._end()

    def _will_end(self) -> None:
        self._asker.closing()
        for one in self.wrapped:
            one._will_end()

    def _end(self) -> None:
        self._address = 0
        self._owner = None
        for one in self.wrapped:
            one._end()

    def __enter__(self) -> OpenManager:
        self._open_pointer()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_address", 0) and not self._owner:
            warnings.warn(f"{self!r} was not closed", ResourceWarning, source=self)
            # No more: this may run in the middle of anything, also of a logger's handler.
            self._let_go()

    def __repr__(self) -> str:
        state = " (closed)" if self.closed else ""
        return f"<sheaf.OpenManager {self.id!r}{state}>"
