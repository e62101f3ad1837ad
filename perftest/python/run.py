# SPDX-License-Identifier: Apache-2.0
"""How fast the Python package is, beside OpenAssetIO's and beside what it is built on.

    .venv/bin/python perftest/python/run.py [--json FILE] [--rounds N] [FIGURE...]

Run it with the interpreter that the package is installed for: `make python`. What is compared is asked
in turn, in rounds, for the machine is never twice the same: in each round a few times, of which the
fastest counts, for others use the machine too; of each figure the median of the rounds' ratios.
OpenAssetIO is installed from PyPI into build/perf; where it cannot be, its figures are skipped. Exit
status 1: a figure is missed.
"""
from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import baseline
from sides import Side

import sheaf

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build/perf"
SECONDS, TURNS = 0.002, 5  # how long a case is asked for at a time, and how often in a round
BATCH, BUSY, MANY = 100, 1_000, 10_000



@dataclass(frozen=True)
class Case:
    """What a side is asked for. seconds: for so long, and once a round, if the time as a whole counts."""

    side: Side
    name: str
    seconds: float = 0

    def calls(self) -> int:
        return self.side.calls_for(self.name, self.seconds or SECONDS)


@dataclass
class Figure:
    """What is claimed, and what came of it. Times in nanoseconds an element."""

    name: str
    claim: str
    wanted: float
    at_most: bool = False  # else at least
    ours: float = 0
    other: float = 0
    value: float = 0
    rounds: list[float] = field(default_factory=list)
    skipped: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.wanted if self.at_most else self.value >= self.wanted


