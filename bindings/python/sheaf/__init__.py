# SPDX-License-Identifier: Apache-2.0
"""Batch-resolution middleware: ask a manager about many entity references at once.

    import sheaf

    with sheaf.open("bal", library_path="library.json") as manager:
        batch = manager.resolve(refs, ["named"])

Names are loaded when they are first used: a process that only runs a manager written in Python
needs no libsheaf of this package's.
"""
from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sheaf._author import Manager as Manager
    from sheaf._author import Request as Request
    from sheaf._author import Setting as Setting
    from sheaf._author import manager as manager
    from sheaf._cache import Cache as Cache
    from sheaf._cache import CacheStats as CacheStats
    from sheaf._call import Cancel as Cancel
    from sheaf._columns import Column as Column
    from sheaf._columns import Columns as Columns
    from sheaf._constants import Access as Access
    from sheaf._constants import Status as Status
    from sheaf._context import Context as Context
    from sheaf._describe import Description as Description
    from sheaf._describe import ManagerInfo as ManagerInfo
    from sheaf._describe import ManagerList as ManagerList
    from sheaf._describe import SearchPlace as SearchPlace
    from sheaf._describe import SettingInfo as SettingInfo
    from sheaf._describe import Verb as Verb
    from sheaf._each import STOP as STOP
    from sheaf._engine import Batch as Batch
    from sheaf._engine import Properties as Properties
    from sheaf._engine import Record as Record
    from sheaf._engine import Refs as Refs
    from sheaf._errors import BatchError as BatchError
    from sheaf._errors import BusyError as BusyError
    from sheaf._errors import ClosedError as ClosedError
    from sheaf._errors import ConfigError as ConfigError
    from sheaf._errors import DeadlineError as DeadlineError
    from sheaf._errors import ElementError as ElementError
    from sheaf._errors import EndedError as EndedError
    from sheaf._errors import InvalidArgumentError as InvalidArgumentError
    from sheaf._errors import ManagerError as ManagerError
    from sheaf._errors import NotFoundError as NotFoundError
    from sheaf._errors import PluginError as PluginError
    from sheaf._errors import SheafError as SheafError
    from sheaf._errors import SystemFailure as SystemFailure
    from sheaf._errors import UnsupportedError as UnsupportedError
    from sheaf._library import Library as Library
    from sheaf._library import describe as describe
    from sheaf._library import managers as managers
    from sheaf._library import open as open
    from sheaf._library import register as register
    from sheaf._link import Link as Link
    from sheaf._link import Outlet as Outlet
    from sheaf._manager import OpenManager as OpenManager
    from sheaf._meter import Measured as Measured
    from sheaf._meter import Quantiles as Quantiles
    from sheaf._prefix import get_cmake_dir as get_cmake_dir
    from sheaf._prefix import get_include as get_include
    from sheaf._stages import StageInfo as StageInfo
    from sheaf._stages import stage as stage
    from sheaf._stages import stages as stages

    __version__: str

# Where each public name is defined.
_NAMES = {
    "_author": ["Manager", "Request", "Setting", "manager"],
    "_cache": ["Cache", "CacheStats"],
    "_call": ["Cancel"],
    "_columns": ["Column", "Columns"],
    "_constants": ["Access", "Status"],
    "_context": ["Context"],
    "_describe": ["Description", "ManagerInfo", "ManagerList", "SearchPlace", "SettingInfo", "Verb"],
    "_each": ["STOP"],
    "_engine": ["Batch", "Properties", "Record", "Refs"],
    "_errors": ["BatchError", "BusyError", "ClosedError", "ConfigError", "DeadlineError",
                "ElementError", "EndedError", "InvalidArgumentError", "ManagerError",
                "NotFoundError", "PluginError", "SheafError", "SystemFailure", "UnsupportedError"],
    "_library": ["Library", "describe", "managers", "open", "register"],
    "_link": ["Link", "Outlet"],
    "_manager": ["OpenManager"],
    "_meter": ["Measured", "Quantiles"],
    "_prefix": ["get_cmake_dir", "get_include"],
    "_stages": ["StageInfo", "stage", "stages"],
}
_HOMES = {name: f"sheaf.{module}" for module, names in _NAMES.items() for name in names}
__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]


# Hidden from type checkers, to whom it would say that there is every name.
if not TYPE_CHECKING:
    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from importlib.metadata import version
            value: Any = version("sheaf")
        elif name in _HOMES:
            value = getattr(import_module(_HOMES[name]), name)
        else:
            raise AttributeError(f"module 'sheaf' has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
