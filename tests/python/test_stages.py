# SPDX-License-Identifier: Apache-2.0
"""Stages: those that the configuration file puts on its manager, and those that the host does."""
import gc
import json
import threading

import pytest
from hosting import Says

import sheaf


def configure(folder, **members):
    path = folder / "sheaf.json"
    path.write_text(json.dumps(members))
    return path


def test_they_stand_on_the_manager(tmp_path):
    """`batch` asks about two at a time."""
    config = configure(tmp_path, manager="says", stages=[{"stage": "batch", "batchers": "size(2)"}])
    Says.asked = []
    with sheaf.Library(config=config) as library:
        library.register(Says)
        with library.open() as manager:
            assert manager.id == manager.description.id == "says"
            batch = manager.resolve(["is a", "is b", "is c"])
            assert [one["named"]["name"] for one in batch] == ["a", "b", "c"]
            assert [asked.refs for asked in Says.asked] == [["is a", "is b"], ["is c"]]
        with pytest.raises(sheaf.ClosedError):
            manager.resolve(["is a"])


def test_they_are_not_on_another(tmp_path, library_path):
    config = configure(tmp_path, manager="says", stages=["dedupe"])
    Says.asked = []
    with sheaf.Library(config=config) as library:
        assert library.open("bal", library_path=library_path).resolve(["bal:///cat"]).ok


def test_what_is_wrong_is_said(tmp_path, library_path):
    config = configure(tmp_path, manager="bal", settings={"library_path": str(library_path)},
                       stages=["dedup"])
    with pytest.raises(sheaf.SheafError, match="dedup"):
        sheaf.open(config=config)


def test_those_of_a_configuration_can_be_walked(tmp_path, library_path):
    other = {"manager": "bal", "settings": {"library_path": str(library_path)}}
    config = configure(tmp_path, **other, stages=["dedupe", {"stage": "fallback", "managers": [other]}])
    with sheaf.open(config=config) as manager:
        manager.resolve(["bal:///cat", "bal:///cat"])
        (fallback,) = manager.wrapped
        assert [one.id for one in fallback.wrapped] == ["bal", "bal"]
        assert (manager.counters(), fallback.counters()["fallen"]) == ({"folded": 1}, 0)
        with pytest.raises(sheaf.BusyError, match='belongs to the stage "dedupe"'):
            fallback.close()
    assert all(one.closed for one in (manager, fallback, *fallback.wrapped))


# ------------------------------------------------------------------------------------ by the host


class PureSays(Says):
    pure = True


@pytest.fixture
def says(library):
    """A manager that says what it was asked in `Says.asked`; closed with its library."""
    library.register(PureSays)
    Says.asked[:] = []
    return library.open("says")


def asked():
    return [one.refs for one in Says.asked]


def test_there_are_some():
    there = {one.id: one for one in sheaf.stages()}
    assert list(there) == sorted(there) and {"batch", "cache", "linger", "meter"} <= set(there)
    invariant = next(one for one in there["batch"].settings if one.name == "invariant")
    assert (invariant.kind, invariant.default) == ("string", "error") and invariant.doc
    assert (there["batch"].least_managers, there["batch"].most_managers) == (1, 1)
    assert there["route"].most_managers is None and there["route"].description


def test_on_top_of_each_other(says):
    with says.stage("batch", batchers="size(2)").stage("dedupe") as top:
        batch = top.resolve(["is a", "is b", "is a", "is c"])
        assert [one["named"]["name"] for one in batch] == ["a", "b", "a", "c"]
        assert asked() == [["is a", "is b"], ["is c"]]
        assert (top.id, [one.id for one in top.wrapped]) == ("dedupe", ["batch"])
        assert top.counters() == {"folded": 1}
        assert top.wrapped[0].wrapped == (says,)
    assert top.closed and says.closed


def test_settings_as_a_mapping_and_none(says):
    with says.stage("batch", settings={"batchers": "size(1)"}, overlap=None) as top:
        top.resolve(["is a", "is b"])
    assert asked() == [["is a"], ["is b"]]


def test_what_is_below_may_be_asked_and_not_closed(says):
    top = says.stage("cache")
    assert says.resolve(["is a"]).ok and says.counters() == {}
    with pytest.raises(sheaf.BusyError, match='"says" belongs to the stage "cache": close that'):
        says.close()
    assert not says.closed and top.resolve(["is a"]).ok
    top.close()
    top.close()
    says.close()
    with pytest.raises(sheaf.ClosedError):
        says.resolve(["is a"])
    for ask in (top.counters, top.meter, top.prometheus, lambda: top.cache, lambda: top.stage("dedupe")):
        with pytest.raises(sheaf.ClosedError):
            ask()


def test_a_top_that_is_let_go_takes_nothing_with_it(says):
    says.stage("dedupe")
    gc.collect()
    assert says.resolve(["is a"]).ok
    says.library.close()
    assert says.closed


def test_a_stack_that_is_not_closed_is_told_of(library):
    library.register(Says)
    with pytest.warns(ResourceWarning, match="dedupe"):
        library.open("says").stage("dedupe")
        gc.collect()


