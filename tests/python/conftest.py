# SPDX-License-Identifier: Apache-2.0
"""What the package's tests share. They run in an interpreter that has it installed: `make python`."""
import json
from pathlib import Path

import pytest

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
