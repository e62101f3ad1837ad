# SPDX-License-Identifier: Apache-2.0
"""Batchers in Python in the stage batch, and what becomes of those that do wrong."""
import asyncio
import gc
import signal
import threading
import weakref

import pytest
from hosting import Says

import sheaf
from sheaf import Status, _stage_batchers


@pytest.fixture
def says(library):
    library.register(Says)
    Says.asked[:] = []
    return library.open("says")


@pytest.fixture
def let_go():
    """Not where a batcher raises: the log keeps the frames, those the batch, and that the stage."""
    before = len(_stage_batchers._in_use)
    yield
    gc.collect()
    assert len(_stage_batchers._in_use) == before


def asked():
    return [one.refs for one in Says.asked]


def names(batch):
    return [one["named"]["name"] for one in batch]


def by_length(batches):
    groups = {}
    for batch in batches:
        for ref in batch:
            groups.setdefault(len(ref), []).append(ref)
    return groups.values()


REFS = ["is aa", "is b", "is cc", "is b", "is d"]


def test_a_function(says, let_go):
    with says.stage("batch", batchers=by_length) as top:
        assert names(top.resolve(REFS)) == ["aa", "b", "cc", "b", "d"]
        assert asked() == [["is aa", "is cc"], ["is b", "is b", "is d"]]
        assert list(top.exists(["all", "is a"])) == [True, False]


def test_a_chain_of_both(says, let_go):
    with says.stage("batch", batchers=[by_length, "size(2)", lambda batches: batches[::-1]]) as top:
        assert names(top.resolve(REFS)) == ["aa", "b", "cc", "b", "d"]
    assert asked() == [["is d"], ["is b", "is b"], ["is aa", "is cc"]]


def test_what_it_is_given(says):
    seen = []

    def look(batches):
        seen.append(batches)
        return (iter(batch) for batch in batches)

    with says.stage("batch", batchers=["size(3)", look], keep_empty=True) as top:
        refs = ["", "is é", "is a", "", "is \U0001f411"]
        top.resolve(refs)
        assert seen == [[refs[:3], refs[3:]]]
        assert all(isinstance(ref, str) for batch in seen[0] for ref in batch)


def test_equal_references_each_have_a_place(says):
    """Also such as Python has but one object of."""
    with says.stage("batch", batchers=lambda batches: [[ref] for ref in batches[0][::-1]]) as top:
        refs = ["", "", "a", "a", "is a", "is a"]
        assert [one.message if isinstance(one, sheaf.ElementError) else one["named"]["name"]
                for one in top.resolve(refs)][4:] == ["a", "a"]
        assert asked() == [[ref] for ref in refs[::-1]]


def test_many(says, let_go):
    refs = [f"is {i % 700}" for i in range(5000)]
    with says.stage("batch", batchers=[lambda batches: [sorted(batch) for batch in batches], "size(999)"]) as top:
        assert names(top.resolve(refs)) == [ref[3:] for ref in refs]
        assert [len(one) for one in asked()] == [999] * 5 + [5]


def test_other_ways_to_give_them(says, let_go):
    class Pairs:
        def __call__(self, batches):
            return [batch[i:i + 2] for batch in batches for i in range(0, len(batch), 2)]
    with says.stage("batch", settings={"batchers": (one for one in [Pairs()])}) as top:
        top.resolve(["is a", "is b", "is c"])
    with sheaf.stage("batch", [says.library.open("says")], batchers=[]) as top:
        top.resolve(["is a", "is b"])
    with says.library.open("says").stage("batch", batchers=None) as top:
        top.resolve(["is c"])
    assert asked() == [["is a", "is b"], ["is c"], ["is a", "is b"], ["is c"]]


def test_columns_callbacks_and_coroutines(says):
    with says.stage("batch", batchers=["single", by_length]) as top:
        [column] = top.columns(REFS, [("named", "name")])
        assert list(column) == ["aa", "b", "cc", "b", "d"]
        assert names(asyncio.run(top.aresolve(REFS))) == ["aa", "b", "cc", "b", "d"]
        assert names(top.iter(REFS)) == ["aa", "b", "cc", "b", "d"]


# ------------------------------------------------------------------------------------- doing wrong


def drop(batches):
    return [batches[0][1:]]


def repeat(batches):
    return [*batches, batches[0][:1]]


def invent(batches):
    return [["is a"], *batches]


def copied(batches):
    return [[str(ref) for ref in batch] for batch in batches]


