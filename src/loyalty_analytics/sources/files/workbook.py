"""Workbooks as rows of cells: sheets, merged and hidden cells, formulas that were never calculated."""

from __future__ import annotations

import json
import posixpath
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ...errors import SourceError
from ..shape import headers

__all__ = ["Sheet", "choose", "read_xls", "read_xlsx"]

_LARGEST = 700 << 20  # bytes of XML
_MOST_CELLS = 60_000_000
_XLS_SECONDS = 120
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(eq=False)
class Sheet:
    """One sheet: cells by row, and what its XML says beside the values."""

    name: str
    rows: list[list[Any]]
    visible: bool = True
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    uncalculated: set[tuple[int, int]] = field(default_factory=set)
    faulty: dict[tuple[int, int], str] = field(default_factory=dict)
    percent: set[tuple[int, int]] = field(default_factory=set)

    def width(self) -> int:
        """Largest number of filled cells in a row."""
        return max((sum(not headers.is_blank(cell) for cell in row) for row in self.rows[:200]), default=0)

    def height(self) -> int:
        """Number of rows that hold something."""
        return sum(any(not headers.is_blank(cell) for cell in row) for row in self.rows)


def read_xlsx(path: Path, file: str) -> list[Sheet]:
    """All sheets of an XLSX file.

    Raises
    ------
    SourceError
        Where the file is damaged, locked with a password or too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = _sheet_parts(archive, file)
            percent_styles = _percent_styles(archive)
            looks = {name: _look(archive, part, percent_styles, file) for name, part in parts.items()}
            calculated = any(name.endswith("calcChain.xml") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise SourceError(f"The workbook is damaged: {error}.", "Save it again in Excel.", file=file) from None
    except (ElementTree.ParseError, LookupError, zlib.error) as error:
        raise SourceError(f"The workbook is damaged: {error}.", "Save it again in Excel.", file=file) from None
    sheets = _calamine(path, file)
    never = not calculated and _all_zero(looks, sheets)
    for sheet in sheets:
        look = looks.get(sheet.name)
        if look is not None:
            sheet.hidden, sheet.faulty, sheet.percent = look.hidden, look.faulty, look.percent
            sheet.uncalculated = look.uncalculated | (look.formulas if never else set())
    return sheets


def _calamine(path: Path, file: str) -> list[Sheet]:
    import python_calamine

    sheets = []
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        for place, about in enumerate(book.sheets_metadata):
            if not str(about.typ).endswith("WorkSheet"):
                continue
            sheet = book.get_sheet_by_index(place)
            rows = sheet.to_python(skip_empty_area=False)
            merged = [(*start, *end) for start, end in (sheet.merged_cell_ranges or [])]
            sheets.append(Sheet(about.name, rows, str(about.visible).endswith("Visible"), merged))
    except BaseException as error:  # the reader's own panics are no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise SourceError(
            f"The workbook cannot be read: {str(error)[:200]}.",
            "Save it again in Excel, without a password.",
            file=file,
        ) from None
    return sheets


@dataclass(eq=False)
class _Look:
    hidden: set[int] = field(default_factory=set)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    uncalculated: set[tuple[int, int]] = field(default_factory=set)
    faulty: dict[tuple[int, int], str] = field(default_factory=dict)
    percent: set[tuple[int, int]] = field(default_factory=set)


def _sheet_parts(archive: zipfile.ZipFile, file: str) -> dict[str, str]:
    for entry in archive.infolist():
        if entry.file_size > _LARGEST:
            raise SourceError("The workbook is too large.", "Export it as CSV or Parquet.", file=file)
        if entry.flag_bits & 1:
            raise SourceError("The workbook is locked with a password.", "Save it without one.", file=file)
        if entry.filename.endswith((".xml", ".rels")):
            with archive.open(entry) as stream:
                if b"<!DOCTYPE" in stream.read(1024):  # no spreadsheet program writes one; entities in it can do harm
                    raise SourceError("The workbook declares entities.", "Save it again in Excel.", file=file)
    names = set(archive.namelist())
    if "xl/workbook.xml" not in names:
        return {}
    targets = {}
    if "xl/_rels/workbook.xml.rels" in names:
        for relation in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")):
            target = relation.get("Target", "")
            place = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
            targets[relation.get("Id", "")] = posixpath.normpath(place)
    parts = {}
    for sheet in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):
        part = targets.get(sheet.get(_RELATION, ""), "")
        if part in names:
            parts[sheet.get("name", "")] = part
    return parts


def _percent_styles(archive: zipfile.ZipFile) -> set[bytes]:
    if "xl/styles.xml" not in archive.namelist():
        return set()
    root = ElementTree.fromstring(archive.read("xl/styles.xml"))
    formats = {"9", "10"} | {
        one.get("numFmtId", "") for one in root.iter(f"{_MAIN}numFmt") if "%" in one.get("formatCode", "")
    }
    styles = root.find(f"{_MAIN}cellXfs")
    if styles is None:
        return set()
    return {str(place).encode() for place, one in enumerate(styles) if one.get("numFmtId") in formats}


_ROW = re.compile(rb"<row\b([^>]*)>")
_ROW_NUMBER = re.compile(rb'\br="(\d{1,9})"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_REFERENCE = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,9})"')
_STYLED = re.compile(rb'<c\b(?=[^>]*?\br="([A-Z]{1,3})(\d{1,9})")(?=[^>]*?\bs="(\d+)")')
_CELL = re.compile(rb'<c\b(?=[^>]*?\br="([A-Z]{1,3})(\d{1,9})")([^>]*?)(?:/>|>(.*?)</c>)', re.DOTALL)
_VALUE = re.compile(rb"<v>([^<]*)</v>")


def _look(archive: zipfile.ZipFile, part: str, percent_styles: set[bytes], file: str) -> _Look:
    """What the XML of a sheet says and the reader of values does not."""
    look = _Look()
    content = archive.read(part)
    row_count, columns = 0, set()
    for column, row in _REFERENCE.findall(content):
        columns.add(column)
        row_count = max(row_count, int(row))
    width = max((_column(name) + 1 for name in columns), default=0)
    if row_count > 1_048_576 or width > 16_384 or row_count * width > _MOST_CELLS:
        raise SourceError(
            f"A sheet claims {row_count:,} rows × {width:,} columns.", "Delete what lies outside the table.", file=file
        )
    if b"hidden=" in content:
        for match in _ROW.finditer(content):
            if _HIDDEN.search(match[1]) and (number := _ROW_NUMBER.search(match[1])):
                look.hidden.add(int(number[1]) - 1)
    if b"<f" in content or b't="e"' in content:
        _formulas(content, look)
    if percent_styles:
        for column, row, style in _STYLED.findall(content):
            if style in percent_styles:
                look.percent.add((int(row) - 1, _column(column)))
    return look


def _formulas(content: bytes, look: _Look) -> None:
    for match in _CELL.finditer(content):
        column, row, about, inner = match.groups()
        place = (int(row) - 1, _column(column))
        value = _VALUE.search(inner or b"")
        if b't="e"' in about:
            look.faulty[place] = value[1].decode(errors="replace") if value else "#?"
        elif b"<f" in (inner or b""):
            look.formulas.add(place)
            if value is None and b't="str"' not in about:
                look.uncalculated.add(place)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _all_zero(looks: dict[str, _Look], sheets: Sequence[Sheet]) -> bool:
    """Whether all formulas hold a zero: programs that do not calculate write one in place of a result."""
    values = [
        sheet.rows[row][column]
        for sheet in sheets
        for row, column in looks.get(sheet.name, _Look()).formulas
        if row < len(sheet.rows) and column < len(sheet.rows[row])
    ]
    return bool(values) and all(value == 0 and not isinstance(value, bool) for value in values)


def read_xls(path: Path, file: str) -> list[Sheet]:
    """All sheets of an old XLS file, read by a process of its own.

    The old format is read by a library that ends the whole process on some damaged files.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", f"{__package__}.old_workbook", str(path)],
            capture_output=True, timeout=_XLS_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise SourceError("The workbook cannot be read in time.", "Save it as XLSX.", file=file) from None
    if done.returncode != 0:
        raise SourceError("The workbook is damaged or locked.", "Open it in Excel and save it as XLSX.", file=file)
    content = json.loads(done.stdout)
    if "error" in content:
        raise SourceError(f"The workbook cannot be read: {content['error']}.", "Save it as XLSX.", file=file)
    from .old_workbook import unpacked

    return [
        Sheet(one["name"], [[unpacked(cell) for cell in row] for row in one["rows"]], one["visible"],
              [tuple(cells) for cells in one["merged"]])
        for one in content["sheets"]
    ]  # fmt: skip


