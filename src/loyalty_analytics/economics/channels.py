"""What a client costs by channel, and which channel to keep, fix or stop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..results import Note, Result, as_table
from . import pictures
from ._period import Period, period, spend_rows

__all__ = ["channels", "poisson_interval"]

_COLUMNS = ["channel", "spend", "leads", "new_clients", "cac", "cac_low", "cac_high", "revenue", "gross_profit",
            "payback", "payback_low", "payback_high", "months_to_pay_back", "verdict"]  # fmt: skip


def poisson_interval(count: Any, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Exact interval of a Poisson mean (Garwood 1936).

    >>> [round(float(bound), 3) for bound in poisson_interval(10)]
    [4.795, 18.39]
    """
    from scipy.special import gammaincinv

    n = np.asarray(count, dtype=float)
    tail = (1 - level) / 2
    low = np.where(n > 0, gammaincinv(np.maximum(n, 1e-12), tail), 0.0)
    return low, gammaincinv(n + 1, 1 - tail)


def channels(
    panel: Any,
    as_of: Any = None,
    *,
    clients: Any = None,
    marketing_spend: Any = None,
    funnel_events: Any = None,
    months: int = 12,
    horizon: int = 12,
    fewest: int = 8,
    level: float = 0.95,
) -> Result:
    """Spend, leads, new clients, CAC with an interval, payback and a verdict per channel.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
    clients : table, optional
        client_id, acquisition_channel.
    marketing_spend : table, optional
        period_start, channel, amount, optional purpose; only acquisition spend counts where the
        purpose is given.
    funnel_events : table, optional
        lead_id, channel, entered_at: leads of the period.
    months : int
        Length of the period in which clients were won and money was spent.
    horizon : int
        Months in which a client should pay back.
    fewest : int
        Below so many new clients there is no verdict.
    level : float
        Of the intervals (exact Poisson on the number of new clients).

    Returns
    -------
    Result
        ``.table``: channel, spend, leads, new_clients, cac, cac_low, cac_high, revenue,
        gross_profit (of the new clients since they came), payback (gross profit, else revenue,
        over spend), payback_low, payback_high, months_to_pay_back (of the channel's new clients
        pooled by age; null = not within the data), verdict {keep, fix, stop, too_few}.

    Notes
    -----
    Verdict: *too_few* below ``fewest`` clients; *keep* where the pooled curve passes the CAC within
    ``horizon``; *stop* where even the lower bound of CAC is not earned within twice the horizon at
    the present pace; *fix* between.

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": [1, 2], "month": ["2026-01", "2026-02"], "revenue": [10.0, 30.0]})
    >>> people = pd.DataFrame({"client_id": [1, 2], "acquisition_channel": ["fair", "fair"]})
    >>> spend = pd.DataFrame({"period_start": ["2026-01"], "channel": ["fair"], "amount": [20.0]})
    >>> channels(panel, clients=people, marketing_spend=spend).table[["channel", "cac", "verdict"]]
      channel   cac  verdict
    0    fair  10.0  too_few
    """
    span = period(panel, as_of, months)
    options = {"months": months, "horizon": horizon, "fewest": fewest, "level": level}
    if span is None:
        return Result(frame=_none(), options=options, notes=(Note("acquisition.nothing"),))
    source = as_table(clients)
    owner = pd.Series(dtype="object")
    if {"client_id", "acquisition_channel"} <= set(source.columns):
        owner = source.dropna(subset=["acquisition_channel"]).set_index("client_id")["acquisition_channel"]
        owner = owner.astype("object")
    spend = spend_rows(marketing_spend, span.begin, span.end)
    if len(spend) and spend["purpose"].notna().any():
        spend = spend[spend["purpose"].isin(["acquisition"])]
    won = pd.Series(span.won).map(owner).to_numpy()
    fresh = span.inside[span.inside["client_id"].isin(span.won)].copy()
    fresh["channel"] = fresh["client_id"].map(owner)
    leads = _leads(funnel_events, span)
    names = sorted({str(name) for name in [*spend["channel"].dropna(), *owner.dropna().unique(), *leads.index]})
    if not names:
        return Result(frame=_none(), options=options, as_of=span.as_of, notes=(Note("acquisition.nothing"),))
    frame = pd.DataFrame({"channel": names})
    paid = spend.groupby("channel")["minor"].sum()
    frame["spend"] = frame["channel"].map(paid).astype("float64") / 100
    frame["leads"] = frame["channel"].map(leads).astype("Int64")
    frame["new_clients"] = frame["channel"].map(pd.Series(won).value_counts()).fillna(0).astype("int64")
    low, high = poisson_interval(frame["new_clients"], level)
    with np.errstate(divide="ignore", invalid="ignore"):
        frame["cac"] = frame["spend"] / frame["new_clients"].replace(0, np.nan)
        frame["cac_low"] = frame["spend"] / high
        frame["cac_high"] = np.where(low > 0, frame["spend"] / np.where(low > 0, low, 1), np.inf)
    frame.loc[frame["spend"].isna(), "cac_high"] = np.nan
    sums = fresh.groupby("channel")[["revenue", "gross_profit"]].sum(min_count=1)
    for name in ("revenue", "gross_profit"):
        frame[name] = frame["channel"].map(sums[name]).astype("float64") / 100
    income = frame["gross_profit"] if frame["gross_profit"].notna().any() else frame["revenue"]
    frame["payback"] = income.fillna(0) / frame["spend"].where(frame["spend"] > 0)
    count = frame["new_clients"].replace(0, np.nan)
    frame["payback_low"], frame["payback_high"] = frame["payback"] * low / count, frame["payback"] * high / count
    pace = _pace(fresh, span, "gross_profit" if frame["gross_profit"].notna().any() else "revenue")
    frame["months_to_pay_back"], late = _months_to_pay(frame, pace)
    frame["verdict"] = _verdict(frame, late, horizon, fewest)
    counts = frame["verdict"].value_counts()
    note = Note("acquisition.channels", {name: str(counts.get(name, 0)) for name in ("keep", "fix", "stop", "too_few")})
    return Result(frame=frame[_COLUMNS], notes=(note,), as_of=span.as_of, options=options, draw=pictures.channels)


