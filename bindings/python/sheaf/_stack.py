# SPDX-License-Identifier: Apache-2.0
"""What an open manager has as a stack of stages."""
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sheaf._aio import Awaiting
from sheaf._cache import Cache
from sheaf._cffi import ffi, lib
from sheaf._meter import Measured, prometheus, read_meter
from sheaf._text import text

if TYPE_CHECKING:
    from sheaf._manager import OpenManager
    from sheaf._stages import StageSetting


class Stack(Awaiting):
    """A manager, or the topmost of the stages that stand on one."""

    def stage(self, id: str, /, *, settings: Mapping[str, StageSetting] | None = None,
              **more: StageSetting) -> OpenManager:
        """Puts a stage on this manager: the new top of the stack, which is asked and closed instead.

        This one may still be asked, which goes past the stage. It is closed with the top, and not by
        itself.

            with sheaf.open("bal", library_path=path).stage("dedupe").stage("cache") as manager:

        Args:
            id: of one that `sheaf.stages` lists.
            settings, more: as of `sheaf.stage`.
        Raises:
            NotFoundError, InvalidArgumentError, BusyError, ClosedError: see `sheaf.stage`.
        """
        from sheaf._stages import stage
        return stage(id, [self._itself()], settings=settings, **more)

    def counters(self) -> dict[str, int]:
        """What this stage has counted since it was opened, by name; {} of a manager that is no stage."""
        pointer = self._open_pointer()
        room = lib.sheaf_stage_counters(pointer, ffi.NULL, 0)
        counters = ffi.new("sheaf_stage_counter[]", room)
        count = min(room, lib.sheaf_stage_counters(pointer, counters, room))
        return {text(one.name): int(one.value) for one in counters[0:count]}

    def meter(self) -> Measured:
        """What the stage "meter" has measured, the topmost of this stack.

        Raises:
            UnsupportedError: there is none, from here down to a stage that wraps several.
        """
        return read_meter(self._itself())

    def prometheus(self) -> str:
        """What the stages of this stack have counted and measured, as text for Prometheus (exposition
        format 0.0.4). A sample's label `at` says where its stage is: "0" is this one, "0.0" what it wraps.

        Raises:
            InvalidArgumentError: this is no stage.
        """
        return prometheus(self._open_pointer())

    @property
    def cache(self) -> Cache:
        """The topmost stage "cache" of this stack, to be primed and cleared.

        Raises:
            UnsupportedError: there is none, from here down to a stage that wraps several.
        """
        return Cache(self._itself())

    def _itself(self) -> OpenManager:
        raise NotImplementedError

    def _open_pointer(self) -> Any:
        raise NotImplementedError
