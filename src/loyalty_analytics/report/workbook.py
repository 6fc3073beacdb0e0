"""tables.xlsx: every table of the month as a sheet, the same bytes every time, no formula anywhere."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["workbook"]

# Excel knows no day before 1900; such a one stays text.
_DAY = re.compile(r"(19\d\d|[2-9]\d{3})-(\d\d)-(\d\d)(?:T00:00:00(?:\.0+)?Z?)?\Z")
_BAD = re.compile(r"[\[\]:*?/\\']")
# What Excel refuses in a cell.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST = 32_767
_ROWS = 1_048_575


def workbook(tables: Sequence[tuple[str, Mapping[str, Any]]], created: dt.datetime, contents: str) -> bytes:
    """The bytes of a workbook.

    Parameters
    ----------
    tables : list of (report, table)
        A table has name, title, columns [{key, label, kind, digits}] and rows; a column may be a bare label.
    created : datetime
        The date in the document's properties.
    contents : str
        Name of the first sheet, which lists the others.
    """
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
               "nan_inf_to_errors": True}  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": created, "title": "tables"})
        styles = {
            "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "title": book.add_format({"bold": True}),
        }
        styles |= {form: book.add_format({"num_format": form}) for form in _forms(tables)}
        names = _names([contents, *(f"{report[:2]}_{table['name']}" for report, table in tables)])
        first = book.add_worksheet(names[0])
        first.set_column(0, 0, 28)
        first.set_column(1, 1, 100)
        for row, (name, (_, table)) in enumerate(zip(names[1:], tables, strict=True)):
            first.write_url(row, 0, f"internal:'{name}'!A1", string=name)
            first.write_string(row, 1, _safe(table["title"]))
            _sheet(book.add_worksheet(name), table, styles)
    return out.getvalue()


def _form(column: Any) -> str:
    """How Excel writes the numbers of a column: «12 %», «1 234,5» by the reader's own settings."""
    if not isinstance(column, Mapping) or column.get("kind") not in ("percent", "money", "number"):
        return ""
    digits = int(column.get("digits", 0))
    if column["kind"] == "percent":
        return f"0.{'0' * digits}%" if digits else "0%"
    return f"#,##0.{'0' * digits}" if digits else "#,##0"


def _forms(tables: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    return sorted({form for _, table in tables for column in table["columns"] if (form := _form(column))})


def _sheet(sheet: Any, table: Mapping[str, Any], styles: Mapping[str, Any]) -> None:
    sheet.write_string(0, 0, _safe(table["title"]), styles["title"])
    columns = table["columns"]
    for place, column in enumerate(columns):
        label = column.get("label", column.get("key", "")) if isinstance(column, Mapping) else column
        sheet.write_string(2, place, _safe(label), styles["head"])
    widths = [12] * len(columns)
    forms = [styles.get(_form(column)) for column in columns]
    for line, row in enumerate(table["rows"][: _ROWS - 3], 3):
        for place, value in enumerate(row):
            if value is None:
                continue
            if isinstance(value, bool):
                sheet.write_boolean(line, place, value)
            elif isinstance(value, int | float):
                sheet.write_number(line, place, value, forms[place])
            elif day := _DAY.match(str(value)):
                sheet.write_datetime(line, place, dt.datetime(*map(int, day.groups())), styles["day"])  # type: ignore[arg-type]
            else:
                text = _safe(value)
                widths[place] = max(widths[place], min(len(text), 60))
                sheet.write_string(line, place, text)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    sheet.freeze_panes(3, 1)


def _safe(value: Any) -> str:
    return _CONTROL.sub("", str(value))[:_LONGEST]


def _names(wanted: Sequence[str]) -> list[str]:
    """Names that Excel takes: 31 characters, none twice.

    >>> _names(["a:b", "A_B", "x" * 40])
    ['a_b', 'A_B~2', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx']
    """
    taken: dict[str, int] = {}
    names = []
    for name in wanted:
        name = _BAD.sub("_", name)[:31] or "_"
        taken[name.casefold()] = number = taken.get(name.casefold(), 0) + 1
        names.append(name if number == 1 else f"{name[: 30 - len(str(number))]}~{number}")
    return names
