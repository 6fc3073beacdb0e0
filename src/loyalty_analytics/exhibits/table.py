"""A table as readers see it: few rows, aligned numbers, units in the head, small bars where they help."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from .. import words

__all__ = ["Column", "Table", "total_rows"]

ROWS = 15
_SCALES = {"": 1, "k": 1e3, "m": 1e6, "bn": 1e9}
_BAR = 64  # pixels of the longest bar
_PHONE, _LETTER, _GAP = 358, 7.8, 16  # pixels of a phone's column, of a letter, between columns
_SHORT = 14  # letters of a text that is never broken: «оценка 9–10»
# On a phone a table below its picture waits for a touch, and of a long one five rows are shown.
_FOLDED, _LONG, _FIRST = 5, 8, 5


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
    only : {'', 'sheet', 'page'}
        A column for which the page has no room stands only in tables.xlsx; what gathers such columns only on the page.
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
    only: str = ""

    def text(self, value: Any, language: str) -> str:
        """A value as the reader sees it."""
        if pd.api.types.is_scalar(value) and pd.isna(value):
            return "–"
        if self.kind == "number":
            text = words.number(value, language, self.digits, self.sign)
            tiny = self.digits > 2 and 0 < value < 0.5 * 10.0**-self.digits  # 0,0000 would say never
            return f"<\u00a0{words.number(10.0**-self.digits, language, self.digits)}" if tiny else text
        if self.kind == "percent":
            return words.percent(value, language, self.digits, self.sign)
        if self.kind == "money":
            return words.number(value / _SCALES[self.unit], language, self.digits, self.sign)
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
    """Rows for the page (the first 15) and for tables.xlsx (all).

    ``totals`` are rows that stand below all others, also where not all are shown: a label under the key of the first
    column and the sums that the sentence above the table speaks of; a text stands as it is.
    """

    frame: pd.DataFrame
    columns: Sequence[Column]
    rows: int = ROWS
    totals: Sequence[Mapping[str, Any]] = ()
    more: str = "common.more_rows"  # words that say where the rows left out stand

    def html(self, caption: str, language: str, pictured: bool = False) -> str:
        """The table with a caption; one too wide for a phone stands there row by row, else scrolls in its own box.

        ``pictured``: a figure above shows the same, so that a phone folds the table away until it is asked for.
        """
        shown = self.frame.head(self.rows)
        longest = {column.key: float(self.frame[column.key].abs().max() or 0) for column in self.columns if column.bar}
        columns = self._shown()
        head = "".join(self._head(column) for column in columns)
        lines = [self._row(row, columns, longest, language) for row in shown.to_dict("records")]
        below = [self._row(row, columns, {}, language, total=True) for row in self._totals()]
        stack = sum(_width(column, cells) for column, cells in zip(columns, zip(*lines))) > _PHONE if lines else False
        whole = words.say("common.sum_all", language)
        body, foot = ("".join(_line(row, stack, whole) for row in rows) for rows in (lines, below))
        foot = f"<tfoot>{foot}</tfoot>" if foot else ""
        table = '<table class="stack">' if stack else "<table>"
        left = len(self.frame) - len(shown)
        text = words.say(self.more, language, n=words.count(left, "row", language))
        more = f'<p class="note more">{html.escape(text)}</p>' if left > 0 else ""
        above, after = self._folds(len(lines), len(below), stack, pictured, language)
        return (
            f'{above}<div class="scroll" tabindex="0" role="region" aria-label="{html.escape(caption)}">'
            f"{table}<caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}"
            f"</table></div>{after}{more}"
        )

    def _folds(self, rows: int, totals: int, stack: bool, pictured: bool, language: str) -> tuple[str, str]:
        """What unfolds, on a phone alone, the whole table or its further rows: a box before it or one behind it."""
        if pictured and rows > 1 and (stack or rows + totals >= _FOLDED):
            return _fold("all", words.say("common.fold_table", language, n=words.count(rows, "row", language))), ""
        if not pictured and rows >= _LONG:
            left = words.count(rows - _FIRST, "row", language)
            return "", _fold("rest", words.say("common.fold_rows", language, n=left))
        return "", ""

    def _totals(self) -> list[dict[str, Any]]:
        """Total rows with a blank, not a dash, where nothing is summed."""
        bounds = {key: None for column in self.columns for key in (column.low, column.high) if key}
        return [{**bounds, **{column.key: "" for column in self.columns}, **row} for row in self.totals]

    def _shown(self) -> list[Column]:
        """Columns of the page: those that hold anything."""
        first, *others = self.columns
        filled = {key for row in self.totals for key in row} | {
            column.key for column in others if not len(self.frame) or _holds(self.frame[column.key])
        }
        return [first, *(column for column in others if column.key in filled and column.only != "sheet")]

    def _beside(self, column: Column) -> bool:
        """Whether an interval has a cell of its own, so that the numbers before it stand under one another."""
        return bool(column.low and _numeric(column))

    def _head(self, column: Column) -> str:
        span = ' colspan="2"' if self._beside(column) else ""
        return f'<th scope="col"{span}{_numeric(column)}>{html.escape(column.label)}</th>'

    def _row(
        self, row: Mapping[Any, Any], columns: Sequence[Column], longest: Mapping[str, float], language: str,
        total: bool = False,
    ) -> list[_Cell]:  # fmt: skip
        cells = []
        for place, column in enumerate(columns):
            ready = isinstance(row[column.key], str) and (column.kind != "text" or not row[column.key])
            text = row[column.key] if ready else column.cell(row, language)
            bounds, bar = "", ""
            if self._beside(column):
                text, _, bounds = text.partition(" [")
            if longest.get(column.key) and pd.notna(row[column.key]):
                bar = _bar(row[column.key] / longest[column.key])
            named = place > 0 and not (total and isinstance(row[column.key], str))
            cells.append(_Cell(text, column, place == 0, bar, bounds, self._beside(column), named))
        return cells

    def json(self, name: str, title: str, language: str) -> str:
        """All rows as JSON for tables.xlsx: numbers in the unit of their head, ISO dates, empty cells as null."""
        fields: dict[str, tuple[Column, str]] = {}  # key -> its column and head
        for column in self.columns:
            if column.only == "page":
                continue
            fields.setdefault(column.key, (column, column.label))
            for key, side in ((column.low, "from"), (column.high, "to")):
                if key:
                    head = words.say(f"common.{side}", language)
                    fields.setdefault(key, (column, f"{column.label}, {head}"))
        plain = self.frame[list(fields)].copy()
        for key, (column, _) in fields.items():
            if isinstance(plain[key].dtype, pd.PeriodDtype):
                plain[key] = plain[key].astype(str)
            elif column.kind == "money":
                plain[key] = plain[key] / _SCALES[column.unit]
            elif column.kind == "day":  # a moment would stay a text in Excel
                plain[key] = pd.to_datetime(plain[key]).dt.normalize()
        rows = json.loads(plain.to_json(orient="values", date_format="iso", date_unit="s", force_ascii=False))
        rows += [[_plain(row[key], column, language) for key, (column, _) in fields.items()] for row in self._totals()]
        columns = [
            {"key": key, "label": label, "kind": column.kind, "digits": column.digits}
            for key, (column, label) in fields.items()
        ]
        return json.dumps({"name": name, "title": title, "columns": columns, "rows": rows}, ensure_ascii=False)


def total_rows(first: str, language: str, rows: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows for the end of a table: the word of each key in the column ``first``, its cells beside it.

    >>> total_rows("name", "en", {"common.sum_all": {"clients": 3}})
    [{'name': 'Total', 'clients': 3}]
    """
    return [{first: words.say(key, language), **cells} for key, cells in rows.items()]


