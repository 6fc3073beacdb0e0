"""Delimited text as columns of cells: separator, quotes, ragged lines, lines of the file kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import SourceError
from ..shape import headers
from ..shape.headers import Header
from .quotes import logical_lines, unwrapped
from .records import well_quoted

__all__ = ["Cells", "read_delimited", "split_bytes"]

_SEPARATORS = ("\t", ";", "|", ",", "^", "~", "\x1f")
_SNIFFED = 300
_LONG = 1 << 20  # bytes from which it pays to split before decoding


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


@dataclass(eq=False)
class Layout:
    """Where the table of a text begins and how its lines are cut."""

    separator: str
    names: list[str]
    width: int
    header_line: int
    start: int  # physical lines above the first row
    above: list[list[Any]]


def layout(text: str, file: str, separator: str | None, names: Sequence[str] | None = None) -> Layout | None:
    """Read the layout from the first lines of a text; None where whole lines stand in quotes.

    Raises
    ------
    SourceError
        Where no line is a header, or the separator cannot be told.
    """
    text, separator, skipped = _directive(text, separator)
    sample = _sample(text, _SNIFFED)
    if separator is None:
        separator = _sniff(sample, file)
        if separator == "\n":
            if unwrapped(text) is not None:
                return None
            _refuse_no_table(sample, file)
    split, first = logical_lines(sample, separator)
    header = headers.find_header(split)
    if header is None and names is not None and len(names) == Counter(map(len, split)).most_common(1)[0][0]:
        header = Header(list(names), 0, -1, [])
    if header is None:
        _refuse_no_table(sample, file)
        raise SourceError(
            "No line is a header: names of columns in words.", "Add one or give columns as a list.", file=file
        )
    columns = _trimmed(header.names)
    width = _width(header.names, columns, split[header.last + 1 :])
    start = first[header.last + 1] if header.last + 1 < len(first) else len(sample)
    header_line = first[header.first] + 1 + skipped if header.last >= 0 else 0
    names = [*columns, *[""] * (width - len(columns))]
    return Layout(separator, names, width, header_line, start + skipped, header.above)


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
    plan = layout(text, file, separator, names)
    if plan is None:
        return read_delimited(unwrapped(text) or "", file, None, names)
    # Encoded first and cut then: bytes are half as long as the text in memory.
    body = text.encode()
    body = body[_offset(body, plan.start) :]
    if re.search(rb"[^\n \t;,|]", body) is None:
        raise SourceError("The file has a header and no rows.", "Check the filter of the export.", file=file)
    arrays = split_plain(body, plan)
    if arrays is None:
        body, lines = well_quoted(body.rstrip(b"\n"), plan.separator, plan.width, file, plan.start + 1)
        if len(lines) == 0:
            raise SourceError("The file has a header and no rows.", "Check the filter of the export.", file=file)
        arrays = _parse(body, plan.separator, plan.width, file)
    else:
        lines = np.arange(len(arrays[0])) + plan.start + 1
    return Cells(plan.names, arrays, lines, plan.header_line, plan.above, plan.separator)


def split_bytes(content: bytes, encoding: str, file: str, separator: str | None,
                names: Sequence[str] | None) -> Cells | None:  # fmt: skip
    """Cells of a long plain file, split before anything is decoded; None where it needs a closer look.

    The arrays hold the bytes of the file: separators and line ends are the same in UTF-8 and in one-byte encodings.
    """
    if len(content) < _LONG or b'"' in content or not content.endswith(b"\n") or content[-2:].isspace():
        return None
    if b"\r" in content:
        return None
    head = content[: _offset(content, _SNIFFED + 1)].decode(encoding)
    plan = layout(head, file, separator, names)
    if plan is None or len(plan.separator) > 1:
        return None
    arrays = split_plain(memoryview(content)[_offset(content, plan.start) :], plan, decoded=False)
    if arrays is None:
        return None
    lines = np.arange(len(arrays[0])) + plan.start + 1
    return Cells(plan.names, arrays, lines, plan.header_line, plan.above, plan.separator)


def _width(raw: Sequence[str], names: Sequence[str], split: Sequence[Sequence[str]]) -> int:
    """Cells of a row: those of the header, with or without a separator at its end."""
    usual = Counter(len(row) for row in split if any(row)).most_common(1)
    return usual[0][0] if usual and len(names) <= usual[0][0] <= len(raw) else len(names)


def split_plain(body: bytes | memoryview, plan: Layout, decoded: bool = True) -> list[Any] | None:
    """Columns of a body without quotes, blank and ragged lines; None where it needs a closer look."""
    if plan.separator == "\n" or plan.width < 2 or (decoded and b'"' in bytes(body)):
        return None
    try:
        arrays = _parse(body, plan.separator, plan.width, "", newlines=False, decoded=decoded)
    except SourceError:
        return None
    rows = np.count_nonzero(np.frombuffer(body, dtype=np.uint8) == 10) + (bytes(body[-1:]) != b"\n")
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


def _offset(content: bytes, lines: int) -> int:
    """Where a line begins, counted from 0."""
    start = 0
    for _ in range(lines):
        stop = content.find(b"\n", start)
        if stop < 0:
            return len(content)
        start = stop + 1
    return start


def _refuse_no_table(sample: Sequence[str], file: str) -> None:
    """Lines of one cell that are columns aligned by blanks, or key=value pairs."""
    filled = [line.strip() for line in sample if line.strip()]
    if sum(re.search(r"\S {2,}\S", line) is not None for line in filled) > 0.5 * len(filled):
        raise SourceError(
            "The columns are aligned by blanks.", "Export it with separators, or give separator=…", file=file
        )
    if sum(re.match(r"\w+=", line) is not None for line in filled) > 0.5 * len(filled):
        raise SourceError("The file is no table but lines of key=value.", "Export a table.", file=file)


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
        rows, _ = logical_lines(lines, separator)
        counts = Counter(len(row) for row in rows if len(row) > 1)
        if not counts:
            continue
        usual, number = max(counts.items(), key=lambda item: (item[1], item[0]))
        header = headers.find_header(rows)
        fits = header is not None and len(_trimmed(header.names)) in (usual, usual - 1, usual + 1)
        score = number / len(rows) + (0.5 if fits else 0.0) - 0.01 * order
        if best is None or score > best[0]:
            best = (score, usual, separator)
    if best is None:
        return "\n" if len(lines) > 1 else ";"
    if best[0] < 0.5:
        raise SourceError("The separator of columns cannot be told.", "Give separator=';' or another.", file=file)
    return best[2]


def _parse(body: Any, separator: str, width: int, file: str, newlines: bool = True,
           decoded: bool = True) -> list[Any]:  # fmt: skip
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
                delimiter=separator,
                quote_char='"' if decoded else False,
                newlines_in_values=newlines,
                ignore_empty_lines=width > 1,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string() if decoded else pa.large_binary()),
                check_utf8=decoded,
            ),
        )
    except pa.ArrowInvalid as error:
        raise SourceError(f"The lines cannot be split: {error}", "Export the file again.", file=file) from None
    return [column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in table.columns]


def _block(size: int) -> int:
    # One block makes one chunk per column, which spares a copy; above a gigabyte memory matters more.
    return min(max(size + 1, 1 << 16), 1 << 30)
