# SPDX-License-Identifier: Apache-2.0
"""What ends a call from outside: a switch, the time, Ctrl-C."""
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from hosting import Says

import sheaf
from sheaf import Status

SLOW = 60_000  # milliseconds that the manager of `slow` takes to answer


@pytest.fixture
def slow(library_path):
    """The manager `bal`, which waits for a minute before it answers."""
    with sheaf.open("bal", library_path=library_path, simulated_query_latency_ms=SLOW) as manager:
        yield manager


@contextmanager
def in_time():
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SLOW / 2000


# -------------------------------------------------------------------------------------- the switch


def test_a_switch_ends_a_call(slow):
    cancel = sheaf.Cancel()
    assert not cancel.is_set() and repr(cancel) == "<sheaf.Cancel>"
    threading.Timer(0.05, cancel.set).start()
    with in_time():
        batch = slow.resolve(["bal:///cat", "bal:///dog"], cancel=cancel)
    assert batch.status is Status.CANCELLED and not batch.ok and batch.failed == 2
    assert [error.status for error in batch] == [Status.CANCELLED] * 2
    assert cancel.is_set() and repr(cancel) == "<sheaf.Cancel (set)>"


def test_one_switch_for_many_calls(slow):
    cancel, batches = sheaf.Cancel(), []
    threads = [threading.Thread(target=lambda: batches.append(slow.exists(["bal:///cat"], cancel=cancel)))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    with in_time():
        cancel.set()
        cancel.set()
        for thread in threads:
            thread.join()
    assert [batch.status for batch in batches] == [Status.CANCELLED] * 8
    assert cancel._listeners == []


def test_a_switch_that_was_thrown_before(slow):
    cancel = sheaf.Cancel()
    cancel.set()
    with in_time():
        assert slow.resolve(["bal:///cat"], cancel=cancel).status is Status.CANCELLED
        assert slow.columns(["bal:///cat"], [("a", "b")], cancel=cancel).status is Status.CANCELLED
        with pytest.raises(sheaf.BatchError) as raised:
            slow.resolve(["bal:///cat"], cancel=cancel, errors="raise")
    assert isinstance(raised.value.__cause__, sheaf.EndedError)


def test_what_was_answered_before_stays(says):
    cancel = sheaf.Cancel()
    threading.Timer(0.1, cancel.set).start()
    with in_time():
        batch = says.resolve(["wait 60", "is b"], cancel=cancel)
    assert batch[1] == {"named": {"name": "b"}} and batch[0].status is Status.CANCELLED


# ---------------------------------------------------------------------------------------- the time


@pytest.mark.parametrize("timeout", [0, 0.02, 1e-9, -5])
def test_the_time_is_up(slow, timeout):
    with in_time():
        batch = slow.resolve(["bal:///cat"], timeout=timeout)
    assert batch.status is Status.DEADLINE and batch[0].status is Status.DEADLINE


@pytest.mark.parametrize("timeout", [60, 1e300, float("inf")])
def test_there_is_time_enough(zoo, timeout):
    assert zoo.resolve(["bal:///cat"], timeout=timeout).ok


def test_preparing_references_takes_none_of_it(zoo):
    def refs():
        time.sleep(0.2)
        yield "bal:///cat"
    assert zoo.resolve(refs(), timeout=0.1).ok


# ------------------------------------------------------------------------------------------ Ctrl-C


@contextmanager
def interrupted(after=0.1, by=signal.SIGINT):
    timer = threading.Timer(after, lambda: os.kill(os.getpid(), by))
    timer.start()
    with in_time():
        yield
    timer.join()


ASKING = {
    "resolve": lambda manager: manager.resolve(["bal:///cat"]),
    "exists": lambda manager: manager.exists(["bal:///cat"]),
    "one": lambda manager: manager.resolve_one("bal:///cat"),
    "timeout": lambda manager: manager.resolve(["bal:///cat"], timeout=50),
    "cancel": lambda manager: manager.resolve(["bal:///cat"], cancel=sheaf.Cancel()),
    "columns": lambda manager: manager.columns(["bal:///cat"], [("named", "name")]),
    "each": lambda manager: manager.resolve_each(["bal:///cat"], None, None, None),
    "iter": lambda manager: list(manager.iter(["bal:///cat"], ahead=0)),
    "iter ahead": lambda manager: list(manager.iter(["bal:///cat"] * 3, chunk=1, ahead=2)),
}


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
def test_ctrl_c(slow, zoo, ask):
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), interrupted():
            ask(slow)
        ask(zoo)


