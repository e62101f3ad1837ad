# SPDX-License-Identifier: Apache-2.0
"""How far an iteration is: tqdm's bar where tqdm is installed, else a line on a terminal."""
from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sized
from importlib import import_module
from typing import Any

_INTERVAL = 0.2


class _Line:
    """A line on standard error, if that is a terminal."""

    def __init__(self, total: int | None) -> None:
        self._of = "" if total is None else f" of {total:,}"
        self._done = 0
        self._next = time.monotonic() + _INTERVAL
        self._shown = False

    def update(self, count: int) -> None:
        self._done += count
        if time.monotonic() >= self._next and sys.stderr is not None and sys.stderr.isatty():
            self._write()
            self._next = time.monotonic() + _INTERVAL

    def _write(self, end: str = "") -> None:
        sys.stderr.write(f"\r{self._done:,}{self._of} references{end}")
        sys.stderr.flush()
        self._shown = True

    def close(self) -> None:
        if self._shown:
            self._write("\n")


def progress_over(refs: Iterable[str]) -> Any:
    """What is told how many more are done (`update`), and that it is over (`close`)."""
    total = len(refs) if isinstance(refs, Sized) else None
    try:
        tqdm = import_module("tqdm.auto").tqdm
    except ImportError:
        return _Line(total)
    return tqdm(total=total, unit="ref")
