# SPDX-License-Identifier: Apache-2.0
"""A manager for tests of hosts: a reference says what is to become of it."""
import threading
from typing import NamedTuple

import sheaf

# What the reference "all" resolves to.
ALL = {
    "kinds": {"bool": True, "int": -(2**63), "float": 1.5, "str": "é\0\U0001f411", "bytes": b"\xff\0",
              "list": [1, [2.5, "x"], b"y", False, []], "no": False, "empty": ""},
    "bare": {},
    "named": {"name": "All"},
}


class Asked(NamedTuple):
    """What a manager was asked."""

    refs: list
    traits: tuple
    access: str
    context: sheaf.Context


class Says(sheaf.Manager):
    """Does what references say: "is NAME", "all", "none", "denied", "later", "quiet", "wait SECONDS",
    "down". Answers from the last to the first, one after another."""

    id = "says"
    settings = [sheaf.Setting("pace", float, 0.0, "Seconds that each answer takes.")]
    # What was asked, batch by batch.
    asked: list = []
    waiting = threading.Event()

    def __init__(self, pace):
        self.pace = pace

    def resolve(self, refs, request):
        self.asked.append(Asked(list(refs), request.traits, request.access, request.context))
        for index in reversed(range(len(refs))):
            yield index, self.answer(refs[index], request)

    def answer(self, ref, request):
        if self.pace:
            request.wait(self.pace)
        word, _, rest = ref.partition(" ")
        if word == "wait":
            self.waiting.set()
            request.wait(float(rest))
        if word == "down":
            raise sheaf.ElementError("the back end is gone", sheaf.Status.UNAVAILABLE)
        return {"all": ALL, "is": {"named": {"name": rest}}, "wait": {"named": {"name": ref}},
                "denied": sheaf.ElementError("not you", sheaf.Status.AUTH_ERROR),
                "later": sheaf.ElementError("not now", sheaf.Status.OVERLOADED, retryable=True,
                                            retry_after=1.5),
                "quiet": sheaf.ElementError("", sheaf.Status.ENTITY_ACCESS_ERROR)}.get(word)

    def exists(self, refs, request):
        return [sheaf.ElementError("not you", sheaf.Status.AUTH_ERROR) if ref == "denied" else
                ref == "all" for ref in refs]

    def traits(self, refs, request):
        return [list(ALL) if ref == "all" else [] if ref == "bare" else None for ref in refs]
