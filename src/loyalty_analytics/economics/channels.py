"""What a client costs by channel, and which channel to keep, fix or stop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ..results import Note, Result, as_table, no_rows, takes
from . import pictures
from ._period import Period, for_winning, period, spend_rows

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


@takes(
    panel=[], clients=["client_id"], marketing_spend=["period_start", "amount"],
    funnel_events=["lead_id", "entered_at"],
)  # fmt: skip
def channels(
    panel: Any, as_of: Any = None, *, clients: Any = None, marketing_spend: Any = None, funnel_events: Any = None,
    months: int = 12, horizon: int = 12, fewest: int = 8, level: float = 0.95,
) -> Result:  # fmt: skip
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
        Of the intervals: exact Poisson on the number of new clients; of what they brought, each his own sum,
        the gamma interval of Fay and Feuer (1997).

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
    nothing = Result(frame=_none(), options=options, notes=(Note("acquisition.nothing"),))
    if span is None:
        return nothing
    owner = _channel_of(clients)
    spend = for_winning(spend_rows(marketing_spend, span.begin, span.end))
    leads = _leads(funnel_events, span)
    names = sorted({str(name) for name in [*spend["channel"].dropna(), *owner.dropna().unique(), *leads.index]})
    if not names:
        return replace(nothing, as_of=span.as_of)
    frame = _returns(_costs(names, spend, leads, pd.Series(span.won).map(owner), level), span, owner, level)
    frame["verdict"] = _verdict(frame, frame.pop("late").to_numpy(), horizon, fewest)
    counts = frame["verdict"].value_counts()
    note = Note("acquisition.channels", {name: int(counts.get(name, 0)) for name in ("keep", "fix", "stop", "too_few")})
    return Result(frame=frame[_COLUMNS], notes=(note,), as_of=span.as_of, options=options, draw=pictures.channels)


def _none() -> pd.DataFrame:
    return no_rows(_COLUMNS, channel="str", verdict="str", new_clients="int64", leads="Int64")


def _channel_of(clients: Any) -> pd.Series:
    """Channel by which each client came, by client_id."""
    people = as_table(clients)
    if not {"client_id", "acquisition_channel"} <= set(people.columns):
        return pd.Series(dtype="object")
    known = people.dropna(subset=["client_id", "acquisition_channel"]).drop_duplicates("client_id")
    return known.set_index("client_id")["acquisition_channel"].astype("object")


def _costs(names: list[str], spend: pd.DataFrame, leads: pd.Series, won: pd.Series, level: float) -> pd.DataFrame:
    """Spend, leads, new clients and CAC with its interval; ``won`` is the channel of each new client."""
    frame = pd.DataFrame({"channel": names})
    frame["spend"] = frame["channel"].map(spend.groupby("channel")["minor"].sum()).astype("float64") / 100
    frame["leads"] = frame["channel"].map(leads).astype("Int64")
    frame["new_clients"] = frame["channel"].map(won.value_counts()).fillna(0).astype("int64")
    low, high = poisson_interval(frame["new_clients"], level)
    with np.errstate(divide="ignore", invalid="ignore"):
        frame["cac"] = frame["spend"] / frame["new_clients"].replace(0, np.nan)
        frame["cac_low"] = frame["spend"] / high
        frame["cac_high"] = np.where(low > 0, frame["spend"] / np.where(low > 0, low, 1), np.inf)
    frame.loc[frame["spend"].isna(), "cac_high"] = np.nan
    return frame


def _returns(frame: pd.DataFrame, span: Period, owner: pd.Series, level: float) -> pd.DataFrame:
    """The table with what the new clients of each channel brought since they came, and when that pays the CAC."""
    frame = frame.copy()
    fresh = span.inside[span.inside["client_id"].isin(span.won)].copy()
    fresh["channel"] = fresh["client_id"].map(owner)
    sums = fresh.groupby("channel")[["revenue", "gross_profit"]].sum(min_count=1)
    for name in ("revenue", "gross_profit"):
        frame[name] = frame["channel"].map(sums[name]).astype("float64") / 100
    income = "gross_profit" if frame["gross_profit"].notna().any() else "revenue"
    frame["payback"] = frame[income].fillna(0) / frame["spend"].where(frame["spend"] > 0)
    brought = fresh[income].astype("float64").fillna(0).groupby([fresh["channel"], fresh["client_id"]]).sum()
    by_channel = {name: sums.to_numpy() for name, sums in brought.groupby(level=0)}
    bounds = [_total_interval(by_channel.get(name, np.zeros(0)), level) for name in frame["channel"]]
    paid = frame["spend"].where(frame["spend"] > 0).to_numpy() * 100
    low, high = np.array(bounds).reshape(-1, 2).T
    frame["payback_low"], frame["payback_high"] = low / paid, high / paid
    frame["months_to_pay_back"], frame["late"] = _months_to_pay(frame, _pace(fresh, span, income))
    return frame


def _total_interval(amounts: np.ndarray, level: float) -> tuple[float, float]:
    """What clients won by chance bring together, each his own sum.

    Gamma interval of a weighted sum of Poisson counts (Fay and Feuer, Statistics in Medicine 16, 1997, p. 791), the
    weights being what the clients brought: of equal sums it is `poisson_interval`, of unequal ones it is wider.
    """
    from scipy.special import gammaincinv

    total, square = float(amounts.sum()), float((amounts**2).sum())
    if total <= 0:
        return np.nan, np.nan
    tail, most = (1 - level) / 2, float(np.abs(amounts).max())
    low = square / total * gammaincinv(total**2 / square, tail)
    more, wider = total + most, square + most**2
    return float(low), float(wider / more * gammaincinv(more**2 / wider, 1 - tail))


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