def test_ctrl_c_while_a_manager_in_python_waits(says):
    with pytest.raises(KeyboardInterrupt), interrupted():
        says.resolve(["wait 60"])
    assert says.resolve(["is a"]).ok


def test_ctrl_c_while_others_use_the_manager(serve):
    """One batch at a time: the main thread waits for the other's."""
    class One(sheaf.Manager):
        id = "one"
        serialized = True
        inside = threading.Event()

        def resolve(self, refs, request):
            self.inside.set()
            request.wait(60)
            return [{} for _ in refs]

    manager, cancel = serve(One), sheaf.Cancel()
    other = threading.Thread(target=lambda: manager.resolve(["a"], cancel=cancel))
    other.start()
    One.inside.wait(10)
    with pytest.raises(KeyboardInterrupt), interrupted():
        manager.resolve(["b"])
    assert other.is_alive()  # it is not the other's
    cancel.set()
    other.join()


def test_handlers_that_raise_something_else(slow):
    class Mine(Exception):
        pass

    def handler(number, frame):
        raise Mine

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with pytest.raises(Mine), interrupted(by=signal.SIGUSR1):
            slow.resolve(["bal:///cat"])
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_handlers_that_raise_nothing(slow):
    """They run while the call goes on; this one ends it in its own way."""
    cancel, seen = sheaf.Cancel(), []

    def handler(number, frame):
        seen.append(number)
        cancel.set()

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with interrupted(by=signal.SIGUSR1):
            assert slow.resolve(["bal:///cat"], cancel=cancel).status is Status.CANCELLED
        Says.waiting.clear()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert seen == [signal.SIGUSR1]


def test_other_threads_are_not_concerned(slow, zoo):
    cancel, batches = sheaf.Cancel(), []
    thread = threading.Thread(target=lambda: batches.append(slow.resolve(["bal:///cat"], cancel=cancel)))
    thread.start()
    with pytest.raises(KeyboardInterrupt), interrupted():
        slow.resolve(["bal:///cat"])
    assert thread.is_alive()
    cancel.set()
    thread.join()
    assert batches[0].status is Status.CANCELLED


@pytest.mark.parametrize("forked_by", ["main thread", pytest.param("thread", marks=pytest.mark.skipif(
    sys.version_info[:3] == (3, 13, 0),
    reason="in such a child Python 3.13.0 runs no signal's handler, with or without this package"))])
def test_the_child_of_a_fork_hears_it_too(run_python, library_path, forked_by):
    """Its only thread is the main one."""
    print(run_python("""
import os, signal, sys, threading, time
import sheaf
sheaf.open("bal", library_path=sys.argv[1]).resolve(["bal:///cat"])
def child():
    manager = sheaf.open("bal", library_path=sys.argv[1], simulated_query_latency_ms=60000)
    threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    try:
        manager.resolve(["bal:///cat"])
    except KeyboardInterrupt:
        os._exit(7)
def forker():
    pid = os.fork()
    if pid == 0:
        child()
        os._exit(1)
    ended.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
ended = []
if sys.argv[2] == "thread":
    thread = threading.Thread(target=forker)
    thread.start()
    thread.join()
else:
    forker()
assert ended == [7], ended
""", library_path, forked_by))
