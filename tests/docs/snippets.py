# SPDX-License-Identifier: Apache-2.0
"""Takes the fenced blocks out of the documentation and tries each one.

What a block is stands in its info string. A page is one scenario: its blocks are taken from top to
bottom, in one folder. Words behind the language may be followed by NAME=VALUE.

    ```c host file=F          a whole program: compiled without a warning, linked with libsheaf, run
                              (exit=N: how it ends; default 0)
    ```c manager file=ID.c    a whole plugin: compiled without a warning, placed in `plugins/` with a
                              manifest, passed through `sheaf check` (ref=R: an entity that exists)
    ```c host-part            statements of a host, compiled in a function that has library, manager,
                              refs, count and error
    ```c manager-part         the same of a manager's batch: self, host, request, sink, call
    ```c file=F               a file that a later block uses
    ```text output            what the block before it printed
    ```console                `$ command`, then what it prints on both streams; a line `...` stands for
                              any lines, `...` within a line for any text; `(exit status N)` follows
                              what does not end with 0
    ```json file=F            JSON: parsed, and written for later blocks
    ```cmake file=F           written for later blocks
    ```python file=F          the same: a module
    ```python host            a whole program, run in the interpreter that has the package installed
    ```sql database=F         SQL, run against that SQLite database; it prints rows as `a|b`
    ```sh make                `make TARGET` lines: such targets there are
    ```text                   nothing to be tried
    ```text demo              lines that `make demo` prints, in this order; numbers may differ

Any other block is an error, so that none escapes.
"""
import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SHEAF_BUILD_DIR") or ROOT / "build" / "dev").resolve()
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
TIMEOUT = 120

STRICT = "-std=c11 -D_POSIX_C_SOURCE=200809L -O1 -g -Wall -Wextra -Wpedantic -Werror".split()
LOOSE = ["-Wno-unused-variable", "-Wno-unused-but-set-variable", "-Wno-unused-parameter",
         "-Wno-unused-function"]
SHARED = "-shared -fPIC -fvisibility=hidden -Wl,-z,defs -Wl,-z,now -Wl,-z,nodelete".split()

HOST_PART = """#include <sheaf/sheaf.h>
#include <stdio.h>
#include <stdlib.h>
sheaf_status part(sheaf_library *library, sheaf_manager *manager, const sheaf_str *refs,
                  uint32_t count, sheaf_error error);
sheaf_status part(sheaf_library *library, sheaf_manager *manager, const sheaf_str *refs,
                  uint32_t count, sheaf_error error) {
  (void)library, (void)manager, (void)refs, (void)count, (void)error;
#line 1
"""
MANAGER_PART = """#include <sheaf/abi.h>
#include <stdlib.h>
struct manager { sheaf_id trait, key; };
sheaf_status part(struct manager *self, const sheaf_host *host, const sheaf_request *request,
                  sheaf_sink *sink, const sheaf_call *call);
sheaf_status part(struct manager *self, const sheaf_host *host, const sheaf_request *request,
                  sheaf_sink *sink, const sheaf_call *call) {
  (void)self, (void)host, (void)request, (void)sink, (void)call;
#line 1
"""
PART_END = "\n  return SHEAF_OK;\n}\n"


class Block:
    """One fenced block: where it stands, what its info string says, its text."""

    def __init__(self, page, line, info, text):
        self.page, self.line, self.text = page, line, text
        words = shlex.split(info)
        self.info = info
        self.language = words[0] if words else ""
        self.words = [word for word in words[1:] if "=" not in word]
        self.options = dict(word.split("=", 1) for word in words[1:] if "=" in word)

    @property
    def kind(self):
        return " ".join([self.language, *self.words])

    def fail(self, message):
        raise AssertionError(f"{self.page.relative_to(ROOT)}:{self.line}: {message}")


