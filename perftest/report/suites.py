# SPDX-License-Identifier: Apache-2.0
"""The programs that are run, and how what they print becomes samples. Each suite takes part in every
round, so that what is compared is never far apart in time."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .table import Sample

PERFTEST = Path(__file__).resolve().parents[1]


class Skip(Exception):
    """What cannot be measured here, and why."""


@dataclass(frozen=True)
class Plan:
    """How much is run."""

    rounds: int
    seconds: float            # that Google Benchmark asks a case for, at least
    study: str                # sizes of batches
    study_large: str | None   # of batches so large that one takes long
    entities: tuple[int, ...]  # of libraries in JSON
    counts: str               # of references, for each of these
    generated: tuple[int, str] | None  # entities and counts of the library that is made up
    loaded: int               # entities of the library that is loaded on the clock
    rows: int                 # of the database
    epochs: int
    pairs: int                # of batches with a stage and without
    python_rounds: int


FULL = Plan(rounds=5, seconds=0.02, study="1,10,100,10000", study_large="1000000",
            entities=(10_000, 1_000_000), counts="1,10,100,1000,10000,100000,1000000",
            generated=(10_000_000, "10000,1000000,10000000"), loaded=100_000, rows=1_000_000,
            epochs=5000, pairs=201, python_rounds=11)
QUICK = Plan(rounds=5, seconds=0.002, study="1,100,10000", study_large=None, entities=(10_000,),
             counts="1,100,10000,1000000", generated=None, loaded=100_000, rows=20_000, epochs=500,
             pairs=41, python_rounds=5)
# Of nearly nothing, for the test of the report itself.
TINY = Plan(rounds=2, seconds=0.0001, study="1,100", study_large=None, entities=(1_000,),
            counts="1,100,10000", generated=None, loaded=1_000, rows=20_000, epochs=20,
            pairs=3, python_rounds=5)


@dataclass
class Run:
    """One run of everything: what was measured, what was not, and of which versions."""

    plan: Plan
    build: Path
    samples: list[Sample] = field(default_factory=list)
    epochs: list[dict] = field(default_factory=list)
    memory: list[dict] = field(default_factory=list)
    calls: list[dict] = field(default_factory=list)  # of a manager's, with `linger` and without
    entity_bytes: dict[int, float] = field(default_factory=dict)
    figures: list[dict] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        folder = self.build / "data"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def program(self, name: str, *arguments: str) -> str:
        path = self.build / "perftest" / name
        if not path.exists():
            raise Skip(f"{path} has not been built")
        return output([path, *arguments])

    def benchmarks(self, name: str, *arguments: str) -> Iterator[dict]:
        """What a program of Google Benchmark's reports. Times in nanoseconds."""
        text = self.program(name, *arguments, "--benchmark_format=json",
                            "--benchmark_enable_random_interleaving=true",
                            f"--benchmark_min_time={self.plan.seconds}")
        for row in json.loads(text)["benchmarks"]:
            if row.get("error_occurred"):
                raise RuntimeError(f"{name}: {row['name']}: {row['error_message']}")
            scale = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[row["time_unit"]]
            yield {**row, "cpu_ns": row["cpu_time"] * scale, "real_ns": row["real_time"] * scale}


