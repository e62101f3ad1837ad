# SPDX-License-Identifier: Apache-2.0
"""Libraries: what belongs together in a process. Names, known plugins, open managers, the log."""
from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from sheaf import _entry_points, _log
from sheaf._author import Manager, ManagerType, plugin_of
from sheaf._cffi import ffi, lib
from sheaf._describe import Description, ManagerList, read_factory, read_list
from sheaf._errors import BusyError, ClosedError, ConfigError
from sheaf._manager import OpenManager
from sheaf._names import Names
from sheaf._settings import Setting, Settings
from sheaf._text import c_string, raised
from sheaf._unique import Unique

_LOGGER = logging.getLogger("sheaf")
StrPath = str | os.PathLike[str]


def _load_config(path: StrPath | None) -> Any:
    error = ffi.new("sheaf_error *")
    config = lib.sheaf_config_load(ffi.NULL if path is None else c_string(path), error)
    if not config:
        raise raised(error)
    return ffi.gc(config, lib.sheaf_config_free)


def _as_id(id: StrPath) -> StrPath:
    """An id; or a path, which has a slash in it."""
    if isinstance(id, str):
        return id
    path = os.fspath(id)
    return path if "/" in path else f"./{path}"


def _new(config: Any, plugin_paths: Iterable[StrPath], package_paths: Iterable[StrPath], strict: bool,
         application: str | None) -> Any:
    """A `sheaf_library *`."""
    if application is None:
        application = os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] != "-c" else ""
    name = c_string(application or "python")
    paths, packages = ([c_string(path) for path in some] for some in (plugin_paths, package_paths))
    path_array, package_array = (ffi.new("const char *[]", some) for some in (paths, packages))
    options = ffi.new("sheaf_library_options *")
    options.struct_size = ffi.sizeof("sheaf_library_options")
    options.flags = lib.SHEAF_LIBRARY_STRICT if strict else 0
    options.application = name
    options.plugin_paths, options.plugin_path_count = path_array, len(paths)
    options.package_paths, options.package_path_count = package_array, len(packages)
    options.config = config or ffi.NULL
    _log.log.options(options)
    error = ffi.new("sheaf_error *")
    pointer = lib.sheaf_library_new(options, error)
    if not pointer:
        raise raised(error)
    return pointer


def _freeing(kept: list[Any]) -> Callable[[Any], None]:
    """What frees a library, unless it is the parent's."""
    made_in = lib.sheafpy_generation

    def free(pointer: Any) -> None:
        if lib.sheafpy_generation == made_in:
            lib.sheaf_library_free(pointer)
        kept.clear()

    return free


