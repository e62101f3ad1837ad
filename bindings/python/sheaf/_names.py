# SPDX-License-Identifier: Apache-2.0
"""Ids of names, remembered: a library's table never forgets one."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sheaf._cffi import ffi, lib
from sheaf._constants import NAMES
from sheaf._text import raised, text_of


class Names:
    """The names of a library. Any number of threads may use it.

    Attributes:
        ids: of the names that were asked for so far.
        texts: the other way round.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        self.ids = dict(NAMES)
        self.texts = {id: name for name, id in NAMES.items()}

    def id(self, name: str) -> int:
        """The id of a name, made if it is new. See `many` for what is raised."""
        known = self.ids.get(name)
        return self.many([name])[0] if known is None else known

    def many(self, names: Sequence[str]) -> list[int]:
        """The ids of names, made where they are new.

        Raises:
            UnicodeEncodeError: a name is not valid text.
            InvalidArgumentError: one is empty, too long or has a NUL.
            SheafError: the library takes no more names.
        """
        new = [name for name in names if name not in self.ids]
        if new:
            data = [ffi.from_buffer("char[]", name.encode()) for name in new]
            array = ffi.new("sheaf_str[]", [{"data": one, "size": len(one)} for one in data])
            ids = ffi.new("sheaf_id[]", len(new))
            error = ffi.new("sheaf_error *")
            if lib.sheaf_intern(self._library, array, len(new), ids, error) != lib.SHEAF_OK:
                raise raised(error)
            for name, id in zip(new, ids):
                self.texts[id] = name
                self.ids[name] = id
        return [self.ids[name] for name in names]

    def text(self, id: int) -> str:
        """The name of an id; "" if there is none."""
        known = self.texts.get(id)
        if known is None:
            known = text_of(lib.sheaf_name(self._library, id))
            if known:
                self.texts[id] = known
        return known
