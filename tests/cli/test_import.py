# SPDX-License-Identifier: Apache-2.0
"""`sheaf import`, and that the database answers what the library does."""
import fcntl
import json
import os
import pty
import random
import shutil
import signal
import sqlite3
import time

import pytest
from conftest import ROOT

VERSION = "openassetio-mediacreation:lifecycle.Version"


@pytest.fixture
def make_library(tmp_path):
    def make(entities, name="library.json", **more):
        path = tmp_path / name
        path.write_text(json.dumps({"entities": entities, **more}, ensure_ascii=False))
        return path

    return make


@pytest.fixture
def do_import(sheaf, tmp_path):
    def run(library, *args, to="db.sqlite", **options):
        return sheaf("import", "--from", str(library), "--to", str(tmp_path / to), *args, **options)

    return run


def entity(*versions, **more):
    return {"versions": [{"traits": traits} for traits in versions], **more}


def one_of_each():
    """A property of each kind, and those that are hard to keep."""
    return {"a": {"s": "", "t": "Ä\n\t\"\\ \u007f 𝄞", "i": 9223372036854775807, "j": -1, "z": 0,
                  "d": 1.0, "e": 0.1, "f": -0.0, "g": 1e300, "h": 5e-324, "b": True, "c": False},
            "bare": {}, "b": {"path": "$root/x$$y", "u": "file:///a/../b"}}


def library_of_all():
    return {
        "plain": entity({"named": {"name": "p"}}),
        "kinds": entity(one_of_each(), {"z": {"k": 1}, "a": {"i": 1.0}, "y": {}}),
        "empty": entity({}), "bare only": entity({"x": {}}),
        "versioned": entity({"n": {"v": 1}}, {"n": {"v": 2}}, {"n": {"v": 3}, "m": {"v": "x"}}),
        "own tags": entity({VERSION: {"stableTag": "mine", "other": 3, "specifiedTag": 2}, "q": {"k": 1}}),
        "own other": entity({"q": {"k": 1}, VERSION: {"other": "o"}, "r": {"k": 2}}),
        "read": entity({"n": {"v": 1}}, {"n": {"v": 2}},
                       overrideByAccess={"read": {"traits": {"over": {"ride": 1}}}}),
        "write": entity({"n": {"v": 1}}, overrideByAccess={"write": {"traits": {"w": {"k": 1}}}}),
        "none": {"versions": []}, "null": None,
        "refused": entity({"n": {"v": 1}}, overrideByAccess={"read": {}}),
        "a/b": entity({"n": {"v": 4}}), "猫 with spaces": entity({"名": {"鍵": "値"}}),
        "q?x": entity({"n": {"v": 5}}), "h#x": entity({"n": {"v": 6}}), "plain?v=1": entity({}),
        "semi;colon": entity({"n": {"v": 7}}), "tab\tbed": entity({"n": {"v": 8}}),
    }


def questions(entities):
    refs = []
    for name, one in entities.items():
        count = len((one or {}).get("versions", []))
        refs += [f"bal:///{name}", *(f"bal:///{name}?v={n}" for n in range(1, count + 1))]
    return refs


def both(sheaf, library, db, command, refs, *args):
    """What bal and sqlite answer, line by line."""
    stdin = "".join(ref + "\n" for ref in refs).encode()
    answers = []
    for manager, setting in (("bal", f"library_path={library}"), ("sqlite", f"path={db}")):
        result = sheaf(command, "--manager", manager, "--setting", setting, "--format", "jsonl", *args,
                       stdin=stdin)
        assert result.status in (0, 1), result.err
        answers.append(result.raw.split(b"\n")[:-1])
        assert len(answers[-1]) == len(refs)
    return answers


def assert_same(sheaf, library, db, refs, imported):
    commands = [("resolve",), ("traits",), ("exists",), ("resolve", "--trait", VERSION),
                ("resolve", "--trait", "n", "--trait", "a", "--trait", VERSION),
                ("resolve", "--trait", "nothing")]
    for command, *args in commands:
        for ref, one, other in zip(refs, *both(sheaf, library, db, command, refs, *args)):
            if ref in imported:
                assert one == other, (command, args, ref)
            elif command != "exists":
                assert json.loads(one)["status"] != "ok" and json.loads(other)["status"] != "ok"


