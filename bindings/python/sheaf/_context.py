# SPDX-License-Identifier: Apache-2.0
"""On whose behalf references are asked for. Hosts give it, managers in Python get it; loads nothing of
libsheaf."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _bytes(name: str, value: str | bytes) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise TypeError(f"{name} must be str or bytes, not {type(value).__name__}")


def _properties(trait: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(properties, Mapping):
        return dict(properties)
    raise TypeError(f"locale[{trait!r}] must be a mapping of properties, not {type(properties).__name__}")


class Context:
    """On whose behalf, and in what surroundings, references are asked for. Never changes.

    Two calls may share an answer only if all four are equal.

    Args:
        share_key: what else an answer depends on.
        authority: who asks: a user, a tenant, a token's name; empty: the process.
        state: the manager's own state token, as it gave it; empty: none.
        locale: traits of the asking place: trait -> key -> value; None: none.
    Raises:
        TypeError: something is of a type that it cannot have.
    """

    def __init__(self, *, share_key: str | bytes = b"", authority: str | bytes = b"",
                 state: str | bytes = b"",
                 locale: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.share_key = _bytes("share_key", share_key)
        self.authority = _bytes("authority", authority)
        self.state = _bytes("state", state)
        if locale is not None and not isinstance(locale, Mapping):
            raise TypeError(f"locale must be a mapping, not {type(locale).__name__}")
        self.locale = None if locale is None else {
            trait: _properties(trait, keys) for trait, keys in locale.items()}

    def _all(self) -> tuple[Any, ...]:
        return self.share_key, self.authority, self.state, self.locale or None

    def __eq__(self, other: object) -> bool:
        return self._all() == other._all() if isinstance(other, Context) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._all()[:3])

    def __repr__(self) -> str:
        given = {name: getattr(self, name) for name in ("share_key", "authority", "state", "locale")}
        return f"sheaf.Context({', '.join(f'{name}={value!r}' for name, value in given.items() if value)})"
