# SPDX-License-Identifier: Apache-2.0
"""The sqlite manager as a user of the command sees it. What it answers in full is tested beside it."""
import json
import sqlite3

import pytest

COLUMNS = 'name=named/name, age=animal/age, "is tame"=animal/tame as bool, photo=seen/photo'


@pytest.fixture
def zoo(tmp_path):
    path = tmp_path / "zoo.db"
    with sqlite3.connect(path) as db:
        db.executescript("""
            CREATE TABLE zoo(id TEXT PRIMARY KEY, name, age, "is tame", photo);
            INSERT INTO zoo VALUES('cat', 'Martin', 12, 1, x'00ff'), ('dog', 'Rex', 7.5, NULL, NULL),
                ('odd', 'O', 1, 'yes', NULL);
            CREATE VIEW old AS SELECT id, name FROM zoo WHERE age > 10;
        """)
    return path


@pytest.fixture
def ask(sheaf, zoo):
    def run(command, *args, settings=(), **options):
        given = {"path": zoo, "table": "zoo", "reference": "id", "columns": COLUMNS, **dict(settings)}
        pairs = [part for name, value in given.items() if value is not None
                 for part in ("--setting", f"{name}={value}")]
        return sheaf(command, "--manager", "sqlite", *pairs, *args, **options)

    return run


def test_resolve(ask):
    rows = ask("resolve", "cat", "dog", "cow", "odd").expect(1).rows
    assert rows[0]["traits"] == {"named": {"name": "Martin"}, "animal": {"age": 12, "tame": True},
                                 "seen": {"photo": "AP8="}}
    assert rows[1]["traits"] == {"named": {"name": "Rex"}, "animal": {"age": 7.5}}
    assert rows[2]["status"] == "entity_resolution_error" and "'cow'" in rows[2]["message"]
    assert "'is tame' of 'odd' holds TEXT" in rows[3]["message"]


def test_exists_and_traits(ask):
    assert [row["exists"] for row in ask("exists", "cat", "cow").expect(0).rows] == [True, False]
    assert ask("traits", "dog").expect(0).rows[0]["traits"] == ["named", "animal"]


def test_view_and_prefix(ask):
    settings = {"table": "old", "columns": "name=named/name", "prefix": "zoo:///"}
    rows = ask("resolve", "zoo:///cat", "zoo:///dog", "cat", settings=settings).expect(1).rows
    assert rows[0]["traits"] == {"named": {"name": "Martin"}}
    assert [row["status"] for row in rows[1:]] == ["entity_resolution_error", "invalid_entity_reference"]


@pytest.mark.parametrize("settings, words", [
    ({"path": "nothing.db"}, "does not exist"), ({"path": "."}, "is a folder"),
    ({"path": None}, "path"), ({"table": "zu"}, "it has: old, zoo"),
    ({"reference": "ref"}, "has no column 'ref'"), ({"columns": "size=a/b"}, "has no column 'size'"),
    ({"columns": "name"}, "without '='"), ({"table": None}, "set table too"),
    ({"table": None, "reference": None, "columns": None}, "sheaf import"),
    ({"busy_timeout_ms": "soon"}, "busy_timeout_ms")])
def test_refusals(ask, settings, words):
    result = ask("resolve", "cat", settings=settings)
    assert result.status in (2, 3) and words in result.err and result.raw == b""


def test_not_a_database(ask, tmp_path):
    (tmp_path / "text.db").write_text("words, and not a few of them, so that it is not empty\n" * 9)
    result = ask("resolve", "cat", settings={"path": "text.db"}).expect(3)
    assert "'" + str(tmp_path / "text.db") + "' is not an SQLite database" in result.err


def test_locked(ask, zoo):
    with sqlite3.connect(zoo, isolation_level=None) as db:
        db.execute("BEGIN EXCLUSIVE")
        result = ask("resolve", "cat", settings={"busy_timeout_ms": 20}).expect(3)
        assert "is locked by another program" in result.err
        db.execute("ROLLBACK")
    ask("resolve", "cat").expect(0)


def test_timeout(ask, zoo):
    with sqlite3.connect(zoo) as db:
        db.execute("CREATE VIEW slow AS SELECT 'a' AS id, (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL "
                   "SELECT n + 1 FROM c WHERE n < 1000000000000) SELECT count(*) FROM c) AS name")
    result = ask("resolve", "--timeout-ms", "50", "a",
                 settings={"table": "slow", "columns": "name=n/n"})
    assert result.status in (1, 3) and result.rows[0]["status"] == "deadline"


def test_described(sheaf):
    text = sheaf("managers", "--describe", "sqlite").expect(0).out
    for name in ("path", "table", "reference", "columns", "prefix", "busy_timeout_ms"):
        assert name in text


def test_checked(sheaf, zoo):
    """`sheaf check` finds nothing."""
    result = sheaf("check", "sqlite", "--ref", "cat", "--setting", f"path={zoo}", "--setting", "table=zoo",
                   "--setting", "reference=id", "--setting", "columns=name=named/name")
    assert result.status == 0, result.out + result.err


def test_an_imported_database_is_checked(sheaf, tmp_path):
    """All checks pass, and none is skipped."""
    library, database = tmp_path / "library.json", tmp_path / "db.sqlite"
    entities = {f"a{i}": {"versions": [{"traits": {"named": {"name": f"no {i}"}}}]} for i in range(300)}
    library.write_text(json.dumps({"entities": entities}))
    sheaf("import", "--from", str(library), "--to", str(database)).expect(0)
    refs = [word for i in range(20) for word in ("--ref", f"bal:///a{i}")]
    result = sheaf("check", "sqlite", "--setting", f"path={database}", *refs)
    assert result.out.splitlines()[-1] == "19 checks: 19 passed", result.out + result.err