def _none() -> pd.DataFrame:
    kinds = dict.fromkeys(_COLUMNS, "float64") | {"channel": "str", "verdict": "str", "new_clients": "int64"}
    return pd.DataFrame({name: pd.Series([], dtype=kinds[name]) for name in _COLUMNS})


def _leads(funnel_events: Any, span: Period) -> pd.Series:
    table = as_table(funnel_events)
    if table.empty or "channel" not in table:
        return pd.Series(dtype="int64")
    entered = pd.to_datetime(table["entered_at"])
    number = entered.dt.year * 12 + entered.dt.month - 1
    first = table.assign(number=number).sort_values("number").drop_duplicates("lead_id")
    return first[first["number"].between(span.begin, span.end)].groupby("channel")["lead_id"].nunique()


def _pace(fresh: pd.DataFrame, span: Period, income: str) -> pd.DataFrame:
    """Mean income per new client by age in months (age 0 = month of the first order), by channel."""
    columns = ["channel", "age", "mean", "clients"]
    fresh = fresh[fresh["channel"].notna()]
    if fresh.empty:
        return pd.DataFrame(columns=columns)
    first = fresh["client_id"].map(span.first)
    sums = fresh.assign(age=fresh["number"] - first, income=fresh[income].astype("float64").fillna(0))
    totals = sums.groupby(["channel", "age"])["income"].sum()
    who = fresh[["client_id", "channel"]].drop_duplicates()
    seen = (span.end - who["client_id"].map(span.first)).to_numpy()
    rows = []
    for channel in who["channel"].unique():
        ages = seen[(who["channel"] == channel).to_numpy()]
        reach = np.array([(ages >= age).sum() for age in range(int(ages.max()) + 1)])
        brought = totals[channel].reindex(range(len(reach)), fill_value=0.0).to_numpy()
        rows.append(pd.DataFrame({"channel": channel, "age": range(len(reach)), "mean": brought / reach / 100,
                                  "clients": reach}))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def _months_to_pay(frame: pd.DataFrame, pace: pd.DataFrame) -> tuple[pd.Series, np.ndarray]:
    """Months until the mean income of a client passes the CAC, and whether the lower CAC is far out of reach."""
    months, late = [], []
    for channel, cac, cheap in zip(frame["channel"], frame["cac"], frame["cac_low"]):
        own = pace[(pace["channel"] == channel) & (pace["clients"] >= 3)]
        earned = own["mean"].cumsum().to_numpy()
        if np.isnan(cac) or not len(earned):
            months.append(np.nan)
            late.append(True)
            continue
        passed = np.flatnonzero(earned >= cac)
        months.append(float(passed[0] + 1) if len(passed) else np.nan)
        recent = earned[-1] / len(earned)
        late.append(bool(recent <= 0 or cheap / recent > 24))
    return pd.Series(months, index=frame.index), np.array(late)


def _verdict(frame: pd.DataFrame, late: np.ndarray, horizon: int, fewest: int) -> pd.Series:
    few = (frame["new_clients"] < fewest) | frame["spend"].isna()
    # A free channel with enough clients pays by itself.
    keep = (frame["months_to_pay_back"] <= horizon) | (frame["spend"] == 0)
    return pd.Series(np.select([few, keep, late], ["too_few", "keep", "stop"], "fix"), index=frame.index, dtype="str")
