# SPDX-License-Identifier: Apache-2.0
"""Results one after another: any number of references, in bounded memory."""
import gc
import itertools
import resource
import sys
import threading
import time
import types
from pathlib import Path

import pytest
from hosting import Says

import sheaf
from sheaf import Status


def names(results):
    return [one["named"]["name"] for one in results]


@pytest.fixture(params=[0, 1, 3], ids="ahead {}".format)
def ahead(request):
    return request.param


def test_one_result_a_reference(says, ahead):
    refs = [f"is {i}" for i in range(25)]
    for chunk in (1, 7, 25, 1000):
        assert names(says.iter(refs, chunk=chunk, ahead=ahead)) == [str(i) for i in range(25)]
    assert list(says.iter([], ahead=ahead)) == []


def test_sub_batches(says, ahead):
    list(says.iter((f"is {i}" for i in range(25)), chunk=10, ahead=ahead))
    assert sorted(len(asked.refs) for asked in Says.asked) == [5, 10, 10]


def test_errors_know_their_place_in_the_whole(zoo, ahead):
    refs = ["bal:///cat"] * 7 + ["bal:///owl"] + ["bal:///cat"] * 5
    results = list(zoo.iter(refs, chunk=3, ahead=ahead))
    assert [(i, one.index, one.ref) for i, one in enumerate(results)
            if isinstance(one, sheaf.ElementError)] == [(7, 7, "bal:///owl")]


def test_other_verbs_and_traits(zoo, says):
    assert list(zoo.iter_exists(["bal:///cat", "bal:///owl"] * 3, chunk=4)) == [True, False] * 3
    assert [*zoo.iter_traits(["bal:///dog"])][0] >= {"named", "animal"}
    assert list(zoo.iter(["bal:///dog"] * 2, (t for t in ["named"]), chunk=1)) == [
        {"named": {"name": "Rex"}}] * 2


def test_without_end(zoo, ahead):
    taken = itertools.count()
    endless = (f"bal:///{'cat' if next(taken) % 2 == 0 else 'owl'}" for _ in itertools.repeat(None))
    results = zoo.iter(endless, chunk=100, ahead=ahead)
    for i, result in enumerate(itertools.islice(results, 1050)):
        assert isinstance(result, sheaf.ElementError) == (i % 2 == 1)
    results.close()
    assert next(taken) <= 100 * (11 + ahead)  # no more than what was asked ahead


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_memory_stays_bounded(says, ahead):
    """All of it would be 200 MB, without the references."""
    text = "x" * 10_000
    results = says.iter((f"is {text}" for _ in range(20_000)), chunk=50, ahead=ahead)
    kept, before = [], 0
    for i, record in enumerate(results):
        if i % 5000 == 0:
            kept.append(record)  # keeps its sub-batch, and no other
        if i == 2000:
            before = resident()
        if i > 2000 and i % 500 == 0:
            Says.asked.clear()
            assert resident() - before < 40e6
    assert names(kept) == [text] * 4


def test_as_they_are_answered(serve):
    """The first sub-batch is answered when another has come."""
    come = threading.Event()

    def resolve(refs, request):
        assert "0" not in refs or come.wait(10)
        return [{"named": {"name": ref}} for ref in refs]

    came = []
    for index, record in serve(resolve).iter(map(str, range(6)), chunk=2, ahead=2, ordered=False):
        came.append(index)
        come.set()
        assert record == {"named": {"name": str(index)}}
    assert came[0] in (2, 4) and sorted(came) == list(range(6))


def test_unordered_errors(zoo, ahead):
    came = dict(zoo.iter(["bal:///cat", "bal:///owl"] * 5, chunk=3, ahead=ahead, ordered=False))
    assert sorted(came) == list(range(10))
    assert [came[i].index for i in range(1, 10, 2)] == list(range(1, 10, 2))


def test_sub_batches_are_asked_about_at_once(serve):
    together = threading.Barrier(3, timeout=10)

    def resolve(refs, request):
        together.wait()
        return [{"named": {"name": ref}} for ref in refs]

    manager = serve(resolve)
    assert names(manager.iter(list("abcdef"), chunk=1, ahead=3)) == list("abcdef")


def test_references_are_taken_on_the_thread_that_iterates(says, ahead):
    threads = set()

    def refs():
        for i in range(10):
            threads.add(threading.get_ident())
            yield f"is {i}"

    list(says.iter(refs(), chunk=2, ahead=ahead))
    assert threads == {threading.get_ident()}


# --------------------------------------------------------------------------------------- endings


class Mine(Exception):
    pass


def test_a_source_that_raises(zoo, ahead):
    """What came before it has its results first."""
    def refs():
        yield from ["bal:///cat"] * 5
        raise Mine("half-way")

    iterator = zoo.iter(refs(), chunk=3, ahead=ahead)
    came = []
    with pytest.raises(Mine, match="half-way"):
        for result in iterator:
            came.append(result)
    assert names(came) == ["Martin"] * 5
    with pytest.raises(StopIteration):
        next(iterator)


@pytest.mark.parametrize("bad, kind, match", [
    (None, TypeError, r"refs\[5\] must be str, not NoneType"),
    (b"x", TypeError, r"refs\[5\] must be str, not bytes"),
    ("\ud800", UnicodeEncodeError, r"surrogates not allowed: refs\[5\]"),
])
def test_a_reference_that_is_none(zoo, ahead, bad, kind, match):
    came = []
    with pytest.raises(kind, match=match):
        for result in zoo.iter(["bal:///cat"] * 5 + [bad, "bal:///dog"], chunk=3, ahead=ahead):
            came.append(result)
    assert len(came) == 5


