# SPDX-License-Identifier: Apache-2.0
"""Stages on the command line and in a configuration."""
import json

import pytest

LIBRARY = {"entities": {f"e{i}": {"versions": [{"traits": {"named": {"name": f"N{i}"}}}]}
                        for i in range(6)}}
OTHER = {"entities": {"other": {"versions": [{"traits": {"named": {"name": "elsewhere"}}}]}}}
REFS = ["bal:///e3", "bal:///e1", "bal:///none", "bal:///e3"]


@pytest.fixture
def library(tmp_path):
    (tmp_path / "library.json").write_text(json.dumps(LIBRARY))
    (tmp_path / "other.json").write_text(json.dumps(OTHER))
    return ["--manager", "bal", "--setting", f"library_path={tmp_path}/library.json"]


@pytest.fixture
def configured(tmp_path, library, sheaf):
    """Writes a configuration with stages, and asks with it."""

    def ask(stages, *arguments):
        config = {"manager": "bal", "settings": {"library_path": "${config_dir}/library.json"},
                  "stages": stages}
        (tmp_path / "sheaf.json").write_text(json.dumps(config))
        return sheaf("resolve", *arguments)

    return ask


def names(result):
    return [row.get("traits", {}).get("named", {}).get("name", row["status"]) for row in result.rows]


STACKS = [["dedupe"], [{"stage": "batch", "batchers": "sort | size(1)"}], ["meter", "dedupe", "meter"],
          [{"stage": "retry", "attempts": 2}, {"stage": "timeout", "ms": 60000}],
          [{"stage": "limit", "in_flight": 1}], []]


@pytest.mark.parametrize("stages", STACKS)
def test_results_are_those_without_stages(sheaf, library, configured, stages):
    bare = sheaf("resolve", *library, *REFS).expect(1)
    assert configured(stages, *REFS).expect(1).raw == bare.raw
    options = []
    for stage in stages:
        stage = {"stage": stage} if isinstance(stage, str) else dict(stage)
        options += ["--stage", stage.pop("stage")]
        for name, value in stage.items():
            options += ["--stage-setting", f"{name}={value}"]
    assert sheaf("resolve", *library, *options, *REFS).expect(1).raw == bare.raw


def test_further_managers(configured):
    other = {"manager": "bal", "settings": {"library_path": "${config_dir}/other.json"},
             "stages": ["dedupe"]}
    stage = {"stage": "fallback", "statuses": "entity_resolution_error", "managers": [other]}
    result = configured([stage], "bal:///e1", "bal:///other", "bal:///none").expect(1)
    assert names(result) == ["N1", "elsewhere", "entity_resolution_error"]
    route = {"stage": "route", "routes": "bal:///e *", "managers": [other]}
    assert names(configured([route], "bal:///e1", "bal:///other").expect(0)) == ["N1", "elsewhere"]


def test_the_command_lines_are_outermost(sheaf, configured):
    limit = {"stage": "limit", "references_per_second": 1e-6, "queue": 0, "burst_ms": 1}
    # The debt of the first batch has the second one refused, unless both are one.
    result = configured([limit], "--batch-size", "1", "bal:///e1", "bal:///e1")
    assert names(result.expect(3)) == ["N1", "overloaded"]
    result = configured([limit], "--stage", "dedupe", "bal:///e1", "bal:///e1").expect(0)
    assert names(result) == ["N1", "N1"]


def test_another_managers_stages_are_not_taken(sheaf, configured, tmp_path):
    configured([{"stage": "limit", "in_flight": 0}], *REFS).expect(2)
    import_ = sheaf("import", "--from", tmp_path / "library.json", "--to", tmp_path / "l.db")
    import_.expect(0)
    result = sheaf("resolve", "--manager", "sqlite", "--setting", f"path={tmp_path}/l.db", "bal:///e1")
    assert names(result.expect(0)) == ["N1"]


