# SPDX-License-Identifier: Apache-2.0
"""Derives, from the C headers, what cffi and Python need to know of them.

The compiler's preprocessor expands the tables of the headers; the system's headers are left out (cffi
knows their types), and inline functions become declarations. What comes out is compiled against the
headers themselves, so that nothing here can say other than they do.
"""
from __future__ import annotations

import ast
import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

_SYSTEM = re.compile(r"#include\s*<(?!sheaf/)([\w/.]+)>")
_LEFT_OUT = {
    "__attribute__(x)": "",
    "_Static_assert(condition, text)": "",
}
# Declared for plugins to define.
_NOT_OURS = "sheaf_plugin_v1"


def _empty_headers(folder: Path, files: Iterable[Path]) -> None:
    """An empty one for each system header that is included."""
    for name in {name for file in files for name in _SYSTEM.findall(file.read_text("utf-8"))}:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def _preprocess(compiler: str, include: Path, headers: Sequence[Path], *options: str) -> str:
    with tempfile.TemporaryDirectory() as work:
        _empty_headers(Path(work), [*include.glob("sheaf/*.h"), *headers])
        unit = "".join(f'#include "{header}"\n' for header in headers)
        command = [compiler, "-E", "-P", "-nostdinc", f"-I{include}", f"-I{work}", *options, "-x", "c", "-"]
        command += [f"-D{name}={value}" for name, value in _LEFT_OUT.items()]
        return subprocess.run(command, input=unit, capture_output=True, text=True, check=True).stdout


def _without_bodies(code: str) -> str:
    """Function definitions as declarations: `static inline int f(void) { ... }` -> `int f(void);`."""
    out: list[str] = []
    at = 0
    while match := re.compile(r"\)\s*\{").search(code, at):
        out.append(code[at:match.start() + 1] + ";")
        depth, at = 1, match.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            at += 1
    return "".join([*out, code[at:]])


def declarations(compiler: str, include: Path, headers: Sequence[Path]) -> str:
    """The types, enumerations and functions of `headers`, and of what they include of Sheaf's."""
    code = _without_bodies(_preprocess(compiler, include, headers))
    code = re.sub(r"\bstatic\s+(inline\s+)?", "", code)
    code = re.sub(rf"[^;{{}}]*\b(va_list|{_NOT_OURS})\b[^;{{}}]*;", "", code)
    code = re.sub(r"^\s*;\s*$", "", code, flags=re.M)
    return re.sub(r"\n{2,}", "\n", code).strip() + "\n"


def constants(compiler: str, include: Path, headers: Sequence[Path]) -> str:
    """The macros of Sheaf's that are numbers, for the compiler to say which."""
    macros = _preprocess(compiler, include, headers, "-dM")
    number = r"\(*(?:0x[0-9a-fA-F]+|[0-9]+)[uUlL]*(?:\s*<<\s*[0-9]+)?\)*"
    names = re.findall(rf"^#define (SHEAF(?:PY)?_\w+) {number}$", macros, re.M)
    return "".join(f"#define {name} ...\n" for name in sorted(names))


def table(compiler: str, include: Path, header: str, name: str) -> list[list[str]]:
    """The rows of an X-macro table of a header: their arguments, text without its quotes."""
    with tempfile.TemporaryDirectory() as work:
        unit = Path(work, "table.h")
        unit.write_text(f"#include <{header}>\n#define ROW(...) sheaf_row(__VA_ARGS__)\n{name}(ROW)\n")
        text = _preprocess(compiler, include, [unit])
    literal = r'"(?:[^"\\]|\\.)*"'
    rows = re.findall(rf"sheaf_row\(((?:{literal}|[^()\"])*)\)", text)
    return [[ast.literal_eval(a) if a else b.strip()
             for a, b in re.findall(rf'({literal})|([^,"]+)', row) if a or b.strip()] for row in rows]
