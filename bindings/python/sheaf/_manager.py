# SPDX-License-Identifier: Apache-2.0
"""A manager in a host's hands: its life. What it can be asked: `_asking.py`."""
from __future__ import annotations

import warnings
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sheaf import _log
from sheaf._aio import Awaiting
from sheaf._cffi import ffi, lib
from sheaf._describe import Description, SettingInfo, read_description
from sheaf._engine import Manager
from sheaf._errors import ClosedError, error_for
from sheaf._text import raised, text

if TYPE_CHECKING:
    from sheaf._library import Library


class OpenManager(Awaiting):
    """A manager that was opened; made by `sheaf.open`. Any number of threads may share it.

    Use it in a `with` statement, or close it: what it holds (files, connections) is given back then.
    Batches that it answered stay readable.
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
        call = ffi.NULL
        if timeout is not None:
            call = ffi.new("sheaf_call *", {"struct_size": ffi.sizeof("sheaf_call")})
            call.deadline_ns = lib.sheaf_deadline_in(max(0, int(timeout * 1e9)))
        if lib.sheaf_manager_flush(self._open_pointer(), call, error) != lib.SHEAF_OK:
            raise raised(error)

    def close(self) -> None:
        """Ends it: later calls raise ClosedError, those under way end undisturbed. Again: no effect.

        Raises:
            BusyError: from inside a callback of one of its own calls; nothing is done.
        """
        if not self._address:
            return
        self._asker.closing()
        status = lib.sheaf_manager_close(self._pointer)
        if status not in (lib.SHEAF_OK, lib.SHEAF_CLOSED):
            raise error_for(status, f'manager "{self.id}" cannot be closed from inside its own call')
        self._address = 0
        _log.log.flush()
        if self._private:
            self.library.close()

    def __enter__(self) -> OpenManager:
        self._open_pointer()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_address", 0):
            warnings.warn(f"{self!r} was not closed", ResourceWarning, source=self)
            self.close()

    def __repr__(self) -> str:
        state = " (closed)" if self.closed else ""
        return f"<sheaf.OpenManager {self.id!r}{state}>"
