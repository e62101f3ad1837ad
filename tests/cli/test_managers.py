# SPDX-License-Identifier: Apache-2.0
import json

from conftest import write_manifest


def listed(sheaf, *args, **options):
    out = sheaf("managers", "--format", "json", *args, **options).expect(0).out
    return json.loads(out)


def odd_rows(answer):
    return [row for row in answer["managers"] if row["id"] == "odd"]


def test_the_bal_manager_is_found_by_itself(sheaf):
    bal = [row for row in listed(sheaf)["managers"] if row["id"] == "bal"][0]
    assert bal["state"] == "available" and bal["origin"] == "beside libsheaf"
    assert bal["library"].endswith("/bal.so")


def test_the_table(sheaf, make_plugin_folder):
    folder = make_plugin_folder()
    lines = sheaf("managers", "--plugin-path", folder).expect(0).out.splitlines()
    assert lines[0].split() == ["ID", "VERSION", "FOUND", "BY", "WHERE"]
    odd = [line for line in lines if line.startswith("odd ")][0]
    assert odd.split() == ["odd", "1.0.0", "host", str(folder / "odd.so")]


def test_places_searched(sheaf, make_plugin_folder):
    folder = make_plugin_folder()
    out = sheaf("managers", "-v", "--plugin-path", folder,
                env={"SHEAF_PLUGIN_PATH": "/no/such"}).expect(0).out
    assert f"{folder}: 1 plugin\n" in out and "/no/such: " in out
    places = listed(sheaf, "--plugin-path", folder)["places"]
    assert places[0] == {"path": str(folder), "origin": "host", "plugins": 1, "reason": None}


def test_shadowing(sheaf, make_plugin_folder):
    first, second = make_plugin_folder("first", "1.0.0"), make_plugin_folder("second", "2.0.0")
    for one, other in ((first, second), (second, first)):
        rows = odd_rows(listed(sheaf, "--plugin-path", one, "--plugin-path", other))
        assert [row["state"] for row in rows] == ["available", "shadowed"]
        assert rows[0]["library"] == str(one / "odd.so")
        assert rows[1]["manifest"] == str(other / "odd.sheaf.json") and rows[1]["reason"]
    out = sheaf("managers", "--plugin-path", first, "--plugin-path", second).expect(0).out
    assert "Shadowed:" in out and str(second / "odd.sheaf.json") in out


def test_the_variables_order(sheaf, make_plugin_folder):
    first, second = make_plugin_folder("first"), make_plugin_folder("second")
    for one, other in ((first, second), (second, first)):
        rows = odd_rows(listed(sheaf, env={"SHEAF_PLUGIN_PATH": f"{one}:/no/such:{other}"}))
        assert [row["manifest"] for row in rows] == [str(one / "odd.sheaf.json"),
                                                     str(other / "odd.sheaf.json")]
        assert rows[0]["origin"] == "SHEAF_PLUGIN_PATH"


def test_the_option_beats_the_variable_beats_the_file(sheaf, make_plugin_folder, tmp_path):
    folders = [make_plugin_folder(name) for name in ("option", "variable", "file")]
    (tmp_path / "sheaf.json").write_text(json.dumps({"plugin_paths": ["file"]}))
    rows = odd_rows(listed(sheaf, "--plugin-path", folders[0],
                           env={"SHEAF_PLUGIN_PATH": str(folders[1])}))
    assert [row["manifest"] for row in rows] == [str(f / "odd.sheaf.json") for f in folders]
    assert [row["origin"] for row in rows] == ["host", "SHEAF_PLUGIN_PATH", "configuration"]


def test_refused(sheaf, make_plugin_folder):
    folder = make_plugin_folder()
    (folder / "broken.sheaf.json").write_text("{")
    write_manifest(folder, "outside", library="/etc/passwd")
    result = sheaf("managers", "--plugin-path", folder).expect(0)
    refused = result.out[result.out.index("Refused:"):]
    assert "broken.sheaf.json" in refused
    states = {row["manifest"]: row for row in listed(sheaf, "--plugin-path", folder)["managers"]}
    broken = states[str(folder / "broken.sheaf.json")]
    assert broken["state"] == "refused" and broken["reason"]
    assert states[str(folder / "odd.sheaf.json")]["state"] == "available"


