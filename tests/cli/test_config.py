# SPDX-License-Identifier: Apache-2.0
import json

import pytest


@pytest.fixture
def configure(tmp_path, make_plugin_folder):
    """Writes a configuration for the odd manager; its plugins are in plugins/ beside it."""
    make_plugin_folder()

    def write(path="sheaf.json", **changes):
        config = {"manager": "odd", "settings": {"token": "t", "label": "in ${config_dir}, $$5"},
                  "plugin_paths": ["${config_dir}/plugins"], **changes}
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))
        return file

    return write


def settings_of(result):
    return result.expect(0).rows[0]["traits"]["settings"]


def test_a_reference_alone_is_enough(sheaf, configure, tmp_path):
    configure()
    settings = settings_of(sheaf("resolve", "settings"))
    assert settings["label"] == f"in {tmp_path}, $5"[:63]


def test_the_variable(sheaf, configure):
    file = configure("elsewhere/my.json", plugin_paths=["../plugins"])
    settings_of(sheaf("resolve", "settings", env={"SHEAF_CONFIG": str(file)}))


def test_the_option_beats_the_variable(sheaf, configure):
    file = configure("given.json", settings={"token": "t", "label": "given"})
    settings = settings_of(sheaf("resolve", "--config", file, "settings",
                                 env={"SHEAF_CONFIG": "/no/such/file"}))
    assert settings["label"] == "given"


def test_the_command_line_beats_the_file(sheaf, configure):
    configure(settings={"token": "t", "count": 5, "ratio": 0.25, "flag": True, "label": None})
    settings = settings_of(sheaf("resolve", "--setting", "count=6", "settings"))
    assert settings == {"count": 6, "ratio": 0.25, "flag": True, "label": ""}


def test_another_manager_does_not_get_the_settings(sheaf, configure):
    configure(manager="bal")
    result = sheaf("resolve", "--manager", "odd", "settings").expect(2)
    assert "token" in result.err  # missing: those of the file are bal's
    settings_of(sheaf("resolve", "--manager", "odd", "--setting", "token=t", "settings"))


def test_settings_without_a_manager_are_for_whichever_is_asked(sheaf, configure):
    configure(manager=None)
    settings_of(sheaf("resolve", "--manager", "odd", "settings"))
    assert "--manager" in sheaf("resolve", "settings").expect(2).err


@pytest.mark.parametrize("text, words", [
    ("{", []),
    ('{"manager": "odd",\n "settigns": {}}', ["settigns"]),
    ('{"manager": 5}', ["manager"]),
    ('{"settings": {"a": []}}', ["a"]),
    ('[]', []),
    ('', []),
])
def test_a_file_that_is_wrong(sheaf, tmp_path, text, words):
    (tmp_path / "sheaf.json").write_text(text)
    result = sheaf("resolve", "x").expect(2)
    assert "sheaf.json" in result.err and result.raw == b""
    for word in words:
        assert word in result.err


def test_a_file_that_is_not_there(sheaf):
    assert "nowhere.json" in sheaf("resolve", "--config", "nowhere.json", "x").expect(2).err
    result = sheaf("resolve", "x", env={"SHEAF_CONFIG": "/nowhere.json"}).expect(2)
    assert "/nowhere.json" in result.err
