# SPDX-License-Identifier: Apache-2.0
"""The types: of the package itself, and as its users see them."""
import subprocess
import sys

import pytest
from shared import ROOT


def mypy(*arguments, cwd):
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir",
                           ROOT / "build/.mypy_cache", *arguments], capture_output=True, text=True, cwd=cwd)
    return done.stdout + done.stderr


def test_the_package(tmp_path):
    assert mypy("-p", "sheaf", cwd=tmp_path) == ""


@pytest.mark.parametrize("version", ["3.10", "3.13"])
def test_the_package_for_other_versions(version, tmp_path):
    assert mypy("-p", "sheaf", "--python-version", version, cwd=tmp_path) == ""


RIGHT = """
from pathlib import Path
from typing import Any, assert_type
import sheaf

with sheaf.open("bal", library_path=Path("x.json"), simulated_query_latency_ms=3, flag=True) as manager:
    assert_type(manager, sheaf.OpenManager)
    assert_type(manager.closed, bool)
    assert_type(manager.description.verbs[0].name, str)
    assert_type(manager.settings[0], sheaf.SettingInfo)
assert_type(sheaf.open(), sheaf.OpenManager)
assert_type(sheaf.open(Path("x"), config=Path("y")), sheaf.OpenManager)
assert_type(sheaf.managers()[0].id, str)
assert_type(sheaf.Library(plugin_paths=["x", Path("y")]).managers(), sheaf.ManagerList)
try:
    pass
except sheaf.ElementError as error:
    assert_type(error.status, sheaf.Status)
    assert_type(error.retry_after, float | None)
except sheaf.BatchError as error:
    assert_type(error.errors, list[sheaf.ElementError])
assert_type(sheaf.__version__, str)
assert_type(manager.resolve(["a"]), sheaf.Batch[sheaf.Record])
assert_type(manager.exists(("a",), errors="raise")[0], bool | sheaf.ElementError)
assert_type(manager.traits(sheaf.Refs(["a"])).to_list()[0:1], list[Any])
assert_type(manager.resolve_one("a", ["b"], access="write")["b"], sheaf.Properties)
assert_type(next(manager.iter(iter(["a"]))), sheaf.Record | sheaf.ElementError)
assert_type(next(manager.iter(["a"], ordered=False)), tuple[int, sheaf.Record | sheaf.ElementError])
assert_type(manager.resolve_each(["a"], None, lambda i, record: sheaf.STOP, None), sheaf.Status)
assert_type(manager.columns(["a"], [("b", "c")])["b", "c"], sheaf.Column)
with manager.stage("batch", batchers="size(3)").stage("dedupe", settings={}) as top:
    assert_type(top, sheaf.OpenManager)
    assert_type(top.counters(), dict[str, int])
    assert_type(top.meter().latency_ns.p50, int)
    assert_type(top.cache.clear("a"), int)
assert_type(sheaf.stage("route", [manager], routes="a://"), sheaf.OpenManager)
link = sheaf.Link(lambda: [1, sheaf.Record(2, {"a": 3})], [], batchers=lambda batches: [batches[0]])
assert_type(link.transfer(), None)
assert_type(sheaf.Record(1).metadata, dict[str, Any])
assert_type(sheaf.stages()[0].settings[0], sheaf.SettingInfo)


async def ask() -> None:
    assert_type(await manager.aresolve(["a"], timeout=1), sheaf.Batch[sheaf.Record])
    async for one in manager.aiter(["a"]):
        assert_type(one, sheaf.Record | sheaf.ElementError)
"""

WRONG = [
    ('sheaf.open("bal", library_path=b"x")', "arg-type"),
    ('sheaf.open("bal", lines=[1])', "arg-type"),
    ("sheaf.open(3)", "arg-type"),
    ('sheaf.open(id="bal")', None),
    ("sheaf.Library(plugin_paths=3)", "arg-type"),
    ("sheaf.opne()", "attr-defined"),
    ('sheaf.open("bal").resolve(3)', "arg-type"),
    ('sheaf.open("bal").resolve(["a"], errors="ignore")', "arg-type"),
    ('sheaf.open("bal").resolve(["a"], access="reed")', "arg-type"),
    ('sheaf.open("bal").columns(["a"], ["b"])', "list-item"),
    ('sheaf.open("bal").stage("batch", batchers=[1])', "arg-type"),
    ('sheaf.Link(lambda: [1], [3])', "list-item"),
    ('sheaf.stage("route", sheaf.open("bal"))', "arg-type"),
]


def test_right_use(tmp_path):
    (tmp_path / "right.py").write_text(RIGHT)
    assert mypy("--python-version", "3.11", "right.py", cwd=tmp_path) == ""


def test_wrong_use(tmp_path):
    lines = ["import sheaf", *(code for code, error in WRONG if error)]
    (tmp_path / "wrong.py").write_text("\n".join(lines) + "\n")
    said = mypy("wrong.py", cwd=tmp_path)
    for number, (code, error) in enumerate([one for one in WRONG if one[1]], 2):
        assert f"wrong.py:{number}: error:" in said, code
        assert f"[{error}]" in said
