"""How well managers work out what clients need, and what became of the plans that clients told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..intervals import wilson
from ..months import as_of as read_as_of
from ..months import to_periods
from ..results import Result, as_table
from .rules import column

__all__ = ["needs_by_manager", "stated_plans"]

_PEERS = 3  # other clients of the trade that make an offer fit
_SHARES = (
    ("per_client", "offers", "clients"), ("won_share", "won", "decided"), ("fit_share", "fitting", "offers"),
    ("plans_share", "plans_known", "clients"), ("steps_share", "steps_in_time", "steps"),
)  # fmt: skip


def needs_by_manager(
    clients: pd.DataFrame,
    as_of: Any,
    *,
    offers: pd.DataFrame,
    meetings: pd.DataFrame,
    actions: pd.DataFrame,
    transactions: pd.DataFrame,
    months: int = 12,
) -> Result:
    """Offers per client, accepted, fitting trade and season, plans known, next steps done in time.

    Parameters
    ----------
    clients : client_id, manager_id, industry
    as_of : month or day
    offers : client_id, offered_at, product_id, outcome
    meetings : client_id, held_at, status, plan_amount, new_product_plan
    actions : client_id, source, opened_at, due_at, closed_at
    transactions : client_id, date, product_id
    months : how far back

    Returns
    -------
    Result
        One row per manager: manager_id, clients, offers, per_client, won, decided, won_share, low, high (95 %,
        Wilson), fitting (offers of what three other clients of the trade bought in the same quarter of the
        year), fit_share, plans_known (clients whose plan was told in a meeting), plans_share, steps (promises of
        meetings that can be judged), steps_in_time, steps_share.

    Examples
    --------
    >>> clients = pd.DataFrame({"client_id": ["A"], "manager_id": ["M"], "industry": ["food"]})
    >>> offers = pd.DataFrame({"client_id": ["A"], "offered_at": ["2026-10-01"], "product_id": ["P"],
    ...                        "outcome": ["won"]})
    >>> none = pd.DataFrame({"client_id": []})
    >>> needs_by_manager(clients, "2026-10", offers=offers, meetings=none, actions=none,
    ...                  transactions=none).table[["manager_id", "offers", "won"]]
      manager_id  offers  won
    0          M       1    1
    """
    seen = read_as_of(as_of)
    begin = (seen.month - (months - 1)).start_time
    base = clients.drop_duplicates("client_id").dropna(subset=["manager_id"])
    manager = base.set_index("client_id")["manager_id"]
    table = base.groupby("manager_id").size().rename("clients").to_frame()
    made = _since(offers, "offered_at", begin, seen.end)
    made = made.assign(manager=made["client_id"].map(manager), outcome=column(made, "outcome"))
    made["fits"] = _fits(made, clients, transactions)
    table["offers"] = made.groupby("manager").size()
    table["won"] = (made["outcome"] == "won").groupby(made["manager"]).sum()
    table["decided"] = made["outcome"].isin(["won", "lost"]).groupby(made["manager"]).sum()
    table["fitting"] = made["fits"].groupby(made["manager"]).sum()
    held = _since(meetings, "held_at", begin, seen.end)
    told = held[column(held, "plan_amount").notna() | column(held, "new_product_plan").notna()]
    known = pd.Series(told["client_id"].unique(), dtype=told["client_id"].dtype)
    table["plans_known"] = known.groupby(known.map(manager)).size()
    promised = _promises(_since(actions, "opened_at", begin, seen.end), manager, seen.end)
    table["steps"], table["steps_in_time"] = promised["judged"], promised["in_time"]
    table = table.fillna(0).astype(np.int64).reset_index()
    for share, part, whole in _SHARES:
        table[share] = table[part] / table[whole].where(table[whole] > 0)
    table["low"], table["high"] = wilson(table["won"].to_numpy(), table["decided"].to_numpy())
    return Result(frame=table, as_of=seen, options={"months": months})


def _since(table: pd.DataFrame, name: str, begin: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    at = pd.to_datetime(column(table, name))
    return table[((at >= begin) & (at <= end)).to_numpy(bool)].reset_index(drop=True)


def _promises(actions: pd.DataFrame, manager: pd.Series, end: pd.Timestamp) -> pd.DataFrame:
    """Promises of meetings by manager: how many can be judged by now, how many were kept in time."""
    steps = actions[(column(actions, "source") == "meeting").to_numpy(bool)]
    due = pd.to_datetime(column(steps, "due_at")).dt.normalize() + pd.Timedelta(days=1)
    closed = pd.to_datetime(column(steps, "closed_at"))
    closed = closed.where(closed <= end)
    judged = due.notna() & (closed.notna() | (due <= end))
    flags = pd.DataFrame({"judged": judged, "in_time": judged & (closed < due)})
    return flags.groupby(steps["client_id"].map(manager)).sum()


def _fits(offers: pd.DataFrame, clients: pd.DataFrame, orders: pd.DataFrame) -> pd.Series:
    """Offers of a product that at least three other clients of the trade bought in that quarter of a year."""
    trade = clients.drop_duplicates("client_id").set_index("client_id")
    if not len(offers) or not len(orders) or "industry" not in trade or "product_id" not in orders:
        return pd.Series(False, index=offers.index)
    bought = pd.DataFrame(
        {
            "client_id": orders["client_id"],
            "product_id": orders["product_id"],
            "trade": orders["client_id"].map(trade["industry"]),
            "season": pd.to_datetime(orders["date"]).dt.quarter,
        }
    ).dropna()
    once = bought.drop_duplicates()
    counts = once.groupby(["trade", "product_id", "season"]).size().rename("n").reset_index()
    asked = pd.DataFrame(
        {
            "client_id": offers["client_id"],
            "product_id": offers["product_id"],
            "trade": offers["client_id"].map(trade["industry"]),
            "season": pd.to_datetime(offers["offered_at"]).dt.quarter,
        }
    )
    peers = asked.merge(counts, on=["trade", "product_id", "season"], how="left")["n"].fillna(0)
    own = asked.merge(once.assign(own=1), on=["client_id", "product_id", "trade", "season"], how="left")["own"]
    return pd.Series((peers - own.fillna(0)).to_numpy() >= _PEERS, index=offers.index)


def stated_plans(meetings: pd.DataFrame, panel: pd.DataFrame | Result, as_of: Any, *, months: int = 12) -> Result:
    """What clients said they would buy beside what they bought in the same months.

    Parameters
    ----------
    meetings : client_id, held_at, plan_amount (money), plan_period ('2026-10', '2026Q4' or '2026')
    panel : client_id, month, revenue
    as_of : month or day
        Only periods that have ended by then are compared.
    months : how far back a period may have begun

    Returns
    -------
    Result
        client_id, held_at, period, start, end, plan, fact, share (fact of plan). The latest statement about
        a period counts. ``.overview``: n, plan, fact, near (share within a fifth of the plan).

    Examples
    --------
    >>> told = pd.DataFrame({"client_id": ["A"], "held_at": ["2026-06-02"], "plan_amount": [90.0],
    ...                      "plan_period": ["2026Q3"]})
    >>> panel = pd.DataFrame({"client_id": "A", "month": ["2026-07", "2026-08"], "revenue": [30.0, 15.0]})
    >>> stated_plans(told, panel, "2026-10").table[["period", "plan", "fact", "share"]]
       period  plan  fact  share
    0  2026Q3  90.0  45.0    0.5
    """
    seen = read_as_of(as_of)
    columns = ["client_id", "held_at", "plan_amount", "plan_period"]
    told = pd.DataFrame({name: column(meetings, name) for name in columns}).dropna()
    starts, ends = zip(*map(_span, told["plan_period"].astype("str"))) if len(told) else ((), ())
    told = told.assign(
        start=pd.PeriodIndex(starts, freq="M"), end=pd.PeriodIndex(ends, freq="M"), period=told["plan_period"]
    ).dropna()
    last = seen.last_whole
    told = told[(told["end"] <= last) & (told["start"] > last - months)]
    told = told.sort_values("held_at", kind="stable").drop_duplicates(["client_id", "start", "end"], keep="last")
    sums = as_table(panel)[["client_id", "month", "revenue"]]
    pairs = told.reset_index(drop=True).reset_index(names="row").merge(sums, on="client_id")
    bought = to_periods(pairs["month"])
    inside = (bought >= pd.PeriodIndex(pairs["start"])) & (bought <= pd.PeriodIndex(pairs["end"]))
    fact = pairs[np.asarray(inside)].groupby("row")["revenue"].sum().reindex(range(len(told)), fill_value=0.0)
    plan = told["plan_amount"].to_numpy(float)
    frame = pd.DataFrame(
        {
            "client_id": told["client_id"].to_numpy(),
            "held_at": pd.to_datetime(told["held_at"]).to_numpy(),
            "period": told["period"].astype("str").to_numpy(),
            "start": pd.PeriodIndex(told["start"], freq="M").to_timestamp(),
            "end": pd.PeriodIndex(told["end"], freq="M").to_timestamp(),
            "plan": plan,
            "fact": fact.to_numpy(float),
        }
    )
    frame["share"] = frame["fact"] / frame["plan"].where(frame["plan"] > 0)
    frame = frame.sort_values(["end", "plan"], ascending=False, kind="stable", ignore_index=True)
    near = frame["share"].between(0.8, 1.2)
    overview = pd.DataFrame(
        {"n": [len(frame)], "plan": [frame["plan"].sum()], "fact": [frame["fact"].sum()], "near": [int(near.sum())]}
    )
    return Result(frame=frame, overview=overview, as_of=seen, options={"months": months})


def _span(text: str) -> tuple[Any, Any]:
    """First and last month of '2026-10', '2026Q4', '2026-Q4' or '2026'."""
    for freq in ("Y", "Q", "M"):
        wanted = {"Y": len(text) == 4, "Q": "Q" in text.upper(), "M": len(text) == 7 and "Q" not in text.upper()}
        if wanted[freq]:
            try:
                period = pd.Period(text.upper().replace("-Q", "Q"), freq)
            except ValueError:
                return pd.NaT, pd.NaT
            return period.asfreq("M", "start"), period.asfreq("M", "end")
    return pd.NaT, pd.NaT
