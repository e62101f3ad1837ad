# SPDX-License-Identifier: Apache-2.0
"""Managers written in Python: the author's side. Loads nothing of libsheaf.

    class Zoo(sheaf.Manager):
        id = "zoo"
        settings = [sheaf.Setting("path", required=True, doc="The animals, a JSON file.")]

        def __init__(self, path: str) -> None:
            self.animals = json.loads(Path(path).read_text())

        def resolve(self, refs, request):
            return [self.animals.get(ref) for ref in refs]
"""
from __future__ import annotations

import inspect
import keyword
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, Union

from sheaf import _author_fast as fast
from sheaf._author_fast import Request as Request
from sheaf._author_report import report
from sheaf._context import Context
from sheaf._errors import ClosedError, SheafError

Answer = TypeVar("Answer")
# What `resolve` gives for an entity: trait -> key -> value. A trait without properties has None or {}.
Properties = Mapping[str, Union[Mapping[str, Any], None]]
# For each reference, in their order, or as they come with their index.
Answers = Union[Sequence[Union[Answer, Exception, None]],
                Iterator[tuple[int, Union[Answer, Exception, None]]]]

_KINDS: dict[type, int] = {bool: fast.BOOL, int: fast.INT64, float: fast.DOUBLE, str: fast.STRING}


@dataclass(frozen=True)
class Setting:
    """A setting that a manager takes: it comes to `__init__` as a keyword.

    Attributes:
        name: a Python name.
        kind: bool, int, float or str. Hosts may give it as text: it is converted.
        default: of that kind; None if there is none, and None is what comes then.
        doc: a sentence or two.
        required: the manager cannot be opened without it.
        secret: its value is never printed or logged.
    """

    name: str
    kind: type = str
    default: bool | int | float | str | None = None
    doc: str = ""
    required: bool = False
    secret: bool = False

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or keyword.iskeyword(self.name):
            raise ValueError(f"setting {self.name!r}: the name is no Python name")
        if self.kind not in _KINDS:
            raise TypeError(f"setting {self.name!r}: the kind is {self.kind!r}: "
                            "give bool, int, float or str")
        if self.default is not None and not self.takes(self.default):
            raise TypeError(f"setting {self.name!r}: the default {self.default!r} is no "
                            f"{self.kind.__name__}")
        if self.default is not None and self.required:
            raise ValueError(f"setting {self.name!r}: it has a default, so it is not required")

    def takes(self, value: object) -> bool:
        """Is this value of the setting's kind? An int is a float too; a bool is neither."""
        if isinstance(value, bool) or self.kind is bool:
            return isinstance(value, bool) and self.kind is bool
        return isinstance(value, (int, float) if self.kind is float else self.kind)

    def _for_c(self) -> tuple[str, str | None, str, int, int]:
        default = None if self.default is None else str(self.default)
        if isinstance(self.default, bool):
            default = "true" if self.default else "false"
        flags = (fast.REQUIRED if self.required else 0) | (fast.SECRET if self.secret else 0)
        return self.name, default, self.doc, _KINDS[self.kind], flags


class Manager:
    """What managers written in Python derive from.

    An object is made for each time that a host opens the manager: `__init__` gets the settings as
    keywords. `resolve`, and whichever of `exists` and `traits` the class has, are then called from
    any thread, several at once, unless `serialized`.

    Attributes:
        id: what hosts ask for, "zoo": of a-z, 0-9, `.`, `_` and `-`.
        display_name, version: for people. The first line of the class's docstring describes it.
        prefixes: what its references begin with; informative.
        settings: what it takes.
        verbs: further verbs: the name of each, "acme.publish/1", and of the method that serves it,
            which takes and gives what `resolve` does.
        pure: the same question has the same answer for a while, so answers may be cached and shared.
        idempotent: asking twice does no harm, so it may be asked again after a failure.
        serialized: it is never called twice at once.
        log: the host's log, a `logging.Logger`.
    """

    id: ClassVar[str] = ""
    display_name: ClassVar[str] = ""
    version: ClassVar[str] = ""
    prefixes: ClassVar[Sequence[str]] = ()
    settings: ClassVar[Sequence[Setting]] = ()
    verbs: ClassVar[Mapping[str, str]] = {}
    pure: ClassVar[bool] = False
    idempotent: ClassVar[bool] = True
    serialized: ClassVar[bool] = False

    _log: logging.Logger | None = None

    def resolve(self, refs: list[str], request: Request) -> Answers[Properties]:
        """The traits of a batch of references.

        Returns a list with an answer for each reference, in their order; or yields (index, answer),
        each index once, in any order. An answer is a mapping of trait -> mapping of key -> value, or
        an exception: a `sheaf.ElementError`. None stands for "there is no such entity". Values are
        bool, int of 64 bits, float, str, bytes, and lists of them; None is as if the key were not
        there. What was not asked for is left out by itself.

        An exception that is raised fails every reference that has no answer yet.
        """
        raise NotImplementedError

    def exists(self, refs: list[str], request: Request) -> Answers[bool]:
        """Whether there are such entities: answers as those of `resolve`, each a bool or an exception."""
        raise NotImplementedError

    def traits(self, refs: list[str], request: Request) -> Answers[Iterable[str]]:
        """Which traits the entities have: answers as those of `resolve`, each an iterable of str."""
        raise NotImplementedError

    def flush(self) -> None:
        """Lets go of what is held back."""

    def close(self) -> None:
        """Called once, when the manager was closed and its last call has left; on any thread. What it
        started (threads, connections) must have ended when this returns."""

    @property
    def log(self) -> logging.Logger:
        """The host's log. Of an object that no host has opened: the logger "sheaf.<id>"."""
        return self._log or logging.getLogger(f"sheaf.{self.id}")


