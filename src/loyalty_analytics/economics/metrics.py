"""The base metrics as the trade writes them, and beside them the form that looks at the new clients alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from ..money import to_minor
from ..months import as_of as read_as_of
from ..months import from_number
from ..orders import Orders, orders_of
from ..results import Note, Result, as_table, takes
from ._period import Period, period, spend_rows

__all__ = ["base_metrics"]


@takes(panel=[], transactions=["date", "amount"], marketing_spend=["period_start", "amount"])
def base_metrics(
    panel: Any, as_of: Any = None, *, transactions: Any = None, marketing_spend: Any = None,
    dissatisfied: Iterable[Any] | None = None, months: int = 12, active_months: int = 3,
) -> Result:  # fmt: skip
    """Clients, cheque, repeat purchases, cost of winning and payback of a period.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
        The period ends with the last whole month.
    transactions : table, optional
        Gives the median cheque; without it only the mean is known.
    marketing_spend : table, optional
        period_start, channel, amount, optional purpose {acquisition, retention, brand}.
    dissatisfied : ids of clients, optional
    months : int
        Length of the period.
    active_months : int
        A client is active with an order in so many last months.

    Returns
    -------
    Result
        ``.table``: metric, value, share (of all clients; null where it makes no sense), unit
        {clients, orders, money, times, share}. Metrics: clients, active, inactive, dissatisfied,
        new, spend, spend_acquisition, orders, repeat_orders, revenue, gross_profit, cheque_mean,
        cheque_median, profit_mean, profit_median, cac, cac_acquisition, payback_revenue,
        payback_profit (as the trade writes them), cohort_revenue, cohort_profit (of the new
        clients alone against the same spend), cohort_profit_acquisition. Unknown is null.

    Notes
    -----
    CAC = spend / new clients. Payback = (revenue / new) / CAC: the number of new clients cancels and
    the income of the whole base stands against the cost of winning new ones. The cohort form
    divides the income of the new clients by the spend. A note tells where one is above 1 and the
    other below.

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": ["old", "old", "new"], "month": ["2025-01", "2026-03", "2026-03"],
    ...     "orders": [1, 1, 1], "revenue": [100.0, 900.0, 50.0]})
    >>> spend = pd.DataFrame({"period_start": ["2026-02"], "channel": ["fair"], "amount": [100.0]})
    >>> table = base_metrics(panel, marketing_spend=spend).table.set_index("metric")["value"]
    >>> table[["new", "cac", "payback_revenue", "cohort_revenue"]].tolist()
    [1.0, 100.0, 9.5, 0.5]
    """
    span = period(panel, as_of, months)
    if span is None:
        return Result(frame=_rows({}, 0), notes=(Note("acquisition.nothing"),))
    values = _clients(span, active_months, dissatisfied)
    values |= _money(span)
    if transactions is not None:
        values |= _cheques(transactions, span)
    notes: list[Note] = []
    spend = spend_rows(marketing_spend, span.begin, span.end)
    if len(as_table(marketing_spend)):
        values |= _payback(span, spend, values)
        notes += _warnings(values, spend)
    if span.earliest >= span.begin:
        notes.append(Note("acquisition.censored"))
    lead = Note("acquisition.metrics", {"clients": values["clients"], "new": values["new"]})
    return Result(
        frame=_rows(values, len(span.first)), notes=(lead, *notes), as_of=span.as_of,
        options={"months": months, "active_months": active_months},
    )  # fmt: skip


_UNITS = {
    "clients": "clients", "active": "clients", "inactive": "clients", "dissatisfied": "clients", "new": "clients",
    "spend": "money", "spend_acquisition": "money", "orders": "orders", "repeat_orders": "orders",
    "revenue": "money", "gross_profit": "money", "cheque_mean": "money", "cheque_median": "money",
    "profit_mean": "money", "profit_median": "money", "cac": "money", "cac_acquisition": "money",
    "payback_revenue": "times", "payback_profit": "times", "cohort_revenue": "times", "cohort_profit": "times",
    "cohort_profit_acquisition": "times",
}  # fmt: skip


def _rows(values: dict[str, float], clients: int) -> pd.DataFrame:
    frame = pd.DataFrame({"metric": list(_UNITS)})
    frame["value"] = frame["metric"].map(values).astype("float64")
    counts = frame["metric"].map(_UNITS) == "clients"
    frame["share"] = (frame["value"] / clients if clients else np.nan) * np.where(counts, 1.0, np.nan)
    frame["unit"] = frame["metric"].map(_UNITS).astype("str")
    return frame


def _clients(span: Period, active_months: int, dissatisfied: Iterable[Any] | None) -> dict[str, float]:
    recent = span.rows[(span.rows["orders"] > 0) & (span.rows["number"] > span.end - active_months)]
    active = recent["client_id"].nunique()
    values = {"clients": len(span.first), "active": active, "inactive": len(span.first) - active,
              "new": float(len(span.won))}  # fmt: skip
    if dissatisfied is not None:
        values["dissatisfied"] = int(span.first.index.isin(list(dissatisfied)).sum())
    return values


def _money(span: Period) -> dict[str, float]:
    inside = span.inside
    orders = int(inside["orders"].sum())
    # A repeat order is any but the first one of a client that was won in the period.
    revenue, profit = int(inside["revenue"].sum()), inside["gross_profit"].sum(min_count=1)
    profit = np.nan if pd.isna(profit) else float(profit)
    return {
        "orders": orders,
        "repeat_orders": orders - len(span.won),
        "revenue": revenue / 100,
        "gross_profit": profit / 100,
        "cheque_mean": revenue / 100 / orders if orders else np.nan,
        "profit_mean": profit / 100 / orders if orders else np.nan,
    }


def _cheques(deals: Any, span: Period) -> dict[str, float]:
    """Mean and median over sales (returns have no cheque)."""
    begin, end = from_number([span.begin])[0], read_as_of(span.as_of).end
    transactions = orders_of(deals, ("date", "amount", "kind", "status", "gross_profit"), begin, end)
    if transactions.empty:
        return {}
    dates = pd.to_datetime(transactions["date"])
    number = dates.dt.year * 12 + dates.dt.month - 1
    seen = (number >= span.begin) & (number <= span.end) & (dates <= read_as_of(span.as_of).end)
    transactions = transactions[seen.to_numpy(dtype=bool)]
    amount = to_minor(transactions["amount"]).astype("Float64")
    sale = (amount >= 0).fillna(False)
    if "kind" in transactions:
        sale &= (transactions["kind"].astype("object") != "return").to_numpy()
    if "status" in transactions:
        sale &= ~transactions["status"].astype("object").isin(["planned", "cancelled"]).to_numpy()
    if not sale.any():
        return {}
    values = {"cheque_mean": amount[sale].mean() / 100, "cheque_median": amount[sale].median() / 100}
    if isinstance(deals, Orders) and deals.sold is not None:  # the panel counts a campaign in each of its months
        values |= {"orders": int(sale.sum()), "repeat_orders": max(int(sale.sum()) - len(span.won), 0)}
    if "gross_profit" in transactions and transactions["gross_profit"].notna().any():
        profit = transactions.loc[sale.to_numpy(), "gross_profit"].astype("float64")
        values |= {"profit_mean": profit.mean(), "profit_median": profit.median()}
    return {name: float(value) for name, value in values.items()}


def _payback(span: Period, spend: pd.DataFrame, values: dict[str, float]) -> dict[str, float]:
    total = int(spend["minor"].sum()) / 100
    named = spend["purpose"].notna().any()
    acquisition = int(spend.loc[spend["purpose"] == "acquisition", "minor"].sum()) / 100 if named else np.nan
    inside = span.inside
    fresh = inside[inside["client_id"].isin(span.won)]
    revenue = int(fresh["revenue"].sum()) / 100
    profit = fresh["gross_profit"].sum(min_count=1)
    profit = np.nan if pd.isna(profit) else float(profit) / 100
    new = len(span.won)

    def over(top: float, bottom: float) -> float:
        return top / bottom if bottom else np.nan

    return {
        "spend": total,
        "spend_acquisition": acquisition,
        "cac": over(total, new),
        "cac_acquisition": over(acquisition, new),
        "payback_revenue": over(values["revenue"], total) if new else np.nan,
        "payback_profit": over(values["gross_profit"], total) if new else np.nan,
        "cohort_revenue": over(revenue, total) if new else np.nan,
        "cohort_profit": over(profit, total) if new else np.nan,
        "cohort_profit_acquisition": over(profit, acquisition) if new else np.nan,
    }


def _warnings(values: dict[str, float], spend: pd.DataFrame) -> list[Note]:
    notes = [Note("acquisition.cancels")]
    for trade, own in (("payback_revenue", "cohort_revenue"), ("payback_profit", "cohort_profit")):
        a, b = values[trade], values[own]
        if (a >= 1) != (b >= 1) and not np.isnan(a) and not np.isnan(b):
            notes.append(Note("acquisition.disagree", {"trade": round(a, 2), "own": round(b, 2)}))
            break
    named = spend["channel"].astype("str").str.lower()
    if not named.str.contains("salary|payroll|pay of sellers|зарплат|оклад|фот").any():
        notes.append(Note("acquisition.no_pay"))
    return notes
