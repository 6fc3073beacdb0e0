"""The closed loop: how many cases reach each step, how fast, and which promises are overdue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..months import AsOf
from ..months import as_of as read_as_of
from ..results import Note, Result, as_table, takes
from .rules import column
from .survival import kaplan_meier, quantile

__all__ = ["STEPS", "Loop", "closed_loop", "durations", "waiting_time"]

# Step -> column of actions that dates it.
STEPS = {
    "contacted": "first_contact_at",
    "cause": "cause_found_at",
    "closed": "closed_at",
    "told": "client_informed_at",
}
_HOURS = {"contacted": 48.0}
_NUMBERS = ["share", "in_time", "median", "median_low", "median_high", "q90", "q90_low", "q90_high"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Loop(Result):
    """Steps of the closed loop with the list of what is overdue.

    Attributes
    ----------
    overdue : DataFrame
        Open cases whose due day has passed: the columns of actions and days_overdue, worst first.
    """

    overdue: pd.DataFrame = field(default_factory=pd.DataFrame)


@takes(actions=["opened_at"])
def closed_loop(
    actions: pd.DataFrame | Result,
    as_of: Any = None,
    *,
    clock: str = "calendar",
    hours: Mapping[str, float] | None = None,
    country: str = "RU",
    level: float = 0.95,
) -> Loop:
    """Share and time of each step from a case to the client being told.

    Whether a case is open is read from ``closed_at`` ≤ as_of, not from ``status``: a case closed later
    is open now and its outcome is unknown.

    Parameters
    ----------
    actions : opened_at and, where known, first_contact_at, cause_found_at, closed_at, client_informed_at,
        due_at, action_id, owner_id
    as_of : month or day; None: month of the last case opened
    clock : 'working' does not count weekends and public holidays of ``country``
    hours : hours allowed for a step: 48 to the first contact by default; other steps are in time when done
        by the end of the day ``due_at``
    level : coverage of the limits

    Returns
    -------
    Loop
        One row per step (contacted, cause, closed, told): step, n (cases opened), share (of them that
        reached the step by as_of), in_time (share of the cases that can be judged: exactly at the limit
        is in time, a case younger than the limit is judged only once it is done), median and q90 (days
        from opening, Kaplan-Meier with open cases censored at as_of) with limits, judged (cases).
        Not estimable is null. ``.overdue`` lists open cases whose due day lies before as_of.

    Raises
    ------
    DataError
        Unknown clock, or no column opened_at.

    Examples
    --------
    >>> cases = pd.DataFrame({"opened_at": ["2026-10-01 09:00"], "first_contact_at": ["2026-10-03 09:00"]})
    >>> closed_loop(cases, "2026-10").table[["step", "share", "in_time", "median"]].head(1)
            step  share  in_time  median
    0  contacted    1.0      1.0     2.0
    """
    cases = as_table(actions)
    _refuse(cases, clock)
    opened = pd.to_datetime(cases["opened_at"])
    latest = opened.max()
    if pd.isna(latest) and as_of is None:
        return Loop(frame=_empty())
    seen = read_as_of(as_of, None if pd.isna(latest) else latest.to_period("M"))
    cases = cases[(opened <= seen.end).to_numpy(bool)].reset_index(drop=True)
    allowed = {**_HOURS, **(hours or {})}
    rows = [
        {"step": step, **waiting_time(cases, "opened_at", name, seen, allowed.get(step), clock, country, level)}
        for step, name in STEPS.items()
    ]
    closed = pd.to_datetime(column(cases, "closed_at"))
    still_open = (closed.isna() | (closed > seen.end)).to_numpy()
    return Loop(
        frame=pd.DataFrame(rows).astype({"step": "str"}) if len(cases) else _empty(),
        notes=(Note("visits.loop", {"cases": len(cases), "open": int(still_open.sum())}),),
        options={"clock": clock, "hours": allowed},
        as_of=seen,
        overdue=_overdue(cases, still_open & (_due_end(cases) <= seen.end).to_numpy(bool), seen.date),
    )


def _refuse(cases: pd.DataFrame, clock: str) -> None:
    if clock not in ("calendar", "working"):
        raise DataError(f"clock={clock!r} is unknown.", "Take 'calendar' or 'working'.")
    if "opened_at" not in cases.columns:
        raise DataError("The table of cases has no column 'opened_at'.", "Map it under sources: actions.")


def durations(
    cases: pd.DataFrame, start: str, name: str, seen: AsOf, clock: str = "calendar", country: str = "RU"
) -> tuple[np.ndarray, np.ndarray]:
    """Days from one date of a case to another, and whether that was reached; open cases wait until as_of."""
    done = pd.to_datetime(column(cases, name))
    done = done.where(done <= seen.end)
    end = (seen.end + pd.Timedelta(microseconds=1)).as_unit("us")
    days = _days(pd.to_datetime(cases[start]), done.fillna(end), clock, country)
    return days, done.notna().to_numpy(bool)


def waiting_time(
    cases: pd.DataFrame,
    start: str,
    name: str,
    seen: AsOf,
    limit: float | None,
    clock: str = "calendar",
    country: str = "RU",
    level: float = 0.95,
) -> dict[str, Any]:
    """One step of cases: n, share, in_time, median and q90 with limits, judged.

    Parameters
    ----------
    limit : float or None
        Hours allowed; None: until the end of the day ``due_at`` of the case.
    """
    days, done = durations(cases, start, name, seen, clock, country)
    if limit is None:
        due_end = _due_end(cases)
        at = pd.to_datetime(column(cases, name))
        late = (at >= due_end).to_numpy(bool)
        can_judge = (
            done | (due_end <= seen.end + pd.Timedelta(microseconds=1)).to_numpy(bool)
        ) & due_end.notna().to_numpy()
    else:
        late = days > limit / 24 + 1e-9
        can_judge = done | (days >= limit / 24)
    return _step(days, done, late, can_judge, level)


def _due_end(cases: pd.DataFrame) -> pd.Series:
    """The promise holds until the end of its day."""
    return pd.to_datetime(column(cases, "due_at")).dt.normalize() + pd.Timedelta(days=1)


def _empty() -> pd.DataFrame:
    table = pd.DataFrame({"step": pd.Series(list(STEPS), dtype="str"), "n": 0})
    return table.assign(**dict.fromkeys(_NUMBERS, np.nan), judged=0)


def _days(start: pd.Series, end: pd.Series, clock: str, country: str) -> np.ndarray:
    """Days between two moments; on the working clock weekends and holidays do not pass."""
    if clock == "calendar" or not len(start):
        return ((end - start).dt.total_seconds() / 86400).to_numpy(float)
    import holidays

    years = range(int(start.min().year), int(end.max().year) + 1)
    free = np.array(sorted(holidays.country_holidays(country, years=years)), dtype="datetime64[D]")
    return _working(end, free) - _working(start, free)


def _working(moment: pd.Series, free: np.ndarray) -> np.ndarray:
    """Working days since 1970 with the part of the running day, which stands still on a free day."""
    day = moment.to_numpy().astype("datetime64[D]")
    whole = np.busday_count(np.datetime64("1970-01-01"), day, holidays=free)
    part = ((moment - moment.dt.normalize()).dt.total_seconds() / 86400).to_numpy(float)
    return whole + part * np.is_busday(day, holidays=free)


def _step(days: np.ndarray, done: np.ndarray, late: np.ndarray, can_judge: np.ndarray, level: float) -> dict[str, Any]:
    curve = kaplan_meier(days, done, level)
    half, most = quantile(curve, 0.5), quantile(curve, 0.9)
    judged = int(can_judge.sum())
    return {
        "n": len(days),
        "share": done.mean() if len(days) else np.nan,
        "in_time": (can_judge & done & ~late).sum() / judged if judged else np.nan,
        **dict(zip(_NUMBERS[2:], (*half, *most))),
        "judged": judged,
    }


def _overdue(cases: pd.DataFrame, mask: np.ndarray, day: pd.Timestamp) -> pd.DataFrame:
    late = cases[mask].copy()
    due = pd.to_datetime(column(late, "due_at")).dt.normalize()
    late["days_overdue"] = (day - due).dt.days.astype("Int64")
    return late.sort_values("days_overdue", ascending=False, kind="stable", ignore_index=True)
