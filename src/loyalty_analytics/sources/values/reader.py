"""Typed values of a raw column, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from . import codes
from .column import Column, text_of
from .dates import looks_like_date, parse_dates
from .fast import TEXT_MARKS, odd_codes
from .figures import read_numbers
from .lookup import as_series, where_is
from .moments import EXCEL_LAST, read_dates
from .numbers import is_missing, parse_numbers
from .reading import Reading
from .roles import role_of

__all__ = ["Reader"]


class Reader(Reading):
    """Reads the columns of one file."""

    # -- what kind of column -------------------------------------------------------------------

    def kind_of(self, column: Column, wanted: str | None) -> str:
        """num, date or str: as wanted, as the header says, else as the values look."""
        if wanted is not None:
            return {"num": "num", "money": "num", "int": "num", "date": "date", "ts": "date", "month": "date"}.get(
                wanted, "str"
            )
        role = role_of(column.name)
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
            serial = float(((values >= 20_000) & (values <= EXCEL_LAST)).mean())
        else:
            serial = 0.0
        read = parse_dates(texts, dayfirst=True)
        good = len(texts) - len(read.unknown)
        return (good + serial * numbers) / max(1, len(texts) + numbers)

    # -- reading -------------------------------------------------------------------------------

    def read(self, column: Column, kind: str, wanted: str | None) -> pd.Series:
        """The values of a column; faults go to the findings."""
        if kind == "num":
            return read_numbers(self, column)
        if kind == "date":
            return read_dates(self, column)
        return self._texts(column, wanted)

    def _texts(self, column: Column, wanted: str | None) -> pd.Series:
        role = role_of(column.name)
        if role == "money" and wanted is None:
            where = np.flatnonzero(column.filled())
            if len(where):
                self.found.add("money_as_text", "warning", file=self.file, row=int(self.lines[where[0]]),
                               column=column.name, rows=len(where), sample=str(column.cell(int(where[0]))))  # fmt: skip
        if role == "tax" or wanted == "tax":
            return self._codes(column, codes.restore_tax)
        if role == "code":
            return self._codes(column, codes.plain_code)
        text = text_of(column)
        few = column.distinct()
        listed = text if few is None else pa.array(few[0], pa.large_string())
        if pc.any(pc.is_in(listed, TEXT_MARKS)).as_py():
            marks = pc.is_in(text, TEXT_MARKS)
            rows = np.flatnonzero(np.asarray(marks))
            self.found.add("marks", file=self.file, column=column.name, row=int(self.lines[rows[0]]), rows=len(rows))
            text = pc.if_else(marks, pa.scalar(None, pa.large_string()), text)
        return as_series(text)

    def _codes(self, column: Column, restore: Any) -> pd.Series:
        """Codes as texts, repaired one distinct value at a time."""
        text = text_of(column)
        whole = column.number is None
        if restore is codes.plain_code and (not odd_codes(column) if whole else column.only_whole_numbers()):
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
            self.tell(problem, column.name, where_is(text, code), [code], value=value or "")
        return as_series(result)
