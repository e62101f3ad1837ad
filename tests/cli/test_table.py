# SPDX-License-Identifier: Apache-2.0
import fcntl
import os
import pty
import struct
import subprocess
import termios
import unicodedata


def width(text):
    """Columns of a terminal, for what these tests print."""
    return sum(0 if unicodedata.combining(c) or c == "\ufe0f"
               else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(run, *args, columns=None, command="resolve", **options):
    env = {"COLUMNS": str(columns)} if columns else {}
    return run(command, "--format", "table", *args, env=env, **options)


def column_of(line, word):
    return width(line[: line.index(word)])


def test_columns_line_up(bal):
    result = table(bal, "bal:///cat", "bal:///猫 with spaces", "bal:///egg").expect(1)
    lines = result.out.splitlines()
    assert lines[0].split() == ["REFERENCE", "TRAIT", "PROPERTY", "VALUE"]
    by_word = {word: line for line in lines for word in ("Martin", "Neko", "🐈") if word in line}
    for word, line in by_word.items():
        assert column_of(line, word) == column_of(lines[0], "VALUE")
    assert sum(line.startswith("bal:///cat ") for line in lines) == 1  # then left blank
    assert "! entity_resolution_error: " in lines[-1]


def test_no_line_is_wider_than_asked(odd):
    refs = ["text:" + "x" * 300, "text:" + "猫" * 100, "kinds", "error:" + "e" * 200, "scattered",
            "text:" + "👩‍🚀é" * 40]
    for columns in (40, 41, 60, 80, 133):
        lines = table(odd, *refs, columns=columns).expect(1).out.splitlines()
        assert max(width(line.replace("\u200d", "")) for line in lines) <= columns
        assert any("…" in line for line in lines)


def test_the_tail_of_a_reference_is_kept(odd):
    out = table(odd, "text:" + "a" * 100 + "THE_END", columns=60).expect(0).out
    assert "THE_END " in out and out.splitlines()[1].startswith("…")


def test_nothing_is_cut_when_not_on_a_terminal(odd):
    text = "y" * 5000
    assert text in table(odd, "text:" + text).expect(0).out


def test_control_characters_are_visible(odd):
    out = table(odd, stdin="text:\x1b[31mred\tx\x07\u0085\u202e\x7f\n".encode()).expect(0).out
    assert not set(out) & set("\x1b\t\x07\u0085\u202e\x7f")
    assert r"\x1b[31mred\tx\x07" in out and r"\u{202e}" in out and r"\x7f" in out


def test_a_line_break_in_a_value_stays_in_its_row(odd):
    result = table(odd, "text:a\nb\r\nc").expect(0)
    assert r"a\nb\r\nc" in result.out and len(result.out.splitlines()) == 2


def test_bytes_that_are_not_utf8(odd):
    assert "a\ufffdb" in table(odd, stdin=b"text:a\xffb\n").expect(0).out


def test_an_empty_reference_can_be_seen(odd):
    lines = table(odd, stdin=b"text:a\n\n").expect(1).out.splitlines()
    assert lines[2].startswith('""') and "invalid_entity_reference" in lines[2]


def test_traits_and_records_without_properties(odd):
    lines = table(odd, "scattered", "empty").expect(0).out.splitlines()
    assert lines[-2].split() == ["bare", "-"] and lines[-1].split() == ["empty", "-"]


def test_the_locale_does_not_matter(odd):
    plain = table(odd, "text:猫é", "kinds", columns=70).out
    other = odd("resolve", "--format", "table", "text:猫é", "kinds",
                env={"COLUMNS": "70", "LC_ALL": "C", "LANG": "C"}).out
    assert plain == other


def test_later_batches_keep_the_columns_of_the_first(odd):
    out = table(odd, "--batch-size", "1", "text:a", "text:b", "scattered").expect(0).out
    lines = out.splitlines()
    assert len([line for line in lines if line.startswith("REFERENCE")]) == 1
    assert column_of(lines[1], "text  ") == column_of(lines[0], "PROPERTY")


def on_terminal(sheaf, *args, columns=72):
    """The output on a terminal of that width, and the exit status."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with sheaf.start(*args, stdout=theirs, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        out = b""
        try:
            while piece := os.read(ours, 65536):
                out += piece
        except OSError:  # how Linux says that nobody has the other end any more
            pass
        process.wait()
    os.close(ours)
    return out.decode().replace("\r\n", "\n"), process.returncode


def test_a_terminal_gets_a_table_of_its_width(sheaf, odd):
    out, status = on_terminal(sheaf, "resolve", *odd.options, "kinds", "text:" + "z" * 200)
    assert status == 0 and out.startswith("REFERENCE")
    assert 60 < max(map(width, out.splitlines())) <= 72


def test_a_terminal_gets_json_lines_if_it_asks(sheaf, odd):
    out, status = on_terminal(sheaf, "resolve", *odd.options, "--format", "jsonl", "empty")
    assert out == '{"index":0,"ref":"empty","status":"ok","traits":{}}\n' and status == 0
