# SPDX-License-Identifier: Apache-2.0
"""`sheaf check`: good managers pass, and each faulty one fails where it should, in words that help."""
import json

import pytest

from conftest import BUILD, ROOT

FAULTY = BUILD / "tests" / "faulty"
PLUGINS = BUILD / "lib" / "sheaf" / "plugins"

CHECKS = ["entry", "settings", "create", "description", "every index once", "in range",
          "on the calling thread", "before return", "well-formed results", "empty batch",
          "batch of one", "batch of 10,000", "unknown reference", "odd references",
          "concurrent calls", "stop", "cancel", "log", "close"]


class Report:
    def __init__(self, result):
        self.status = result.status
        self.json = json.loads(result.raw)
        self.checks = {check["name"]: check for check in self.json["checks"]}

    def outcomes(self, *outcomes):
        return [name for name, check in self.checks.items() if check["outcome"] in outcomes]

    def expect(self, name, outcome, *words):
        check = self.checks[name]
        assert check["outcome"] == outcome, check
        for word in words:
            assert word in check["message"], check


@pytest.fixture
def check(sheaf):
    def run(*args):
        return Report(sheaf("check", "--format", "json", *args))

    return run


@pytest.fixture
def check_faulty(check):
    """Checks one build of tests/faulty/faulty.c."""

    def run(fault, *args):
        folder = FAULTY / fault
        if not folder.exists():
            pytest.skip("the faulty plugins are not built")
        return check(str(folder / f"{fault}.sheaf.json"), "--timeout-ms", "20000", *args)

    return run


def assert_all_passed(report, *unless):
    assert report.status == 0, report.json
    assert list(report.checks) == CHECKS
    rest = [name for name in CHECKS if name not in report.outcomes("passed")]
    assert rest == list(unless), report.json


# --------------------------------------------------------------------------------- good managers


def test_template_passes(check):
    report = check("template", "--ref", "template:///apple", "--ref", "template:///fig")
    assert_all_passed(report)
    assert report.json["plugin"] == "template"
    assert report.json["summary"] == {"passed": len(CHECKS), "failed": 0, "crashed": 0,
                                      "warned": 0, "skipped": 0}
    assert all(check["ms"] >= 0 and check["message"] == "" for check in report.checks.values())


def test_the_plugin_that_is_first_is_the_one_checked(check, tmp_path):
    """One whose library is missing, and not the good one that it stands in front of."""
    manifest = json.loads((PLUGINS / "template.sheaf.json").read_text())
    (tmp_path / "template.sheaf.json").write_text(json.dumps(manifest))
    report = check("--plugin-path", str(tmp_path), "template")
    assert report.status == 1
    report.expect("entry", "failed", str(tmp_path), "template.so")


def test_without_references_nothing_is_resolved(check):
    report = check("template")
    assert_all_passed(report, "well-formed results")
    report.expect("well-formed results", "skipped", "--ref")


def test_slow_template_is_cancelled(check):
    report = check("template", "--setting", "delay_ms=100")
    report.expect("cancel", "passed")


def test_by_path(check):
    assert_all_passed(check(str(PLUGINS / "template.so"), "--ref", "template:///apple"))
    assert_all_passed(check(str(PLUGINS / "template.sheaf.json"), "--ref", "template:///apple"))


def test_bal_passes(check):
    if not (PLUGINS / "bal.so").exists():
        pytest.skip("bal is not built")
    library = ROOT / "tests" / "data" / "cli" / "library.json"
    names = list(json.loads(library.read_text())["entities"])[:3]
    refs = [arg for name in names for arg in ("--ref", f"bal:///{name}")]
    report = check("bal", "--setting", f"library_path={library}", *refs)
    assert report.status == 0, report.json
    assert report.outcomes("failed", "crashed", "warned") == [], report.json


@pytest.mark.parametrize("fault", ["none", "serialized", "posts", "holds", "waits"])
def test_good_manners(check_faulty, fault):
    assert_all_passed(check_faulty(fault, "--ref", "faulty:///a"))


def test_a_setting_that_is_required(sheaf, check_faulty):
    manifest = FAULTY / "setting_required" / "setting_required.sheaf.json"
    if not manifest.exists():
        pytest.skip("the faulty plugins are not built")
    assert 'needs the setting "colour"' in sheaf("check", str(manifest)).expect(2).err
    assert_all_passed(check_faulty("setting_required", "--ref", "faulty:///a", "--setting", "colour=1"))


def test_every_faulty_plugin_is_checked():
    """None is built that is not in one of the lists here."""
    if not FAULTY.exists():
        pytest.skip("the faulty plugins are not built")
    text = (ROOT / "tests" / "cli" / "test_check.py").read_text()
    built = [manifest.name.split(".")[0] for manifest in FAULTY.glob("*/*.sheaf.json")]
    assert len(built) > 70 and [name for name in built if f'"{name}"' not in text] == []


# ------------------------------------------------------------------------------- faulty managers