@pytest.mark.parametrize("stages, said", [
    ("dedupe", '"stages" must be an array'),
    ([5], '"stages"[0] must be a stage\'s id or an object'),
    ([{"batchers": "sort"}], '"stages"[0] has no "stage"'),
    (["dedupe", "dedup"], 'did you mean "dedupe"'),
    ([{"stage": "batch", "batcher": "sort"}], 'did you mean "batchers"'),
    ([{"stage": "limit", "in_flight": 0}], '"stages"[0]: '),
    (["meter"] * 10000, 'would stand on 64 others: no more than 64 stages stand on top of each other'),
    (["meter", {"stage": "limit", "in_flight": -1}], '"in_flight" is -1: give a whole number from 1'),
    ([{"stage": "limit", "in_fligth": 1}], 'did you mean "in_flight"?); it takes in_flight, batches_per_second'),
    ([{"stage": "limit", "batches_per_second": 0}], '"batches_per_second" is 0: give a number from'),
    ([{"stage": "retry", "attempts": "many"}], '"attempts" of stage "retry" is an integer, and "many" is not'),
    ([{"stage": "dedupe", "x": 1}], '"dedupe" has no setting "x": it takes none'),
    ([{"stage": "circuit", "statuses": ""}], '"statuses" names no error'),
    ([{"stage": "batch", "batchers": "mine"}], 'no batcher "mine"; there are size'),
    ([{"stage": "limit", "in_flight": []}], '"in_flight" must be a string, a number, true or false'),
    ([{"stage": "fallback"}], "at least 2 managers"),
    ([{"stage": "dedupe", "managers": [{"manager": "bal", "settings": {
        "library_path": "${config_dir}/other.json"}}]}], "exactly 1 manager"),
    ([{"stage": "fallback", "managers": {}}], '"managers" must be an array of objects'),
    ([{"stage": "fallback", "managers": [{}]}], 'names no "manager"'),
    ([{"stage": "fallback", "managers": [{"manager": "bal", "what": 1}]}], 'unknown member "what"'),
    ([{"stage": "fallback", "managers": [{"manager": "nobody"}]}], "nobody"),
])
def test_what_is_wrong_in_a_configuration_is_said_with_its_place(configured, stages, said):
    result = configured(stages, *REFS)
    assert result.status in (2, 3) and result.raw == b""
    assert said in result.err and "sheaf.json" in result.err


@pytest.mark.parametrize("options, said", [
    (["--stage", "dedup"], "there is no such stage; 'sheaf stages' lists them"),
    (["--stage-setting", "a=b"], "give the --stage that it is for before it"),
    (["--stage", "batch", "--stage-setting", "sort"], "not of the form NAME=VALUE"),
    (["--stage", "batch", "--stage-setting", "batchers=size(0)"], "size"),
    (["--stage", "route", "--stage-setting", "routes=a b"], "prefixes for 2 managers"),
    (["--stage", "fallback"], "at least 2 managers, and was given 1"),
    (["--stage", "limit", "--stage-setting", "in_flight=0"], '"in_flight" is 0: give a whole number from 1'),
    (["--stage", "limit", "--stage-setting", "in_flight=-1"], '"in_flight" is -1: give'),
    (["--stage", "limit"], "nothing is limited: give"),
    (["--stage", "retry", "--stage-setting", "attemps=3"], 'did you mean "attempts"?); it takes attempts, '),
    (["--stage", "retry", "--stage-setting", "attempts=many"], 'is an integer, and "many" is not one'),
    (["--stage", "batch", "--stage-setting", "batchers=sise(3)"], 'no batcher "sise"; there are size'),
    (["--stage", "timeout"], 'needs the setting "ms"'),
])
def test_what_is_wrong_on_the_command_line(sheaf, library, options, said):
    result = sheaf("resolve", *library, *options, *REFS).expect(2)
    assert said in result.err


def test_they_are_listed(sheaf):
    out = sheaf("stages").expect(0).out
    for text in ("batch: ", "dedupe: ", "    attempts = 3", "Wraps several managers."):
        assert text in out
    assert "usage: sheaf stages" in sheaf("stages", "--help").expect(0).out
    assert "'x' is not an option" in sheaf("stages", "x").expect(2).err
