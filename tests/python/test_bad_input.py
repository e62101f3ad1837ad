# SPDX-License-Identifier: Apache-2.0
"""What cannot be asked: refused before anything is, with words that say what would be right.

Of closed managers: test_threads.py. Of callbacks that raise: test_each.py. Of slots: test_columns.py.
"""
import pathlib

import pytest
from hosting import Says

import sheaf

# Everything that takes references.
TAKING = {
    "resolve": lambda manager, refs: manager.resolve(refs),
    "exists": lambda manager, refs: manager.exists(refs),
    "traits": lambda manager, refs: manager.traits(refs),
    "resolve_each": lambda manager, refs: manager.resolve_each(refs, None, None, None),
    "exists_each": lambda manager, refs: manager.exists_each(refs, None, None),
    "traits_each": lambda manager, refs: manager.traits_each(refs, None, None),
    "columns": lambda manager, refs: manager.columns(refs, [("named", "name")]),
    "iter": lambda manager, refs: manager.iter(refs),
    "Refs": lambda manager, refs: sheaf.Refs(refs),
}
TAKING_AT_ONCE = {name: take for name, take in TAKING.items() if name != "iter"}
every = pytest.mark.parametrize("take", TAKING.values(), ids=TAKING)
at_once = pytest.mark.parametrize("take", TAKING_AT_ONCE.values(), ids=TAKING_AT_ONCE)


@pytest.fixture(autouse=True)
def nothing_was_asked(says):
    yield
    assert Says.asked == []


@every
@pytest.mark.parametrize("refs", ["all", b"all", bytearray(b"all"), {"all": 1}, None, 3, 1.5, object(),
                                  pathlib.Path("all")], ids=lambda refs: type(refs).__name__)
def test_what_is_no_iterable_of_references(says, take, refs):
    with pytest.raises(TypeError, match=f"^refs must be an iterable of str, not {type(refs).__name__}$"):
        take(says, refs)


@at_once
@pytest.mark.parametrize("bad", [None, 3, b"all", ["all"], pathlib.Path("all")],
                         ids=lambda bad: type(bad).__name__)
def test_a_reference_that_is_no_str(says, take, bad):
    for refs in (["all", "all", bad], ("all", "all", bad), (ref for ref in ("all", "all", bad))):
        with pytest.raises(TypeError, match=rf"^refs\[2\] must be str, not {type(bad).__name__}$"):
            take(says, refs)


@at_once
def test_the_first_that_is_wrong_is_named(says, take):
    with pytest.raises(TypeError, match=r"refs\[1\] must be str, not int"):
        take(says, ["all", 1, 2, "\ud800"])


@at_once
@pytest.mark.parametrize("bad", ["\ud800", "a\udfffb", "\udcff"])
def test_lone_surrogates(says, take, bad):
    with pytest.raises(UnicodeEncodeError, match=r"surrogates not allowed: refs\[1\]") as raised:
        take(says, ["all", bad])
    assert isinstance(raised.value, ValueError) and raised.value.object == bad


class Mine(Exception):
    pass


@at_once
def test_a_generator_that_raises_midway(says, take):
    def refs():
        yield "all"
        raise Mine("half-way")
    with pytest.raises(Mine, match="half-way"):
        take(says, refs())


@at_once
def test_an_iterable_whose_iterator_is_broken(says, take):
    class Broken:
        def __iter__(self):
            raise Mine("no iterator")
    with pytest.raises(Mine, match="no iterator"):
        take(says, Broken())

    class Liar:
        def __iter__(self):
            return 3
    with pytest.raises(TypeError):
        take(says, Liar())


WITH_TRAITS = {
    "resolve": lambda manager, traits: manager.resolve(["all"], traits),
    "resolve_one": lambda manager, traits: manager.resolve_one("all", traits),
    "resolve_each": lambda manager, traits: manager.resolve_each(["all"], traits, None, None),
    "iter": lambda manager, traits: manager.iter(["all"], traits),
}
with_traits = pytest.mark.parametrize("take", WITH_TRAITS.values(), ids=WITH_TRAITS)


@with_traits
@pytest.mark.parametrize("traits", ["named", b"named", {"named": 1}, 3, object()],
                         ids=lambda traits: type(traits).__name__)
def test_what_are_no_traits(says, take, traits):
    with pytest.raises(TypeError, match="^traits must be an iterable of str, or None for all traits, not "
                       f"{type(traits).__name__}$"):
        take(says, traits)


@with_traits
@pytest.mark.parametrize("traits, kind, match", [
    (["named", None], TypeError, "^traits must be str, not NoneType$"),
    ([b"named"], TypeError, "^traits must be str, not bytes$"),
    (["\ud800"], UnicodeEncodeError, "surrogates not allowed"),
    ([""], sheaf.InvalidArgumentError, "empty"), (["a\0b"], sheaf.InvalidArgumentError, "NUL"),
    (["x" * 2000], sheaf.InvalidArgumentError, "1,?024"),
], ids=repr)
def test_a_trait_that_is_none(says, take, traits, kind, match):
    with pytest.raises(kind, match=match):
        take(says, traits)


def test_a_reference_of_a_mebibyte(zoo):
    big = "bal:///" + "x" * (1 << 20)
    batch = zoo.resolve([big, "bal:///cat", "é" * (1 << 20)])
    assert batch[1].keys() >= {"named"}
    assert batch[0].status is sheaf.Status.ENTITY_RESOLUTION_ERROR and batch[0].ref == big
    assert batch[2].status is sheaf.Status.INVALID_ENTITY_REFERENCE
    assert len(repr(batch[0])) > 1 << 20 and len(batch[0].message) < 4096


@pytest.mark.parametrize("ref", ["", "\0", "bal:///\0", "é\U0001f411", " bal:///cat", "BAL:///cat", "\u202e", "bal:///%00"])
def test_odd_references_are_asked_about(zoo, ref):
    for answer in (zoo.resolve([ref])[0], zoo.traits([ref])[0]):
        assert isinstance(answer, sheaf.ElementError) and answer.ref == ref
