# SPDX-License-Identifier: Apache-2.0
"""Asking about a batch: what comes back of each verb, what may be asked, and how."""
import decimal

import pytest
from hosting import ALL, Says

import sheaf
from sheaf import Status

CAT = {"named": {"name": "Martin"}, "animal": {"age": 12, "tame": True, "weight": 4.5}}


def test_records_by_index(zoo):
    batch = zoo.resolve(["bal:///cat", "bal:///owl", "bal:///dog"])
    assert len(batch) == 3
    assert batch[0] == CAT
    assert batch[2]["named"]["name"] == "Rex"
    assert isinstance(batch[1], sheaf.ElementError)
    assert batch[1].status is Status.ENTITY_RESOLUTION_ERROR
    assert batch[1].message == "the library has no entity 'owl'"
    assert (batch[1].index, batch[1].ref) == (1, "bal:///owl")


def test_all_kinds_of_values(says):
    record = says.resolve(["all"])[0]
    assert record == ALL
    kinds = record["kinds"]
    assert {key: type(value) for key, value in kinds.items()} == {
        key: type(value) for key, value in ALL["kinds"].items()}
    assert kinds["bool"] is True and kinds["no"] is False
    assert list(record) == list(ALL) and list(kinds) == list(ALL["kinds"])


@pytest.mark.parametrize("traits, keys", [
    (None, ["named", "animal"]), (["animal"], ["animal"]), ((), []), ({"named"}, ["named"]),
    (["named", "nosuch"], ["named"]), ((name for name in ["animal", "named"]), ["named", "animal"]),
    (["named"] * 40, ["named"]),
], ids=str)
def test_traits_that_are_wanted(zoo, traits, keys):
    assert sorted(zoo.resolve(["bal:///cat"], traits)[0]) == sorted(keys)


@pytest.mark.parametrize("refs", [
    ["bal:///cat", "bal:///dog"], ("bal:///cat", "bal:///dog"), sheaf.Refs(["bal:///cat", "bal:///dog"]),
    (f"bal:///{name}" for name in ["cat", "dog"]), {"bal:///cat": 1, "bal:///dog": 2}.keys(),
    iter(["bal:///cat", "bal:///dog"]),
], ids=lambda refs: type(refs).__name__)
def test_references_from_any_iterable(zoo, refs):
    assert [one["named"]["name"] for one in zoo.resolve(refs)] == ["Martin", "Rex"]


def test_no_references(zoo):
    batch = zoo.resolve([])
    assert len(batch) == 0 and list(batch) == [] and batch.ok and batch.errors == []
    assert batch.status is Status.OK


def test_many(zoo):
    refs = [f"bal:///{('cat', 'dog', 'owl')[i % 3]}" for i in range(10_000)]
    batch = zoo.resolve(refs, ["named"])
    assert batch.failed == 3333
    assert batch[9999]["named"]["name"] == "Martin" and batch[9998].index == 9998
    assert [e.index for e in batch.errors] == list(range(2, 10_000, 3))


def test_exists(zoo):
    batch = zoo.exists(["bal:///cat", "bal:///owl", "no reference"])
    assert batch[0] is True and batch[1] is False
    assert batch[2].status is Status.INVALID_ENTITY_REFERENCE
    assert not batch.ok and batch.failed == 1


def test_traits(says):
    batch = says.traits(["all", "bare", "no"])
    assert batch[0] == {"kinds", "bare", "named"} and isinstance(batch[0], frozenset)
    assert batch[1] == frozenset()
    assert batch[2].status is Status.ENTITY_RESOLUTION_ERROR


def test_errors_can_be_raised(zoo):
    refs = ["bal:///cat", "bal:///owl", "bal:///dog", "what"]
    with pytest.raises(sheaf.BatchError) as raised:
        zoo.resolve(refs, errors="raise")
    error = raised.value
    assert [(one.index, one.ref) for one in error.errors] == [(1, "bal:///owl"), (3, "what")]
    assert str(error) == "2 of 4 references failed: bal:///owl: the library has no entity 'owl'"
    assert error.status is Status.ENTITY_RESOLUTION_ERROR
    assert error.batch[2]["named"]["name"] == "Rex"
    assert isinstance(error.__cause__, sheaf.ElementError) and error.__cause__.index == 1
    assert zoo.resolve(["bal:///cat"], errors="raise")[0] == CAT
    assert zoo.exists(["bal:///owl"], errors="raise")[0] is False
    with pytest.raises(sheaf.BatchError):
        zoo.traits(["bal:///owl"], errors="raise")


