# SPDX-License-Identifier: Apache-2.0
"""Plugins that other packages bring along: the entry point group `sheaf.plugins`."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from shared import write_manifest


@pytest.fixture
def site(tmp_path):
    """A folder of installed packages, and what a process that has it finds."""

    class Site:
        folder = tmp_path / "site"

        def install(self, package, entry_points, modules):
            """Installs a package: entry points as `name = value` lines, modules by file name."""
            info = self.folder / f"{package}-1.5.dist-info"
            info.mkdir(parents=True)
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.5\n")
            (info / "entry_points.txt").write_text("[sheaf.plugins]\n" + "\n".join(entry_points))
            for name, text in modules.items():
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

        def environment(self, **more):
            return {**os.environ, "PYTHONPATH": str(self.folder), **more}

        def managers(self, **more):
            code = ("import dataclasses, json, sheaf\n"
                    "found = sheaf.managers()\n"
                    "print(json.dumps([[dataclasses.asdict(row) for row in rows]\n"
                    "                  for rows in (found, found.places)], default=str))\n")
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                                  env=self.environment(**more), cwd=tmp_path, timeout=60)
            assert done.returncode == 0, done.stderr
            self.said = done.stderr
            rows, self.places = json.loads(done.stdout)
            return {row["id"]: row for row in rows if row["state"] != "shadowed"}

    return Site()


def plugin(folder, id):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{id}.so").touch()
    return write_manifest(folder, id, f"{id}.so")


def test_a_package_a_module_a_function_and_a_path(site, tmp_path):
    site.install("zoo", ["a = zoo", "b = single", "c = zoo.more:folder", "d = zoo.more:manifests",
                         "e = zoo.more:HERE"], {
        "zoo/__init__.py": "",
        "single.py": "",
        "zoo/more.py": "from pathlib import Path\n"
                       f"def folder(): return Path({str(tmp_path)!r}) / 'c'\n"
                       f"def manifests(): return [{str(tmp_path)!r} + '/d/dee.sheaf.json']\n"
                       f"HERE = {str(tmp_path)!r} + '/e'\n"})
    plugin(site.folder / "zoo", "ay")
    plugin(site.folder, "bee")
    plugin(tmp_path / "c", "see")
    plugin(tmp_path / "d", "dee")
    plugin(tmp_path / "d", "not-this-one")
    plugin(tmp_path / "e", "ee")
    found = site.managers()
    assert site.said == ""
    for id in ("ay", "bee", "see", "dee", "ee"):
        assert (found[id]["state"], found[id]["origin"]) == ("available", "package"), id
    assert "not-this-one" not in found
    places = [place["path"] for place in site.places if place["origin"] == "package"]
    assert places == [str(site.folder / "zoo"), str(site.folder), f"{tmp_path}/c",
                      f"{tmp_path}/d/dee.sheaf.json", f"{tmp_path}/e"]


@pytest.mark.parametrize(("value", "code", "reason"), [
    ("bad", "raise RuntimeError('not today')", "RuntimeError: not today"),
    ("bad", "import absent_module", "ModuleNotFoundError: No module named 'absent_module'"),
    ("bad", "raise SystemExit(3)", "SystemExit: 3"),
    ("bad:absent", "", "AttributeError"),
    ("absent_package", "", "ModuleNotFoundError"),
    ("bad:number", "number = 7", "TypeError: a int is no path"),
    ("bad:function", "def function(): return ['/fine', 7]", "TypeError"),
    ("bad:function", "def function(): raise KeyError('x')", "KeyError: 'x'"),
    ("bad:text", "text = b'/bytes'", "TypeError"),
    ("bad:text", "text = 'relative/path'", "'relative/path' is no absolute path"),
    ("bad:text", "text = '/nul\\0'", "has a NUL"),
])
def test_a_broken_one_is_told_of_and_stops_nothing(site, tmp_path, value, code, reason):
    plugin(tmp_path / "good", "good")
    site.install("broken", [f"broken = {value}"], {"bad.py": code})
    site.install("fine", ["later = fine:HERE"], {"fine.py": f"HERE = {str(tmp_path / 'good')!r}"})
    found = site.managers()
    assert found["good"]["state"] == "available"
    row = found["broken"]
    assert (row["state"], row["origin"], row["version"]) == ("refused", "package", "1.5")
    assert f'entry point "broken = {value}" of broken: ' in row["reason"]
    assert reason in row["reason"]
    assert reason.split(":")[0] in site.said and "Traceback" in site.said


def test_a_folder_that_is_not_there(site):
    site.install("gone", ["gone = gone:HERE"], {"gone.py": "HERE = '/not/there'"})
    assert "bal" in site.managers()
    (place,) = [place for place in site.places if place["path"] == "/not/there"]
    assert place["origin"] == "package" and "no such folder" in place["reason"]


def test_they_come_behind_the_hosts_own_and_behind_the_variable(site, tmp_path):
    site.install("mine", ["mine = mine:HERE"], {"mine.py": f"HERE = {str(tmp_path / 'mine')!r}"})
    mine = plugin(tmp_path / "mine", "same")
    variable = plugin(tmp_path / "variable", "same")
    assert site.managers()["same"]["manifest"] == str(mine)
    found = site.managers(SHEAF_PLUGIN_PATH=str(tmp_path / "variable"))
    assert found["same"]["manifest"] == str(variable)
    code = ("import sheaf, sys\n"
            "print(next(m.origin for m in sheaf.Library(plugin_paths=sys.argv[1:]).managers()\n"
            "           if m.id == 'same'))\n")
    said = subprocess.run([sys.executable, "-c", code, tmp_path / "variable"], capture_output=True,
                          text=True, env=site.environment(), check=True).stdout
    assert said == "host\n"


def test_the_command_finds_them_too(site, tmp_path):
    site.install("mine", ["mine = mine:HERE", "bad = absent"],
                 {"mine.py": f"HERE = {str(tmp_path / 'mine')!r}"})
    plugin(tmp_path / "mine", "same")
    variable = plugin(tmp_path / "variable", "same")
    command = Path(sys.executable).with_name("sheaf")

    def managers(**more):
        done = subprocess.run([command, "managers", "--format", "json"], capture_output=True,
                              text=True, env=site.environment(**more), cwd=tmp_path, check=True)
        assert done.stderr.startswith('sheaf: warning: entry point "bad = absent" of mine: Module')
        return [row for row in json.loads(done.stdout)["managers"] if row["id"] == "same"]

    (row,) = managers()
    assert row["state"] == "available"
    first, second = managers(SHEAF_PLUGIN_PATH=str(tmp_path / "variable"))
    assert first["library"] == str(variable.with_name("same.so"))
    assert second["state"] == "shadowed"
