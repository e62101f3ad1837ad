# SPDX-License-Identifier: Apache-2.0
"""Plugins that other packages brought along: the entry point group `sheaf.plugins`.

An entry point names a package or module whose folder has manifests in it; or a function that returns
one path, or several, of such folders or of manifests; or such a path.
"""
from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

GROUP = "sheaf.plugins"


@dataclass(frozen=True)
class Found:
    """What an entry point gave: paths, or the exception that is why it gave none."""

    name: str
    value: str
    version: str
    package: str
    paths: tuple[str, ...] = ()
    error: BaseException | None = None

    @property
    def reason(self) -> str:
        """Why it gave no paths."""
        where = f'entry point "{self.name} = {self.value}" of {self.package}'
        return f"{where}: {type(self.error).__name__}: {self.error}"


def _folders(module: ModuleType) -> list[str]:
    if hasattr(module, "__path__"):
        return list(module.__path__)
    if getattr(module, "__file__", None):
        return [os.path.dirname(str(module.__file__))]
    raise TypeError(f"module {module.__name__} has no folder")


def _paths(given: Any) -> tuple[str, ...]:
    if isinstance(given, ModuleType):
        given = _folders(given)
    elif callable(given):
        given = given()
    several = [given] if isinstance(given, (str, os.PathLike)) else given
    if not isinstance(several, Iterable):
        raise TypeError(f"a {type(given).__name__} is no path, and no paths")
    paths = tuple(os.fspath(path) for path in several)
    for path in paths:
        if not isinstance(path, str):
            raise TypeError(f"{path!r} is no str")
        if not os.path.isabs(path):
            raise ValueError(f"{path!r} is no absolute path")
        if "\0" in path:
            raise ValueError(f"{path!r} has a NUL")
    return paths


def _look(entry_point: EntryPoint) -> Found:
    package = entry_point.dist
    said = (entry_point.name, entry_point.value, package.version if package else "",
            package.name if package else "an unknown package")
    try:
        return Found(*said, paths=_paths(entry_point.load()))
    except (Exception, SystemExit) as error:  # one bad package never ends the search
        return Found(*said, error=error)


def find() -> list[Found]:
    """What each entry point gives, in the order of their names."""
    return [_look(one) for one in sorted(entry_points(group=GROUP), key=lambda one: one.name)]
