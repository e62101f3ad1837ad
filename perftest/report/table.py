# SPDX-License-Identifier: Apache-2.0
"""What was measured, round by round, and what can be said of it: medians, and ratios of medians."""
from __future__ import annotations

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Sample:
    """One benchmark in one round: `ns` is nanoseconds an element. `heap` is how malloc was set up."""

    name: str
    batch: int
    round: int
    ns: float
    heap: str = "default"


@dataclass(frozen=True)
class Ratio:
    """The ratio of two medians, and the least and the greatest ratio of a round."""

    value: float
    low: float
    high: float


class Table:
    def __init__(self, samples: list[Sample]) -> None:
        self._times: dict[tuple[str, int, str], dict[int, float]] = {}
        for s in samples:
            self._times.setdefault((s.name, s.batch, s.heap), {})[s.round] = s.ns

    def has(self, name: str, batch: int) -> bool:
        return (name, batch, "default") in self._times

    def names(self) -> list[str]:
        return list(dict.fromkeys(name for name, _, _ in self._times))

    def batches(self, *names: str) -> list[int]:
        """The sizes that any of these was measured at."""
        return sorted({batch for name, batch, _ in self._times if name in names})

    def rounds(self, name: str, batch: int) -> int:
        return len(self._of(name, batch))

    def ns(self, name: str, batch: int, heap: str | None = "default") -> float:
        """The median of the rounds. heap None: of the faster of both."""
        return median(self._of(name, batch, heap).values())

    def heaps(self, name: str, batch: int) -> list[str]:
        return [heap for n, b, heap in self._times if (n, b) == (name, batch)]

    def heap(self, name: str, batch: int) -> str:
        """The heap that it is faster with."""
        return min(self.heaps(name, batch), key=lambda heap: self.ns(name, batch, heap))

    def ratio(self, name: str, other: str, batch: int, other_batch: int | None = None,
              heap: str | None = "default", other_heap: str | None = "default") -> Ratio:
        """How many times as long `name` takes as `other`."""
        a, b = self._of(name, batch, heap), self._of(other, other_batch or batch, other_heap)
        each = [a[r] / b[r] for r in a.keys() & b.keys()]
        return Ratio(median(a.values()) / median(b.values()), min(each), max(each))

    def _of(self, name: str, batch: int, heap: str | None = "default") -> dict[int, float]:
        return self._times[name, batch, heap or self.heap(name, batch)]
