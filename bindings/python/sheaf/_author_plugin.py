# SPDX-License-Identifier: Apache-2.0
"""What the plugin `python` calls: a manager by the name of its module, for a host that is not Python."""
from __future__ import annotations

import difflib
import importlib
import importlib.machinery
import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from sheaf import _author_fast as fast
from sheaf._author import Manager, Setting, check_class, open_for
from sheaf._author_report import report
from sheaf._constants import Status
from sheaf._errors import InvalidArgumentError, PluginError


def _add_path(path: str) -> None:
    if not os.path.isdir(path):
        raise InvalidArgumentError(f"path: there is no folder {path!r}", Status.INVALID_ARGUMENT)
    path = os.path.realpath(path)
    if path not in sys.path:
        sys.path.insert(0, path)
        importlib.invalidate_caches()


def _check_not_another(name: str, path: str) -> None:
    """One process has one module of a name: that of another `path` must not pass for this one."""
    top = name.partition(".")[0]
    spec = importlib.machinery.PathFinder.find_spec(top, [os.path.realpath(path)])
    loaded = getattr(getattr(sys.modules.get(top), "__spec__", None), "origin", None)
    if spec and spec.origin and loaded and not os.path.samefile(spec.origin, loaded):
        raise PluginError(f"module {top!r} is {spec.origin}, and this process has already imported "
                          f"{loaded} by that name: give one of them another name", Status.PLUGIN_ERROR)


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # A module that the manager's own module lacks is that one's failure, with its traceback.
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            raise PluginError(f"there is no Python module {name!r}: looked in {os.pathsep.join(sys.path)}",
                              Status.LOAD_FAILED) from None
        raise


def _find_class(name: str, path: str) -> type[Manager]:
    module_name, _, class_name = name.partition(":")
    if path:
        _add_path(path)
        _check_not_another(module_name, path)
    module = _import(module_name)
    own = {key: value for key, value in vars(module).items()
           if isinstance(value, type) and issubclass(value, Manager)
           and value.__module__ == module.__name__ and not key.startswith("_")}
    if class_name:
        found = getattr(module, class_name, None)
        if found is None:
            raise PluginError(f"module {module_name!r} has no {class_name!r}{_listed(own)}",
                              Status.PLUGIN_ERROR)
        return check_class(found)
    if len(set(own.values())) != 1:
        raise PluginError(f"module {module_name!r} has {len(own) or 'no'} managers{_listed(own)}: "
                          f"name one, as module={module_name}:Class", Status.PLUGIN_ERROR)
    return check_class(next(iter(own.values())))


def _listed(names: Iterable[str]) -> str:
    text = ", ".join(sorted(names))
    return f" ({text})" if text else ""


def _invalid(cls: type[Manager], what: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"manager_settings of {cls.__qualname__}: {what}",
                                Status.INVALID_ARGUMENT)


def _value(cls: type[Manager], setting: Setting, given: Mapping[str, Any]) -> Any:
    value = given.get(setting.name)
    if value is None:
        if setting.required:
            raise _invalid(cls, f"{setting.name} is missing: {setting.doc or setting.kind.__name__}")
        return setting.default
    if not setting.takes(value):
        raise _invalid(cls, f"{setting.name} takes {setting.kind.__name__}, not "
                            f"{type(value).__name__}")
    return float(value) if setting.kind is float else value


def _read_settings(cls: type[Manager], text: str) -> dict[str, Any]:
    try:
        given = json.loads(text) if text else {}
    except ValueError as error:
        raise _invalid(cls, f"it is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise _invalid(cls, f'give a JSON object, as {{"path": "zoo.json"}}, not a {type(given).__name__}')
    known = [setting.name for setting in cls.settings]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise _invalid(cls, f"there is no setting {name!r}{hint}; it takes "
                                f"{', '.join(known) or 'none'}")
    return {setting.name: _value(cls, setting, given) for setting in cls.settings}


def open_v1(host: int, module: str, path: str, manager_settings: str) -> tuple[int, str, int, int]:
    """Makes a manager for the plugin `python`. Raises nothing.

    Args:
        host: the address of the `sheaf_host`.
        module: `package.module` or `package.module:Class`.
        path: a folder for `sys.path`, or "".
        manager_settings: a JSON object, or "".
    Returns:
        status, message, and the addresses of table and self.
    """
    try:
        cls = _find_class(module, path)
        table, self = open_for(host, cls, _read_settings(cls, manager_settings))
        return int(Status.OK), "", table, self
    except BaseException as error:
        status, message, _, _, log, _ = report(error, "open")
        if log:
            fast.log(host, 40, log)
        return status, message, 0, 0