@pytest.mark.parametrize("batcher, said", [
    (drop, "batcher 1, drop.1, dropped index 0 of a batch of 3: each index must be in exactly one batch"),
    (repeat, "batcher 1, repeat.1, repeated index 0 of a batch of 3"),
    (invent, "batcher 1, invent.1, invented index 3 of a batch of 3"),
    (copied, "batcher 1, copied.1, invented index 3"),
    (lambda batches: [], "batcher 1, lambda.1, dropped index 0"),
    (lambda batches: [[]], "dropped index 0"),
    (lambda batches: [batches[0] * 1000], "repeated index 0"),
])
def test_who_breaks_the_invariant(says, logged, batcher, said):
    refs = ["is a", "is b", "is c"]
    with says.stage("batch", batchers=batcher) as top:
        batch = top.resolve(refs)
        assert batch.status is Status.INVALID_ARGUMENT
        assert all(said in one.message and one.status is Status.INVALID_ARGUMENT for one in batch)
        with pytest.raises(sheaf.BatchError, match=said.replace("(", r"\(")):
            top.resolve(refs, errors="raise")
        assert asked() == []
    for invariant in ("warn", "off"):
        with says.library.open("says").stage("batch", batchers=batcher, invariant=invariant) as top:
            assert names(top.resolve(refs)) == ["a", "b", "c"]
    assert logged().count(said) == 1


def raising(batches):
    raise KeyError("no such group")


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError


def later(batches):
    yield batches[0][:1]
    raise RuntimeError("too late")


@pytest.mark.parametrize("batcher, status, said", [
    (raising, Status.MANAGER_FAILURE, "batcher 2, raising.2, failed: KeyError: 'no such group'"),
    (later, Status.MANAGER_FAILURE, "later.2, failed: RuntimeError: too late"),
    (lambda batches: 1 / 0, Status.MANAGER_FAILURE, "lambda.2, failed: ZeroDivisionError: division by zero"),
    (lambda batches: exit(3), Status.MANAGER_FAILURE, "SystemExit: 3"),
    (lambda batches: (_ for _ in ()).throw(Unspeakable()), Status.MANAGER_FAILURE, "Unspeakable"),
    (lambda batches: (_ for _ in ()).throw(MemoryError()), Status.OUT_OF_MEMORY, "memory"),
    (lambda batches: (_ for _ in ()).throw(sheaf.ElementError("shut", Status.UNAVAILABLE)), Status.UNAVAILABLE,
     "ElementError: shut"),
    (lambda batches: None, Status.MANAGER_FAILURE, "must return a list of batches, not NoneType"),
    (lambda batches: "is a", Status.MANAGER_FAILURE, "must return a list of batches, not str"),
    (lambda batches: batches[0], Status.MANAGER_FAILURE, "list of lists of references, and has str for a batch"),
    (lambda batches: [3], Status.MANAGER_FAILURE, "list of lists of references, and has int for a batch"),
])
def test_who_fails(says, logged, batcher, status, said):
    """The batch fails, in words that say why; or goes on as it was before."""
    refs = ["is a", "is b", "is c"]
    with says.stage("batch", batchers=["size(2)", batcher]) as top:
        batch = top.resolve(refs)
        assert batch.status is status and {one.status for one in batch} == {status}
        assert said in batch[0].message and asked() == []
    with says.library.open("says").stage("batch", batchers=["size(2)", batcher], on_failure="skip") as top:
        assert names(top.resolve(refs)) == ["a", "b", "c"]
        assert asked() == [["is a", "is b"], ["is c"]]
    assert said in logged()


def test_its_traceback_is_logged(says, logged):
    with says.stage("batch", batchers=raising) as top:
        top.resolve(["is a"])
    assert "in raising" in logged() and "raise KeyError" in logged()


def test_no_coroutine(says, recwarn):
    async def coroutine(batches):
        return batches
    with says.stage("batch", batchers=coroutine) as top:
        assert "must return a list of batches, not coroutine" in top.resolve(["is a"])[0].message
    assert not [one for one in recwarn if "never awaited" in str(one.message)]


