# SPDX-License-Identifier: Apache-2.0
"""What is compared with what, and what people call it."""
from __future__ import annotations

from .table import Table
from .targets import CALLBACK

RECORDS = {"traits": "trait data", "flat": "one map", "record": "a structure",
           "shared": "a shared structure"}
CASES = {"floor": "function pointer, no middleware", "sheaf_callback": "Sheaf, callbacks",
         "sheaf_array": "Sheaf, array", "sheaf_iterator": "Sheaf, iterator",
         "sheaf_columns": "Sheaf, columns"}
DR009 = ("vector", "callback", "callbackToVector", "callbackFnPtr", "callbackLargeCapture")
OTHERS = {
    "sqlite/manager": "`sqlite` manager", "sqlite/select": "SQLite, a prepared SELECT a key",
    "load/bal_open": "`bal`, opening the library", "load/cjson_parse": "cJSON, parsing its text",
    "load/cjson_whole": "cJSON, reading, parsing, deleting the tree",
    "peer/dataloader_cached": "graphql dataloader", "peer/dataloader_uncached":
        "graphql dataloader, its cache off", "peer/aiodataloader_cached": "aiodataloader",
    "peer/aiodataloader_uncached": "aiodataloader, its cache off", "peer/python_dict": "Python dict",
}
PUBLISHED = {  # DR009, appendix 2: numerator, denominator -> batch -> mean, standard deviation
    ("vector", "callback"): {1: (1.29, 0.761), 100: (1.44, 0.230)},
    ("vector", "callbackToVector"): {1: (1.15, 0.570), 100: (1.08, 0.192)},
    ("callbackFnPtr", "callback"): {1: (1.09, 0.600), 100: (1.00, 0.121)},
    ("callbackLargeCapture", "callback"): {1: (1.40, 0.758), 100: (1.01, 0.148)},
}


def title(name: str) -> str:
    """For people. 'study/lookup/dr009_vector_traits' is "DR009's vector, trait data"."""
    if name in OTHERS:
        return OTHERS[name]
    if name.startswith("scale/unordered_map/"):
        return f"std::unordered_map, {int(name.split(':')[1]):,} entries"
    last = name.split("/", 2)[-1] if name.startswith("study/") else name
    if last.startswith("dr009_"):
        _, case, record = last.split("_")
        return f"DR009's {case}, {RECORDS[record]}"
    for case, text in CASES.items():
        if last.startswith(case):
            values = last[len(case) + 1:]
            return f"{text}, {values} values" if values else text
    return name


def partner(case: str) -> str:
    """Which of Sheaf's ways does what a case of DR009's does. Shared structures are static values."""
    if "dr009_vector" in case or "callbackToVector" in case:
        return "sheaf_array_static" if case.endswith("_shared") else "sheaf_array_copied"
    return "sheaf_callback_static"


def order(name: str) -> tuple[int, str]:
    """Ours first, then DR009's, each as they are listed above."""
    last = name.rsplit("/", 1)[-1]
    if last.startswith("dr009_"):
        _, case, record = last.split("_")
        return 10 + list(RECORDS).index(record), str(list(DR009).index(case))
    return next((i for i, case in enumerate(CASES) if last.startswith(case)), 9), name


def compared_with(name: str, table: Table) -> tuple[str, int | None] | None:
    """What a row's ratio is to, and the size of batch there, if that is another."""
    part = name.split("/")
    if part[0] == "study":
        mode = f"study/{part[1]}/"
        if "dr009_" in name:
            return mode + partner(part[2]), None
        return (mode + "floor", None) if name != mode + "floor" else None
    if part[0] == "scale" and part[1] in ("unordered_map", "bal_plain"):
        return "/".join(["scale", "bal", *part[2:]]), None
    if part[0] == "peer":
        return (CALLBACK, 10_000) if table.has(CALLBACK, 10_000) else None
    return {"sqlite/select": ("sqlite/manager", None), "load/bal_open": ("load/cjson_parse", None),
            "load/cjson_whole": ("load/cjson_parse", None)}.get(name)