def choose(sheets: Sequence[Sheet], wanted: str | int | None, file: str) -> tuple[Sheet, list[Sheet]]:
    """The sheet to read and those left out.

    Without a wish: the first visible sheet that holds a table (two rows or more; three columns or more where any
    sheet has them).
    """
    if wanted is not None:
        names = [sheet.name for sheet in sheets]
        if isinstance(wanted, int) and 0 <= wanted < len(sheets):
            return sheets[wanted], [sheet for place, sheet in enumerate(sheets) if place != wanted]
        if wanted in names:
            place = names.index(str(wanted))
            return sheets[place], [sheet for number, sheet in enumerate(sheets) if number != place]
        raise SourceError(f"There is no sheet {wanted!r}.", f"Sheets: {', '.join(names)}.", file=file)
    filled = [sheet for sheet in sheets if sheet.rows and sheet.height()]
    tables = [sheet for sheet in filled if sheet.visible and sheet.height() > 1 and sheet.width() > 1]
    wide = [sheet for sheet in tables if sheet.width() > 2]
    order = wide or tables or [sheet for sheet in filled if sheet.visible] or filled
    if not order:
        raise SourceError("The workbook is empty.", "Export it again.", file=file)
    return order[0], [sheet for sheet in filled if sheet is not order[0]]
