# SPDX-License-Identifier: Apache-2.0
"""Asking about a single reference."""
import pytest

import sheaf
from sheaf import Status


def test_the_record(zoo):
    assert zoo.resolve_one("bal:///cat")["named"]["name"] == "Martin"
    assert zoo.resolve_one("bal:///cat", ["animal"]) == {
        "animal": {"age": 12, "tame": True, "weight": 4.5}}
    assert zoo.resolve_one("bal:///cat", traits=[]) == {}
    assert zoo.exists_one("bal:///cat") is True and zoo.exists_one("bal:///owl") is False
    assert "animal" in zoo.traits_one("bal:///cat")


def test_what_is_raised(zoo, says):
    with pytest.raises(sheaf.ElementError, match="no entity 'owl'") as raised:
        zoo.resolve_one("bal:///owl")
    assert raised.value.status is Status.ENTITY_RESOLUTION_ERROR
    assert (raised.value.ref, raised.value.index) == ("bal:///owl", 0)
    with pytest.raises(sheaf.ElementError):
        zoo.traits_one("bal:///owl")
    with pytest.raises(sheaf.ElementError):
        zoo.exists_one("what")
    with pytest.raises(sheaf.ElementError) as raised:
        says.resolve_one("later")
    assert raised.value.retryable and raised.value.retry_after == 1.5


def test_that_the_time_was_up(says):
    with pytest.raises(TimeoutError) as raised:
        says.resolve_one("wait 60", timeout=0.02)
    assert isinstance(raised.value, sheaf.DeadlineError)
    cancel = sheaf.Cancel()
    cancel.set()
    with pytest.raises(sheaf.EndedError) as raised:
        says.resolve_one("wait 60", cancel=cancel)
    assert raised.value.status is Status.CANCELLED


@pytest.mark.parametrize("ref", [None, 3, b"bal:///cat", ["bal:///cat"]])
def test_what_is_no_reference(zoo, ref):
    with pytest.raises(TypeError, match=f"must be str, not {type(ref).__name__}"):
        zoo.resolve_one(ref)
