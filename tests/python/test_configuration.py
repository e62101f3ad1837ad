# SPDX-License-Identifier: Apache-2.0
"""Configuration files, as the command reads them."""
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

import sheaf
from sheaf import _log


@pytest.fixture
def config(tmp_path, library_path):
    """Writes a configuration file."""

    def write(**members):
        path = tmp_path / "sheaf.json"
        path.write_text(json.dumps(members))
        return path

    return write


BAL = {"manager": "bal", "settings": {"library_path": "${config_dir}/library.json"}}


def test_a_configuration_file(config):
    path = config(**BAL)
    with sheaf.open(config=path) as manager:
        assert manager.id == "bal"
        assert manager.library.config_path == path
    with pytest.raises(sheaf.ClosedError, match="the library is closed"):
        manager.library.managers()


def test_the_configuration_that_the_command_would_take(config, monkeypatch, tmp_path):
    path = config(**BAL)
    monkeypatch.setenv("SHEAF_CONFIG", str(path))
    with sheaf.open() as manager:
        assert manager.id == "bal"
    monkeypatch.delenv("SHEAF_CONFIG")
    with pytest.raises(sheaf.ConfigError, match="which manager.*there is no configuration"):
        sheaf.open()
    monkeypatch.chdir(tmp_path)
    with sheaf.open() as manager:
        assert manager.library.config_path == path


def test_without_being_asked_no_file_of_the_working_folder_is_read(config, monkeypatch, tmp_path):
    config(manager=3)
    monkeypatch.chdir(tmp_path)
    assert sheaf.Library().config_path is None
    with pytest.raises(sheaf.ConfigError, match='"manager"'):
        sheaf.open()


def test_settings_given_go_before_those_of_the_file(config, tmp_path):
    path = config(**BAL)
    with pytest.raises(sheaf.SystemFailure, match="other.json"):
        sheaf.open(config=path, library_path=tmp_path / "other.json")
    with sheaf.open("bal", config=path, simulated_query_latency_ms=1) as manager:
        assert manager.id == "bal"
    # None leaves out what the file says.
    with pytest.raises(sheaf.SheafError):
        sheaf.open(config=path, library_path=None)


def test_settings_of_the_file_are_for_its_own_manager(config, chatty):
    path = config(**BAL, plugin_paths=[str(chatty)])
    with sheaf.open("chatty", config=path) as manager:
        assert manager.id == "chatty"


def test_settings_of_a_file_that_names_no_manager(config, chatty, caplog):
    caplog.set_level(logging.INFO, "sheaf")
    path = config(settings={"fraction": 0.25}, plugin_paths=[str(chatty)])
    with sheaf.open("chatty", config=path):
        _log.log.flush()
        assert "0.25" in caplog.messages[0]
    with pytest.raises(sheaf.ConfigError, match=f"which manager.*{path} names none"):
        sheaf.open(config=path)


@pytest.mark.parametrize(("text", "message"), [
    ("{", "sheaf.json"), ('{"manger": "bal"}', "manger"), ("[]", "sheaf.json")])
def test_bad_configuration_files(tmp_path, text, message):
    path = tmp_path / "sheaf.json"
    path.write_text(text)
    with pytest.raises(sheaf.ConfigError, match=message) as raised:
        sheaf.open(config=path)
    assert isinstance(raised.value, ValueError)


def test_a_configuration_file_that_is_not_there(tmp_path):
    with pytest.raises(sheaf.SheafError, match="absent.json") as raised:
        sheaf.open(config=tmp_path / "absent.json")
    assert raised.value.status is sheaf.Status.IO_ERROR
    with pytest.raises(ValueError, match="empty path"):
        sheaf.open(config="")
    with pytest.raises(TypeError):
        sheaf.open(config=7)


def test_a_file_and_a_library_are_too_much(config):
    with pytest.raises(TypeError, match="config and library"):
        sheaf.open(config=config(**BAL), library=sheaf.Library())


def test_the_command_and_the_package_find_the_same(config, chatty, tmp_path):
    path = config(**BAL, plugin_paths=[str(chatty)])
    command = Path(sys.executable).with_name("sheaf")
    said = json.loads(subprocess.run(
        [command, "managers", "--config", path, "--format", "json"], capture_output=True, check=True,
        cwd=tmp_path).stdout)
    found = sheaf.Library(config=path).managers()
    assert [(m.id, m.version, str(m.library)) for m in found] == [
        (m["id"], m["version"], m["library"]) for m in said["managers"]]
