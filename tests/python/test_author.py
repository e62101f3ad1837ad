# SPDX-License-Identifier: Apache-2.0
"""Managers in Python: how they are declared, registered, opened and asked."""
import logging
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from asking import ask, ask_each

import sheaf
from sheaf._cffi import lib


class Zoo(sheaf.Manager):
    """Animals.

    And more about them.
    """

    id = "zoo"
    display_name = "The Zoo"
    version = "1.2"
    prefixes = ["zoo://", "animal:"]
    pure = True
    settings = [sheaf.Setting("loud", bool, False, "Whether they roar."),
                sheaf.Setting("legs", int, 4), sheaf.Setting("weight", float, 2.5),
                sheaf.Setting("named", str), sheaf.Setting("key", secret=True)]

    def __init__(self, **settings):
        self.given = settings
        Zoo.last = self
        self.closed = 0

    def resolve(self, refs, request):
        animals = {"zoo://cat": {"named": {"name": "Martin"}, "tame": {}},
                   "zoo://dog": {"named": {"name": "Rex", "age": 3}}}
        return [animals.get(ref) for ref in refs]

    def exists(self, refs, request):
        return [ref in ("zoo://cat", "zoo://dog") for ref in refs]

    def traits(self, refs, request):
        return [["named", "tame"] if ref == "zoo://cat" else None for ref in refs]

    def close(self):
        self.closed += 1


# --------------------------------------------------------------------------- declaring, registering


def test_what_a_manager_says_of_itself(serve):
    said = serve(Zoo).description
    assert (said.id, said.name, said.version, said.description) == ("zoo", "The Zoo", "1.2", "Animals.")
    assert said.prefixes == ("zoo://", "animal:")
    assert not said.serialized
    assert {verb.name: (verb.pure, verb.idempotent) for verb in said.verbs} == {
        f"sheaf.{verb}/1": (True, True) for verb in ("resolve", "exists", "traits")}
    settings = {setting.name: setting for setting in said.settings}
    assert (settings["loud"].kind, settings["loud"].default) == ("bool", "false")
    assert settings["loud"].doc == "Whether they roar."
    assert (settings["legs"].kind, settings["weight"].kind) == ("int64", "double")
    assert settings["named"].default is None
    assert settings["key"].secret and not settings["legs"].secret


def test_settings_come_as_keywords(serve):
    with serve(Zoo):
        assert Zoo.last.given == {"loud": False, "legs": 4, "weight": 2.5, "named": None, "key": None}


def test_settings_are_converted(serve):
    with serve(Zoo, loud="true", legs="8", weight=3, named="Ä"):
        assert Zoo.last.given["loud"] is True
        assert Zoo.last.given["legs"] == 8
        assert Zoo.last.given["weight"] == 3.0 and isinstance(Zoo.last.given["weight"], float)
        assert Zoo.last.given["named"] == "Ä"


def test_an_unknown_setting_is_refused(serve):
    with pytest.raises(sheaf.InvalidArgumentError, match=r'has no setting "lout" \(did you mean "loud"\?\)'):
        serve(Zoo, lout=True)


def test_a_required_setting(serve):
    class Needy(sheaf.Manager):
        id = "needy"
        settings = [sheaf.Setting("path", required=True)]

        def __init__(self, path):
            self.path = path

        def resolve(self, refs, request):
            return [{"path": {"path": self.path}} for _ in refs]

    with pytest.raises(sheaf.InvalidArgumentError, match="path"):
        serve(Needy)


def test_one_class_opened_twice(library):
    @sheaf.manager("number", settings=[sheaf.Setting("base", int, 10)])
    def number(refs, request, base):
        """Numbers in any base."""
        return [{"number": {"value": int(ref, base)}} for ref in refs]

    library.register(number)
    with library.open("number") as ten, library.open("number", base=16) as sixteen:
        assert ask(ten, ["11"]).records == [{"number": {"value": 11}}]
        assert ask(sixteen, ["11"]).records == [{"number": {"value": 17}}]
        assert ten.description.description == "Numbers in any base."


def test_in_two_libraries(library):
    with sheaf.Library() as other:
        for one in (library, other):
            one.register(Zoo)
            with one.open("zoo") as manager:
                assert ask(manager, ["zoo://cat"], traits=["named"]).records == [{"named": {"name": "Martin"}}]


