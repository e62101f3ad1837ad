# SPDX-License-Identifier: Apache-2.0
"""Interfaces of a manager's beside being asked."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sheaf._cffi import ffi, lib
from sheaf._errors import UnsupportedError, error_for
from sheaf._text import c_string

if TYPE_CHECKING:
    from sheaf._manager import OpenManager


@contextmanager
def extension(manager: OpenManager, id: str, table: str, stage: str) -> Iterator[tuple[Any, Any]]:
    """The table and the `self` of an interface that a stage has. The manager isn't closed meanwhile.

    Raises:
        UnsupportedError: there is no such stage.
        ClosedError: the manager is closed.
    """
    with manager.library._closing:
        found = ffi.new("sheaf_interface *")
        status = lib.sheaf_manager_get_extension(manager._open_pointer(), c_string(id), found)
        if status == lib.SHEAF_UNSUPPORTED:
            raise UnsupportedError(f'manager "{manager.id}" has no stage "{stage}": put one on it with '
                                   f'stage("{stage}")', status)
        if status != lib.SHEAF_OK:
            raise error_for(status)
        yield ffi.cast(f"const {table} *", found.table), found.self
