# SPDX-License-Identifier: Apache-2.0
"""Managers in Python and threads: many at once, cancelling, interrupting, hosts that ask each other."""
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from asking import ask, ask_each

import sheaf
from sheaf._cffi import lib

PATIENCE = 30


def run_all(functions):
    """Each in a thread of its own; what they returned."""
    results, errors = [None] * len(functions), []

    def run(i, function):
        try:
            results[i] = function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[i, one], daemon=True) for i, one in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    assert not errors, errors
    return results


def test_many_threads_in_one_manager(serve):
    inside, most, lock = 0, 0, threading.Lock()

    def resolve(refs, request):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        request.wait(0.001)
        records = [{"a": {"ref": ref}} for ref in refs]
        with lock:
            inside -= 1
        return records

    manager = serve(resolve)

    def work(number):
        for turn in range(20):
            refs = [f"{number}-{turn}-{i}" for i in range(50)]
            assert ask(manager, refs).records == [{"a": {"ref": ref}} for ref in refs]

    run_all([lambda n=n: work(n) for n in range(8)])
    assert most > 1


def test_a_serialized_manager_is_never_called_twice_at_once(serve):
    class Alone(sheaf.Manager):
        id = "alone"
        serialized = True
        inside = 0

        def resolve(self, refs, request):
            assert not self.inside
            self.inside += 1
            request.wait(0.002)
            self.inside -= 1
            return [{} for _ in refs]

    manager = serve(Alone)
    assert manager.description.serialized
    found = run_all([lambda: [ask(manager, ["x"]).statuses for _ in range(20)]] * 4)
    assert found == [[["OK"]] * 20] * 4


def test_a_thread_keeps_what_is_its_own(serve):
    """threading.local lasts from one batch to the next, also where C made the thread."""
    local = threading.local()

    def resolve(refs, request):
        local.turn = getattr(local, "turn", 0) + 1
        return [{"a": {"turn": local.turn}} for _ in refs]

    manager = serve(resolve)
    turns = run_all([lambda: [ask(manager, ["x"]).records[0]["a"]["turn"] for _ in range(3)]] * 3)
    assert turns == [[1, 2, 3]] * 3


def test_managers_that_ask_each_other(serve):
    """Two hosts, each of which has the other's manager: nobody waits for ever."""
    managers = {}

    def resolve(refs, request, other):
        depth = int(refs[0])
        if depth == 0:
            return [{"a": {"depth": 0}} for _ in refs]
        found = ask(managers[other], [str(depth - 1)] * len(refs))
        return [{"a": {"depth": record["a"]["depth"] + 1}} for record in found.records]

    for name, other in ("left", "right"), ("right", "left"):
        managers[name] = serve(lambda refs, request, other=other: resolve(refs, request, other))

    def work(name):
        return [ask(managers[name], ["5"]).records for _ in range(30)]

    for records in run_all([lambda n=n: work(n) for n in ("left", "right", "left", "right")]):
        assert records == [[{"a": {"depth": 5}}]] * 30


def test_a_host_that_holds_a_lock_of_its_own_in_its_callbacks(serve):
    """Sinks are called without the GIL: a host's lock and the GIL are never held crosswise."""
    manager = serve(lambda refs, request: [{} for _ in refs])
    lock = threading.Lock()

    def work():
        for _ in range(50):
            def heard(index, result):
                with lock:
                    time.sleep(0.0001)
            ask_each(manager, ["x"] * 10, heard)

    def busy():
        for _ in range(200):
            with lock:
                sum(range(1000))

    run_all([work, work, busy])


@pytest.fixture
def cancel():
    switch = lib.sheaf_cancel_new()
    yield switch
    lib.sheaf_cancel_free(switch)


@pytest.mark.parametrize("way", ["wait", "poll", "answer"])
def test_cancelling(serve, cancel, way):
    started = threading.Event()

    def resolve(refs, request):
        yield 0, {}
        started.set()
        if way == "wait":
            assert not request.wait(PATIENCE)
        while way == "poll" and not request.cancelled:
            time.sleep(0.001)
        if way != "answer":
            assert request.cancelled
            return
        for i in range(1, len(refs)):
            time.sleep(0.01)
            yield i, {}

    manager = serve(resolve)

    def stop():
        started.wait(PATIENCE)
        time.sleep(0.05)
        lib.sheaf_cancel_set(cancel)

    began = time.monotonic()
    found, _ = run_all([lambda: ask(manager, ["x"] * 2000, cancel=cancel), stop])
    assert time.monotonic() - began < PATIENCE / 2
    assert found.batch == sheaf.Status.CANCELLED
    assert found.statuses[0] == "OK" and found.statuses[-1] == "CANCELLED"


