# SPDX-License-Identifier: Apache-2.0
"""The plots, as SVG that is the same whenever the numbers are."""
from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

from .suites import Run  # noqa: E402
from .table import Table  # noqa: E402
from .targets import ARRAY, CALLBACK, FLOOR, PEER_CALLBACK, PEER_VECTOR, bal  # noqa: E402
from .words import title  # noqa: E402

matplotlib.rcParams.update({"svg.hashsalt": "sheaf", "svg.fonttype": "none", "font.size": 9,
                            "axes.spines.top": False, "axes.spines.right": False})


def save(figure, path: Path) -> None:
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    pyplot.close(figure)
    # Not one trailing blank: the file is kept with the sources.
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")


def by_batch(run: Run, table: Table, path: Path) -> None:
    """Nanoseconds an element against the size of the batch."""
    lines = [(PEER_VECTOR, None, "s--"), (PEER_CALLBACK, None, "o--"), (ARRAY, "default", "s-"),
             ("study/lookup/sheaf_columns_static", "default", "d-"),
             ("study/lookup/sheaf_iterator_static", "default", "v-"), (CALLBACK, "default", "o-"),
             (FLOOR, "default", "k:")]
    if not table.batches(*(name for name, _, _ in lines)):
        return
    figure, axes = pyplot.subplots(figsize=(8, 5))
    for name, heap, style in lines:
        batches = table.batches(name)
        axes.plot(batches, [table.ns(name, b, heap) for b in batches], style, label=title(name))
    for n in run.plan.entities:
        name = bal("bal", n)
        batches = table.batches(name)
        axes.plot(batches, [table.ns(name, b) for b in batches], "x-.", label=f"bal, {n:,} entities")
    if run.plan.generated and table.batches(bal("study", run.plan.generated[0])):
        name = bal("study", run.plan.generated[0])
        batches = table.batches(name)
        axes.plot(batches, [table.ns(name, b) for b in batches], "+-.",
                  label=f"study, {run.plan.generated[0]:,} entities")
    axes.set(xscale="log", yscale="log", xlabel="references in a batch", ylabel="ns an element")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, loc="upper right")
    save(figure, path)


def is_peer(row: dict) -> bool:
    """One bar each: not every heap, number of threads and sort of function pointer."""
    name = row["name"]
    if name.startswith("study/lookup/dr009_"):
        return name.endswith(("_traits", "_record")) and "FnPtr" not in name and "Large" not in name
    if name.startswith("scale/unordered_map/"):
        return name.count("/") == 2
    return name.startswith(("peer/", "sqlite/select", "python/"))


def by_peer(rows: list[dict], path: Path) -> None:
    """How many times as long each peer takes, in the largest batch up to 10,000."""
    largest: dict[str, dict] = {}
    for row in sorted(rows, key=lambda row: row["batch"]):
        if row["ratio"] and row["batch"] <= 10_000 and is_peer(row):
            largest[row["name"]] = row
    bars = sorted((row["ratio"], f"{title(name)} ({row['batch']:,})") for name, row in largest.items())
    if not bars:
        return
    figure, axes = pyplot.subplots(figsize=(8, 0.28 * len(bars) + 1))
    axes.barh([name for _, name in bars], [ratio for ratio, _ in bars])
    for place, (ratio, _) in enumerate(bars):
        axes.text(ratio, place, f" {ratio:.3g}", va="center", fontsize=8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set(xscale="log", xlabel="times as long as Sheaf (in a batch of so many)")
    save(figure, path)
