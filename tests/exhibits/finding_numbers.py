"""Reads the numbers of a sentence and looks for them in tables: each with its kind, scale and precision.

A number written in the words themselves («за 48 часов», «интервал 95 %») is a rule, not a finding, and needs
no table. Everything else does: as a cell (also of the rows that stand only in tables.xlsx), a total row, the
number of rows of a table, or of its rows with the same word.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from loyalty_analytics import words
from loyalty_analytics.exhibits.base import Exhibit, Front
from loyalty_analytics.exhibits.table import Table

AREAS = ("brief", "breaks", "breaks_scan", "loyalty", "segments", "voice", "meetings", "client", "acquisition",
         "survey", "causes", "visits", "common")  # fmt: skip
_NBSP = "\u00a0"
_SCALE = {"k": 1e3, "тыс.": 1e3, "m": 1e6, "млн": 1e6, "bn": 1e9, "млрд": 1e9}
_DIGITS = {"ru": rf"\d+(?:{_NBSP}\d{{3}}(?!\d))*(?:,\d+)?", "en": r"\d+(?:,\d{3}(?!\d))*(?:\.\d+)?"}
_GAP = f"[ {_NBSP}]"
_UNIT = {
    "ru": rf"(?P<percent>{_GAP}?%)|{_GAP}(?P<scale>тыс\.|млн|млрд)(?:{_GAP}[₽$])?|{_GAP}(?P<money>[₽$])",
    "en": rf"(?P<percent>%)|{_GAP}(?:[A-Z]{{3}}{_GAP})?(?P<scale>k|m|bn)\b|{_GAP}(?P<money>(?:RUB|USD|EUR)\b)",
}


@dataclass(frozen=True)
class Number:
    """One number of a sentence: its value in plain units, half its last digit, and what it counts."""

    text: str
    value: Any
    kind: str  # number, percent, money, month, day; bound: of an interval, whose unit stands at the estimate
    half: float = 0.0
    after: str = ""


def _months(language: str) -> dict[str, int]:
    cases = ("nominative", "genitive", "dative", "prepositional", "short")
    return {name.lower(): k + 1 for case in cases for k, name in enumerate(words.say_list(f"months.{case}", language))}


@cache
def _patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    names = "|".join(re.escape(name) for name in sorted(_months(language), key=len, reverse=True))
    day = r"\b(\d{2}\.\d{2}\.\d{4})\b" if language == "ru" else rf"\b(\d{{1,2}}{_NBSP}(?:{names}){_NBSP}\d{{4}})\b"
    month = rf"\b({names})[ {_NBSP}](\d{{4}})\b"
    digits = rf"(?<![\w.,])[−+±]?(?P<digits>{_DIGITS[language]})"
    number = rf"(?P<before>(?:RUB|USD|EUR)[ {_NBSP}])?{digits}(?:{_UNIT[language]})?(?!\w)"
    return tuple(re.compile(text, re.IGNORECASE) for text in (day, month, number))  # type: ignore[return-value]


def read(text: str, language: str) -> list[Number]:
    """All numbers, months and days of a sentence, in the order of their kinds."""
    found: list[Number] = []
    days, months, numbers = _patterns(language)
    for match in days.finditer(text):
        if language == "ru":
            day = dt.datetime.strptime(match[1], "%d.%m.%Y").date()
        else:
            number, name, year = match[1].split(_NBSP)
            day = dt.date(int(year), _months(language)[name.lower()], int(number))
        found.append(Number(match[0], day, "day"))
    text = days.sub("·", text)
    for match in months.finditer(text):
        found.append(Number(match[0], (int(match[2]), _months(language)[match[1].lower()]), "month"))
    text = months.sub("·", text)
    matches = list(numbers.finditer(text))
    for match, following in zip(matches, [*matches[1:], None]):
        # «1 539 → 724 тыс. ₽»: the unit stands once, behind the second.
        joined = following is not None and text[match.end() : following.start()].strip(" \u00a0") in ("→", "+", "–")
        found.append(_number(match, following if joined else match, text, language))
    return found


def _number(match: re.Match[str], united: Any, text: str, language: str) -> Number:
    digits = match["digits"].replace(_NBSP, "")
    digits = digits.replace(",", ".") if language == "ru" else digits.replace(",", "")
    scale = _SCALE.get((united["scale"] or "").lower(), 1.0)
    money = united["scale"] or united["money"] or match["before"]
    inside = text.rfind("[", 0, match.start()) > text.rfind("]", 0, match.start())
    kind = "percent" if united["percent"] else "money" if money else "bound" if inside else "number"
    places = len(digits.partition(".")[2])
    after = re.match(rf"[ {_NBSP}]*([\w%]*)", text[match.end() :])
    unit = "%" if kind == "percent" else ""
    return Number(
        match[0].strip(), float(digits) * scale, kind, 0.5 * 10.0**-places * scale, unit + (after[1] if after else "")
    )


@dataclass
class Cells:
    """What tables hold, by kind."""

    number: list[float] = field(default_factory=list)
    percent: list[float] = field(default_factory=list)
    money: list[float] = field(default_factory=list)
    month: set[tuple[int, int]] = field(default_factory=set)
    day: set[dt.date] = field(default_factory=set)

    def add(self, table: Table | None, language: str) -> None:
        """All cells of a table, its total rows, how many rows it has and how many of them share a word."""
        if table is None:
            return
        self.number.append(len(table.frame))
        for column in table.columns:
            for key in filter(None, (column.key, column.low, column.high)):
                below = pd.Series([row[key] for row in table.totals if key in row], dtype=object)
                ready = below.map(lambda value: isinstance(value, str)).to_numpy(bool)
                self._column(table.frame[key], column.kind, language)
                self._column(below[~ready], column.kind, language)
                self._column(below[ready], "text", language)
            for number in read(column.label, language):
                if number.kind == "day":  # a column per interview
                    self.day.add(number.value)
            if column.kind == "number":
                self._mixed(table, column.key, language)
            if column.kind == "text":
                self.number += [float(n) for n in table.frame[column.key].value_counts()]

    def _mixed(self, table: Table, key: str, language: str) -> None:
        """A table of several measures names the unit at the head of its rows: «Объём, тыс. ₽»."""
        unit = words.unit_words("k", "RUB", language)
        heads = table.frame[table.columns[0].key].astype(str)
        self.money.extend(abs(float(v)) * 1e3 for v in table.frame.loc[heads.str.endswith(unit), key].dropna())

    def _column(self, values: pd.Series, kind: str, language: str) -> None:
        values = values.dropna()
        if kind in ("number", "money"):
            getattr(self, kind).extend(abs(float(v)) for v in values)
        elif kind == "percent":
            self.percent.extend(abs(float(v)) * 100 for v in values)
        elif kind == "month":
            periods = [v if isinstance(v, pd.Period) else pd.Period(pd.Timestamp(v), "M") for v in values]
            self.month.update((p.year, p.month) for p in periods)
        elif kind == "day":
            days = [pd.Timestamp(v) for v in values]
            self.day.update(v.date() for v in days)
            self.month.update((v.year, v.month) for v in days)
        else:
            for number in (n for v in values for n in read(str(v), language)):
                pool = getattr(self, number.kind.replace("bound", "number"))
                pool.add(number.value) if isinstance(pool, set) else pool.append(number.value)

    def hold(self, number: Number) -> bool:
        """Whether a number stands here, as precisely as the sentence says it."""
        pool = self.number + self.percent if number.kind == "bound" else getattr(self, number.kind)
        if isinstance(pool, set):
            return number.value in pool
        return bool((np.abs(np.asarray(pool, float) - number.value) <= number.half * (1 + 1e-9)).any())


@cache
def rules(language: str) -> frozenset[tuple[str, str]]:
    """Numbers that stand in the words themselves, with the word that follows."""
    found = set()
    for area in AREAS:
        file = Path(words.__file__).parent / language / f"{area}.yaml"
        for text in (yaml.safe_load(file.read_text("utf-8")) or {}).values():
            for number in read(re.sub(r"\{[^}]*\}", "·", text), language) if isinstance(text, str) else ():
                found.add((number.text, number.after))
    return frozenset(found)


def missing(texts: Iterable[str], cells: Cells, language: str, known: Iterable[Any] = ()) -> list[str]:
    """Numbers of sentences that no table holds; ``known`` are the month and day of the report itself.

    Zero needs no row: it says that there is none.
    """
    given = set(known)
    return [
        number.text
        for text in texts
        for number in read(text, language)
        if number.value not in given and number.value != 0 and (number.text, number.after) not in rules(language)
        and not cells.hold(number)
    ]


def sentences(item: Exhibit | Front) -> list[str]:
    """What an exhibit or a first screen says in words."""
    if isinstance(item, Front):
        return [item.summary, *(part for tile in item.tiles for part in (tile.value, tile.change))]
    return [item.title, item.note]


def names(items: Iterable[Exhibit | Front]) -> list[str]:
    """Texts of cells that hold a digit (names of clients and channels), the longest first."""
    found = {
        str(value)
        for item in items
        if isinstance(item, Exhibit) and item.table is not None
        for column in item.table.columns
        if column.kind == "text"
        for value in item.table.frame[column.key].dropna()
        if re.search(r"\d", str(value)) and re.match(r"(?!RUB|USD)[^\W\d_]{2}|[«“]", str(value))
    }
    return sorted(found, key=len, reverse=True)


def unfounded(items: list[Exhibit | Front], language: str, known: Iterable[Any] = ()) -> list[tuple[str, str, str]]:
    """(exhibit, number, sentence) for each number of a page that its tables do not hold.

    An exhibit with a table answers with its own; the first screen and exhibits without one with all of the page.
    """
    page = Cells()
    for item in items:
        if isinstance(item, Exhibit):
            page.add(item.table, language)
    found, listed = [], names(items)
    for item in items:
        own = page
        if isinstance(item, Exhibit) and item.table is not None:
            own = Cells()
            own.add(item.table, language)
        for text in sentences(item):
            plain = text
            for name in listed:
                plain = plain.replace(name, "·")
            lost = missing([plain], own, language, known)
            found += [(item.name if isinstance(item, Exhibit) else "front", number, text) for number in lost]
    return found
