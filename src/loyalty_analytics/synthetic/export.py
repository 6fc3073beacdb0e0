"""Canonical tables turned into the files that a Russian CRM would export.

The map of columns and values is the one of params/<client>.yaml read backwards, so that the files
and the params can never disagree.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

__all__ = ["raw_table", "write_csv", "write_xlsx"]


def raw_table(table: pd.DataFrame, source: dict[str, Any], extra: dict[str, pd.Series] | None = None) -> pd.DataFrame:
    """Rename and translate a canonical table as the source says; ``extra`` columns come after."""
    columns, values = source["columns"], source.get("values", {})
    raw: dict[str, Any] = {}
    for name, header in columns.items():
        column = table[name] if name in table else pd.Series(None, index=table.index, dtype=object)
        if name in values:
            back = {canonical: word for word, canonical in values[name].items()}
            column = column.map(back, na_action="ignore")
        raw[header] = column
    return pd.DataFrame({**raw, **(extra or {})}, index=table.index)


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value


def _cell(value: Any, decimal: str, stamp: bool) -> str:
    if _missing(value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "да" if value else "нет"
    if isinstance(value, (pd.Timestamp, dt.datetime)):
        return f"{value:%d.%m.%Y %H:%M}" if stamp else f"{value:%d.%m.%Y}"
    if isinstance(value, float):
        text = f"{value:.2f}" if value != round(value) else f"{value:.0f}"
        return text.replace(".", decimal)
    return str(value)


def write_csv(
    raw: pd.DataFrame,
    path: Path,
    *,
    encoding: str = "cp1251",
    separator: str = ";",
    decimal: str = ",",
    money: tuple[str, ...] = (),
    stamps: tuple[str, ...] = (),
    below: list[list[str]] | None = None,
) -> None:
    """Write one export; columns in ``money`` have kopecks and spaces between thousands, ``below`` are further lines."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow(raw.columns)
    texts = {
        name: [_money(v, decimal) if name in money else _cell(v, decimal, name in stamps) for v in raw[name].tolist()]
        for name in raw.columns
    }
    writer.writerows(zip(*texts.values()))
    writer.writerows(below or [])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out.getvalue().encode(encoding))


def _money(value: Any, decimal: str) -> str:
    if isinstance(value, str):
        return value
    if _missing(value):
        return ""
    return f"{value:,.2f}".replace(",", " ").replace(".", decimal)


def write_xlsx(sheets: dict[str, pd.DataFrame], path: Path, *, preamble: tuple[str, ...] = ()) -> None:
    """Write a workbook; ``preamble`` lines and an empty one stand above each header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": dt.datetime(2026, 11, 1), "author": "CRM"})
        day, bold = book.add_format({"num_format": "dd.mm.yyyy"}), book.add_format({"bold": True})
        for name, raw in sheets.items():
            sheet = book.add_worksheet(name)
            for row, line in enumerate(preamble):
                sheet.write_string(row, 0, line)
            top = len(preamble) + bool(preamble)
            for column, header in enumerate(raw.columns):
                sheet.write_string(top, column, header, bold)
                sheet.set_column(column, column, min(40, max(10, len(header) + 2)))
                for row, value in enumerate(raw[header].tolist(), start=top + 1):
                    _write(sheet, row, column, value, day)


def _write(sheet: Any, row: int, column: int, value: Any, day: Any) -> None:
    if _missing(value):
        return
    if isinstance(value, (bool, np.bool_)):
        sheet.write_string(row, column, "да" if value else "нет")
    elif isinstance(value, pd.Timestamp):
        sheet.write_datetime(row, column, value.to_pydatetime(), day)
    elif isinstance(value, (int, float)):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, str(value))
