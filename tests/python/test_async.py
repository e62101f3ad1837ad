# SPDX-License-Identifier: Apache-2.0
"""Asking from coroutines."""
import asyncio
import contextvars
import threading
import time

import pytest
from hosting import Says

import sheaf
from sheaf import Status


def test_what_comes_back(zoo):
    async def ask():
        batch = await zoo.aresolve(["bal:///cat", "bal:///owl"], ["named"])
        assert batch[0] == {"named": {"name": "Martin"}} and batch[1].index == 1
        assert list(await zoo.aexists(["bal:///cat", "bal:///owl"])) == [True, False]
        assert (await zoo.atraits(["bal:///dog"]))[0] >= {"named"}
        assert (await zoo.aresolve_one("bal:///dog"))["named"]["name"] == "Rex"
        columns = await zoo.acolumns(["bal:///dog"], [("animal", "age")])
        assert columns["animal", "age"].to_list() == [3]
        with pytest.raises(sheaf.ElementError):
            await zoo.aresolve_one("bal:///owl")
        with pytest.raises(sheaf.BatchError):
            await zoo.aresolve(["bal:///owl"], errors="raise")
        with pytest.raises(TypeError, match="refs must be"):
            await zoo.aresolve("bal:///cat")
        zoo.close()
        with pytest.raises(sheaf.ClosedError):
            await zoo.aresolve(["bal:///cat"])
    asyncio.run(ask())


def test_the_loop_goes_on(says):
    async def ask():
        asked = asyncio.create_task(says.aresolve(["wait 0.3"]))
        ticks = 0
        while not asked.done():
            await asyncio.sleep(0.01)
            ticks += 1
        assert ticks > 3
        assert (await asked).ok
    asyncio.run(ask())


def test_many_at_once(says):
    async def ask():
        batches = await asyncio.gather(*(says.aresolve([f"is {i}"]) for i in range(40)))
        assert [batch[0]["named"]["name"] for batch in batches] == [str(i) for i in range(40)]
    asyncio.run(ask())


def test_cancelling_cancels_the_batch_and_waits_for_its_end(serve):
    """The manager notes how it ended; the one who cancelled hears of it after that."""
    waiting, ended = threading.Event(), []

    def resolve(refs, request):
        waiting.set()
        went_on = request.wait(60)
        time.sleep(0.1)
        ended.append((went_on, request.cancelled))
        return [{} for _ in refs]

    manager = serve(resolve)

    async def ask():
        asked = asyncio.create_task(manager.aresolve(["a"]))
        while not waiting.is_set():
            await asyncio.sleep(0.01)
        asked.cancel()
        await asyncio.sleep(0.02)
        asked.cancel()  # impatience changes nothing
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert ended == [(False, True)]
    began = time.monotonic()
    asyncio.run(ask())
    assert time.monotonic() - began < 30


def test_a_time_limit_of_asyncio(says):
    async def ask():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(says.aresolve(["wait 60"]), 0.05)
    began = time.monotonic()
    asyncio.run(ask())
    assert time.monotonic() - began < 30


def test_cancelling_who_has_no_thread_yet(says):
    async def ask():
        from concurrent.futures import ThreadPoolExecutor
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        cancel = sheaf.Cancel()
        first = asyncio.create_task(says.aresolve(["wait 60"], cancel=cancel))
        while not Says.waiting.is_set():
            await asyncio.sleep(0.01)
        second = asyncio.create_task(says.aresolve(["is second"]))
        await asyncio.sleep(0.05)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert not first.done()
        cancel.set()
        assert (await first).status is Status.CANCELLED
        assert [asked.refs for asked in Says.asked] == [["wait 60"]]
        assert (await says.aresolve(["is third"])).ok
    asyncio.run(ask())


def test_cancel_and_timeout(says):
    async def ask():
        cancel = sheaf.Cancel()
        asyncio.get_running_loop().call_later(0.05, cancel.set)
        batch = await says.aresolve(["wait 60"], cancel=cancel)
        assert batch.status is Status.CANCELLED and cancel.is_set()
        assert (await says.aresolve(["wait 60"], timeout=0.05)).status is Status.DEADLINE
    asyncio.run(ask())


def test_context_variables_come_along(serve):
    variable = contextvars.ContextVar("variable", default="nobody")
    manager = serve(lambda refs, request: [{"who": {"is": variable.get()}} for _ in refs])

    async def ask():
        variable.set("somebody")
        assert (await manager.aresolve_one("x"))["who"]["is"] == "somebody"
    asyncio.run(ask())


# --------------------------------------------------------------------------- one after another


async def numbers(count):
    for i in range(count):
        await asyncio.sleep(0)
        yield f"is {i}"


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_one_after_another(says, ahead):
    async def ask():
        for refs in (numbers(10), [f"is {i}" for i in range(10)]):
            names = [one["named"]["name"] async for one in says.aiter(refs, chunk=3, ahead=ahead)]
            assert names == [str(i) for i in range(10)]
    asyncio.run(ask())


def test_a_source_that_raises(says):
    async def refs():
        yield "is a"
        yield "is b"
        raise KeyError("half-way")

    async def ask(source, kind):
        came = []
        with pytest.raises(kind):
            async for result in says.aiter(source, chunk=10):
                came.append(result)
        return len(came)
    assert asyncio.run(ask(refs(), KeyError)) == 2
    assert asyncio.run(ask(["is a", 3], TypeError)) == 1

    async def odd():
        yield "is a"
        yield None
    assert asyncio.run(ask(odd(), TypeError)) == 1


def test_errors_and_endings(says):
    async def ask():
        results = [one async for one in says.aiter(["is a", "none", "none"], chunk=1)]
        assert [one.index for one in results[1:]] == [1, 2]
        with pytest.raises(sheaf.BatchError) as raised:
            async for _ in says.aiter(["is a", "none"], chunk=1, errors="raise"):
                pass
        assert raised.value.errors[0].index == 1
        with pytest.raises(sheaf.DeadlineError):
            async for _ in says.aiter(["wait 60"], timeout=0.05):
                pass
        for keywords in ({"chunk": 0}, {"errors": "x"}):
            with pytest.raises(ValueError):
                async for _ in says.aiter(["is a"], **keywords):
                    pass
    asyncio.run(ask())


def test_going_away_ends_what_is_under_way(says):
    async def ask():
        results = says.aiter(["is a", "wait 60", "wait 60"], chunk=1, ahead=2)
        assert (await results.__anext__())["named"]["name"] == "a"
        while not Says.waiting.is_set():
            await asyncio.sleep(0.01)
        await results.aclose()
    began = time.monotonic()
    asyncio.run(ask())
    assert time.monotonic() - began < 30
