# SPDX-License-Identifier: Apache-2.0
"""docs/performance.md."""
from __future__ import annotations

from statistics import median

from .causes import CAUSES
from .suites import BARE, FULL, Run
from .table import Table
from .targets import CALLBACK, Verdict, bal
from .words import AT_WORK, IDLE, PUBLISHED, compared_with, order, title

INTRODUCTION = """\
# Performance

What Sheaf costs, what else one could do, and where the machine's limit lies. Everything here is
measured by `make perf`, which writes this page, the plots and [performance.json](performance.json);
what each comparison is made of, and why it is fair, stands in `perftest/README.md`.

Times are nanoseconds an element, of processor time unless it says otherwise: the median of the rounds.
A round runs every program once, each in a process of its own, with its cases in random order; a ratio is
the ratio of two medians, and its spread the least and the greatest ratio of a round. Trust the ratios more
than the times.
"""

QUICK = """
**This is a quick run**: less of everything. What needs more is not measured.
"""

BUSY = """
**The machine had other work to do** when this was measured: its load was {load} on {cores} cores.
"""

COMMANDS = """\
## Doing it again

```sh make
make perf          # under ten minutes; writes docs/performance.*
make perf-quick    # under a minute; writes build/perf/quick/performance.*
```
"""


def number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def both(value: float | list[float]) -> str:
    return ", ".join(f"{v:.4g}" for v in (value if isinstance(value, list) else [value]))


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table: text to the left, numbers to the right."""
    marks = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, marks, *rows)) + "\n"


# ---------------------------------------------------------------------------------------- sections


def targets(verdicts: list[Verdict]) -> str:
    words = {True: "met", False: "**missed**", None: "not measured"}
    rows = []
    for v in verdicts:
        bound = "at most" if v.target.at_most else "at least"
        value = "" if v.value is None else both(v.value)
        rows.append([f"{v.target.id}: {v.target.claim}", value, f"{bound} {both(v.limit)}",
                     words[v.met]])
    text = "## What is promised\n\n" + markdown(["", "measured", "promised", ""], rows)
    for v in verdicts:
        if v.met is False and v.target.id in CAUSES:
            text += f"\n{v.target.id} is missed: {CAUSES[v.target.id]}\n"
    return text


def heap_of(name: str) -> str | None:
    return None if "dr009_" in name else "default"


def times(table: Table, names: list[str]) -> str:
    """A row a case, a column a size of batch."""
    names = [name for name in names if table.batches(name)]
    batches = table.batches(*names)
    rows = [[title(name)] + [number(table.ns(name, b, heap_of(name))) if table.has(name, b) else ""
                             for b in batches] for name in names]
    return markdown(["ns an element, batch of", *(f"{b:,}" for b in batches)], rows)


def study_names(table: Table, mode: str) -> list[str]:
    return sorted((name for name in table.names() if name.startswith(f"study/{mode}/")), key=order)


def ways(table: Table) -> str:
    names = [n for n in study_names(table, "lookup")
             if "dr009" not in n or n.endswith(("_traits", "_record"))]
    rows = []
    for name in study_names(table, "lookup"):
        if "dr009_vector" not in name and "dr009_callback_" not in name:
            continue
        ours, _ = compared_with(name, table) or ("", None)
        cells = []
        for batch in (b for b in (100, 10_000) if table.has(name, b)):
            ratio = table.ratio(name, ours, batch, heap=None)
            cells.append(f"{ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f})")
        rows.append([title(name), title(ours), *cells])
    return f"""\
## Ways to deliver

10,000 references with a URL each; the references asked for are drawn at random, strings strewn over the
heap, one in ten unknown. All sides use the same look-up, each in a shared object of its own. Static
values live as long as the manager, copied ones die with the call. Where memory matters, glibc's malloc
was tried as it comes and so that it keeps what was freed; of DR009's forms the faster is shown.

{times(table, names)}
![nanoseconds an element against the size of the batch](performance-batch.svg)

How many times as long DR009's two forms take as Sheaf's, with the spread of the rounds:

