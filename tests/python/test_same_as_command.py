# SPDX-License-Identifier: Apache-2.0
"""What comes back in Python is what the command `sheaf` prints, for every reference."""
import base64
import json
import subprocess
import sys

import pytest
from shared import ROOT

import sheaf
from sheaf._command import COMMAND


def plain(value):
    """As the command writes it in JSON."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return [plain(item) for item in value] if isinstance(value, list) else value


def rows(batch, verb):
    """The lines that the command would print."""
    for index, (ref, result) in enumerate(zip(batch.refs, batch)):
        row = {"index": index, "ref": ref, "status": "ok"}
        if isinstance(result, sheaf.ElementError):
            row |= {"status": result.status.name.lower(), "message": result.message}
            if result.retryable:
                row["retryable"] = True
        elif verb == "resolve":
            row["traits"] = {trait: {key: plain(value) for key, value in properties.items()}
                             for trait, properties in result.items()}
        else:
            row[verb] = result if verb == "exists" else sorted(result)
        yield row


def run(verb, config, refs, *options):
    return subprocess.run([COMMAND, verb, "--config", config, "--format", "jsonl", *options, "--", *refs],
                          stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8")


def printed(batch, *arguments):
    """The lines; the exit status says of the batch what Python says of it."""
    done = run(*arguments)
    assert done.returncode == (3 if batch.status else 1 if batch.failed else 0), done.stderr
    lines = [json.loads(line) for line in done.stdout.split("\n")[:-1]]
    for line in lines:
        if isinstance(line.get("traits"), list):
            line["traits"].sort()
    return lines


def configure(folder, library, settings):
    config = folder / "sheaf.json"
    config.write_text(json.dumps({
        "manager": "bal", "settings": {"library_path": str(library), **settings}}).replace("$", "$$"))
    return config


def compare(config, refs, verb, traits=None, access="read"):
    """Both ways, for these references; in Python also one after another."""
    options = ["--access", access]
    for trait in traits or ():
        options += ["--trait", trait]
    keywords = {"traits": traits} if verb == "resolve" else {}
    with sheaf.open(config=config) as manager:
        batch = getattr(manager, verb)(refs, access=access, **keywords)
        assert list(rows(batch, verb)) == printed(batch, verb, config, refs, *options)
        one_by_one = manager.iter if verb == "resolve" else getattr(manager, f"iter_{verb}")
        assert [str(one) for one in one_by_one(refs, access=access, chunk=7, **keywords)] == [
            str(one) for one in batch]


@pytest.mark.parametrize("verb, traits", [
    ("resolve", None), ("resolve", ["openassetio-mediacreation:identity.DisplayName"]), ("exists", None),
    ("traits", None)])
def test_the_demo(tmp_path, verb, traits):
    library = tmp_path / "library.json"
    subprocess.run([sys.executable, ROOT / "demo/make_library.py", library], check=True,
                   stdout=subprocess.DEVNULL)
    listed = subprocess.run([sys.executable, ROOT / "demo/list_refs.py", library], check=True,
                            capture_output=True, text=True).stdout.splitlines()
    bad = (ROOT / "demo/bad_refs.txt").read_text().splitlines()
    compare(configure(tmp_path, library, {}), [*listed[:1500], *bad], verb, traits)


def usable(ref):
    """Can it be an argument of a command?"""
    return "\0" not in ref and not any("\ud800" <= c <= "\udfff" for c in ref)


def test_every_vector(tmp_path, caplog):
    """What the tests of `bal` ask: odd references, odd libraries, all modes of access."""
    caplog.set_level("ERROR", "sheaf")  # bal warns of much that is odd
    vectors = json.loads((ROOT / "tests/data/bal/vectors.json").read_text())
    compared = refused = 0
    for vector in vectors:
        refs = [ref for ref in vector["refs"] if usable(ref)]
        traits = vector["traits"] or None
        # That no traits are wanted is what the command has no words for; "" is no name of one.
        if vector["verb"] == "load" or not refs or "" in (traits or ()) or (
                vector["verb"] == "resolve" and traits is None):
            continue
        library = tmp_path / "library.json"
        library.write_text(json.dumps(vector.get("library", {})))
        config = configure(tmp_path, library, vector["settings"])
        try:
            sheaf.open(config=config).close()
        except sheaf.SheafError as error:
            refused += 1
            assert str(error) in run(vector["verb"], config, refs).stderr
        else:
            compare(config, refs, vector["verb"], traits, vector["access"])
            compared += len(refs)
    assert compared > 1000 and refused > 0
