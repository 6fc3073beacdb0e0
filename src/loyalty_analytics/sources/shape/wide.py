"""Tables with a column per month, turned into a row per month."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import SourceError
from ..values.dates import looks_like_date, parse_month
from . import headers

__all__ = ["Wide", "months_of"]

_FEWEST = 2
_PART = re.compile(
    r"(?:[iv]{1,3}|[1-4])[\s-]*(?:-?[йяе])?\s*(?:кв|квартал|полугод|q)|q[1-4]|h[12]|за\s+год|год\b", re.IGNORECASE
)
_YEAR = re.compile(r"(?<!\d)(20\d\d|19\d\d)(?!\d)")


@dataclass(frozen=True)
class Wide:
    """Places of the columns that identify a row, of those that sum months, and month and measure of the rest."""

    ids: list[int]
    sums: list[int]
    months: dict[int, tuple[Any, str]]

    @property
    def measures(self) -> list[str]:
        """Names of the measures, in order; '' where a month has one column."""
        return list(dict.fromkeys(measure for _, measure in self.months.values()))


def months_of(names: Sequence[str], context: Sequence[str], file: str) -> Wide | None:
    """Which columns are months; None where the table is not wide.

    Parameters
    ----------
    names : names of the columns
    context : texts above the header, name of the sheet and of the file, where a year may stand

    Raises
    ------
    SourceError
        Where the months have no year and nothing tells it.
    """
    read = {place: month for place, name in enumerate(names) if (month := _month_and_measure(name)) is not None}
    about = [name for place, name in enumerate(names) if place not in read and not headers.is_total(name)]
    if len(read) < _FEWEST or (len(read) < 3 and len(read) < len(about)):
        return None
    days = [name for place, name in enumerate(names) if place not in read and looks_like_date(name)]
    if days:
        raise SourceError(
            f"The columns are days, not months: {days[0]!r}.", "Export a row per day and client.", file=file
        )
    year = None
    if any(found is None for (found, _), _ in read.values()):
        year = _year(context, file)
    months: dict[int, tuple[Any, str]] = {
        place: (np.datetime64(f"{found or year:04d}-{month:02d}-01", "us"), measure)
        for place, ((found, month), measure) in read.items()
    }
    if len(set(months.values())) < len(months):
        doubled = next(names[place] for place in months if list(months.values()).count(months[place]) > 1)
        raise SourceError(f"The month {doubled!r} stands twice in the header.", "Correct the header.", file=file)
    others = [place for place in range(len(names)) if place not in months]
    sums = [
        place
        for place in others
        if headers.is_total(names[place]) or _PART.search(names[place]) or re.fullmatch(r"\s*20\d\d\s*", names[place])
    ]
    return Wide([place for place in others if place not in sums], sums, months)


def _month_and_measure(name: str) -> tuple[tuple[int | None, int], str] | None:
    """A month alone, or a month with the name of a measure before or behind it."""
    whole = _iso(name) or parse_month(name) or _year_first(name)
    if whole is not None:
        return whole, ""
    words = name.split()
    for cut in (2, 1):
        if len(words) > cut:
            for month, rest in ((words[:cut], words[cut:]), (words[-cut:], words[:-cut])):
                text = " ".join(month).strip(",")
                found = _iso(text) or parse_month(text) or _year_first(text)
                if found is not None and not (cut == 1 and found[0] is None and len(words) > 3):
                    return found, " ".join(rest).strip(" ,")
    return None


def _year_first(text: str) -> tuple[int | None, int] | None:
    match = re.fullmatch(r"((?:19|20)\d\d)(?:\s*г(?:од)?\.?)?[\s,.]+(\D+)", text.strip())
    if match and (found := parse_month(match[2].strip())) and found[0] is None:
        return int(match[1]), found[1]
    return None


def _iso(text: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"(\d{4})-(\d\d)-01(?:[ T]00:00:00)?", text.strip()) or None
    if match:
        return int(match[1]), int(match[2])
    match = re.fullmatch(r"01\.(\d\d)\.(\d{4})", text.strip())
    return (int(match[2]), int(match[1])) if match else headers.month_end(text)


def _year(context: Sequence[str], file: str) -> int:
    years = {int(year) for text in context for year in _YEAR.findall(text)}
    if len(years) == 1:
        return years.pop()
    raise SourceError(
        "The months in the header have no year." + (f" Found: {', '.join(map(str, sorted(years)))}." if years else ""),
        "Write «январь 2024» in the header, or the year once above it.",
        file=file,
    )


def reshape(wide: Wide, size: int) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """(row of each cell, column of each cell per measure or −1, month of each cell), rows first."""
    by_month: dict[Any, dict[str, int]] = {}
    for place, (month, measure) in wide.months.items():
        by_month.setdefault(month, {})[measure] = place
    months = sorted(by_month)
    rows = np.repeat(np.arange(size), len(months))
    places = {
        measure: np.tile(np.array([by_month[month].get(measure, -1) for month in months]), size)
        for measure in wide.measures
    }
    return rows, places, np.tile(np.array(months, dtype="datetime64[us]"), size)