def test_errors_can_be_raised(zoo, ahead):
    came = []
    with pytest.raises(sheaf.BatchError) as raised:
        for result in zoo.iter(["bal:///cat"] * 4 + ["bal:///owl"] * 4, chunk=3, ahead=ahead,
                               errors="raise"):
            came.append(result)
    assert len(came) == 3
    assert [error.ref for error in raised.value.errors] == ["bal:///owl"] * 2
    assert [error.index for error in raised.value.errors] == [4, 5]


def test_a_sub_batch_that_fails_is_no_end(says, ahead):
    results = list(says.iter(["is a", "is b", "down", "down", "is c", "is d"], chunk=2, ahead=ahead))
    assert [getattr(one, "status", None) for one in results] == [
        None, None, Status.UNAVAILABLE, Status.UNAVAILABLE, None, None]


def test_its_time_is_up(says, ahead):
    came, began = [], time.monotonic()
    with pytest.raises(sheaf.DeadlineError):
        for result in says.iter(itertools.chain(["is a"], itertools.repeat("wait 60")), chunk=1, ahead=ahead,
                                timeout=0.3):
            came.append(result)
    assert came[0] == {"named": {"name": "a"}}
    assert came[-1].status is Status.DEADLINE
    assert time.monotonic() - began < 30


def test_it_is_cancelled(says, ahead):
    cancel, came = sheaf.Cancel(), []
    with pytest.raises(sheaf.EndedError) as raised:
        for result in says.iter(itertools.repeat("is a"), chunk=1, ahead=ahead, cancel=cancel):
            came.append(result)
            if len(came) == 5:
                cancel.set()
    assert raised.value.status is Status.CANCELLED
    assert came[4] == {"named": {"name": "a"}} and came[-1].status is Status.CANCELLED


def test_the_manager_is_closed_meanwhile(says, ahead):
    came = []
    with pytest.raises(sheaf.ClosedError):
        for result in says.iter(itertools.repeat("is a"), chunk=1, ahead=ahead):
            came.append(result)
            says.close()
    assert 1 <= len(came) <= 2 + ahead


def test_going_away_ends_what_is_under_way(says):
    """The manager would wait for a minute."""
    began = time.monotonic()
    iterator = says.iter(["is a", "wait 60", "wait 60"], chunk=1, ahead=2)
    assert next(iterator) == {"named": {"name": "a"}}
    assert Says.waiting.wait(10)
    del iterator
    gc.collect()
    assert time.monotonic() - began < 30
    assert not [t for t in threading.enumerate() if t.name.startswith("sheaf-iter")]


@pytest.mark.parametrize("keywords, kind, match", [
    ({"chunk": 0}, ValueError, "chunk is 0: it is at least 1"), ({"chunk": 1.5}, TypeError, "chunk must be"),
    ({"chunk": True}, TypeError, "not bool"), ({"ahead": -1}, ValueError, "ahead is -1"),
    ({"ahead": "1"}, TypeError, "ahead must be an int, not str"), ({"errors": "x"}, ValueError, "errors is"),
    ({"access": "x"}, ValueError, "access is"), ({"cancel": 3}, TypeError, "sheaf.Cancel"),
    ({"timeout": "x"}, TypeError, "timeout"), ({"context": 3}, TypeError, "sheaf.Context"),
])
def test_what_cannot_be_is_refused_at_once(says, keywords, kind, match):
    with pytest.raises(kind, match=match):
        says.iter(["all"], **keywords)
    for refs in (3, None, "all", b"all", {"all": 1}):
        with pytest.raises(TypeError, match="refs must be an iterable of str, not"):
            says.iter(refs)
    for traits in (3, "named", {"named": 1}, [3]):
        with pytest.raises(TypeError, match="traits must be"):
            says.iter(["all"], traits)
    assert Says.asked == []


# --------------------------------------------------------------------------------------- progress


class Bar:
    """Stands for tqdm's."""

    made: list = []

    def __init__(self, total, unit):
        self.total, self.unit, self.done, self.closed = total, unit, 0, False
        Bar.made.append(self)

    def update(self, count):
        self.done += count

    def close(self):
        self.closed = True


@pytest.fixture
def bars(monkeypatch):
    Bar.made = []
    module = types.ModuleType("tqdm.auto")
    module.tqdm = Bar
    monkeypatch.setitem(sys.modules, "tqdm.auto", module)
    return Bar.made


def test_progress_by_tqdm(zoo, bars):
    list(zoo.iter(["bal:///cat"] * 25, chunk=10, progress=True))
    list(zoo.iter(iter(["bal:///cat"] * 5), chunk=10, progress=True))
    assert [(bar.total, bar.done, bar.unit, bar.closed) for bar in bars] == [
        (25, 25, "ref", True), (None, 5, "ref", True)]
    list(zoo.iter(["bal:///cat"]))
    next(iterator := zoo.iter(["bal:///cat"] * 3, chunk=1, progress=True))
    iterator.close()
    assert len(bars) == 3 and bars[2].closed


def test_real_tqdm(zoo, capsys):
    pytest.importorskip("tqdm", reason="tqdm is not installed")
    list(zoo.iter(["bal:///cat"] * 25, chunk=10, progress=True))
    assert "25/25" in capsys.readouterr().err


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_without_tqdm(zoo, monkeypatch, capsys, terminal):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setattr("sheaf._progress._INTERVAL", 0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    list(zoo.iter(["bal:///cat"] * 2500, chunk=1000, progress=True))
    list(zoo.iter(iter(["bal:///cat"] * 2), chunk=1000, progress=True))
    said = capsys.readouterr().err
    assert said == ("\r1,000 of 2,500 references\r2,000 of 2,500 references\r2,500 of 2,500 references"
                    "\r2,500 of 2,500 references\n\r2 references\r2 references\n" if terminal else "")
