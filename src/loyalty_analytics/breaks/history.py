"""The identity of an alarm from month to month, recomputed from the data as of earlier months."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..months import as_of as read_as_of
from ..months import to_periods
from ..results import Note, Result
from .find import find_breaks
from .panels import read_volume

__all__ = ["HISTORY_COLUMNS", "alarm_history"]

HISTORY_COLUMNS = [
    "client_id",
    "break_month",
    "direction",
    "first_seen",
    "last_seen",
    "runs",
    "state",
    "break_month_now",
]
_SAME = 3  # months that the date of one and the same alarm may move between two runs


def alarm_history(panel: Any, as_of: Any = None, *, runs: int = 12, **options: Any) -> Result:
    """First seen, still there or withdrawn: each alarm of the last monthly runs.

    Parameters
    ----------
    panel : pandas.DataFrame or Result
        As for `find_breaks`.
    as_of : month or day, optional
    runs : int
        Monthly runs to repeat, the last one included; each sees the months up to its own only.
    **options
        Passed to `find_breaks`.

    Returns
    -------
    Result
        ``.table``: client_id, break_month (as first said), direction, first_seen, last_seen (months
        of runs), runs (in how many it stood), state {new: first seen in the last run, still_there,
        withdrawn}, break_month_now (null where withdrawn). first_seen in the first run means
        then or earlier.

    Raises
    ------
    ParamsError
        As `find_breaks`.

    Examples
    --------
    >>> months = pd.period_range("2023-01", "2026-10", freq="M")
    >>> rng = np.random.default_rng(7)
    >>> money = 100 * np.exp(rng.normal(0, 0.1, (3, len(months))))
    >>> money[1, 30:] *= 0.3
    >>> panel = pd.DataFrame(money, index=["A", "B", "C"], columns=months)
    >>> alarm_history(panel, runs=3).table[["client_id", "break_month", "runs", "state"]]
      client_id break_month  runs        state
    0         B  2025-07-01     3  still_there
    """
    volume = read_volume(panel, as_of)
    last = volume.values.shape[1] - 1
    alarms: list[dict[str, Any]] = []
    wide = pd.DataFrame(volume.values, index=volume.ids, columns=volume.months.to_period("M"))
    for at in range(max(last - runs + 1, 0), last + 1):
        month = volume.months[at]
        found = find_breaks(wide.iloc[:, : at + 1], read_as_of(month), **options).frame
        _follow(alarms, found, month)
    final = volume.months[last] if last >= 0 else None
    for alarm in alarms:
        gone = alarm["last_seen"] != final
        alarm["state"] = "withdrawn" if gone else "new" if alarm["first_seen"] == final else "still_there"
        alarm["break_month_now"] = pd.NaT if gone else alarm["now"]
    table = pd.DataFrame(alarms, columns=HISTORY_COLUMNS)
    states = table["state"].value_counts()
    values = {name: int(states.get(name, 0)) for name in ("new", "still_there", "withdrawn")} | {"runs": runs}
    return Result(
        frame=table, notes=(Note("breaks_scan.history", values),), options={"runs": runs, **options}, as_of=volume.as_of
    )


def _follow(alarms: list[dict[str, Any]], found: pd.DataFrame, month: pd.Timestamp) -> None:
    """Give the rows of one run to the alarms that they continue, the nearest first."""
    numbers = _number(found["break_month"])
    rows = list(zip(found["client_id"], numbers, found["direction"], found["break_month"]))
    pairs = sorted(
        (abs(_number([alarm["now"]])[0] - row[1]), i, j)
        for i, alarm in enumerate(alarms)
        for j, row in enumerate(rows)
        if alarm["client_id"] == row[0] and alarm["direction"] == row[2]
    )
    taken_alarm: set[int] = set()
    taken_row: set[int] = set()
    for gap, i, j in pairs:
        if gap > _SAME or i in taken_alarm or j in taken_row:
            continue
        taken_alarm.add(i)
        taken_row.add(j)
        alarms[i].update(now=rows[j][3], last_seen=month, runs=alarms[i]["runs"] + 1)
    for j, (client, _, direction, first) in enumerate(rows):
        if j not in taken_row:
            alarms.append({
                "client_id": client, "break_month": first, "now": first, "direction": direction,
                "first_seen": month, "last_seen": month, "runs": 1,
            })  # fmt: skip


def _number(months: Any) -> np.ndarray:
    periods = to_periods(months)
    return np.asarray(periods.year, dtype=np.int64) * 12 + np.asarray(periods.month, dtype=np.int64)
