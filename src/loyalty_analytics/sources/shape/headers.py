"""Where the header of a table stands, and which cells are names of columns."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..values.dates import looks_like_date, parse_month
from ..values.numbers import is_missing, parse_numbers, unit_of
from ..values.roles import of_the_trade

__all__ = ["Header", "find_header", "is_blank", "is_label", "is_remark", "is_total", "month_end", "speaks"]

_TOTAL = re.compile(
    r"\s*(?:итого|всего|общий\s+итог|итог|подытог|промежуточный\s+итог|grand\s+total|sub-?\s?total|total|totals|sum|в\s+том\s+числе)\b",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"исполнител|ответственн|подпис|бухгалтер|директор|сформирован|выгружен|составлен|страниц|отч[её]т|дата\s+печати|"
    r"generated|printed|exported|page\s+\d|created\s+(?:on|by)|report|source:|источник|примечан|note",
    re.IGNORECASE,
)
_LOOKED_AT = 60


@dataclass(frozen=True)
class Header:
    """The header: names of the columns, index of its first and last row, rows above it."""

    names: list[str]
    first: int
    last: int
    above: list[list[Any]]


def is_total(cell: Any) -> bool:
    """Whether a cell begins as the label of a total.

    >>> is_total("Итого за январь"), is_total("Тоталь"), is_total("Total")
    (True, False, True)
    """
    return isinstance(cell, str) and _TOTAL.match(cell) is not None


def is_remark(cell: Any) -> bool:
    """Whether a cell is a remark of those who made the file: «Исполнитель: Иванов», «Generated on …».

    >>> is_remark("Отчёт сформирован 03.02.2024"), is_remark("ООО Ромашка")
    (True, False)
    """
    return isinstance(cell, str) and _FOOTER.search(cell) is not None


def is_blank(cell: Any) -> bool:
    """Whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def is_label(cell: Any) -> bool:
    """Whether a cell may be a column's name: words, no number, no date, no mark of a missing value.

    >>> is_label("Сумма"), is_label("12,5"), is_label("31.12.2024"), is_label("н/д"), is_label("янв 2024")
    (True, False, False, False, True)
    """
    if not isinstance(cell, str) or is_blank(cell) or is_missing(cell):
        return parse_month(cell) is not None
    return _says_label(cell)


@lru_cache(maxsize=4096)
def _says_label(cell: str) -> bool:
    if looks_like_date(cell):
        return False
    found = parse_numbers([cell.strip()], decimal=",")
    return bool(found.unknown) or parse_month(cell) is not None


def _typed(cell: Any) -> bool:
    return not is_blank(cell) and not is_label(cell) and not (isinstance(cell, str) and is_missing(cell))


def find_header(rows: Sequence[Sequence[Any]], merged: Sequence[tuple[int, int, int, int]] = ()) -> Header | None:
    """Find the header among the first rows of a file.

    Parameters
    ----------
    rows : cells of the first rows, preamble included
    merged : (first row, first column, last row, last column) of merged cells

    Returns
    -------
    Header, or None where no row can be one.
    """
    rows = rows[:_LOOKED_AT]
    filled = [sum(not is_blank(cell) for cell in row) for row in rows]
    width = _usual(filled)
    candidates = [
        place for place, row in enumerate(rows) if filled[place] >= max(1, 0.6 * width) and _row_may_head(row)
    ]
    body = _first_body_row(rows, width)
    before = [place for place in candidates if body is None or place < body]
    if not before:
        return None
    full = [place for place in before if filled[place] >= width] or before
    best = max(full, key=lambda place: (_spoken(rows[place]), -place))
    return _levels(rows, best, merged)


def _row_may_head(row: Sequence[Any]) -> bool:
    others = [cell for cell in row if not is_blank(cell) and not _may_head(cell)]
    return not others or (len(others) > 1 and all(month_end(cell) for cell in others))


def month_end(cell: Any) -> tuple[int, int] | None:
    """(year, month) of the last day of a month: accountants head the columns of months so.

    >>> month_end("31.01.2024"), month_end("2024-02-28"), month_end("30.01.2024")
    ((2024, 1), None, None)
    """
    if isinstance(cell, str):
        match = re.fullmatch(r"\s*(?:(\d\d)\.(\d\d)\.(\d{4})|(\d{4})-(\d\d)-(\d\d))(?:[ T]00:00:00)?\s*", cell)
        if match is None:
            return None
        day, month, year = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
        numbers = int(year), int(month), int(day)
    elif isinstance(cell, dt.date):
        numbers = cell.year, cell.month, cell.day
    else:
        return None
    if not (1 <= numbers[1] <= 12 and numbers[0] > 0) or numbers[2] != calendar.monthrange(*numbers[:2])[1]:
        return None
    return numbers[:2]


def _may_head(cell: Any) -> bool:
    return is_label(cell) or _is_year(cell)


def _is_year(cell: Any) -> bool:
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return 1990 <= cell <= 2100 and cell == int(cell)
    return isinstance(cell, str) and re.fullmatch(r"\s*(?:19|20)\d\d(?:\s*г(?:од|\.)?)?\s*", cell) is not None


def _usual(filled: Sequence[int]) -> int:
    counts = Counter(number for number in filled if number)
    return max(counts, key=lambda number: (counts[number] * number, number)) if counts else 0


def _spoken(row: Sequence[Any]) -> int:
    return sum(isinstance(cell, str) and of_the_trade(cell) for cell in row)


