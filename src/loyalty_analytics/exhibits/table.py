"""A table as readers see it: few rows, aligned numbers, units in the head, small bars where they help."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from .. import words

__all__ = ["Column", "Table"]

ROWS = 15
_BAR = 64  # pixels of the longest bar


@dataclass(frozen=True, kw_only=True)
class Column:
    """How one column of a table is shown.

    Parameters
    ----------
    key : str
        Column of the frame.
    label : str
        Head of the column with its unit.
    kind : {'text', 'number', 'percent', 'money', 'month', 'day'}
        'money' shows currency units divided by ``unit``; 'percent' shows a share.
    digits : int
    unit : {'', 'k', 'm', 'bn'}
        Scale of money; the label names it.
    sign : bool
        Show «+» before gains.
    bar : bool
        A bar from zero behind the number.
    low, high : str
        Columns of an interval shown behind the number.
    """

    key: str
    label: str
    kind: str = "text"
    digits: int = 0
    unit: str = ""
    sign: bool = False
    bar: bool = False
    low: str = ""
    high: str = ""

    def text(self, value: Any, language: str) -> str:
        """A value as the reader sees it."""
        if pd.api.types.is_scalar(value) and pd.isna(value):
            return "–"
        if self.kind == "number":
            return words.number(value, language, self.digits, self.sign)
        if self.kind == "percent":
            return words.percent(value, language, self.digits, self.sign)
        if self.kind == "money":
            scale = {"": 1, "k": 1e3, "m": 1e6, "bn": 1e9}[self.unit]
            return words.number(value / scale, language, self.digits, self.sign)
        if self.kind == "month":
            return words.month(value, language)
        if self.kind == "day":
            return words.day(value, language)
        return str(value)

    def cell(self, row: Mapping[Any, Any], language: str) -> str:
        """Text of a row's cell with its interval."""
        text = self.text(row[self.key], language)
        if self.low and pd.notna(row[self.low]) and text != "–":
            low, high = (self.text(row[key], language) for key in (self.low, self.high))
            if not low == text == high:
                text = f"{text} [{low}; {high}]"
        return text


@dataclass(frozen=True, eq=False, kw_only=True)
class Table:
    """Rows for the page (the first 15) and for tables.xlsx (all)."""

    frame: pd.DataFrame
    columns: Sequence[Column]
    rows: int = ROWS

    def html(self, caption: str, language: str) -> str:
        """The table with a caption; a wide one scrolls inside its own box."""
        shown = self.frame.head(self.rows)
        longest = {column.key: float(self.frame[column.key].abs().max() or 0) for column in self.columns if column.bar}
        head = "".join(f'<th scope="col"{_numeric(column)}>{html.escape(column.label)}</th>' for column in self.columns)
        body = []
        for row in shown.to_dict("records"):
            cells = []
            for place, column in enumerate(self.columns):
                text = html.escape(column.cell(row, language))
                if column.bar and longest[column.key] and pd.notna(row[column.key]):
                    text = _bar(row[column.key] / longest[column.key]) + text
                tag = 'th scope="row"' if place == 0 else "td"
                cells.append(f"<{tag}{_numeric(column)}>{text}</{tag[:2]}>")
            body.append(f"<tr>{''.join(cells)}</tr>")
        left = len(self.frame) - len(shown)
        more = f'<p class="note">{html.escape(_more(left, language))}</p>' if left > 0 else ""
        return (
            f'<div class="scroll" tabindex="0" role="region" aria-label="{html.escape(caption)}"><table><caption>'
            f"{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
            f"</div>{more}"
        )

    def json(self, name: str, title: str) -> str:
        """All rows as JSON for tables.xlsx: ISO dates, empty cells as null."""
        keys = list(
            dict.fromkeys(key for column in self.columns for key in (column.key, column.low, column.high) if key)
        )
        labels = {column.key: column.label for column in self.columns}
        plain = self.frame[keys].copy()
        for key in keys:
            if isinstance(plain[key].dtype, pd.PeriodDtype):
                plain[key] = plain[key].astype(str)
        rows = json.loads(plain.to_json(orient="values", date_format="iso", date_unit="s", force_ascii=False))
        columns = [{"key": key, "label": labels.get(key, key)} for key in keys]
        return json.dumps({"name": name, "title": title, "columns": columns, "rows": rows}, ensure_ascii=False)


def _numeric(column: Column) -> str:
    return ' class="n"' if column.kind in ("number", "percent", "money") else ""


def _bar(share: float) -> str:
    width = round(abs(share) * _BAR, 1)
    kind = "bar less" if share < 0 else "bar"
    return (
        f'<svg class="{kind}" width="{_BAR}" height="8" aria-hidden="true" focusable="false">'
        f'<rect width="{width}" height="8"></rect></svg>'
    )


def _more(left: int, language: str) -> str:
    return words.say("common.more_rows", language, n=words.count(left, "row", language))