def test_the_library_closes_it_whole(says):
    top = says.stage("dedupe").stage("cache")
    says.library.close()
    assert top.closed and says.closed


def test_one_of_its_own_library(tmp_path, library_path):
    """What `sheaf.open(config=...)` made for its manager goes with the topmost."""
    config = configure(tmp_path, manager="bal", settings={"library_path": str(library_path)})
    with sheaf.open(config=config).stage("dedupe") as top:
        assert top.resolve(["bal:///cat"]).ok
    with pytest.raises(sheaf.ClosedError):
        top.library.open("bal")


def test_a_stage_over_several(says):
    other = says.library.open("says")
    with sheaf.stage("route", [says, other], routes="is none|all") as top:
        assert [one.status.name if isinstance(one, sheaf.ElementError) else sorted(one)[-1]
                for one in top.resolve(["all", "is a", "denied"])] == ["named", "named",
                                                                       "INVALID_ENTITY_REFERENCE"]
        assert top.wrapped == (says, other) and top.counters()["unrouted"] == 1
    assert says.closed and other.closed


def test_closed_while_it_is_asked(says):
    Says.waiting.clear()
    top, results = says.stage("dedupe"), []
    thread = threading.Thread(target=lambda: results.extend(top.resolve(["wait 0.2", "wait 0.2"])))
    thread.start()
    assert Says.waiting.wait(10)
    top.close()
    thread.join()
    assert [one["named"]["name"] for one in results] == ["wait 0.2"] * 2


def test_flush_lets_a_window_go(says):
    with says.stage("linger", max_wait_ms=60000) as top:
        asking = [threading.Thread(target=top.resolve_one, args=(f"is {i}",)) for i in range(2)]
        for one in asking:
            one.start()
        while any(one.is_alive() for one in asking):
            top.flush()
        assert top.counters()["calls"] == 2 and top.counters()["flushed"] >= 1
    assert sorted(sum(asked(), [])) == ["is 0", "is 1"]


# -------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("stage, settings, error, said", [
    ("dedup", {}, sheaf.NotFoundError, 'did you mean "dedupe".*batch, cache, .*timeout'),
    ("", {}, sheaf.NotFoundError, "there are batch, cache"),
    ("cache", {"max": 3}, sheaf.InvalidArgumentError, '"max"; it takes max_entries, max_bytes'),
    ("cache", {"max_entries": "many"}, sheaf.InvalidArgumentError, '"max_entries".*"many"'),
    ("cache", {"errors": 3}, sheaf.InvalidArgumentError, '"errors"'),
    ("cache", {"ttl_ms": []}, TypeError, "'ttl_ms' is of type list"),
    ("limit", {"in_flight": 0}, sheaf.InvalidArgumentError, '"in_flight" is 0: give'),
    ("limit", {"in_flight": -1}, sheaf.InvalidArgumentError, '"in_flight"'),
    ("batch", {"batchers": "sise(3)"}, sheaf.InvalidArgumentError, 'no batcher "sise"; there are size'),
    ("route", {}, sheaf.InvalidArgumentError, '"routes"'),
    ("fallback", {}, sheaf.InvalidArgumentError, "at least 2 managers, and was given 1"),
    ("de\0dupe", {}, ValueError, "NUL"),
    (3, {}, TypeError, "id must be str"),
])
def test_what_is_bad_is_refused(says, stage, settings, error, said):
    with pytest.raises(error, match=said):
        says.stage(stage, **settings)
    assert says.resolve(["is a"]).ok
    says.close()  # nobody has taken it over


def test_bad_managers(says):
    with sheaf.Library() as other_library:
        other_library.register(Says)
        other = other_library.open("says")
        with pytest.raises(sheaf.InvalidArgumentError, match="same library"):
            sheaf.stage("fallback", [says, other])
        other.close()
    for bad, error, said in [(says, TypeError, "is one manager"), ([], ValueError, "empty"),
                             ([says, 3], TypeError, r"managers\[1\] must be .*int")]:
        with pytest.raises(error, match=said):
            sheaf.stage("fallback", bad)
    with pytest.raises(sheaf.BusyError, match="given twice"):
        sheaf.stage("fallback", [says, says])
    with says.stage("dedupe") as top:
        with pytest.raises(sheaf.BusyError, match="belongs to a stage already"):
            says.stage("cache")
        for stage in ("route", "fallback"):  # a circle, or what would become one
            with pytest.raises(sheaf.BusyError, match="belongs to a stage already"):
                sheaf.stage(stage, [top, says], settings={"routes": "a *"} if stage == "route" else {})
            with pytest.raises(sheaf.BusyError, match="given twice"):
                sheaf.stage(stage, [top, top], settings={"routes": "a *"} if stage == "route" else {})
        assert top.resolve(["is a"]).ok
    with pytest.raises(sheaf.ClosedError):
        says.stage("cache")


