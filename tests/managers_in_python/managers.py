# SPDX-License-Identifier: Apache-2.0
"""The managers that host_thread_test.c asks."""
import gc
import os
import threading
import weakref

import sheaf

# The one that was built with the test, not an installed one.
assert sheaf.__file__.startswith(os.environ["PYTHONPATH"]), sheaf.__file__


class Echo(sheaf.Manager):
    """Answers with the reference itself, in each of the ways that there are."""

    id = "echo"
    settings = [sheaf.Setting("way", str, "list")]
    opened = 0

    def __init__(self, way):
        Echo.opened += 1
        self.answer = getattr(self, way)

    def close(self):
        Echo.opened -= 1

    def resolve(self, refs, request):
        return self.answer(refs)

    def list(self, refs):
        return [{"echo": {"ref": ref, "size": len(ref)}, "plain": {}} for ref in refs]

    def yields(self, refs):
        for i in reversed(range(len(refs))):
            yield i, {"echo": {"ref": refs[i], "size": len(refs[i])}, "plain": None}

    def fails(self, refs):
        yield 0, sheaf.ElementError("no", sheaf.Status.AUTH_ERROR, retry_after=1.5)
        raise KeyError(refs[0])

    def exists(self, refs, request):
        return [bool(ref) for ref in refs]

    def traits(self, refs, request):
        return [{"echo": 1, "plain": 2} for _ in refs]


class Alone(Echo):
    """The same, one batch at a time."""

    id = "alone"
    serialized = True


class Local(sheaf.Manager):
    """Has something for each thread, and says for how many."""

    id = "local"
    alive: "weakref.WeakSet" = weakref.WeakSet()
    local = threading.local()

    def resolve(self, refs, request):
        if not hasattr(self.local, "kept"):
            self.local.kept = type("Kept", (), {})()
            self.local.turns = 0
            self.alive.add(self.local.kept)
        self.local.turns += 1
        gc.collect()
        return [{"local": {"alive": len(self.alive), "turns": self.local.turns}} for _ in refs]
