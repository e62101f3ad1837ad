#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a reference for every entity of a Basic Asset Library file, one a line.

    list_refs.py FILE [N]        only N of them, spread over the file
"""
import json
import sys


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        names = list(json.load(file)["entities"])
    if len(sys.argv) == 3:
        most = int(sys.argv[2])
        names = [names[i * len(names) // most] for i in range(most)] if len(names) > most else names
    sys.stdout.reconfigure(encoding="utf-8")
    # What ends a reference's name cannot be in one; such entities have no reference.
    for name in names:
        if name and not set(name) & set("?#\t\r\n"):
            print(f"bal:///{name}")


if __name__ == "__main__":
    main()
