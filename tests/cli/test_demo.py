# SPDX-License-Identifier: Apache-2.0
"""The demo is the first thing that a new user runs."""
import json
import os
import subprocess
import sys

from conftest import ROOT, SHEAF, TIMEOUT


def run_demo(tmp_path, **env):
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("SHEAF_", "LIBRARY"))}
    return subprocess.run([ROOT / "scripts" / "demo.sh"], cwd=tmp_path, capture_output=True,
                          env={**keep, "SHEAF_BIN": str(SHEAF), **env}, timeout=TIMEOUT, text=True)


def test_the_library_is_the_same_every_time(tmp_path):
    for name in ("a/1.json", "a/2.json"):
        subprocess.run([sys.executable, ROOT / "demo" / "make_library.py", tmp_path / name],
                       check=True)
    text = (tmp_path / "a/1.json").read_bytes()
    assert text == (tmp_path / "a/2.json").read_bytes()
    assert 3_500 < len(json.loads(text)["entities"]) < 4_500


def test_the_tour(tmp_path):
    done = run_demo(tmp_path)
    assert done.returncode == 0, done.stderr
    for text in ("beside libsheaf", "灯りの海", "entity_resolution_error",
                 "malformed_entity_reference", "invalid_entity_reference", "(exit status 1)",
                 "times faster"):
        assert text in done.stdout
    assert "\x1b" not in done.stdout


def test_a_library_of_ones_own(tmp_path, bal):
    done = run_demo(tmp_path, LIBRARY=str(bal.library))
    assert done.returncode == 0, done.stderr
    assert "Martin" in done.stdout and "times faster" in done.stdout