@pytest.mark.parametrize("batchers, error, said", [
    ([by_length, 3], TypeError, r'batchers\[1\] must be a function, or a str such as "size\(100\)", and is int'),
    (3, TypeError, r"batchers\[0\] must be a function"),
    (b"sort", TypeError, r"batchers\[0\] must be .* and is bytes"),
    ([by_length, "sise(3)"], sheaf.InvalidArgumentError, 'no batcher "sise"; there are .*by_length.1'),
    ([by_length, ""], sheaf.InvalidArgumentError, "name of a batcher should be here"),
    ([by_length, "size(0)"], sheaf.InvalidArgumentError, "whole number from 1"),
    ([[by_length]], TypeError, r"batchers\[0\] must be .* and is list"),
])
def test_what_is_no_batcher(says, let_go, batchers, error, said):
    with pytest.raises(error, match=said):
        says.stage("batch", batchers=batchers)
    assert names(says.resolve(["is a"])) == ["a"]
    says.close()  # nobody has taken it over


def test_another_stages_setting(says, let_go):
    with pytest.raises(TypeError, match="'batchers' is of type function"):
        says.stage("dedupe", batchers=by_length)
    with pytest.raises(sheaf.InvalidArgumentError, match='"dedupe" has no setting "batchers"'):
        says.stage("dedupe", batchers="sort")


# --------------------------------------------------------------------------------- life and threads


def test_it_lives_as_long_as_the_stage(says):
    def make():
        def batcher(batches):
            return batches
        return batcher, weakref.ref(batcher)
    batcher, alive = make()
    top = says.stage("batch", batchers=[batcher])
    del batcher
    gc.collect()
    assert names(top.resolve(["is a"])) == ["a"] and alive()
    top.close()
    del top
    gc.collect()
    assert not alive()


def test_closed_from_another_thread_in_mid_batch(says, let_go):
    inside, closed = threading.Event(), threading.Event()

    def wait(batches):
        inside.set()
        closed.wait(10)
        return batches

    top, results = says.stage("batch", batchers=[wait, by_length]), []
    thread = threading.Thread(target=lambda: results.extend(top.resolve(REFS)))
    thread.start()
    assert inside.wait(10)
    top.close()
    del top
    gc.collect()
    closed.set()
    thread.join()
    assert names(results) == ["aa", "b", "cc", "b", "d"]


def test_on_many_threads(says, let_go):
    """Those of `parallel` and of `linger` among them, which are none of Python's."""
    on = set()

    def look(batches):
        on.add(threading.get_ident())
        return [batch[::-1] for batch in batches]

    refs = [f"is {i}" for i in range(200)]
    with says.stage("batch", batchers=look).stage("parallel", threads=4, min_size=10).stage(
            "linger", max_wait_ms=5) as top:
        results = [None] * 8
        threads = [threading.Thread(target=lambda i=i: results.__setitem__(i, names(top.resolve(refs))))
                   for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [[ref[3:] for ref in refs]] * 8
    assert on - {thread.ident for thread in threads}


def test_over_a_manager_that_answers_from_memory(library, library_path):
    """Which is asked without letting the interpreter go, where no function of the host's is called."""
    with library.open("bal", library_path=library_path).stage("batch", batchers=lambda batches: batches).stage(
            "parallel", min_size=1) as top:
        for _ in range(100):
            assert top.resolve(["bal:///cat", "bal:///dog"] * 8).ok


def test_it_may_ask(says):
    other = says.library.open("says")

    def known_first(batches):
        there = other.exists(batches[0])
        return [[ref for ref, is_there in zip(batches[0], there) if is_there is wanted]
                for wanted in (True, False)]

    with other, says.stage("batch", batchers=known_first) as top:
        assert len(top.resolve(["is a", "all", "is b"])) == 3
        assert asked() == [["all"], ["is a", "is b"]]


@pytest.mark.parametrize("on_failure", ["fail", "skip"])
def test_ctrl_c(says, on_failure):
    def interrupted(batches):
        signal.raise_signal(signal.SIGINT)
        return batches
    with says.stage("batch", batchers=interrupted, on_failure=on_failure) as top:
        with pytest.raises(KeyboardInterrupt):
            top.resolve(["is a"])
        with pytest.raises(KeyboardInterrupt):
            top.resolve(["is a"], timeout=60)
        assert names(says.resolve(["is a"])) == ["a"]


def test_not_closed_at_the_end(run_python):
    assert run_python("""
import sheaf
@sheaf.manager("m")
def m(refs, request):
    return [{} for _ in refs]
sheaf.register(m)
top = sheaf.open("m").stage("batch", batchers=lambda batches: batches)
print(top.resolve(["a"]).ok)
""") == "True\n"
