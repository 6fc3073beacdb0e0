"""Money that clients owe past its day."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..money import to_minor
from ..months import as_of as read_as_of
from ..orders import holds, orders_of
from ..results import Note, Result, no_rows

__all__ = ["receivables"]

_USED = ("client_id", "date", "amount", "due_date", "paid_date", "paid_amount", "status")
_COLUMNS = ["client_id", "debt", "overdue", "oldest_due", "days_overdue", "bills", "days_to_pay", "due_share"]


def receivables(transactions: Any, as_of: Any = None) -> Result:
    """Debt and overdue debt of each client.

    Parameters
    ----------
    transactions : table
        client_id, date, amount; due_date and any of paid_date, paid_amount. Needs due_date.
    as_of : month or day, optional
        A payment after it is not known yet; paid_amount counts where paid_date is not later.

    Returns
    -------
    Result
        ``.table``: client_id, debt (billed, not paid), overdue (the part whose due date is over),
        oldest_due, days_overdue (of the oldest), bills (overdue), days_to_pay (median days from
        due date to payment of paid bills; negative = early), due_share (overdue of debt); largest
        overdue first; clients without debt are left out.

    Examples
    --------
    >>> bills = pd.DataFrame({"client_id": ["a"], "date": ["2026-09-01"], "amount": [100.0],
    ...                       "due_date": ["2026-09-30"], "paid_date": [None], "paid_amount": [40.0]})
    >>> receivables(bills, "2026-10").table[["client_id", "debt", "overdue", "days_overdue"]]
      client_id  debt  overdue  days_overdue
    0         a  60.0     60.0            31
    """
    if not holds(transactions, "due_date"):
        return Result(frame=_none(), notes=(Note("acquisition.no_due"),))
    table = orders_of(transactions, _USED)
    date = pd.to_datetime(table["date"])
    seen = read_as_of(as_of, latest=date.max().to_period("M"))
    due = pd.to_datetime(table["due_date"])
    paid_at = pd.to_datetime(table["paid_date"]) if "paid_date" in table else pd.Series(pd.NaT, table.index)
    amount = to_minor(table["amount"]).fillna(0).to_numpy(dtype=np.int64)
    paid = _paid(table, amount, paid_at, seen.end)
    valid = (date <= seen.end).to_numpy() & due.notna().to_numpy()
    if "status" in table:
        valid &= ~table["status"].astype("object").isin(["planned", "cancelled"]).to_numpy()
    owed = np.where(valid, amount - paid, 0)
    over = (due < seen.date).to_numpy() & (owed > 0)
    wait = (paid_at - due).dt.days.where((paid_at <= seen.end) & valid)
    rows = pd.DataFrame({
        "client_id": table["client_id"].array,
        "debt": owed,
        "overdue": np.where(over, owed, 0),
        "oldest_due": due.where(over).to_numpy(),
        "bills": over.astype(np.int64),
        "days_to_pay": wait.to_numpy(dtype=float),
    })  # fmt: skip
    sums = rows.groupby("client_id", as_index=False).agg({
        "debt": "sum", "overdue": "sum", "oldest_due": "min", "bills": "sum", "days_to_pay": "median",
    })  # fmt: skip
    sums = sums[sums["debt"] > 0]
    sums["due_share"] = sums["overdue"] / sums["debt"]
    sums["days_overdue"] = (seen.date - sums["oldest_due"]).dt.days.astype("Int64")
    sums[["debt", "overdue"]] /= 100
    frame = sums.sort_values("overdue", ascending=False, kind="stable").reset_index(drop=True)[_COLUMNS]
    note = Note("acquisition.receivables", {"clients": int((frame["overdue"] > 0).sum())})
    return Result(frame=frame, notes=(note,), as_of=seen)


def _paid(table: pd.DataFrame, amount: np.ndarray, paid_at: pd.Series, end: pd.Timestamp) -> np.ndarray:
    """What was paid by then: the stated sum, else everything where a date of payment stands."""
    stated = to_minor(table["paid_amount"]) if "paid_amount" in table else pd.Series(pd.NA, table.index, dtype="Int64")
    later = (paid_at > end).to_numpy()
    whole = np.where(paid_at.notna(), amount, 0)
    paid = np.where(stated.notna(), stated.fillna(0).to_numpy(dtype=np.int64), whole)
    return np.where(later, 0, paid)


def _none() -> pd.DataFrame:
    return no_rows(_COLUMNS, client_id="str", oldest_due="datetime64[us]", bills="int64")
