# SPDX-License-Identifier: Apache-2.0
"""Opening, closing, settings, configuration files."""
import pytest

import sheaf


def test_open_and_close(library_path):
    with sheaf.open("bal", library_path=library_path) as manager:
        assert not manager.closed
        assert manager.id == "bal"
        manager.flush()
    assert manager.closed
    manager.close()
    with pytest.raises(sheaf.ClosedError, match='manager "bal" is closed') as raised:
        manager.flush()
    assert raised.value.status is sheaf.Status.CLOSED


def test_unknown_manager():
    with pytest.raises(sheaf.NotFoundError, match='did you mean "bal"') as raised:
        sheaf.open("ball")
    assert raised.value.status is sheaf.Status.NOT_FOUND
    assert isinstance(raised.value, LookupError)
