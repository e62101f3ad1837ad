# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks in rounds, judges them, and writes performance.md, .json and the plots.

    python perftest/run.py [--quick] [--build FOLDER] [--out FOLDER] [--only SUITE...]

What was built with the preset `perf` is run, with this interpreter: `make perf` does all that. With
--raw FILE the measurements are kept, and with --from FILE they are taken from there instead.
"""
from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from report import suites
from report.document import document
from report.machine import describe
from report.results import results
from report.table import Sample, Table
from report.targets import judge

ROOT = Path(__file__).resolve().parents[1]


def keep(run: suites.Run, machine: dict, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**asdict(run), "build": str(run.build), "machine": machine}))


def read(path: Path) -> tuple[suites.Run, dict]:
    kept = json.loads(path.read_text())
    machine = kept.pop("machine")
    plan = suites.Plan(**{**kept.pop("plan")})
    kept["samples"] = [Sample(**sample) for sample in kept["samples"]]
    kept["entity_bytes"] = {int(n): b for n, b in kept["entity_bytes"].items()}
    return suites.Run(plan=plan, build=Path(kept.pop("build")), **kept), machine


def draw(run: suites.Run, table: Table, rows: list[dict], out: Path) -> None:
    try:
        from report import plots
    except ImportError as error:
        print(f"skipped: plots: {error}", file=sys.stderr)
        return
    plots.by_batch(run, table, out / "performance-batch.svg")
    plots.by_peer(rows, out / "performance-peers.svg")


def write(run: suites.Run, machine: dict, out: Path) -> None:
    table = Table(run.samples)
    verdicts = judge(run, table)
    data = results(run, table, verdicts, machine)
    out.mkdir(parents=True, exist_ok=True)
    (out / "performance.json").write_text(json.dumps(data, indent=1) + "\n")
    (out / "performance.md").write_text(document(run, table, verdicts, machine))
    draw(run, table, data["rows"], out)
    for v in verdicts:
        word = {True: "met", False: "MISSED", None: "not measured"}[v.met]
        print(f"{v.target.id:<4} {word:<13} {v.value} (limit {v.limit}): {v.target.claim}")
    print(f"written: {out / 'performance.md'}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less of everything, in under a minute")
    parser.add_argument("--tiny", action="store_true", help="nearly nothing, to try the report itself")
    parser.add_argument("--build", type=Path, default=ROOT / "build/perf", metavar="FOLDER")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: docs; of a quick run, "
                        "build/perf/quick")
    parser.add_argument("--only", nargs="+", choices=list(suites.SUITES), metavar="SUITE",
                        default=list(suites.SUITES), help=", ".join(suites.SUITES))
    parser.add_argument("--raw", type=Path, metavar="FILE", help="where the measurements are kept")
    parser.add_argument("--from", type=Path, metavar="FILE", dest="source")
    arguments = parser.parse_args()
    plan = suites.TINY if arguments.tiny else suites.QUICK if arguments.quick else suites.FULL
    out = arguments.out or (arguments.build / "quick" if plan is not suites.FULL else ROOT / "docs")
    if arguments.source:
        run, machine = read(arguments.source)
    else:
        run, machine = suites.Run(plan, arguments.build.resolve()), describe(arguments.build)
        suites.run_all(run, arguments.only)
        keep(run, machine, arguments.raw or arguments.build / "raw.json")
    write(run, machine, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
