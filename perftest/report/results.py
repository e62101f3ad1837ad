# SPDX-License-Identifier: Apache-2.0
"""The report as data: what docs/performance.json holds.

    machine   where and with what it was measured
    rows      name, batch; ns_per_element: the median of the rounds; ratio_to, ratio: how many times as
              long it takes as another row (the ratio of the medians), or null; spread: the least and
              the greatest ratio of a round
    targets   id, value, limit (numbers, or lists where a target names two), met; value and met are null
              where it was not measured
"""
from __future__ import annotations

from .suites import Run
from .table import Ratio, Table
from .targets import Verdict
from .words import compared_with


def row(name: str, batch: int, ns: float, other: str | None, ratio: Ratio | None) -> dict:
    return {"name": name, "batch": batch, "ns_per_element": round(ns, 3),
            "ratio_to": other if ratio else None,
            "ratio": round(ratio.value, 4) if ratio else None,
            "spread": [round(ratio.low, 4), round(ratio.high, 4)] if ratio else None}


def is_peer(name: str) -> bool:
    return "dr009_" in name


def rows_of(table: Table, name: str, batch: int) -> list[dict]:
    """One row; of what was measured with both heaps one more for each."""
    other = compared_with(name, table)
    if other and not table.has(other[0], other[1] or batch):
        other = None

    def with_heap(label: str, heap: str | None) -> dict:
        ratio = other and table.ratio(name, other[0], batch, other[1], heap=heap)
        return row(label, batch, table.ns(name, batch, heap), other and other[0], ratio)

    rows = [with_heap(name, None if is_peer(name) else "default")]
    heaps = table.heaps(name, batch)
    if len(heaps) > 1:
        rows += [with_heap(f"{name} ({heap} heap)", heap) for heap in heaps]
    return rows


def figure_rows(figures: list[dict]) -> list[dict]:
    rows = []
    for figure in figures:
        if "value" not in figure:
            continue
        name = f"python/{figure['name']}"
        rows.append(row(f"{name}/sheaf", 100, figure["ours"], None, None))
        rounds = figure["rounds"]
        rows.append(row(f"{name}/openassetio", 100, figure["other"], f"{name}/sheaf",
                        Ratio(figure["value"], min(rounds), max(rounds))))
    return rows


def results(run: Run, table: Table, verdicts: list[Verdict], machine: dict) -> dict:
    rows = [one for name in table.names() for batch in table.batches(name)
            for one in rows_of(table, name, batch)]
    return {
        "machine": {**machine, "versions": run.versions, "rounds": run.plan.rounds,
                    "skipped": run.skipped},
        "rows": rows + figure_rows(run.figures),
        "targets": [{"id": v.target.id, "value": rounded(v.value), "limit": v.limit, "met": v.met}
                    for v in verdicts],
    }


def rounded(value: float | list[float] | None) -> float | list[float] | None:
    if value is None:
        return None
    return [round(v, 4) for v in value] if isinstance(value, list) else round(value, 4)