# What cannot be opened: which check says so, and what it says. All behind it are skipped.
OPENING = {
    "no_entry": ("entry", "failed", "sheaf_plugin_v1"),
    "wrong_major": ("entry", "failed", "sheaf_plugin_v2"),
    "unresolved": ("entry", "failed", "sheaf_test_function_that_is_nowhere"),
    "not_elf": ("entry", "failed", "not_elf.so"),
    "entry_null": ("entry", "failed", "NULL"),
    "entry_crashes": ("entry", "crashed", ""),
    "short_plugin": ("entry", "failed", "sheaf_plugin"),
    "abi_too_new": ("entry", "failed", "update libsheaf"),
    "null_factory": ("entry", "failed", "NULL"),
    "null_id": ("entry", "failed", "NULL"),
    "null_create": ("entry", "failed", "create"),
    "other_id": ("entry", "failed", "somebody"),
    "setting_kind": ("entry", "failed", "colour"),
    "setting_default": ("entry", "failed", "blue"),
    "create_fails": ("create", "failed", "the licence server is asleep: wake it"),
    "create_silent": ("create", "failed", "cannot be reached"),
    "create_bad_message": ("create", "failed", "create's error: the message is not UTF-8: manager"),
    "create_null": ("create", "failed", "table"),
    "create_crashes": ("create", "crashed", ""),
    "short_table": ("create", "failed", "sheaf_manager_table"),
    "table_flag": ("create", "failed", "flag"),
    "null_batch": ("create", "failed", "batch is NULL"),
    "null_describe": ("create", "failed", "describe is NULL"),
    "describe_fails": ("description", "failed", "NULL"),
    "describe_crashes": ("description", "crashed", ""),
    "describe_no_verbs": ("description", "failed", "verbs"),
    "describe_flag": ("description", "failed", "flag"),
    "abi_inverted": ("entry", "failed", "the oldest cannot be newer"),
    "bad_id": ("entry", "failed", "an id has 1 to 64 characters"),
    "factory_flag": ("entry", "failed", "use a newer libsheaf"),
    "no_factories": ("entry", "failed", "factory_count is 0"),
    "null_factories": ("entry", "failed", "factories is NULL"),
    "null_settings": ("entry", "failed", "the array is NULL"),
    "plugin_flag": ("entry", "failed", "use a newer libsheaf"),
    "setting_unnamed": ("entry", "failed", "has the name NULL"),
    "short_factory": ("entry", "failed", "struct_size is 24"),
    "short_description": ("description", "failed", "sizeof(sheaf_description)"),
    "describe_null_prefixes": ("description", "failed", "counts prefixes and has none"),
    "describe_null_verbs": ("description", "failed", "lists no verbs"),
}


@pytest.mark.parametrize("fault", OPENING)
def test_cannot_be_opened(check_faulty, fault):
    name, outcome, words = OPENING[fault]
    report = check_faulty(fault)
    assert report.status == 1
    report.expect(name, outcome, words)
    for later in CHECKS[CHECKS.index(name) + 1:]:
        if later != "settings" or name != "create":
            report.expect(later, "skipped", f"'{name}' did not pass")


# What answers wrongly: for some checks, what they say.
ANSWERING = {
    "twice": {"every index once": ("failed", "more than once", "exactly one")},
    "never": {"every index once": ("failed", "250 of 250", "before batch returns")},
    "misses_one": {"every index once": ("failed", "index 249 was not answered")},
    "out_of_range": {"in range": ("failed", "index 250", "request->count")},
    "rest_succeeds": {"well-formed results": ("failed", "SHEAF_REST")},
    "no_results": {"well-formed results": ("failed", "one or more")},
    "ignores_stop": {"stop": ("failed", "SHEAF_STOP", "return from batch")},
    "late": {"before return": ("failed", "late", "call->hold")},
    "post_late": {"before return": ("failed", "late", "call->hold")},
    "foreign": {"on the calling thread": ("failed", "another thread", "call->post"),
                "every index once": ("passed",)},
    "overreleases": {"well-formed results": ("failed", "call->release")},
    "unsafe": {"concurrent calls": ("failed",), "every index once": ("passed",)},
    "leaks_thread": {"close": ("failed", "threads", "destroy")},
    "destroy_crashes": {"close": ("crashed",), "every index once": ("passed",)},
    "midway": {"every index once": ("warned", "unavailable")},
    "midway_message": {"every index once": ("warned", "the database has gone home")},
    "odd_return": {"every index once": ("failed", "4242")},
    "odd_status": {"well-formed results": ("warned", "class")},
    "bad_message": {"well-formed results": ("failed", "UTF-8")},
    "rest_bad_message": {"well-formed results": ("failed", "the message is not UTF-8")},
    "logs_badly": {"log": ("failed", r'host->log("caf\xe9 \xff\xfe \xc0\x80"): the message is not UTF-8'),
                   "create": ("passed",)},
    "logs_null": {"log": ("failed", "the message's data is NULL"), "close": ("passed",)},
    "long_string": {"well-formed results": ("failed", "1 GiB")},
    "long_list": {"well-formed results": ("failed", "items")},
    "deep_list": {"well-formed results": ("failed", "16")},
    "null_list": {"well-formed results": ("failed", "NULL")},
    "null_string": {"well-formed results": ("failed", "NULL")},
    "null_message": {"well-formed results": ("failed", "NULL")},
    "null_remark": {"well-formed results": ("failed", "message's data is NULL")},
    "posts_null": {"well-formed results": ("failed", "properties is NULL"),
                   "empty batch": ("failed", "one or more")},
    "null_properties": {"well-formed results": ("failed", "NULL")},
    "bad_text": {"well-formed results": ("failed", "UTF-8")},
    "odd_kind": {"well-formed results": ("warned", "kind")},
    "reserved_kind": {"well-formed results": ("failed", "reserved")},
    "value_flag": {"well-formed results": ("failed", "flag")},
    "result_flag": {"well-formed results": ("failed", "flag")},
    "slot_count": {"well-formed results": ("failed", "SLOT_ORDER")},
    "slot_ids": {"well-formed results": ("failed", "SLOT_ORDER")},
    "unknown_id": {"well-formed results": ("failed", "host->intern")},
    "sleeps": {"cancel": ("failed", "call->wait"), "every index once": ("passed",)},
    "crashes": {"every index once": ("crashed",), "create": ("passed",), "close": ("crashed",)},
    "aborts": {"every index once": ("crashed",), "create": ("passed",)},
    "exits": {"every index once": ("crashed", "status 0")},
}


