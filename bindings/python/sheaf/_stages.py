# SPDX-License-Identifier: Apache-2.0
"""Stages: which there are, and putting them on managers."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

from sheaf._cffi import ffi, lib
from sheaf._describe import SettingInfo, read_factory
from sheaf._manager import OpenManager
from sheaf._settings import Setting, Settings
from sheaf._stage_batchers import Chain, GivenBatchers
from sheaf._text import c_string, raised

_ANY_NUMBER = 2**32 - 1

# GivenBatchers: the setting `batchers` of the stage `batch`.
StageSetting = Union[Setting, GivenBatchers]


@dataclass(frozen=True)
class StageInfo:
    """A stage that there is.

    Attributes:
        settings: what `OpenManager.stage` and `sheaf.stage` take for it as keywords.
        least_managers, most_managers: how many managers it wraps; None: any number.
    """

    id: str
    description: str
    settings: tuple[SettingInfo, ...]
    least_managers: int
    most_managers: int | None


def _read(info: Any) -> StageInfo:
    said = read_factory(info.factory)
    most = None if info.most_children == _ANY_NUMBER else int(info.most_children)
    return StageInfo(said.id, said.description, said.settings, int(info.least_children), most)


def stages() -> tuple[StageInfo, ...]:
    """The stages that there are, by id, with the settings that they take."""
    found: list[StageInfo] = []
    while info := lib.sheaf_stage_at(len(found)):
        found.append(_read(info))
    return tuple(found)


def _checked(managers: Iterable[OpenManager]) -> list[OpenManager]:
    if isinstance(managers, OpenManager):
        raise TypeError("managers is one manager: give a list of them, or call its method stage")
    listed = list(managers)
    for i, one in enumerate(listed):
        if not isinstance(one, OpenManager):
            raise TypeError(f"managers[{i}] must be what sheaf.open gives, not {type(one).__name__}")
    if not listed:
        raise ValueError("managers is empty: a stage wraps one at least")
    return listed


def _open(id: str, managers: Sequence[OpenManager], given: dict[str, Any]) -> Any:
    """A `sheaf_manager *`."""
    children = ffi.new("sheaf_manager *[]", [one._open_pointer() for one in managers])
    chain = Chain(given.get("batchers") if id == "batch" else None)
    if id == "batch":
        given["batchers"] = chain.text
    settings = Settings(given)
    options = ffi.new("sheaf_stage_options *", {"struct_size": ffi.sizeof("sheaf_stage_options")})
    options.settings, options.setting_count = settings.array, settings.count
    options.children, options.child_count = children, len(managers)
    options.batchers, options.batcher_count = chain.array, chain.count
    error = ffi.new("sheaf_error *")
    library, name = managers[0].library._open_pointer(), c_string(id)
    chain.begin()
    pointer = lib.sheaf_stage_open(library, name, options, error)
    if not pointer:
        chain.refused()
        raise raised(error)
    return pointer


def stage(id: str, managers: Iterable[OpenManager], /, *, settings: Mapping[str, StageSetting] | None = None,
          **more: StageSetting) -> OpenManager:
    """Opens a stage over several managers, such as "route" or "fallback", and takes them over.

    Args:
        id: of one that `sheaf.stages` lists.
        managers: that it is to wrap, in their order; stages may be among them. They must be of the same
            `sheaf.Library`. They stay usable, but are closed with the stage, and not by themselves. A
            manager has one place: for a second one open it once more.
        settings, more: as of `sheaf.open`. `batchers` of the stage "batch" may also be a function, or a list
            of functions and of str such as "size(100)": each is given a list of batches, which are lists of
            references (str), and returns such a list. Each reference must be in exactly one batch of it;
            equal ones are told apart by identity. Any threads may call it at once.
    Raises:
        NotFoundError: there is no such stage; says which there are.
        InvalidArgumentError: a setting is unknown or wrong, says which there are; too few or too many
            managers, or one of another library.
        BusyError: a manager belongs to a stage already.
        ClosedError: a manager is closed.
    """
    if not isinstance(id, str):
        raise TypeError(f"a stage's id must be str, not {type(id).__name__}")
    listed = _checked(managers)
    library = listed[0].library
    with library._closing:
        pointer = _open(id, listed, {**(settings or {}), **more})
        return OpenManager._over(library, pointer, listed)
