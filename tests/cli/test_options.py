# SPDX-License-Identifier: Apache-2.0
"""The command line, and what is said when it is wrong."""
import os

import pytest


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["help"], ["help", "help"]])
def test_help(sheaf, args):
    out = sheaf(*args).expect(0).out
    for command in ("managers", "resolve", "exists", "traits", "check"):
        assert f"\n  {command} " in out


@pytest.mark.parametrize("command", ["managers", "resolve", "exists", "traits", "check"])
def test_help_of_a_command(sheaf, command):
    out = sheaf("help", command).expect(0).out
    assert out.startswith(f"usage: sheaf {command}") and "--setting" in out
    assert sheaf(command, "--help").expect(0).out == out
    assert sheaf(command, "-h").expect(0).out == out
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("args", [["--version"], ["-V"]])
def test_version(sheaf, args):
    assert sheaf(*args).expect(0).out.startswith("sheaf 0.")


def test_nothing_at_all(sheaf):
    result = sheaf().expect(2)
    assert "usage: sheaf" in result.err and result.raw == b""


@pytest.mark.parametrize("args, words", [
    (["frob"], ["'frob'", "sheaf help"]),
    (["--frob"], ["'--frob'", "sheaf help"]),
    (["help", "frob"], ["'frob'"]),
    (["resolve", "--frob", "x"], ["--frob", "sheaf help resolve"]),
    (["resolve", "-q", "x"], ["'-q'", "sheaf help resolve"]),
    (["resolve", "-hq"], None),
    (["resolve", "--trait"], ["--trait", "wants a value"]),
    (["resolve", "--stop-on-error=yes", "x"], ["--stop-on-error=yes"]),
    (["resolve", "--format", "xml", "x"], ["xml", "table", "jsonl", "csv"]),
    (["resolve", "--access", "execute", "x"], ["execute", "read", "managerDriven"]),
    (["resolve", "--setting", "novalue", "x"], ["novalue", "NAME=VALUE"]),
    (["resolve", "--setting", "=value", "x"], ["=value", "NAME=VALUE"]),
    (["resolve", "--plugin-path", "", "x"], ["--plugin-path"]),
    (["resolve", "--plugin-path", "/no/such", "x"], ["--plugin-path '/no/such'", "no such folder"]),
    (["managers", "--plugin-path", "no/such"], ["--plugin-path 'no/such'", "no such folder"]),
    (["check", "--plugin-path", "/dev/null", "bal"], ["'/dev/null'", "NAME.sheaf.json"]),
    (["import", "--plugin-path", "/dev/null/x"], ["'/dev/null/x'", "Not a directory"]),
    (["exists", "--trait", "t", "x"], ["exists: --trait", "sheaf resolve"]),
    (["traits", "--trait", "t", "x"], ["traits: --trait", "sheaf resolve"]),
    (["exists", "--property", "t/k", "x"], ["exists: --property", "sheaf resolve"]),
    (["resolve", "--manager", "", "x"], ["--manager", "sheaf managers"]),
    (["resolve", "x"], ["--manager", "sheaf managers"]),
    (["managers", "bal"], ["'bal'", "--describe"]),
    (["managers", "--format", "csv"], ["csv", "json"]),
    (["managers", "--describe"], ["--describe"]),
])
def test_usage_errors(sheaf, args, words):
    result = sheaf(*args)
    if words is None:  # the first of two letters counts
        result.expect(0)
        return
    result.expect(2)
    assert result.raw == b"" and result.err.startswith("sheaf: ")
    for word in words:
        assert word in result.err


def test_a_relative_plugin_path(sheaf, make_plugin_folder):
    folder = make_plugin_folder()
    manifest = folder / "odd.sheaf.json"
    for path in (folder, manifest):
        relative = os.path.relpath(path, sheaf.folder)
        result = sheaf("resolve", "--plugin-path", relative, "--manager", "odd", "--setting", "token=t",
                       "empty")
        assert result.expect(0).err == ""


@pytest.mark.parametrize("size", ["0", "-1", "x", "", "1x", " 1", "+1", "1.5", "1e3", "2147483648",
                                  "4294967296", "99999999999999999999999999"])
def test_batch_sizes_that_are_none(odd, size):
    result = odd("resolve", "--batch-size", size, "empty").expect(2)
    assert f"--batch-size '{size}'" in result.err and "2147483647" in result.err


@pytest.mark.parametrize("limit", ["0", "-5", "soon", "99999999999999999"])
def test_timeouts_that_are_none(odd, limit):
    assert "--timeout-ms" in odd("resolve", "--timeout-ms", limit, "empty").expect(2).err


@pytest.mark.parametrize("trait", ["", "x" * 1025])
def test_a_trait_that_cannot_be_a_name(odd, trait):
    assert "--trait" in odd("resolve", "--trait", trait, "empty").expect(2).err


def test_settings_reach_the_manager(odd):
    given = [word for pair in ("count=-0", "ratio=1e3", "flag=true", "label=a=b c")
             for word in ("--setting", pair)]
    row = odd("resolve", *given, "settings").expect(0).rows[0]
    assert row["traits"]["settings"] == {"count": 0, "ratio": 1000.0, "flag": True,
                                         "label": "a=b c"}


def test_the_last_setting_of_a_name_wins(odd):
    row = odd("resolve", "--setting", "count=1", "--setting", "label=x", "--setting", "count=2",
              "settings").expect(0).rows[0]
    assert row["traits"]["settings"]["count"] == 2 and row["traits"]["settings"]["label"] == "x"


def test_defaults_of_settings(odd):
    row = odd("resolve", "settings").expect(0).rows[0]
    assert row["traits"]["settings"] == {"count": 3, "ratio": 0.5, "flag": False, "label": ""}


@pytest.mark.parametrize("setting, words", [
    ("cuont=1", ["cuont", "count", "ratio", "flag", "label"]),
    ("count=many", ["count", "many"]),
    ("flag=perhaps", ["flag", "perhaps"]),
    ("ratio=", ["ratio"]),
    ("count=-7", ["count", "negative"]),
])
def test_settings_that_are_wrong(odd, setting, words):
    result = odd("resolve", "--setting", setting, "empty").expect(2)
    assert result.raw == b""
    for word in words:
        assert word in result.err


def test_a_required_setting_that_is_missing(sheaf, make_plugin_folder):
    result = sheaf("resolve", "--plugin-path", make_plugin_folder(), "--manager", "odd", "empty")
    assert "token" in result.expect(2).err


def test_a_secret_is_not_printed(odd):
    result = odd("resolve", "--setting", "token=hunter2", "--setting", "cuont=1", "empty").expect(2)
    assert "hunter2" not in result.err