def test_what_can_do_nothing_is_told(serve, logged):
    """A manager in Python is idempotent, and not pure, unless it says otherwise."""
    class Once(Says):
        id = "once"
        idempotent = False
    with serve(Says).stage("retry").stage("limit", in_flight=1) as top:
        assert top.resolve(["is a", "is a"]).ok and "passes every batch on" not in logged()
    with serve(Once).stage("cache").stage("dedupe").stage("retry") as top:
        Says.asked[:] = []
        for _ in range(2):
            assert top.resolve(["is a", "is a"]).ok
        assert asked() == [["is a", "is a"]] * 2
    for stage, below, lacking in [("cache", "once", "pure"), ("dedupe", "cache", "pure"),
                                  ("retry", "dedupe", "idempotent")]:
        assert f'for no verb of what it stands on ("{below}") is said to be {lacking}' in logged()
        assert stage in logged()


# ------------------------------------------------------------------------------- meters and caches


def test_a_meter(says):
    with says.stage("meter").stage("dedupe") as top:
        assert top.meter() == says._owner.meter() and top.meter().latency_ns.most == 0
        top.resolve(["is a", "denied", "denied", "later"])
        now = top.meter()
        assert (now.batches, now.in_flight, now.succeeded, now.failed) == (1, 0, 1, 2)
        assert now.errors == {sheaf.Status.AUTH_ERROR: 1, sheaf.Status.OVERLOADED: 1}
        assert now.size == sheaf.Quantiles(1, 3, 3, 3, 3, 3, 3, 3)
        assert 0 < now.latency_ns.least <= now.latency_ns.p50 == now.latency_ns.p999
        text = top.prometheus()
        assert "# TYPE sheaf_dedupe_folded_total counter\n" in text
        assert 'sheaf_dedupe_folded_total{at="0"} 1\n' in text
        assert 'at="0.0"' in text


def test_no_meter_no_stage(says):
    with pytest.raises(sheaf.UnsupportedError, match='"says" has no stage "meter"'):
        says.meter()
    with pytest.raises(sheaf.UnsupportedError, match='"says" has no stage "cache"'):
        says.cache
    with pytest.raises(sheaf.InvalidArgumentError, match="no stage stands"):
        says.prometheus()


def test_a_cache_is_cleared(says):
    with says.stage("cache").stage("dedupe") as top:
        top.resolve(["is a", "is b"])
        top.resolve(["is a"], ["named"])
        assert top.cache.stats() == sheaf.CacheStats(3, top.cache.stats().bytes, 0, 3, 0, 0, 0)
        assert top.cache.clear("is a") == 2 and top.cache.clear("is a") == 0
        top.resolve(["is a", "is b"])
        assert asked() == [["is a", "is b"], ["is a"], ["is a"]] and top.cache.stats().hits == 1
        assert top.cache.clear() == 2 and top.cache.stats().entries == 0
        with pytest.raises(TypeError, match="must be str"):
            top.cache.clear(3)


def test_a_cache_is_primed(says):
    facts = {"kinds": {"int": 3, "list": [1, "x"], "bytes": b"\xff"}, "bare": {}}
    context = sheaf.Context(share_key="mine")
    with says.stage("cache", errors=True) as top:
        real = top.resolve_one("all")
        top.cache.prime({"is a": facts, "is b": real, "all": {},
                         "gone": sheaf.ElementError("not here", sheaf.Status.ENTITY_RESOLUTION_ERROR)})
        top.cache.prime({"is c": {"named": {"name": "primed"}}}, ["named"], access="write", context=context)
        Says.asked[:] = []
        batch = top.resolve(["is a", "is b", "all", "gone"])
        assert batch[0] == facts and batch[1] == batch[2] == real
        assert (batch[3].status, batch[3].message) == (sheaf.Status.ENTITY_RESOLUTION_ERROR, "not here")
        assert top.resolve_one("is c", ["named"], access="write", context=context)["named"]["name"] == "primed"
        assert not asked()
        assert top.resolve_one("is c", ["named"])["named"]["name"] == "c"
        assert asked() == [["is c"]]
        top.cache.prime({})


@pytest.mark.parametrize("answers, error, said", [
    (["is a"], TypeError, "answers must be a mapping"),
    ({"is a": 3}, TypeError, r"answers\['is a'\] must be a mapping of traits"),
    ({"is a": {"b": 3}}, TypeError, r"answers\['is a'\]\['b'\] must be a mapping"),
    ({"is a": {"b": {"c": {1}}}}, TypeError, r"answers\['is a'\]\['b'\]\['c'\] is of type set"),
    ({"is a": {"b": {"c": 2**63}}}, ValueError, "no 64-bit integer"),
    ({3: {}}, TypeError, r"refs\[0\] must be str"),
])
def test_bad_answers(says, answers, error, said):
    with says.stage("cache") as top:
        with pytest.raises(error, match=said):
            top.cache.prime(answers)
        assert top.cache.stats().entries == 0


def test_a_cache_of_a_stack_that_was_closed(says):
    top = says.stage("cache")
    cache = top.cache
    top.close()
    for use in (cache.stats, cache.clear, lambda: cache.clear("is a"), lambda: cache.prime({"is a": {}})):
        with pytest.raises(sheaf.ClosedError):
            use()
