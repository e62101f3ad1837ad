# SPDX-License-Identifier: Apache-2.0
"""The processes that are timed, see `work.py`."""
from __future__ import annotations

import subprocess
from pathlib import Path


class Side:
    """One that runs until it is closed."""

    def __init__(self, *command: str | Path, env: dict[str, str] | None = None) -> None:
        self._process = subprocess.Popen([str(word) for word in command], env=env, text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def nanoseconds(self, case: str, calls: int) -> float:
        """How long a call of the case takes, of so many."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{case} {calls}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._process.args!r} ended when it was asked for {case}: see above")
        return int(answer) / calls

    def calls_for(self, case: str, seconds: float) -> int:
        """How many calls take about that long."""
        self.nanoseconds(case, 1)
        calls = 1
        while True:
            took = self.nanoseconds(case, calls) * calls / 1e9
            if took > seconds / 4:
                return max(1, round(calls * seconds / took))
            calls *= 4

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
