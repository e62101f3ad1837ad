# SPDX-License-Identifier: Apache-2.0
"""Links: the cases of Databay's batchers (tests/data/databay/), and what those leave open."""
import copy
import json
import logging
import pickle
import random
from collections.abc import Mapping

import pytest
from shared import ROOT

import sheaf

VECTORS = json.loads((ROOT / "tests/data/databay/vectors.json").read_text("utf-8"))


# ------------------------------------------------------------------------- what the vectors name


def pieces(size):
    def cut(batches):
        return [batch[i:i + size] for batch in batches for i in range(0, len(batch), size)]
    return cut


def by(key):
    def group(batches):
        out = []
        for batch in batches:
            groups = {}
            for record in batch:
                groups.setdefault(key(record.payload), []).append(record)
            out += groups.values()
        return out
    return group


def raising(batches):
    raise ValueError("batcher")


def mutate_then_raise(batches):
    batches[0].pop()
    raise ValueError("batcher")


def last_of_each_name(batches):
    return [list({record.payload["name"]: record for record in batch}.values()) for batch in batches]


BATCHERS = {
    "identity": lambda batches: batches,
    "chunk2": pieces(2), "chunk3": pieces(3), "single": pieces(1),
    "by_name": by(lambda payload: payload["name"]), "by_parity": by(lambda payload: payload % 2),
    "halves": lambda batches: [batches[0][:2], batches[0][2:]],
    "merge": lambda batches: [sum(batches, [])],
    "reverse_batches": lambda batches: batches[::-1],
    "drop_first": lambda batches: [batch[1:] for batch in batches],
    "duplicate": lambda batches: batches + batches,
    "with_empties": lambda batches: [[], *batches, []],
    "none_at_all": lambda batches: [],
    "raise": raising,
    "mutate_then_raise": mutate_then_raise,
    "seed_example_with_return": last_of_each_name,
    "returns_generator": lambda batches: (batch for batch in pieces(2)(batches)),
}


def changed(function):
    return lambda records: [sheaf.Record(function(one.payload), one.metadata) for one in records]


def praise(records):
    raise ZeroDivisionError("processor")


PROCESSORS = {"big": lambda records: [one for one in records if one.payload > 1],
              "square": changed(lambda payload: payload**2), "first": lambda records: records[:1],
              "praise": praise}


class Outlet:
    def __init__(self, name="A", pushes=None, processors=(), fail_at=0):
        self.name, self.processors, self.fail_at = name, processors, fail_at
        self.pushes = [] if pushes is None else pushes
        self.records, self.count = [], 0

    def push(self, records):
        self.count += 1
        self.records.append(records)
        self.pushes.append([self.name, [one.payload for one in records]])
        if self.count == self.fail_at:
            raise RuntimeError("outlet")


def inlet_of(what):
    def pull():
        if what == "raise":
            raise ValueError("inlet")
        return copy.deepcopy(what)
    return pull


def outcome(link, pushes):
    try:
        link.transfer()
    except Exception as error:
        return pushes, f"{type(error).__name__}: {error}"
    return pushes, None


def run(vector):
    pushes = []
    outlets = [Outlet(one["name"], pushes, [PROCESSORS[name] for name in one.get("processors", ())],
                      one.get("fail_at", 0)) for one in vector["outlets"]]
    link = sheaf.Link([inlet_of(one) for one in vector["inlets"]], outlets,
                      processors=[PROCESSORS[name] for name in vector["processors"]],
                      batchers=[BATCHERS[name] for name in vector["batchers"]],
                      ignore_exceptions=vector["ignore_exceptions"])
    return outcome(link, pushes)


@pytest.mark.parametrize("vector", [one for one in VECTORS if one["class"] != "quirk"],
                         ids=lambda one: one["name"])
def test_as_databay(vector):
    assert run(vector) == (vector["expected_pushes"], vector["expected_error"])


