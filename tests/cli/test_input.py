# SPDX-License-Identifier: Apache-2.0
"""Where references come from."""
import os
import pty
import select
import subprocess

import pytest


def refs_of(result):
    return [row["ref"] for row in result.rows]


@pytest.mark.parametrize("given, expected", [
    (b"", []),
    (b"text:a\n", ["text:a"]),
    (b"text:a\ntext:b", ["text:a", "text:b"]),
    (b"text:a\r\ntext:b\r\n", ["text:a", "text:b"]),
    (b"text:a\rb\n", ["text:a\rb"]),
    (b"text: a \n", ["text: a "]),
    (b"text:a\0b\n", ["text:a\0b"]),
    (b"-\n", ["-"]),
])
def test_lines(odd, given, expected):
    for args in ([], ["-"]):
        assert refs_of(odd("resolve", *args, stdin=given)) == expected


def test_empty_lines_are_references(odd):
    rows = odd("resolve", stdin=b"text:a\n\ntext:b\n\r\n").expect(1).rows
    assert [(row["index"], row["ref"], row["status"]) for row in rows] == [
        (0, "text:a", "ok"), (1, "", "invalid_entity_reference"), (2, "text:b", "ok"),
        (3, "", "invalid_entity_reference")]


def test_empty_input_is_fine(odd):
    for form in ("jsonl", "table"):
        assert odd("resolve", "--format", form, stdin=b"").expect(0).raw == b""


def test_arguments_do_not_touch_standard_input(odd):
    assert refs_of(odd("resolve", "text:a", stdin=b"text:b\n")) == ["text:a"]


def test_a_dash_among_arguments(odd):
    result = odd("resolve", "text:a", "-", "text:z", "-", stdin=b"text:b\ntext:c").expect(0)
    assert refs_of(result) == ["text:a", "text:b", "text:c", "text:z"]


def test_options_behind_references_and_the_end_of_options(odd):
    assert refs_of(odd("resolve", "text:a", "--stop-on-error", "text:b")) == ["text:a", "text:b"]
    result = odd("resolve", "--", "--trait", "-x").expect(1)
    assert refs_of(result) == ["--trait", "-x"]


def test_an_empty_argument_is_a_reference(odd):
    assert refs_of(odd("resolve", "").expect(1)) == [""]


def test_batches_do_not_show(odd):
    given = b"".join(b"text:%d\n" % i for i in range(100))
    whole = odd("resolve", stdin=given).expect(0)
    for size in ("1", "7", "99", "100", "101", "2147483647"):
        assert odd("resolve", "--batch-size", size, stdin=given).expect(0).raw == whole.raw


def test_no_references_on_a_terminal(sheaf, odd):
    ours, theirs = pty.openpty()
    with sheaf.start("resolve", *odd.options, stdin=theirs) as process:
        out, err = process.communicate()
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 2 and out == b"" and b"no references" in err


def test_every_batch_is_written_before_more_is_read(sheaf, odd):
    with sheaf.start("resolve", *odd.options, "--batch-size", "2", stdin=subprocess.PIPE,
                     bufsize=0) as process:
        for i in range(3):
            process.stdin.write(b"text:x\ntext:y\n")
            assert select.select([process.stdout], [], [], 60)[0]
            assert len(os.read(process.stdout.fileno(), 65536).splitlines()) == 2
        out, _ = process.communicate()
        assert out == b"" and process.returncode == 0


def memory_of(sheaf, odd, tmp_path, count):
    """KiB that resolving so many references takes at most."""
    given, out = tmp_path / "refs", tmp_path / "out"
    with open(given, "w") as file:
        file.writelines(f"text:{i:060}\n" for i in range(count))
    # A sanitizer keeps freed memory for a while: that is not ours to count.
    options = os.environ.get("ASAN_OPTIONS", "")
    env = {"ASAN_OPTIONS": f"{options}:quarantine_size_mb=1".lstrip(":")}
    with open(given, "rb") as stdin, open(out, "wb") as stdout:
        process = sheaf.start("resolve", *odd.options, "-", stdin=stdin, stdout=stdout, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stderr.close()
    assert process.returncode == 0
    with open(out, "rb") as file:
        assert sum(1 for _ in file) == count
    return usage.ru_maxrss


def test_memory_does_not_grow_with_the_input(sheaf, odd, tmp_path):
    few, many = (memory_of(sheaf, odd, tmp_path, count) for count in (10_000, 200_000))
    assert many < few + 4096


def test_input_that_cannot_be_read(sheaf, odd):
    fd = os.open("/", os.O_RDONLY)
    with sheaf.start("resolve", *odd.options, "-", stdin=fd) as process:
        _, err = process.communicate()
    os.close(fd)
    assert process.returncode == 3 and b"standard input" in err


def test_closed_standard_input(sheaf, odd):
    with sheaf.start("resolve", *odd.options, "-", stdin=None,
                     preexec_fn=lambda: os.close(0)) as process:
        _, err = process.communicate()
    assert process.returncode == 3 and b"standard input" in err
