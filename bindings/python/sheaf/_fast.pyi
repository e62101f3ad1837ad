# SPDX-License-Identifier: Apache-2.0
"""The C helper: asking about a batch, and reading what came of it. `sheaf/_batch.py` does the same
through CFFI. `_helper.py` connects it, and gives its types what is written in Python."""
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

from sheaf._errors import ElementError, SheafError

def connect(functions: Mapping[str, int], element_error: type[ElementError],
            error_for: Callable[[int, str], SheafError], default_call: Callable[[], int],
            mapping: type, /) -> None:
    """Gives it what the rest needs. functions: the addresses of libsheaf's, by name without `sheaf_`."""

def forked() -> None:
    """To be called in the child of a fork: batches of before are not given back there."""

class Names:
    """The names of the `sheaf_library` at an address, which `keep` keeps."""

    def __new__(cls, library: int, keep: object, /) -> Names: ...
    def text(self, id: int, /) -> str: ...

class Refs(Sequence[str]):
    """References, prepared once for many calls.

    Raises:
        TypeError: `refs` is a str, bytes, a mapping or no iterable; or one of them is no str.
        UnicodeEncodeError: one has a lone surrogate; `reason` says which.
    """

    def __new__(cls, refs: Iterable[str]) -> Refs: ...
    @property
    def address(self) -> int: ...
    @property
    def texts(self) -> tuple[str, ...]: ...
    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Refs: ...
    def __len__(self) -> int: ...

class Manager:
    """The `sheaf_manager` at an address. nonblocking: it is asked about few references without giving
    up the GIL."""

    def __new__(cls, manager: int, names: Names, nonblocking: bool, /) -> Manager: ...
    def ask(self, verb: int, refs: Iterable[str], traits: Iterable[str] | None, access: int,
            call: int | None, /) -> Batch:
        """call: the address of a `sheaf_call`, 0 for none; None: of `default_call`, where it takes long
        enough to be ended.

        Raises:
            TypeError, UnicodeEncodeError: as `Refs`, and of `traits`.
            SheafError: there is no batch.
        """
    def closing(self) -> None:
        """To be called before the manager is closed."""

class Batch(Sequence[Any]):
    """An element: a Record; of `exists` a bool, of `traits` a frozenset; or an ElementError."""

    _status: int
    failed: int
    refs: Refs
    errors: list[ElementError]
    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __len__(self) -> int: ...

class Properties(Mapping[str, Any]):
    def to_dict(self) -> dict[str, Any]: ...
    def __getitem__(self, key: str) -> Any: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[str]: ...

class Record(Mapping[str, Properties]):
    def to_dict(self) -> dict[str, dict[str, Any]]: ...
    def __getitem__(self, trait: str) -> Properties: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[str]: ...