def test_all_kinds(sheaf, make_library, do_import, tmp_path):
    entities = library_of_all()
    library = make_library(entities, variables={"root": "/mnt/$zoo"})
    result = do_import(library).expect(0)
    refs = [ref for ref in questions(entities) if "\t" not in ref]
    fine = {json.loads(line)["ref"]
            for line in both(sheaf, library, tmp_path / "db.sqlite", "resolve", refs)[0]
            if json.loads(line)["status"] == "ok"}
    assert len(fine) > 25 and "bal:///none" not in fine
    others = ["bal:///plain?v=2", "bal:///nobody", "bal:///versioned?v=x", "sg:///plain", "", "bal:///"]
    assert_same(sheaf, library, tmp_path / "db.sqlite", refs + others, fine)
    assert f"of {len(entities)} entities" in result.out
    assert "have no answer and were left out, the first" in result.err
    assert "/mnt/$zoo/x$y" in sheaf("resolve", "--manager", "sqlite", "--setting", "path=db.sqlite",
                                    "bal:///kinds?v=1").expect(0).out


def test_sample_library(sheaf, do_import, tmp_path):
    library = ROOT / "tests" / "data" / "cli" / "library.json"
    do_import(library).expect(0)
    refs = ["bal:///cat", "bal:///cat?v=1", "bal:///cat?v=2", "bal:///猫 with spaces"]
    assert_same(sheaf, library, tmp_path / "db.sqlite", refs + ["bal:///egg", "bal:///cat?v=3"], refs)


def test_many(sheaf, make_library, do_import, tmp_path):
    """Several batches; names and values by chance."""
    dice = random.Random(7)
    pool = ["", "x", "ü", "?", "a b", "=", "\u0001", "\"", "\\", "%41", "😀"]

    def text():
        return "".join(dice.choice(pool) for _ in range(dice.randrange(6)))

    def value():
        return dice.choice([text(), dice.randrange(-2**63, 2**63), dice.random() * 10**dice.randrange(-9, 9),
                            True, False])

    def traits():
        return {f"t{dice.randrange(9)}{text()}": {f"k{n}": value() for n in range(dice.randrange(4))}
                for _ in range(dice.randrange(5))}

    entities = {f"e{n}{text()}": entity(*(traits() for _ in range(dice.randrange(1, 4))))
                for n in range(1500)}
    library = make_library(entities)
    do_import(library).expect(0)
    refs = [ref for ref in questions(entities) if "\n" not in ref]
    for command, *args in [("resolve",), ("traits", "--batch-size", "5000")]:
        lines = both(sheaf, library, tmp_path / "db.sqlite", command, refs, *args)
        fine = 0
        for one, other in zip(*lines):
            if json.loads(one)["status"] == "ok":
                fine += 1
                assert one == other
            else:  # a name with a question mark is not a name to bal
                assert json.loads(other)["status"] != "ok"
        assert fine > 2000


def test_scheme_and_settings(sheaf, make_library, do_import, tmp_path):
    library = make_library({"x": entity({"n": {"v": 1}})})
    (tmp_path / "sheaf.json").write_text(json.dumps(
        {"manager": "bal", "settings": {"library_json": "{}", "library_path": "/nowhere"}}))
    do_import(library, "--setting", "entity_reference_url_scheme=zoo").expect(0)
    result = sheaf("resolve", "--manager", "sqlite", "--setting", "path=db.sqlite", "zoo:///x")
    assert result.expect(0).rows[0]["traits"] == {"n": {"v": 1}}
    assert "zoo:///" in sheaf("resolve", "--manager", "sqlite", "--setting", "path=db.sqlite",
                              "bal:///x").expect(1).rows[0]["message"]


def test_readable_with_sql(make_library, do_import, tmp_path):
    do_import(make_library({"x": entity({"n": {"v": 1, "s": "t", "b": True}})})).expect(0)
    with sqlite3.connect(tmp_path / "db.sqlite") as db:
        rows = db.execute("SELECT trait, key, value, type FROM sheaf_property "
                          "WHERE ref = 'bal:///x' AND role = 0 ORDER BY key").fetchall()
        assert rows == [("n", "b", 1, "true"), ("n", "s", "t", "text"), ("n", "v", 1, "integer")]
        meta = dict(db.execute("SELECT name, value FROM sheaf_meta"))
        assert meta["format"] == 1 and meta["prefix"] == "bal:///" and meta["references"] == 2
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_same_again(make_library, do_import, tmp_path):
    """But for the counter that tells one import from the next."""
    library = make_library(library_of_all())
    do_import(library).expect(0)
    first = bytearray((tmp_path / "db.sqlite").read_bytes())
    do_import(library).expect(0)
    second = bytearray((tmp_path / "db.sqlite").read_bytes())
    assert first[24:28] != second[24:28] and first[92:96] == first[24:28]
    for text in (first, second):
        text[24:28] = text[92:96] = b"\0\0\0\0"
    assert first == second


