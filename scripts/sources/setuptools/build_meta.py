# SPDX-License-Identifier: Apache-2.0
"""Stands in for setuptools while pip downloads: see mesonpy.py."""
from mesonpy import build_wheel, prepare_metadata_for_build_wheel  # noqa: F401
