"""Referrals, deliveries, cost of keeping against cost of winning, clients' stated plans."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..grid import read_panel
from ..money import from_minor, to_minor
from ..months import as_of as read_as_of
from ..months import month_number
from ..orders import Orders
from ..results import Note, Result, as_table
from ._period import period, spend_rows

__all__ = ["deliveries", "keeping_and_winning", "referrals", "stated_plans"]


def referrals(table: Any, panel: Any, as_of: Any = None) -> Result:
    """Coupons given and used, and what the recommended clients brought.

    Parameters
    ----------
    table : table of referrals
        referrer_client_id, given_at, new_client_id, first_purchase_at, bonus_amount.
    panel : result or table of `loyalty_analytics.monthly_panel`

    Returns
    -------
    Result
        ``.table``: referrer_client_id, given, used (the friend has bought), share_used, bonus,
        revenue (of the recommended, since they came); the largest revenue first.
        ``.overview``: the same sums over all.

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": [2], "month": ["2026-10"], "revenue": [70.0]})
    >>> given = pd.DataFrame({"referrer_client_id": [1, 1], "given_at": ["2026-09-01", "2026-09-02"],
    ...     "new_client_id": [2, None], "first_purchase_at": ["2026-10-05", None], "bonus_amount": [5.0, None]})
    >>> referrals(given, panel).table[["referrer_client_id", "given", "used", "revenue"]]
       referrer_client_id  given  used  revenue
    0                   1      2     1     70.0
    """
    columns = ["referrer_client_id", "given", "used", "share_used", "bonus", "revenue"]
    rows = as_table(table)
    full, seen = read_panel(panel, as_of)
    if rows.empty or seen is None:
        return Result(frame=pd.DataFrame(columns=columns), as_of=seen, notes=(Note("acquisition.no_referrals"),))
    rows = rows[(pd.to_datetime(rows["given_at"]) <= seen.end).to_numpy()]
    used = pd.to_datetime(rows["first_purchase_at"]) <= seen.end
    money = to_minor(full["revenue"]).fillna(0).groupby(full["client_id"].to_numpy()).sum()
    brought = rows["new_client_id"].where(used).map(money).fillna(0).astype("int64")
    bonus = to_minor(rows["bonus_amount"]) if "bonus_amount" in rows else pd.Series(0, rows.index)
    each = pd.DataFrame({
        "referrer_client_id": rows["referrer_client_id"], "given": 1, "used": used.astype("int64"),
        "bonus": bonus.where(used).fillna(0).astype("int64"), "revenue": brought,
    })  # fmt: skip
    frame = each.groupby("referrer_client_id", as_index=False)[["given", "used", "bonus", "revenue"]].sum()
    frame = frame.sort_values(["revenue", "used", "given"], ascending=False, kind="stable").reset_index(drop=True)
    overview = frame[["given", "used", "bonus", "revenue"]].sum().to_frame().T
    for one in (frame, overview):
        one["share_used"] = one["used"] / one["given"]
        one[["bonus", "revenue"]] = one[["bonus", "revenue"]] / 100
    values = {name: int(overview[name].iloc[0]) for name in ("given", "used")}
    return Result(frame=frame[columns], overview=overview, notes=(Note("acquisition.referrals", values),), as_of=seen)


def deliveries(
    table: Any, transactions: Any, as_of: Any = None, *, clients: Any = None, by: str = "client_id", months: int = 12,
    grace_hours: float = 1.0,
) -> Result:  # fmt: skip
    """How orders were delivered: mode, cost, lateness, defects.

    Parameters
    ----------
    table : table of deliveries
        transaction_id, planned_at, actual_at, mode, cost, defect, customs, special_packaging.
    transactions : table
        transaction_id, client_id, amount.
    clients : table, optional
        For ``by`` a column of the clients, such as region.
    by : str
        client_id, mode, or a column of ``clients``.
    grace_hours : float
        A delivery so much after its plan is still in time.

    Returns
    -------
    Result
        ``.table``: the group, deliveries, known (with both times), late, late_share, defects,
        defect_share, customs_share, packaging_share, cost, cost_share (of revenue of these orders).

    Examples
    --------
    >>> sent = pd.DataFrame({"transaction_id": [1], "planned_at": ["2026-10-01 10:00"],
    ...     "actual_at": ["2026-10-01 12:00"], "mode": ["airing"], "cost": [5.0], "defect": [False]})
    >>> deals = pd.DataFrame({"transaction_id": [1], "client_id": ["a"], "amount": [100.0]})
    >>> deliveries(sent, deals, "2026-10").table[["client_id", "late", "cost_share"]]
      client_id  late  cost_share
    0         a     1        0.05
    """
    columns = [by, "deliveries", "known", "late", "late_share", "defects", "defect_share", "customs_share",
               "packaging_share", "cost", "cost_share"]  # fmt: skip
    rows = as_table(table)
    if rows.empty:
        return Result(frame=pd.DataFrame(columns=columns), notes=(Note("acquisition.no_deliveries"),))
    planned = pd.to_datetime(rows["planned_at"])
    seen = read_as_of(as_of, latest=planned.max().to_period("M"))
    begin = (seen.month - months + 1).start_time
    kept = ((planned <= seen.end) & (planned >= begin)).to_numpy()
    rows, planned = rows[kept], planned[kept]
    deals = _delivered_orders(transactions, rows["transaction_id"])
    each = _delivered(rows, planned, deals, seen.end, pd.Timedelta(hours=grace_hours))
    client = rows["transaction_id"].map(deals["client_id"])
    group = client
    if by != "client_id":
        group = rows[by] if by in rows else client.map(as_table(clients).set_index("client_id")[by])
    each.insert(0, by, group.array)
    # The revenue of an order with several deliveries counts once in its group.
    each.loc[pd.DataFrame({"of": rows["transaction_id"].array, "in": group.array}).duplicated().array, "amount"] = pd.NA
    sums = each.groupby(by)[["deliveries", "known", "late", "defects", "cost", "amount"]].sum(min_count=1)
    means = each.groupby(by)[["defects", "customs", "packaging"]].mean()
    frame = sums.reset_index()
    frame["late_share"] = frame["late"] / frame["known"].where(frame["known"] > 0)
    for name, column in (("defect_share", "defects"), ("customs_share", "customs"), ("packaging_share", "packaging")):
        frame[name] = means[column].to_numpy(dtype=float, na_value=np.nan)
    frame["cost_share"] = frame["cost"].astype("Float64") / frame["amount"].astype("Float64")
    frame["cost"] = frame["cost"].astype("Float64") / 100
    frame = frame.sort_values("late", ascending=False, kind="stable").reset_index(drop=True)
    numbers = [name for name in columns if name != by]
    frame[numbers] = frame[numbers].astype({"cost": "float64", "cost_share": "float64", "defects": "float64"})
    note = Note("acquisition.deliveries", {"n": len(rows), "late": int(frame["late"].sum())})
    return Result(frame=frame[columns], notes=(note,), as_of=seen, options={"by": by, "months": months})


def _delivered_orders(transactions: Any, wanted: pd.Series) -> pd.DataFrame:
    """client_id and amount of the orders with these numbers, by number; lines are added up."""
    if isinstance(transactions, Orders):
        kept = transactions.as_sold.read(
            "transaction_id", "client_id", "amount", keep=lambda part: part["transaction_id"].isin(wanted)
        )
    else:
        kept = as_table(transactions, "transactions", ["transaction_id", "client_id", "amount"])
        if not len(kept):
            return pd.DataFrame({"client_id": pd.Series(dtype="str"), "amount": pd.Series(dtype="float64")})
        kept = kept[kept["transaction_id"].isin(wanted)]
    minor = to_minor(kept["amount"]).groupby(kept["transaction_id"].to_numpy()).sum(min_count=1)
    first = kept.drop_duplicates("transaction_id").set_index("transaction_id")
    return first.assign(amount=from_minor(minor.reindex(first.index)).array)


def _delivered(
    rows: pd.DataFrame, planned: pd.Series, deals: pd.DataFrame, end: pd.Timestamp, grace: pd.Timedelta
) -> pd.DataFrame:
    """One row per delivery: known and late as 0 or 1, flags, cost and revenue in minor units."""
    actual = pd.to_datetime(rows["actual_at"]).where(lambda stamp: stamp <= end)
    late = (actual - planned) > grace
    overdue = actual.isna() & (planned + grace < end) & _blank(rows, "actual_at")

    def flag(name: str) -> pd.Series:
        given = rows[name] if name in rows else pd.Series(pd.NA, rows.index)
        return given.astype("boolean").astype("Float64")

    return pd.DataFrame({
        "deliveries": 1, "known": (actual.notna() | overdue).astype("int64").array,
        "late": (late | overdue).astype("int64").array, "defects": flag("defect").array,
        "customs": flag("customs").array, "packaging": flag("special_packaging").array,
        "cost": to_minor(rows["cost"]).array if "cost" in rows else pd.NA,
        "amount": to_minor(rows["transaction_id"].map(deals["amount"])).array,
    })  # fmt: skip


def _blank(rows: pd.DataFrame, name: str) -> pd.Series:
    """Delivered days are known for some rows, so a blank means not delivered."""
    return rows[name].isna() & bool(rows[name].notna().any())


def keeping_and_winning(panel: Any, as_of: Any = None, *, marketing_spend: Any = None, months: int = 12) -> Result:
    """What it costs to keep a client and to win one, from the client's own spend.

    Returns
    -------
    Result
        ``.table``: what {keep, win}, spend (purpose retention / acquisition), clients (kept: bought
        in this and in the period before / won), cost (per client), ratio (win to keep, in the
        row win). Null where no spend has that purpose.

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": [1, 1, 2], "month": ["2025-01", "2026-01", "2026-01"], "revenue": 9.0})
    >>> spend = pd.DataFrame({"period_start": ["2026-01"] * 2, "channel": ["gifts", "fair"],
    ...                       "amount": [10.0, 50.0], "purpose": ["retention", "acquisition"]})
    >>> keeping_and_winning(panel, marketing_spend=spend).table[["what", "clients", "cost", "ratio"]]
       what  clients  cost  ratio
    0  keep        1  10.0    NaN
    1   win        1  50.0    5.0
    """
    columns = ["what", "spend", "clients", "cost", "ratio"]
    span = period(panel, as_of, months)
    if span is None:
        return Result(frame=pd.DataFrame(columns=columns))
    spend = spend_rows(marketing_spend, span.begin, span.end)
    bought = span.rows[span.rows["orders"] > 0]
    now = set(bought.loc[bought["number"] >= span.begin, "client_id"])
    earlier = set(bought.loc[(bought["number"] < span.begin) & (bought["number"] >= span.begin - months), "client_id"])
    rows = []
    for what, purpose, clients in (("keep", "retention", len(now & earlier)), ("win", "acquisition", len(span.won))):
        paid = spend.loc[spend["purpose"] == purpose, "minor"]
        total = int(paid.sum()) / 100 if len(paid) else np.nan
        rows.append((what, total, clients, total / clients if clients else np.nan))
    frame = pd.DataFrame(rows, columns=columns[:4])
    keep, win = frame["cost"]
    frame["ratio"] = [np.nan, win / keep if keep else np.nan]
    return Result(frame=frame, as_of=span.as_of, notes=(Note("acquisition.keeping"),), options={"months": months})


def stated_plans(panel: Any, meetings: Any, as_of: Any = None) -> Result:
    """What clients said they would spend, beside what they did.

    Parameters
    ----------
    meetings : table
        client_id, held_at, plan_amount, plan_period ('2026-11', '2026-Q4' or '2026').

    Returns
    -------
    Result
        ``.table``: meeting_id, client_id, held_at, plan_period, plan, fact (revenue of the period; null until it
        is over), share, over (bool: the period is over).

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": [1], "month": ["2026-10"], "revenue": [80.0]})
    >>> met = pd.DataFrame({"meeting_id": [5], "client_id": [1], "held_at": ["2026-09-10"], "plan_amount": [100.0],
    ...                     "plan_period": ["2026-10"]})
    >>> stated_plans(panel, met).table[["client_id", "plan", "fact", "share"]]
       client_id   plan  fact  share
    0          1  100.0  80.0    0.8
    """
    columns = ["meeting_id", "client_id", "held_at", "plan_period", "plan", "fact", "share", "over"]
    full, seen = read_panel(panel, as_of)
    rows = as_table(meetings)
    if rows.empty or seen is None or not {"plan_amount", "plan_period"} <= set(rows.columns):
        return Result(frame=pd.DataFrame(columns=columns), as_of=seen)
    rows = rows[(rows["plan_amount"].notna() & rows["plan_period"].notna()).to_numpy()]
    rows = rows[(pd.to_datetime(rows["held_at"]) <= seen.end).to_numpy()].reset_index(drop=True)
    begin, finish = _months(rows["plan_period"])
    end = seen.last_whole_number
    money = full.assign(minor=to_minor(full["revenue"]).fillna(0).astype("int64"))[["client_id", "number", "minor"]]
    asked = pd.DataFrame({"row": rows.index, "client_id": rows["client_id"], "begin": begin, "finish": finish})
    both = asked.merge(money, on="client_id")
    both = both[(both["number"] >= both["begin"]) & (both["number"] <= both["finish"])]
    fact = both.groupby("row")["minor"].sum().reindex(rows.index, fill_value=0) / 100
    frame = pd.DataFrame({
        "meeting_id": rows.get("meeting_id", pd.Series(pd.NA, rows.index)), "client_id": rows["client_id"],
        "held_at": pd.to_datetime(rows["held_at"]), "plan_period": rows["plan_period"].astype("str"),
        "plan": rows["plan_amount"].astype("float64"), "fact": fact.where(finish <= end), "over": finish <= end,
    })  # fmt: skip
    frame["share"] = frame["fact"] / frame["plan"].where(frame["plan"] > 0)
    return Result(frame=frame[columns], as_of=seen)


def _months(periods: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """First and last month of 'yyyy', 'yyyy-Qn' or 'yyyy-mm'."""
    known = {text: pd.Period(text) for text in periods.astype("str").unique()}
    begin = periods.astype("str").map({text: one.asfreq("M", "start") for text, one in known.items()})
    finish = periods.astype("str").map({text: one.asfreq("M", "end") for text, one in known.items()})
    return month_number(begin), month_number(finish)
