# SPDX-License-Identifier: Apache-2.0
"""Exceptions."""
import pickle

import pytest

import sheaf
from sheaf._errors import error_for


@pytest.mark.parametrize("status", [s for s in sheaf.Status if s is not sheaf.Status.OK])
def test_every_status_has_an_exception(status):
    error = error_for(status)
    assert error.status is status and error.message == str(error) != ""
    base = {1: sheaf.SheafError, 2: sheaf.EndedError, 3: sheaf.ManagerError, 4: sheaf.SheafError,
            5: sheaf.SystemFailure, 6: sheaf.PluginError}[status // 100]
    assert isinstance(error, base)


def test_statuses_that_are_not_known():
    assert error_for(199, "new").status is sheaf.Status.UNKNOWN_ERROR
    assert error_for(601).status is sheaf.Status.INVALID_MANIFEST
    assert error_for(9999).status is sheaf.Status.MANAGER_FAILURE


def test_exceptions_can_be_pickled():
    element = sheaf.ElementError("gone", sheaf.Status.UNAVAILABLE, 7, "bal:///x", True, 1.5)
    batch = sheaf.BatchError("1 of 8 failed", element.status, [element], None)
    copy = pickle.loads(pickle.dumps(batch))
    assert (copy.message, copy.status, copy.batch) == (batch.message, batch.status, None)
    (one,) = copy.errors
    assert vars(one) == vars(element)
    assert str(one) == "bal:///x: gone"
    assert repr(one) == "ElementError(unavailable, 'gone', index=7, ref='bal:///x')"