@pytest.mark.parametrize("fault", ANSWERING)
def test_answers_wrongly(check_faulty, fault):
    report = check_faulty(fault, "--ref", "faulty:///a")
    for name, (outcome, *words) in ANSWERING[fault].items():
        report.expect(name, outcome, *words)
    bad = report.outcomes("failed", "crashed")
    assert report.status == (1 if bad else 0)
    assert bad or report.outcomes("warned")
    report.expect("entry", "passed")


@pytest.mark.parametrize("fault", ["loops", "never_releases"])
def test_does_not_return(check_faulty, fault):
    report = check_faulty(fault, "--timeout-ms", "300")
    report.expect("every index once", "failed", "300 ms", "does not return")
    assert report.status == 1


def test_signal_is_named(check_faulty):
    message = check_faulty("crashes").checks["batch of one"]["message"]
    assert "SIGSEGV" in message or "sanitizer" in message


# ------------------------------------------------------------------------------ the command itself


def test_text(sheaf):
    result = sheaf("check", "template", "--ref", "template:///apple").expect(0)
    lines = result.out.splitlines()
    assert lines[0] == "passed   entry"
    assert lines[:len(CHECKS)] == [f"passed   {name}" for name in CHECKS]
    assert lines[-1] == f"{len(CHECKS)} checks: {len(CHECKS)} passed"
    assert result.err == ""


def test_text_of_a_failure(sheaf):
    if not FAULTY.exists():
        pytest.skip("the faulty plugins are not built")
    result = sheaf("check", "--plugin-path", str(FAULTY / "leaks_thread"), "leaks_thread").expect(1)
    lines = result.out.splitlines()
    at = lines.index("failed   close")
    assert lines[at + 1].startswith("         opening and closing it")
    assert "1 failed, 1 skipped (" in lines[-1]


def test_the_last_line_says_what_was_skipped_and_why(sheaf):
    last = sheaf("check", "template").expect(0).out.splitlines()[-1]
    assert last == (f"{len(CHECKS)} checks: {len(CHECKS) - 1} passed, 1 skipped (no reference was "
                    "resolved: give --ref with ones that exist)")
    manifest = sheaf.folder / "gone.sheaf.json"
    manifest.write_text((PLUGINS / "template.sheaf.json").read_text())
    last = sheaf("check", f"./{manifest.name}").expect(1).out.splitlines()[-1]
    assert last == (f"{len(CHECKS)} checks: 1 failed, {len(CHECKS) - 1} skipped (nothing to work on: "
                    "'entry' did not pass)")


@pytest.mark.parametrize("args, words", [
    ([], "sheaf help check"),
    (["template", "other"], "--ref"),
    (["template", "--format", "xml"], "json"),
    (["template", "--timeout-ms", "soon"], "--timeout-ms"),
    (["template", "--nonsense"], "--nonsense"),
    (["template", "--setting", "nonsense=1"], "nonsense"),
    ([""], "empty"),
])
def test_usage(sheaf, args, words):
    result = sheaf("check", *args).expect(2)
    assert words in result.err
    assert "{" not in result.out


@pytest.mark.parametrize("name", ["nobody", "./nowhere.sheaf.json"])
def test_no_such_plugin(sheaf, name):
    result = sheaf("check", name, "--format", "json").expect(3)
    assert result.out == ""
    assert name in result.err


def test_help(sheaf):
    out = sheaf("check", "--help").expect(0).out
    for option in ("--ref", "--format", "--timeout-ms", "--setting", "--plugin-path"):
        assert option in out


def test_manager_of_the_configuration(sheaf):
    (sheaf.folder / "sheaf.json").write_text(
        '{"manager": "template", "settings": {"currency": ""}}')
    result = sheaf("check").expect(1)
    assert "currency is empty" in result.out
