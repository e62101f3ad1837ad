# SPDX-License-Identifier: Apache-2.0
"""What is said of an exception that a manager raised, or gave as an answer."""
from __future__ import annotations

import signal
import threading
import traceback

from sheaf import _author_fast as fast
from sheaf._constants import Status
from sheaf._errors import SheafError

# Beyond that a message helps nobody.
_LONGEST = 4000

# Of exceptions while a manager is opened: its settings or its surroundings are to blame.
_OPENING: tuple[tuple[type[BaseException], Status], ...] = (
    (MemoryError, Status.OUT_OF_MEMORY), (OSError, Status.IO_ERROR),
    (ValueError, Status.INVALID_ARGUMENT))


def text_of(error: BaseException) -> str:
    """`KeyError: 'cat'`."""
    try:
        text = str(error)
    except Exception:
        text = "(its text cannot be read)"
    name = type(error).__qualname__
    return (f"{name}: {text}" if text else name)[:_LONGEST]


def traceback_of(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip()
    except Exception:
        return text_of(error)


def _is_for_the_host(error: BaseException) -> bool:
    """Is it Ctrl-C, come while a manager ran in the main thread of a Python host?"""
    return (isinstance(error, KeyboardInterrupt) and callable(signal.getsignal(signal.SIGINT))
            and threading.current_thread() is threading.main_thread())


def status_of_exception(error: BaseException, is_opening: bool) -> Status:
    if isinstance(error, SheafError):
        return error.status if error.status != Status.OK else Status.MANAGER_FAILURE
    if isinstance(error, MemoryError):
        return Status.OUT_OF_MEMORY
    for kind, status in _OPENING if is_opening else ():
        if isinstance(error, kind):
            return status
    return Status.MANAGER_FAILURE


def report(error: BaseException, what: str) -> tuple[int, str, int, int, str | None, bool]:
    """What the C half makes of an exception.

    Args:
        what: was being done: "open", "resolve", ...
    Returns:
        status, message, flags of the result, milliseconds after which to ask again (-1: not said),
        what goes to the log (None: nothing; a `SheafError` says all itself); whether the host is to
        be interrupted, once the batch has ended.
    """
    is_opening = what == "open"
    status = int(status_of_exception(error, is_opening))
    if isinstance(error, SheafError):
        delay = getattr(error, "retry_after", None)
        flags = fast.RETRYABLE if getattr(error, "retryable", False) else 0
        milliseconds = -1 if delay is None else max(0, min(round(float(delay) * 1000), 2**62))
        return status, error.message, flags, milliseconds, None, False
    message = text_of(error) if is_opening else f"{what}: {text_of(error)}"
    if _is_for_the_host(error):
        return status, message, 0, -1, None, True
    return status, message, 0, -1, traceback_of(error), False
