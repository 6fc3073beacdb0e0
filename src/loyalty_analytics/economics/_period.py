"""A panel over a period, in minor units, and the clients that were won in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..grid import read_panel
from ..money import to_minor
from ..months import AsOf, month_number
from ..results import as_table

__all__ = ["Period", "for_winning", "period", "spend_rows"]


@dataclass(frozen=True, eq=False)
class Period:
    """Rows of the panel up to the last whole month.

    Attributes
    ----------
    rows : pandas.DataFrame
        client_id, number, orders, revenue, gross_profit (minor units; profit null = not known).
    first : pandas.Series
        Number of the month of the first order, by client.
    begin, end : int
        First and last month of the period.
    earliest : int
        First month of the data.
    """

    rows: pd.DataFrame
    first: pd.Series
    begin: int
    end: int
    earliest: int
    as_of: AsOf

    @property
    def inside(self) -> pd.DataFrame:
        """Rows of the period."""
        return self.rows[self.rows["number"] >= self.begin]

    @property
    def won(self) -> pd.Index:
        """Clients whose first order lies in the period."""
        return self.first.index[self.first >= self.begin]


def period(panel: Any, as_of: Any, months: int) -> Period | None:
    """The last whole ``months`` of a panel, or None where it is empty."""
    full, seen = read_panel(panel, as_of)
    if seen is None or full.empty:
        return None
    end = seen.last_whole_number
    full = full[full["number"] <= end]
    rows = pd.DataFrame({
        "client_id": full["client_id"],
        "number": full["number"],
        "orders": full["orders"].fillna(0).astype("int64"),
        "revenue": to_minor(full["revenue"]).fillna(0).astype("int64"),
        "gross_profit": to_minor(full["gross_profit"]),
    })  # fmt: skip
    bought = rows[rows["orders"] > 0]
    first = bought.groupby("client_id")["number"].min()
    earliest = int(bought["number"].min()) if len(bought) else end
    return Period(rows, first, end - months + 1, end, earliest, seen)


def spend_rows(marketing_spend: Any, begin: int, end: int) -> pd.DataFrame:
    """Promotion spend of a period: number (month), channel, purpose, minor."""
    columns = ["number", "channel", "purpose", "minor"]
    table = as_table(marketing_spend)
    if table.empty:
        return pd.DataFrame({name: pd.Series([], dtype="int64") for name in columns})
    made = pd.DataFrame({
        "number": month_number(table["period_start"], "period_start"),
        "channel": table["channel"].astype("object").to_numpy() if "channel" in table else None,
        "purpose": table["purpose"].astype("object").to_numpy() if "purpose" in table else None,
        "minor": to_minor(table["amount"]).fillna(0).to_numpy(dtype=np.int64),
    })  # fmt: skip
    return made[(made["number"] >= begin) & (made["number"] <= end)]


def for_winning(spend: pd.DataFrame) -> pd.DataFrame:
    """Spend on acquisition alone where the purpose is given, else all of it."""
    return spend[spend["purpose"].isin(["acquisition"])] if spend["purpose"].notna().any() else spend
