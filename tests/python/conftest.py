# SPDX-License-Identifier: Apache-2.0
"""What the package's tests share. They run in an interpreter that has it installed: `make python`."""
import itertools
import json
from pathlib import Path

import pytest

import sheaf

ROOT = Path(__file__).resolve().parents[2]

LIBRARY = {
    "entities": {
        "cat": {"versions": [{"traits": {"named": {"name": "Tomcat"}}},
                             {"traits": {"named": {"name": "Martin"},
                                         "animal": {"age": 12, "tame": True, "weight": 4.5}}}]},
        "dog": {"versions": [{"traits": {"named": {"name": "Rex"}, "animal": {"age": 3}}}]},
    }
}


@pytest.fixture
def library_path(tmp_path):
    """A library of the manager `bal`: bal:///cat and bal:///dog."""
    path = tmp_path / "library.json"
    path.write_text(json.dumps(LIBRARY))
    return path


# ------------------------------------------------------------------------------- managers in Python


@pytest.fixture
def library():
    """One of its own, so that what is registered is gone afterwards."""
    with sheaf.Library() as made:
        yield made


@pytest.fixture
def serve(library):
    """Opens a manager of a class, or of one whose `resolve` is this function (refs, request)."""
    numbers = itertools.count()

    def open_it(what, **settings):
        if not isinstance(what, type):
            what = sheaf.manager(f"served-{next(numbers)}")(what)
        library.register(what)
        return library.open(what.id, **settings)
    return open_it


@pytest.fixture
def logged(capfd, caplog):
    """What was logged so far, as text."""
    heard = []

    def read():
        heard.append(capfd.readouterr().err)
        return "".join(heard) + caplog.text
    return read
