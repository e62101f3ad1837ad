# SPDX-License-Identifier: Apache-2.0
"""What is promised of Sheaf's speed, and how each promise is judged."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from .suites import BARE, Run
from .table import Table

# Peers are judged by the faster of both heaps, Sheaf always by malloc as it comes.
CALLBACK = "study/lookup/sheaf_callback_static"
CALLBACK_COPIED = "study/lookup/sheaf_callback_copied"
ARRAY = "study/lookup/sheaf_array_copied"
FLOOR = "study/lookup/floor"
PEER_CALLBACK = "study/lookup/dr009_callback_traits"
PEER_VECTOR = "study/lookup/dr009_vector_traits"
MILLION = 1_000_000
STAGES = ("batch", "cache", "circuit", "dedupe", "fallback", "limit", "linger", "meter", "parallel", "retry",
          "route", "timeout")
NO_STAGES = "stage/idle/none"
HITS, COLD = "stage/cache/hits", "stage/cache/cold"
PEER_HITS = ("peer/dataloader_hits_load", "peer/dataloader_hits_loadMany")
PEER_COLD = ("peer/dataloader_load", "peer/dataloader_loadMany")

Value = float | list[float] | None


@dataclass(frozen=True)
class Target:
    id: str
    claim: str
    limit: float | list[float]
    at_most: bool
    value_of: Callable[[Run, Table], Value]

    def met(self, value: Value) -> bool | None:
        if value is None:
            return None
        pairs = zip(value, self.limit) if isinstance(value, list) else [(value, self.limit)]
        return all(v <= limit if self.at_most else v >= limit for v, limit in pairs)


def faster(table: Table, peer: str, ours: str, batch: int) -> float:
    return table.ratio(peer, ours, batch, heap=None).value


def bal(kind: str, entities: int) -> str:
    return f"scale/{kind}/entities:{entities}"


# ------------------------------------------------------------------------- the values, one by one


def over_the_floor(_: Run, table: Table) -> Value:
    return [table.ratio(CALLBACK, FLOOR, batch).value for batch in (100, 10_000)]


def a_batch_of_one(_: Run, table: Table) -> Value:
    return table.ns(CALLBACK, 1) - table.ns(FLOOR, 1)


def against_callback(_: Run, table: Table) -> Value:
    return faster(table, PEER_CALLBACK, CALLBACK, 100)


def against_vector(_: Run, table: Table) -> Value:
    return [faster(table, PEER_VECTOR, ARRAY, batch) for batch in (100, 10_000)]


def allocations(run: Run, _: Table) -> Value:
    count = {(row["name"], row["batch"]): row["allocations"] for row in run.memory}
    callback = max(count[f"lookup/sheaf_callback_{values}", batch]
                   for values in ("static", "copied") for batch in (100, 10_000))
    return [callback, count["lookup/sheaf_array_copied", 10_000]]


def against_map(_: Run, table: Table) -> Value:
    return table.ratio(bal("unordered_map", MILLION), bal("bal", MILLION), 10_000).value


def against_itself(_: Run, table: Table) -> Value:
    return table.ratio(bal("bal_plain", MILLION) + "/4k", bal("bal", MILLION) + "/4k", 10_000).value


def against_sqlite(run: Run, table: Table) -> Value:
    if run.plan.rows < MILLION:
        return None
    return table.ratio("sqlite/select", "sqlite/manager", 10_000).value


def two_threads(run: Run, table: Table) -> Value:
    """The lesser of the libraries'."""
    return min(table.ratio(f"{bal('bal', n)}/threads:1", f"{bal('bal', n)}/threads:2", 10_000).value
               for n in run.plan.entities)


def growth(run: Run, table: Table) -> Value:
    """The greater of the libraries'."""
    return max(table.ratio(bal("bal", n), bal("bal", n), MILLION, 10_000).value
               for n in run.plan.entities)


def loading(_: Run, table: Table) -> Value:
    return table.ratio("load/bal_open", "load/cjson_parse", 100_000).value


def python_value(run: Run, name: str) -> Value:
    for figure in run.figures:
        if figure["name"] == name and "value" in figure:
            return figure["value"]
    return None


def python_list(run: Run, _: Table) -> Value:
    return python_value(run, "list-cpp") or python_value(run, "list-python")


def python_both(run: Run, _: Table) -> Value:
    return python_value(run, "both-python")


def no_stages(_: Run, table: Table) -> Value:
    return [table.ratio(NO_STAGES, NO_STAGES + BARE, batch).value for batch in (1, 10_000)]


def adds(table: Table, name: str) -> float:
    return table.ns(name, 10_000) - table.ns(name + BARE, 10_000)