def quirk(name):
    return run(next(one for one in VECTORS if one["class"] == "quirk" and one["name"].startswith(name)))


def test_saner_than_databay():
    """Where it loses or repeats records."""
    assert sum(one["class"] == "quirk" for one in VECTORS) == 3
    pushes, error = quirk("duplication")
    assert pushes == [] and "repeated index 0 of a batch of 2" in error
    assert quirk("batcher changes its input") == ([["A", [1, 2]], ["A", [3, 4]]], None)
    pushes, error = quirk("seed example")
    assert pushes == [] and "dropped index 0 of a batch of 4" in error


# ---------------------------------------------------------------------------------- the invariant


def transfer(payloads, batchers, outlet=None, **more):
    outlet = outlet or Outlet()
    sheaf.Link(lambda: payloads, outlet, batchers=batchers, **more).transfer()
    return [batch for _, batch in outlet.pushes]


def drop_last(batches):
    return [batch[:-1] for batch in batches]


def repeat_one(batches):
    return [*batches, batches[0][:1]]


def invent(batches):
    return [[*batches[0], sheaf.Record(batches[0][0].payload)]]


def swap_for_equal(batches):
    return [[sheaf.Record(one.payload) for one in batch] for batch in batches]


def swap_one_for_another(batches):
    return [[batches[0][0], batches[0][0], *batches[0][2:]]]


@pytest.mark.parametrize("batcher, said", [
    (drop_last, "batcher 2, drop_last.2, dropped index 2 of a batch of 3"),
    (repeat_one, "batcher 2, repeat_one.2, repeated index 0"),
    (invent, "batcher 2, invent.2, invented index 3"),
    (swap_for_equal, "batcher 2, swap_for_equal.2, "),
    (swap_one_for_another, "batcher 2, swap_one_for_another.2, repeated index 0"),
    (lambda batches: [[]], "batcher 2, lambda.2, dropped index 0"),
])
def test_a_batcher_that_breaks_the_invariant(batcher, said, caplog):
    outlet = Outlet()
    with pytest.raises(sheaf.InvalidArgumentError, match=said):
        transfer([7, 7, 7], [pieces(3), batcher], outlet)
    assert outlet.pushes == []
    # Mended, where errors are ignored: nothing is lost, nothing is there twice.
    transfer([7, 7, 7], [pieces(3), batcher], outlet, ignore_exceptions=True)
    assert sum((batch for _, batch in outlet.pushes), []) == [7, 7, 7]


def test_equal_records_are_kept():
    batches = transfer([{"name": "a"}, {"name": "a"}, {"name": "a"}], by(lambda payload: payload["name"]))
    assert batches == [[{"name": "a"}] * 3]


def test_the_same_record_twice_from_an_inlet():
    record = sheaf.Record(1, {"a": 2})
    outlet = Outlet()
    assert transfer([record, record, record], pieces(2), outlet, copy_records=False) == [[1, 1], [1]]
    assert [one.metadata for batch in outlet.records for one in batch] == [{"a": 2}] * 3
    assert outlet.records[0][0] is record and outlet.records[0][1] is not record


def test_any_chain_pushes_everything_once():
    chance = random.Random(6)
    names = ["identity", "chunk2", "chunk3", "single", "by_parity", "merge", "reverse_batches",
             "with_empties", "returns_generator"]
    for _ in range(200):
        payloads = [chance.randrange(5) for _ in range(chance.randrange(12))]
        chosen = [BATCHERS[chance.choice(names)] for _ in range(chance.randrange(5))]
        expected = [[sheaf.Record(one) for one in payloads]]
        for batcher in chosen:
            expected = list(batcher(expected))
        assert transfer(payloads, chosen) == [[one.payload for one in batch] for batch in expected]


