# SPDX-License-Identifier: Apache-2.0
"""Exit statuses, and ends that come early."""
import json
import os
import signal
import subprocess
import time

import pytest

FULL = "/dev/full"


def test_exit_statuses(odd):
    odd("resolve", "text:a").expect(0)
    odd("resolve", "text:a", "fail").expect(1)
    odd("resolve", "text:a", "unavailable").expect(3)


def test_stop_on_error(odd):
    refs = ["text:a", "text:b", "fail", "text:c", "error:x", "text:d"]
    for size in ("1", "2", "3", "1000"):
        result = odd("resolve", "--stop-on-error", "--batch-size", size, *refs).expect(1)
        assert [row["ref"] for row in result.rows] == refs[:3]
    assert len(odd("resolve", "--stop-on-error", "text:a").expect(0).rows) == 1


def test_a_batch_that_fails_ends_the_run(odd):
    result = odd("resolve", "--batch-size", "2", "text:a", "text:b", "unavailable", "text:c",
                 "text:d").expect(3)
    # The manager answers backwards, so text:c was answered when the batch failed.
    assert [row["status"] for row in result.rows] == ["ok", "ok", "unavailable", "ok"]
    assert result.rows[2]["message"] == "the shop is shut"
    assert "index 2" in result.err


def test_a_timeout(odd):
    began = time.monotonic()
    result = odd("resolve", "--timeout-ms", "100", "--batch-size", "1", "text:a", "sleep:60000",
                 "text:b").expect(3)
    assert time.monotonic() - began < 30
    assert [row["status"] for row in result.rows] == ["ok", "deadline"]
    assert "deadline" in result.err


# ------------------------------------------------------------------------------------- Ctrl-C


def start_and_see(sheaf, odd, lines, *refs, **options):
    """Starts resolving one by one, and waits for so many lines."""
    process = sheaf.start("resolve", *odd.options, "--batch-size", "1", *refs, **options)
    return process, [process.stdout.readline() for _ in range(lines)]


def test_interrupted_while_the_manager_works(sheaf, odd):
    process, _ = start_and_see(sheaf, odd, 2, "text:a", "text:b", "sleep:600000", "text:c")
    with process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""  # the one that was cancelled was not answered
    assert b"rror" not in err


def test_interrupted_while_waiting_for_input(sheaf, odd):
    process, _ = start_and_see(sheaf, odd, 0, "-", stdin=subprocess.PIPE)
    with process:
        process.stdin.write(b"text:a\ntext:")
        process.stdin.flush()
        assert b"text:a" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out = process.stdout.read()
        assert process.wait(60) == 130 and out == b""


def test_what_was_answered_before_is_printed(sheaf, odd, tmp_path):
    # One batch, answered from the end: what stands behind the sleep is there when it is cancelled.
    flag = tmp_path / "flag"
    refs = ["text:a", "sleep:600000", f"touch:{flag}", "text:b"]
    with sheaf.start("resolve", *odd.options, *refs) as process:
        while not flag.exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [json.loads(line)["index"] for line in out.splitlines()] == [2, 3]


def test_interrupted_twice_while_the_manager_is_stuck(sheaf, odd):
    process, _ = start_and_see(sheaf, odd, 1, "text:a", "stuck:600000")
    with process:
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)
        assert process.returncode == 130
        process.stdout.close()
        process.stderr.close()


def test_an_ignored_interrupt_stays_ignored(sheaf, odd):
    def ignore():
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    process, _ = start_and_see(sheaf, odd, 1, "text:a", "sleep:1000", "text:b", preexec_fn=ignore)
    with process:
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and len(out.splitlines()) == 2


# --------------------------------------------------------------------------------- output fails


@pytest.mark.skipif(not os.path.exists(FULL), reason="there is no /dev/full")
@pytest.mark.parametrize("args", [["resolve", "empty"], ["managers"], ["--help"], ["--version"],
                                  ["resolve", "--help"], ["resolve", "--format", "csv", "-"],
                                  ["managers", "--describe", "odd", "--format", "json"]])
def test_a_full_disk(sheaf, odd, args):
    options = [] if args[0].startswith("-") else list(odd.options)
    if args[0] == "managers":
        options = options[:2]
    with open(FULL, "wb") as full:
        with sheaf.start(args[0], *options, *args[1:], stdout=full) as process:
            _, err = process.communicate()
    assert process.returncode == 3
    assert b"cannot write to standard output: No space left on device" in err
    assert err.count(b"cannot write") == 1


def test_closed_standard_output(sheaf, odd):
    with sheaf.start("resolve", *odd.options, "empty", stdout=None,
                     preexec_fn=lambda: os.close(1)) as process:
        _, err = process.communicate()
    assert process.returncode == 3 and b"cannot write to standard output" in err


def run_without_reader(sheaf, odd, **options):
    ours, theirs = os.pipe()
    os.close(ours)
    with sheaf.start("resolve", *odd.options, "empty", stdout=theirs, **options) as process:
        os.close(theirs)
        _, err = process.communicate()
    return process.returncode, err


def test_a_reader_that_leaves(sheaf, odd):
    assert run_without_reader(sheaf, odd) == (-signal.SIGPIPE, b"")


def test_a_reader_that_leaves_where_sigpipe_is_ignored(sheaf, odd):
    def ignore():
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    status, err = run_without_reader(sheaf, odd, preexec_fn=ignore, restore_signals=False)
    assert status == 3 and b"cannot write to standard output: Broken pipe" in err


def test_head_ends_it(sheaf, odd):
    """An endless input, and a reader that wants three lines."""
    with subprocess.Popen(["yes", "text:y"], stdout=subprocess.PIPE,
                          preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL)) as yes:
        with sheaf.start("resolve", *odd.options, "-", stdin=yes.stdout) as process:
            yes.stdout.close()
            for _ in range(3):
                process.stdout.readline()
            process.stdout.close()
            assert process.wait(60) == -signal.SIGPIPE
            assert process.stderr.read() == b""
        yes.kill()