def test_an_unknown_manager(sheaf, make_plugin_folder):
    folder = make_plugin_folder()
    (folder / "broken.sheaf.json").write_text("{")
    result = sheaf("resolve", "--plugin-path", folder, "--manager", "nosuch", "x").expect(3)
    assert "nosuch" in result.err and result.err.count(f"searched: {folder}") == 1
    result = sheaf("resolve", "--plugin-path", folder, "--manager", "broken", "x").expect(3)
    assert str(folder / "broken.sheaf.json") in result.err


def test_a_manager_whose_library_does_not_load(sheaf, make_plugin_folder):
    folder = make_plugin_folder()
    (folder / "odd.so").write_text("this is not a library")
    result = sheaf("resolve", "--plugin-path", folder, "--manager", "odd", "x").expect(3)
    assert str(folder / "odd.so") in result.err


def test_describe(sheaf, make_plugin_folder):
    folder = make_plugin_folder()
    out = sheaf("managers", "--plugin-path", folder, "--describe", "odd", "--setting",
                "token=t").expect(0).out
    for text in ("The Odd Manager", "1.0.0", "Answers as it is asked to.", str(folder / "odd.so"),
                 "token (string, required, secret)", "count (int64, default 3)",
                 'label (string, default "")', "A whole number.", "sheaf.resolve/1",
                 "not pure, idempotent", "pure, not idempotent", "text:, error:", "serialized"):
        assert text in out
    assert "Not opened" not in out


def test_describe_without_its_settings(sheaf, make_plugin_folder):
    out = sheaf("managers", "--plugin-path", make_plugin_folder(), "--describe", "odd").expect(0).out
    assert "count (int64, default 3)" in out and "sheaf.resolve/1" not in out
    assert "Not opened" in out and "token" in out[out.index("Not opened"):]


def test_describe_as_json(sheaf, make_plugin_folder):
    args = ["managers", "--plugin-path", make_plugin_folder(), "--describe", "odd", "--format",
            "json"]
    closed = json.loads(sheaf(*args).expect(0).out)
    assert "verbs" not in closed and "token" in closed["why_not_opened"]
    answer = json.loads(sheaf(*args, "--setting", "token=t").expect(0).out)
    assert answer["why_not_opened"] is None and answer["serialized"] is True
    assert answer["nonblocking"] is False
    assert answer["verbs"] == [
        {"name": "sheaf.resolve/1", "pure": False, "idempotent": True},
        {"name": "sheaf.traits/1", "pure": True, "idempotent": False}]
    assert answer["prefixes"] == ["text:", "error:"]
    assert answer["settings"][1] == {"name": "count", "kind": "int64", "default": "3",
                                     "required": False, "secret": False, "doc": "A whole number."}


def test_describe_by_path(sheaf, make_plugin_folder):
    folder = make_plugin_folder()
    for name in ("odd.sheaf.json", "odd.so"):
        out = sheaf("managers", "--describe", folder / name).expect(0).out
        assert "The Odd Manager" in out


def test_describe_what_is_not_there(sheaf):
    assert "nosuch" in sheaf("managers", "--describe", "nosuch").expect(3).err


def test_resolve_by_path(sheaf, make_plugin_folder):
    folder = make_plugin_folder()
    for path in (folder / "odd.sheaf.json", folder / "odd.so", "plugins/odd.so"):
        sheaf("resolve", "--manager", path, "--setting", "token=t", "empty").expect(0)


def test_the_users_folder(sheaf, make_plugin_folder, tmp_path):
    folder = make_plugin_folder()
    place = tmp_path / "data" / "sheaf" / "plugins"
    place.parent.mkdir(parents=True)
    folder.rename(place)
    rows = odd_rows(listed(sheaf, env={"XDG_DATA_HOME": str(tmp_path / "data")}))
    assert rows[0]["origin"] == "user"
