# SPDX-License-Identifier: Apache-2.0
"""What a manager in Python may put into a record, and what it may not."""
import array
import collections
import enum
import fractions
import types

import numpy
import pytest
from asking import ask

BIG = 2**63


class Colour(enum.IntEnum):
    RED = 3


class Text(str):
    pass


class Whole:
    def __index__(self):
        return 7


class Real:
    def __float__(self):
        return 1.5


def one(serve, value):
    """How one value comes back."""
    manager = serve(lambda refs, request: [{"a": {"b": value}} for _ in refs])
    return ask(manager, ["x"])[0]


def nested(depth):
    value = "core"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [
    True, False, 0, -1, BIG - 1, -BIG, 1.5, float("inf"), -0.0, "", "text", "Ä\0\U0001f40c", b"",
    b"\xff\0", [], [1, "two", 3.0, b"4", True], [[1], [2, [3]]], [1, None, 3], nested(16), "x" * 100_000,
])
def test_values_come_back_as_they_are(serve, value):
    back = one(serve, value).record["a"]["b"]
    assert back == value and type(back) is type(value)


@pytest.mark.parametrize("value, expected", [
    ((1, (2,)), [1, [2]]), (Colour.RED, 3), (Text("t"), "t"), (bytearray(b"ab"), b"ab"),
    (memoryview(b"abcd")[1:3], b"bc"), (Whole(), 7), (Real(), 1.5), (fractions.Fraction(1, 4), 0.25),
    (array.array("i", [1, 2]), [1, 2]), ([Whole(), (Real(),)], [7, [1.5]]),
])
def test_what_is_like_a_value_is_taken(serve, value, expected):
    assert one(serve, value).record == {"a": {"b": expected}}


