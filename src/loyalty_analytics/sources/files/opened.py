"""Any file as raw cells: its kind is told by its first bytes, not by its name."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import SourceError
from ..findings import Findings
from ..shape import headers
from ..shape.headers import Header
from ..values.column import Column
from . import delimited, encoded, markup, workbook
from .encoding import recognised
from .workbook import Sheet

__all__ = ["Opened", "open_file"]

_LARGEST_TEXT = 4 << 30
_LARGEST_UNPACKED = 1 << 30


@dataclass(eq=False)
class Opened:
    """Raw columns of a file and where they stood."""

    columns: list[Column]
    lines: np.ndarray
    header_line: int
    above: list[str]
    encoding: str | None = None
    separator: str | None = None
    hidden: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)


def open_file(
    path: Path, found: Findings, *, encoding: str | None, separator: str | None, sheet: str | int | None,
    names: Sequence[str] | None, most: int | None = None,
) -> Opened:  # fmt: skip
    """Read a file of any kind into raw columns; of Parquet the first ``most`` rows."""
    file = path.name
    try:
        with path.open("rb") as stream:
            start = stream.read(4096)
        size = path.stat().st_size
    except OSError as error:
        reason = (
            "There is no such file"
            if isinstance(error, FileNotFoundError)
            else f"It cannot be opened ({error.strerror})"
        )
        raise SourceError(f"{reason}.", "Check its name and folder.", file=file) from None
    if not start.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise SourceError("The file is empty.", "Export it again.", file=file)
    if start.startswith(b"PAR1"):
        return _parquet(path, file, most)
    if start.startswith(b"PK\x03\x04"):
        return _sheets(workbook.read_xlsx(path, file), sheet, names, file, found)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        return _sheets(workbook.read_xls(path, file), sheet, names, file, found)
    if size > _LARGEST_TEXT:
        raise SourceError("The file is larger than 4 GB.", "Convert it to Parquet.", file=file)
    content = path.read_bytes()
    if start.startswith(b"\x1f\x8b"):
        content = _unpacked(content, file)
        start = content[:4096]
    if markup.looks_like_xml_workbook(content):
        return _sheets(markup.read_xml_workbook(content, file), sheet, names, file, found)
    name, known = recognised(content, file, encoding, trust=True)
    if not markup.looks_like_html(content) and name in encoded.PLAIN and b"\xef\xbf\xbd" not in content:
        cells = delimited.split_bytes(content, name, file, separator, names)
        if cells is not None:
            read = [encoded.column(one, array, name) for one, array in zip(cells.names, cells.columns)]
            if any(strange for _, strange in read):
                name, _ = recognised(content, file, encoding)  # raises where encodings are mixed
            return _columns(cells, name, [column for column, _ in read])
    if known is None and encoding is None:
        name, known = recognised(content, file)
    text = content.decode(name) if known is None else known
    del content, known
    if markup.looks_like_html(text[:4096].encode("utf-8", "ignore")):
        opened = _sheets(markup.read_html(text, file), sheet, names, file, found)
        opened.encoding = name
        return opened
    if "\x00" in text[:100_000]:
        raise SourceError("The file is binary, not text.", "Export it as CSV, XLSX or Parquet.", file=file)
    if "\ufffd" in text:
        lost = [number for number, line in enumerate(text.split("\n"), start=1) if "\ufffd" in line]
        found.add("letters_lost", "warning", file=file, row=lost[0], rows=len(lost))
    return _text(text, name, file, separator, names)


def _unpacked(content: bytes, file: str) -> bytes:
    import io

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            unpacked = stream.read(_LARGEST_UNPACKED + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"The archive is damaged: {error}.", "Pack it again.", file=file) from None
    if len(unpacked) > _LARGEST_UNPACKED:
        raise SourceError("The archive holds more than 1 GB.", "Unpack it or convert it to Parquet.", file=file)
    return unpacked


def _text(text: str, encoding: str, file: str, separator: str | None, names: Sequence[str] | None) -> Opened:
    cells = delimited.read_delimited(text, file, separator, names)
    return _columns(cells, encoding, [Column.of_text(name, array) for name, array in zip(cells.names, cells.columns)])


def _columns(cells: delimited.Cells, encoding: str, columns: list[Column]) -> Opened:
    above = [" ".join(str(cell) for cell in row if cell) for row in cells.above]
    return Opened(columns, cells.lines, cells.header_line, above, encoding, cells.separator)


def _parquet(path: Path, file: str, most: int | None) -> Opened:
    import pyarrow as pa

    from .parquet import read_columns

    try:
        columns = read_columns(path, most)
    except (pa.ArrowException, OSError, ValueError, KeyError, NotImplementedError, TypeError, OverflowError) as error:
        raise SourceError(f"The Parquet file is damaged: {str(error)[:200]}.", "Write it again.", file=file) from None
    if not columns or len(columns[0]) == 0:
        raise SourceError("The file has no rows.", "Check the filter of the export.", file=file)
    return Opened(columns, np.arange(1, len(columns[0]) + 1), 0, [])


def _sheets(
    sheets: Sequence[Sheet], wanted: str | int | None, names: Sequence[str] | None, file: str, found: Findings
) -> Opened:
    if not sheets:
        raise SourceError("The workbook holds no sheet.", "Export it again.", file=file)
    sheet, others = workbook.choose(sheets, wanted, file)
    for other in others if wanted is None else ():
        found.add(
            "sheet_left_out", "warning" if other.visible else "note", file=file, rows=other.height(), sheet=other.name
        )
    rows = sheet.rows
    header = headers.find_header(rows, sheet.merged)
    if header is None and names is not None and rows and len(names) == len(rows[0]):
        header = Header(list(names), 0, -1, [])
    if header is None:
        if sheet.height() == 0:
            raise SourceError("The sheet is empty.", "Export it again.", file=file)
        raise SourceError(
            "No row is a header: names of columns in words.", "Add one or give columns as a list.", file=file
        )
    body = range(header.last + 1, len(rows))
    kept = [row for row in body if any(not headers.is_blank(cell) for cell in rows[row])]
    if not kept:
        raise SourceError("The sheet has a header and no rows.", "Check the filter of the export.", file=file)
    width = len(header.names)
    table = {row: [*rows[row], *[""] * (width - len(rows[row]))] for row in kept}
    _fill_merged(table, sheet, header.last, file, found)
    _empty_formulas(table, sheet, header, file, found)
    columns = [Column.of_cells(name, [table[row][place] for row in kept]) for place, name in enumerate(header.names)]
    _percents(columns, sheet, kept, file, found)
    hidden = np.array([row in sheet.hidden for row in kept])
    above = [" ".join(str(cell) for cell in row if not headers.is_blank(cell)) for row in header.above]
    return Opened(columns, np.array(kept) + 1, header.first + 1, [*above, sheet.name], hidden=hidden)


def _fill_merged(table: dict[int, list[Any]], sheet: Sheet, header: int, file: str, found: Findings) -> None:
    """A text merged down stands for each of its rows; a figure does not."""
    for top, left, bottom, right in sheet.merged:
        if top <= header or bottom == top or left != right or top not in table:
            continue
        value = table[top][left] if left < len(table[top]) else ""
        if headers.is_blank(value):
            continue
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.add("merged_figure", "warning", file=file, row=top + 1, rows=bottom - top + 1, value=value)
            continue
        for row in range(top + 1, bottom + 1):
            if row in table:
                table[row][left] = value
        found.add("merged_filled", file=file, row=top + 1, rows=bottom - top, value=value)


def _empty_formulas(table: dict[int, list[Any]], sheet: Sheet, header: Header, file: str, found: Findings) -> None:
    for code, places in (("formula_empty", sheet.uncalculated), ("formula_error", set(sheet.faulty))):
        for row, place in sorted(places):
            if row not in table or place >= len(header.names):
                continue
            table[row][place] = None
            found.add(code, "warning", file=file, row=row + 1, column=header.names[place], rows=1,
                      sample=sheet.faulty.get((row, place), ""))  # fmt: skip


def _percents(columns: Sequence[Column], sheet: Sheet, kept: Sequence[int], file: str, found: Findings) -> None:
    if not sheet.percent:
        return
    for place, column in enumerate(columns):
        if column.number is None:
            continue
        shown = np.array([(row, place) in sheet.percent for row in kept])
        if shown.any():
            column.number = np.where(shown, np.round(column.number * 100, 10), column.number)
            found.add("percent_cells", file=file, column=column.name, rows=int(shown.sum()))
