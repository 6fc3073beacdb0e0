"""Small helpers of reading columns: where a text stands, texts and moments as pandas holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import SourceError
from .column import padded

__all__ = ["Undecided", "Where", "as_float", "as_moment", "as_series", "is_clean", "repeated", "where_is"]


class Undecided(SourceError):
    """A column that means two things by itself; another column of the file may decide."""


class Where:
    """Rows of a text, looked up without a pass over the column for each."""

    def __init__(self, text: pa.Array, texts: Sequence[str], places: np.ndarray | None) -> None:
        self._text, self._places = text, places
        self._number = {one: place for place, one in enumerate(texts)}

    def __call__(self, text: str) -> np.ndarray:
        if self._places is None:
            return where_is(self._text, text)
        return np.flatnonzero(self._places == self._number[text])


def where_is(text: pa.Array, value: str) -> np.ndarray:
    """Rows whose text is a value."""
    return np.flatnonzero(np.asarray(pc.fill_null(pc.equal(text, value), False)))


def as_float(value: float | None) -> float:
    """A number, NaN where there is none."""
    return np.nan if value is None else value


def as_moment(value: Any) -> Any:
    """A moment, NaT where there is none."""
    moment: Any = "NaT" if value is None else value
    return np.datetime64(moment, "us")


def as_series(text: pa.Array) -> pd.Series:
    """An Arrow column of text as a pandas one."""
    return pd.Series(pd.array(text, dtype=pd.StringDtype("pyarrow", na_value=np.nan)))


def repeated(keys: pd.Series) -> pd.Series:
    """Rows whose key stands in another row too.

    >>> repeated(pd.Series(["7", "8", "7"])).tolist()
    [True, False, True]
    """
    try:
        # Texts that are different numbers differ: no table of twenty million texts is needed.
        numbers = np.sort(pc.cast(pa.array(keys, from_pandas=True), pa.int64()).to_numpy())
        if len(numbers) == len(keys) and (numbers[1:] > numbers[:-1]).all():
            return pd.Series(False, index=keys.index)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    return keys.duplicated(keep=False)


def is_clean(values: pd.Series) -> bool:
    """Whether a column holds a text without blanks around it in every row, told by bytes alone."""
    if not isinstance(values.dtype, pd.StringDtype) or values.dtype.storage != "pyarrow":
        return False
    text: Any = pa.array(values)
    if isinstance(text, pa.ChunkedArray):
        if text.num_chunks != 1:
            return False
        text = text.chunk(0)
    known = len(text) >= 1000 and not text.null_count and pa.types.is_large_string(text.type)
    return known and bool(pc.min(pc.binary_length(text)).as_py() > 0) and not padded(text)