{markdown(["", "than", "batch of 100", "batch of 10,000"], [r for r in rows if len(r) == 4])}"""


def published(run: Run) -> str:
    """DR009's tables: of the runs, for each pair the one whose deviation is least."""
    text = """\
## The founding study

Sheaf delivers through callbacks because a study of OpenAssetIO's, the decision DR009, found them
cheaper than returned arrays. These are its two tables, ours beside the values that it published. The mean of
ratios is biased upward, whichever is divided by which: where its inverse is above one as well, it says
nothing. The ratio of the medians does.
"""
    for batch in (1, 100):
        rows = []
        for (numerator, denominator), values in PUBLISHED.items():
            runs = [r for r in run.epochs if (r["numerator"], r["denominator"], r["batch"],
                                              r["record"]) == (numerator, denominator, batch, "traits")]
            if runs:
                r = min(runs, key=lambda one: one["std_dev"])
                mean, deviation = values[batch]
                rows.append([f"{numerator}/{denominator}", number(r["mean"]), f"{r['std_dev']:.3f}",
                             f"{mean:.2f}", f"{deviation:.3f}", number(r["mean_of_inverse"]),
                             number(r["ratio_of_medians"])])
        text += f"\nBatch size = {batch}\n\n" + markdown(
            ["numerator/denominator", "mean", "std dev", "published mean", "published std dev",
             "mean of the inverse", "ratio of medians"], rows)
    return text


def delivery(table: Table) -> str:
    return f"""\
## Delivery alone

The same without a look-up: the manager answers with one entry after another.

{times(table, study_names(table, "delivery"))}"""


def memory(run: Run) -> str:
    cells: dict[str, dict[int, dict]] = {}
    for row in run.memory:
        if row["name"].startswith("lookup/"):
            cells.setdefault(f"study/{row['name']}", {})[row["batch"]] = row
    rows = [[title(name)] + [f"{cells[name][b][key]:.4g}" for b in sorted(cells[name])
                             for key in ("allocations", "bytes")]
            for name in sorted(cells, key=order)]
    return f"""\
## Memory in flight

Calls of malloc an element, and the bytes an element that are in use at the height of a batch.

{markdown(["", "calls, batch of 100", "bytes", "calls, batch of 10,000", "bytes"], rows)}"""


def peers(run: Run, table: Table) -> str:
    text = "## Peers\n\n"
    rows = []
    for name in table.names():
        if name.startswith("peer/") and (partner := compared_with(name, table)):
            ours, _ = partner
            ratio = table.ratio(name, ours, 10_000)
            rows.append([title(name), "10,000", number(table.ns(name, 10_000)), title(ours),
                         number(table.ns(ours, 10_000)), number(ratio.value),
                         f"{ratio.low:.2f} to {ratio.high:.2f}"])
    for batch in table.batches("sqlite/select"):
        ratio = table.ratio("sqlite/select", "sqlite/manager", batch)
        rows.append([title("sqlite/select"), f"{batch:,}", number(table.ns("sqlite/select", batch)),
                     title("sqlite/manager"), number(table.ns("sqlite/manager", batch)),
                     number(ratio.value), f"{ratio.low:.2f} to {ratio.high:.2f}"])
    for figure in run.figures:
        if "value" in figure:
            rows.append([f"OpenAssetIO for Python ({figure['name']})", "100", number(figure["other"]),
                         "Sheaf for Python", number(figure["ours"]), number(figure["value"]),
                         f"{min(figure['rounds']):.2f} to {max(figure['rounds']):.2f}"])
    text += markdown(["peer", "batch", "ns", "Sheaf", "ns", "times faster", "spread"], rows)
    text += "\n![how many times faster Sheaf is than each peer](performance-peers.svg)\n"
    for reason in run.skipped.values():
        text += f"\nSkipped: {reason}.\n"
    return text


def stage_rows(table: Table, titles: dict[str, str]) -> list[list[str]]:
    return [[text, f"{b:,}", number(table.ns(name + BARE, b)), number(table.ns(name, b)),
             f"{round(table.ns(name, b) - table.ns(name + BARE, b), 2) + 0:.2f}"]
            for name, text in titles.items() for b in table.batches(name)]


def stages(table: Table) -> str:
    header = ["ns an element", "batch", "manager alone", "with it", "adds"]
    return f"""\
## Stages

10,000 references asked of a manager with a stage on it and without, in turn. Here the stage has nothing to
do: the manager answers from memory, `cache` and `dedupe` are asked by a verb that is not pure, `linger` and
`parallel` for a batch too large for the one and too small for the other; `fallback` and `route` have a second
manager, which is not needed.

{markdown(header, stage_rows(table, IDLE))}
And here it has. Below `cache` the manager finds a URL in a hash table of 10,000.

{markdown(header, stage_rows(table, AT_WORK))}"""


