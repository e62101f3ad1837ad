# SPDX-License-Identifier: Apache-2.0
"""What goes through a link."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class LinkRecord:
    """What goes through a `sheaf.Link`: made as `sheaf.Record(payload, metadata)`.

    Two are the same only if they are one: equal payloads are no reason to lose a record.

    Attributes:
        payload: anything.
        metadata: what else is to go along, by name; a dict of its own.
    """

    __slots__ = ("payload", "metadata")

    def __init__(self, payload: Any, metadata: Mapping[str, Any] | None = None) -> None:
        if metadata is not None and not isinstance(metadata, Mapping):
            raise TypeError(f"metadata must be a mapping, not {type(metadata).__name__}")
        self.payload = payload
        self.metadata: dict[str, Any] = dict(metadata or {})

    def __repr__(self) -> str:
        more = f", {self.metadata!r}" if self.metadata else ""
        return f"sheaf.Record({self.payload!r}{more})"
