"""Tables that programs save as .xls though they are HTML or XML."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from ...errors import SourceError
from .workbook import Sheet

__all__ = ["looks_like_html", "looks_like_xml_workbook", "read_html", "read_xml_workbook"]

_SPREADSHEET = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MOST_COLUMNS = 2_000


def looks_like_html(content: bytes) -> bool:
    """Whether a file is a page with a table, whatever its name says."""
    start = content[:4096].lower().replace(b"\x00", b"")
    return start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<") and (b"<table" in start or b"<html" in start)


def looks_like_xml_workbook(content: bytes) -> bool:
    """Whether a file is an XML spreadsheet of 2003."""
    return content[:200].lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<?xml") and b"<Workbook" in content[:4096]


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[Any]]] = []
        self.merged: list[list[tuple[int, int, int, int]]] = []
        self._open: list[int] = []
        self._cell: list[str] | None = None
        self._span = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
            self.merged.append([])
            self._open.append(len(self.tables) - 1)
        elif tag == "tr" and self._open:
            self.tables[self._open[-1]].append([])
        elif tag in ("td", "th") and self._open:
            self._close_cell()
            about = dict(attrs)
            self._span = (_number(about.get("rowspan")), _number(about.get("colspan")))
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr"):
            self._close_cell()
        elif tag == "table" and self._open:
            self._close_cell()
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _close_cell(self) -> None:
        if self._cell is None or not self._open:
            return
        rows = self.tables[self._open[-1]]
        if not rows:
            rows.append([])
        row, column = len(rows) - 1, len(rows[-1])
        down, right = self._span
        rows[-1].append(" ".join("".join(self._cell).split()))
        rows[-1].extend([""] * (right - 1))
        if down > 1 or right > 1:
            self.merged[self._open[-1]].append((row, column, row + down - 1, column + right - 1))
        self._cell = None


def _number(text: str | None) -> int:
    return min(int(text), _MOST_COLUMNS) if text and text.isdigit() and int(text) > 0 else 1


def read_html(text: str, file: str) -> list[Sheet]:
    """Each table of a page as a sheet, the largest first."""
    parser = _Tables()
    try:
        parser.feed(text)
        parser.close()
    except (AssertionError, ValueError) as error:
        raise SourceError(f"The page cannot be read: {error}.", "Export the table as CSV or XLSX.", file=file) from None
    sheets = []
    for number, (rows, merged) in enumerate(zip(parser.tables, parser.merged), start=1):
        rows = _placed(rows, merged)
        width = max(map(len, rows), default=0)
        rows = [row + [""] * (width - len(row)) for row in rows]
        sheets.append(Sheet(f"table {number}", rows, True, merged))
    if not sheets:
        raise SourceError("The page holds no table.", "Export the table as CSV or XLSX.", file=file)
    return sorted(sheets, key=lambda sheet: -len(sheet.rows))


def _placed(rows: list[list[Any]], merged: list[tuple[int, int, int, int]]) -> list[list[Any]]:
    """Cells that reach down push those of the rows below to the right."""
    for top, left, bottom, right in merged:
        for row in rows[top + 1 : bottom + 1]:
            while len(row) < left:
                row.append("")
            row[left:left] = [""] * (right - left + 1)
    return rows


def read_xml_workbook(content: bytes, file: str) -> list[Sheet]:
    """Sheets of an XML spreadsheet of 2003, as 1C and older programs write it."""
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise SourceError(f"The workbook is damaged: {error}.", "Save it as XLSX.", file=file) from None
    sheets = []
    for sheet in root.iter(f"{_SPREADSHEET}Worksheet"):
        rows: list[list[Any]] = []
        for row in sheet.iter(f"{_SPREADSHEET}Row"):
            index = row.get(f"{_SPREADSHEET}Index", "")
            while index.isdigit() and len(rows) < min(int(index) - 1, 1_048_576):
                rows.append([])
            rows.append(_xml_row(row))
        width = max(map(len, rows), default=0)
        sheets.append(Sheet(sheet.get(f"{_SPREADSHEET}Name", ""), [row + [""] * (width - len(row)) for row in rows]))
    if not sheets:
        raise SourceError("The workbook is empty.", "Export it again.", file=file)
    return sheets


def _xml_row(row: ElementTree.Element) -> list[Any]:
    cells: list[Any] = []
    for cell in row.iter(f"{_SPREADSHEET}Cell"):
        index = cell.get(f"{_SPREADSHEET}Index", "")
        while index.isdigit() and len(cells) < min(int(index) - 1, _MOST_COLUMNS):
            cells.append("")
        data = cell.find(f"{_SPREADSHEET}Data")
        text = "".join(data.itertext()) if data is not None else ""
        kind = data.get(f"{_SPREADSHEET}Type") if data is not None else ""
        if kind == "Number" and text:
            try:
                cells.append(float(text))
                continue
            except ValueError:
                pass
        cells.append(text.removesuffix("T00:00:00.000") if kind == "DateTime" else text)
    return cells
