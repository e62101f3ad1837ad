# SPDX-License-Identifier: Apache-2.0
"""References that are prepared once for many calls."""
import copy
import pickle
from collections.abc import Sequence

import pytest

import sheaf

TEXTS = ["bal:///cat", "", "é\0\U0001f411", "bal:///dog"]


def test_refs_are_a_sequence():
    refs = sheaf.Refs(TEXTS)
    assert isinstance(refs, Sequence) and len(refs) == 4 and list(refs) == TEXTS
    assert refs[0] == TEXTS[0] and refs[-1] == TEXTS[-1]
    assert TEXTS[2] in refs and "x" not in refs and 3 not in refs
    assert refs.index("") == 1 and refs.count("") == 1 and list(reversed(refs)) == TEXTS[::-1]
    assert type(refs[1:3]) is sheaf.Refs and list(refs[1:3]) == TEXTS[1:3]
    assert repr(refs) == "<sheaf.Refs of 4>"
    with pytest.raises(IndexError):
        refs[4]
    with pytest.raises(TypeError):
        refs["0"]


def test_they_serve_many_calls(zoo):
    refs = sheaf.Refs(["bal:///cat", "bal:///owl"])
    for _ in range(3):
        assert zoo.resolve(refs)[0]["named"]["name"] == "Martin"
        assert list(zoo.exists(refs)) == [True, False]
        assert zoo.columns(refs, [("animal", "age")])["animal", "age"].to_list() == [12, None]
        assert len(list(zoo.iter(refs))) == 2
    assert zoo.resolve(refs[:1]).ok
    assert zoo.resolve(sheaf.Refs(refs))[1].ref == "bal:///owl"


def test_what_a_manager_gets(serve):
    seen = []

    def resolve(refs, request):
        seen.extend(refs)
        return [{} for _ in refs]
    manager = serve(resolve)
    big = "x" * (1 << 20)
    manager.resolve(sheaf.Refs([*TEXTS, big]))
    assert seen == [*TEXTS, big]


def test_copies():
    refs = sheaf.Refs(TEXTS)
    for made in (pickle.loads(pickle.dumps(refs)), copy.copy(refs), copy.deepcopy(refs)):
        assert type(made) is sheaf.Refs and list(made) == TEXTS


def test_the_iterable_is_read_at_once():
    texts = ["a", "b"]
    refs = sheaf.Refs(texts)
    texts.append("c")
    assert list(refs) == ["a", "b"]


def test_subclasses_of_str_are_their_text(zoo):
    class Odd(str):
        def __str__(self):
            return "odd"

        def encode(self, *arguments):
            return b"odd"

    refs = sheaf.Refs([Odd("bal:///cat")])
    assert type(refs[0]) is str and refs[0] == "bal:///cat"
    assert zoo.resolve([Odd("bal:///cat")])[0]["named"]["name"] == "Martin"
