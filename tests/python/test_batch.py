# SPDX-License-Identifier: Apache-2.0
"""Batches as sequences, records as mappings: how they are looked at, and how long they live."""
import copy
import gc
import json
import pickle
from collections.abc import Mapping, Sequence

import pytest
from hosting import ALL

import sheaf


@pytest.fixture
def batch(says):
    return says.resolve(["is a", "none", "is b", "all"])


def test_a_batch_is_a_sequence(batch):
    assert isinstance(batch, sheaf.Batch) and isinstance(batch, Sequence)
    assert len(batch) == 4
    assert batch[-1] == ALL and batch[-4] == batch[0] == {"named": {"name": "a"}}
    assert [type(one) for one in batch[1:3]] == [sheaf.ElementError, type(batch[0])]
    assert [str(one) for one in batch[::-2]] == [str(batch[3]), str(batch[1])]
    assert [one == {"named": {"name": "b"}} for one in batch[::2]] == [False, True]
    assert batch[2:2] == [] and batch[10:] == []
    assert list(reversed(batch))[0] == ALL
    assert {"named": {"name": "b"}} in batch and {"named": {"name": "c"}} not in batch
    assert batch.index({"named": {"name": "b"}}) == 2 and batch.count(ALL) == 1


@pytest.mark.parametrize("index, kind, match", [
    (4, IndexError, "batch index out of range"), (-5, IndexError, "batch index out of range"),
    (2**70, IndexError, "cannot fit|out of range"), (1.0, TypeError, "batch indices must be integers or slices, not float"),
    ("0", TypeError, "not str"), (None, TypeError, "not NoneType"),
])
def test_indices_that_are_none(batch, index, kind, match):
    with pytest.raises(kind, match=match):
        batch[index]


def test_what_a_batch_says_of_itself(batch, says):
    assert repr(batch) == "<sheaf.Batch of 4, 1 failed>"
    assert (batch.failed, batch.ok, batch.status) == (1, False, sheaf.Status.OK)
    assert [error.index for error in batch.errors] == [1]
    assert tuple(batch.refs) == ("is a", "none", "is b", "all")
    assert repr(says.resolve(["is a", "down"])) == "<sheaf.Batch of 2, 2 failed: unavailable>"
    with pytest.raises(TypeError):
        hash(batch[0])


def test_a_record_is_a_mapping(batch):
    record, names = batch[3], batch[0]
    assert isinstance(record, sheaf.Record) and isinstance(record, Mapping)
    assert isinstance(record["kinds"], sheaf.Properties) and isinstance(record["kinds"], Mapping)
    assert record == ALL and ALL == record and record == batch[3]
    assert record != {**ALL, "bare": {"x": 1}} and record != 3 and names != record
    assert record["named"] == {"name": "All"} and {"name": "All"} == record["named"]
    assert list(record) == ["kinds", "bare", "named"] and len(record) == 3
    assert "bare" in record and "nosuch" not in record and 3 not in record
    assert "name" in record["named"] and "nosuch" not in record["named"]
    assert record.get("nosuch") is None and record.get("nosuch", 3) == 3
    assert record["named"].get("name") == "All" and record["named"].get("x", 1) == 1
    assert [*record.keys()] == [*record] and dict(record.items()) == ALL
    assert [dict(one) for one in record.values()] == [*ALL.values()]
    assert not record["bare"] and dict(record["bare"]) == {}
    assert repr(names) == "{'named': {'name': 'a'}}" and repr(names["named"]) == "{'name': 'a'}"
    for mapping, key in ((record, "nosuch"), (record["named"], "nosuch"), (record, 3)):
        with pytest.raises(KeyError) as raised:
            mapping[key]
        assert raised.value.args == (key,)
    with pytest.raises(TypeError):
        record["x"] = 1
    with pytest.raises(TypeError):
        record[["unhashable"]]


def test_a_dict_of_ones_own(batch):
    made = batch[3].to_dict()
    assert type(made) is dict and type(made["kinds"]) is dict and made == ALL
    made["kinds"]["list"].append(1)
    made["more"] = 1
    assert batch[3] == ALL
    assert json.dumps(batch[0].to_dict()) == '{"named": {"name": "a"}}'
    assert type(batch[0]["named"].to_dict()) is dict
    listed = batch.to_list()
    assert type(listed) is list and type(listed[0]) is dict and listed[1].index == 1


@pytest.mark.parametrize("how", [lambda one: pickle.loads(pickle.dumps(one)), copy.copy, copy.deepcopy])
def test_copies_are_plain(batch, how):
    assert how(batch[3]) == ALL and type(how(batch[3])) is dict
    assert type(how(batch[3]["named"])) is dict
    copied = how(batch)
    assert type(copied) is list and copied[3] == ALL and copied[1].ref == "none"


def test_results_outlive_all_that_made_them(library_path):
    with sheaf.Library() as library:
        manager = library.open("bal", library_path=library_path)
        batch = manager.resolve(["bal:///cat", "bal:///owl"])
        named = manager.resolve(["bal:///dog"])[0]["named"]
        names = manager.traits(["bal:///dog"])
    del library, manager
    gc.collect()
    assert batch[0]["named"]["name"] == "Martin" and batch[1].index == 1
    record = batch[0]
    del batch
    gc.collect()
    assert record["animal"]["age"] == 12
    assert named["name"] == "Rex"
    assert "animal" in names[0]


def test_a_manager_is_destroyed_with_its_last_batch(serve):
    closed = []

    class Brief(sheaf.Manager):
        id = "brief"

        def resolve(self, refs, request):
            return [{"a": {"b": ref}} for ref in refs]

        def close(self):
            closed.append(True)
    manager = serve(Brief)
    record = manager.resolve(["x"])[0]
    manager.close()
    assert closed == [] and record["a"]["b"] == "x"
    del record
    gc.collect()
    assert closed == [True]


def test_lists_in_lists(serve):
    deep = []
    for _ in range(15):
        deep = [deep, 1]
    manager = serve(lambda refs, request: [{"t": {"list": deep}} for _ in refs])
    assert manager.resolve(["x"])[0]["t"]["list"] == deep