class Library(Unique):
    """An instance of Sheaf. Most processes need only the one that `sheaf.open` makes by itself.

    Args:
        config: a configuration file, or "" for the one that the command would take: `$SHEAF_CONFIG`,
            else `sheaf.json` in the working folder.
        plugin_paths: folders or manifest files to look for plugins in before anywhere else.
        strict: refuse plugins that somebody else could have written.
        application: the program's name, told to managers; default the script's.
    Raises:
        ConfigError: the configuration file is not valid, or cannot be read.
    """

    def __init__(self, *, config: StrPath | None = None, plugin_paths: Iterable[StrPath] = (),
                 strict: bool = False, application: str | None = None) -> None:
        if isinstance(plugin_paths, (str, bytes, os.PathLike)):
            raise TypeError("plugin_paths is one path: give a list of them")
        self._closed = False
        self._opener = os.getpid()
        # Held while a manager is closed, and while something of it is used that its closing ends.
        self._closing = threading.RLock()
        self._managers: weakref.WeakSet[OpenManager] = weakref.WeakSet()
        self._config = None if config is None else _load_config(config or None)
        self._entry_points = _entry_points.find()
        for one in self._entry_points:
            if one.error is not None:
                _LOGGER.warning("%s", one.reason, exc_info=one.error)
        package_paths = [path for one in self._entry_points for path in one.paths]
        pointer = _new(self._config, plugin_paths, package_paths, strict, application)
        # Freed with the last reference, by when no call can be under way: who calls holds a manager,
        # and that a library. `_kept` is what C may look at until then.
        self._kept: list[Any] = []
        self._pointer = ffi.gc(pointer, _freeing(self._kept))
        self._names = Names(self._pointer)
        _libraries.add(self)

    def _fork_refusal(self) -> ClosedError | None:
        if self._opener == os.getpid():
            return None
        return ClosedError(f"this library was made in process {self._opener}, before a fork: "
                           "open the manager again in this one", lib.SHEAF_CLOSED)

    def _open_pointer(self) -> Any:
        if self._closed:
            raise self._fork_refusal() or ClosedError("the library is closed", lib.SHEAF_CLOSED)
        return self._pointer

    @property
    def config_path(self) -> Path | None:
        """The configuration file that was read."""
        path = lib.sheaf_config_path(self._config) if self._config else None
        return Path(os.fsdecode(ffi.string(path))) if path else None

    def open(self, id: StrPath | None = None, /, *, settings: Mapping[str, Setting] | None = None,
             **more: Setting) -> OpenManager:
        """Opens a manager: see `sheaf.open`. Without `id` the one that the configuration names."""
        return self._open(id, {**(settings or {}), **more}, False)

    def _open(self, id: StrPath | None, given: Mapping[str, Setting], private: bool) -> OpenManager:
        pointer = self._open_pointer()
        _log.log.look_at_levels()
        name, base = self._configured(id)
        settings = Settings(given, base)
        error = ffi.new("sheaf_error *")
        manager = lib.sheaf_manager_open(pointer, name, settings.array, settings.count, error)
        if not manager:
            raise raised(error)
        factory = lib.sheaf_manager_factory(manager)
        if self._is_meant(name):
            manager = lib.sheaf_stage_configure(manager, self._config, error)
            if not manager:
                raise raised(error)
        opened = OpenManager(self, manager, factory, private)
        opened._find_wrapped()
        if self._closed:  # by another thread, just now
            opened.close()
        self._open_pointer()
        return opened

    def _is_meant(self, name: Any) -> bool:
        """Is the configuration, with its settings and stages, for the manager of this name?"""
        if self._config is None:
            return False
        named = lib.sheaf_config_manager(self._config)
        return not named or bool(ffi.string(name) == ffi.string(named))

    def _configured(self, id: StrPath | None) -> tuple[Any, list[Any]]:
        """The manager's name for C, and the settings that the configuration has for it."""
        named = (self._config and lib.sheaf_config_manager(self._config)) or None
        if id is None and named is None:
            where = f"{self.config_path} names none" if self.config_path else "there is no configuration"
            raise ConfigError(f"which manager? {where}: give an id, or name one in a configuration file",
                              lib.SHEAF_INVALID_CONFIG)
        name = named if id is None else c_string(_as_id(id))
        if not self._is_meant(name):
            return name, []  # those of another one would only be refused as unknown
        count = ffi.new("uint32_t *")
        settings = lib.sheaf_config_settings(self._config, count)
        return name, [settings[i] for i in range(count[0])]

    def managers(self) -> ManagerList:
        """The plugins that are found, those too that are shadowed or refused. Loads none of them."""
        error = ffi.new("sheaf_error *")
        plugins = lib.sheaf_plugin_list_new(self._open_pointer(), error)
        if not plugins:
            raise raised(error)
        return read_list(ffi.gc(plugins, lib.sheaf_plugin_list_free), self._entry_points)

    def describe(self, id: StrPath) -> Description:
        """A manager that need not be open: its version and settings. Loads its plugin.

        Raises:
            NotFoundError, PluginError: there is none, or it cannot be loaded; says where was looked.
        """
        error = ffi.new("sheaf_error *")
        factory = lib.sheaf_find_factory(self._open_pointer(), c_string(_as_id(id)), error)
        if not factory:
            raise raised(error)
        return read_factory(factory)

    def register(self, manager: type[Manager]) -> None:
        """Adds managers that are written in Python, for `open` to find by their id: see `sheaf.register`."""
        plugin = ffi.cast("sheaf_plugin *", plugin_of(manager))
        error = ffi.new("sheaf_error *")
        if lib.sheaf_register(self._open_pointer(), plugin, error) != lib.SHEAF_OK:
            raise raised(error)

    def close(self) -> None:
        """Closes the managers that are open. Later calls raise ClosedError. Again: no effect.

        Raises:
            BusyError: from inside a callback of one of its managers, which then stays open.
        """
        # First say so: whoever opens a manager meanwhile closes it again.
        was_closed, self._closed = self._closed, True
        try:
            with self._closing:  # or a stage might be put on one meanwhile
                for manager in list(self._managers):
                    if not manager._owner:  # else it goes with the stage that has it
                        manager._private = False
                        manager.close()
        except BusyError:
            self._closed = was_closed
            raise
        _log.log.flush()

    def __enter__(self) -> Library:
        self._open_pointer()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