def test_a_batcher_gets_lists_of_its_own():
    def greedy(batches):
        kept = [list(batch) for batch in batches]
        for batch in batches:
            batch.clear()
        batches.clear()
        return kept
    assert transfer([1, 2, 3], [pieces(2), greedy, BATCHERS["identity"]]) == [[1, 2], [3]]


def test_no_batch_at_all_is_said(caplog):
    def unreached(batches):
        raise AssertionError
    with caplog.at_level(logging.WARNING, "sheaf.link"):
        assert transfer([1, 2], [BATCHERS["none_at_all"], unreached]) == []
    assert "gave back no batch: 2 records are not pushed" in caplog.text


# --------------------------------------------------------------------------------------- arguments


def test_one_or_many():
    pushes = []
    sheaf.Link(lambda: [1, 2, 3], Outlet("A", pushes, processors=PROCESSORS["first"]),
               processors=PROCESSORS["square"], batchers=pieces(2),
               groupers=BATCHERS["reverse_batches"]).transfer()
    assert pushes == [["A", [9]], ["A", [1]]]


@pytest.mark.parametrize("returned, payloads", [
    (3, [3]), ("text", ["text"]), (b"x", [b"x"]), ({"a": 1}, [{"a": 1}]), ((1, 2), [1, 2]), ([], []),
    (sheaf.Record("one"), ["one"]), (range(2), [0, 1]), ([None, [1]], [None, [1]]),
    ([sheaf.Record(1), 2], [1, 2])])
def test_what_inlets_return(returned, payloads):
    assert transfer(returned, ()) == [payloads]


def test_metadata_goes_along():
    outlet = Outlet()
    given = [sheaf.Record("x", {"from": "here"}), "y"]
    transfer(given, (), outlet)
    assert [one.metadata for one in outlet.records[0]] == [{"from": "here"}, {}]
    assert all(isinstance(one, sheaf.Record) for one in outlet.records[0])


@pytest.mark.parametrize("copied", [True, False])
def test_copies(copied):
    class Spoils(Outlet):
        def push(self, records):
            super().push(records)
            records[0].payload.append("spoilt")
            records[0].metadata["spoilt"] = True
            records.clear()
    first, second, source = Spoils(), Outlet("B"), sheaf.Record([1], {})
    sheaf.Link(lambda: [source], [first, second], copy_records=copied).transfer()
    assert second.records[0][0].payload == ([1] if copied else [1, "spoilt"])
    assert source.metadata == ({} if copied else {"spoilt": True})


def test_what_cannot_be_copied():
    endless = (i for i in range(3))
    outlet = Outlet()
    with pytest.raises(TypeError, match="cannot be copied.*copy_records=False"):
        transfer([endless], (), outlet)
    assert outlet.pushes == [] and transfer([endless], (), copy_records=False) == [[endless]]


@pytest.mark.parametrize("payloads, batchers, batches", [
    ([], [], []), ([1, 2], ["with_empties"], [[1, 2]]), ([], ["with_empties"], [])])
def test_without_empty_batches(payloads, batchers, batches):
    assert transfer(payloads, [BATCHERS[name] for name in batchers], empty_batches=False) == batches


def test_an_outlet_whose_processors_leave_nothing():
    def none(records):
        return []
    for empty, pushes in ((True, [[]]), (False, [])):
        assert transfer([1], (), Outlet(processors=none), empty_batches=empty) == pushes


def test_records():
    record = sheaf.Record([1], {"a": 2})
    assert (record.payload, record.metadata, repr(record)) == ([1], {"a": 2}, "sheaf.Record([1], {'a': 2})")
    assert isinstance(record, sheaf.Record) and not isinstance(record, Mapping)
    assert sheaf.Record(1).metadata == {} and repr(sheaf.Record(1)) == "sheaf.Record(1)"
    again = pickle.loads(pickle.dumps(record))
    assert (again.payload, again.metadata) == ([1], {"a": 2}) and again != record
    with pytest.raises(TypeError, match="metadata must be a mapping"):
        sheaf.Record(1, 3)