def idle_stages(_: Run, table: Table) -> Value:
    """The worst of all."""
    return max(adds(table, f"stage/idle/{stage}") for stage in STAGES)


def dedupe(_: Run, table: Table) -> Value:
    return adds(table, "stage/dedupe/distinct")


def cache_hit(_: Run, table: Table) -> Value:
    return table.ns(HITS, 10_000)


def against_loader(table: Table, peers: tuple[str, str], ours: str) -> Value:
    """Of its two ways to ask, the faster counts."""
    return min(table.ratio(peer, ours, 10_000).value for peer in peers)


def hits_against_loader(_: Run, table: Table) -> Value:
    return [against_loader(table, peers, HITS) for peers in (PEER_HITS, PEER_COLD)]


def cold_against_loader(_: Run, table: Table) -> Value:
    return against_loader(table, PEER_COLD, COLD)


def linger_limited(_: Run, table: Table) -> Value:
    return table.ratio("stage/linger/limited" + BARE, "stage/linger/limited", 1).value


def linger_calls(run: Run, _: Table) -> Value:
    return median(row["without"] for row in run.calls) / median(row["with"] for row in run.calls)


def python_list_limit(run: Run) -> float:
    return 10 if python_value(run, "list-cpp") else 14


TARGETS = [
    Target("T1", "Sheaf by callbacks, times the direct function pointer; batches of 100 and of 10,000",
           [1.10, 1.10], True, over_the_floor),
    Target("T2", "what Sheaf adds to a batch of one, ns", 30, True, a_batch_of_one),
    Target("T3", "Sheaf by callbacks, times faster than DR009's callback with trait data; batch of 100",
           7, False, against_callback),
    Target("T4", "Sheaf's array, copied into its arena, times faster than DR009's vector with trait "
           "data; batches of 100 and of 10,000", [7, 10], False, against_vector),
    Target("T5", "allocations an element: callbacks; array, batch of 10,000", [0, 0.01], True,
           allocations),
    Target("T6", "bal, 1,000,000 entities, batch of 10,000: times faster than one find after another "
           "in a std::unordered_map", 6, False, against_map),
    Target("T7", "the same: times faster than its own look-up without fetching ahead, 4 KiB pages",
           1.7, False, against_itself),
    Target("T8", "sqlite, 1,000,000 rows, batch of 10,000: times faster than a prepared SELECT a key",
           2.2, False, against_sqlite),
    Target("T9", "two threads on one manager, batches of 10,000: times the throughput of one", 1.8,
           False, two_threads),
    Target("T10", "an element of 1,000,000 references, times one of 10,000, same library", 1.5, True,
           growth),
    Target("T11", "Python, list of 100 str in, a value of each out: times faster than OpenAssetIO's "
           "wheel", 10, False, python_list),
    Target("T12", "opening a library of 100,000 entities, times cJSON's bare parse of the same text",
           1.4, True, loading),
    Target("T13", "host and manager in Python, batch of 100: times faster than OpenAssetIO's wheel", 6,
           False, python_both),
    Target("S1", "a stack of no stages, times the manager itself; batches of 1 and of 10,000", [1.02, 1.02],
           True, no_stages),
    Target("S2", "what a stage adds that has nothing to do, the worst of all, ns; batch of 10,000", 2, True,
           idle_stages),
    Target("S3", "what `dedupe` adds to 10,000 distinct references, ns", 40, True, dedupe),
    Target("S4", "a hit of `cache`, delivered, batch of 10,000, ns", 60, True, cache_hit),
    Target("S5", "the same: times faster than a hit of graphql's dataloader, and than its loading what it has "
           "not got", [5, 5], False, hits_against_loader),
    Target("S6", "`cache` over `batch`, nothing kept yet, 10,000 distinct references: times faster than a "
           "new dataloader", 5, False, cold_against_loader),
    Target("S7", "64 threads of single calls, 1 ms of latency, one batch in flight: times the throughput "
           "with `linger`", 20, False, linger_limited),
    Target("S8", "the same without a limit: times fewer batches for the manager", 20, False, linger_calls),
]


@dataclass(frozen=True)
class Verdict:
    target: Target
    value: Value
    limit: float | list[float]
    met: bool | None


def judge(run: Run, table: Table) -> list[Verdict]:
    """What was not measured has no value."""
    verdicts = []
    for target in TARGETS:
        try:
            value = target.value_of(run, table)
        except (KeyError, ValueError):
            value = None
        limit = target.limit
        if target.id == "T11":
            limit = python_list_limit(run)
        judged = Target(target.id, target.claim, limit, target.at_most, target.value_of)
        verdicts.append(Verdict(target, value, limit, judged.met(value)))
    return verdicts
