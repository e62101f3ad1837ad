# SPDX-License-Identifier: Apache-2.0
"""--metrics and --trace: what the stage meter measures, on top of the stack."""
import json
import os
import signal
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

REFS = ["text:a", "text:b", "fail", "text:c", "text:a"]


def metrics(text):
    """Samples by name and labels, each metric's type and help looked at on the way."""
    samples = {}
    for family in text_string_to_metric_families(text):
        assert family.type in ("counter", "gauge", "histogram") and family.documentation
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in samples
            samples[key] = sample.value
    return samples


def sample(samples, name, **labels):
    return samples[name, frozenset(labels.items())]


def trace(path):
    """The events but for the first, which names the process."""
    process, *events = json.loads(path.read_text())
    assert (process["ph"], process["args"]["name"]) == ("M", "sheaf")
    for event in events:
        assert event["ph"] == "X" and event["ts"] > 0 and event["dur"] >= 0 and event["pid"] == process["pid"]
    return events


@pytest.mark.parametrize("command", ["resolve", "traits"])
def test_both(odd, tmp_path, command):
    bare = odd(command, "--batch-size", "2", *REFS).expect(1)
    measured = odd(command, "--batch-size", "2", "--metrics", "m.prom", "--trace", "t.json", *REFS).expect(1)
    assert (measured.raw, measured.err) == (bare.raw, bare.err)
    samples = metrics((tmp_path / "m.prom").read_text())
    assert sample(samples, "sheaf_meter_results_total", at="0", status="ok") == 4
    assert sum(value for (name, _), value in samples.items() if name == "sheaf_meter_results_total") == 5
    assert sample(samples, "sheaf_meter_in_flight", at="0") == 0
    assert sample(samples, "sheaf_meter_batch_size_count", at="0") == 3
    assert sample(samples, "sheaf_meter_batch_size_sum", at="0") == 5
    assert sample(samples, "sheaf_meter_batch_size_bucket", at="0", le="1") == 1
    assert sample(samples, "sheaf_meter_batch_seconds_bucket", at="0", le="+Inf") == 3
    assert sample(samples, "sheaf_meter_untraced_total", at="0") == 0
    events = trace(tmp_path / "t.json")
    assert {event["name"] for event in events} == {f"sheaf.{command}/1"}
    assert [(event["args"]["size"], event["args"]["failed"]) for event in events] == [(2, 0), (2, 1), (1, 0)]


def test_exists_too(bal, tmp_path):
    bal("exists", "--metrics", "-", "--trace", "t.json", "bal:///cat", "bal:///none").expect(0)
    assert [event["name"] for event in trace(tmp_path / "t.json")] == ["sheaf.exists/1"]


def test_the_stages_below_are_reported(odd, tmp_path):
    """Those of the command line, and meters among them."""
    stages = ["--stage", "dedupe", "--stage", "meter", "--stage", "batch", "--stage-setting", "batchers=size(2)"]
    odd("resolve", *stages, "--metrics", "m.prom", *REFS).expect(1)
    samples = metrics((tmp_path / "m.prom").read_text())
    assert sample(samples, "sheaf_meter_batch_size_sum", at="0") == 5
    assert sample(samples, "sheaf_dedupe_folded_total", at="0.0") + sample(
        samples, "sheaf_meter_batch_size_sum", at="0.0.0") == 5


def test_those_of_a_configuration_are_reported(sheaf, bal, tmp_path):
    (tmp_path / "sheaf.json").write_text(json.dumps(
        {"manager": "bal", "settings": {"library_path": str(bal.library)}, "stages": ["meter", "cache"]}))
    result = sheaf("resolve", "--metrics", "-", "--batch-size", "1", "bal:///cat", "bal:///cat").expect(0)
    samples = metrics(result.err)  # which has nothing else
    assert sample(samples, "sheaf_cache_hits_total", at="0.0.0") == 1
    assert sample(samples, "sheaf_meter_results_total", at="0.0", status="ok") == 2


def test_a_file_is_replaced_whole(odd, tmp_path):
    (tmp_path / "m.prom").write_text("old\n" * 10000)
    (tmp_path / "t.json").write_text("old\n" * 10000)
    odd("resolve", "--metrics", "m.prom", "--trace", "t.json", "text:a").expect(0)
    assert "old" not in (tmp_path / "m.prom").read_text() and len(trace(tmp_path / "t.json")) == 1


def test_without_references(odd, tmp_path):
    odd("resolve", "--metrics", "m.prom", "--trace", "t.json", "-").expect(0)
    assert sample(metrics((tmp_path / "m.prom").read_text()), "sheaf_meter_batch_size_count", at="0") == 0
    assert trace(tmp_path / "t.json") == []


# ----------------------------------------------------------------------------- what does not go well