def output(command: list, cwd: Path | None = None) -> str:
    """Standard output. Standard error is passed on only if the command fails."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: see above")
    return done.stdout


# --------------------------------------------------------------------------------------- the study

# Also with memory that stays with the process: the forms that allocate gain by it.
ALLOCATING = "lookup/(sheaf_array|dr009_)"


def study(run: Run, number: int) -> None:
    def take(heap: str, batches: str, only: str) -> None:
        for row in run.benchmarks("study_perf", f"--heap={heap}", f"--batches={batches}",
                                  f"--benchmark_filter={only}"):
            name, batch = row["name"].rsplit("/", 1)
            run.samples.append(Sample(f"study/{name}", int(batch), number, row["cpu_ns"] / int(batch),
                                      heap))

    take("default", run.plan.study, ".")
    take("raised", run.plan.study, ALLOCATING)
    if run.plan.study_large:
        take("default", run.plan.study_large, "lookup/(floor|sheaf_|dr009_.*_(traits|record)/)")
        take("raised", run.plan.study_large, "lookup/(sheaf_array|dr009_(vector|callback)_traits)")


def epochs(run: Run, number: int) -> None:
    """As in the decision, that run of five counts whose deviation is least: see document.py."""
    rows = json.loads(run.program("study_epochs", f"--epochs={run.plan.epochs}"))
    run.epochs += [{**row, "round": number} for row in rows]


def memory(run: Run, number: int) -> None:
    """Counts, which are the same in every round."""
    if number == 0:
        run.memory = json.loads(run.program("study_memory"))


# ------------------------------------------------------------------------------------------- scale


def available_gb() -> float:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 2**20
    return 0.0


def take_scale(run: Run, number: int, pages: str, entities: int, counts: str,
               *arguments: str) -> None:
    for row in run.benchmarks("scale_perf", f"--data={run.data}", f"--pages={pages}",
                              f"--entities={entities}", f"--counts={counts}", *arguments):
        run.samples.append(scale_sample(row, pages, number))


def scale(run: Run, number: int) -> None:
    for entities in run.plan.entities:
        take_scale(run, number, "huge", entities, run.plan.counts)
    take_scale(run, number, "4k", run.plan.entities[-1], "10000")


def generated(run: Run, number: int) -> None:
    if not run.plan.generated:
        return
    entities, counts = run.plan.generated
    if available_gb() < 8:
        raise Skip(f"a library of {entities:,} entities: less than 8 GB of memory are free")
    take_scale(run, number, "huge", entities, counts, "--source=generated")


def scale_sample(row: dict, pages: str, number: int) -> Sample:
    """'bal/entities:10000/100', or '.../10000/together/real_time/threads:2': of the latter an element's
    share of the time in which all threads worked."""
    parts = row["name"].split("/")
    name, count, threads = "/".join(["scale", *parts[:2]]), int(parts[2]), parts[-1]
    ns = row["cpu_ns"] / count
    if pages == "4k":
        name += "/4k"
    if threads.startswith("threads:"):
        name, ns = f"{name}/{threads}", 1e9 / row["items_per_second"]
    return Sample(name, count, number, ns)


def load(run: Run, number: int) -> None:
    for entities in dict.fromkeys([run.plan.loaded, *run.plan.entities[-1:]]):
        only = "." if entities == run.plan.loaded else "bal_open"
        if only != "." and number:
            continue  # the largest is opened once, for its memory
        for row in run.benchmarks("load_perf", f"--data={run.data}", f"--entities={entities}",
                                  f"--benchmark_filter={only}"):
            name = row["name"].split("/")[0]
            run.samples.append(Sample(f"load/{name}", entities, number, row["real_ns"] / entities))
            if "bytes_per_entity" in row:
                run.entity_bytes[entities] = row["bytes_per_entity"]


# ------------------------------------------------------------------------------------------ stages

BARE = "/bare"  # behind the name of a case: the same without its stages


def take_pair(run: Run, number: int, name: str, batch: int, with_ns: float, without_ns: float) -> None:
    run.samples += [Sample(name, batch, number, with_ns), Sample(name + BARE, batch, number, without_ns)]


def stages(run: Run, number: int) -> None:
    """Each case and its like without stages take turns within the program, which says the medians."""
    for row in run.benchmarks("stage_perf", f"--data={run.data}", f"--pairs={run.plan.pairs}"):
        name = row["name"].split("/iterations:")[0]
        take_pair(run, number, f"stage/{name}", int(row["batch"]), row["with_ns"], row["without_ns"])


def linger(run: Run, number: int) -> None:
    rows = {row["name"].split("/")[0]: row for row in run.benchmarks("linger_perf")}
    rates, counts = rows["behind_a_limit"], rows["without_a_limit"]
    take_pair(run, number, "stage/linger/limited", 1, 1e9 / rates["with"], 1e9 / rates["without"])
    run.calls.append({"round": number, "with": counts["with"], "without": counts["without"]})


# ------------------------------------------------------------------------------------------- peers


def lines(text: str) -> Iterator[dict]:
    for line in text.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def sqlite(run: Run, number: int) -> None:
    for row in lines(run.program("sqlite_paired", str(run.data), "1", str(run.plan.rows))):
        for name in ("select", "manager"):
            run.samples.append(Sample(f"sqlite/{name}", row["batch"], number, row[f"{name}_ns"]))


def take_peer(run: Run, number: int, text: str) -> None:
    for row in lines(text):
        run.samples.append(Sample(f"peer/{row['name']}", row["batch"], number, row["ns"]))
        run.versions[row["name"].split("_")[0]] = row["version"]


def node(run: Run, number: int) -> None:
    if not shutil.which("node") or not shutil.which("npm"):
        raise Skip("graphql's dataloader: no node and npm here")
    folder = run.build / "peers/node"
    if number == 0:
        folder.mkdir(parents=True, exist_ok=True)
        for file in (PERFTEST / "peers/node").iterdir():
            shutil.copy(file, folder)
        try:
            output(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=folder)
        except RuntimeError as error:
            raise Skip("graphql's dataloader: npm ci failed (no network?)") from error
    take_peer(run, number, output(["node", "dataloader_perf.mjs", "1"], cwd=folder))


def python(run: Run, number: int) -> None:
    venv, wanted = run.build / "peers/python", PERFTEST / "peers/python/requirements.txt"
    interpreter = venv / "bin/python"
    if number == 0:
        try:
            if not interpreter.exists():
                output([sys.executable, "-m", "venv", venv])
            output([interpreter, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r",
                    wanted])
        except RuntimeError as error:
            raise Skip("aiodataloader: pip could not install it (no network?)") from error
    take_peer(run, number, output([interpreter, PERFTEST / "peers/python/python_perf.py", "1"]))


def bindings(run: Run, number: int) -> None:
    """The Python package beside OpenAssetIO's: perftest/python has rounds of its own."""
    if number:
        return
    program, result = PERFTEST / "python/run.py", run.build / "python.json"
    if not program.exists():
        raise Skip("the Python package: there is no perftest/python")
    result.unlink(missing_ok=True)
    subprocess.run([sys.executable, program, "--rounds", str(run.plan.python_rounds), "--json", result,
                    "list-cpp", "list-python", "both-python"], stdout=subprocess.DEVNULL, check=False,
                   env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    if not result.exists():
        raise Skip("the Python package: perftest/python/run.py failed: see above (make python?)")
    run.figures = json.loads(result.read_text())["figures"]


SUITES = {suite.__name__: suite
          for suite in (study, epochs, memory, scale, generated, load, sqlite, stages, node, linger,
                        python, bindings)}


def run_all(run: Run, wanted: list[str], say=print) -> None:
    for number in range(run.plan.rounds):
        for name in wanted:
            if name in run.skipped:
                continue
            say(f"round {number + 1} of {run.plan.rounds}: {name}")
            try:
                SUITES[name](run, number)
            except Skip as reason:
                run.skipped[name] = str(reason)
                say(f"skipped: {reason}")
