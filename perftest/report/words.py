# SPDX-License-Identifier: Apache-2.0
"""What is compared with what, and what people call it."""
from __future__ import annotations

from .suites import BARE
from .table import Table
from .targets import CALLBACK, COLD, HITS, NO_STAGES, STAGES

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
    "peer/dataloader_load": "graphql dataloader, load, a new one",
    "peer/dataloader_loadMany": "graphql dataloader, loadMany, a new one",
    "peer/dataloader_uncached": "graphql dataloader, load, its cache off",
    "peer/dataloader_hits_load": "graphql dataloader, load, all of them hits",
    "peer/dataloader_hits_loadMany": "graphql dataloader, loadMany, all of them hits",
    "peer/aiodataloader_cached": "aiodataloader",
    "peer/aiodataloader_uncached": "aiodataloader, its cache off", "peer/python_dict": "Python dict",
}
AT_WORK = {  # a stage that does something
    "stage/batch/size_1000": "`batch`, `size(1000)`", "stage/batch/by_scheme": "`batch`, `by(scheme)`",
    "stage/batch/sort": "`batch`, `sort`", "stage/dedupe/distinct": "`dedupe`, all distinct",
    "stage/dedupe/half": "`dedupe`, each twice", HITS: "`cache` over `batch`, all of them hits",
    COLD: "`cache` over `batch`, new", "stage/cache/turnover": "`cache`, a tenth more than there is room for",
    "stage/meter_meter": "`meter` over `meter`",
}
IDLE = {NO_STAGES: "no stages"} | {f"stage/idle/{stage}": f"`{stage}`" for stage in STAGES}
PARTNERS = {  # of a peer in Node or Python, if not the plain call
    "peer/dataloader_load": COLD, "peer/dataloader_loadMany": COLD, "peer/dataloader_hits_load": HITS,
    "peer/dataloader_hits_loadMany": HITS,
}
PUBLISHED = {  # DR009, appendix 2: numerator, denominator -> batch -> mean, standard deviation
    ("vector", "callback"): {1: (1.29, 0.761), 100: (1.44, 0.230)},
    ("vector", "callbackToVector"): {1: (1.15, 0.570), 100: (1.08, 0.192)},
    ("callbackFnPtr", "callback"): {1: (1.09, 0.600), 100: (1.00, 0.121)},
    ("callbackLargeCapture", "callback"): {1: (1.40, 0.758), 100: (1.01, 0.148)},
}


def title(name: str) -> str:
    """For people. 'study/lookup/dr009_vector_traits' is "DR009's vector, trait data"."""
    for words in (OTHERS, AT_WORK, IDLE):
        if name in words:
            return words[name]
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
        ours = PARTNERS.get(name, CALLBACK)
        return (ours, 10_000) if table.has(ours, 10_000) else None
    if part[0] == "stage":
        return (name + BARE, None) if not name.endswith(BARE) else None
    return {"sqlite/select": ("sqlite/manager", None), "load/bal_open": ("load/cjson_parse", None),
            "load/cjson_whole": ("load/cjson_parse", None)}.get(name)