def test_numpy(serve):
    for value, expected in [(numpy.int64(5), 5), (numpy.uint8(200), 200), (numpy.float32(1.5), 1.5),
                            (numpy.float64(2.5), 2.5), (numpy.bool_(True), True), (numpy.str_("s"), "s"),
                            (numpy.bytes_(b"b"), b"b"), (numpy.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
                            (numpy.array(7), 7)]:
        back = one(serve, value).record["a"]["b"]
        assert back == expected and type(back) is type(expected)
    assert "greater than 2**63 - 1" in one(serve, numpy.uint64(2**64 - 1)).message


@pytest.mark.parametrize("value, message", [
    (BIG, "an int is greater than 2**63 - 1, and integers have 64 bits: give a str or a float"),
    (-BIG - 1, "an int is less than -2**63"),
    ("\ud800", "a str has a lone surrogate, which UTF-8 cannot hold"),
    (["ok", "\udcff"], "a str has a lone surrogate"),
    (nested(17), "lists are nested deeper than 16"),
    ({"c": 1}, "a dict is no value: give a bool, int, float, str, bytes or a list of them"),
    ({1, 2}, "a set is no value"),
    (object(), "a object is no value"),
    (iter([]), "a list_iterator is no value"),
    (1j, "a complex is no value"),
    (lambda: 0, "a function is no value"),
    (Exception("x"), "a Exception is no value"),
    ([1, object()], "a object is no value"),
])
def test_what_is_no_value_fails_its_index_alone(serve, value, message):
    manager = serve(lambda refs, request: [{"ok": {"k": 1}}, {"a": {"b": value}}, {}])
    found = ask(manager, ["x", "y", "z"])
    assert found.statuses == ["OK", "MANAGER_FAILURE", "OK"]
    assert found[1].message.startswith("trait 'a', key 'b': ") and message in found[1].message


def test_a_list_that_holds_itself(serve):
    endless = []
    endless.append(endless)
    assert "nested deeper than 16" in one(serve, endless).message


def test_values_that_raise_when_they_are_read(serve):
    class Odd:
        def tolist(self):
            raise RuntimeError("no")

    class Liar:
        def tolist(self):
            return self

    for value in (Odd(), Liar()):
        assert "is no value" in one(serve, value).message


def test_a_manager_that_changes_its_record_while_it_is_read(serve):
    record = {}

    class Meddler:
        def __index__(self):
            record.clear()
            record.update({f"t{i}": {"k": "v" * i} for i in range(100)})
            return 1

    def resolve(refs, request):
        record.clear()
        record.update({"a": {"b": Meddler(), "c": "text"}, "d": {"e": 2}})
        return [record, record]

    manager = serve(resolve)
    for _ in range(50):
        found = ask(manager, ["x", "y"])
        assert set(found.statuses) <= {"OK", "MANAGER_FAILURE"}


# ------------------------------------------------------------------------------- shapes of records


@pytest.mark.parametrize("record, expected", [
    ({}, {}), ({"a": None}, {"a": {}}), ({"a": {}}, {"a": {}}), ({"a": {"b": None}}, {"a": {}}),
    (collections.OrderedDict(a=collections.defaultdict(int, b=1)), {"a": {"b": 1}}),
    (types.MappingProxyType({"a": types.MappingProxyType({"b": 1})}), {"a": {"b": 1}}),
    (collections.ChainMap({"a": {"b": 1}}, {"c": {}}), {"a": {"b": 1}, "c": {}}),
    (collections.UserDict({"a": {"b": 1}}), {"a": {"b": 1}}),
])
def test_mappings_of_many_sorts(serve, record, expected):
    manager = serve(lambda refs, request: [record for _ in refs])
    assert ask(manager, ["x"]).records == [expected]
    if expected == {"a": {"b": 1}}:
        assert ask(manager, ["x"], traits=["a"]).records == [expected]
        assert ask(manager, ["x"], slots=[("a", "b")])[0].properties == [("a", "b", 1)]


@pytest.mark.parametrize("record, message", [
    ("text", "a record is a mapping of traits to mappings of keys to values, None (there is no such "
             "entity) or an exception, not a str"),
    (b"x", "not a bytes"), (3, "not a int"), ([("a", {})], "not a list"), ({"a"}, "not a set"),
    ({"a": 3}, "trait 'a': the properties are a mapping of keys to values, not a int"),
    ({"a": "text"}, "not a str"), ({"a": [("b", 1)]}, "not a list"),
    ({3: {}}, "names of traits and keys are str, and one is of type int"),
    ({None: {}}, "one is of type NoneType"), ({"a": {3: 1}}, "trait 'a': names of traits and keys are str"),
    ({"": {}}, "empty"), ({"a": {"": 1}}, "trait 'a': "), ({"a\0b": {}}, "NUL"),
    ({"n" * 1025: {}}, "1"), ({"\ud800": {}}, "a name has a lone surrogate"),
    ({"a": {"\ud800": 1}}, "a name has a lone surrogate"),
])
def test_what_is_no_record(serve, record, message):
    manager = serve(lambda refs, request: [record, {"ok": {}}])
    found = ask(manager, ["x", "y"])
    assert found.statuses == ["MANAGER_FAILURE", "OK"]
    assert message in found[0].message


def test_long_names_in_messages_are_cut_between_characters(serve):
    odd = type("Ř" * 300, (), {})
    for record in ({"ž" * 5000: {"b": 1}}, {"a": {"ž" * 5000: odd()}}, {"ž" * 400: {"ž" * 400: odd()}},
                   {"a": {"b": odd()}}, {"a": odd()}, odd()):
        found = ask(serve(lambda refs, request, record=record: [record]), ["x"])
        assert found.statuses == ["MANAGER_FAILURE"] and len(found[0].message) > 60


def test_mappings_that_raise(serve):
    class Broken(collections.abc.Mapping):
        def __getitem__(self, key):
            raise RuntimeError("no")

        def __iter__(self):
            return iter("ab")

        def __len__(self):
            return 2

    assert ask(serve(lambda refs, request: [Broken()]), ["x"]).statuses == ["MANAGER_FAILURE"]
    assert ask(serve(lambda refs, request: [{"a": Broken()}]), ["x"]).statuses == ["MANAGER_FAILURE"]


def test_too_many_names_are_refused(serve):
    """Names are vocabulary, not data: the library's limit is told, and nothing else suffers."""
    def resolve(refs, request):
        return [{"t": {f"key-{ref}": 1}} for ref in refs]

    manager = serve(resolve)
    found = ask(manager, [str(i) for i in range(70_000)])
    assert found[0].status.name == "OK"
    assert found[-1].status.name == "LIMIT" and "key-" in found[-1].message
    assert ask(manager, ["0"]).statuses == ["OK"]


# ------------------------------------------------------------------------------- the other answers


@pytest.mark.parametrize("answer, message", [
    (None, "not a NoneType"), (1, "not a int"), ("yes", "not a str"), ({}, "not a dict"),
])
def test_exists_is_a_bool(serve, answer, message):
    manager = serve(_with(exists=lambda self, refs, request: [True, answer, False]))
    found = ask(manager, ["x", "y", "z"], "exists")
    assert found.statuses == ["OK", "MANAGER_FAILURE", "OK"]
    assert "whether an entity exists is a bool or an exception" in found[1].message
    assert message in found[1].message


@pytest.mark.parametrize("answer", [["a", "b"], ("a", "b"), {"a": 1, "b": 2}, iter(["a", "b"])])
def test_trait_sets_are_iterables(serve, answer):
    manager = serve(_with(traits=lambda self, refs, request: [answer]))
    assert ask(manager, ["x"], "traits")[0].properties == [("a", None, None), ("b", None, None)]


@pytest.mark.parametrize("answer, message", [
    ("named", "a trait set is an iterable of str"), (b"named", "not a bytes"), (3, "not a int"),
    ([3], "one is of type int"), ((1 // 0 for _ in "x"), "cannot be read to its end"),
])
def test_what_is_no_trait_set(serve, answer, message):
    manager = serve(_with(traits=lambda self, refs, request: [answer, set()]))
    found = ask(manager, ["x", "y"], "traits")
    assert found.statuses == ["MANAGER_FAILURE", "OK"] and message in found[0].message


def _with(**functions):
    import sheaf
    return type("Given", (sheaf.Manager,), {"id": "given", **functions})