class Bench:
    """The sides, each started when it is first needed."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self._folder, self._rounds = folder, rounds
        self._started: dict[str, Side | Exception] = {}

    def side(self, name: str) -> Side:
        if name not in self._started:
            try:
                self._started[name] = getattr(self, f"_start_{name}")()
            except baseline.Missing as missing:
                self._started[name] = missing
        side = self._started[name]
        if isinstance(side, Exception):
            raise side
        return side

    def _start_sheaf(self) -> Side:
        return Side(sys.executable, HERE / "sheaf_side.py", self._folder)

    def _start_openassetio_python(self) -> Side:
        return Side(self._openassetio(), HERE / "openassetio/side.py", "python")

    def _start_openassetio_cpp(self) -> Side:
        python = self._openassetio()
        return Side(python, HERE / "openassetio/side.py", baseline.built(python, BUILD / "openassetio"))

    def _openassetio(self) -> Path:
        (BUILD / "openassetio").mkdir(parents=True, exist_ok=True)
        return baseline.installed(BUILD / "openassetio")

    def _start_c_host(self) -> Side:
        library = Path(sheaf.__file__).parent / "_native/lib"
        program = self._folder / "c_host"
        subprocess.run([os.environ.get("CC", "gcc"), "-O2", f"-I{HERE.parents[1] / 'include'}",
                        str(HERE / "c_host.c"), "-o", str(program), str(library / "libsheaf.so.0"),
                        f"-Wl,-rpath,{library}"], check=True)
        return Side(program, sys.executable, HERE)

    def close(self) -> None:
        for side in self._started.values():
            if isinstance(side, Side):
                side.close()

    def rounds(self, *cases: Case) -> list[list[float]]:
        """The times of each case in each round, asked in turn, and in another order each time."""
        calls = [case.calls() for case in cases]
        times: list[list[float]] = [[] for _ in cases]
        for round_ in range(self._rounds):
            turns: list[list[float]] = [[] for _ in cases]
            for turn in range(TURNS * len(cases)):
                at = (turn + round_) % len(cases)
                if not (cases[at].seconds and turns[at]):
                    turns[at].append(cases[at].side.nanoseconds(cases[at].name, calls[at]))
            for at, taken in enumerate(turns):
                times[at].append(min(taken))
        return times

    def compare(self, figure: Figure, ours: Case, others: list[Case], count: int,
                value: Callable[[float, float], float]) -> None:
        """`value` of what an element takes of ours, and of the fastest of the others."""
        times = [[time / count for time in row] for row in self.rounds(ours, *others)]
        fastest = min(times[1:], key=median)
        figure.ours, figure.other = median(times[0]), median(fastest)
        figure.rounds = [value(a, b) for a, b in zip(times[0], fastest)]
        figure.value = median(figure.rounds)


# ---------------------------------------------------------------------------------------- the figures


def faster(ours: float, other: float) -> float:
    return other / ours


def slower(ours: float, other: float) -> float:
    return ours / other


def above(ours: float, other: float) -> float:
    return ours - other


def against_openassetio(bench: Bench, figure: Figure, case: str, side: str) -> None:
    other = bench.side(side)
    others = [Case(other, name) for name in ("callbacks", "exceptions", "variants")]
    bench.compare(figure, Case(bench.side("sheaf"), case), others, BATCH, faster)


def within(bench: Bench, figure: Figure, case: str, other: str, count: int, seconds: float = 0) -> None:
    side = bench.side("sheaf")
    bench.compare(figure, Case(side, case, seconds), [Case(side, other, seconds)], count, slower)


def c_host(bench: Bench, figure: Figure) -> None:
    ours, body = Case(bench.side("c_host"), "read"), Case(bench.side("sheaf"), "body")
    bench.compare(figure, ours, [body], BATCH, above)


FIGURES: list[tuple[Figure, Callable[[Bench, Figure], None]]] = [
    (Figure("list-cpp", "100 str in, a value of each out: times faster than OpenAssetIO's wheel with a "
            "manager in C++", 10),
     lambda b, f: against_openassetio(b, f, "read", "openassetio_cpp")),
    (Figure("list-python", "the same, with its manager in Python: times faster", 14),
     lambda b, f: against_openassetio(b, f, "read", "openassetio_python")),
    (Figure("both-python", "host and manager in Python, batch 100: times faster than OpenAssetIO's wheel", 6),
     lambda b, f: against_openassetio(b, f, "read_python", "openassetio_python")),
    (Figure("columns-refs", "columns of 10,000 to numpy from sheaf.Refs: times what the C collector takes",
            1.3, at_most=True),
     lambda b, f: within(b, f, "from_refs", "in_c", MANY)),
    (Figure("columns-list", "the same from a list of str", 2, at_most=True),
     lambda b, f: within(b, f, "from_list", "in_c", MANY)),
    (Figure("busy", "a batch of 1,000 beside a busy thread: times what it takes alone", 5, at_most=True),
     lambda b, f: within(b, f, "busy", "quiet", BUSY, seconds=0.3)),
    (Figure("c-host", "a manager in Python under a host in C, batch 100: ns above the Python itself", 200,
            at_most=True), c_host),
]


def measure(bench: Bench, wanted: list[str]) -> list[Figure]:
    done = []
    for figure, run in FIGURES:
        if wanted and figure.name not in wanted:
            continue
        try:
            run(bench, figure)
        except baseline.Missing as missing:
            figure.skipped = str(missing)
        print(line(figure), flush=True)
        done.append(figure)
    return done


def line(figure: Figure) -> str:
    if figure.skipped:
        return f"{figure.name:<13} skipped: {figure.skipped}"
    bound = "at most" if figure.at_most else "at least"
    spread = f"{min(figure.rounds):.2f} to {max(figure.rounds):.2f}"
    return (f"{figure.name:<13} {figure.value:8.2f}  {'met   ' if figure.met else 'MISSED'}  {bound} "
            f"{figure.wanted:g}  ({figure.ours:.0f} and {figure.other:.0f} ns; {spread})  {figure.claim}")


def report(figures: list[Figure]) -> dict[str, object]:
    return {
        "suite": "python", "python": platform.python_version(), "machine": platform.machine(),
        "figures": [{**asdict(figure), "met": figure.met} if not figure.skipped else
                    {"name": figure.name, "claim": figure.claim, "skipped": figure.skipped}
                    for figure in figures],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what came of it there as well")
    parser.add_argument("--rounds", type=int, default=21, help="at least 5; default 21")
    parser.add_argument("figures", nargs="*", metavar="FIGURE",
                        help=", ".join(figure.name for figure, _ in FIGURES))
    arguments = parser.parse_args()
    unknown = set(arguments.figures) - {figure.name for figure, _ in FIGURES}
    if arguments.rounds < 5 or unknown:
        parser.error(f"no such figure: {', '.join(unknown)}" if unknown else "--rounds: at least 5")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), arguments.rounds)
        try:
            figures = measure(bench, arguments.figures)
        finally:
            bench.close()
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report(figures), indent=1) + "\n")
    return any(not figure.skipped and not figure.met for figure in figures)


if __name__ == "__main__":
    sys.exit(main())
