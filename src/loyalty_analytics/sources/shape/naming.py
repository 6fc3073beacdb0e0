"""Columns with names, rows without noise: what a file's table is before its values are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...errors import SourceError, nearest
from ..findings import Findings
from ..values.column import Column
from . import headers, rows, wide

__all__ = ["named", "targets", "without_noise"]

_GAPS = 200  # gaps between rows that are looked at


def named(
    columns: list[Column],
    names: Sequence[str] | None,
    mapping: Mapping[str, str | int] | None,
    file: str,
    found: Findings,
) -> list[Column]:
    """Columns with a name each; a doubled name is an error unless it is mapped by position."""
    if names is not None:
        while len(columns) > len(names) and not columns[-1].name and not columns[-1].filled().any():
            columns = columns[:-1]
        if len(names) != len(columns):
            raise SourceError(f"{len(names)} names for {len(columns)} columns.", "Name every column.", file=file)
        return [Column(str(name), c.text, c.number, c.moment) for name, c in zip(names, columns)]
    by_position = {place for place in (mapping or {}).values() if isinstance(place, int)}
    seen: dict[str, int] = {}
    kept = []
    for place, column in enumerate(columns):
        name = column.name
        if not name:
            if not column.filled().any() and place not in by_position:
                if not mapping or not any(position > place for position in by_position):
                    continue
            elif column.filled().any():
                found.add(
                    "column_unnamed",
                    "warning",
                    file=file,
                    column=f"column {place + 1}",
                    rows=int(column.filled().sum()),
                )
            name = f"column {place + 1}"
        if name in seen:
            first = seen[name]
            if place not in by_position and first not in by_position:
                raise SourceError(
                    f"The column {name!r} stands twice, at positions {first} and {place}.",
                    f"Give columns by position, {{name: {place}}}, or rename one in the file.",
                    file=file, column=name,
                )  # fmt: skip
            name = f"{name} ({place})"
        seen[name] = place
        kept.append(Column(name, column.text, column.number, column.moment))
    return kept


def without_noise(
    columns: list[Column], lines: np.ndarray, hidden: np.ndarray | None, found: Findings, file: str
) -> tuple[list[Column], np.ndarray, np.ndarray | None]:
    """Drop blank rows, repeated headers and remarks at the end."""
    if not columns:
        raise SourceError("The file has no columns.", "Export it again.", file=file)
    blank = np.zeros(len(lines), dtype=bool)
    if not any(column.whole() for column in columns):
        blank = ~np.logical_or.reduce([column.filled() for column in columns])
    again = rows.repeated_headers(columns, [column.name for column in columns])
    if again.any():
        found.add("header_again", file=file, row=int(lines[again][0]), rows=int(again.sum()))
    remarks = rows.footers(columns)
    remarks &= ~blank
    if remarks.any():
        found.add("footer", file=file, row=int(lines[remarks][0]), rows=int(remarks.sum()))
    kept = ~(blank | again | remarks | rows.ruled(columns))
    if kept.all():
        _refuse_second_table(columns, lines, file)
        return columns, lines, hidden
    if not kept.any():
        raise SourceError("The file has a header and no rows.", "Check the filter of the export.", file=file)
    columns, lines = [column.take(kept) for column in columns], lines[kept]
    _refuse_second_table(columns, lines, file)
    return columns, lines, None if hidden is None else hidden[kept]


def _refuse_second_table(columns: Sequence[Column], lines: np.ndarray, file: str) -> None:
    """Names of other columns below a gap: rows from there on are another table's."""
    gaps = np.flatnonzero(np.diff(lines) > 1)[:_GAPS] + 1
    for row in sorted({int(place) + step for place in gaps for step in (0, 1) if place + step < len(lines)}):
        cells = [cell for column in columns if (cell := column.cell(row)) is not None]
        if headers.speaks(cells, _mostly_typed(columns, row)) and not headers.is_total(cells[0]):
            raise SourceError(
                f"A second table begins here: {', '.join(map(str, cells[:4]))}.",
                "Put each table in a file or sheet of its own.", file=file, row=int(lines[row]),
            )  # fmt: skip


def _mostly_typed(columns: Sequence[Column], row: int) -> bool:
    """Whether a row has a text where the rest of its column holds figures or dates."""
    for column in columns:
        if not isinstance(column.cell(row), str):
            continue
        near = [column.cell(place) for place in range(max(0, row - 20), row)]
        there = [cell for cell in near if cell is not None]
        if len(there) and sum(not isinstance(cell, str) or not headers.is_label(cell) for cell in there) > 0.5 * len(
            there
        ):
            return True
    return False


def targets(
    columns: Sequence[Column], mapping: Mapping[str, str | int] | None, also: Sequence[str | int],
    kinds: Mapping[str, str], plan: wide.Wide | None, file: str,
) -> list[tuple[str, int, str | None]]:  # fmt: skip
    """(name in the table, place of the raw column, wanted kind) for each column of the result."""
    names = [column.name for column in columns]
    mapping = {} if mapping is None else _directed(mapping, names)
    wanted: dict[int, list[str]] = {}
    for name, header in mapping.items():
        if plan is not None and header in ("month", "amount", *plan.measures):
            continue
        wanted.setdefault(_position(header, columns, file), []).append(name)
    targets: list[tuple[str, int, str | None]] = []
    for place, name in enumerate(names):
        for target in wanted.get(place, [name]):
            targets.append((target, place, kinds.get(target)))
    for header in also:
        place = _position(header, columns, file)
        targets.append((f"raw:{header}", place, "str"))
    return targets


def _directed(mapping: Mapping[str, str | int], names: Sequence[str]) -> Mapping[str, str | int]:
    """New name → header; the other direction is taken where only that one fits the file."""
    turned = {str(new): old for old, new in mapping.items()}
    if mapping and all(old in names for old in mapping) and not any(new in names for new in turned):
        return turned
    return mapping


def _position(header: str | int, columns: Sequence[Column], file: str) -> int:
    names = [column.name for column in columns]
    if isinstance(header, int):
        if not 0 <= header < len(names):
            raise SourceError(
                f"There is no column at position {header}.", f"Positions run from 0 to {len(names) - 1}.", file=file
            )
        return header
    flat = " ".join(str(header).split())
    if flat in names:
        return names.index(flat)
    folded = [name.casefold() for name in names]
    if folded.count(flat.casefold()) == 1:
        return folded.index(flat.casefold())
    raise SourceError(f"There is no column {header!r}.", nearest(flat, names), file=file, column=flat)
