# SPDX-License-Identifier: Apache-2.0
"""What managers say of themselves, and where plugins are found."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from sheaf._cffi import ffi, lib
from sheaf._constants import ORIGINS
from sheaf._entry_points import Found
from sheaf._html import rows_html
from sheaf._text import text, text_of

PACKAGE = ORIGINS[lib.SHEAF_ORIGIN_PACKAGE]
STATES = {lib.SHEAF_PLUGIN_AVAILABLE: "available", lib.SHEAF_PLUGIN_SHADOWED: "shadowed",
          lib.SHEAF_PLUGIN_REFUSED: "refused"}


@dataclass(frozen=True)
class SettingInfo:
    """A setting that a manager takes.

    Attributes:
        kind: "bool", "int64", "double" or "string".
        default: as text; None if there is none.
        required, secret: secret values are never printed or logged.
    """

    name: str
    kind: str
    default: str | None
    doc: str
    required: bool
    secret: bool


@dataclass(frozen=True)
class Verb:
    """What a manager can be asked. pure: answers may be cached; idempotent: asking may be repeated."""

    name: str
    pure: bool
    idempotent: bool


@dataclass(frozen=True)
class Description:
    """A manager, as its plugin describes it.

    Attributes:
        id, name, version, description: for people, but for the id.
        settings: what `sheaf.open` takes as keywords.
        verbs, prefixes, serialized, nonblocking: of an open manager; its references begin with one of
            the prefixes; if serialized, it answers one batch at a time; if nonblocking, from memory.
    """

    id: str
    name: str
    version: str
    description: str
    settings: tuple[SettingInfo, ...]
    verbs: tuple[Verb, ...] = ()
    prefixes: tuple[str, ...] = ()
    serialized: bool = False
    nonblocking: bool = False


@dataclass(frozen=True)
class ManagerInfo:
    """A plugin that was found.

    Attributes:
        id: "" if that could not be read.
        state: "available", "shadowed" (another one of that id was found first) or "refused".
        origin: by what it was found: "host", "SHEAF_PLUGIN_PATH", "package", ...
        reason: why it is shadowed or refused; "" if it is neither.
    """

    id: str
    name: str
    version: str
    state: str
    origin: str
    manifest: Path | None
    library: Path | None
    reason: str

    def _where(self) -> str:
        where = str(self.library or self.manifest or "")
        return ": ".join(part for part in (where, self.reason) if part)


@dataclass(frozen=True)
class SearchPlace:
    """A place where plugins were looked for. reason: why it could not be read, or ""."""

    path: Path
    origin: str
    plugin_count: int
    reason: str


_HEAD = ("ID", "VERSION", "STATE", "FOUND BY", "WHERE")


class ManagerList(Sequence[ManagerInfo]):
    """All plugins that were found, in the order of the search; `places` has where was looked."""

    def __init__(self, managers: Sequence[ManagerInfo], places: Sequence[SearchPlace]) -> None:
        self._managers = tuple(managers)
        self.places = tuple(places)

    @overload
    def __getitem__(self, index: int) -> ManagerInfo: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ManagerInfo]: ...

    def __getitem__(self, index: int | slice) -> ManagerInfo | Sequence[ManagerInfo]:
        return self._managers[index]

    def __len__(self) -> int:
        return len(self._managers)

    def _rows(self) -> list[tuple[str, ...]]:
        return [(m.id, m.version, m.state, m.origin, m._where()) for m in self._managers]

    def __repr__(self) -> str:
        rows = [_HEAD, *self._rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[4]])
                         for row in rows)

    def _repr_html_(self) -> str:
        return rows_html(f"{len(self)} managers", _HEAD, self._rows())


def _path(pointer: Any) -> Path | None:
    # Paths are bytes to the system: as os.fsdecode reads them.
    return Path(ffi.string(pointer).decode("utf-8", "surrogateescape")) if pointer else None


def read_list(plugins: Any, entry_points: Sequence[Found]) -> ManagerList:
    """A `sheaf_plugin_list`, and the entry points that gave nothing."""
    managers = []
    for i in range(lib.sheaf_plugin_list_count(plugins)):
        row = lib.sheaf_plugin_list_at(plugins, i)
        managers.append(ManagerInfo(
            text(row.id), text(row.name), text(row.version), STATES[row.state],
            ORIGINS[row.origin], _path(row.manifest), _path(row.library), text(row.reason)))
    managers += [ManagerInfo(one.name, one.name, one.version, "refused", PACKAGE, None, None,
                             one.reason) for one in entry_points if one.error is not None]
    places = []
    for i in range(lib.sheaf_plugin_list_place_count(plugins)):
        place = lib.sheaf_plugin_list_place_at(plugins, i)
        places.append(SearchPlace(_path(place.path) or Path(), ORIGINS[place.origin],
                                  place.plugin_count, text(place.reason)))
    return ManagerList(managers, places)


def _setting(info: Any) -> SettingInfo:
    return SettingInfo(text(info.name), text(lib.sheaf_kind_name(info.kind)),
                       text(info.default_value) if info.default_value else None, text(info.doc),
                       bool(info.flags & lib.SHEAF_SETTING_REQUIRED),
                       bool(info.flags & lib.SHEAF_SETTING_SECRET))


def read_factory(factory: Any, **more: Any) -> Description:
    """A `sheaf_factory`."""
    settings = tuple(_setting(factory.settings[i]) for i in range(factory.setting_count))
    return Description(text(factory.id), text(factory.display_name or factory.id),
                       text(factory.version), text(factory.description), settings, **more)


def read_description(library: Any, manager: Any, factory: Any) -> Description:
    """What an open manager says, which that factory made."""
    said = lib.sheaf_manager_description(manager)
    verbs = tuple(Verb(text_of(lib.sheaf_name(library, info.verb)),
                       bool(info.flags & lib.SHEAF_VERB_PURE),
                       bool(info.flags & lib.SHEAF_VERB_IDEMPOTENT))
                  for info in (said.verbs[i] for i in range(said.verb_count)))
    return read_factory(factory, verbs=verbs,
                        prefixes=tuple(text_of(said.prefixes[i]) for i in range(said.prefix_count)),
                        serialized=bool(said.flags & lib.SHEAF_MANAGER_SERIALIZED),
                        nonblocking=bool(said.flags & lib.SHEAF_MANAGER_NONBLOCKING))
