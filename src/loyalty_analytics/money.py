"""Money as int64 minor units (kopecks, cents): sums are exact on every engine and in any order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .errors import DataError

__all__ = ["MINOR", "from_minor", "to_minor"]

MINOR = 100  # minor units in a unit of currency
_LARGEST = 2**53 / MINOR  # beyond this a float no longer holds the kopeck


def to_minor(amounts: Any) -> pd.Series:
    """Currency units to minor units, rounded half to even at the kopeck; missing stays missing.

    Parameters
    ----------
    amounts : array-like of float, int or Decimal, in currency units

    Returns
    -------
    pandas.Series of Int64

    Raises
    ------
    DataError
        Where an amount is text that is no number, infinite or too large to be exact (above 90 trillion).

    Examples
    --------
    >>> to_minor([0.1, 1234.56, None]).tolist()
    [10, 123456, <NA>]
    """
    column = amounts if isinstance(amounts, pd.Series) else pd.Series(amounts)
    try:
        values = column.astype("float64").to_numpy()
    except (TypeError, ValueError) as error:
        raise DataError(
            f"Column {column.name!r} holds no amounts: {error}.", "Read the file with `la.read_source`."
        ) from None
    if np.any(np.abs(values) > _LARGEST):
        raise DataError("An amount of money is infinite or above 90 trillion.", "Check the units of this column.")
    minor = np.rint(values * MINOR)
    return pd.Series(pd.array(minor, dtype="Int64"), index=column.index, name=column.name)


def from_minor(minor: Any) -> pd.Series:
    """Minor units to currency units as float64 for people to read.

    >>> from_minor([123456]).tolist()
    [1234.56]
    """
    column = minor if isinstance(minor, pd.Series) else pd.Series(minor)
    return column.astype("Float64").astype("float64") / MINOR