def blocks_of(page):
    """The fenced blocks of a page. A fence that is indented or never closed is an error."""
    found, info, lines, start = [], None, [], 0
    for number, line in enumerate(page.read_text("utf-8").split("\n"), 1):
        if line.lstrip().startswith("```") and not line.startswith("```"):
            raise AssertionError(f"{page}:{number}: an indented fence escapes the tests")
        if not line.startswith("```"):
            lines.append(line)
        elif info is None:
            info, lines, start = line[3:].strip(), [], number
        else:
            found.append(Block(page, start, info, "\n".join(lines) + "\n" if lines else ""))
            info = None
    if info is not None:
        raise AssertionError(f"{page}:{start}: a fence that is never closed")
    return found


def expectation(lines):
    """A regular expression for expected output, `...` being anything."""
    pattern = ""
    for line in lines:
        if line == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.split("...")) + r"\n"
    return re.compile(pattern)


def compare(block, what, expected, actual):
    if not expectation(expected).fullmatch(actual):
        block.fail(f"{what}\n--- the page says\n" + "\n".join(expected) +
                   f"\n--- it printed\n{actual}")


class Scenario:
    """The blocks of one page, tried in a folder of their own with an installed Sheaf."""

    def __init__(self, folder, prefix):
        self.folder, self.prefix = folder, prefix
        self.printed = None
        keep = {name: value for name, value in os.environ.items()
                if not name.startswith(("SHEAF_", "BAL_", "XDG_"))}
        self.env = {**keep, "HOME": str(folder / "home"), "PREFIX": str(prefix), "LC_ALL": "C.UTF-8",
                    "PATH": f"{prefix}/bin:{os.environ['PATH']}",
                    "SHEAF_PLUGIN_PATH": str(folder / "plugins"), "SHEAF_PYTHON": sys.executable}
        self.env.pop("COLUMNS", None)
        (folder / "plugins").mkdir()
        (folder / "home").mkdir()

    def run(self, command, **options):
        """The exit status and both streams, as one, of a command."""
        done = subprocess.run(command, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT,
                              encoding="utf-8", errors="replace", **options)
        return done.returncode, done.stdout

    def must(self, block, command):
        status, out = self.run(command)
        if status != 0:
            block.fail(f"{shlex.join(map(str, command))}: exit status {status}\n{out}")
        return out

    def write(self, block):
        path = self.folder / block.options["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, "utf-8")
        return path

    def compile(self, block, source, *more):
        self.must(block, [os.environ.get("CC", "gcc"), *STRICT, "-I", str(self.prefix / "include"),
                          str(source), *map(str, more)])

    def host(self, block):
        source = self.write(block)
        program = source.with_suffix("")
        self.compile(block, source, "-L", self.prefix / "lib", "-lsheaf", "-lpthread",
                     f"-Wl,-rpath,{self.prefix}/lib", "-o", program)
        status, self.printed = self.run([program])
        if status != int(block.options.get("exit", 0)):
            block.fail(f"it ended with {status}\n{self.printed}")

    def manager(self, block):
        source = self.write(block)
        name = source.stem
        self.compile(block, source, *SHARED, "-o", self.folder / "plugins" / f"{name}.so")
        manifest = {"sheaf_manifest": 1, "id": name, "version": "1.0.0",
                    "abi": {"major": 1, "minor": 0, "min_minor": 0}, "library": f"{name}.so"}
        (self.folder / "plugins" / f"{name}.sheaf.json").write_text(json.dumps(manifest))
        status, out = self.run(["sheaf", "check", name, "--format", "json", "--ref",
                                block.options["ref"]])
        if not out.startswith("{"):
            block.fail(f"sheaf check: exit status {status}\n{out}")
        # What is done at once cannot be cancelled.
        bad = [(check["name"], check["outcome"], check["message"])
               for check in json.loads(out)["checks"] if check["outcome"] != "passed" and
               (check["name"], check["outcome"]) != ("cancel", "skipped")]
        if bad:
            block.fail(f"sheaf check is not content: {bad}")
        self.printed = None

    def python(self, block):
        (self.folder / "program.py").write_text(block.text, "utf-8")
        self.printed = self.must(block, [sys.executable, "program.py"])

    def part(self, block, begin):
        (self.folder / "part.c").write_text(begin + block.text + PART_END)
        self.compile(block, self.folder / "part.c", *LOOSE, "-c", "-o", "/dev/null")

    def output(self, block):
        if self.printed is None:
            block.fail("no block before it printed anything")
        compare(block, "the block before it", block.text.split("\n")[:-1], self.printed)

    def console(self, block):
        if not block.text.startswith("$ "):
            block.fail("a console block begins with `$ `")
        for piece in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
            command, *expected = piece.split("\n")[:-1]
            while command.endswith("\\"):
                command = command[:-1] + expected.pop(0).removeprefix("> ")
            wanted = 0
            if expected and (ended := re.fullmatch(r"\(exit status (\d+)\)", expected[-1])):
                wanted = int(ended[1])
                expected.pop()
            status, out = self.run(["bash", "-o", "pipefail", "-c", command])
            if status != wanted:
                block.fail(f"{command}: exit status {status}, the page says {wanted}\n{out}")
            compare(block, command, expected, out)

    def json(self, block):
        try:
            json.loads(block.text)
        except ValueError as why:
            block.fail(f"this is not JSON: {why}")
        self.write(block)

    def sql(self, block):
        """Statements end with the line that completes them."""
        database = sqlite3.connect(self.folder / block.options["database"])
        rows, statement = [], ""
        try:
            for line in block.text.splitlines(keepends=True):
                statement += line
                if sqlite3.complete_statement(statement):
                    rows += database.execute(statement)
                    statement = ""
            database.commit()
        except sqlite3.Error as why:
            block.fail(f"{why}: {statement}")
        finally:
            database.close()
        if statement.strip():
            block.fail(f"a statement without an end: {statement}")
        self.printed = "".join("|".join("" if cell is None else str(cell) for cell in row) + "\n"
                               for row in rows)

    def make(self, block):
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
        for line in block.text.split("\n")[:-1]:
            words = line.split("#")[0].split()
            if words[:1] != ["make"] or len(words) < 2 or words[1] not in targets:
                block.fail(f"'{line}' is not `make TARGET`; there are {sorted(targets)}")

    def demo(self, block):
        env = {name: value for name, value in self.env.items() if name != "SHEAF_PLUGIN_PATH"}
        done = subprocess.run([ROOT / "scripts" / "demo.sh"], stdin=subprocess.DEVNULL,
                              env={**env, "SHEAF_BIN": str(BUILD / "bin/sheaf")}, timeout=TIMEOUT,
                              capture_output=True, encoding="utf-8", errors="replace")
        if done.returncode != 0:
            block.fail(f"the demo ended with {done.returncode}\n{done.stderr}")
        shown = done.stdout.split("\n")
        at = 0
        for line in block.text.split("\n")[:-1]:
            pattern = re.compile(re.sub(r"\d+", r"\\d+", re.escape(line)))
            found = [i for i in range(at, len(shown)) if pattern.fullmatch(shown[i])]
            if line and line != "..." and not found:
                block.fail(f"the demo does not print, where it should: {line}\n{done.stdout}")
            at = found[0] + 1 if line and line != "..." else at

    def take(self, block):
        kind = block.kind
        if kind == "c host": self.host(block)
        elif kind == "c manager": self.manager(block)
        elif kind == "c host-part": self.part(block, HOST_PART)
        elif kind == "c manager-part": self.part(block, MANAGER_PART)
        elif kind == "text output": self.output(block)
        elif kind == "text demo": self.demo(block)
        elif kind == "console": self.console(block)
        elif kind == "json" and "file" in block.options: self.json(block)
        elif kind == "sql" and "database" in block.options: self.sql(block)
        elif kind == "python host": self.python(block)
        elif kind in ("c", "cmake", "python") and "file" in block.options: self.write(block)
        elif kind == "sh make": self.make(block)
        elif kind != "text" or block.options: block.fail(f"nothing tries a block called '{block.info}'")
