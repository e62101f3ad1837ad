# SPDX-License-Identifier: Apache-2.0
"""What managers say of themselves, and which are found."""
import os
from pathlib import Path

import pytest
from shared import write_manifest

import sheaf


def test_description(chatty):
    library = sheaf.Library(plugin_paths=[chatty])
    described = library.describe("chatty")
    assert (described.id, described.name, described.version) == ("chatty", "chatty", "2.5")
    assert described.description == "Says much."
    assert described.verbs == ()
    with library.open("chatty") as manager:
        assert [verb.name for verb in manager.description.verbs] == ["sheaf.resolve/1"]
        assert manager.settings == described.settings
        assert manager.version == "2.5"
    assert manager.description.id == "chatty"  # closed, too
    lines, fraction, flag, text = described.settings
    assert lines == sheaf.SettingInfo(
        "lines", "int64", "0", "How many lines are logged by each batch, and by flushing.", False, False)
    assert (fraction.kind, flag.kind, text.kind) == ("double", "bool", "string")
    assert text.secret and text.default is None
    with pytest.raises(sheaf.NotFoundError):
        sheaf.describe("ball")


def test_description_of_bal(library_path):
    with sheaf.open("bal", library_path=library_path) as manager:
        assert manager.description.prefixes == ("bal:///",)
        assert {verb.name for verb in manager.description.verbs} == {
            "sheaf.resolve/1", "sheaf.exists/1", "sheaf.traits/1"}
        assert all(verb.pure and verb.idempotent for verb in manager.description.verbs)
        assert not manager.description.serialized and manager.description.nonblocking


def test_managers(tmp_path, chatty):
    (tmp_path / "one").mkdir()
    write_manifest(tmp_path / "one", "bal", "bal.so")
    (tmp_path / "one" / "bal.so").touch()
    (tmp_path / "one" / "odd.sheaf.json").write_text("{")
    found = sheaf.Library(plugin_paths=[tmp_path / "one", chatty, tmp_path / "absent"]).managers()
    states = {(row.id, row.state) for row in found}
    assert ("bal", "shadowed") in states and ("chatty", "available") in states
    (bad,) = [row for row in found if row.manifest and row.manifest.name == "odd.sheaf.json"]
    assert bad.state == "refused" and "in the middle of a value" in bad.reason
    (shadowed,) = [row for row in found if row.state == "shadowed"]
    assert shadowed.reason and shadowed.origin == "beside libsheaf"
    assert [place.origin for place in found.places[:3]] == ["host"] * 3
    assert found.places[0].plugin_count == 2
    assert "no such folder" in found.places[2].reason
    assert len(found) == len(list(found)) and found[-1] in found and found[0:1] == (found[0],)
    text = repr(found)
    assert text.splitlines()[0].split() == ["ID", "VERSION", "STATE", "FOUND", "BY", "WHERE"]
    assert str(chatty / "chatty.so") in text and f"{bad.manifest}: {bad.reason}" in text


def test_strict(tmp_path):
    folder = tmp_path / "open"
    folder.mkdir()
    write_manifest(folder)
    (folder / "chatty.so").touch()
    folder.chmod(0o777)
    found = sheaf.Library(plugin_paths=[folder], strict=True).managers()
    (bad,) = [row for row in found if row.origin == "host"]
    assert bad.state == "refused" and "written" in bad.reason


def test_bad_plugin_paths(tmp_path):
    for one in ("/usr", b"/usr", Path("/usr")):
        with pytest.raises(TypeError, match="give a list"):
            sheaf.Library(plugin_paths=one)
    with pytest.raises(ValueError, match="NUL"):
        sheaf.Library(plugin_paths=["a\0b"])
    with pytest.raises(TypeError):
        sheaf.Library(plugin_paths=[3])


def test_paths_that_are_not_utf8(tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    os.mkdir(folder)
    write_manifest(Path(folder))
    (row,) = [row for row in sheaf.Library(plugin_paths=[folder]).managers() if row.origin == "host"]
    assert str(row.manifest) == f"{folder}/chatty.sheaf.json"
