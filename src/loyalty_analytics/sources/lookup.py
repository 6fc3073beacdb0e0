"""Small helpers of reading columns: where a text stands, texts and moments as pandas holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import SourceError

__all__ = ["Undecided", "Where", "as_float", "as_moment", "as_series", "where_is"]


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
