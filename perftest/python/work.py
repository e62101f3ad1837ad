# SPDX-License-Identifier: Apache-2.0
"""What the sides of a figure share: the data, and the way in which they are told what to time.

A side is a process of its own, whatever is loaded into it. It reads `CASE CALLS` a line, calls that
case as often, and answers with the nanoseconds that it took, so that sides can be asked in turn.
"""
import sys
import time

PREFIX = "bal:///"
ENTITIES = 10_000
BATCH = 100


def rows():
    """References and names, in an order that is not that of the library."""
    return [(f"{PREFIX}asset/{i:05d}", f"Asset {i}")
            for i in (k * 7919 % ENTITIES for k in range(ENTITIES))]


def serve(cases, beside=()):
    """beside: for some cases, what is entered while they are timed (`with`)."""
    for line in sys.stdin:
        case, calls = line.split()
        if case in beside:
            with beside[case]():
                took = _time(cases[case], int(calls))
        else:
            took = _time(cases[case], int(calls))
        print(took, flush=True)


def _time(function, calls):
    start = time.perf_counter_ns()
    for _ in range(calls):
        function()
    return time.perf_counter_ns() - start
