"""Working days: capacity of a month, and the weeks over which a month's contacts are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..months import AsOf, month_number

__all__ = ["limits", "weeks", "workdays"]


def workdays(months: pd.PeriodIndex, country: str) -> np.ndarray:
    """Working days of each month, without weekends and the public holidays of a country.

    >>> workdays(pd.PeriodIndex(["2026-01", "2026-10"], freq="M"), "RU").tolist()
    [15, 22]
    """
    import holidays

    free = np.array(sorted(holidays.country_holidays(country, years=sorted({*months.year}))), dtype="datetime64[D]")
    begin = months.to_timestamp().to_numpy().astype("datetime64[D]")
    end = (months + 1).to_timestamp().to_numpy().astype("datetime64[D]")
    return np.busday_count(begin, end, holidays=free)


def limits(
    visitors: pd.Series,
    as_of: AsOf,
    months: int,
    capacity: tuple[int, int],
    absence: Mapping[Any, Sequence[str]] | None,
    by_workdays: bool,
    country: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Goal and limit of meetings, arrays visitor × month of the plan."""
    names = pd.unique(visitors)
    planned = pd.period_range(as_of.month + 1, periods=months, freq="M")
    scale = np.ones(months)
    if by_workdays:
        days = workdays(planned, country)
        years = {
            year: workdays(pd.period_range(f"{year}-01", periods=12, freq="M"), country) for year in {*planned.year}
        }
        scale = days / np.array([years[year].mean() for year in planned.year])
    goal, limit = (np.tile(np.rint(part * scale).astype(np.int64), (len(names), 1)) for part in capacity)
    base = month_number([as_of.month])[0]
    for visitor, away in (absence or {}).items():
        month = month_number(list(away)) - base - 1
        month = month[(month >= 0) & (month < months)]
        for row in np.flatnonzero(names == visitor):
            goal[row, month] = limit[row, month] = 0
    return goal, limit


def weeks(table: pd.DataFrame, december_until: int, agreed: pd.Series) -> pd.Series:
    """Monday of the week of each contact: a visitor's contacts of a month spread evenly over its weeks.

    What is agreed keeps its week (``agreed``: day by client_id, month and format). Contacts that settle a problem
    come first, then clients of a higher ``priority``; year-end meetings stay before ``december_until``.
    """
    urgent = table["purpose"].map({"problem": 0, "year_end": 1}).fillna(2)
    points = -table["priority"] if "priority" in table.columns else 0
    order = table.assign(urgent=urgent, points=points).sort_values(
        ["visitor", "month", "urgent", "points", "client_id"], kind="stable"
    )
    place = order.groupby(["visitor", "month"]).cumcount()
    size = order.groupby(["visitor", "month"])["client_id"].transform("size")
    start = order["month"]
    # Four full weeks from the first Monday on or before the third of the month.
    monday = start - pd.to_timedelta(start.dt.day_of_week, unit="D")
    monday = monday.where(start.dt.day_of_week < 3, monday + pd.Timedelta(days=7))
    last = np.where(start.dt.month == 12, max(min((december_until - 1) // 7, 3), 1), 4)
    week = (place * last // size).clip(upper=last - 1)
    spread = (monday + pd.to_timedelta(week * 7, unit="D")).reindex(table.index)
    known = agreed.index.get_indexer(pd.MultiIndex.from_frame(table[["client_id", "month", "format"]]))
    fixed = table["agreed"].to_numpy(bool) & (known >= 0)
    day = agreed.to_numpy()[known[fixed]].astype("datetime64[D]")
    # Days since 1970-01-01, a Thursday.
    spread.loc[fixed] = pd.DatetimeIndex(day - (day.astype(np.int64) + 3) % 7).to_numpy()
    return spread