ManagerType = TypeVar("ManagerType", bound=type[Manager])


def manager(id: str, *, display_name: str = "", version: str = "", prefixes: Sequence[str] = (),
            settings: Sequence[Setting] = (), pure: bool = False, idempotent: bool = True,
            serialized: bool = False) -> Callable[[Callable[..., Any]], type[Manager]]:
    """Makes a manager of a function `(refs, request, **settings)`, which is its `resolve`.

        @sheaf.manager("numbers", settings=[sheaf.Setting("base", int, 10)])
        def numbers(refs, request, base):
            return [{"number": {"value": int(ref, base)}} for ref in refs]

    The name is then that of a class of managers. Arguments: see `Manager`.
    """
    def make(function: Callable[..., Any]) -> type[Manager]:
        def __init__(self: Any, **given: Any) -> None:
            self._given = given

        def resolve(self: Any, refs: list[str], request: Request) -> Any:
            return function(refs, request, **self._given)

        _refuse_async(function, function.__qualname__)
        return type(function.__name__, (Manager,), {
            "id": id, "display_name": display_name, "version": version, "prefixes": prefixes,
            "settings": settings, "pure": pure, "idempotent": idempotent, "serialized": serialized,
            "__init__": __init__, "resolve": resolve, "__doc__": function.__doc__,
            "__module__": function.__module__, "__qualname__": function.__qualname__})
    return make


# --------------------------------------------------------------------------------- what C is given


class _HostLog(logging.Handler):
    """Hands records to a host's log. Without a lock: none may be held while a host is called."""

    def __init__(self, host: int) -> None:
        super().__init__()
        self.host = host

    def handle(self, record: logging.LogRecord) -> bool:
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        if self.host:
            fast.log(self.host, max(record.levelno, logging.DEBUG), self.format(record))


def _refuse_async(function: Callable[..., Any], what: str) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{what} is async: a manager is called on the host's thread and has no event "
                        "loop; use asyncio.run in it, for the batch as a whole")


def _verbs(cls: type[Manager], object: Manager) -> tuple[tuple[str, int, int, Any, str], ...]:
    flags = (fast.PURE if cls.pure else 0) | (fast.IDEMPOTENT if cls.idempotent else 0)
    found = [(f"sheaf.{name}/1", flags, answer, getattr(object, name), name)
             for name, answer in (("resolve", fast.RECORD), ("exists", fast.EXISTS),
                                  ("traits", fast.TRAITS))
             if getattr(cls, name) is not getattr(Manager, name)]
    found += [(verb, 0, fast.RECORD, getattr(object, name), name)
              for verb, name in cls.verbs.items()]
    for _, _, _, function, name in found:
        _refuse_async(function, f"{cls.__qualname__}.{name}")
    if not found:
        raise TypeError(f"{cls.__qualname__} has no resolve, exists or traits: it serves nothing")
    return tuple(found)


def _closing(object: Manager, handler: _HostLog) -> Callable[[], None]:
    def close() -> None:
        try:
            object.close()
        finally:
            handler.host = 0
    return close


def open_for(host: int, cls: type[Manager], settings: Mapping[str, Any]) -> tuple[int, int]:
    """Makes a manager for a host: the addresses of its table and of its self, for `create`."""
    object = cls.__new__(cls)
    handler = _HostLog(host)
    object._log = logging.Logger(cls.id)
    object._log.addHandler(handler)
    object.__init__(**settings)  # type: ignore[misc]
    flush = None if cls.flush is Manager.flush else object.flush
    flags = fast.SERIALIZED if cls.serialized else 0
    if isinstance(cls.prefixes, str):
        raise TypeError(f"{cls.__qualname__}.prefixes is one str: give a list of them")
    return fast.serve(host, (_verbs(cls, object), flags, tuple(cls.prefixes), flush,
                             _closing(object, handler)))


def check_class(cls: object) -> type[Manager]:
    """Refuses what is no class of managers.

    Raises:
        TypeError: says what is wrong with it.
    """
    if not (isinstance(cls, type) and issubclass(cls, Manager)):
        raise TypeError(f"{cls!r} is no class that derives from sheaf.Manager")
    if not isinstance(cls.id, str) or not cls.id:
        raise TypeError(f"{cls.__qualname__} has no id: give it one, as id = \"zoo\"")
    for setting in cls.settings:
        if not isinstance(setting, Setting):
            raise TypeError(f"{cls.__qualname__}.settings holds {setting!r}, which is no sheaf.Setting")
    return cls


def description_of(cls: type[Manager]) -> str | None:
    """The first line of a class's own docstring."""
    return inspect.cleandoc(cls.__doc__).split("\n", 1)[0] if cls.__doc__ else None


_plugins: dict[type[Manager], int] = {}


def plugin_of(cls: type[Manager]) -> int:
    """The address of a `sheaf_plugin` that makes managers of this class. It lasts for ever."""
    check_class(cls)
    if cls not in _plugins:
        _plugins[cls] = fast.plugin(
            cls.id, cls.display_name or None, cls.version or None, description_of(cls),
            tuple(setting._for_c() for setting in cls.settings),
            lambda host, settings: open_for(host, cls, settings))
    return _plugins[cls]


def _make_context(share_key: bytes, authority: bytes, state: bytes,
                  locale: dict[str, dict[str, Any]]) -> Context:
    return Context(share_key=share_key, authority=authority, state=state, locale=locale or None)


fast.prepare(SheafError, ClosedError, report, _make_context)
