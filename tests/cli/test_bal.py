# SPDX-License-Identifier: Apache-2.0
"""The bal manager as a user of the command sees it. What it answers in full is tested beside it."""
import json
import os
from pathlib import Path

import pytest
from conftest import ROOT

SHARED = Path(os.environ.get("SHEAF_SHARED", ROOT.parent / "shared")) / "data" / "bal"


def traits_of(result):
    return result.expect(0).rows[0]["traits"]


def test_values(bal):
    traits = traits_of(bal("resolve", "bal:///cat"))
    assert traits["animal"] == {"age": 12, "species": "🐈"}
    assert traits["measured"] == {"weight": 4.0, "tame": True, "chip": 9007199254740993}
    assert isinstance(traits["measured"]["weight"], float)
    assert traits["located"] == {"url": "file:///mnt/zoo/pictures/martin.png"}


def test_versions(bal):
    assert traits_of(bal("resolve", "bal:///cat?v=1"))["named"] == {"name": "Tomcat"}
    for ref in ("bal:///cat?v=2", "bal:///cat?v=latest"):
        assert traits_of(bal("resolve", ref))["named"] == {"name": "Martin"}


@pytest.mark.parametrize("ref, status", [
    ("bal:///cat?v=3", "entity_resolution_error"), ("bal:///cat?v=0", "malformed_entity_reference"),
    ("bal:///cat?v=x", "malformed_entity_reference"), ("bal:///", "malformed_entity_reference"),
    ("bal:///egg", "entity_resolution_error"), ("bal:///nobody", "entity_resolution_error"),
    ("sg://cat", "invalid_entity_reference"), ("", "invalid_entity_reference"),
])
def test_errors(bal, ref, status):
    row = bal("resolve", ref).expect(1).rows[0]
    assert row["status"] == status and row["message"]


@pytest.mark.parametrize("access, status", [
    ("read", "ok"), ("write", "ok"), ("managerDriven", "entity_resolution_error"),
    ("required", "entity_access_error"), ("createRelated", "ok")])
def test_access(bal, access, status):
    result = bal("resolve", "--access", access, "bal:///cat").expect(0 if status == "ok" else 1)
    assert result.rows[0]["status"] == status
    if access == "write":
        assert result.rows[0]["traits"] == {"located": {"url": "file:///tmp/martin.png"}}


def test_names_are_text(bal):
    result = bal("resolve", "--trait", "named", stdin="bal:///猫 with spaces\n".encode()).expect(0)
    assert result.rows[0]["traits"] == {"named": {"name": "Neko"}}


def test_strange_references(bal):
    given = b"bal:///\xff\nbal:///a\0b\n\n" + b"bal:///" + b"x" * (1 << 20) + b"\nbal:///cat\n"
    rows = bal("resolve", "--trait", "named", stdin=given).expect(1).rows
    assert len(rows) == 5 and rows[4]["status"] == "ok"
    assert all(row["status"] != "ok" and row["message"] for row in rows[:4])


def test_a_library_that_is_not_there(sheaf):
    result = sheaf("resolve", "--manager", "bal", "--setting", "library_path=/no/such.json", "x")
    assert result.status == 3 and "/no/such.json" in result.err


def test_a_library_that_is_broken(sheaf, tmp_path):
    (tmp_path / "broken.json").write_text('{"entities": {')
    result = sheaf("resolve", "--manager", "bal", "--setting", "library_path=broken.json", "x")
    assert result.status == 3 and "broken.json" in result.err


def test_no_library(sheaf):
    result = sheaf("resolve", "--manager", "bal", "x")
    assert result.status == 2 and "library_path" in result.err


def test_the_variable(sheaf, bal):
    env = {"BAL_LIBRARY_PATH": str(bal.library)}
    sheaf("resolve", "--manager", "bal", "bal:///cat", env=env).expect(0)


def test_a_library_as_text(sheaf):
    text = json.dumps({"entities": {"x": {"versions": [{"traits": {"t": {"k": 1}}}]}}})
    result = sheaf("resolve", "--manager", "bal", "--setting", f"library_json={text}",
                   "--setting", "entity_reference_url_scheme=my", "my:///x")
    assert traits_of(result) == {"t": {"k": 1}}


@pytest.mark.parametrize("value", ["abc", "-1", "1e999"])
def test_a_latency_that_is_none(bal, value):
    result = bal("resolve", "--setting", f"simulated_query_latency_ms={value}", "bal:///cat")
    assert result.status == 2 and "simulated_query_latency_ms" in result.err


def test_describe(sheaf):
    out = sheaf("managers", "--describe", "bal").expect(0).out
    for name in ("library_path", "library_json", "entity_reference_url_scheme",
                 "simulated_query_latency_ms"):
        assert name in out


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real libraries are not here")
def test_a_library_that_others_wrote(sheaf):
    result = sheaf("resolve", "--manager", "bal", "--setting",
                   f"library_path={SHARED / 'animals.json'}", "--trait", "named", "bal:///cat",
                   "bal:///dog").expect(0)
    assert [row["traits"]["named"]["name"] for row in result.rows] == ["Martin", "Pauline"]
