# SPDX-License-Identifier: Apache-2.0
"""Stands in for a Python build backend while pip downloads a source distribution.

pip prepares a source distribution's metadata even if it is only to be downloaded, which would install
the backend and perhaps configure a build (meson, Cython, two minutes). All that pip then wants to know
is name and version, which are pinned, and the hash is checked before.
"""
import os
import re
from pathlib import Path


def prepare_metadata_for_build_wheel(directory, config_settings=None):
    pinned = Path(os.environ["SHEAF_PINNED"]).read_text()
    name, version = re.search(r"^(\w+)==(\S+)", pinned, re.MULTILINE).groups()
    folder = Path(directory, f"{name}-{version}.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder.name


def build_wheel(directory, config_settings=None, metadata_directory=None):
    raise NotImplementedError("for downloading only")