def test_a_deadline(serve):
    def resolve(refs, request):
        assert 0 < request.remaining <= 0.2
        assert not request.wait(PATIENCE)
        return [{} for _ in refs]

    found = ask(serve(resolve), ["x"], timeout=0.2)
    assert found.batch == sheaf.Status.DEADLINE and found.statuses == ["DEADLINE"]


@pytest.mark.parametrize("answers", [[], None])
def test_a_manager_that_returns_early_because_it_was_told_to(serve, logged, answers):
    def resolve(refs, request):
        assert not request.wait(PATIENCE)
        return answers

    assert ask(serve(resolve), ["x", "y"], timeout=0.1).statuses == ["DEADLINE"] * 2
    assert "returned" not in logged()


def in_another_process(program, **options):
    return subprocess.run([sys.executable, "-c", textwrap.dedent(program)], text=True, timeout=PATIENCE,
                          capture_output=True, cwd=os.path.dirname(__file__), **options)


def test_ctrl_c_while_a_manager_runs():
    """The batch ends, and the interrupt reaches the host that asked."""
    done = in_another_process("""
        import os, signal, threading, time, sheaf
        from asking import ask

        @sheaf.register
        @sheaf.manager("slow")
        def slow(refs, request):
            if refs:
                threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
            for _ in range(3000 * len(refs)):
                time.sleep(0.01)
            return []

        with sheaf.open("slow") as manager:
            try:
                found = ask(manager, ["x"])
                for _ in range(100):
                    time.sleep(0.01)
            except KeyboardInterrupt:
                print("interrupted", flush=True)
            print(ask(manager, []).batch.name)
    """)
    assert (done.stdout, done.stderr) == ("interrupted\nOK\n", "")


def test_sys_exit_does_not_end_the_process():
    done = in_another_process("""
        import sys, sheaf
        from asking import ask

        @sheaf.register
        @sheaf.manager("leaver")
        def leaver(refs, request):
            sys.exit(7)

        with sheaf.open("leaver") as manager:
            print(ask(manager, ["x"])[0].message)
    """)
    assert (done.returncode, done.stdout) == (0, "resolve: SystemExit: 7\n"), done.stderr


def test_the_end_of_a_process_with_open_managers():
    """Threads of C's in a manager, or managers never closed, are no crash when Python ends."""
    done = in_another_process("""
        import threading, time, sheaf
        from asking import ask

        @sheaf.register
        @sheaf.manager("endless")
        def endless(refs, request):
            while not request.cancelled:
                request.wait(0.01)
            return []

        manager = sheaf.open("endless")
        other = sheaf.open("endless")
        for _ in range(4):
            threading.Thread(target=lambda: ask(manager, ["x"]), daemon=True).start()
        time.sleep(0.2)
        print("ends", flush=True)
    """)
    assert (done.returncode, done.stdout) == (0, "ends\n"), done.stderr


def test_after_a_fork():
    done = in_another_process("""
        import os, sheaf
        from asking import ask

        @sheaf.manager("echo")
        def echo(refs, request):
            return [{"a": {"pid": os.getpid()}} for _ in refs]

        sheaf.register(echo)
        with sheaf.open("echo") as manager:
            ask(manager, ["x"])
            child = os.fork()
            if child == 0:
                with sheaf.Library() as library:
                    library.register(echo)
                    with library.open("echo") as own:
                        os._exit(0 if ask(own, ["x"]).records == [{"a": {"pid": os.getpid()}}] else 1)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """)
    assert done.stdout == "0\n", done.stderr


def test_signals_stay_the_hosts(serve):
    before = signal.getsignal(signal.SIGINT)
    ask(serve(lambda refs, request: [{} for _ in refs]), ["x"])
    assert signal.getsignal(signal.SIGINT) is before
