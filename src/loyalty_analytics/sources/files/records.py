"""Lines of delimited text as records of one width: quoted line breaks joined, ragged lines refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from ...errors import SourceError
from ..shape import headers
from .quotes import split_line

__all__ = ["well_quoted"]

_JOINED = 200  # physical lines that one record may take
_LAST = 10  # lines at the end where remarks may stand
_NAMED = 6  # lines named in a message


def well_quoted(body: bytes, separator: str, width: int, file: str, first_line: int) -> tuple[bytes, np.ndarray]:
    """The body as one well-quoted record of ``width`` cells per row, and the line of each."""
    data = np.frombuffer(body, dtype=np.uint8)
    quotes = np.flatnonzero(data == 34)
    if separator == "\n":
        lines = body.decode().split("\n")
        kept = [number for number, line in enumerate(lines) if line.strip()]
        return _written([[lines[number]] for number in kept], ";"), np.array(kept) + first_line
    if len(quotes) and _needs_care(data, quotes, ord(separator)):
        return _by_hand(body.decode(), separator, width, file, first_line)
    ends = np.append(np.flatnonzero(data == 10), len(data))
    marks = np.flatnonzero(data == ord(separator))
    if len(quotes):
        # Separators between quotes belong to a cell. Line ends never do here: each line has its quotes in pairs.
        marks = marks[np.searchsorted(quotes, marks) % 2 == 0]
    counts = np.diff(np.searchsorted(marks, ends), prepend=0) + 1
    lengths = np.diff(ends, prepend=-1) - 1
    bad = counts != width
    blank = (lengths == 0) | (bad & (lengths < 4096) & _only_blank(body, ends, bad))
    if not (bad | blank).any():
        return body, np.arange(len(ends)) + first_line
    if not (bad & ~blank).any() and len(blank) == len(ends):
        return _without(body, ends, blank), np.flatnonzero(~blank) + first_line
    return _by_hand(body.decode(), separator, width, file, first_line)


def _only_blank(body: bytes, ends: np.ndarray, bad: np.ndarray) -> np.ndarray:
    result = np.zeros(len(ends), dtype=bool)
    places = np.flatnonzero(bad)
    if len(places) > 10_000:  # every line is of another width: looked at one by one later
        return result
    for place in places:
        start = ends[place - 1] + 1 if place else 0
        result[place] = not body[start : ends[place]].strip(b" \t;,|\xc2\xa0")
    return result


def _without(body: bytes, ends: np.ndarray, blank: np.ndarray) -> bytes:
    pieces = []
    start = 0
    for place in np.flatnonzero(blank):
        pieces.append(body[start : (ends[place - 1] + 1 if place else 0)])
        start = min(int(ends[place]) + 1, len(body))
    pieces.append(body[start:])
    return b"".join(pieces).rstrip(b"\n")


def _needs_care(data: np.ndarray, quotes: np.ndarray, separator: int) -> bool:
    """Whether a quote stands where none should, or a line has an odd number of them."""
    padded = np.concatenate([[10], data, [10]]).astype(np.uint8)
    before, after = padded[quotes], padded[quotes + 2]
    edge = np.array([10, separator, 34], dtype=np.uint8)
    if not (np.isin(before, edge) | np.isin(after, edge)).all():
        return True
    ends = np.append(np.flatnonzero(data == 10), len(data))
    per_line = np.diff(np.searchsorted(quotes, ends), prepend=0)
    return bool((per_line % 2).any())


def _by_hand(text: str, separator: str, width: int, file: str, first_line: int) -> tuple[bytes, np.ndarray]:
    physical = text.split("\n")
    rows: list[list[str]] = []
    lines: list[int] = []
    ragged: list[tuple[int, int]] = []
    number = 0
    while number < len(physical):
        line = physical[number]
        if not line.strip(" \t;,|\u00a0"):
            number += 1
            continue
        cells, taken = _record(physical, number, separator, width)
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            cells = cells[:width]
        if len(cells) < width and _closes(cells, physical, number):
            cells = cells + [""] * (width - len(cells))
        if len(cells) != width:
            ragged.append((number + first_line, len(cells)))
        rows.append(cells)
        lines.append(number + first_line)
        number += taken
    if ragged:
        _refuse_ragged(ragged, width, file)
    return _written(rows, separator), np.array(lines, dtype=np.int64)


def _closes(cells: Sequence[str], physical: Sequence[str], number: int) -> bool:
    """Whether a short line is a total, or a remark at the end of the file."""
    filled = [cell for cell in cells if cell.strip()]
    if not filled or headers.is_total(filled[0]):
        return bool(filled)
    return len(filled) == 1 and number >= len(physical) - _LAST and headers.is_remark(filled[0])


def _record(physical: Sequence[str], number: int, separator: str, width: int) -> tuple[list[str], int]:
    """The cells of a record and how many lines it takes.

    Lines are joined only where that gives just the cells that the header has, and the line alone does not.
    """
    line = physical[number]
    cells = split_line(line, separator)
    if line.count('"') % 2 == 0 or (len(cells) == width and not cells[-1].startswith('"')):
        return cells, 1
    joined = line
    for taken in range(2, min(_JOINED, len(physical) - number) + 1):
        joined += "\n" + physical[number + taken - 1]
        if joined.count('"') % 2:
            continue
        together = split_line(joined, separator)
        if len(together) == width and any("\n" in cell for cell in together):
            between = [one for one in physical[number + 1 : number + taken] if one.count('"') % 2 == 0]
            if any(len(split_line(one, separator)) == width for one in between):
                break  # what follows is a record of its own: the quote is a mere sign
            return together, taken
        break
    return cells, 1


def _refuse_ragged(ragged: Sequence[tuple[int, int]], width: int, file: str) -> None:
    named = ", ".join(f"{line} ({count})" for line, count in ragged[:_NAMED])
    more = f" and {len(ragged) - _NAMED} more" if len(ragged) > _NAMED else ""
    raise SourceError(
        f"{len(ragged)} lines do not have the {width} cells of the header: lines {named}{more}.",
        "A separator inside a cell needs quotes around the cell; correct these lines or the export.",
        file=file, row=ragged[0][0],
    )  # fmt: skip


def _written(rows: Sequence[Sequence[str]], separator: str) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode()