@dataclass(frozen=True)
class _Cell:
    """A cell as it will be written, not yet escaped."""

    text: str
    column: Column
    head: bool
    bar: str
    bounds: str
    beside: bool
    named: bool  # on a phone by the head of its column


def _fold(kind: str, text: str) -> str:
    """A box to tick that only the style sheet of a page shows, and only on a phone: no script is needed."""
    return f'<label class="fold {kind}" hidden><input type="checkbox"><span>{html.escape(text)}</span></label>'


def _holds(values: pd.Series) -> bool:
    """Whether a column says anything."""
    return bool((values.notna() & ~values.astype("object").isin(["", "–"])).any())


def _line(row: Sequence[_Cell], stack: bool, whole: str) -> str:
    """A row; where a phone shows its cells below one another each names its column; the sum of all stands out."""
    parts = []
    for cell in row:
        numeric = bool(_numeric(cell.column))
        short = not numeric and not cell.head and len(cell.text) <= _SHORT
        kind = "n e" if cell.beside else "n" if numeric else "s" if short and cell.text else ""
        kind += " z" if stack and cell.text == "–" else ""  # a phone has no room for what is not known
        marks = f' class="{kind.strip()}"' if kind else ""
        if stack and cell.named:
            marks += f' data-label="{html.escape(cell.column.label)}"'
        tag = 'th scope="row"' if cell.head and cell.text else "td"
        parts.append(f"<{tag}{marks}>{cell.bar}{html.escape(cell.text)}</{tag[:2]}>")
        if cell.beside:
            parts.append(f'<td class="i">{html.escape("[" + cell.bounds) if cell.bounds else ""}</td>')
    kind = ' class="sum"' if row[0].text == whole else ""
    return f"<tr{kind}>{''.join(parts)}</tr>"


def _width(column: Column, cells: Sequence[_Cell]) -> float:
    """Pixels that a column needs on a phone: numbers are not broken, heads and texts between words; no bars."""
    if _numeric(column):
        numbers = (len(cell.text) + len(cell.bounds) + 2 * cell.beside for cell in cells)
        return max(*map(len, column.label.split(" ")), *numbers) * _LETTER + _GAP
    texts = [column.label, *(cell.text for cell in cells)]
    whole = max(len(text) for text in texts) * _LETTER
    word = max(len(word) for text in texts for word in text.split(" ")) * _LETTER
    return max(min(whole, 130 if cells[0].head else 90), word) + _GAP


def _plain(value: Any, column: Column, language: str) -> Any:
    """A cell of a total row as JSON has it: a number where it is one, a blank and NaN as null."""
    if isinstance(value, str):
        bare = value.replace("\u00a0", "").replace("\u2212", "-").lstrip("+")
        bare = bare.replace(",", ".") if language == "ru" else bare.replace(",", "")
        return float(bare) if re.fullmatch(r"-?\d+(\.\d+)?", bare) else value or None
    value = value.item() if hasattr(value, "item") else value
    if value is None or value != value:
        return None
    return value / _SCALES[column.unit] if column.kind == "money" else value


def _numeric(column: Column) -> str:
    return ' class="n"' if column.kind in ("number", "percent", "money") else ""


def _bar(share: float) -> str:
    width = round(abs(share) * _BAR, 1)
    kind = "bar less" if share < 0 else "bar"
    return (
        f'<svg class="{kind}" width="{_BAR}" height="8" aria-hidden="true" focusable="false">'
        f'<rect width="{width}" height="8"></rect></svg>'
    )
