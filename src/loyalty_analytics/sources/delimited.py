"""Delimited text as columns of cells: separator, quotes, ragged lines, lines of the file kept."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import SourceError
from . import headers
from .headers import Header

__all__ = ["Cells", "read_delimited", "split_line"]

_SEPARATORS = ("\t", ";", "|", ",")
_SNIFFED = 300
_JOINED = 200  # physical lines that one record may take
_LAST = 10  # lines at the end where remarks may stand
_NAMED = 6  # lines named in a message


@dataclass(eq=False)
class Cells:
    """A table of raw cells.

    Attributes
    ----------
    names : names of the columns as the file has them
    columns : one pyarrow array of texts, or a list of Python cells, per column
    lines : line of the file of each row, from 1
    header_line : line of the header
    above : rows above the header
    """

    names: list[str]
    columns: list[Any]
    lines: np.ndarray
    header_line: int
    above: list[list[Any]]
    separator: str | None = None


def read_delimited(text: str, file: str, separator: str | None, names: Sequence[str] | None = None) -> Cells:
    """Split a text into cells.

    Raises
    ------
    SourceError
        For empty and header-only files, ragged lines (naming them) and a separator that cannot be told.
    """
    text = _newlines(text)
    if not text or text.isspace():
        raise SourceError("The file is empty.", "Export it again.", file=file)
    text, separator, skipped = _directive(text, separator)
    sample = _sample(text, _SNIFFED)
    if separator is None:
        separator = _sniff(sample, file)
    split = [split_line(line, separator) for line in sample]
    header = headers.find_header(split)
    if header is None and names is not None and len(names) == Counter(map(len, split)).most_common(1)[0][0]:
        header = Header(list(names), 0, -1, [])
    if header is None:
        raise SourceError(
            "No line is a header: names of columns in words.", "Add one or give columns as a list.", file=file
        )
    columns = _trimmed(header.names)
    start = _offset(text, sample, header.last + 1)
    first_line = text.count("\n", 0, start) + 1 + skipped
    # Encoded first and cut then: bytes are half as long as the text in memory.
    body = text.encode()[len(text[:start].encode()) :]
    if re.search(rb"[^\n \t;,|]", body) is None:
        raise SourceError("The file has a header and no rows.", "Check the filter of the export.", file=file)
    width = _width(header.names, columns, split[header.last + 1 :])
    columns = [*columns, *[""] * (width - len(columns))]
    plain = _plainly(body, separator, width)
    if plain is None:
        body, lines = _records(body.rstrip(b"\n"), separator, width, file, first_line)
        if len(lines) == 0:
            raise SourceError("The file has a header and no rows.", "Check the filter of the export.", file=file)
        arrays = _parse(body, separator, width, file)
    else:
        arrays, lines = plain, np.arange(len(plain[0])) + first_line
    header_line = text.count("\n", 0, _offset(text, sample, header.first)) + 1 + skipped if header.last >= 0 else 0
    return Cells(columns, arrays, lines, header_line, header.above, separator)


def _width(raw: Sequence[str], names: Sequence[str], split: Sequence[Sequence[str]]) -> int:
    """Cells of a row: those of the header, with or without a separator at its end."""
    usual = Counter(len(row) for row in split if any(row)).most_common(1)
    return usual[0][0] if usual and len(names) <= usual[0][0] <= len(raw) else len(names)


def _plainly(body: bytes, separator: str, width: int) -> list[Any] | None:
    """Columns of a body without quotes, blank and ragged lines; None where it needs a closer look."""
    if b'"' in body or separator == "\n" or width < 2:
        return None
    try:
        arrays = _parse(body, separator, width, "", newlines=False)
    except SourceError:
        return None
    rows = body.count(b"\n") + (not body.endswith(b"\n"))
    return arrays if len(arrays[0]) == rows else None


def _newlines(text: str) -> str:
    # One line end at the end is as it should be; taking it off would copy the whole text.
    if text[-2:].strip("\x1a\x00 \t\r\n") != text[-2:].removesuffix("\n"):
        text = text.rstrip("\x1a\x00 \t\r\n")
    if "\r" not in text:
        return text
    if "\n" not in text:
        return text.replace("\r", "\n")
    # A bare return inside a line is a line break of a comment, no end of a record.
    return text.replace("\r\n", "\n").replace("\r", " ")


def _directive(text: str, separator: str | None) -> tuple[str, str | None, int]:
    match = re.match(r"\"?sep=(.)\"?\n", text, flags=re.IGNORECASE)
    if not match:
        return text, separator, 0
    return text[match.end() :], separator or match[1], 1


def _sample(text: str, count: int) -> list[str]:
    lines: list[str] = []
    start = 0
    while len(lines) < count and start <= len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        lines.append(text[start : min(stop, start + 100_000)])
        start = stop + 1
    return lines


def _offset(text: str, sample: Sequence[str], row: int) -> int:
    """Where a row of the sample begins in the text."""
    start = 0
    for _ in range(row):
        stop = text.find("\n", start)
        if stop < 0:
            return len(text)
        start = stop + 1
    return start


def _trimmed(names: Sequence[str]) -> list[str]:
    kept = list(names)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _sniff(sample: Sequence[str], file: str) -> str:
    """The separator that cuts most lines into the same number of cells, the header among them."""
    lines = [line for line in sample if line.strip()]
    best: tuple[float, int, str] | None = None
    for order, separator in enumerate(_SEPARATORS):
        rows = [split_line(line, separator) for line in lines]
        counts = Counter(len(row) for row in rows if len(row) > 1)
        if not counts:
            continue
        usual, number = max(counts.items(), key=lambda item: (item[1], item[0]))
        header = headers.find_header(rows)
        fits = header is not None and len(_trimmed(header.names)) in (usual, usual - 1, usual + 1)
        score = number / len(lines) + (0.5 if fits else 0.0) - 0.01 * order
        if best is None or score > best[0]:
            best = (score, usual, separator)
    if best is None:
        return "\n" if len(lines) > 1 else ";"
    if best[0] < 0.5:
        raise SourceError("The separator of columns cannot be told.", "Give separator=';' or another.", file=file)
    return best[2]


def split_line(line: str, separator: str, expected: int | None = None) -> list[str]:
    """Cells of one line; quotes inside an unquoted cell are signs like any other.

    >>> split_line('a;"b;c";ООО "Ромашка;5', ";")
    ['a', 'b;c', 'ООО "Ромашка', '5']
    """
    if '"' not in line:
        return line.split(separator)
    cells = []
    place = 0
    while place <= len(line):
        start = place
        while start < len(line) and line[start] == " ":
            start += 1
        if start < len(line) and line[start] == '"' and (end := _closing(line, start, separator)) is not None:
            cells.append(_unquoted(line[start + 1 : end]))
            place = end + 1
            while place < len(line) and line[place] != separator:
                place += 1  # blanks behind the quote
            place += 1
        else:
            stop = line.find(separator, place)
            stop = len(line) if stop < 0 else stop
            cells.append(line[place:stop])
            place = stop + 1
    return cells


def _closing(line: str, place: int, separator: str) -> int | None:
    """The quote that closes the cell which opens at ``place``: a lone one before a separator or the end."""
    end = place + 1
    while (end := line.find('"', end)) >= 0:
        run = end
        while run < len(line) and line[run] == '"':
            run += 1
        behind = run
        while behind < len(line) and line[behind] == " " and separator != " ":
            behind += 1
        if behind == len(line) or line[behind] == separator:
            # «""» before a separator closes only where the quotes inside the cell are single ones.
            if (run - end) % 2 or (run - end == 2 and end > place + 1 and _lone_inside(line[place + 1 : end])):
                return run - 1
            if end == place + 1 and run - end == 1:
                return end
        end = run
    return None


def _lone_inside(inner: str) -> bool:
    return re.search(r'(?<!")"(?!")', inner) is not None


def _unquoted(inner: str) -> str:
    if '"' not in inner:
        return inner
    if _lone_inside(inner.replace('\\"', "")):
        return inner  # quotes were not doubled when the file was written
    return inner.replace('\\"', '"').replace('""', '"')


def _records(body: bytes, separator: str, width: int, file: str, first_line: int) -> tuple[bytes, np.ndarray]:
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


def _parse(body: bytes, separator: str, width: int, file: str, newlines: bool = True) -> list[Any]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    if separator == "\n":
        separator = ";"
    names = [str(place) for place in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(body),
            read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=_block(len(body))),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator, newlines_in_values=newlines, ignore_empty_lines=width > 1
            ),
            convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string())),
        )
    except pa.ArrowInvalid as error:
        raise SourceError(f"The lines cannot be split: {error}", "Export the file again.", file=file) from None
    return [column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in table.columns]


def _block(size: int) -> int:
    # One block makes one chunk per column, which spares a copy; above a gigabyte memory matters more.
    return min(max(size + 1, 1 << 16), 1 << 30)
