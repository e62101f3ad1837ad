# SPDX-License-Identifier: Apache-2.0
"""The C helper against what says what is right: the same batches through both, looked at in every way
there is. What the one raises, the other raises in the same words."""
import copy
import json
import pickle
import random
from collections.abc import Mapping, Sequence

import pytest
from scripted import Error, Raw, Scripted

import sheaf
from sheaf import _batch, _fast, _helper
from sheaf._cffi import lib

RESOLVE, EXISTS, TRAITS = lib.SHEAF_VERB_RESOLVE, lib.SHEAF_VERB_EXISTS, lib.SHEAF_VERB_TRAITS


class Pair:
    """The same manager, asked by both."""

    def __init__(self, answer, **more):
        self.library = sheaf.Library()
        self.script = Scripted(self.library, answer, **more)
        self.manager = self.library.open("scripted")
        nonblocking = bool(more.get("flags", 0) & lib.SHEAF_MANAGER_NONBLOCKING)
        self.engines = [engine.Manager(self.manager._address, self.library._names, nonblocking)
                        for engine in (_helper, _batch)]

    def ask(self, refs, traits=None, verb=RESOLVE, access=0, call=0):
        return [engine.ask(verb, refs, traits, access, call) for engine in self.engines]

    def outcomes(self, look, *arguments, **more):
        """What `look` makes of the batch of each: how it ended, in comparable form."""
        return [outcome(lambda engine=engine: look(engine.ask(
            more.get("verb", RESOLVE), *arguments, *((None,) if len(arguments) < 2 else ()), 0, 0)))
            for engine in self.engines]


def outcome(function):
    try:
        return "returned", plain(function())
    except Exception as error:
        return type(error), str(error)


def plain(value):
    """Comparable: of what makes no two equal objects, what it says."""
    if isinstance(value, sheaf.ElementError):
        return ("error", value.status, value.message, value.index, value.ref, value.retryable,
                value.retry_after)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) or (isinstance(value, Sequence) and type(value) is not str
                                            and not isinstance(value, bytes)):
        return [plain(item) for item in value]
    return value


def check(pair, look, *arguments, **more):
    """Both must do the same. What that is."""
    fast, pure = pair.outcomes(look, *arguments, **more)
    assert fast == pure
    return fast


# ------------------------------------------------------------------------------- answers of all kinds


TEXTS = ["", "a", "Ünïcödé", "日本", "\U0001f600", "x" * 300, "nul\0inside", "bad \udcff byte"]


def random_value(rng, depth=0):
    kind = rng.randrange(6 if depth == 0 else 7)
    if kind == 0:
        return rng.random() < 0.5
    if kind == 1:
        return rng.choice([0, 1, -1, 2**63 - 1, -(2**63), rng.randrange(10**9)])
    if kind == 2:
        return rng.choice([0.0, -0.0, 1e308, float("inf"), float("nan"), rng.random()])
    if kind == 3:
        return rng.choice(TEXTS)
    if kind == 4:
        return rng.choice([b"", b"\0\xff", b"bytes" * 50])
    if kind == 6:
        return None
    return [random_value(rng, depth + 1) for _ in range(rng.randrange(4))] if depth < 4 else 1


def random_record(rng):
    rows = []
    for _ in range(rng.randrange(8)):
        trait = f"trait{rng.randrange(4)}"
        if rng.random() < 0.2:
            rows.append((trait, "", None))
        else:
            value = None if rng.random() < 0.1 else random_value(rng)
            rows.append((trait, f"key{rng.randrange(4)}", value))
    return rows


def random_answer(rng):
    if rng.random() < 0.3:
        rows = [("sheaf.error", "retry_after_ms", rng.randrange(5000))] if rng.random() < 0.5 else []
        return Error(rng.choice([100, 104, 300, 304, 199, 777]), rng.choice([b"", b"why", b"\xff\xfe"]),
                     lib.SHEAF_RESULT_RETRYABLE if rng.random() < 0.5 else 0, rows)
    return random_record(rng)


