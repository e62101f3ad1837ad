# SPDX-License-Identifier: Apache-2.0
"""aiodataloader, and a dict: what a batch of distinct keys costs in Python without Sheaf.

    python python_perf.py [ROUNDS [KEYS]]       a line of JSON a round: nanoseconds a key

Times are of the thread's processor time. aiodataloader runs with its cache, as it comes, and without.
"""
import asyncio
import json
import platform
import sys
import time
from importlib import metadata

from aiodataloader import DataLoader

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 9
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 10000

KEYS = [f"asset:///moth/{i * 2654435761 % 2**32:08x}/model" for i in range(COUNT)]
URLS = {key: f"file:///mnt/projects/assets/{key}/model_v012.usd" for key in KEYS}


async def find(keys):
    return [URLS[key] for key in keys]


def with_loader(cache):
    async def load():
        return await DataLoader(find, cache=cache).load_many(KEYS)
    return asyncio.run(load())


CASES = {"aiodataloader_cached": lambda: with_loader(True),
         "aiodataloader_uncached": lambda: with_loader(False),
         "python_dict": lambda: [URLS[key] for key in KEYS]}


def once(ask):
    start = time.thread_time_ns()
    values = ask()
    took = time.thread_time_ns() - start
    if values != list(URLS.values()):
        raise SystemExit("not all were found")
    return took / COUNT


def main():
    python = f"Python {platform.python_version()}"
    versions = {"aiodataloader": f"{metadata.version('aiodataloader')} on {python}", "python": python}
    for ask in CASES.values():
        once(ask)
    for round_ in range(ROUNDS):
        for name, ask in CASES.items():
            # Several, for the collector comes when it likes.
            took = sorted(once(ask) for _ in range(5))[2]
            print(json.dumps({"name": name, "batch": COUNT, "round": round_, "ns": took,
                              "version": versions[name.split("_")[0]]}), flush=True)


main()
