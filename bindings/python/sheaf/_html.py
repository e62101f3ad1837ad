# SPDX-License-Identifier: Apache-2.0
"""How notebooks show things. All text is escaped: managers and libraries may hold any."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from sheaf._constants import STATUS_NAMES
from sheaf._errors import ElementError

if TYPE_CHECKING:
    from sheaf._batch import Batch

MOST_ROWS = 50
_MOST_COLUMNS = 20
_MOST_TEXT = 200


def _cell(value: object, tag: str = "td", more: str = "") -> str:
    text = value if isinstance(value, str) else repr(value)
    if len(text) > _MOST_TEXT:
        text = text[:_MOST_TEXT] + "…"
    # What no page can hold: lone surrogates.
    text = text.encode("utf-8", "backslashreplace").decode()
    return f"<{tag}{more}>{escape(text)}</{tag}>"


def _row(cells: Iterable[str]) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def table(caption: str, head: Sequence[str], rows: Iterable[str], left_out: int) -> str:
    """A table of rows that are HTML already."""
    more = f"<p>… and {left_out:,} more</p>" if left_out else ""
    return (f"<div>{_cell(caption, 'p')}<table><thead>{_row(_cell(name, 'th') for name in head)}"
            f"</thead><tbody>{''.join(rows)}</tbody></table>{more}</div>")


def _columns_of(results: Sequence[Any]) -> list[tuple[str, str]]:
    """The (trait, key) that there are; key "" of a trait without properties."""
    found: dict[tuple[str, str], None] = {}
    for result in results:
        if isinstance(result, Mapping):
            for trait, properties in result.items():
                found.update(dict.fromkeys((trait, key) for key in properties or ("",)))
    return [*found]


def _values(result: Mapping[str, Mapping[str, object]], columns: Iterable[tuple[str, str]]) -> list[str]:
    cells = []
    for trait, key in columns:
        properties = result.get(trait, {})
        there = key in properties if key else trait in result
        cells.append(_cell((properties[key] if key else "✓") if there else ""))
    return cells


def batch_html(batch: Batch[Any]) -> str:
    """The first rows of a batch: index, reference, and a column a property."""
    shown = batch[:MOST_ROWS]
    all_columns = _columns_of(shown)
    columns = all_columns[:_MOST_COLUMNS]
    names = [f"{trait}/{key}" if key else trait for trait, key in columns] or ["result"]
    rows = []
    for index, (ref, result) in enumerate(zip(batch.refs, shown)):
        cells = [_cell(index, "th"), _cell(ref)]
        if isinstance(result, ElementError):
            why = f"{STATUS_NAMES[result.status]}: {result.message}"
            cells.append(_cell(why, more=f' colspan="{len(names)}" style="color: firebrick"'))
        elif isinstance(result, Mapping):
            cells += _values(result, columns)
        else:
            cells.append(_cell(", ".join(sorted(result)) if isinstance(result, frozenset) else result))
        rows.append(_row(cells))
    caption = repr(batch).strip("<>")
    if len(all_columns) > len(columns):
        caption += f"; {len(columns)} of {len(all_columns)} properties shown"
    return table(caption, ["", "reference", *names], rows, len(batch) - len(shown))


def rows_html(caption: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of values."""
    shown = [_row(_cell(value) for value in row) for row in rows[:MOST_ROWS]]
    return table(caption, head, shown, len(rows) - len(shown))