def test_the_shared_library():
    @sheaf.register
    @sheaf.manager("shared-in-process")
    def shared(refs, request):
        return [{} for _ in refs]

    assert issubclass(shared, sheaf.Manager)
    with sheaf.open("shared-in-process") as manager:
        assert ask(manager, ["x"]).records == [{}]


def test_an_id_is_registered_once(library):
    library.register(Zoo)
    with pytest.raises(sheaf.BusyError, match="zoo"):
        library.register(type("Other", (Zoo,), {}))


@pytest.mark.parametrize("what, message", [
    (3, "3 is no class that derives from sheaf.Manager"),
    (dict, "no class that derives"),
    (Zoo.__new__(Zoo), "no class that derives"),
    (type("Nameless", (sheaf.Manager,), {}), 'Nameless has no id: give it one'),
    (type("Odd", (Zoo,), {"settings": ["path"]}), "holds 'path', which is no sheaf.Setting"),
])
def test_what_is_no_manager_is_refused(library, what, message):
    with pytest.raises(TypeError, match=message):
        library.register(what)


def test_an_id_must_be_one(library):
    with pytest.raises(sheaf.SheafError, match="Zoo!"):
        library.register(type("Bad", (Zoo,), {"id": "Zoo!"}))


def test_a_manager_that_serves_nothing(serve):
    with pytest.raises(sheaf.ManagerError, match="serves nothing"):
        serve(type("Idle", (sheaf.Manager,), {"id": "idle"}))


def test_async_managers_are_refused(serve):
    async def resolve(self, refs, request):
        return []

    with pytest.raises(sheaf.ManagerError, match=r"resolve is async: .* use asyncio.run"):
        serve(type("Async", (sheaf.Manager,), {"id": "async", "resolve": resolve}))
    with pytest.raises(TypeError, match="is async"):
        sheaf.manager("async")(resolve)


def test_prefixes_are_a_list(serve):
    with pytest.raises(sheaf.ManagerError, match="prefixes is one str"):
        serve(type("Odd", (Zoo,), {"id": "odd-prefixes", "prefixes": "zoo://"}))


@pytest.mark.parametrize("arguments, error, message", [
    (("a b",), ValueError, "no Python name"),
    (("class",), ValueError, "no Python name"),
    (("a", list), TypeError, "give bool, int, float or str"),
    (("a", int, "x"), TypeError, "the default 'x' is no int"),
    (("a", int, True), TypeError, "the default True is no int"),
    (("a", int, 3, "", True), ValueError, "has a default, so it is not required"),
])
def test_settings_are_looked_at(arguments, error, message):
    with pytest.raises(error, match=message):
        sheaf.Setting(*arguments)


# -------------------------------------------------------------------------------------- its life


def test_close_is_called_once(serve):
    with serve(Zoo):
        zoo = Zoo.last
        assert zoo.closed == 0
    assert zoo.closed == 1


def test_close_that_raises_is_logged(serve, logged):
    class Stubborn(Zoo):
        id = "stubborn"

        def close(self):
            raise RuntimeError("I will not")

    with serve(Stubborn):
        pass
    assert "RuntimeError: I will not" in logged()


@pytest.mark.parametrize("error, kind, status", [
    (ValueError("no such file"), sheaf.InvalidArgumentError, "INVALID_ARGUMENT"),
    (FileNotFoundError(2, "gone", "x"), sheaf.SystemFailure, "IO_ERROR"),
    (RuntimeError("odd"), sheaf.ManagerError, "MANAGER_FAILURE"),
    (SystemExit(3), sheaf.ManagerError, "MANAGER_FAILURE"),
    (sheaf.SheafError("down", sheaf.Status.UNAVAILABLE), sheaf.ManagerError, "UNAVAILABLE"),
])
def test_init_that_raises(serve, error, kind, status):
    class Failing(Zoo):
        id = f"failing-{status.lower()}"

        def __init__(self, **settings):
            raise error

    with pytest.raises(kind) as raised:
        serve(Failing)
    assert raised.value.status.name == status
    assert str(error) in str(raised.value)


def test_flush(serve):
    class Flushed(Zoo):
        id = "flushed"

        def flush(self):
            self.flushes = getattr(self, "flushes", 0) + 1
            if self.flushes == 2:
                raise RuntimeError("nothing left")

    with serve(Flushed) as manager:
        manager.flush()
        assert Zoo.last.flushes == 1
        with pytest.raises(sheaf.ManagerError, match="RuntimeError: nothing left"):
            manager.flush()


