# SPDX-License-Identifier: Apache-2.0
"""Results by callback: in order of arrival, when they arrive, and how that ends."""
import threading
import time

import pytest
from hosting import ALL, Says

import sheaf
from sheaf import Status


def take(each, refs, *arguments, **keywords):
    """What came, in its order, and how it ended."""
    came = []
    ended = each(refs, *arguments, lambda index, record: came.append((index, record)),
                 lambda index, error: came.append((index, error)), **keywords)
    return came, ended


def test_in_order_of_arrival(says):
    came, ended = take(says.resolve_each, ["is a", "none", "all"], None)
    assert ended is Status.OK
    assert [index for index, _ in came] == [2, 1, 0]
    assert came[0][1] == ALL and came[2][1] == {"named": {"name": "a"}}
    assert isinstance(came[0][1], sheaf.Record)
    assert came[1][1].status is Status.ENTITY_RESOLUTION_ERROR
    assert (came[1][1].index, came[1][1].ref) == (1, "none")


def test_in_order_of_arrival_from_memory(zoo):
    came, ended = take(zoo.resolve_each, ["bal:///cat", "bal:///owl"] * 600, ["named"])
    assert ended is Status.OK
    assert [index for index, _ in came] == list(range(1200))
    assert came[1198][1] == {"named": {"name": "Martin"}} and came[1199][1].ref == "bal:///owl"


def test_other_verbs(says):
    assert take(says.exists_each, ["all", "none", "denied"])[0][:2] == [(0, True), (1, False)]
    came, _ = take(says.traits_each, ["all", "none"])
    assert came[0] == (0, frozenset(ALL)) and came[1][1].index == 1


def test_no_references(says):
    assert take(says.resolve_each, [], None) == ([], Status.OK)


def test_records_stay(says):
    came, _ = take(says.resolve_each, ["is a", "all"], None)
    says.close()
    assert dict(came) == {0: {"named": {"name": "a"}}, 1: ALL}


def test_results_come_before_the_batch_is_done(serve):
    had, in_time = threading.Event(), []

    def resolve(refs, request):
        yield 0, {}
        request.wait(0.05)
        yield 1, {}  # what is yielded is held back for 10 ms at most
        in_time.append(had.wait(10))
        yield 2, {}

    serve(resolve).resolve_each(["a", "b", "c"], None, lambda index, record: had.set(), None)
    assert in_time == [True]


def test_on_the_thread_that_asks(says, zoo):
    for manager, refs in ((says, ["all"]), (zoo, ["bal:///cat"])):
        threads = []
        manager.resolve_each(refs, None, lambda index, record: threads.append(threading.get_ident()), None)
        assert threads == [threading.get_ident()]


@pytest.mark.parametrize("which", [0, 1])
def test_callbacks_that_are_left_out(says, which):
    came = []
    callbacks = [lambda index, result: came.append(index), None]
    says.resolve_each(["is a", "none"], None, callbacks[which], callbacks[1 - which])
    assert came == [which]


# --------------------------------------------------------------------------------------- endings


@pytest.fixture(params=["says", "bal"])
def endless(request, says, zoo):
    """A manager that answers one reference after another, and many of them."""
    if request.param == "says":
        return says, [f"is {i}" for i in range(3000)]
    return zoo, ["bal:///cat"] * 3000


def test_stop(endless):
    manager, refs = endless
    came = []

    def stop_at_the_third(index, record):
        came.append(index)
        return sheaf.STOP if len(came) == 3 else None

    assert manager.resolve_each(refs, None, stop_at_the_third, None) is Status.STOPPED
    assert len(came) == 3
    assert manager.resolve(refs[:1]).ok


def test_stop_from_the_callback_for_errors(zoo):
    came = []
    assert zoo.resolve_each(["bal:///cat", "bal:///owl", "bal:///cat"], None,
                            lambda index, record: came.append(index),
                            lambda index, error: sheaf.STOP) is Status.STOPPED
    assert came == [0]


