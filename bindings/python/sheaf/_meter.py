# SPDX-License-Identifier: Apache-2.0
"""What the stage `meter` has measured, and what a stack has counted."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sheaf._cffi import ffi, lib
from sheaf._constants import Status
from sheaf._errors import error_for, status_of
from sheaf._extension import extension

if TYPE_CHECKING:
    from sheaf._manager import OpenManager

_ID = "sheaf.stage.meter/1"


@dataclass(frozen=True)
class Quantiles:
    """Of many values; p50 to p999 are right to an eighth of their value. All 0 where there were none."""

    count: int
    sum: int
    least: int
    most: int
    p50: int
    p90: int
    p99: int
    p999: int


@dataclass(frozen=True)
class Measured:
    """What a meter has measured since it was opened.

    Attributes:
        batches, in_flight: that have returned, and that have not.
        succeeded, failed: results.
        size: references a batch.
        latency_ns: nanoseconds a batch, from its arrival to its return.
        errors: how often each status was a result's.
    """

    batches: int
    in_flight: int
    succeeded: int
    failed: int
    size: Quantiles
    latency_ns: Quantiles
    errors: dict[Status, int]


def _quantiles(c: Any) -> Quantiles:
    return Quantiles(c.count, c.sum, c.least, c.most, c.p50, c.p90, c.p99, c.p999)


def read_meter(manager: OpenManager) -> Measured:
    """See `OpenManager.meter`."""
    with extension(manager, _ID, "sheaf_meter_table", "meter") as (table, self):
        now = ffi.new("sheaf_meter_snapshot *", {"struct_size": ffi.sizeof("sheaf_meter_snapshot")})
        status = table.snapshot(self, now)
        if status != lib.SHEAF_OK:
            raise error_for(status)
        room = len(Status)
        rows = ffi.new("sheaf_meter_error[]", room)
        count = min(room, table.errors(self, rows, room))
        errors = {status_of(row.status): int(row.count) for row in rows[0:count]}
    return Measured(now.batches, now.in_flight, now.succeeded, now.failed, _quantiles(now.size),
                    _quantiles(now.latency_ns), errors)


@ffi.def_extern()  # type: ignore[untyped-decorator]
def sheafpy_write(ctx: Any, text: Any) -> None:
    """Keeps a piece of text in the list that ctx is the handle of."""
    ffi.from_handle(ctx).append(ffi.buffer(text.data, text.size)[:] if text.size else b"")


def prometheus(pointer: Any) -> str:
    """See `OpenManager.prometheus`."""
    pieces: list[bytes] = []
    handle = ffi.new_handle(pieces)
    status = lib.sheaf_meter_prometheus(pointer, lib.sheafpy_write, handle)
    if status == lib.SHEAF_INVALID_ARGUMENT:
        raise error_for(status, "this is a manager on which no stage stands: it counts nothing")
    if status != lib.SHEAF_OK:
        raise error_for(status)
    return b"".join(pieces).decode("utf-8", "replace")