def test_the_log(serve, logged):
    class Talker(Zoo):
        id = "talker"

        def resolve(self, refs, request):
            self.log.warning("asked for %d, \udcff", len(refs))
            return [None for _ in refs]

    with serve(Talker) as manager:
        ask(manager, ["a", "b"])
        kept = Zoo.last
    assert "asked for 2, \\udcff" in logged()
    kept.log.error("after the end: nobody hears it")


def test_the_log_of_one_that_no_host_has_opened(caplog):
    zoo = Zoo()
    zoo.log.error("hello")
    assert ("sheaf.zoo", logging.ERROR, "hello") in caplog.record_tuples
    assert zoo.resolve(["zoo://cat"], None) == [{"named": {"name": "Martin"}, "tame": {}}]


def test_managers_load_nothing_of_libsheaf():
    program = """
        import sys, sheaf
        class Zoo(sheaf.Manager):
            id = "zoo"
            def resolve(self, refs, request):
                return [sheaf.ElementError("no", sheaf.Status.AUTH_ERROR)]
        assert "sheaf._cffi" not in sys.modules and "_cffi_backend" not in sys.modules
        assert "libsheaf" not in open("/proc/self/maps").read()
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


# ----------------------------------------------------------------------------------------- answers


def test_the_verbs(serve):
    with serve(Zoo) as zoo:
        refs = ["zoo://cat", "zoo://owl", "zoo://dog"]
        found = ask(zoo, refs)
        assert found.statuses == ["OK", "ENTITY_RESOLUTION_ERROR", "OK"]
        assert found[0].record == {"named": {"name": "Martin"}, "tame": {}}
        assert [r.record["sheaf.entity"]["exists"] for r in ask(zoo, refs, "exists")] == [True, False, True]
        sets = ask(zoo, refs, "traits")
        assert sets.statuses == ["OK", "ENTITY_RESOLUTION_ERROR", "ENTITY_RESOLUTION_ERROR"]
        assert sets[0].properties == [("named", None, None), ("tame", None, None)]


def test_verbs_that_are_not_there(serve):
    with serve(lambda refs, request: []) as manager:
        assert ask(manager, ["x"], "exists").statuses == ["UNSUPPORTED"]
        assert ask(manager, ["x"], "acme.publish/1").statuses == ["UNSUPPORTED"]


def test_a_verb_of_its_own(serve):
    class Publisher(Zoo):
        id = "publisher"
        verbs = {"acme.publish/1": "publish"}

        def publish(self, refs, request):
            assert request.verb == "acme.publish/1"
            return [{"published": {"as": f"{ref} {given['named']['name']}"}}
                    for ref, given in zip(refs, request.inputs)]

    with serve(Publisher) as manager:
        inputs = [{"named": {"name": "A"}}, {"named": {"name": "B"}}]
        assert ask(manager, ["x", "y"], "acme.publish/1", inputs=inputs).records == [
            {"published": {"as": "x A"}}, {"published": {"as": "y B"}}]
        assert ask(manager, ["x"], "resolve").statuses == ["ENTITY_RESOLUTION_ERROR"]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_yields_in_any_order(serve, order):
    def resolve(refs, request):
        for i in order:
            yield i, {"named": {"name": refs[i]}}

    with serve(resolve) as manager:
        assert ask(manager, list("abcd")).records == [{"named": {"name": one}} for one in "abcd"]


def test_iterators_that_are_no_generators(serve):
    with serve(lambda refs, request: enumerate({"a": {"b": ref}} for ref in refs)) as manager:
        assert ask(manager, ["x", "y"]).records == [{"a": {"b": "x"}}, {"a": {"b": "y"}}]


def test_tuples(serve):
    with serve(lambda refs, request: tuple({"a": {"b": ref}} for ref in refs)) as manager:
        assert ask(manager, ["x", "y"]).records == [{"a": {"b": "x"}}, {"a": {"b": "y"}}]


def test_an_empty_batch(serve):
    for answers in ([], (), iter([])):
        with serve(lambda refs, request, answers=answers: answers) as manager:
            found = ask(manager, [])
            assert found == [] and found.batch == sheaf.Status.OK


def test_results_come_while_it_yields(serve):
    """A host hears of the first ones long before a slow manager is through."""
    heard = []

    def resolve(refs, request):
        for i in range(len(refs)):
            yield i, {}
            assert request.wait(0.02)
            if i > 1:
                assert heard, "nothing was passed on in 40 ms"

    with serve(resolve) as manager:
        assert ask_each(manager, list("abcdef"), lambda i, result: heard.append(i)) == sheaf.Status.OK
    assert heard == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("count", [1, 255, 256, 257, 4095, 4096, 4097, 20_000])
@pytest.mark.parametrize("form", ["list", "yields"])
def test_batches_of_many_sizes(serve, count, form):
    def resolve(refs, request):
        records = [{"a": {"ref": ref, "n": i}} for i, ref in enumerate(refs)]
        return records if form == "list" else enumerate(records)

    with serve(resolve) as manager:
        found = ask(manager, [f"ref-{i}" for i in range(count)])
        assert found.records == [{"a": {"ref": f"ref-{i}", "n": i}} for i in range(count)]


def test_more_memory_than_one_group_takes(serve):
    """40 MB of answers, sent in several groups."""
    def resolve(refs, request):
        return [{"a": {"text": f"{i}" * 1_000_000}} for i in range(len(refs))]

    with serve(resolve) as manager:
        sizes = []
        ask_each(manager, ["x"] * 40, lambda i, result: sizes.append(len(result.record["a"]["text"])))
        assert sizes == [len(str(i)) * 1_000_000 for i in range(40)]


def test_a_host_that_stops(serve):
    state = []

    def resolve(refs, request):
        try:
            for i in range(len(refs)):
                yield i, {}
        finally:
            state.append((i, request.count))  # the request is still there

    with serve(resolve) as manager:
        heard = []
        status = ask_each(manager, ["x"] * 10_000, lambda i, result: heard.append(i) or False)
        assert status == sheaf.Status.STOPPED and heard == [0]
    assert state[0][0] < 600 and state[0][1] == 10_000


# ------------------------------------------------------------------------------- what was asked for


WIDE = {"named": {"name": "Martin", "nick": "M"}, "tame": {}, "animal": {"age": 12, "legs": None}}


def wide(refs, request):
    return [WIDE for _ in refs]


def test_only_what_was_asked_for_is_passed_on(serve):
    with serve(wide) as manager:
        assert ask(manager, ["x"], traits=["tame", "animal", "absent"])[0].properties == [
            ("tame", None, None), ("animal", "age", 12)]
        assert ask(manager, ["x"], traits=[])[0].properties == []


def test_slots_come_in_their_order(serve):
    slots = [("animal", "age"), ("named", "nick"), ("absent", "x"), ("animal", "legs"),
             ("animal", "age"), ("tame", "x")]
    with serve(wide) as manager:
        found = ask(manager, ["x"], slots=slots)[0]
        assert found.flags & lib.SHEAF_RESULT_IN_SLOT_ORDER
        assert found.properties == [("animal", "age", 12), ("named", "nick", "M"), ("absent", "x", None),
                                    ("animal", "legs", None), ("animal", "age", 12), ("tame", "x", None)]


def test_traits_and_slots(serve):
    with serve(wide) as manager:
        found = ask(manager, ["x"], traits=["named"],
                    slots=[("named", "name"), ("animal", "age"), ("animal", "legs"), ("tame", "x")])[0]
        assert not found.flags & lib.SHEAF_RESULT_IN_SLOT_ORDER
        assert found.properties == [("named", "name", "Martin"), ("named", "nick", "M"), ("animal", "age", 12)]


def test_what_was_not_asked_for_is_not_even_looked_at(serve):
    with serve(lambda refs, request: [{"a": {"b": 1}, "odd": {"c": object()}, 3: 4}]) as manager:
        assert ask(manager, ["x"], traits=["a"]).records == [{"a": {"b": 1}}]
        assert ask(manager, ["x"], slots=[("a", "b")]).records == [{"a": {"b": 1}}]


# ------------------------------------------------------------------------------------- the request


def test_the_request(serve):
    seen = {}

    def resolve(refs, request):
        seen.update(verb=request.verb, access=request.access, traits=request.traits, count=request.count,
                    properties=request.properties, inputs=request.inputs, cancelled=request.cancelled,
                    remaining=request.remaining, context=request.context, text=repr(request),
                    wants=[request.wants("a"), request.wants("a", "k"), request.wants("b", "k"),
                           request.wants("b", "x"), request.wants("b"), request.wants("c")])
        return [{} for _ in refs]

    with serve(resolve) as manager:
        ask(manager, ["x", "y"], traits=["a"], slots=[("b", "k")], access=1, timeout=60,
            share_key=b"\xff", authority="Ana", state=b"s", locale={"place": {"shot": "10"}})
        assert seen["verb"] == "sheaf.resolve/1" and seen["access"] == "write" and seen["count"] == 2
        assert seen["traits"] == ("a",) and seen["properties"] == (("b", "k"),)
        assert seen["inputs"] is None and seen["cancelled"] is False
        assert 50 < seen["remaining"] <= 60
        assert seen["context"] == sheaf.Context(share_key=b"\xff", authority="Ana", state=b"s",
                                                locale={"place": {"shot": "10"}})
        assert seen["wants"] == [True, True, True, False, True, False]
        assert seen["text"] == "<sheaf.Request sheaf.resolve/1 of 2 references>"

        ask(manager, ["x"])
        assert seen["traits"] is None and seen["properties"] == () and seen["remaining"] is None
        assert seen["access"] == "read" and all(seen["wants"])
        assert seen["context"] == sheaf.Context()


def test_contexts_of_single_references(serve):
    seen = []

    def resolve(refs, request):
        seen.extend(request.context_of(i).authority for i in range(len(refs)))
        for index in (-1, 2):
            with pytest.raises(IndexError):
                request.context_of(index)
        with pytest.raises(TypeError):
            request.context_of("x")
        return [{} for _ in refs]

    with serve(resolve) as manager:
        found = ask(manager, ["x", "y"], contexts=[{"authority": "Ana"}, None], authority="Bo")
        assert found.statuses == ["OK", "OK"], found.messages
    assert seen == [b"Ana", b"Bo"]


def test_references_are_any_bytes(serve):
    seen = []

    def resolve(refs, request):
        seen.extend(refs)
        return [{"a": {"back": ref.encode("utf-8", "surrogateescape")}} for ref in refs]

    refs = [b"", b"a\0b", "žluťoučký".encode(), b"\xff\xfe", b"x" * (1 << 20), b"\xed\xa0\x80"]
    with serve(resolve) as manager:
        assert [record["a"]["back"] for record in ask(manager, refs).records] == refs
    assert seen[:4] == ["", "a\0b", "žluťoučký", "\udcff\udcfe"]


def test_requests_are_not_made_by_hand():
    with pytest.raises(TypeError):
        sheaf.Request()


def test_types(tmp_path):
    """What an author writes is right by mypy's strictest rules, and what is wrong is not."""
    (tmp_path / "right.py").write_text(textwrap.dedent("""
        from collections.abc import Iterator
        import sheaf

        class Zoo(sheaf.Manager):
            id = "zoo"
            settings = [sheaf.Setting("legs", int, 4)]

            def __init__(self, legs: int) -> None:
                self.legs = legs

            def resolve(self, refs: list[str], request: sheaf.Request
                        ) -> list[dict[str, dict[str, int]] | sheaf.ElementError | None]:
                wanted: bool = request.wants("animal", "legs")
                return [{"animal": {"legs": self.legs}} if wanted else None for ref in refs]

            def exists(self, refs: list[str], request: sheaf.Request) -> Iterator[tuple[int, bool]]:
                yield from enumerate(bool(ref) for ref in refs)

        @sheaf.manager("other", pure=True)
        def other(refs: list[str], request: sheaf.Request) -> list[None]:
            return [None for _ in refs]

        registered: type[Zoo] = sheaf.register(Zoo)
        sheaf.register(other)
    """))
    (tmp_path / "wrong.py").write_text(textwrap.dedent("""
        import sheaf

        class Zoo(sheaf.Manager):
            def resolve(self, refs: list[str], request: sheaf.Request) -> list[str]:
                return refs

        sheaf.register(Zoo(), library=3)
        sheaf.Setting("legs", int, 4, required="yes")
    """))

    def mypy(name):
        cache = Path(__file__).resolve().parents[2] / "build" / ".mypy_cache"
        return subprocess.run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, name],
                              cwd=tmp_path, text=True, capture_output=True).stdout

    assert "Success" in mypy("right.py")
    assert "Found 4 errors" in mypy("wrong.py")