def test_only_that_very_object_stops(zoo):
    came = []
    for answer in (True, 1, "STOP", Status.STOPPED):
        zoo.resolve_each(["bal:///cat"] * 2, None, lambda index, record: came.append(index) or answer, None)
    assert len(came) == 8
    assert repr(sheaf.STOP) == "sheaf.STOP"


def test_stopping_ends_the_manager(says):
    """The manager would wait for a minute."""
    began = time.monotonic()
    assert says.resolve_each(["wait 60", "is a"], None, lambda index, record: sheaf.STOP,
                             None) is Status.STOPPED
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_callback_that_raises(endless, kind):
    manager, refs = endless
    came = []

    def fail(index, record):
        came.append(index)
        raise kind("mine")

    with pytest.raises(kind, match="mine"):
        manager.resolve_each(refs, None, fail, None)
    assert len(came) == 1
    with pytest.raises(kind):
        manager.resolve_each(["what"], None, None, fail)
    assert manager.resolve(refs[:1]).ok
    manager.close()


def test_a_batch_that_fails(says):
    came, ended = take(says.resolve_each, ["is a", "down", "is b"], None)
    assert ended is Status.UNAVAILABLE
    assert came[0] == (2, {"named": {"name": "b"}})
    assert sorted((index, result.status) for index, result in came[1:]) == [
        (0, Status.UNAVAILABLE), (1, Status.UNAVAILABLE)]


def test_its_time_is_up(says):
    came, ended = take(says.resolve_each, ["is a", "wait 60", "is b"], None, timeout=0.05)
    assert ended is Status.DEADLINE
    assert [(index, getattr(result, "status", None)) for index, result in came] == [
        (2, None), (0, Status.DEADLINE), (1, Status.DEADLINE)]


def test_it_is_cancelled(says):
    cancel = sheaf.Cancel()
    threading.Timer(0.05, cancel.set).start()
    came, ended = take(says.resolve_each, ["is a", "wait 60"], None, cancel=cancel)
    assert ended is Status.CANCELLED
    assert sorted(result.status for _, result in came) == [Status.CANCELLED] * 2


# ---------------------------------------------------------------------------- asking from callbacks


def test_callbacks_may_ask(says, zoo):
    names = []

    def ask(index, record):
        names.append(says.resolve_one("is inner")["named"]["name"])
        zoo.resolve_each(["bal:///dog"], None, lambda i, inner: names.append(inner["named"]["name"]), None)

    says.resolve_each(["is a", "is b"], None, ask, None)
    assert names == ["inner", "Rex"] * 2


def test_a_serialized_manager_that_asks_itself_is_busy(serve):
    came = []

    class Busy(sheaf.Manager):
        id = "asks-itself"
        serialized = True

        def resolve(self, refs, request):
            for top in (manager, staged):
                ended = top.resolve_each(["x", "y"], None, None, lambda i, error: came.append((i, error.status)))
                came.append(ended)
            came.extend(error.status for error in manager.resolve(["x"]))
            came.extend(error.status for error in manager.iter(["x", "y"], chunk=1, ahead=0))
            return {}

    manager = serve(Busy)
    staged = manager.stage("dedupe")
    staged.resolve(["a"])
    busy = Status.BUSY
    assert came == 2 * [(0, busy), (1, busy), busy] + 3 * [busy]


def test_callbacks_may_ask_a_serialized_manager(serve):
    class One(sheaf.Manager):
        id = "one"
        serialized = True

        def resolve(self, refs, request):
            return [{"a": {"b": ref}} for ref in refs]

    manager, came = serve(One), []
    manager.resolve_each(["x", "y"], None,
                         lambda index, record: came.append(manager.resolve_one("z")["a"]["b"]), None)
    assert came == ["z", "z"]


def test_callbacks_may_close(says):
    came, ended = [], []
    ended.append(says.resolve_each(["is a", "is b"], None,
                                   lambda index, record: came.append(says.close() or index), None))
    assert sorted(came) == [0, 1] and says.closed


def test_what_cannot_be_called(says):
    for callbacks in ((3, None), (None, "x"), ([], None)):
        with pytest.raises(TypeError, match="must be a function or None"):
            says.resolve_each(["all"], None, *callbacks)
    assert Says.asked == []
