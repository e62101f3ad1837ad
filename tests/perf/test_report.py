# SPDX-License-Identifier: Apache-2.0
"""The performance report: how it judges, and that it comes out whole. Nothing here looks at a time."""
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "perftest"))

from report import suites  # noqa: E402
from report.document import document  # noqa: E402
from report.results import results  # noqa: E402
from report.table import Sample, Table  # noqa: E402
from report.targets import COLD, HITS, STAGES, TARGETS, judge  # noqa: E402

IDS = [f"T{n}" for n in range(1, 14)] + [f"S{n}" for n in range(1, 9)]


def samples(name, batch, times, heap="default"):
    return [Sample(name, batch, round_, ns, heap) for round_, ns in enumerate(times)]


def run_of(*lists, plan=suites.FULL):
    return suites.Run(plan, Path("build"), samples=[one for some in lists for one in some])


def verdict(run, target):
    return next(v for v in judge(run, Table(run.samples)) if v.target.id == target)


def test_ratio_is_of_medians_and_spread_of_rounds():
    table = Table(samples("a", 1, [10, 30, 20]) + samples("b", 1, [10, 10, 40]))
    ratio = table.ratio("a", "b", 1)
    assert (ratio.value, ratio.low, ratio.high) == (2, 0.5, 3)


def test_a_peer_counts_with_the_heap_it_is_faster_with():
    peer, ours = "study/lookup/dr009_vector_traits", "study/lookup/sheaf_array_copied"
    lists = [samples(peer, batch, [400, 400, 400]) + samples(peer, batch, [300, 300, 300], "raised") +
             samples(ours, batch, [30, 30, 30]) + samples(ours, batch, [10, 10, 10], "raised")
             for batch in (100, 10_000)]
    judged = verdict(run_of(*lists), "T4")
    assert judged.value == [10, 10] and judged.met is True


@pytest.mark.parametrize("hundred, thousands, met", [(1.09, 1.1, True), (1.11, 1.0, False),
                                                     (1.0, 1.11, False)])
def test_each_of_two_values_must_be_met(hundred, thousands, met):
    run = run_of(samples("study/lookup/floor", 100, [100]), samples("study/lookup/floor", 10_000, [100]),
                 samples("study/lookup/sheaf_callback_static", 100, [100 * hundred]),
                 samples("study/lookup/sheaf_callback_static", 10_000, [100 * thousands]))
    assert verdict(run, "T1").met is met


def test_at_least_and_at_most():
    met = {target.id: (target.met([0.0, 0.0] if isinstance(target.limit, list) else 0.0)) for target in TARGETS}
    assert [id_ for id_, is_met in met.items() if is_met] == ["T1", "T2", "T5", "T10", "T12",
                                                             "S1", "S2", "S3", "S4"]


def test_what_was_not_measured_is_not_met_and_not_missed():
    assert [(v.value, v.met) for v in judge(suites.Run(suites.FULL, Path("build")), Table([]))] == [
        (None, None)] * len(IDS)


def test_a_million_rows_or_no_verdict():
    some = samples("sqlite/select", 10_000, [3000]) + samples("sqlite/manager", 10_000, [1000])
    assert verdict(run_of(some), "T8").value == 3
    assert verdict(run_of(some, plan=suites.QUICK), "T8").value is None


def test_python_against_a_manager_in_cpp_or_else_in_python():
    run = suites.Run(suites.FULL, Path("build"))
    run.figures = [{"name": "list-cpp", "skipped": "no headers"}, {"name": "list-python", "value": 12}]
    judged = verdict(run, "T11")
    assert (judged.value, judged.limit, judged.met) == (12, 14, False)
    run.figures[0] = {"name": "list-cpp", "value": 12}
    judged = verdict(run, "T11")
    assert (judged.value, judged.limit, judged.met) == (12, 10, True)


