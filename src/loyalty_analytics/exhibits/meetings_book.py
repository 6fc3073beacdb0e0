"""A workbook of working papers: texts stay texts, the same bytes twice, the line on personal data first."""

from __future__ import annotations

import io
import re
from typing import Any

import pandas as pd

from .meetings_form import fit_height, printed, say

__all__ = ["Book", "columns_of"]

_BAD = re.compile(r"[\[\]:*?/\\']")


class Book:
    """A workbook without live formulas or links, with a fixed date."""

    def __init__(self, day: pd.Timestamp) -> None:
        import xlsxwriter

        self.buffer = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                   "strings_to_numbers": False}  # fmt: skip
        self.book = xlsxwriter.Workbook(self.buffer, options)
        self.book.set_properties({"created": day.to_pydatetime(), "author": "", "company": ""})
        base = {"font_name": "Arial", "font_size": 10, "valign": "top"}
        wrap = {**base, "text_wrap": True}
        light = {"bg_color": "#eef4fb", "border": 1, "border_color": "#d9e2ec"}
        looks: dict[str, dict[str, Any]] = {
            "title": {**base, "bold": True, "font_size": 14}, "warning": {**base, "font_color": "#c0392b"},
            "head": {**wrap, "bold": True, "bottom": 1},
            # A number keeps away from the text that follows it.
            "head_number": {**wrap, "bold": True, "bottom": 1, "align": "right", "indent": 1},
            "part": {**base, "bold": True, "font_size": 11},
            "text": wrap, "given": {**wrap, "font_color": "#52606d", "align": "left"},
            "input": {**wrap, **light, "align": "left"},
            "input_day": {**base, **light, "num_format": "dd.mm.yyyy", "align": "left"},
            "day": {**base, "num_format": "dd.mm.yyyy", "align": "left"},
            "moment": {**base, "num_format": "dd.mm.yyyy hh:mm", "align": "left"},
            "number": {**base, "num_format": "#,##0", "align": "right", "indent": 1},
            "percent": {**base, "num_format": "0%", "align": "right", "indent": 1},
        }  # fmt: skip
        self.formats = {name: self.book.add_format(look) for name, look in looks.items()}
        self.taken: set[str] = set()

    def sheet(self, name: str) -> Any:
        """A sheet under a name that Excel takes and that is not taken."""
        clean = _BAD.sub(" ", name).strip()[:31] or "1"
        at, chosen = 2, clean
        while chosen.casefold() in self.taken:
            chosen = f"{clean[:27]} {at}"
            at += 1
        self.taken.add(chosen.casefold())
        return self.book.add_worksheet(chosen)

    def bytes(self) -> bytes:
        """The finished workbook; nothing can be added after it."""
        self.book.close()
        return self.buffer.getvalue()

    def block(self, sheet: Any, at: int, rows: pd.DataFrame, columns: list[tuple[str, str, str, int]]) -> int:
        """Write rows with their heads; the next free row.

        Parameters
        ----------
        columns : key, head, format {text, day, moment, number, percent}, width
        """
        for place, (_, head, kind, _) in enumerate(columns):
            look = "head_number" if kind in ("number", "percent") else "head"
            sheet.write_string(at, place, head, self.formats[look])
        fit_height(sheet, at, [(head, width) for _, head, _, width in columns])
        for row in rows.to_dict("records"):
            at += 1
            for place, (key, _, kind, _) in enumerate(columns):
                self.cell(sheet, at, place, row[key], kind)
            fit_height(sheet, at, [(row[key], width) for key, _, kind, width in columns if kind == "text"])
        return at + 1

    def cell(self, sheet: Any, at: int, place: int, value: Any, kind: str) -> None:
        """Write one value in the form of its kind; nothing for a missing one."""
        if pd.isna(value) or value == "":
            return
        look = self.formats[kind]
        if kind in ("day", "moment"):
            sheet.write_datetime(at, place, pd.Timestamp(value).to_pydatetime(), look)
        elif kind in ("number", "percent"):
            sheet.write_number(at, place, float(value), look)
        else:
            sheet.write_string(at, place, str(value), look)

    def page(self, sheet: Any, title: str, language: str, columns: list[tuple[str, str, str, int]]) -> int:
        """Title, the line on personal data and widths; the first free row."""
        sheet.write_string(0, 0, say("personal", language), self.formats["warning"])
        sheet.write_string(1, 0, title, self.formats["title"])
        for place, (_, _, _, width) in enumerate(columns):
            sheet.set_column(place, place, width)
        printed(sheet)
        return 3


def columns_of(language: str, *wanted: tuple[str, str, str, int], **values: str) -> list[tuple[str, str, str, int]]:
    """Columns of a block with their heads in the reader's language."""
    return [(key, say(f"col_{head}", language, **values), kind, width) for key, head, kind, width in wanted]
