"""Where each client stands in its life, judged by its own calendar."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..grid import Grid, grid, read_panel
from ..months import from_number
from ..results import Note, Result, no_rows
from . import pictures
from .calendar import Calendar, Posterior, fit, infer
from .seasons import FLOOR, profiles

__all__ = ["STATUSES", "lifecycle"]

STATUSES = ("new", "active", "reactivated", "sleeping", "lost")
_COLUMNS = ["client_id", "status", "p_alive", "last_month", "expected_gap", "days_late", "last_date",
            "days_silent", "p_ordered", "expected_orders", "first_month", "left_censored"]  # fmt: skip
_DAYS = 365.25 / 12
_FLOOR_WEIGHT = 20.0
_AHEAD = 30  # months of the future over which the next order is looked for


def lifecycle(
    panel: Any, as_of: Any = None, *, lost_below: float = 0.4, late_above: float = 0.95, new_months: int = 3,
    censored_months: int = 3, horizon: int = 12,
) -> Result:  # fmt: skip
    """Status of each client with the probability that it still is one.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
        None means the last month present.
    lost_below : float, 0-1
        A client whose ``p_alive`` is below this is lost.
    late_above : float, 0-1
        A client that, being alive, should have ordered by now with this probability is sleeping.
    new_months : int
        A client is new for so many months from its first order, reactivated for as long from its return.
    censored_months : int
        First orders within so many months of the first data are no proof of a new client.
    horizon : int
        Months ahead for ``expected_orders``.

    Returns
    -------
    Result
        ``.table``: client_id, status {new, active, reactivated, sleeping, lost}, p_alive,
        last_month (of the last order), expected_gap (days from the last order in which the next
        one was to be expected, on the client's own calendar), days_late (days over it, 0 = not
        late); then last_date, days_silent, p_ordered (probability that a living client would have
        ordered by now), expected_orders (days with orders in the next ``horizon`` months), first_month,
        left_censored.

    Notes
    -----
    A season-aware gamma-Poisson with geometric death, see `loyalty_analytics.segments.calendar`:
    out of its season a seasonal client is expected to be silent.

    Examples
    --------
    >>> months = pd.period_range("2022-01", "2025-12", freq="M")
    >>> panel = pd.DataFrame({"client_id": 1, "month": months[:30], "orders": 2, "revenue": 100.0})
    >>> lifecycle(panel, "2025-12").table[["client_id", "status", "last_month"]]
       client_id status last_month
    0          1   lost 2024-06-01
    """
    _check(lost_below=lost_below, late_above=late_above)
    options = {"lost_below": lost_below, "late_above": late_above, "new_months": new_months}
    g = grid(panel, as_of)
    if g is None or g.months == 0:
        return Result(frame=_empty(panel), options=options, notes=(Note("segments.panel_empty"),))
    calendar = fit(g)
    seen = infer(g, calendar)
    seen = replace(seen, shape=_own_floor(g, seen))
    frame = _frame(g, calendar, seen, horizon)
    frame["left_censored"] = g.first < censored_months
    now = g.months if not g.as_of.whole else g.months - 1
    fresh = (g.first > now - new_months) & ~frame["left_censored"].to_numpy()
    back = _came_back(g, calendar, seen, now, new_months, late_above)
    frame["status"] = _status(fresh, frame["p_alive"] < lost_below, frame["p_ordered"] > late_above, back)
    frame = frame[_COLUMNS]
    counts = frame["status"].value_counts()
    values = {name: int(counts.get(name, 0)) for name in STATUSES} | {"as_of": str(g.as_of)}
    return Result(frame=frame, overview=_counted(counts, len(frame)), notes=(Note("segments.lifecycle", values),),
                  as_of=g.as_of, options=options, draw=pictures.lifecycle)  # fmt: skip


def _status(fresh: np.ndarray, lost: pd.Series, late: pd.Series, back: np.ndarray) -> pd.Series:
    """The first that holds; a client of whom none does is active."""
    names = np.select([fresh, lost, late, back], ["new", "lost", "sleeping", "reactivated"], "active")
    return pd.Series(names, dtype="str")


def _counted(counts: pd.Series, clients: int) -> pd.DataFrame:
    overview = pd.DataFrame({"status": STATUSES})
    overview["clients"] = overview["status"].map(counts).fillna(0).astype("int64")
    overview["share"] = overview["clients"] / clients
    return overview


def _check(**probabilities: float) -> None:
    for name, value in probabilities.items():
        if not 0 <= value <= 1:
            raise DataError(f"{name}={value!r} is no probability.", "Give a number from 0 to 1.")


def _frame(g: Grid, calendar: Calendar, seen: Posterior, horizon: int) -> pd.DataFrame:
    today = g.as_of.date.to_datetime64().astype("datetime64[D]")
    silent = (today - g.last_date).astype(np.int64)
    gap, ordered, ahead = _expected(g, calendar, seen, silent, horizon)
    return pd.DataFrame({
        "client_id": g.ids.array,
        "p_alive": seen.alive,
        "last_month": from_number(g.start + g.last),
        "expected_gap": gap,
        "days_late": np.maximum(silent - np.rint(gap), 0).astype(np.int64),
        "last_date": g.last_date.astype("datetime64[us]"),
        "days_silent": silent,
        "p_ordered": ordered,
        "expected_orders": ahead * seen.alive,
        "first_month": from_number(g.start + g.first),
    })  # fmt: skip


def _expected(
    g: Grid, calendar: Calendar, seen: Posterior, silent: np.ndarray, horizon: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days to the next order counted from the last one, probability that it should have come, orders ahead.

    Averaged over the three repeating classes, the seasonal one with its mean profile.
    """
    weights = seen.classes[:, [0, 1, 2]] + 1e-12
    weights = weights / weights.sum(axis=1, keepdims=True)
    last_month = (g.last_date.astype("datetime64[M]").astype(np.int64) % 12).astype(int)
    day = (g.last_date - g.last_date.astype("datetime64[M]")).astype(np.int64)
    left = np.clip(1 - (day + 1) / _DAYS, 0, 1)  # part of the last order's month that was left
    repeats = np.maximum(g.days.sum(axis=1) - 1, 0)
    months = (last_month[:, None] + np.arange(_AHEAD)) % 12
    length = np.ones((len(silent), _AHEAD))
    length[:, 0] = left
    passed = np.clip(silent[:, None] / _DAYS - (np.cumsum(length, axis=1) - length), 0, length)
    coming = (g.start + g.months + np.arange(horizon)) % 12
    gap, ordered, ahead = np.zeros(len(silent)), np.zeros(len(silent)), np.zeros(len(silent))
    for position in range(3):
        each = seen.shape if position == 1 else calendar.market[None, :]
        if position < 2:  # the sporadic follow the calendar of the regular
            steps = np.take_along_axis(np.broadcast_to(each, (len(silent), 12)), months, axis=1)
            reached = np.cumsum(steps * length, axis=1)
            waited, lived = (steps * passed).sum(axis=1), _lived(g, each)
        if position == 0:
            flat = reached, waited, lived
        if position == 2:
            reached, waited, lived = flat
        # A living client may end its relation on the way.
        stays = (1 - calendar.hazard[position]) ** (np.arange(horizon) + 0.5)
        shape, rate = calendar.rate[position, 0] + repeats, calendar.rate[position, 1] + lived
        # No order up to then: (b / (b + e))^(a + x), a gamma mixture of exponentials.
        stay = np.exp(-shape[:, None] * np.log1p(reached / rate[:, None]))
        before = np.concatenate([np.ones((len(stay), 1)), stay[:, :-1]], axis=1)
        gap += weights[:, position] * (length * (before + stay)).sum(axis=1) * _DAYS / 2
        ordered += weights[:, position] * (1 - np.exp(-shape * np.log1p(waited / rate)))
        ahead += weights[:, position] * (each[:, coming] @ stays) * shape / (rate + waited)
    return gap, ordered, ahead


