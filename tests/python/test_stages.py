# SPDX-License-Identifier: Apache-2.0
"""Stages that the configuration file puts on its manager."""
import json

import pytest
from hosting import Says

import sheaf


def configure(folder, **members):
    path = folder / "sheaf.json"
    path.write_text(json.dumps(members))
    return path


def test_they_stand_on_the_manager(tmp_path):
    """`batch` asks about two at a time."""
    config = configure(tmp_path, manager="says", stages=[{"stage": "batch", "batchers": "size(2)"}])
    Says.asked = []
    with sheaf.Library(config=config) as library:
        library.register(Says)
        with library.open() as manager:
            assert manager.id == manager.description.id == "says"
            batch = manager.resolve(["is a", "is b", "is c"])
            assert [one["named"]["name"] for one in batch] == ["a", "b", "c"]
            assert [asked.refs for asked in Says.asked] == [["is a", "is b"], ["is c"]]
        with pytest.raises(sheaf.ClosedError):
            manager.resolve(["is a"])


def test_they_are_not_on_another(tmp_path, library_path):
    config = configure(tmp_path, manager="says", stages=["dedupe"])
    Says.asked = []
    with sheaf.Library(config=config) as library:
        assert library.open("bal", library_path=library_path).resolve(["bal:///cat"]).ok


def test_what_is_wrong_is_said(tmp_path, library_path):
    config = configure(tmp_path, manager="bal", settings={"library_path": str(library_path)},
                       stages=["dedup"])
    with pytest.raises(sheaf.SheafError, match="dedup"):
        sheaf.open(config=config)