def _first_body_row(rows: Sequence[Sequence[Any]], width: int) -> int | None:
    """First row with figures or dates in half of the columns that mostly hold them."""
    columns = max((len(row) for row in rows), default=0)
    typed = []
    for place in range(columns):
        cells = [row[place] for row in rows if place < len(row) and not is_blank(row[place])]
        if len(cells) > 1 and sum(map(_typed, cells)) >= 0.5 * len(cells):
            typed.append(place)
    if not typed:
        return None
    for number, row in enumerate(rows):
        if is_total(next((cell for cell in row if not is_blank(cell)), None)):
            continue
        there = sum(place < len(row) and _typed(row[place]) for place in typed)
        if there >= max(1, 0.5 * len(typed)) and sum(not is_blank(c) for c in row) >= 0.5 * width:
            if _row_may_head(row):  # years or ends of months as names of columns
                continue
            return number
    return None


def speaks(cells: Sequence[Any], among_figures: bool = False) -> bool:
    """Whether cells are two or more names of columns, in words of the trade, and nothing else."""
    if len(cells) < 2 or not all(isinstance(cell, str) and is_label(cell) and len(cell) < 60 for cell in cells):
        return False
    return _spoken(cells) >= (1 if among_figures else max(2, 0.6 * len(cells)))


def _text(cell: Any) -> str:
    if is_blank(cell):
        return ""
    if isinstance(cell, dt.datetime | dt.date):
        return f"{cell:%Y-%m-%d}"
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    return " ".join(unicodedata.normalize("NFC", str(cell).replace("\ufeff", "")).split())


def _levels(rows: Sequence[Sequence[Any]], place: int, merged: Sequence[tuple[int, int, int, int]]) -> Header:
    """Names from one row, or from two where merged cells stand above or below."""
    row = list(rows[place])
    below = list(rows[place + 1]) if place + 1 < len(rows) else []
    above = list(rows[place - 1]) if place else []
    first, last = place, place
    names = [_text(cell) for cell in row]
    if _continues(row, below):
        top = _spread(row, place, merged, below)
        names, last = _joined(top, below), place + 1
    elif above and _needs_top(row) and _is_top(above, row):
        top = _spread(above, place - 1, merged, row)
        names, first = _joined(top, row), place - 1
    last += _extra_rows(rows, last, names)
    return Header(names, first, last, [list(cells) for cells in rows[:first]])


def _continues(row: Sequence[Any], below: Sequence[Any]) -> bool:
    """Whether the row below fills the blanks of a header with names."""
    gaps = [place for place, cell in enumerate(row) if is_blank(cell) and place < len(below)]
    filled = [place for place, cell in enumerate(below) if not is_blank(cell)]
    if not any(place in filled for place in gaps) or not all(_may_head(below[place]) for place in filled):
        return False
    return any(not is_blank(row[place]) for place in range(len(row)))


def _needs_top(row: Sequence[Any]) -> bool:
    names = [_text(cell) for cell in row if not is_blank(cell)]
    yearless = [found for cell in row if (found := parse_month(cell)) and found[0] is None]
    return len(set(names)) < len(names) or bool(yearless) or any(is_blank(cell) for cell in row)


def _is_top(above: Sequence[Any], row: Sequence[Any]) -> bool:
    filled = [place for place, cell in enumerate(above) if not is_blank(cell)]
    if not filled or len(filled) >= len(row) or not all(_may_head(above[place]) for place in filled):
        return False
    return len(filled) > 1 or filled[0] > 0 or _is_year(above[filled[0]])


def _spread(
    row: Sequence[Any], place: int, merged: Sequence[tuple[int, int, int, int]], below: Sequence[Any]
) -> list[Any]:
    """A merged name stands for all its columns; without merges it reaches to the next name."""
    spread = list(row) + [None] * (len(below) - len(row))
    ranges = [cells for cells in merged if cells[0] <= place <= cells[2]]
    if ranges:
        for _, left, _, right in ranges:
            for column in range(left, min(right + 1, len(spread))):
                spread[column] = spread[left]
        return spread
    current = None
    for column, cell in enumerate(spread):
        current = cell if not is_blank(cell) else current
        if column < len(below) and not is_blank(below[column]):
            spread[column] = current
    return spread


def _joined(top: Sequence[Any], below: Sequence[Any]) -> list[str]:
    names = []
    for column in range(max(len(top), len(below))):
        high = _text(top[column]) if column < len(top) else ""
        low = _text(below[column]) if column < len(below) else ""
        names.append(f"{high} {low}".strip() if high != low else high)
    return names


def _extra_rows(rows: Sequence[Sequence[Any]], last: int, names: list[str]) -> int:
    """Rows between header and body: units of columns, or their numbers 1, 2, 3 …"""
    if last + 1 >= len(rows):
        return 0
    row = rows[last + 1]
    texts = [_text(cell) for cell in row]
    spoken = [(place, text) for place, text in enumerate(texts) if text]
    if len(spoken) >= 3 and all(text == str(place + 1) for place, text in spoken):
        return 1
    if spoken and all(_is_unit(text) for _, text in spoken):
        for place, text in spoken:
            if place < len(names):
                names[place] = f"{names[place]}, {text}"
        return 1
    return 0


def _is_unit(text: str) -> bool:
    word = text.casefold().strip(" .()")
    known = {"руб", "р", "₽", "шт", "%", "кг", "час", "дней", "rub", "usd", "eur", "$", "€", "pcs", "ед", "мес"}
    return word in known or (unit_of(text) != 1.0 and len(word) < 16)