def lingering(run: Run, table: Table) -> str:
    name = "stage/linger/limited"
    ratio = table.ratio(name + BARE, name, 1)
    rows = [["calls a second, one batch in flight", *(number(1e9 / table.ns(n, 1)) for n in (name + BARE, name)),
             number(ratio.value), f"{ratio.low:.2f} to {ratio.high:.2f}"]]
    each = [row["without"] / row["with"] for row in run.calls]
    without, with_ = (median(row[key] for row in run.calls) for key in ("without", "with"))
    rows.append(["batches for the manager, no limit", number(without), number(with_), number(without / with_),
                 f"{min(each):.2f} to {max(each):.2f}"])
    return f"""\
64 threads that ask `bal` for single references, each of which it takes 1 ms to answer:

{markdown(["", "without `linger`", "with it", "times", "spread"], rows)}"""


def scale(run: Run, table: Table) -> str:
    names = [n for n in table.names() if n.startswith("scale/") and "/threads" not in n]
    batches = table.batches(*names)
    rows = []
    for name in names:
        _, kind, entities, *pages = name.split("/")
        rows.append([f"`{kind}`" + (", 4 KiB pages" if pages else ""),
                     f"{int(entities.split(':')[1]):,}"] +
                    [number(table.ns(name, b)) if table.has(name, b) else "" for b in batches])
    text = f"""\
## Size

Libraries of `bal` in JSON, and one that is made up (`study`); references drawn at random among a million
and more strings strewn over the heap. `bal_plain` is `bal` compiled so that it fetches nothing ahead,
`unordered_map` one find after another in a `std::unordered_map` of strings.

{markdown(["ns an element", "entities", *(f"{b:,}" for b in batches)], rows)}"""
    rows = []
    for n in run.plan.entities:
        one, two = f"{bal('bal', n)}/threads:1", f"{bal('bal', n)}/threads:2"
        if table.has(two, 10_000):
            ratio = table.ratio(one, two, 10_000)
            rows.append([f"{n:,}", number(table.ns(one, 10_000)), number(table.ns(two, 10_000)),
                         number(ratio.value), f"{ratio.low:.2f} to {ratio.high:.2f}"])
    text += "\nTwo threads that ask one manager at once, in real time, batches of 10,000:\n\n" + markdown(
        ["entities", "one thread", "two threads", "times the throughput", "spread"], rows)
    return text


def loading(run: Run, table: Table) -> str:
    rows = [[title(name), f"{n:,}", number(table.ns(name, n))] for name in table.names()
            if name.startswith("load/") for n in table.batches(name)]
    kept = ", ".join(f"{bytes_:.0f} bytes an entity of {n:,}"
                     for n, bytes_ in sorted(run.entity_bytes.items()))
    return f"""\
## Loading

{markdown(["", "entities", "ns an entity"], rows)}
Memory of an open library: {kept}.
"""


def machine(facts: dict, run: Run) -> str:
    rows = [[key.replace("_", " "), str(value)] for key, value in facts.items()]
    rows += [[name, version] for name, version in run.versions.items()]
    rows.append(["rounds", str(run.plan.rounds)])
    return "## The machine\n\n" + markdown(["", ""], rows)


def cautions(facts: dict, run: Run) -> str:
    """What a reader must know before the first number."""
    text = "" if run.plan == FULL else QUICK
    if facts.get("load", 0) > 0.5:
        text += BUSY.format(**facts)
    return text


def document(run: Run, table: Table, verdicts: list[Verdict], facts: dict) -> str:
    """A section for each suite that took part."""
    sections = [INTRODUCTION + cautions(facts, run), targets(verdicts)]
    if table.batches(CALLBACK):
        sections += [ways(table)]
    if run.epochs:
        sections += [published(run)]
    if table.batches(CALLBACK.replace("lookup", "delivery")):
        sections += [delivery(table)]
    if run.memory:
        sections += [memory(run)]
    if table.batches(*IDLE):
        sections += [stages(table)]
    if run.calls:
        sections += [lingering(run, table)]
    sections += [peers(run, table)]
    if any(name.startswith("scale/") for name in table.names()):
        sections += [scale(run, table)]
    if table.batches("load/bal_open"):
        sections += [loading(run, table)]
    return "\n".join([*sections, machine(facts, run), COMMANDS])