# --------------------------------------------------------------------------------- what must not be


@pytest.mark.parametrize("text, words", [
    (None, "nothing.json"), ("{", "nothing.json"), ("[]", "nothing.json"), ("{\"entities\": 1}", "entities"),
    ("{\"entities\": {\"a\": {\"versions\": [{\"traits\": {\"t\": {\"k\": [1]}}}]}}}", "nothing.json")])
def test_bad_library(do_import, tmp_path, text, words):
    if text is not None:
        (tmp_path / "nothing.json").write_text(text)
    result = do_import(tmp_path / "nothing.json").expect(3)
    assert words in result.err and len(result.err.splitlines()) == 1
    assert not list(tmp_path.glob("db*"))


@pytest.mark.parametrize("args, words", [
    ((), "--from"), (("--from", "x"), "--to"), (("--to", "x"), "--from"),
    (("--from", "a", "--to", "b", "c"), "'c'"), (("--bogus",), "--bogus"), (("--from",), "wants a value"),
    (("--from", "a", "--to", "b", "--manager", "sqlite"), "--manager")])
def test_usage(sheaf, args, words):
    result = sheaf("import", *args).expect(2)
    assert words in result.err


def test_help(sheaf):
    assert "--force" in sheaf("help", "import").expect(0).out
    assert "import" in sheaf("help").expect(0).out


def test_target_is_not_ours(make_library, do_import, tmp_path):
    library = make_library({"x": entity({})})
    target = tmp_path / "db.sqlite"
    for content in (b"", b"precious", None):
        if content is None:
            target.unlink()
            with sqlite3.connect(target) as db:
                db.execute("CREATE TABLE precious(x)")
            content = target.read_bytes()
        else:
            target.write_bytes(content)
        result = do_import(library).expect(2)
        assert "--force" in result.err and target.read_bytes() == content
    do_import(library, "--force").expect(0)
    do_import(library).expect(0)
    assert sorted(path.name for path in tmp_path.glob("db*")) == ["db.sqlite"]


def test_target_is_a_folder(make_library, do_import, tmp_path):
    (tmp_path / "db.sqlite").mkdir()
    assert "is a folder" in do_import(make_library({}), "--force").expect(2).err
    assert "No such file" in do_import(make_library({}), to="no/such/db").expect(3).err


def test_target_keeps_link_and_mode(make_library, do_import, tmp_path):
    library = make_library({"x": entity({})})
    do_import(library, to="real.sqlite").expect(0)
    (tmp_path / "real.sqlite").chmod(0o640)
    (tmp_path / "db.sqlite").symlink_to("real.sqlite")
    do_import(library).expect(0)
    assert (tmp_path / "db.sqlite").is_symlink()
    assert (tmp_path / "real.sqlite").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_target_has_a_journal(make_library, do_import, tmp_path, ending):
    library = make_library({"x": entity({})})
    do_import(library).expect(0)
    (tmp_path / ("db.sqlite" + ending)).write_bytes(b"something")
    assert ending in do_import(library, "--force").expect(3).err


