"""Who came to and left the active base, month by month."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..grid import grid
from ..months import from_number
from ..results import Note, Result, as_table
from . import pictures

__all__ = ["flows"]

_COLUMNS = ["month", "active", "new", "returned", "left", "season_over", "revenue_left"]


def flows(panel: Any, as_of: Any = None, *, kinds: Any = None, active_months: int = 3, months: int = 13) -> Result:
    """Active clients of each month, and those who came and went.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
    kinds : result of `client_kinds`, optional
        A seasonal client whose season is over is counted apart from those who left.
    active_months : int
        A client is active with an order in so many last months.
    months : int
        Months shown.

    Returns
    -------
    Result
        ``.table``: month, active, new, returned, left, season_over, revenue_left (what the clients
        of ``left`` brought in the year before); active of a month = active of the month before + new
        + returned − left − season_over.

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": [1, 1, 2], "month": ["2026-01", "2026-02", "2026-02"], "revenue": 9.0})
    >>> flows(panel, "2026-04", active_months=1).table[["month", "active", "new", "left"]]
           month  active  new  left
    0 2026-02-01       2    1     0
    1 2026-03-01       0    0     2
    2 2026-04-01       0    0     0
    """
    g = grid(panel, as_of)
    if g is None or g.months < 2:
        return Result(frame=pd.DataFrame(columns=_COLUMNS), notes=(Note("segments.panel_empty"),))
    bought = (g.days > 0) & ~g.returns_only[:, None]  # who only returned has bought before the data begin
    active = bought.copy()
    for back in range(1, active_months):
        active[:, back:] |= bought[:, :-back]
    at = np.arange(g.months)
    came = active[:, 1:] & ~active[:, :-1]
    gone = ~active[:, 1:] & active[:, :-1]
    first = at[1:] == g.first[:, None]
    seasonal = np.zeros(len(g.ids), dtype=bool)
    if kinds is not None:
        rhythm = as_table(kinds).set_index("client_id")["rhythm"]
        seasonal = (rhythm.reindex(g.ids) == "seasonal").to_numpy()
    year = np.cumsum(np.pad(g.revenue, ((0, 0), (12 + active_months, 0))), axis=1)
    # The twelve months up to the last order of a client that leaves after ``active_months`` of silence.
    before = year[:, 12 : 12 + g.months] - year[:, : g.months]
    frame = pd.DataFrame({
        "month": from_number(g.start + at[1:]),
        "active": active[:, 1:].sum(axis=0),
        "new": (came & first).sum(axis=0),
        "returned": (came & ~first).sum(axis=0),
        "left": (gone & ~seasonal[:, None]).sum(axis=0),
        "season_over": (gone & seasonal[:, None]).sum(axis=0),
        "revenue_left": (before[:, 1:] * (gone & ~seasonal[:, None])).sum(axis=0) / 100,
    }).tail(months).reset_index(drop=True)  # fmt: skip
    last = frame.iloc[-1]
    values = {name: int(last[name]) for name in ("active", "new", "returned", "left")}
    return Result(frame=frame, notes=(Note("segments.flows", values),), as_of=g.as_of,
                  options={"active_months": active_months, "months": months}, draw=pictures.flows)  # fmt: skip