LOOKS = {
    "list": list,
    "to_list": lambda batch: batch.to_list(),
    "repr": repr,
    "items": lambda batch: [repr(one) for one in batch],
    "length": lambda batch: (len(batch), [len(one) for one in batch if isinstance(one, Mapping)]),
    "iteration": lambda batch: [list(one) for one in batch if isinstance(one, Mapping)],
    "keys": lambda batch: [sorted(p) for one in batch if isinstance(one, Mapping) for p in one.values()],
    "views": lambda batch: [[list(one.keys()), [list(p.items()) for p in one.values()]]
                            for one in batch if isinstance(one, Mapping)],
    "errors": lambda batch: batch.errors,
    "counts": lambda batch: (batch.failed, batch.ok, batch.status),
    "refs": lambda batch: list(batch.refs),
    "reading": lambda batch: [[(name in one, one.get(name), one.get(name, 5))
                               for name in ("trait0", "trait3", "no", "")]
                              for one in batch if isinstance(one, Mapping)],
    "reversed": lambda batch: list(reversed(batch)),
    "equality": lambda batch: [(one == one.to_dict(), one.to_dict() == one, one == {}, one != {},
                                one == 5, dict(one) == one)
                               for one in batch if isinstance(one, Mapping) and "nan" not in repr(one)],
    "html": lambda batch: batch._repr_html_(),
    "pickle": lambda batch: pickle.loads(pickle.dumps(batch)),
    "copy": lambda batch: [copy.copy(batch[0]), copy.deepcopy(batch[0])],
}


@pytest.mark.parametrize("static", [0, lib.SHEAF_RESULT_STATIC], ids=["copied", "static"])
def test_random_answers(static):
    rng = random.Random(4)
    answers = {f"ref{i}".encode(): random_answer(rng) for i in range(300)}
    pair = Pair(answers.__getitem__, result_flags=static)
    refs = [ref.decode() for ref in answers]
    for name, look in LOOKS.items():
        fast, pure = pair.outcomes(look, refs)
        assert fast == pure, name
    kind, elements = check(pair, list, refs)
    assert kind == "returned" and len(elements) == 300


@pytest.mark.parametrize("verb", [EXISTS, TRAITS])
def test_other_verbs(verb):
    rows = [("sheaf.entity", "exists", True), ("a", "", None), ("b", "k", 1)]
    answers = {b"yes": rows, b"no": [("sheaf.entity", "exists", False)], b"bad": Error(104, b"no")}
    pair = Pair(answers.__getitem__)
    kind, elements = check(pair, list, ["yes", "no", "bad"], verb=verb)
    assert elements[0] == (True if verb == EXISTS else {"sheaf.entity", "a", "b"})
    assert elements[1] == (False if verb == EXISTS else {"sheaf.entity"})
    check(pair, lambda batch: batch.to_list(), ["yes", "no", "bad"], verb=verb)


DEEP = 1
for _ in range(20):
    DEEP = [DEEP]

