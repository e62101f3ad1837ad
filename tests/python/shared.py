# SPDX-License-Identifier: Apache-2.0
"""What tests and fixtures of the package use."""
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LIBRARY = {
    "entities": {
        "cat": {"versions": [{"traits": {"named": {"name": "Tomcat"}}},
                             {"traits": {"named": {"name": "Martin"},
                                         "animal": {"age": 12, "tame": True, "weight": 4.5}}}]},
        "dog": {"versions": [{"traits": {"named": {"name": "Rex"}, "animal": {"age": 3}}}]},
    }
}


def write_manifest(folder, id="chatty", library="chatty.so", **members):
    """A manifest for `library`, which need not be there."""
    manifest = folder / f"{id}.sheaf.json"
    manifest.write_text(json.dumps({
        "sheaf_manifest": 1, "id": id, "name": id, "version": "2.5",
        "abi": {"major": 1, "minor": 0, "min_minor": 0}, "library": library, **members}))
    return manifest