def pair(name, without, with_, batch=10_000):
    return samples(f"stage/{name}", batch, [with_]) + samples(f"stage/{name}/bare", batch, [without])


def test_every_stage_is_measured_idle():
    types = (ROOT / "src/stage/types.h").read_text()
    assert list(STAGES) == re.findall(r"XX\((\w+)\)", types.replace("MAP(XX)", ""))
    cases = (ROOT / "perftest/stages/stage_perf.cpp").read_text()
    assert set(re.findall(r'"idle/(\w+)"', cases)) == {"none", *STAGES}


def test_no_stages_are_judged_by_one_and_by_many():
    run = run_of(pair("idle/none", 100, 101, 1), pair("idle/none", 100, 103))
    judged = verdict(run, "S1")
    assert judged.value == [1.01, 1.03] and judged.met is False


def test_the_worst_idle_stage_counts_and_none_may_be_missing():
    pairs = [pair(f"idle/{stage}", 4, 5) for stage in STAGES]
    assert verdict(run_of(*pairs[:-1]), "S2").value is None
    run = run_of(*pairs, pair("idle/route", 4, 6.5))
    assert (verdict(run, "S2").value, verdict(run, "S2").met) == (2.5, False)


def test_a_stage_is_judged_by_what_it_adds_and_a_hit_by_all_it_takes():
    run = run_of(pair("dedupe/distinct", 10, 45), pair("cache/hits", 10, 45))
    assert (verdict(run, "S3").value, verdict(run, "S4").value) == (35, 45)


def test_of_dataloaders_ways_to_ask_the_faster_counts():
    run = run_of(samples(HITS, 10_000, [40]), samples(COLD, 10_000, [50]),
                 samples("peer/dataloader_hits_load", 10_000, [240]),
                 samples("peer/dataloader_hits_loadMany", 10_000, [400]),
                 samples("peer/dataloader_load", 10_000, [300]),
                 samples("peer/dataloader_loadMany", 10_000, [245]))
    assert (verdict(run, "S5").value, verdict(run, "S5").met) == ([6, 6.125], True)
    assert (verdict(run, "S6").value, verdict(run, "S6").met) == (4.9, False)


def test_without_node_its_figures_are_not_measured_and_ours_are():
    run = run_of(pair("cache/hits", 20, 40), pair("cache/cold", 20, 50))
    run.skipped["node"] = "graphql's dataloader: no node and npm here"
    assert [verdict(run, id_).met for id_ in ("S4", "S5", "S6")] == [True, None, None]


def test_what_linger_gains():
    run = run_of(pair("linger/limited", 1000, 40, 1))
    run.calls = [{"round": n, "without": 2560, "with": with_} for n, with_ in enumerate((64, 80, 256))]
    assert (verdict(run, "S7").value, verdict(run, "S8").value) == (25, 32)
    table = Table(run.samples)
    page = document(run, table, judge(run, table), {})
    assert "| batches for the manager, no limit | 2,560 | 80.0 | 32.0 | 10.00 to 40.00 |" in page


def test_the_page_shows_each_stage_beside_its_manager():
    run = run_of(pair("idle/none", 50, 49.996, 1), pair("idle/route", 4, 6.5), pair("cache/hits", 20, 40),
                 samples("peer/dataloader_hits_load", 10_000, [240]))
    table = Table(run.samples)
    verdicts = judge(run, table)
    page = document(run, table, verdicts, {})
    assert "| no stages | 1 | 50.0 | 50.0 | 0.00 |\n| `route` | 10,000 | 4.00 | 6.50 | 2.50 |\n" in page
    assert "| `cache` over `batch`, all of them hits | 10,000 | 20.0 | 40.0 | 20.00 |" in page
    rows = {row["name"]: row for row in results(run, table, verdicts, {})["rows"]}
    assert (rows["stage/idle/route"]["ratio_to"], rows["stage/idle/route"]["ratio"]) == (
        "stage/idle/route/bare", 1.625)
    assert rows["stage/idle/route/bare"]["ratio_to"] is None
    assert rows["peer/dataloader_hits_load"]["ratio"] == 6


