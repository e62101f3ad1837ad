# SPDX-License-Identifier: Apache-2.0
"""The log: lines of libsheaf and of managers, handed to `logging` under "sheaf.<manager's id>".

Whoever logs, on whichever thread, puts the line into a queue in C and goes on; it never waits for the
GIL. A daemon thread hands the lines on. The queue is bounded: lines that do not fit are counted.
"""
from __future__ import annotations

import logging
import os
import threading
import traceback
from typing import Any

from sheaf._cffi import ffi, lib
from sheaf._text import text_of

_ROOT = logging.getLogger("sheaf")
# A manager's text must not drive the terminal.
_CONTROLS = {code: "?" for code in (*range(0x20), 0x7F) if chr(code) not in "\n\t"}
# A handler that waits for another thread, which is closing a manager, must not stop both for good.
_PATIENCE = 5.0


class Log:
    """The process's queue of log lines, and the thread that empties it."""

    def __init__(self) -> None:
        self._queue: Any = None  # never freed: managers may log until the process ends
        self._thread: threading.Thread | None = None
        # One at a time hands lines on, so that they stay in order.
        self._lock = threading.RLock()

    def options(self, options: Any) -> None:
        """Sets the log of a new library's `sheaf_library_options`."""
        with self._lock:
            if self._queue is None:
                self._queue = lib.sheafpy_log_new()
                if not self._queue:
                    raise MemoryError("no memory for the log")
            if self._thread is None:
                self._start()
        options.log, options.log_ctx = lib.sheafpy_log_push, self._queue
        # $SHEAF_LOG rules if it is set; else it is for `logging` to say, and the queue to look.
        options.log_level = 0 if os.environ.get("SHEAF_LOG") else lib.SHEAF_LOG_DEBUG
        self.look_at_levels()

    def look_at_levels(self) -> None:
        """Lets the queue leave out what no logger would take."""
        loggers = logging.Logger.manager.loggerDict
        children = [logger for name, logger in list(loggers.items())
                    if name.startswith("sheaf.") and isinstance(logger, logging.Logger)]
        level = min(logger.getEffectiveLevel() for logger in (_ROOT, *children))
        lib.sheafpy_log_set_level(self._queue, max(0, level))

    def flush(self) -> None:
        """Hands on what has been logged so far, on this thread, before it returns."""
        if self._queue is None or not self._lock.acquire(timeout=_PATIENCE):
            return
        try:
            while line := lib.sheafpy_log_take(self._queue):
                _hand_on(ffi.gc(line, lib.sheafpy_line_free))
            dropped = lib.sheafpy_log_dropped(self._queue)
            if dropped:
                _ROOT.warning("%d lines of the log were dropped: there were too many at once", dropped)
        finally:
            self._lock.release()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, args=(self._queue,), name="sheaf-log", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return  # the interpreter is ending: what is flushed is still logged
        self._thread = thread

    def _run(self, queue: Any) -> None:
        while True:
            lib.sheafpy_log_wait(queue)
            self.flush()


def _hand_on(line: Any) -> None:
    source = text_of(line.source)
    logger = _ROOT if source == "sheaf" else _ROOT.getChild(source)
    if not logger.isEnabledFor(line.level):
        return
    message = text_of(line.message).translate(_CONTROLS)
    record = logger.makeRecord(logger.name, line.level, "(sheaf)", 0, message, (), None, source)
    record.created, record.thread = line.time, line.thread
    record.msecs = line.time % 1 * 1000
    record.threadName = next((t.name for t in threading.enumerate() if t.ident == line.thread), "native")
    try:
        logger.handle(record)
    except Exception:  # a filter of the program's: the next line may fare better
        traceback.print_exc()


log = Log()


def forked() -> None:
    """In the child of a fork: the parent's queue may be locked for good, and the thread is not here."""
    global log
    log = Log()
