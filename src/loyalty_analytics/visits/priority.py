"""Whom to see first: points with their reasons, so that the order of a plan can be argued with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..months import as_of as read_as_of
from ..months import to_periods
from ..results import Result, as_table
from .rules import column

__all__ = ["POINTS", "priorities"]

# Points of a reason; money gives two for the clients that make 80 % of the money and one up to 95 %.
POINTS = {"problem": 3, "break": 3, "promise": 2, "score": 2, "overdue": 1, "late": 1, "silence": 1}
_LOW = 6  # a recommendation score of so much or less
_RECENT = 3  # months in which a score, a silence and a break count
_COLUMNS = ["client_id", "points", "reasons", "money", "break_month", "lost", "score", "promise_days", "late_days",
            "months_unseen"]  # fmt: skip


def priorities(
    clients: pd.DataFrame | Result,
    as_of: Any,
    *,
    panel: pd.DataFrame | Result | None = None,
    breaks: pd.DataFrame | Result | None = None,
    life: pd.DataFrame | Result | None = None,
    silent: pd.Series | None = None,
    scores: pd.DataFrame | None = None,
    actions: pd.DataFrame | None = None,
    meetings: pd.DataFrame | None = None,
    problems: pd.DataFrame | None = None,
    points: Mapping[str, int] | None = None,
) -> Result:
    """Points of each client with the facts behind them.

    Parameters
    ----------
    clients, as_of : client_id; month or day
    panel : client_id, month, revenue: money of the last 12 months.
    breaks : client_id, break_month, direction, lost: a fall of the last three months.
    life : client_id, status, days_late: sleeping clients are late with their order.
    silent : ids of clients who were asked and said nothing.
    scores : client_id, answered_at, score of the recommendation question: 6 or less in three months.
    actions : client_id, closed_at, due_at: a promise past its day.
    meetings : client_id, status, held_at: nobody was there for three months.
    problems : client_id, opened_at.
    points : points of a reason, in place of single entries of `POINTS`

    Returns
    -------
    Result
        client_id, points, reasons (names joined by ', ', the heaviest first), money (12 months),
        break_month, lost, score, promise_days, late_days, months_unseen; most points first, then money.

    Examples
    --------
    >>> clients = pd.DataFrame({"client_id": ["A", "B"]})
    >>> scores = pd.DataFrame({"client_id": ["B"], "answered_at": ["2026-10-05"], "score": [4]})
    >>> priorities(clients, "2026-10", scores=scores).table[["client_id", "points", "reasons"]]
      client_id  points         reasons
    0         B       3  score, overdue
    1         A       1         overdue
    """
    seen = read_as_of(as_of)
    table = pd.DataFrame({"client_id": as_table(clients)["client_id"].drop_duplicates().to_numpy()})
    who = table["client_id"]
    recent = (seen.month - (_RECENT - 1)).start_time
    table["money"] = who.map(_money(panel, seen)).astype(float)
    falls = _falls(breaks, recent).reindex(who)
    table["break_month"], table["lost"] = falls["at"].to_numpy(), falls["lost"].to_numpy(float)
    table["score"] = who.map(_low_score(scores, recent, seen.end)).astype(float)
    table["promise_days"] = who.map(_promises(actions, seen)).astype(float)
    table["late_days"] = who.map(_late(_table(life))).astype(float)
    table["months_unseen"] = _unseen(who, _table(meetings), seen)
    flags = {
        "problem": who.isin(problems["client_id"]) if problems is not None and len(problems) else False,
        "break": table["break_month"].notna(),
        "promise": table["promise_days"].notna(),
        "score": table["score"].notna(),
        "overdue": table["months_unseen"] >= _RECENT,
        "late": table["late_days"] > 0,
        "silence": who.isin(list(silent)) if silent is not None else False,
    }
    weight = {**POINTS, **(points or {})}
    table["points"], table["reasons"] = _weighed(flags, weight, _money_points(table["money"]))
    table = table.assign(rank=table["money"].fillna(0), name=who.astype("str")).sort_values(
        ["points", "rank", "name"], ascending=[False, False, True], ignore_index=True
    )
    return Result(frame=table[_COLUMNS], as_of=seen, options={"points": weight})


def _table(value: Any) -> pd.DataFrame:
    return pd.DataFrame() if value is None else as_table(value)


def _falls(breaks: Any, recent: pd.Timestamp) -> pd.DataFrame:
    """The latest fall of each client among the recent ones, by client_id: at, lost."""
    table = _table(breaks)
    if not len(table):
        return pd.DataFrame({"at": pd.Series(dtype="datetime64[us]"), "lost": pd.Series(dtype=float)}, index=[])
    falls = table.assign(at=_stamp(table["break_month"]), lost=column(table, "lost"))
    falls = falls[(falls["direction"] < 0) & (falls["at"] >= recent)]
    return falls.sort_values("at").drop_duplicates("client_id", keep="last").set_index("client_id")


def _late(life: pd.DataFrame) -> pd.Series:
    if not len(life):
        return pd.Series(dtype=float)
    return life[life["status"] == "sleeping"].set_index("client_id")["days_late"]


def _weighed(flags: dict[str, Any], weight: Mapping[str, int], money: np.ndarray) -> tuple[np.ndarray, pd.Series]:
    """Points of each client, and the names of its reasons: the heaviest first, money at the end."""
    heaviest = sorted(weight, key=lambda name: -weight[name])
    marked = np.column_stack([np.broadcast_to(np.asarray(flags[name], dtype=bool), len(money)) for name in heaviest])
    points = marked @ np.array([weight[name] for name in heaviest]) + money
    names = np.array(heaviest)
    told = [", ".join([*names[row], *(["money"] if rich else [])]) for row, rich in zip(marked, money > 0)]
    return points.astype(np.int64), pd.Series(told, dtype="str")


def _stamp(months: pd.Series) -> pd.Series:
    return pd.Series(to_periods(months).to_timestamp(), index=months.index)


def _money(panel: Any, seen: Any) -> pd.Series:
    table = _table(panel)
    if not len(table):
        return pd.Series(dtype=float)
    month = to_periods(table["month"])
    year = (month > seen.month - 12) & (month <= seen.month)
    return table[year].groupby("client_id")["revenue"].sum()


def _money_points(money: pd.Series) -> np.ndarray:
    """Two points for those who make the first 80 % of the money, one up to 95 %."""
    value = money.fillna(0).clip(lower=0).to_numpy(float)
    order = np.argsort(-value, kind="stable")
    total = value.sum()
    before = np.empty(len(value))
    before[order] = np.cumsum(value[order]) - value[order]
    return np.where((value > 0) & (before < 0.8 * total), 2, np.where((value > 0) & (before < 0.95 * total), 1, 0))


def _low_score(scores: pd.DataFrame | None, recent: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    if scores is None or not len(scores):
        return pd.Series(dtype=float)
    at = pd.to_datetime(scores["answered_at"])
    rows = scores.assign(at=at)[((at >= recent) & (at <= end)).to_numpy()].dropna(subset=["client_id", "score"])
    last = rows.sort_values("at", kind="stable").drop_duplicates("client_id", keep="last").set_index("client_id")
    return last.loc[last["score"] <= _LOW, "score"]


def _promises(actions: pd.DataFrame | None, seen: Any) -> pd.Series:
    if actions is None or not len(actions):
        return pd.Series(dtype=float)
    closed, due = pd.to_datetime(column(actions, "closed_at")), pd.to_datetime(column(actions, "due_at"))
    late = ((closed.isna() | (closed > seen.end)) & (due.dt.normalize() < seen.date)).to_numpy(bool)
    days = (seen.date - due.dt.normalize()).dt.days
    return days[late].groupby(actions.loc[late, "client_id"]).max()


def _unseen(who: pd.Series, meetings: pd.DataFrame, seen: Any) -> np.ndarray:
    """Whole months since anybody met or called the client; 99 = never."""
    if not len(meetings):
        return np.full(len(who), 99)
    held = meetings[(meetings["status"] == "held").to_numpy(bool)]
    at = pd.to_datetime(held["held_at"])
    last = at[(at <= seen.end).to_numpy(bool)].groupby(held["client_id"]).max().reindex(who)
    known = last.notna().to_numpy()
    out = np.full(len(who), 99)
    month = to_periods(last[known])
    out[known] = (seen.month.year - month.year) * 12 + seen.month.month - month.month
    return out