def test_what_was_skipped_is_said():
    run = run_of(samples("study/lookup/floor", 100, [1]))
    run.skipped["node"] = "graphql's dataloader: no node and npm here"
    table = Table(run.samples)
    verdicts = judge(run, table)
    assert "Skipped: graphql's dataloader: no node and npm here." in document(run, table, verdicts, {})
    assert results(run, table, verdicts, {})["machine"]["skipped"] == run.skipped


def test_a_reader_is_warned_of_a_quick_run_and_of_a_busy_machine():
    def page(plan, load):
        run = suites.Run(plan, Path("build"))
        table = Table([])
        return document(run, table, judge(run, table), {"load": load, "cores": 2})
    assert "quick run" not in page(suites.FULL, 0.1) and "other work" not in page(suites.FULL, 0.1)
    assert "quick run" in page(suites.QUICK, 0.1)
    assert "its load was 3.5 on 2 cores" in page(suites.FULL, 3.5)


# ------------------------------------------------------------------------------------- a whole run


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def check_row(row):
    assert set(row) == {"name", "batch", "ns_per_element", "ratio_to", "ratio", "spread"}
    assert isinstance(row["name"], str) and isinstance(row["batch"], int) and row["batch"] >= 1
    assert is_number(row["ns_per_element"]) and row["ns_per_element"] > 0, row
    if row["ratio_to"] is None:
        assert row["ratio"] is None and row["spread"] is None
    else:
        low, high = row["spread"]
        assert 0 < low <= high and row["ratio"] > 0


def check_target(target):
    assert set(target) == {"id", "value", "limit", "met"}
    assert target["met"] in (True, False, None)
    assert (target["value"] is None) == (target["met"] is None)
    for value in (target["value"], target["limit"]):
        assert value is None or is_number(value) or all(map(is_number, value))


@pytest.mark.slow
def test_a_tiny_run(tmp_path):
    subprocess.run([ROOT / "scripts/build.sh", "perf"], check=True)
    subprocess.run([sys.executable, ROOT / "perftest/run.py", "--tiny", "--out", tmp_path, "--raw",
                    tmp_path / "raw.json", "--only", "study", "epochs", "memory", "scale", "load",
                    "sqlite", "stages", "linger"], check=True)
    data = json.loads((tmp_path / "performance.json").read_text())
    assert set(data) == {"machine", "rows", "targets"}
    for row in data["rows"]:
        check_row(row)
    names = {row["name"] for row in data["rows"]}
    for name in ("study/lookup/floor", "study/lookup/sheaf_callback_static",
                 "study/delivery/sheaf_array_copied", "study/lookup/dr009_vector_traits",
                 "study/lookup/dr009_vector_traits (raised heap)", "scale/bal/entities:1000",
                 "scale/bal/entities:1000/threads:2", "load/bal_open", "sqlite/manager",
                 "stage/idle/none", "stage/idle/timeout/bare", HITS, COLD, "stage/linger/limited"):
        assert name in names
    assert all(row["ratio_to"] in names for row in data["rows"] if row["ratio_to"])
    assert [target["id"] for target in data["targets"]] == IDS
    for target in data["targets"]:
        check_target(target)
    measured = {target["id"] for target in data["targets"] if target["value"] is not None}
    assert {"T2", "T3", "T9", "S1", "S2", "S3", "S4", "S7", "S8"} <= measured
    assert not {"T6", "S5", "S6"} & measured
    page = (tmp_path / "performance.md").read_text()
    for heading in ("What is promised", "Ways to deliver", "The founding study", "Delivery alone",
                    "Memory in flight", "Stages", "Peers", "Size", "Loading", "The machine"):
        assert f"\n## {heading}\n" in page
