# SPDX-License-Identifier: Apache-2.0
"""The performance report: how it judges, and that it comes out whole. Nothing here looks at a time."""
import json
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
from report.targets import TARGETS, judge  # noqa: E402

IDS = [f"T{n}" for n in range(1, 14)]


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
    assert [id_ for id_, is_met in met.items() if is_met] == ["T1", "T2", "T5", "T10", "T12"]


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
                    "sqlite"], check=True)
    data = json.loads((tmp_path / "performance.json").read_text())
    assert set(data) == {"machine", "rows", "targets"}
    for row in data["rows"]:
        check_row(row)
    names = {row["name"] for row in data["rows"]}
    for name in ("study/lookup/floor", "study/lookup/sheaf_callback_static",
                 "study/delivery/sheaf_array_copied", "study/lookup/dr009_vector_traits",
                 "study/lookup/dr009_vector_traits (raised heap)", "scale/bal/entities:1000",
                 "scale/bal/entities:1000/threads:2", "load/bal_open", "sqlite/manager"):
        assert name in names
    assert all(row["ratio_to"] in names for row in data["rows"] if row["ratio_to"])
    assert [target["id"] for target in data["targets"]] == IDS
    for target in data["targets"]:
        check_target(target)
    measured = {target["id"] for target in data["targets"] if target["value"] is not None}
    assert {"T2", "T3", "T9"} <= measured and "T6" not in measured
    page = (tmp_path / "performance.md").read_text()
    for heading in ("What is promised", "Ways to deliver", "The founding study", "Delivery alone",
                    "Memory in flight", "Peers", "Size", "Loading", "The machine"):
        assert f"\n## {heading}\n" in page
