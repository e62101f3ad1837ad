# SPDX-License-Identifier: Apache-2.0
"""The exceptions. Loads nothing of libsheaf: managers in Python use them too."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sheaf._constants import STATUS_MESSAGES, STATUS_NAMES, Status

if TYPE_CHECKING:
    from sheaf._batch import Batch
    from sheaf._columns import Columns


def status_of(code: int) -> Status:
    """The status of a code; of one that this version does not know, the first of its class."""
    for known in (code, code // 100 * 100, Status.MANAGER_FAILURE):
        if known in STATUS_NAMES:
            return Status(known)
    raise AssertionError("MANAGER_FAILURE is a status")


class SheafError(Exception):
    """What all exceptions of this package derive from.

    Attributes:
        status: why, a `sheaf.Status`.
        message: the same for people.
    """

    def __init__(self, message: str = "", status: int = Status.UNKNOWN_ERROR) -> None:
        self.status = status_of(status)
        self.message = message or STATUS_MESSAGES[self.status]
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.status)


class EndedError(SheafError):
    """The call was ended from outside: it was cancelled, or its time was up."""


class DeadlineError(EndedError, TimeoutError):
    """The deadline passed."""


class ManagerError(SheafError):
    """The manager failed, or what it relies on."""


class UnsupportedError(ManagerError):
    """The manager, or this version of Sheaf, cannot do what was asked."""


class InvalidArgumentError(SheafError, ValueError):
    """An argument or a setting is not valid."""


class NotFoundError(SheafError, LookupError):
    """There is no such manager, or stage."""


class ClosedError(SheafError):
    """The manager or the library is closed, or was opened before a fork."""


class BusyError(SheafError):
    """In use by a call that has not returned."""


class ConfigError(SheafError, ValueError):
    """The configuration file is not valid."""


class PluginError(SheafError):
    """A plugin was found, and cannot be used."""


class SystemFailure(SheafError):
    """The system failed: input, output, memory."""


class ElementError(SheafError):
    """What became of one reference, when it is no record.

    Attributes:
        status, message: as of every `SheafError`.
        index: the place of the reference in the batch, from 0; -1 if it is not known.
        ref: the reference.
        retryable: asking again may help.
        retry_after: seconds to wait before that; None if the manager did not say.
    """

    def __init__(self, message: str = "", status: int = Status.UNKNOWN_ERROR, index: int = -1,
                 ref: str = "", retryable: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message, status)
        self.index = index
        self.ref = ref
        self.retryable = retryable
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.ref}: {self.message}" if self.ref else self.message

    def __repr__(self) -> str:
        return (f"ElementError({STATUS_NAMES[self.status]}, {self.message!r}, index={self.index}, "
                f"ref={self.ref!r})")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.status, self.index, self.ref, self.retryable,
                            self.retry_after)


class BatchError(SheafError):
    """A batch of which some references failed, where the caller wanted none to (`errors="raise"`).

    Attributes:
        errors: the `ElementError` of each reference that failed, by index.
        batch: all results, these errors among them; None in a copy that was pickled.
        status: of the batch if that failed as a whole, else of the first error.
    """

    def __init__(self, message: str, status: int, errors: Sequence[ElementError],
                 batch: Batch[Any] | Columns | None = None) -> None:
        super().__init__(message, status)
        self.errors = list(errors)
        self.batch = batch

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.status, self.errors)


_BY_STATUS: dict[int, type[SheafError]] = {
    Status.DEADLINE: DeadlineError,
    Status.UNSUPPORTED: UnsupportedError,
    Status.INVALID_ARGUMENT: InvalidArgumentError,
    Status.NOT_FOUND: NotFoundError,
    Status.CLOSED: ClosedError,
    Status.BUSY: BusyError,
    Status.INVALID_CONFIG: ConfigError,
}
_BY_CLASS: dict[int, type[SheafError]] = {
    2: EndedError, 3: ManagerError, 5: SystemFailure, 6: PluginError,
}


def error_for(status: int, message: str = "") -> SheafError:
    """The exception that stands for a status of the C interface."""
    kind = _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, SheafError)
    return kind(message, status)