def _own_floor(g: Grid, seen: Posterior) -> np.ndarray:
    """Seasonal profiles with each client's own rate out of season.

    The dictionary's floor suits the base; a client that never orders out of season is not to be
    expected there. The floor counts as ``_FLOOR_WEIGHT`` in-season orders beside the client's own.
    """
    season = profiles().season[seen.profile]
    at = np.arange(g.months)
    inside = (at >= g.first[:, None]) & (at <= np.minimum(g.last, g.months - 1)[:, None]) & g.known
    seen_months = g.by_calendar(inside)
    count_in, months_in = (seen.by_month * season).sum(axis=1), (seen_months * season).sum(axis=1)
    count_off, months_off = (seen.by_month * ~season).sum(axis=1), (seen_months * ~season).sum(axis=1)
    level = (count_in + 0.5) / (months_in + 0.5)
    floor = (FLOOR * _FLOOR_WEIGHT + count_off) / (_FLOOR_WEIGHT + level * months_off)
    top = np.maximum(seen.shape * season, 0).sum(axis=1) / np.maximum(season.sum(axis=1), 1)
    return np.where(season, seen.shape, (floor * top)[:, None])


def _lived(g: Grid, each: np.ndarray) -> np.ndarray:
    """Exposure from the first to the last order."""
    at = np.arange(g.months)
    last = np.minimum(g.last, g.months - 1)[:, None]
    inside = ((at > g.first[:, None]) & (at <= last)).astype(float)
    if len(each) == 1:
        return inside @ each[0, g.calendar] + 0.5
    return (g.by_calendar(inside) * each).sum(axis=1) + 0.5


