#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Freezes the headers of a release: copies them to tests/abi/<minor>/include and writes what of them
may never change, each type, field and constant, to tests/abi/<minor>/layout.h.

  tests/abi/freeze.py 1.0     from include/ as it stands; only until 1.0 has been released

Not run by any test: what it writes is checked in, and then stays.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_FROZEN = {"index.h", "utf8.h"}  # header-only helpers: compiled into the plugin, no contract
# Constants that a header says are its own, or that grow with each minor.
NO_CONTRACT = re.compile(r"_COUNT$|^SHEAF_ABI_MINOR$|_H$")


def gcc(include, text, *flags):
    with tempfile.NamedTemporaryFile("w", suffix=".c") as source:
        source.write(text)
        source.flush()
        return subprocess.run(["gcc", "-std=c11", f"-I{include}", source.name, *flags], check=True,
                              capture_output=True, text=True).stdout


def fields(body, prefix=""):
    """(name, type) of each field; those of a union inside by their path."""
    while True:
        nested = re.search(r"union\s*\{([^{}]*)\}\s*(\w+)\s*;", body)
        if not nested:
            break
        yield from fields(nested[1], f"{prefix}{nested[2]}.")
        body = body.replace(nested[0], "")
    for part in filter(None, (" ".join(p.split()) for p in body.split(";"))):
        function = re.search(r"\(\*\s*(\w+)\)", part)
        if function:
            yield prefix + function[1], part[:function.start(1)] + part[function.end(1):]
            continue
        kind, names = re.fullmatch(r"(.*?[ *])(\w+(?:\[[^]]*\])?(?:, \w+)*)", part).groups()
        for name in names.split(", "):
            name, array = re.fullmatch(r"(\w+)(.*)", name).groups()
            yield prefix + name, kind.strip() + array


def read(include):
    text = '#include <sheaf/sheaf.h>\n'
    code = gcc(include, text, "-E", "-P")
    structs = {m[1]: list(fields(m[2])) for m in
               re.finditer(r"struct\s+(sheaf_\w+)\s*\{((?:[^{}]|\{[^{}]*\})*)\}", code)}
    aliases = re.findall(r"typedef\s+(uint\w+)\s+(sheaf_\w+);", code)
    functions = re.findall(r"typedef\s+([\w ]+?[ *])\(\*(sheaf_\w+)\)(\([^;]*?\))\s*;", code)
    constants = [n for block in re.findall(r"enum\s*\{([^}]*)\}", code)
                 for n in re.findall(r"(SHEAF_\w+)\s*=", block)]
    for name, value in re.findall(r"#define (SHEAF_\w+) (.+)", gcc(include, text, "-E", "-dM")):
        if re.fullmatch(r"[()0-9a-fxuU<\s]+", value):
            constants.append(name)
    constants = [n for n in constants if not NO_CONTRACT.search(n)]
    return structs, aliases, functions, constants


def numbers(include, expressions):
    lines = "".join(f'printf("%lld\\n", (long long)({e}));\n' for e in expressions)
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/numbers"
        gcc(include, f"#include <sheaf/sheaf.h>\nint main(void) {{\n{lines}}}\n", "-o", program)
        return subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()


def layout(include, version):
    structs, aliases, functions, constants = read(include)
    rows, expressions = [], []

    def row(text, expression):
        rows.append(text)
        expressions.append(expression)

    for name, members in sorted(structs.items()):
        grows = [m for m, _ in members[:2]] == ["struct_size", "flags"]
        row(f"{'EXTENSIBLE' if grows else 'FROZEN'}({name}, %s)", f"sizeof({name})")
        for member, kind in members:
            row(f"FIELD({name}, {member}, %s, {kind})", f"offsetof({name}, {member})")
    for kind, name in sorted(aliases, key=lambda a: a[1]):
        row(f"ALIAS({name}, {kind}) /* %s bytes */", f"sizeof({name})")
    for result, name, arguments in sorted(functions, key=lambda f: f[1]):
        arguments = " ".join(arguments.split())
        row(f"ALIAS({name}, {result}(*){arguments}) /* %s bytes */", f"sizeof({name})")
    for name in sorted(set(constants)):
        row(f"CONSTANT({name}, %s)", name)
    values = numbers(include, expressions)
    lines = [text % value for text, value in zip(rows, values)]
    head = ("/* SPDX-License-Identifier: Apache-2.0 */\n"
            f"/* What ABI {version} promises about shapes and numbers. Written by tests/abi/freeze.py;\n"
            " * includes nothing and has no guard: see ../layout_check.c. */\n"
            "/* clang-format off */\n")
    return head + "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 2 or not re.fullmatch(r"\d+\.\d+", sys.argv[1]):
        sys.exit(__doc__)
    folder = ROOT / "tests/abi" / sys.argv[1]
    include = folder / "include"
    shutil.rmtree(include, ignore_errors=True)
    (include / "sheaf").mkdir(parents=True)
    for header in sorted((ROOT / "include/sheaf").glob("*.h")):
        if header.name not in NOT_FROZEN:
            shutil.copy(header, include / "sheaf")
    (folder / "layout.h").write_text(layout(include, sys.argv[1]))
    print(f"{folder}: {len(list((include / 'sheaf').iterdir()))} headers, layout.h")


if __name__ == "__main__":
    main()
