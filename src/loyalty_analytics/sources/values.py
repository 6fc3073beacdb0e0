"""Typed values of a raw column, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import SourceError
from . import codes, headers
from .column import Column, text_of
from .dates import DateColumn, fixed_width, looks_like_date, parse_dates
from .fast import TEXT_MARKS, odd_codes, plain_numbers
from .findings import Findings
from .lookup import Where, as_float, as_moment, as_series, where_is
from .numbers import NumberColumn, currency_of, is_missing, parse_numbers, unit_of

__all__ = ["Reader", "Typed"]

_NAMED = 20  # rows of one fault that get a finding each
_EXCEL_LAST = 80_000
_SIMPLE = r"^[-−]?\d+(?:[.,]\d+)?$"
_GROUPED = r"^[-−]?\d{1,3}(?:[ \x{A0}\x{202F}\x{2009}]\d{3})+(?:[.,]\d+)?$"
_AMBIGUOUS = r"^[-−]?[1-9]\d{0,2}[.,]\d{3}$"


@dataclass(eq=False)
class Typed:
    """A column read: its values, its kind {num, date, str} and what it was found to be."""

    values: pd.Series
    kind: str
    detected: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Reader:
    """Reads the columns of one file; decimal marks are proved by the file as a whole."""

    file: str
    lines: np.ndarray
    found: Findings
    decimal: str | None = None
    date_format: str | None = None
    dayfirst: bool | None = None
    unit: float | None = None
    window: tuple[pd.Timestamp, pd.Timestamp] = (pd.Timestamp("1990-01-01"), pd.Timestamp("2100-12-31 23:59:59"))
    proved: set[str] = field(default_factory=set)
    date_formats: dict[str, int] = field(default_factory=dict)

    # -- what kind of column -------------------------------------------------------------------

    def kind_of(self, column: Column, wanted: str | None) -> str:
        """num, date or str: as wanted, as the header says, else as the values look."""
        if wanted is not None:
            return {"num": "num", "money": "num", "int": "num", "date": "date", "ts": "date", "month": "date"}.get(
                wanted, "str"
            )
        role = headers.role_of(column.name)
        texts = [text for text in column.sample() if not is_missing(text)]
        if role in ("tax", "code", "name"):
            return "date" if texts and all(looks_like_date(text) for text in texts) else "str"
        moments = column.moment is not None and np.sum(~np.isnat(column.moment))
        numbers = int(np.sum(~np.isnan(column.number))) if column.number is not None else 0
        if moments and moments >= numbers and moments >= len(texts) // 2:
            return "date"
        if role == "date" and self._dates_share(texts, numbers, column) >= 0.5:
            return "date"
        if not texts:
            # A column of formulas without values is still a column of numbers or dates.
            blank = {"money": "num", "number": "num", "date": "date"}.get(role, "str")
            return "num" if numbers else blank
        return self._kind_by_values(texts, numbers, role)

    def _kind_by_values(self, texts: Sequence[str], numbers: int, role: str) -> str:
        if sum(looks_like_date(text) for text in texts) >= 0.8 * (len(texts) + numbers):
            return "date"
        read = parse_numbers(texts, self.decimal or ",")
        good = len(texts) - len(read.unknown)
        if role in ("money", "number"):
            return "num" if good + numbers >= 0.5 * (len(texts) + numbers) else "str"
        coded = any(text.isdigit() and ((text.startswith("0") and len(text) > 1) or len(text) > 15) for text in texts)
        return "num" if not coded and good == len(texts) else "str"

    def _dates_share(self, texts: Sequence[str], numbers: int, column: Column) -> float:
        if numbers and column.number is not None:
            values = column.number[~np.isnan(column.number)]
            serial = float(((values >= 20_000) & (values <= _EXCEL_LAST)).mean())
        else:
            serial = 0.0
        read = parse_dates(texts, dayfirst=True)
        good = len(texts) - len(read.unknown)
        return (good + serial * numbers) / max(1, len(texts) + numbers)

    # -- reading -------------------------------------------------------------------------------

    def read(self, column: Column, kind: str, wanted: str | None) -> Typed:
        """The values of a column; faults go to the findings."""
        if kind == "num":
            return self._numbers(column)
        if kind == "date":
            return self._dates(column)
        return self._texts(column, wanted)

    def _texts(self, column: Column, wanted: str | None) -> Typed:
        role = headers.role_of(column.name)
        if role == "tax" or wanted == "tax":
            return Typed(self._codes(column, codes.restore_tax), "str")
        if role == "code":
            return Typed(self._codes(column, codes.plain_code), "str")
        text = text_of(column)
        marks = pc.is_in(text, TEXT_MARKS)
        if pc.any(marks).as_py():
            rows = np.flatnonzero(np.asarray(marks))
            self.found.add("marks", file=self.file, column=column.name, row=int(self.lines[rows[0]]), rows=len(rows))
            text = pc.if_else(marks, pa.scalar(None, pa.large_string()), text)
        return Typed(as_series(text), "str")

    def _codes(self, column: Column, restore: Any) -> pd.Series:
        """Codes as texts, repaired one distinct value at a time."""
        text = text_of(column)
        whole = column.number is None
        if restore is codes.plain_code and whole and not odd_codes(text):
            return as_series(text)
        encoded = text.dictionary_encode()
        repaired, told = [], {}
        for code in encoded.dictionary.to_pylist():
            value, problem = restore(code, whole)
            repaired.append(value)
            if problem:
                told[code] = (problem, value)
        result = pc.take(pa.array(repaired, pa.large_string()), encoded.indices)
        for code, (problem, value) in told.items():
            self._tell(problem, column.name, where_is(text, code), [code], value=value or "")
        return as_series(result)

    # -- numbers -------------------------------------------------------------------------------

    def _numbers(self, column: Column) -> Typed:
        values = np.full(len(column), np.nan) if column.number is None else column.number.copy()
        plain = plain_numbers(column, self.proved)
        if plain is not None:
            return self._scaled(column, plain)
        distinct = column.distinct()
        if distinct is None:
            self._many_numbers(column, values)
        elif distinct[0]:
            self._few_numbers(column, values, *distinct)
        if column.moment is not None and not np.isnat(column.moment).all():
            wrong = np.flatnonzero(~np.isnat(column.moment))
            self._tell("not_number", column.name, wrong, [str(column.moment[wrong[0]])[:10]])
        return self._scaled(column, values)

    def _scaled(self, column: Column, values: np.ndarray) -> Typed:
        """Values times the unit of the header or of the file."""
        scale = self.unit if self.unit is not None else unit_of(column.name)
        if self.unit is not None and headers.role_of(column.name) not in ("money", ""):
            scale = unit_of(column.name)
        if scale != 1:
            values = np.round(values * scale, 6)
            self.found.add("unit", file=self.file, column=column.name, rows=len(column), scale=f"{scale:,.0f}")
        return Typed(pd.Series(values, name=column.name), "num", {"decimal": self._decimal_of(column)})

    def _decimal_of(self, column: Column) -> str | None:
        return self.decimal or (next(iter(self.proved)) if len(self.proved) == 1 else None)

    def _few_numbers(self, column: Column, values: np.ndarray, texts: list[str], places: np.ndarray) -> None:
        read = parse_numbers(texts, self.decimal)
        if read.ambiguous:
            read = self._disambiguated(column, texts, read)
        self._mark_proved(read)
        table = np.array([as_float(read.values.get(text)) for text in texts])
        inside = places >= 0
        values[inside] = table[places[inside]]
        self._number_faults(column, read, texts, places)

    def _disambiguated(self, column: Column, texts: Sequence[str], read: NumberColumn) -> NumberColumn:
        """Read «1,234» by what the column, else the file, proves; refuse where nothing does."""
        own = {mark for mark, count in ((",", read.commas), (".", read.points)) if count}
        marks = own if len(own) == 1 else self.proved
        if len(marks) != 1:
            row = int(where_is(column.text, read.ambiguous[0])[0])
            raise SourceError(
                f"{read.ambiguous[0]!r} may be a thousand or a fraction, and nothing in the file tells which.",
                "Give decimal=',' or decimal='.'.", file=self.file, row=int(self.lines[row]), column=column.name,
            )  # fmt: skip
        return parse_numbers(texts, next(iter(marks)))

    def _mark_proved(self, read: NumberColumn) -> None:
        if read.commas:
            self.proved.add(",")
        if read.points:
            self.proved.add(".")

    def _number_faults(
        self, column: Column, read: NumberColumn, texts: Sequence[str], places: np.ndarray | None = None
    ) -> None:
        where = Where(column.text, texts, places)
        if read.marks:
            self.found.add("marks", file=self.file, column=column.name, rows=sum(len(where(m)) for m in read.marks))
        for code, items in (("not_number", read.unknown), ("digits_lost", read.lost)):
            for text in items:
                self._tell(code, column.name, where(text), [text])
        if read.scaled:
            rows = sum(len(where(text)) for text in read.scaled)
            self.found.add(
                "scaled_cells", "warning", file=self.file, column=column.name, rows=rows, sample=read.scaled[0]
            )
        currencies = read.currencies | ({named} if (named := currency_of(column.name)) else set())
        if len(currencies) > 1:
            raise SourceError(
                f"Amounts in several currencies: {', '.join(sorted(currencies))}.",
                "Split the column or convert it: sums across currencies mean nothing.",
                file=self.file, column=column.name,
            )  # fmt: skip

    def _many_numbers(self, column: Column, values: np.ndarray) -> None:
        """Whole arrays for what is written plainly, one by one for the rest."""
        text = column.text
        simple = pc.fill_null(pc.match_substring_regex(text, _SIMPLE), False)
        if pc.sum(simple).as_py() + text.null_count < len(text):
            grouped = pc.fill_null(pc.match_substring_regex(text, _GROUPED), False)
            bare = pc.replace_substring_regex(text, r"[ \x{A0}\x{202F}\x{2009}]", "")
            plain = pc.if_else(grouped, bare, text)
            simple = pc.or_(simple, grouped)
        else:
            grouped, plain = None, text
        rest = np.flatnonzero(np.asarray(pc.and_not(pc.is_valid(text), simple)))
        picked = plain.filter(simple)
        self._prove_many(column, picked, text.filter(simple) if grouped is not None else picked)
        numbers = pc.replace_substring(pc.replace_substring(picked, ",", "."), "−", "-").cast(pa.float64())
        values[np.asarray(simple)] = numbers.to_numpy(zero_copy_only=False)
        if len(rest):
            other = Column(column.name, text.take(pa.array(rest)))
            encoded = other.text.dictionary_encode()
            texts = encoded.dictionary.to_pylist()
            read = parse_numbers(texts, self.decimal or self._decimal_of(column))
            if read.ambiguous:
                read = self._disambiguated(column, texts, read)
            table = np.array([as_float(read.values.get(one)) for one in texts])
            values[rest] = table[encoded.indices.to_numpy(zero_copy_only=False)]
            self._number_faults(column, read, texts)

    def _prove_many(self, column: Column, plain: pa.Array, written: pa.Array) -> None:
        commas = pc.sum(pc.match_substring(plain, ",")).as_py() or 0
        points = pc.sum(pc.match_substring(plain, ".")).as_py() or 0
        if not commas and not points:
            return
        ambiguous = pc.match_substring_regex(written, _AMBIGUOUS)
        doubtful = pc.sum(ambiguous).as_py() or 0
        for mark, count in ((",", commas), (".", points)):
            if count and (
                not doubtful or count > (pc.sum(pc.match_substring(written.filter(ambiguous), mark)).as_py() or 0)
            ):
                self.proved.add(mark)
        if not doubtful:
            return
        only = self.decimal or (next(iter(self.proved)) if len(self.proved) == 1 else None)
        doubted = written.filter(ambiguous)
        if only is None or (pc.sum(pc.match_substring(doubted, "." if only == "," else ",")).as_py() or 0):
            raise SourceError(
                f"{doubted[0].as_py()!r} may be a thousand or a fraction, and nothing in the file tells which.",
                "Give decimal=',' or decimal='.'.", file=self.file, column=column.name,
                row=int(self.lines[where_is(column.text, doubted[0].as_py())[0]]),
            )  # fmt: skip

    # -- dates ---------------------------------------------------------------------------------

    def _dates(self, column: Column) -> Typed:
        values = np.full(len(column), np.datetime64("NaT", "us")) if column.moment is None else column.moment.copy()
        if column.number is not None:
            self._serials(column, values)
        few = column.text.null_count < len(column) and column.distinct() is not None
        if column.text.null_count < len(column) and (few or not self._fixed(column, values)):
            self._distinct_dates(column, values)
        self._implausible(column, values)
        return Typed(pd.Series(values, name=column.name), "date")

    def _serials(self, column: Column, values: np.ndarray) -> None:
        numbers = column.number
        assert numbers is not None
        there = ~np.isnan(numbers)
        serial = there & (numbers >= 1) & (numbers <= _EXCEL_LAST)
        seconds = np.round(np.where(serial, numbers, 0) * 86400).astype("int64")
        moments = np.datetime64("1899-12-30", "us") + seconds.astype("timedelta64[s]")
        values[serial] = moments[serial]
        if serial.any():
            self.found.add("serials", file=self.file, column=column.name, rows=int(serial.sum()))
        compact = there & ~serial & (numbers == np.rint(numbers))
        read = parse_dates([str(int(number)) for number in np.unique(numbers[compact])], serials=False)
        for row in np.flatnonzero(there & ~serial):
            text = str(int(numbers[row])) if compact[row] else repr(float(numbers[row]))
            moment = read.values.get(text)
            if moment is None:
                self._tell("not_date", column.name, np.array([row]), [text])
            else:
                values[row] = np.datetime64(moment, "us")

    def _fixed(self, column: Column, values: np.ndarray) -> bool:
        """Dates of one width at once; False where they must be looked at one by one."""
        if self.date_format is not None or self.dayfirst is False or len(column) < 1000:
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
        self.date_formats[form] = self.date_formats.get(form, 0) + len(rows)
        for row in rows[~valid][: _NAMED * 5]:
            self._tell("impossible_date", column.name, np.array([row]), [column.text[int(row)].as_py()])
        return True

    def _distinct_dates(self, column: Column, values: np.ndarray) -> None:
        encoded = column.text.dictionary_encode()
        texts: list[str] = encoded.dictionary.to_pylist()
        given = [text for text in texts if not is_missing(text, number=True)]
        read = parse_dates(given, date_format=self.date_format, dayfirst=self.dayfirst)
        self._refuse_ambiguous(column, read)
        for form, count in read.formats.items():
            self.date_formats[form] = self.date_formats.get(form, 0) + count
        table = np.array([as_moment(read.values.get(text)) for text in texts], dtype="datetime64[us]")
        places = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        inside = places >= 0
        values[inside] = table[places[inside]]
        where = Where(column.text, texts, places)
        marks = sum(len(where(text)) for text in texts if is_missing(text, number=True))
        if marks:
            self.found.add("marks", file=self.file, column=column.name, rows=marks)
        if read.months:
            self.found.add("months_as_dates", file=self.file, column=column.name, rows=read.months)
        if read.serials:
            self.found.add("serials", file=self.file, column=column.name, rows=read.serials)
        for text, moment in read.values.items():
            if moment is None:
                self._tell("impossible_date", column.name, where(text), [text])
        for text in read.unknown:
            self._tell("not_date", column.name, where(text), [text])

    def _refuse_ambiguous(self, column: Column, read: DateColumn) -> None:
        cure = "Give dayfirst=True or False, or date_format='%d/%m/%Y'."
        if read.contradiction:
            one, other = read.contradiction
            raise SourceError(
                f"{one!r} begins with the day and {other!r} with the month.", cure, file=self.file, column=column.name,
                row=int(self.lines[where_is(column.text, other)[0]]),
            )  # fmt: skip
        never = [text for text, moment in read.values.items() if moment is None]
        if len(never) > 1 and len(never) == len(read.values) and self.dayfirst is None and self.date_format is None:
            turned = parse_dates(never, dayfirst=False)
            if all(moment is not None for moment in turned.values.values()):
                raise SourceError(
                    f"No date of the column is day.month, but all are month.day: {never[0]!r}.", cure,
                    file=self.file, column=column.name, row=int(self.lines[where_is(column.text, never[0])[0]]),
                )  # fmt: skip
        if read.ambiguous:
            text = read.ambiguous[0]
            raise SourceError(
                f"{text!r} may be day/month or month/day, and no value of the column tells which.", cure,
                file=self.file, column=column.name, row=int(self.lines[where_is(column.text, text)[0]]),
            )  # fmt: skip

    def _implausible(self, column: Column, values: np.ndarray) -> None:
        low, high = (side.to_datetime64().astype("datetime64[us]") for side in self.window)
        wrong = np.flatnonzero(~np.isnat(values) & ((values < low) | (values > high)))
        for row in wrong[:_NAMED]:
            self._tell("implausible_date", column.name, np.array([row]), [str(values[row])[:10]])
        if len(wrong) > _NAMED:
            self._tell("implausible_date", column.name, wrong[_NAMED:], [str(values[wrong[_NAMED]])[:10]])
        values[wrong] = np.datetime64("NaT")

    # -- telling -------------------------------------------------------------------------------

    def _tell(self, code: str, column: str, rows: np.ndarray, samples: Sequence[str], **values: Any) -> None:
        """One finding per row, as long as they are few."""
        severity = "note" if code == "tax_restored" else "warning"
        if len(rows) == 0:
            return
        if len(rows) <= _NAMED:
            for row in rows:
                self.found.add(code, severity, file=self.file, row=int(self.lines[row]), column=column, rows=1,
                               sample=samples[0], **values)  # fmt: skip
        else:
            self.found.add(code, severity, file=self.file, row=int(self.lines[rows[0]]), column=column,
                           rows=len(rows), sample=samples[0], **values)  # fmt: skip
