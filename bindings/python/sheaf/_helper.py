# SPDX-License-Identifier: Apache-2.0
"""`sheaf._fast`, ready for use: connected to libsheaf, and with what need not be in C."""
from __future__ import annotations

import os
from collections.abc import Mapping
from inspect import getattr_static
from typing import Any
from weakref import WeakKeyDictionary

from sheaf import _batch, _fast
from sheaf._cffi import ffi, lib
from sheaf._errors import ElementError, error_for, status_of
from sheaf._fast import Refs as Refs
from sheaf._interrupt import default_call
from sheaf._names import Names

_FUNCTIONS = ("perform_batch", "batch_free", "batch_status", "batch_count", "batch_failed", "batch_at",
              "intern", "name")

# The classes that say what is right, and what the types of `_fast` take over from them: where it is
# the same code, it is the same.
_MAPPING = ("keys", "items", "values", "__eq__", "__hash__", "__reversed__", "__reduce__")
_SEQUENCE = ("index", "count", "__reversed__", "__repr__")
_MODELS: dict[type, tuple[type, tuple[str, ...]]] = {
    _fast.Properties: (_batch.Properties, _MAPPING),
    _fast.Record: (_batch.Record, (*_MAPPING, "payload", "metadata")),
    _fast.Batch: (_batch.Batch, (*_SEQUENCE, "__reduce__", "ok", "_repr_html_")),
    Refs: (_batch.Refs, _SEQUENCE),
}


def _address(pointer: Any) -> int:
    return int(ffi.cast("uintptr_t", pointer))


def _connect() -> None:
    functions = {name: _address(ffi.addressof(lib, f"sheaf_{name}")) for name in _FUNCTIONS}
    _fast.connect(functions, ElementError, error_for, default_call, Mapping)
    os.register_at_fork(after_in_child=_fast.forked)


def _complete() -> None:
    model: Any
    for kind, (model, names) in _MODELS.items():
        model.register(kind)
        for name in names:
            setattr(kind, name, getattr_static(model, name))
        kind.__doc__ = model.__doc__
    status = property(lambda batch: status_of(batch._status), doc=_batch.Batch.status.__doc__)
    setattr(_fast.Batch, "status", status)
    setattr(Refs, "__reduce__", lambda refs: (Refs, (refs.texts,)))


_names: WeakKeyDictionary[Names, _fast.Names] = WeakKeyDictionary()


def Manager(address: int, names: Names, nonblocking: bool) -> _fast.Manager:
    """See `_batch.Manager`."""
    if names not in _names:
        _names[names] = _fast.Names(_address(names._library), names._library)
    return _fast.Manager(address, _names[names], nonblocking)


_connect()
_complete()
