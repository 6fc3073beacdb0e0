"""A raw column: texts of a file, with the numbers and dates that Excel and Parquet know as such."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["EXACT", "Column", "padded", "text_of"]

_BLANKS = " \t\r\n\u00a0\ufeff\u202f\u205f\u3000\u2060" + "".join(map(chr, range(0x2000, 0x2010)))
EXACT = 2**53  # whole numbers above lose digits as floats
_SLICE = 2_000_000  # cells that are looked at together
_FEW = 50_000  # distinct texts that are looked at one by one


@dataclass(eq=False)
class Column:
    """Cells of a column. Where a row has a number or a moment its text is null; blank texts are null."""

    name: str
    text: pa.Array
    number: np.ndarray | None = None
    moment: np.ndarray | None = None
    _distinct: Any = None

    def __len__(self) -> int:
        return len(self.text)

    @classmethod
    def of_text(cls, name: str, text: pa.Array) -> Column:
        """From texts; blanks around them go, empty ones become null."""
        trimmed = pc.utf8_trim(text, _BLANKS) if padded(text) else text
        lengths = pc.binary_length(trimmed)
        if len(lengths) and pc.min(lengths).as_py() == 0:
            trimmed = pc.if_else(pc.equal(lengths, 0), pa.scalar(None, pa.large_string()), trimmed)
        return cls(name, trimmed)

    @classmethod
    def of_words(cls, name: str, words: pa.Array, places: pa.Array) -> Column:
        """From distinct texts and the place of each row's text among them."""
        trimmed = cls.of_text(name, words).text
        column = cls(name, trimmed.take(places))
        if trimmed.null_count == 0 and places.null_count == 0 and pc.count_distinct(trimmed).as_py() == len(trimmed):
            column._distinct = ((trimmed.to_pylist(), places.to_numpy(zero_copy_only=False)),)
        return column

    @classmethod
    def of_cells(cls, name: str, cells: Sequence[Any]) -> Column:
        """From Python cells of a workbook."""
        texts: list[str | None] = []
        numbers = np.full(len(cells), np.nan)
        moments = np.full(len(cells), np.datetime64("NaT", "us"))
        for place, cell in enumerate(cells):
            text = None
            if isinstance(cell, str):
                text = cell
            elif isinstance(cell, bool):
                text = "true" if cell else "false"
            elif isinstance(cell, int | float):
                if (isinstance(cell, int) and abs(cell) > EXACT) or (not math.isfinite(cell) and cell == cell):
                    text = str(cell)
                else:
                    numbers[place] = cell
            elif isinstance(cell, dt.datetime):
                moments[place] = np.datetime64(cell.replace(tzinfo=None), "us")
            elif isinstance(cell, dt.date):
                moments[place] = np.datetime64(cell, "us")
            elif cell is not None:
                text = str(cell)
            texts.append(text)
        column = cls.of_text(name, pa.array(texts, type=pa.large_string()))
        column.number = None if np.isnan(numbers).all() else numbers
        column.moment = None if np.isnat(moments).all() else moments
        return column

    @classmethod
    def of_series(cls, name: str, series: pd.Series) -> Column:
        """From a typed column of a Parquet file or a database."""
        nothing = pa.nulls(len(series), pa.large_string())
        if isinstance(series.dtype, pd.CategoricalDtype):
            series = series.astype(series.cat.categories.dtype)
        if pd.api.types.is_bool_dtype(series.dtype):
            texts = series.astype("boolean").map({True: "true", False: "false"})
            return cls.of_text(name, pa.array(texts.astype(object).where(texts.notna(), None), pa.large_string()))
        if pd.api.types.is_numeric_dtype(series.dtype):
            if pd.api.types.is_integer_dtype(series.dtype) and (series.abs() > EXACT).any():
                return cls.of_text(name, pa.array(series, from_pandas=True).cast(pa.large_string()))
            number = series.astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
            endless = np.isinf(number)
            if not endless.any():
                return cls(name, nothing, number=number)
            text = [str(value) if odd else None for value, odd in zip(number.tolist(), endless.tolist())]
            return cls(name, pa.array(text, pa.large_string()), number=np.where(endless, np.nan, number))
        if pd.api.types.is_datetime64_any_dtype(series.dtype):
            if getattr(series.dtype, "tz", None) is not None:
                series = series.dt.tz_localize(None)
            return cls(name, nothing, moment=series.to_numpy(dtype="datetime64[us]"))
        if isinstance(series.dtype, pd.StringDtype):
            return cls.of_text(name, pa.array(series, type=pa.large_string(), from_pandas=True))
        cells = [None if _is_null(cell) else _plain(cell) for cell in series]
        return cls.of_cells(name, cells)

    def whole(self) -> bool:
        """Whether no cell is blank, as far as the texts alone tell."""
        return self.text.null_count == 0

    def filled(self) -> np.ndarray:
        """Whether each cell holds something."""
        if self.whole():
            return np.ones(len(self), dtype=bool)
        result = np.asarray(pc.is_valid(self.text).to_numpy(zero_copy_only=False))
        if self.number is not None:
            result |= ~np.isnan(self.number)
        if self.moment is not None:
            result |= ~np.isnat(self.moment)
        return result

    def take(self, kept: np.ndarray) -> Column:
        """The rows of a mask or of positions."""
        if kept.dtype == bool:
            text = self.text.filter(pa.array(kept))
        else:
            text = self.text.take(pa.array(kept))
        number = None if self.number is None else self.number[kept]
        moment = None if self.moment is None else self.moment[kept]
        return Column(self.name, text, number, moment)

    def cell(self, row: int) -> Any:
        """One cell as Python sees it; None for a blank."""
        if self.number is not None and not np.isnan(self.number[row]):
            return float(self.number[row])
        if self.moment is not None and not np.isnat(self.moment[row]):
            return pd.Timestamp(self.moment[row]).to_pydatetime()
        return self.text[row].as_py()

    def distinct(self) -> tuple[list[str], np.ndarray] | None:
        """Distinct texts and the place of each row among them (−1 for null); None where they are many."""
        if self._distinct is None:
            self._distinct = (self._find_distinct(),)
        return self._distinct[0]

    def _find_distinct(self) -> tuple[list[str], np.ndarray] | None:
        if len(self) > 4 * _FEW:
            sample = pc.count_distinct(self.text.slice(0, 2 * _FEW)).as_py()
            if sample > _FEW:
                return None
        texts, places = self.encoded()
        return None if len(texts) > _FEW and len(texts) > 0.2 * len(self) else (texts, places)

    def encoded(self) -> tuple[list[str], np.ndarray]:
        """Distinct texts and the place of each row among them (−1 for null), however many."""
        encoded = self.text.dictionary_encode()
        places: np.ndarray = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return encoded.dictionary.to_pylist(), places

    def lacks(self, text: str) -> bool:
        """Whether the distinct texts are known and this is none of them."""
        known = self._distinct[0] if self._distinct else None
        return known is not None and text not in known[0]

    def all_different(self) -> bool:
        """Whether no two cells are equal: a number of each row."""
        if self.moment is not None or (self.number is None) != self.whole():
            return False
        if self.number is not None:
            return self.text.null_count == len(self) and _no_two(self.number)
        few = self.text.slice(0, 1000)
        # Numbers that only grow, as exports sorted by number have them, need no table of all texts.
        if len(self) > 10_000 and _grows(few) and _grows(self.text):
            return True
        return pc.count_distinct(few).as_py() == len(few) and pc.count_distinct(self.text).as_py() == len(self)

    def only_whole_numbers(self) -> bool:
        """Whether all cells are whole numbers, whose texts are their digits."""
        numbers = self.number
        if numbers is None or self.moment is not None or self.text.null_count < len(self):
            return False
        return bool((np.isnan(numbers) | ((numbers == np.rint(numbers)) & (np.abs(numbers) < 1e15))).all())

    def codes(self) -> np.ndarray:
        """A number per cell, equal where cells are equal."""
        if self.text.null_count == len(self) and self.moment is None and self.number is not None:
            return np.asarray(pd.factorize(self.number, use_na_sentinel=False)[0])
        if self.text.null_count == len(self) and self.number is None and self.moment is not None:
            return np.asarray(pd.factorize(self.moment.view("int64"))[0])
        few = self._distinct[0] if self._distinct else None
        places = few[1] if few is not None else text_of(self).dictionary_encode().indices.fill_null(-1)
        return np.asarray(places, dtype=np.int64) + 1

    def sample(self, size: int = 400) -> list[str]:
        """Some distinct texts, spread over the column."""
        step = max(1, len(self) // (4 * size))
        some = self.text.take(pa.array(np.arange(0, len(self), step)))
        return [text for text in pc.unique(some).to_pylist() if text is not None][:size]


def _no_two(numbers: np.ndarray) -> bool:
    few = numbers[:1000]
    if np.isnan(numbers).any() or len(np.unique(few)) < len(few):
        return False
    return bool((numbers[1:] > numbers[:-1]).all() or (np.diff(np.sort(numbers)) > 0).all())


def _grows(text: pa.Array) -> bool:
    return bool(pc.all(pc.less(text.slice(0, len(text) - 1), text.slice(1))).as_py())


def padded(text: pa.Array) -> bool:
    """Whether a text begins or ends with a blank."""
    if len(text) < 1000 or text.null_count:
        return True
    return any(_blank_ends(text.slice(start, _SLICE)) for start in range(0, len(text), _SLICE))


def _blank_ends(text: pa.Array) -> bool:
    offsets = np.frombuffer(text.buffers()[1], dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    raw = np.frombuffer(text.buffers()[2] or b"", dtype=np.uint8)
    filled = offsets[1:] > offsets[:-1]
    first, last = raw[offsets[:-1][filled]], raw[offsets[1:][filled] - 1]
    if (first <= 32).any() or (last <= 32).any():
        return True
    # Other blanks have more bytes: a no-break space (C2 A0), zero-width ones and the byte order mark.
    doubtful = np.isin(first, (0xE2, 0xEF)).any() or np.isin(last, (0x8B, 0xBF)).any()
    second = raw[np.minimum(offsets[:-1][filled] + 1, len(raw) - 1)]
    before = raw[np.maximum(offsets[1:][filled] - 2, 0)]
    return bool(doubtful or ((first == 0xC2) & (second == 0xA0)).any() or ((last == 0xA0) & (before == 0xC2)).any())


def _is_null(cell: Any) -> bool:
    return cell is None or (not isinstance(cell, list | tuple | np.ndarray | dict) and bool(pd.isna(cell)))


def _plain(cell: Any) -> Any:
    if isinstance(cell, np.generic):
        return cell.item()
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, list | tuple | np.ndarray):
        return "; ".join(map(str, cell))
    if isinstance(cell, bytes):
        return cell.decode("utf-8", errors="replace")
    return cell if isinstance(cell, str | bool | int | float | dt.date) else str(cell)


def text_of(column: Column) -> pa.Array:
    """The column as texts: whole numbers without a point, moments as ISO dates."""
    text = column.text
    if column.number is not None and column.only_whole_numbers():
        unknown = np.isnan(column.number)
        digits = pa.array(np.where(unknown, 0, column.number).astype("int64"), mask=unknown if unknown.any() else None)
        return digits.cast(pa.large_string())
    if column.number is not None:
        text = pc.coalesce(text, pa.array(_number_texts(column.number), pa.large_string()))
    if column.moment is not None:
        days = column.moment.astype("datetime64[D]")
        whole = bool((np.isnat(column.moment) | (days == column.moment)).all())
        shown = np.datetime_as_string(column.moment, unit="D" if whole else "s")
        known = pa.array(np.isnat(column.moment))
        shown_text = pa.array(shown.astype(str).tolist(), pa.large_string())
        text = pc.coalesce(text, pc.if_else(known, pa.scalar(None, pa.large_string()), shown_text))
    return text


def _number_texts(numbers: np.ndarray) -> list[str | None]:
    values, places = np.unique(numbers, return_inverse=True)
    shown = [
        None if np.isnan(v) else str(int(v)) if v == np.rint(v) and abs(v) < 1e15 else repr(float(v)) for v in values
    ]
    return [shown[place] for place in places]