_libraries: weakref.WeakSet[Library] = weakref.WeakSet()
_default: Library | None = None
_default_lock = threading.Lock()


def _default_library() -> Library:
    """The process's own, made when it is first needed."""
    global _default
    with _default_lock:
        if _default is None or _default._closed:
            _default = Library()
        return _default


def open(id: StrPath | None = None, /, *, config: StrPath | None = None,
         library: Library | None = None, settings: Mapping[str, Setting] | None = None,
         **more: Setting) -> OpenManager:
    """Opens a manager.

    Args:
        id: of the manager, "bal"; or the path, with a slash in it, of its manifest or shared object.
            None: the one that the configuration file names.
        config: a configuration file, read as the command reads it: its plugin paths join the search,
            its settings hold where none are given here, and its stages stand on the manager; for
            another manager than it names neither. Without `id` and without `config` the one that the
            command would take: `$SHEAF_CONFIG`, else `sheaf.json` in the working folder.
        library: where to open it; default one that the process shares, or with a configuration
            file a new one.
        settings: as a mapping, for names that are no Python names.
        more: settings by keyword: str, int, float, bool or path. None is as if it were not given.
    Raises:
        NotFoundError: there is no such manager; says where was looked.
        InvalidArgumentError: a setting is unknown, missing or wrong; says which there are.
        ConfigError: the configuration file is not valid.
        PluginError: the plugin cannot be used.
        SheafError: what the manager failed with.
    """
    given = {**(settings or {}), **more}
    if library is not None:
        if config is not None:
            raise TypeError("config and library are both given: give the file to sheaf.Library")
        return library._open(id, given, False)
    if config is None and id is not None:
        return _default_library()._open(id, given, False)
    if config is not None and not os.fspath(config):
        raise ValueError("config is an empty path")
    own = Library(config=config or "")
    return own._open(id, given, True)


def _forked() -> None:
    """In the child of a fork: what the parent opened is not to be touched any more."""
    global _default, _default_lock
    lib.sheafpy_generation += 1
    for library in list(_libraries):
        library._closed = True
        for manager in list(library._managers):
            manager._address = 0
    _default, _default_lock = None, threading.Lock()
    _log.forked()


def _end() -> None:
    """At the end of the process: managers are closed as if the program had, and the log is emptied."""
    for library in list(_libraries):
        for manager in list(library._managers):
            try:
                if not manager._owner:
                    manager.close()
            except BusyError:
                pass  # a thread is still in it
    _log.log.flush()


os.register_at_fork(after_in_child=_forked)
atexit.register(_end)


def managers(*, library: Library | None = None) -> ManagerList:
    """The plugins that are found, those too that are shadowed or refused. Loads none of them."""
    return (library or _default_library()).managers()


def register(manager: ManagerType, *, library: Library | None = None) -> ManagerType:
    """Adds managers that are written in Python to a library, for `sheaf.open` to find by their id.

    Args:
        manager: a class that derives from `sheaf.Manager`, or what `@sheaf.manager` made. It stays
            registered as long as the library.
        library: default the one that the process shares.
    Returns:
        the class, so that this may be used as a decorator.
    Raises:
        TypeError: it is no such class; says what is wrong with it.
        BusyError: another one is registered by that id.
        PluginError: the id or a setting is not valid.
    """
    (library or _default_library()).register(manager)
    return manager


def describe(id: StrPath, /, *, library: Library | None = None) -> Description:
    """A manager that need not be open: see `Library.describe`."""
    return (library or _default_library()).describe(id)
