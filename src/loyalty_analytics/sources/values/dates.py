"""Dates as people and programs write them, read without guessing the order of day and month."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["DateColumn", "fixed_width", "looks_like_date", "parse_dates", "parse_month"]

_MONTHS = {
    "январ": 1, "янв": 1, "феврал": 2, "фев": 2, "март": 3, "мар": 3, "апрел": 4, "апр": 4, "ма": 5, "июн": 6,
    "июл": 7, "август": 8, "авг": 8, "сентябр": 9, "сент": 9, "сен": 9, "октябр": 10, "окт": 10, "ноябр": 11,
    "ноя": 11, "декабр": 12, "дек": 12, "january": 1, "jan": 1, "february": 2, "feb": 2, "march": 3, "mar": 3,
    "april": 4, "apr": 4, "may": 5, "june": 6, "jun": 6, "july": 7, "jul": 7, "august": 8, "aug": 8,
    "september": 9, "sept": 9, "sep": 9, "october": 10, "oct": 10, "november": 11, "nov": 11, "december": 12,
    "dec": 12,
}  # fmt: skip
_TIME = r"(?:[T\s,]+(?P<h>\d{1,2}):(?P<mi>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
_ZONE = r"(?:\s*(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
_YEAR_WORD = r"(?:\s*(?:г\.?|года?|год))?"
_ISO = re.compile(rf"(?P<y>\d{{4}})[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}}){_TIME}{_ZONE}")
_DOTTED = re.compile(rf"(?P<d>\d{{1,2}})\.(?P<m>\d{{1,2}})\.(?P<y>\d{{4}}|\d{{2}}){_YEAR_WORD}{_TIME}{_ZONE}")
_SLASHED = re.compile(rf"(?P<a>\d{{1,2}})([/-])(?P<b>\d{{1,2}})\2(?P<y>\d{{4}}|\d{{2}}){_TIME}{_ZONE}")
_COMPACT = re.compile(r"(?P<y>(?:19|20|21)\d{2})(?P<m>\d{2})(?P<d>\d{2})")
_COMPACT_MONTH = re.compile(r"(?P<y>(?:19|20|21)\d{2})(?P<m>0[1-9]|1[0-2])")
_WORDED = re.compile(
    rf"(?P<d>\d{{1,2}})[\s.-]*(?P<word>[^\W\d_]{{3,9}})\.?[\s,.-]*(?P<y>\d{{4}}|\d{{2}}){_YEAR_WORD}{_TIME}"
)
_WORD_FIRST = re.compile(rf"(?P<word>[A-Za-z]{{3,9}})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}}){_TIME}")
_MONTH_WORD = re.compile(r"(?P<word>[^\W\d_]{3,9})\.?[\s,.'’-]*(?P<y>\d{4}|\d{2})(?:\s*(?:г\.?|года?|год))?")
_WORD_MONTH = re.compile(r"(?P<y>\d{4})[\s,.-]*(?P<word>[^\W\d_]{3,9})\.?")
_MONTH_NUMBER = re.compile(r"(?P<m>\d{1,2})[./-](?P<y>\d{4})")
_NUMBER_MONTH = re.compile(r"(?P<y>\d{4})[./-](?P<m>\d{1,2})")
_SERIAL = re.compile(r"(?P<days>\d{5})(?:[.,](?P<part>\d+))?")
# Day zero of Excel's calendar, with its 29.02.1900 that never was.
_EXCEL = dt.datetime(1899, 12, 30)


@dataclass
class DateColumn:
    """What the distinct texts of a column mean.

    Attributes
    ----------
    values : dict
        text -> datetime, or None where the text is a date that cannot be.
    unknown : list of str
        Texts that are no dates.
    ambiguous : list of str
        Texts whose day and month could be exchanged and nothing in the column tells.
    formats : dict
        strptime format -> number of distinct texts.
    turned : list of str
        Texts such as 2024-25-12, where nothing in the column is year-month-day for sure.
    year_first : str or None
        A text such as 24-03-04, which may begin with the year as well.
    dayfirst : bool or None
        The order that the column proves.
    """

    values: dict[str, dt.datetime | None] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    contradiction: tuple[str, str] | None = None
    formats: dict[str, int] = field(default_factory=dict)
    months: int = 0
    serials: int = 0
    turned: list[str] = field(default_factory=list)
    year_first: str | None = None
    dayfirst: bool | None = None

    def _keep(self, text: str, value: dt.datetime | None, form: str) -> None:
        self.values[text] = value
        self.formats[form] = self.formats.get(form, 0) + 1


def parse_month(text: Any) -> tuple[int | None, int] | None:
    """(year or None, month) of a text that means a month and no day.

    >>> parse_month("январь 2024"), parse_month("Март"), parse_month("2024-05"), parse_month("Сумма")
    ((2024, 1), (None, 3), (2024, 5), None)
    """
    if isinstance(text, dt.datetime | dt.date):
        return (text.year, text.month) if text.day == 1 else None
    if not isinstance(text, str):
        return None
    text = " ".join(text.split()).strip(" .,")
    for pattern in (_MONTH_NUMBER, _NUMBER_MONTH):
        match = pattern.fullmatch(text)
        if match and 1 <= int(match["m"]) <= 12:
            return int(match["y"]), int(match["m"])
    for pattern in (_MONTH_WORD, _WORD_MONTH):
        match = pattern.fullmatch(text)
        if match and (number := _month(match["word"])):
            return _year(match["y"]), number
    number = _month(text)
    return (None, number) if number else None


def _month(word: str) -> int | None:
    word = word.casefold().rstrip(".")
    if word in _MONTHS:
        return _MONTHS[word] if word != "ма" else None
    for ending in ("ь", "я", "е", "т", "та", "а", "й"):
        if word.endswith(ending) and (stem := word.removesuffix(ending)) in _MONTHS:
            if stem in ("ма",) and ending not in ("й", "я", "е"):
                continue
            if stem.isascii() or (len(stem) == 3 and stem not in ("июн", "июл")):
                continue
            return _MONTHS[stem]
    return None


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return 2000 + year if year < 70 else 1900 + year


def _moment(match: re.Match[str], year: int, month: int, day: int) -> dt.datetime | None:
    groups = match.groupdict()
    hour, minute, second = (int(groups.get(part) or 0) for part in ("h", "mi", "s"))
    half = (groups.get("half") or "").casefold().replace(".", "")
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return dt.datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def _clock(match: re.Match[str]) -> str:
    groups = match.groupdict()
    if groups.get("h") is None:
        return ""
    return " %H:%M:%S" if groups.get("s") else " %H:%M"


def looks_like_date(text: str) -> bool:
    """Whether a text is written as a date (months and bare numbers are not).

    >>> looks_like_date("31.12.2024"), looks_like_date("1.5"), looks_like_date("5 мая 2024 г.")
    (True, False, True)
    """
    text = text.strip()
    if any(pattern.fullmatch(text) for pattern in (_ISO, _DOTTED, _SLASHED)):
        return True
    match = _WORDED.fullmatch(text) or _WORD_FIRST.fullmatch(text)
    return bool(match and _month(match["word"]))


def parse_dates(
    texts: Sequence[str],
    *,
    date_format: str | None = None,
    dayfirst: bool | None = None,
    compact: bool = True,
    serials: bool = True,
) -> DateColumn:
    """Read the distinct texts of a column.

    Parameters
    ----------
    texts : distinct non-missing texts
    date_format : strptime format that all texts have
    dayfirst : order of slashed and dashed dates; None = proved by a day above 12 in the column
    compact : whether 20240131 and 202401 are dates
    serials : whether 45322 is a day of Excel's calendar
    """
    column = DateColumn()
    slashed: list[tuple[str, re.Match[str]]] = []
    for text in texts:
        clean = " ".join(text.replace("\u00a0", " ").split())
        if date_format is not None:
            _formatted(column, text, clean, date_format)
        elif match := _SLASHED.fullmatch(clean):
            slashed.append((text, match))
        elif not (_plain(column, text, clean, dayfirst) or _bare(column, text, clean, compact, serials)):
            column.unknown.append(text)
    _settle(column, slashed, dayfirst)
    if date_format is None:
        _turned(column)
    return column


def _turned(column: DateColumn) -> None:
    """Two dates or more that are year-day-month, and none that is year-month-day for sure."""
    read = [(text, int(m["m"]), int(m["d"])) for text in column.values if (m := _ISO.fullmatch(text.strip()))]
    turned = [text for text, month, day in read if month > 12 >= day >= 1]
    if len(turned) > 1 and not any(day > 12 >= month for _, month, day in read):
        column.turned = turned


def _formatted(column: DateColumn, text: str, clean: str, date_format: str) -> None:
    try:
        column._keep(text, dt.datetime.strptime(clean, date_format).replace(tzinfo=None), date_format)
    except ValueError:
        if looks_like_date(clean):
            column._keep(text, None, date_format)
        else:
            column.unknown.append(text)


def _plain(column: DateColumn, text: str, clean: str, dayfirst: bool | None) -> bool:
    """Forms that have one meaning."""
    if match := _ISO.fullmatch(clean):
        sign = clean[4]
        form = f"%Y{sign}%m{sign}%d" + _clock(match)
        column._keep(text, _moment(match, int(match["y"]), int(match["m"]), int(match["d"])), form)
        return True
    if match := _DOTTED.fullmatch(clean):
        day, month = int(match["d"]), int(match["m"])
        if dayfirst is False:
            day, month = month, day
        form = ("%m.%d." if dayfirst is False else "%d.%m.") + ("%Y" if len(match["y"]) == 4 else "%y")
        column._keep(text, _moment(match, _year(match["y"]), month, day), form + _clock(match))
        return True
    match = _WORDED.fullmatch(clean) or _WORD_FIRST.fullmatch(clean)
    if match and (month := _month(match["word"]) or 0):
        column._keep(text, _moment(match, _year(match["y"]), month, int(match["d"])), "%d %B %Y" + _clock(match))
        return True
    found = parse_month(clean)
    if found and found[0] is not None:
        column.months += 1
        column._keep(text, dt.datetime(found[0], found[1], 1) if found[0] >= 1 else None, "%B %Y")
        return True
    return False


def _bare(column: DateColumn, text: str, clean: str, compact: bool, serials: bool) -> bool:
    """Numbers that are dates where the header says so."""
    if compact and (match := _COMPACT.fullmatch(clean)):
        column._keep(text, _moment(match, int(match["y"]), int(match["m"]), int(match["d"])), "%Y%m%d")
        return True
    if compact and (match := _COMPACT_MONTH.fullmatch(clean)):
        column.months += 1
        column._keep(text, dt.datetime(int(match["y"]), int(match["m"]), 1), "%Y%m")
        return True
    if serials and (match := _SERIAL.fullmatch(clean)):
        part = float(f"0.{match['part']}") if match["part"] else 0.0
        moment = _EXCEL + dt.timedelta(days=int(match["days"]), seconds=round(part * 86400))
        column.serials += 1
        column._keep(text, moment, "Excel")
        return True
    return False


def _settle(column: DateColumn, slashed: list[tuple[str, re.Match[str]]], dayfirst: bool | None) -> None:
    """Order of day and month of slashed dates, from the column as a whole."""
    if not slashed:
        return
    day_first = next((text for text, m in slashed if int(m["a"]) > 12 >= int(m["b"]) >= 1), None)
    month_first = next((text for text, m in slashed if int(m["b"]) > 12 >= int(m["a"]) >= 1), None)
    if dayfirst is None:
        if day_first and month_first:
            column.contradiction = (day_first, month_first)
            return
        open_texts = [text for text, m in slashed if m["a"] != m["b"] and max(int(m["a"]), int(m["b"])) <= 12]
        if not day_first and not month_first and open_texts:
            column.ambiguous = open_texts
            return
        if _may_begin_with_year([match for _, match in slashed]):
            column.year_first = slashed[0][0]
            return
        dayfirst = month_first is None
        column.dayfirst = dayfirst if day_first or month_first else None
    for text, match in slashed:
        day, month = int(match["a"]), int(match["b"])
        if not dayfirst:
            day, month = month, day
        sign = match[2]
        form = (f"%d{sign}%m{sign}" if dayfirst else f"%m{sign}%d{sign}") + ("%Y" if len(match["y"]) == 4 else "%y")
        column._keep(text, _moment(match, _year(match["y"]), month, day), form + _clock(match))


def _may_begin_with_year(matches: Sequence[re.Match[str]]) -> bool:
    """24-03-04: all may be yy-mm-dd, and what stands first changes no more than what stands last."""
    if any(len(m["y"]) == 4 or not (1 <= int(m["b"]) <= 12 and 1 <= int(m["y"]) <= 31) for m in matches):
        return False
    first, last = {m["a"] for m in matches}, {m["y"] for m in matches}
    return len(first) < len(last) or (len(first) == len(last) and matches[0][2] == "-")


_FIXED = {
    # length -> places of year, month, day, hour, minute, second and of the signs between them
    "dotted": ((6, 4), (3, 2), (0, 2), {2: ".", 5: "."}, "%d.%m.%Y"),
    "iso": ((0, 4), (5, 2), (8, 2), {4: "-", 7: "-"}, "%Y-%m-%d"),
}


def fixed_width(data: np.ndarray) -> tuple[np.ndarray, np.ndarray, str] | None:
    """Dates of one width, all at once: dd.mm.yyyy or yyyy-mm-dd, with or without a time of day.

    Parameters
    ----------
    data : uint8 array of shape (n, width)

    Returns
    -------
    (seconds since 1970, valid, format), or None where a row is written otherwise.
    """
    width = data.shape[1]
    if width not in (10, 16, 19) or len(data) == 0:
        return None
    clock = {10: {}, 16: {13: ":"}, 19: {13: ":", 16: ":"}}[width]
    for year, month, day, signs, form in _FIXED.values():
        wanted = signs | clock
        if not all((data[:, place] == ord(sign)).all() for place, sign in wanted.items()):
            continue
        if width > 10 and not np.isin(data[:, 10], (32, 84)).all():
            continue
        places = [place for place in range(width) if place not in wanted and place != 10]
        digits = data[:, places]
        if not ((digits >= 48) & (digits <= 57)).all():
            continue
        y, m, d = (_digits(data, *part) for part in (year, month, day))
        hours = _digits(data, 11, 2) if width > 10 else np.zeros(len(data), dtype=np.int64)
        minutes = _digits(data, 14, 2) if width > 10 else hours * 0
        seconds = _digits(data, 17, 2) if width == 19 else hours * 0
        months = (y - 1970) * 12 + m - 1
        first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        length = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - first
        valid = (m >= 1) & (m <= 12) & (d >= 1) & (d <= length) & (hours < 24) & (minutes < 60) & (seconds < 60)
        moment = (first + d - 1) * 86400 + hours * 3600 + minutes * 60 + seconds
        return moment, valid, form + {10: "", 16: " %H:%M", 19: " %H:%M:%S"}[width]
    return None


def _digits(data: np.ndarray, start: int, count: int) -> np.ndarray:
    number = np.zeros(len(data), dtype=np.int64)
    for place in range(start, start + count):
        number = number * 10 + (data[:, place].astype(np.int64) - 48)
    return number