def test_what_a_manager_resolved(library_path):
    with sheaf.open("bal", library_path=library_path) as manager:
        resolved = manager.resolve(["bal:///cat", "bal:///dog"])
        assert resolved[0].payload == resolved[0] and resolved[0].metadata == {}
        names = transfer(resolved, by(lambda record: record["named"]["name"]))
        assert [batch[0]["named"]["name"] for batch in names] == [one["named"]["name"] for one in resolved]


# --------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("arguments, more, said", [
    ((3, Outlet()), {}, r"inlets\[0\] must be a function, and is int"),
    ((lambda: [], print), {}, r"outlets\[0\] must have a method push"),
    ((lambda: [], [Outlet(), None]), {}, r"outlets\[1\] must have a method push, and is NoneType"),
    ((lambda: [], Outlet()), {"batchers": "size(2)"}, r"batchers\[0\] must be a function, and is str"),
    ((lambda: [], Outlet()), {"processors": [len, 3]}, r"processors\[1\] must be a function, and is int"),
    ((lambda: [], Outlet(processors=3)), {}, r"processors of outlet Outlet\[0\] must be a function"),
])
def test_no_functions(arguments, more, said):
    with pytest.raises(TypeError, match=said):
        sheaf.Link(*arguments, **more)


async def coroutine():
    return [1]


def forgets(given):
    pass


@pytest.mark.parametrize("inlet, more, said", [
    (lambda: None, {}, "inlet <lambda> must return payloads or records, not NoneType"),
    (coroutine, {}, "inlet coroutine must return payloads or records, not coroutine"),
    (lambda: [1], {"processors": forgets}, "processor forgets must return a list of records, not NoneType"),
    (lambda: [1], {"processors": lambda records: [3]}, "has int in it"),
    (lambda: [1], {"batchers": forgets}, "batcher forgets.1 must return a list of batches, not NoneType"),
    (lambda: [1], {"batchers": lambda batches: batches[0]}, "list of lists of records, and has LinkRecord"),
])
def test_what_returns_nonsense(inlet, more, said):
    outlet = Outlet()
    with pytest.raises(TypeError, match=said):
        sheaf.Link(inlet, outlet, **more).transfer()
    assert outlet.pushes == []
    sheaf.Link(inlet, outlet, ignore_exceptions=True, **more).transfer()
    assert len(outlet.pushes) == 1


def test_an_inlet_that_raises_halfway(caplog):
    def inlet():
        yield 1
        yield 2
        raise OSError("line cut")
    outlet = Outlet()
    with pytest.raises(OSError, match="line cut"):
        sheaf.Link(inlet, outlet).transfer()
    assert outlet.pushes == []
    sheaf.Link([inlet, lambda: [3]], outlet, ignore_exceptions=True).transfer()
    assert outlet.pushes == [["A", [1, 2, 3]]] and "inlet inlet failed: OSError: line cut" in caplog.text


def test_an_outlet_that_raises():
    """The others get the batch that it failed at, and none what comes after."""
    pushes = []
    link = sheaf.Link(lambda: [1, 2, 3, 4], [Outlet("A", pushes, fail_at=1), Outlet("B", pushes)],
                      batchers=pieces(2))
    assert outcome(link, pushes) == ([["A", [1, 2]], ["B", [1, 2]]], "RuntimeError: outlet")


def test_ctrl_c_is_not_ignored():
    def interrupt(batches):
        raise KeyboardInterrupt
    outlet = Outlet()
    with pytest.raises(KeyboardInterrupt):
        transfer([1], [interrupt, BATCHERS["identity"]], outlet, ignore_exceptions=True)
    assert outlet.pushes == []


def test_a_link_within_a_batcher():
    def inner(batches):
        transfer([1, 2], [pieces(1)])
        return batches
    assert transfer([1, 2, 3], [inner, pieces(2)]) == [[1, 2], [3]]
