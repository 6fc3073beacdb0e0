"""Columns of dates: read in the order that the column proves, impossible and implausible ones named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from ...errors import SourceError
from .column import Column
from .dates import DateColumn, fixed_width, parse_dates
from .lookup import Undecided, Where, as_moment, where_is
from .numbers import is_missing
from .reading import Reading

__all__ = ["EXCEL_LAST", "read_dates"]

EXCEL_LAST = 80_000  # days of Excel's calendar up to the year 2119
_NAMED = 20  # implausible dates that get a finding each


def read_dates(reader: Reading, column: Column) -> pd.Series:
    """The moments of a column; dates that cannot be are null and go to the findings."""
    values = np.full(len(column), np.datetime64("NaT", "us")) if column.moment is None else column.moment.copy()
    if column.number is not None:
        _serials(reader, column, values)
    few = column.text.null_count < len(column) and column.distinct() is not None
    if column.text.null_count < len(column) and (few or not _fixed(reader, column, values)):
        _distinct_dates(reader, column, values)
    _implausible(reader, column, values)
    return pd.Series(values, name=column.name, copy=False)


def _serials(reader: Reading, column: Column, values: np.ndarray) -> None:
    numbers = column.number
    assert numbers is not None
    there = ~np.isnan(numbers)
    serial = there & (numbers >= 1) & (numbers <= EXCEL_LAST)
    seconds = np.round(np.where(serial, numbers, 0) * 86400).astype("int64")
    moments = np.datetime64("1899-12-30", "us") + seconds.astype("timedelta64[s]")
    values[serial] = moments[serial]
    if serial.any():
        reader.found.add("serials", file=reader.file, column=column.name, rows=int(serial.sum()))
    compact = there & ~serial & (numbers == np.rint(numbers))
    read = parse_dates([str(int(number)) for number in np.unique(numbers[compact])], serials=False)
    unread = []
    for row in np.flatnonzero(there & ~serial):
        text = str(int(numbers[row])) if compact[row] else repr(float(numbers[row]))
        moment = read.values.get(text)
        if moment is None:
            unread.append((np.array([row]), text))
        else:
            values[row] = np.datetime64(moment, "us")
    reader.tell_cases("not_date", column.name, unread)


def _fixed(reader: Reading, column: Column, values: np.ndarray) -> bool:
    """Dates of one width at once; False where they must be looked at one by one."""
    if reader.date_format is not None or reader.dayfirst is False or len(column) < 1000:
        return False
    rows = np.flatnonzero(np.asarray(pc.is_valid(column.text)))
    text = column.text.drop_null() if len(rows) < len(column) else column.text
    lengths = pc.min_max(pc.binary_length(text)).as_py()
    if lengths["min"] != lengths["max"] or not 0 < lengths["max"] < 20:
        return False
    offsets = np.frombuffer(text.buffers()[1], dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    raw = np.frombuffer(text.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]]
    read = fixed_width(raw.reshape(len(text), lengths["max"]))
    if read is None:
        return False
    seconds, valid, form = read
    moments = seconds.astype("datetime64[s]").astype("datetime64[us]")
    moments[~valid] = np.datetime64("NaT")
    values[rows] = moments
    reader.date_formats[form] = reader.date_formats.get(form, 0) + len(rows)
    never = ((np.array([row]), column.text[int(row)].as_py()) for row in rows[~valid])
    reader.tell_cases("impossible_date", column.name, never)
    return True


def _distinct_dates(reader: Reading, column: Column, values: np.ndarray) -> None:
    texts, places = column.distinct() or column.encoded()
    given = [text for text in texts if not is_missing(text, number=True)]
    read = parse_dates(given, date_format=reader.date_format, dayfirst=reader.dayfirst)
    if read.ambiguous and len(reader.orders) == 1:  # another column of the file proves the order
        read = parse_dates(given, dayfirst=next(iter(reader.orders)))
    _refuse_ambiguous(reader, column, read)
    if read.dayfirst is not None:
        reader.orders.add(read.dayfirst)
    for form, count in read.formats.items():
        reader.date_formats[form] = reader.date_formats.get(form, 0) + count
    table = np.array([as_moment(read.values.get(text)) for text in texts], dtype="datetime64[us]")
    inside = places >= 0
    values[inside] = table[places[inside]]
    where = Where(column.text, texts, places)
    marks = sum(len(where(text)) for text in texts if is_missing(text, number=True))
    if marks:
        reader.found.add("marks", file=reader.file, column=column.name, rows=marks)
    if read.months:
        reader.found.add("months_as_dates", file=reader.file, column=column.name, rows=read.months)
    if read.serials:
        reader.found.add("serials", file=reader.file, column=column.name, rows=read.serials)
    never = ((where(text), text) for text, moment in read.values.items() if moment is None)
    reader.tell_cases("impossible_date", column.name, never)
    reader.tell_cases("not_date", column.name, ((where(text), text) for text in read.unknown))


def _refuse_ambiguous(reader: Reading, column: Column, read: DateColumn) -> None:
    cure = "Give dayfirst=True or False, or date_format='%d/%m/%Y'."
    if read.contradiction:
        one, other = read.contradiction
        raise SourceError(
            f"{one!r} begins with the day and {other!r} with the month.", cure, file=reader.file, column=column.name,
            row=int(reader.lines[where_is(column.text, other)[0]]),
        )  # fmt: skip
    never = [text for text, moment in read.values.items() if moment is None]
    if len(never) > 1 and len(never) == len(read.values) and reader.dayfirst is None and reader.date_format is None:
        turned = parse_dates(never, dayfirst=False)
        if all(moment is not None for moment in turned.values.values()):
            raise SourceError(
                f"No date of the column is day.month, but all are month.day: {never[0]!r}.", cure,
                file=reader.file, column=column.name, row=int(reader.lines[where_is(column.text, never[0])[0]]),
            )  # fmt: skip
    if read.turned:
        raise SourceError(
            f"{read.turned[0]!r} is year, day, month, and no date of the column is year, month, day for sure.",
            "Give date_format='%Y-%d-%m'.", file=reader.file, column=column.name,
            row=int(reader.lines[where_is(column.text, read.turned[0])[0]]),
        )  # fmt: skip
    if read.year_first:
        raise SourceError(
            f"{read.year_first!r} may be year-month-day or day-month-year, and no value of the column tells which.",
            "Give date_format='%y-%m-%d' or '%d-%m-%y'.", file=reader.file, column=column.name,
            row=int(reader.lines[where_is(column.text, read.year_first)[0]]),
        )  # fmt: skip
    if read.ambiguous:
        text = read.ambiguous[0]
        raise Undecided(
            f"{text!r} may be day/month or month/day, and no value of the column tells which.", cure,
            file=reader.file, column=column.name, row=int(reader.lines[where_is(column.text, text)[0]]),
        )  # fmt: skip


def _implausible(reader: Reading, column: Column, values: np.ndarray) -> None:
    low, high = (side.to_datetime64().astype("datetime64[us]") for side in reader.window)
    wrong = np.flatnonzero(~np.isnat(values) & ((values < low) | (values > high)))
    for row in wrong[:_NAMED]:
        reader.tell("implausible_date", column.name, np.array([row]), [str(values[row])[:10]])
    if len(wrong) > _NAMED:
        reader.tell("implausible_date", column.name, wrong[_NAMED:], [str(values[wrong[_NAMED]])[:10]])
    values[wrong] = np.datetime64("NaT")
