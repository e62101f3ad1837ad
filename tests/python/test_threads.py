# SPDX-License-Identifier: Apache-2.0
"""Many threads, one manager; a manager that is closed while others ask."""
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import sheaf
from sheaf import Status


def test_many_threads_share_a_manager(zoo):
    refs = sheaf.Refs([f"bal:///{('cat', 'dog', 'owl')[i % 3]}" for i in range(300)])

    def ask(number):
        for _ in range(20):
            batch = zoo.resolve(refs)
            assert batch.failed == 100 and batch[300 - 3]["named"]["name"] == "Martin"
            columns = zoo.columns(refs, [("animal", "age")])
            assert columns["animal", "age"].null_count == 100
            came = []
            zoo.resolve_each(refs[:10], ["named"], lambda i, record: came.append(record), None)
            assert len(came) == 7
            assert sum(1 for _ in zoo.iter(refs, chunk=100)) == 300
        return number

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == list(range(8))


def test_one_batch_is_read_by_many(zoo):
    batch = zoo.resolve([f"bal:///{('cat', 'owl')[i % 2]}" for i in range(1000)])

    def read(number):
        for i in range(number, 1000, 4):
            result = batch[i]
            assert result.index == i if i % 2 else result["animal"]["age"] == 12
        return batch.to_list()

    with ThreadPoolExecutor(4) as pool:
        lists = list(pool.map(read, range(4)))
    assert all(len(one) == 1000 and one[998]["named"]["name"] == "Martin" for one in lists)


def test_new_names_from_many_threads(serve):
    manager = serve(lambda refs, request: [{f"trait {ref}": {f"key {ref}": ref}} for ref in refs])

    def ask(number):
        refs = [str((number * 7 + i) % 200) for i in range(200)]
        traits = [f"trait {i}" for i in range(number, 200, 3)]
        for ref, record in zip(refs, manager.resolve(refs)):
            assert record == {f"trait {ref}": {f"key {ref}": ref}}
        assert all(len(record) <= 1 for record in manager.resolve(refs, traits))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))


@pytest.mark.parametrize("form", ["resolve", "columns", "each", "iter"])
def test_closed_while_others_ask(serve, form):
    """Each of them gets results, errors that say so, or ClosedError; nothing breaks."""
    class Busy(sheaf.Manager):
        id = "busy"
        closed = 0

        def resolve(self, refs, request):
            request.wait(0.001)
            return [{"a": {"b": ref}} for ref in refs]

        def close(self):
            Busy.closed += 1

    forms = {
        "resolve": lambda: [e.status for e in manager.resolve(list("abc")).errors],
        "columns": lambda: [e.status for e in manager.columns(list("abc"), [("a", "b")]).errors],
        "each": lambda: [manager.resolve_each(list("abc"), None, None, None)],
        "iter": lambda: [e.status for e in manager.iter(list("abc"), chunk=1)
                         if isinstance(e, sheaf.ElementError)],
    }
    for _ in range(5):
        manager, seen, ended = serve(Busy) if not Busy.closed else reopen(), set(), []
        reopen = lambda library=manager.library: library.open("busy")  # noqa: E731

        def ask():
            try:
                while True:
                    seen.update(forms[form]())
            except sheaf.ClosedError as error:
                ended.append(str(error))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(0.02)
        manager.close()
        for thread in threads:
            thread.join(30)
        assert len(ended) == 6
        assert seen <= {Status.OK, Status.CLOSED}
    assert Busy.closed == 5


def test_a_library_is_closed_while_others_ask(library_path):
    for _ in range(5):
        library = sheaf.Library()
        manager, ended = library.open("bal", library_path=library_path), []

        def ask():
            try:
                while True:
                    manager.resolve(["bal:///cat"] * 100)
            except sheaf.ClosedError:
                ended.append(True)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.02)
        library.close()
        for thread in threads:
            thread.join(30)
        assert len(ended) == 4


def test_other_threads_run_while_a_manager_waits(library_path):
    with sheaf.open("bal", library_path=library_path, simulated_query_latency_ms=300) as manager:
        ticks = []

        def tick():
            while not done.wait(0.005):
                ticks.append(True)

        done, thread = threading.Event(), threading.Thread(target=tick)
        thread.start()
        manager.resolve(["bal:///cat"])
        done.set()
        thread.join()
        assert len(ticks) > 5


def test_callbacks_are_not_slowed_down_by_a_busy_thread(says):
    """Waiting for the interpreter's lock at each of them would take 5 ms each."""
    done = threading.Event()

    def busy():
        while not done.is_set():
            sum(range(100))

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        count, began = [], time.monotonic()
        says.resolve_each([f"is {i}" for i in range(2000)], None, lambda i, record: count.append(i), None)
        took = time.monotonic() - began
    finally:
        done.set()
        thread.join()
    assert len(count) == 2000
    assert took < 2000 * sys.getswitchinterval() / 4