def _came_back(g: Grid, calendar: Calendar, seen: Posterior, now: int, recent: int, late_above: float) -> np.ndarray:
    """Whether the client returned in the last months after a silence its calendar did not allow."""
    bought = g.days > 0
    if not g.as_of.whole:
        bought = np.column_stack([bought, g.last >= g.months])
    at = np.arange(bought.shape[1])
    filled = np.where(bought, at, -1)
    previous = np.maximum.accumulate(filled, axis=1)
    last = bought[:, max(now - recent + 1, 0) :].any(axis=1)
    start = max(now - recent + 1, 0)
    first_recent = np.where(bought[:, start:].any(axis=1), start + bought[:, start:].argmax(axis=1), now)
    before = previous[np.arange(len(bought)), np.maximum(first_recent - 1, 0)]
    silent = np.where(last & (before >= 0) & (first_recent > 0), first_recent - before - 1, 0)
    each = np.where(
        (seen.classes[:, 1] > seen.classes[:, [0, 2]].max(axis=1))[:, None],
        seen.shape, calendar.market,
    )  # fmt: skip
    steps = (before + 1)[:, None] + np.arange(min(_AHEAD, bought.shape[1]))
    months = (g.start + steps) % 12
    inside = np.arange(steps.shape[1]) < silent[:, None]
    exposure = (np.take_along_axis(each, months, axis=1) * inside).sum(axis=1)
    position = seen.classes[:, [0, 1, 2]].argmax(axis=1)
    shape = calendar.rate[position, 0] + np.maximum(g.days.sum(axis=1) - 1, 0)
    rate = calendar.rate[position, 1] + _lived(g, each)
    ordered = 1 - np.exp(-shape * np.log1p(exposure / rate))
    return (silent >= 2) & (ordered > late_above)


def _empty(panel: Any) -> pd.DataFrame:
    full, _ = read_panel(panel)
    kinds = dict.fromkeys(["days_late", "days_silent"], "int64")
    kinds |= dict.fromkeys(["last_month", "first_month", "last_date"], "datetime64[us]")
    kinds |= {"status": "str", "left_censored": "bool", "client_id": str(full["client_id"].dtype)}
    return no_rows(_COLUMNS, **kinds)
