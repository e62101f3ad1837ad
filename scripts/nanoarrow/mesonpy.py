# SPDX-License-Identifier: Apache-2.0
"""Stands in for nanoarrow's Python build backend while pip downloads its sources.

pip prepares a source distribution's metadata even if it is only to be downloaded, which would install
meson and Cython and configure a build of several libraries (two minutes). All that pip then wants to
know is name and version, which are pinned, and the hash is checked before.
"""
import re
from pathlib import Path


def prepare_metadata_for_build_wheel(directory, config_settings=None):
    pinned = Path(__file__).with_name("requirements.txt").read_text()
    name, version = re.search(r"^(\w+)==(\S+)", pinned, re.MULTILINE).groups()
    folder = Path(directory, f"{name}-{version}.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder.name


def build_wheel(directory, config_settings=None, metadata_directory=None):
    raise NotImplementedError("for downloading only")