def test_the_library_is_not_written_over(make_library, do_import, tmp_path):
    library = make_library({"x": entity({})})
    before = library.read_bytes()
    (tmp_path / "link").symlink_to(library)
    assert "the same file" in do_import(library, "--force", to="link").expect(2).err
    assert library.read_bytes() == before


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_a_journal_without_its_database(make_library, do_import, tmp_path, ending):
    (tmp_path / ("db.sqlite" + ending)).write_bytes(b"something")
    assert "remove this file" in do_import(make_library({"x": entity({})})).expect(3).err
    assert not (tmp_path / "db.sqlite").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_not_writable(make_library, do_import, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    assert "cannot make" in do_import(make_library({}), to="locked/db").expect(3).err


def test_temporary_file_is_not_ours(make_library, do_import, tmp_path):
    library = make_library({"x": entity({})})
    other = tmp_path / "precious"
    other.write_text("keep")
    temporary = tmp_path / "db.sqlite.importing"
    temporary.symlink_to(other)
    do_import(library).expect(3)
    temporary.unlink()
    os.link(other, temporary)
    do_import(library).expect(3)
    assert other.read_text() == "keep" and temporary.exists()


def test_no_space(sheaf, make_library, tmp_path):
    """The old database stays, and nothing else."""
    library = make_library({f"e{n}": entity({"n": {"v": "x" * 1000}}) for n in range(2000)})
    small = make_library({"x": entity({})}, "small.json")
    sheaf("import", "--from", str(small), "--to", "db.sqlite").expect(0)
    before = (tmp_path / "db.sqlite").read_bytes()

    def limit():
        import resource
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))

    result = sheaf("import", "--from", str(library), "--to", "db.sqlite", preexec_fn=limit).expect(3)
    assert "cannot write" in result.err
    assert (tmp_path / "db.sqlite").read_bytes() == before
    assert sorted(path.name for path in tmp_path.glob("db*")) == ["db.sqlite"]


# ------------------------------------------------------------------------------------ interruptions


@pytest.fixture
def large_library(make_library):
    return make_library({f"e{n}": entity({"n": {"v": n, "s": "x" * 50}}, {"n": {"v": n}})
                         for n in range(60000)})


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_interrupted(sheaf, large_library, make_library, do_import, tmp_path, ending):
    small = make_library({"x": entity({"n": {"v": 1}})}, "small.json")
    do_import(small).expect(0)
    before = (tmp_path / "db.sqlite").read_bytes()
    temporary = tmp_path / "db.sqlite.importing"
    process = sheaf.start("import", "--from", str(large_library), "--to", "db.sqlite")
    wait_for(lambda: temporary.exists() and temporary.stat().st_size > 100000)
    process.send_signal(ending)
    _, err = process.communicate(timeout=60)
    assert process.returncode == (130 if ending == signal.SIGINT else -ending), err
    assert (tmp_path / "db.sqlite").read_bytes() == before
    assert temporary.exists() == (ending == signal.SIGKILL)
    do_import(small).expect(0)  # takes over what was left
    assert not temporary.exists()


def test_two_at_once(sheaf, large_library, make_library, do_import, tmp_path):
    library = make_library({"x": entity({})}, "small.json")
    temporary = tmp_path / "db.sqlite.importing"
    with open(temporary, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another import is making" in do_import(library).expect(3).err
        assert temporary.exists()
    do_import(library).expect(0)


def test_progress(sheaf, large_library, tmp_path):
    master, slave = pty.openpty()
    process = sheaf.start("import", "--from", str(large_library), "--to", "db.sqlite", stderr=slave)
    os.close(slave)
    shown = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    out, _ = process.communicate(timeout=60)
    os.close(master)
    assert process.returncode == 0
    assert b"importing [" in shown and b"of 180000" in shown and shown.rstrip().endswith(b"\x1b[K")
    assert out == b"imported 180000 references of 60000 entities\n"


def test_no_progress_elsewhere(make_library, do_import):
    assert do_import(make_library({"x": entity({})})).expect(0).err == ""


def test_readers_notice(sheaf, make_library, do_import, tmp_path):
    """A process that has the database open answers from the new one, also if it was copied over."""
    first = make_library({"x": entity({"n": {"v": "first"}})}, "first.json")
    second = make_library({"x": entity({"m": {"w": "other"}})}, "second.json")
    do_import(first).expect(0)
    do_import(second, to="second.sqlite").expect(0)
    import subprocess
    with sheaf.start("resolve", "--manager", "sqlite", "--setting", "path=db.sqlite", "--batch-size", "1",
                     "--format", "jsonl", "-", stdin=subprocess.PIPE, bufsize=0) as process:

        def ask():
            process.stdin.write(b"bal:///x\n")
            return json.loads(process.stdout.readline())["traits"]

        assert ask() == {"n": {"v": "first"}}
        shutil.copyfile(tmp_path / "second.sqlite", tmp_path / "db.sqlite")
        assert ask() == {"m": {"w": "other"}}
        do_import(first).expect(0)
        assert ask() == {"n": {"v": "first"}}
        process.stdin.close()
