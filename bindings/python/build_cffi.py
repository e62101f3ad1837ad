# SPDX-License-Identifier: Apache-2.0
"""Writes what of the package is made from the C headers: the source of the extension module
`sheaf._cffi`, and `sheaf/_constants.py`.

    build_cffi.py --compiler CC --include DIR --module OUT.c --constants OUT.py [HEADER...]

HEADERs are those of the module's own support code.
"""
from __future__ import annotations

import argparse
from pathlib import Path

import cdef
import cffi

HERE = Path(__file__).parent
# What C calls and Python defines.
CALLBACKS = HERE / "src/cffi/callbacks.cdef"


def write_module(arguments: argparse.Namespace) -> None:
    headers = [arguments.include / "sheaf/sheaf.h", arguments.include / "sheaf/export.h", *arguments.headers]
    builder = cffi.FFI()
    builder.cdef(cdef.constants(arguments.compiler, arguments.include, headers))
    builder.cdef(cdef.declarations(arguments.compiler, arguments.include, headers))
    builder.cdef("\n".join(line for line in CALLBACKS.read_text("utf-8").splitlines()
                           if not line.startswith("#")))
    builder.set_source("sheaf._cffi", "".join(f'#include "{header}"\n' for header in headers))
    builder.emit_c_code(str(arguments.module))


def enumeration(name: str, doc: str, rows: list[tuple[str, str]]) -> str:
    members = "".join(f"    {member} = {value}\n" for member, value in rows)
    return f'\n\nclass {name}(IntEnum):\n    """{doc}"""\n\n{members}'


def constants_source(arguments: argparse.Namespace) -> str:
    def rows(name: str, header: str = "sheaf/abi.h") -> list[list[str]]:
        return cdef.table(arguments.compiler, arguments.include, header, name)

    statuses, names = rows("SHEAF_STATUS_MAP"), rows("SHEAF_NAME_MAP")
    origins = rows("SHEAF_ORIGIN_MAP", "sheaf/plugins.h")
    parts = [
        "# SPDX-License-Identifier: Apache-2.0\n# Written by build_cffi.py from the headers.\n"
        '"""Numbers and names of the C interface."""\nfrom enum import IntEnum\n',
        enumeration("Status", "What became of an element, a batch or a call; hundreds are classes.",
                    [(row[0], row[1]) for row in statuses]),
        enumeration("Access", "What the host wants to do with an entity.",
                    [(row[0], row[1]) for row in rows("SHEAF_ACCESS_MAP")]),
        "\n\nSTATUS_NAMES = ", repr({int(row[1]): row[2] for row in statuses}),
        "\nSTATUS_MESSAGES = ", repr({int(row[1]): row[3] for row in statuses}),
        "\nACCESS_NAMES = ", repr({row[2]: int(row[1]) for row in rows("SHEAF_ACCESS_MAP")}),
        "\nLOG_LEVELS = ", repr({row[2]: int(row[1]) for row in rows("SHEAF_LOG_LEVEL_MAP")}),
        "\nORIGINS = ", repr({int(row[1]): row[2] for row in origins}),
        "\nNAMES = ", repr({row[2]: int(row[1]) for row in names}), "\n",
        *[f"{row[0]} = {row[1]}\n" for row in names],
    ]
    return "".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include", required=True, type=Path)
    parser.add_argument("--module", required=True, type=Path)
    parser.add_argument("--constants", required=True, type=Path)
    parser.add_argument("headers", nargs="*", type=Path)
    arguments = parser.parse_args()
    write_module(arguments)
    arguments.constants.write_text(constants_source(arguments), "utf-8")


if __name__ == "__main__":
    main()