ODD = {
    "first of two counts": [("a", "k", 1), ("a", "k", 2), ("b", "x", 3), ("a", "m", 4)],
    "none does not count": [("a", "k", None), ("a", "k", 2), ("b", "k", None)],
    "trait alone": [("a", "", None), ("b", "", 7), ("a", "k", 1)],
    "false ids": [(60000, 70000, 1), ("a", 70001, 2), ("a", "k", 3)],
    "unknown kinds": [("a", "k", Raw(16)), ("a", "m", Raw(13, b"bytes")), ("a", "n", [Raw(20), 1])],
    "not utf-8": [("a", "k", Raw(lib.SHEAF_KIND_STRING, b"\xff\xc3")), ("a", "m", "\udcff")],
    "deep": [("a", "k", DEEP)],
    "wide": [(f"t{i}", f"k{i}", i) for i in range(3000)],
    "empty": [],
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("static", [0, lib.SHEAF_RESULT_STATIC], ids=["copied", "static"])
def test_odd_answers(name, static):
    pair = Pair(lambda ref: ODD[name], result_flags=static)
    for look in LOOKS.values():
        check(pair, look, ["r"])
    if name == "first of two counts":
        assert pair.ask(["r"])[0][0] == {"a": {"k": 1, "m": 4}, "b": {"x": 3}}


def test_no_result_and_batch_failure():
    pair = Pair(lambda ref: None if ref == b"b" else [("a", "k", 1)])
    check(pair, list, ["a", "b"])
    pair.script.status = lib.SHEAF_UNAVAILABLE
    kind, counts = check(pair, LOOKS["counts"], ["a", "b"])
    assert counts[0] == 1 and counts[2] is sheaf.Status.UNAVAILABLE


# --------------------------------------------------------------------------------------- what is asked


class Text(str):
    """Is not what it seems."""

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


def failing():
    yield "a"
    raise RuntimeError("midway")


BAD_REFS = {
    "str": "bal:///cat", "bytes": b"bal:///cat", "bytearray": bytearray(b"x"), "dict": {"a": 1},
    "None": None, "int": 5, "item None": ["a", None], "item bytes": ["a", b"b"], "item int": [1],
    "surrogate": ["a", "b\ud800"], "raises": failing, "type": list,
}


@pytest.mark.parametrize("name", BAD_REFS)
def test_bad_refs(name):
    asked = []
    pair = Pair(lambda ref: asked.append(ref) or [])
    refs = BAD_REFS[name]
    fast, pure = [outcome(lambda engine=engine: engine.ask(
        RESOLVE, refs() if name == "raises" else refs, None, 0, 0)) for engine in pair.engines]
    assert fast == pure
    assert fast[0] != "returned" and not asked
    if name == "surrogate":
        assert fast[0] is UnicodeEncodeError and "refs[1]" in fast[1]
    if name == "dict":
        assert fast == (TypeError, "refs must be an iterable of str, not dict")


@pytest.mark.parametrize("make", [list, tuple, iter, set, dict.fromkeys([]).__class__.fromkeys],
                         ids=["list", "tuple", "iterator", "set", "mapping"])
def test_kinds_of_refs(make):
    pair = Pair(lambda ref: [("a", "k", len(ref))])
    for engine in pair.engines:
        made = make(["é" * 3])
        if isinstance(made, dict):
            with pytest.raises(TypeError):
                engine.ask(RESOLVE, made, None, 0, 0)
            made = made.keys()
        assert engine.ask(RESOLVE, made, None, 0, 0)[0] == {"a": {"k": 6}}


def test_large_and_odd_refs():
    pair = Pair(lambda ref: [("a", "k", len(ref))])
    refs = ["x" * (1 << 20), "", "nul\0", "日本", Text("subclass")]
    check(pair, list, refs)
    for batch in pair.ask(refs):
        assert [type(ref) for ref in batch.refs] == [str] * 5
    for batch in pair.ask([]):
        assert len(batch) == 0 and batch.ok and batch.errors == [] and list(batch) == []


BAD_TRAITS = {"str": "named", "bytes": b"named", "mapping": {"named": 1}, "int": 3, "item": ["a", 3],
              "empty": [""], "long": ["x" * 2000], "nul": ["a\0b"], "surrogate": ["\ud800"],
              "raises": failing}


@pytest.mark.parametrize("name", BAD_TRAITS)
def test_bad_traits(name):
    asked = []
    pair = Pair(lambda ref: asked.append(ref) or [])
    traits = BAD_TRAITS[name]
    fast, pure = [outcome(lambda engine=engine: engine.ask(
        RESOLVE, ["r"], traits() if name == "raises" else traits, 0, 0)) for engine in pair.engines]
    assert fast == pure
    assert fast[0] != "returned" and not asked


def test_traits_reach_the_manager():
    seen = []

    def answer(ref):
        return []

    pair = Pair(answer)
    batch = pair.script._batch
    many = [f"trait{i}" for i in range(100)]

    def look(self_, request, sink):
        ids = [request.traits[i] for i in range(request.trait_count)]
        seen.append((request.flags, [pair.library._names.text(id) for id in ids], request.access))
        return batch(self_, request, sink)

    pair.script.table.batch = pair.script._function("sheaf_manager_table", "batch", look)
    manager = pair.library.open("scripted")
    for engine in (_helper, _batch):
        asker = engine.Manager(manager._address, pair.library._names, False)
        for traits in (None, [], ("a",), iter(["a", "b"]), many, ["a", "a"], [Text("s")]):
            asker.ask(RESOLVE, ["r"], list(traits) if hasattr(traits, "__next__") else traits, 1, 0)
    assert seen[:7] == seen[7:]
    assert seen[0] == (lib.SHEAF_REQUEST_ALL_TRAITS, [], 1) and seen[1] == (0, [], 1)
    assert seen[4] == (0, many, 1)


# ----------------------------------------------------------------------------------- how it is looked at


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


INDICES = [0, 4, 5, -1, -5, -6, True, 2**40, 2**70, -(2**70), Index(2), Index(-1), 1.0, "0", None, (0,),
           slice(None), slice(1, 3), slice(None, None, -1), slice(-2, None), slice(3, 1), slice(0, 99, 2),
           slice(2**70, None), slice(None, None, 0), slice(1.5), Index(ValueError("no index"))]


@pytest.mark.parametrize("at", range(len(INDICES)))
def test_indices(at):
    pair = Pair(lambda ref: Error(104, b"no") if ref == b"3" else [("a", "k", int(ref))])
    refs = ["0", "1", "2", "3", "4"]
    check(pair, lambda batch: batch[INDICES[at]], refs)
    fast, pure = [outcome(lambda engine=engine: list(engine.Refs(refs)[INDICES[at]]))
                  for engine in (_helper, _batch)]
    assert fast[0] == pure[0]


KEYS = ["a", "".join(["b", "c"]), Text("a"), "", "no", "\ud800", 5, None, b"a", ["a"], (1,), 1.5]


@pytest.mark.parametrize("at", range(len(KEYS)))
def test_keys(at):
    pair = Pair(lambda ref: [("a", "bc", 1), ("bc", "a", 2), ("bc", "bc", 3)])
    key = KEYS[at]
    for look in (lambda batch: batch[0][key], lambda batch: batch[0]["a"][key],
                 lambda batch: batch[0]["bc"][key], lambda batch: key in batch[0],
                 lambda batch: key in batch[0]["bc"], lambda batch: batch[0].get(key),
                 lambda batch: batch[0]["bc"].get(key, "default")):
        if not isinstance(key, Text):  # equal to anything, and to nothing by its hash
            check(pair, look, ["r"])
            check(pair, look, ["r"])  # from what is remembered
        else:
            assert pair.outcomes(look, ["r"])[0] is not None


def test_many_names():
    """More names than are remembered: each is found, whichever it displaced."""
    rows = [(f"trait{i}", f"key{i}", i) for i in range(2000)]
    batch = Pair(lambda ref: rows).ask(["r"])[0]
    for _ in range(3):
        record = batch[0]
        assert [record[trait][key] for trait, key, _ in rows] == list(range(2000))
        assert [record[f"trait{i}"].get(f"key{i + 1}") for i in range(1999)] == [None] * 1999


def test_a_name_of_another_trait_is_not_there():
    batch = Pair(lambda ref: [("a", "x", 1), ("b", "y", 2)]).ask(["r"])[0]
    assert batch[0]["a"]["x"] == 1 and batch[0]["b"]["y"] == 2
    for trait, key in (("a", "y"), ("b", "x"), ("a", "a"), ("a", "b")):
        assert key not in batch[0][trait]
        with pytest.raises(KeyError, match=key):
            batch[0][trait][key]
    assert "x" not in batch[0] and batch[0].get("y") is None


# ---------------------------------------------------------------------------------------- manners


@pytest.mark.parametrize("engine", [0, 1], ids=["fast", "pure"])
class TestManners:
    @pytest.fixture
    def batch(self, engine):
        pair = Pair(lambda ref: [("a", "k", [1, 2]), ("b", "", None)])
        return pair.ask(["r", "s"])[engine]

    def test_types(self, batch):
        record = batch[0]
        assert isinstance(batch, Sequence) and isinstance(batch.refs, Sequence)
        assert isinstance(record, Mapping) and isinstance(record["a"], Mapping)
        assert not isinstance(record, dict)
        assert type(record).__name__ == "Record" and type(record["a"]).__name__ == "Properties"
        for kind in (type(record), type(record["a"])):
            assert kind.__doc__
        match record:
            case {"a": {"k": [one, two]}}:
                assert (one, two) == (1, 2)
            case _:
                pytest.fail("a record is no mapping to match")
        match batch:
            case [first, second]:
                assert first == second
            case _:
                pytest.fail("a batch is no sequence to match")

    def test_unchangeable(self, batch):
        record = batch[0]
        for change in (lambda: batch.__setitem__(0, 1), lambda: record.__setitem__("a", 1)):
            with pytest.raises(AttributeError):
                change()
        for target, key in ((batch, 0), (record, "a"), (record["a"], "k")):
            with pytest.raises(TypeError, match="does not support item assignment"):
                target[key] = 1
            with pytest.raises(TypeError, match="(doesn't|does not) support item deletion"):
                del target[key]
        for target in (batch, record, record["a"], batch.refs):
            with pytest.raises(AttributeError):
                target.anything = 1
        record["a"]["k"].append(3)
        assert batch[0]["a"]["k"] == [1, 2]

    def test_hash(self, batch):
        for unhashable in (batch[0], batch[0]["a"]):
            with pytest.raises(TypeError, match="unhashable"):
                hash(unhashable)
        assert hash(batch) == hash(batch)

    def test_conversions(self, batch):
        record = batch[0]
        assert {**record} == record and dict(record["a"]) == {"k": [1, 2]}
        assert json.dumps(record.to_dict()) == '{"a": {"k": [1, 2]}, "b": {}}'
        assert repr(record) == "{'a': {'k': [1, 2]}, 'b': {}}"
        assert str(record["b"]) == "{}" and not record["b"] and record
        assert pickle.loads(pickle.dumps(record)) == record.to_dict()
        assert type(pickle.loads(pickle.dumps(record["a"]))) is dict
        assert pickle.loads(pickle.dumps(batch)) == [record, record]
        assert list(pickle.loads(pickle.dumps(batch.refs))) == ["r", "s"]
        assert "r" in batch.refs and batch.refs.index("s") == 1 and list(batch.refs[1:]) == ["s"]

    def test_not_made_by_hand(self, engine):
        if engine:
            pytest.skip("the classes in Python take what a caller has not got")
        for kind in (_fast.Batch, _fast.Record, _fast.Properties):
            with pytest.raises(TypeError, match="cannot create"):
                kind()
