"""Payback of the clients won in a period, and the spread of the cheque."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..money import to_minor
from ..months import as_of as read_as_of
from ..months import from_number
from ..orders import orders_of
from ..results import Note, Result
from . import pictures
from ._period import for_winning, period, spend_rows

__all__ = ["cheque_spread", "payback"]

_COLUMNS = ["cohort", "age", "clients", "spend", "cac", "income", "income_to_date", "paid", "months_to_pay_back"]


def payback(
    panel: Any,
    as_of: Any = None,
    *,
    marketing_spend: Any = None,
    by: str = "quarter",
    months: int = 36,
    censored_months: int = 3,
) -> Result:
    """Income of each cohort of new clients against what was spent to win it.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
    marketing_spend : table
        period_start, amount, optional purpose (acquisition alone counts where it is given).
    by : {'month', 'quarter', 'year'}
        Width of a cohort and of the spend against it.
    months : int
        Cohorts of so many last months.
    censored_months : int
        Cohorts that begin so soon after the first data hold old clients and are left out.

    Returns
    -------
    Result
        ``.table``: cohort (start), age (months since a client's first order, up to the youngest
        client's age), clients, spend, cac, income (gross profit, or revenue where profit is
        not known, of the cohort at this age), income_to_date, paid (income_to_date / spend),
        months_to_pay_back (of the cohort; null = not yet).

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": [0, 1, 1], "month": ["2025-01", "2026-01", "2026-03"],
    ...                       "revenue": [9.0, 10.0, 50.0]})
    >>> spend = pd.DataFrame({"period_start": ["2026-01"], "amount": [40.0]})
    >>> payback(panel, marketing_spend=spend).table[["age", "paid", "months_to_pay_back"]]
       age  paid  months_to_pay_back
    0    0  0.25                 3.0
    1    1  0.25                 3.0
    2    2  1.50                 3.0
    """
    step = {"month": 1, "quarter": 3, "year": 12}.get(by)
    if step is None:
        raise DataError(f"by={by!r} is no width of a cohort.", "Allowed: month, quarter, year.")
    span = period(panel, as_of, months)
    if span is None:
        return Result(frame=pd.DataFrame(columns=_COLUMNS), notes=(Note("acquisition.nothing"),))
    spend = for_winning(spend_rows(marketing_spend, span.begin, span.end))
    first = span.first[(span.first >= span.begin) & (span.first >= span.earliest + censored_months)]
    if first.empty or spend.empty:
        return Result(frame=pd.DataFrame(columns=_COLUMNS), as_of=span.as_of, notes=(Note("acquisition.nothing"),))
    rows = span.rows[span.rows["client_id"].isin(first.index)]
    income = "gross_profit" if rows["gross_profit"].notna().any() else "revenue"
    made = _cohorts(rows, rows[income].fillna(0).astype("int64"), spend, first, span.end, step)
    frame = pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=_COLUMNS)
    done = frame.drop_duplicates("cohort")["months_to_pay_back"].notna().sum() if len(frame) else 0
    note = Note("acquisition.payback", {"cohorts": len(made), "paid": int(done)})
    options = {"by": by, "income": income}
    return Result(frame=frame[_COLUMNS], notes=(note,), as_of=span.as_of, options=options, draw=pictures.payback)


def _cohorts(
    rows: pd.DataFrame, income: pd.Series, spend: pd.DataFrame, first: pd.Series, end: int, step: int
) -> list[pd.DataFrame]:
    """Each cohort of ``step`` months that has spend against it, by age."""
    born = rows["client_id"].map(first)
    sums = income.groupby([born // step, rows["number"] - born]).sum()
    paid = spend["minor"].groupby(spend["number"] // step).sum()
    size = (first // step).value_counts()
    made = []
    for cohort in sorted(set(size.index) & set(paid.index)):
        reach = end - int(first[first // step == cohort].max())  # the youngest client's age
        earned = sums[cohort].reindex(range(reach + 1), fill_value=0).to_numpy()
        to_date, cost, count = np.cumsum(earned), int(paid[cohort]), int(size[cohort])
        passed = np.flatnonzero(to_date >= cost)
        made.append(pd.DataFrame({
            "cohort": from_number([cohort * step])[0], "age": np.arange(reach + 1), "clients": count,
            "spend": cost / 100, "cac": cost / 100 / count, "income": earned / 100, "income_to_date": to_date / 100,
            "paid": to_date / cost if cost else np.nan,
            "months_to_pay_back": float(passed[0] + 1) if len(passed) else np.nan,
        }))  # fmt: skip
    return made


def cheque_spread(transactions: Any, as_of: Any = None, *, months: int = 12, bins: int = 24) -> Result:
    """How the cheque is spread, on a ratio scale: most businesses have a long tail.

    Returns
    -------
    Result
        ``.table``: low, high (bounds of a bin, equal ratios), orders, revenue. ``.overview``:
        orders, mean, median, tenth (a tenth of the orders is smaller), ninth (a tenth is larger).

    Examples
    --------
    >>> deals = pd.DataFrame({"client_id": [1, 1, 1], "date": "2026-10-01", "amount": [10.0, 20.0, 90.0]})
    >>> cheque_spread(deals, bins=2).overview[["orders", "mean", "median"]]
       orders  mean  median
    0       3  40.0    20.0
    """
    columns = ["low", "high", "orders", "revenue"]
    known = None if as_of is None else read_as_of(as_of)
    since = None if known is None else (known.last_whole - months + 1).start_time
    table = orders_of(transactions, ("date", "amount", "status"), since, None if known is None else known.end)
    if table.empty:
        return Result(frame=pd.DataFrame(columns=columns), notes=(Note("acquisition.nothing"),))
    dates = pd.to_datetime(table["date"])
    seen = read_as_of(as_of, latest=dates.max().to_period("M"))
    keep = (dates <= seen.end) & (dates >= (seen.last_whole - months + 1).start_time)
    if "status" in table:
        keep &= ~table["status"].astype("object").isin(["planned", "cancelled"]).to_numpy()
    amount = to_minor(table["amount"])[keep.to_numpy()].dropna().to_numpy(dtype=float) / 100
    amount = amount[amount > 0]
    if not len(amount):
        return Result(frame=pd.DataFrame(columns=columns), as_of=seen, notes=(Note("acquisition.nothing"),))
    low, high = amount.min(), max(amount.max(), amount.min() * 1.001)
    edges = np.geomspace(low, high, bins + 1)
    place = np.clip(np.searchsorted(edges, amount, side="right") - 1, 0, bins - 1)
    frame = pd.DataFrame({
        "low": edges[:-1], "high": edges[1:], "orders": np.bincount(place, minlength=bins),
        "revenue": np.bincount(place, weights=amount, minlength=bins),
    })  # fmt: skip
    tenth, median, ninth = np.quantile(amount, [0.1, 0.5, 0.9])
    overview = pd.DataFrame({"orders": [len(amount)], "mean": [amount.mean()], "median": [median], "tenth": [tenth],
                             "ninth": [ninth]})  # fmt: skip
    note = Note("acquisition.cheque", {"mean": round(float(amount.mean())), "median": round(float(median))})
    return Result(frame=frame, overview=overview, notes=(note,), as_of=seen, options={"months": months},
                  draw=pictures.cheque)  # fmt: skip