def test_a_verb_that_is_not_served(serve):
    manager = serve(lambda refs, request: [{} for _ in refs])
    batch = manager.exists(["a", "b"])
    assert [error.status for error in batch] == [Status.UNSUPPORTED] * 2
    assert batch.status is Status.UNSUPPORTED and not batch.ok
    with pytest.raises(sheaf.BatchError) as raised:
        manager.exists([], errors="raise")
    assert raised.value.errors == [] and isinstance(raised.value.__cause__, sheaf.UnsupportedError)


def test_a_manager_that_fails_half_way(says):
    batch = says.resolve(["is left", "down", "is right"])
    assert batch[2] == {"named": {"name": "right"}}
    assert [batch[0].status, batch[1].status] == [Status.UNAVAILABLE] * 2
    assert batch[0].message == "the back end is gone"
    with pytest.raises(sheaf.BatchError) as raised:
        says.resolve(["is left", "down"], errors="raise")
    assert len(raised.value.errors) == 2


def test_how_errors_speak(says):
    denied, later, quiet = says.resolve(["denied", "later", "quiet"])
    assert str(denied) == "denied: not you" and denied.message == "not you"
    assert not denied.retryable and denied.retry_after is None
    assert later.retryable and later.retry_after == 1.5
    assert quiet.message == "the entity does not allow this mode of access"


@pytest.mark.parametrize("access", ["read", "write", "createRelated", "required", "managerDriven",
                                    sheaf.Access.WRITE])
def test_access(says, access):
    says.resolve(["all"], access=access)
    name = "write" if access is sheaf.Access.WRITE else access
    assert Says.asked[0].access == name


def test_context(says):
    context = sheaf.Context(share_key="project=zoo", authority="ada", state=b"\xff\0",
                            locale={"place": {"city": "Ulm", "floors": [1, 2], "indoors": True}, "here": {}})
    for given in (context, context, None):
        says.resolve(["all"], context=given)
    assert [asked.context for asked in Says.asked] == [context, context, sheaf.Context()]
    assert Says.asked[0].context.locale["place"]["floors"] == [1, 2]


@pytest.mark.parametrize("locale, message", [
    (3, "locale must be a mapping, not int"),
    ({"place": 3}, r"locale\['place'\] must be a mapping of properties, not int"),
    ({"place": "Ulm"}, r"locale\['place'\] must be a mapping of properties, not str"),
])
def test_a_locale_that_cannot_be(locale, message):
    with pytest.raises(TypeError, match=message):
        sheaf.Context(locale=locale)


@pytest.mark.parametrize("keywords, kind, match", [
    ({"access": "reed"}, ValueError, "'read', 'write'"),
    ({"access": 1.5}, ValueError, "access is 1.5"),
    ({"access": 17}, ValueError, "access is 17"),
    ({"errors": "ignore"}, ValueError, "'return' and 'raise'"),
    ({"timeout": "1"}, TypeError, "timeout must be a number of seconds, not str"),
    ({"timeout": True}, TypeError, "not bool"),
    ({"timeout": decimal.Decimal(1)}, TypeError, "not Decimal"),
    ({"timeout": float("nan")}, ValueError, "nan"),
    ({"cancel": object()}, TypeError, "cancel must be a sheaf.Cancel, not object"),
    ({"context": {}}, TypeError, "context must be a sheaf.Context, not dict"),
    ({"context": sheaf.Context(locale={"a": {"b": object()}})}, TypeError,
     r"locale\['a'\]\['b'\] is of type object"),
    ({"context": sheaf.Context(locale={"a": {"b": [1, 2**63]}})}, ValueError,
     r"locale\['a'\]\['b'\]\[1\] is 9223372036854775808"),
    ({"context": sheaf.Context(locale={"": {}})}, sheaf.InvalidArgumentError, "empty"),
    ({"acess": "read"}, TypeError, "acess"),
], ids=str)
def test_keywords_that_cannot_be(says, keywords, kind, match):
    for ask in (lambda: says.resolve(["all"], **keywords),
                lambda: says.exists(["all"], **keywords),
                lambda: says.columns(["all"], [("named", "name")], **keywords)):
        with pytest.raises(kind, match=match):
            ask()
    assert Says.asked == []


def test_nothing_is_asked_of_a_closed_manager(zoo):
    batch = zoo.resolve(["bal:///cat"])
    zoo.close()
    for ask in (lambda: zoo.resolve([]), lambda: zoo.exists(["a"]), lambda: zoo.traits(["a"]),
                lambda: zoo.resolve_one("a"), lambda: zoo.columns(["a"], [("a", "b")]),
                lambda: zoo.resolve_each(["a"], None, None, None), lambda: zoo.iter(["a"])):
        with pytest.raises(sheaf.ClosedError, match='manager "bal" is closed'):
            ask()
    assert batch[0] == CAT  # results stay readable
