"""A made-up client: its tables and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

__all__ = ["World", "records"]


@dataclass(frozen=True, eq=False)
class World:
    """Canonical tables of an invented company and what was planted in them.

    Attributes
    ----------
    name : str
        Folder of data/raw.
    tables : dict of DataFrame
        Clean canonical tables, before the export makes them messy.
    truth : dict of DataFrame
        What an analysis should find.
    """

    name: str
    tables: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]


def records(table: pd.DataFrame) -> list[Any]:
    """Rows of a table as named tuples."""
    return list(table.itertuples(index=False))