def test_when_a_batch_fails(odd, tmp_path):
    odd("resolve", "--batch-size", "2", "--metrics", "m.prom", "--trace", "t.json", "text:a", "text:b",
        "unavailable", "text:c").expect(3)
    assert sample(metrics((tmp_path / "m.prom").read_text()), "sheaf_meter_results_total", at="0",
                  status="unavailable") == 1
    assert [event["args"]["status"] for event in trace(tmp_path / "t.json")] == ["ok", "unavailable"]


def interrupt(sheaf, odd, tmp_path, *options):
    """A batch that has one of its two answers."""
    flag = tmp_path / "flag"
    with sheaf.start("resolve", *odd.options, *options, "sleep:600000", f"touch:{flag}") as process:
        while not flag.exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    return err


def test_when_it_is_interrupted(sheaf, odd, tmp_path):
    interrupt(sheaf, odd, tmp_path, "--metrics", "m.prom", "--trace", "t.json")
    samples = metrics((tmp_path / "m.prom").read_text())
    assert sample(samples, "sheaf_meter_results_total", at="0", status="ok") == 1
    assert [event["args"]["status"] for event in trace(tmp_path / "t.json")] == ["cancelled"]


def test_when_it_is_killed(sheaf, odd, tmp_path):
    """What has returned is in the trace; its end is not, which viewers get on without."""
    options = ["--batch-size", "1", "--trace", "t.json"]
    with sheaf.start("resolve", *odd.options, *options, "text:a", "sleep:600000") as process:
        assert b"text:a" in process.stdout.readline()
        process.kill()
        process.communicate(timeout=60)
    events = json.loads((tmp_path / "t.json").read_text() + "]")
    assert [event["args"]["size"] for event in events[1:]] == [1]


@pytest.mark.parametrize("option", ["--metrics", "--trace"])
@pytest.mark.parametrize("path, said", [("no/such/folder/f", "No such file or directory"), (".", "Is a directory"),
                                        ("/dev/full", "No space left on device")])
def test_a_file_that_cannot_be_written(odd, tmp_path, option, path, said):
    """Is told, and nothing else is lost."""
    other = "--trace" if option == "--metrics" else "--metrics"
    result = odd("resolve", option, path, other, "other", *REFS).expect(3)
    assert result.raw == odd("resolve", *REFS).raw
    assert option in result.err and path in result.err and said in result.err and result.err.count(said) == 1
    text = (tmp_path / "other").read_text()
    assert sum(event["args"]["size"] for event in trace(tmp_path / "other")) == 5 if other == "--trace" else (
        sample(metrics(text), "sheaf_meter_batch_size_sum", at="0") == 5)


def test_a_disk_that_fills_up(odd, sheaf, tmp_path):
    """The trace's beginning can be written, and the batches cannot."""
    import resource

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))

    result = sheaf("resolve", *odd.options, "--batch-size", "1", "--trace", "t.json", "text:a", "text:b",
                   preexec_fn=limit).expect(3)
    assert len(result.rows) == 2 and (tmp_path / "t.json").stat().st_size <= 200
    assert result.err.count('the trace "t.json" cannot be written: File too large') == 1


def test_interrupted_is_said_before_unwritten(sheaf, odd, tmp_path):
    assert b"No space left" in interrupt(sheaf, odd, tmp_path, "--metrics", "/dev/full")


@pytest.mark.parametrize("options, said", [
    (["--trace", "-"], "--trace '-': a trace wants a file of its own"),
    (["--trace", ""], "--trace '' is not the name of a file"),
    (["--metrics", ""], "--metrics '' is not the name of a file"),
    (["--metrics", "x", "--trace", "x"], "name the same file 'x'"),
    (["--metrics"], "--metrics"),
])
def test_what_is_wrong_on_the_command_line(odd, tmp_path, options, said):
    assert said in odd("resolve", "text:a", *options).expect(2).err
    assert not (tmp_path / "x").exists()


def test_no_room_for_a_meter(odd, tmp_path):
    """On a stack that is as deep as stacks may be; the results come."""
    stages = ["--stage", "meter"] * 64
    result = odd("resolve", *stages, "--metrics", "m.prom", "--trace", "t.json", "text:a").expect(3)
    assert len(result.rows) == 1 and result.err.count("no more than 64 stages") == 2
    assert odd("resolve", *stages[2:], "--metrics", "m.prom", "text:a").expect(0).err == ""
    samples = metrics((tmp_path / "m.prom").read_text())
    assert sample(samples, "sheaf_meter_results_total", at="0" + ".0" * 63, status="ok") == 1


def test_nothing_is_written_where_nothing_is_asked(odd, tmp_path):
    odd("resolve", "--metrics", "m.prom", "--trace", "t.json", "--stage", "limit", "text:a").expect(2)
    assert not os.path.exists(tmp_path / "m.prom") and not os.path.exists(tmp_path / "t.json")
