"""What changed between two dates: money by client (bridge) and clients between groups (movement)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..grid import read_panel
from ..money import to_minor
from ..panel import id_rank
from ..results import Note, Result, as_table
from . import pictures
from .lifecycle import lifecycle
from .rfm import rfm

__all__ = ["PARTS", "bridge", "movement"]

PARTS = ("new", "growth", "same", "fall", "lost")


def bridge(panel: Any, as_of: Any = None, *, months: int = 1, against: str = "year") -> Result:
    """What made the volume of one period into that of another: new, growth, fall, lost.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
        The period ends with the last whole month.
    months : int
        Length of both periods.
    against : {'year', 'before'}
        The same months a year earlier, or the months just before.

    Returns
    -------
    Result
        ``.table``: client_id, part {new, growth, same, fall, lost}, before, after, change
        (currency units), ever (bought before the earlier period: a "new" one has come back), sorted
        by change. ``.overview``: part, clients, amount, with rows ``before`` and ``after``;
        before + new + growth + fall + lost = after to the kopeck.

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": ["a", "a", "b"], "month": ["2025-10", "2026-10", "2026-10"],
    ...                       "revenue": [100.0, 60.0, 5.0]})
    >>> bridge(panel).overview[["part", "clients", "amount"]]
         part  clients  amount
    0  before        1   100.0
    1     new        1     5.0
    2  growth        0     0.0
    3    fall        1   -40.0
    4    lost        0     0.0
    5   after        2    65.0
    """
    lag = {"year": 12, "before": months}.get(against)
    if lag is None:
        raise DataError(f"against={against!r} is no period.", "Allowed: year, before.")
    full, seen = read_panel(panel, as_of)
    sums = _two_periods(full, seen.last_whole_number if seen is not None else 0, lag, months)
    before, after = sums["before"].to_numpy(), sums["after"].to_numpy()
    part = np.select(
        # A month of returns alone is no purchase: it neither begins nor ends a client's buying.
        [(before == 0) & (after > 0), (before > 0) & (after == 0), after > before, after < before],
        ["new", "lost", "growth", "fall"], "same",
    )  # fmt: skip
    change = after - before
    order = np.lexsort((id_rank(sums.index), change))
    frame = pd.DataFrame({
        "client_id": sums.index.array,
        "part": pd.Series(part, dtype="str"),
        "before": before / 100,
        "after": after / 100,
        "change": change / 100,
        "ever": sums["ever"].to_numpy(dtype=bool),
    }).iloc[order].reset_index(drop=True)  # fmt: skip
    steps = [(name, int((part == name).sum()), int(change[part == name].sum())) for name in PARTS if name != "same"]
    ends = [(name, int((ours != 0).sum()), int(ours.sum())) for name, ours in (("before", before), ("after", after))]
    overview = pd.DataFrame([ends[0], *steps, ends[1]], columns=["part", "clients", "minor"])
    overview["amount"] = overview["minor"] / 100
    values = {"before": before.sum() / 100, "after": after.sum() / 100}
    return Result(
        frame=frame, overview=overview, notes=(Note("segments.bridge", values),), as_of=seen,
        options={"months": months, "against": against}, draw=pictures.bridge,
    )  # fmt: skip


def _two_periods(full: pd.DataFrame, end: int, lag: int, months: int) -> pd.DataFrame:
    """Revenue (minor units) of each client in the months to ``end`` and ``lag`` months earlier, and whether it
    bought before both; clients of neither are left out."""
    minor = to_minor(full["revenue"]).fillna(0).to_numpy(dtype="int64")
    number = full["number"].to_numpy()
    rows = pd.DataFrame({
        "client_id": full["client_id"],
        "before": np.where((number > end - lag - months) & (number <= end - lag), minor, 0),
        "after": np.where((number > end - months) & (number <= end), minor, 0),
        "ever": (number <= end - lag - months) & (minor > 0),
    })  # fmt: skip
    sums = rows.groupby("client_id", sort=False).agg({"before": "sum", "after": "sum", "ever": "any"})
    return sums[(sums["before"] != 0) | (sums["after"] != 0)]


def movement(
    panel: Any, as_of: Any = None, *, months: int = 3, by: str = "status", before: Any = None, after: Any = None
) -> Result:
    """How many clients, with what revenue, moved between groups since an earlier date.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
    months : int
        Distance of the earlier date.
    by : {'status', 'segment'}
        Groups of `lifecycle` or of `rfm`, both computed from what was known at each date.
    before, after : tables of client_id and one column of groups, optional
        Groups of your own in place of computed ones.

    Returns
    -------
    Result
        ``.table``: before, after (a group, or ``absent``: not a client yet), clients, share (of
        the group before), revenue (of the last 12 months of these clients).

    Examples
    --------
    >>> old = pd.DataFrame({"client_id": [1, 2], "group": ["A", "A"]})
    >>> new = pd.DataFrame({"client_id": [1, 2], "group": ["A", "B"]})
    >>> panel = pd.DataFrame({"client_id": [1, 2], "month": "2026-10", "revenue": [1.0, 2.0]})
    >>> movement(panel, before=old, after=new).table
      before after  clients  share  revenue
    0      A     A        1    0.5      1.0
    1      A     B        1    0.5      2.0
    """
    full, seen = read_panel(panel, as_of)
    columns = ["before", "after", "clients", "share", "revenue"]
    if seen is None:
        return Result(frame=pd.DataFrame(columns=columns), options={"months": months, "by": by})
    if before is None or after is None:
        if by not in ("status", "segment"):
            raise DataError(f"by={by!r} is no grouping.", "Allowed: status, segment.")
        engine: Callable[..., Result] = lifecycle if by == "status" else rfm
        after = engine(panel, seen).frame[["client_id", by]] if after is None else after
        if before is None:
            before = engine(panel, seen.last_whole - months).frame[["client_id", by]]
    groups = [_groups(table) for table in (before, after)]
    both = pd.concat(groups, axis=1, keys=["before", "after"]).fillna("absent")
    end = seen.number
    year = full[full["number"] > end - 12]
    both["minor"] = to_minor(year["revenue"]).fillna(0).groupby(year["client_id"].to_numpy()).sum()
    both["minor"] = both["minor"].fillna(0).astype("int64")
    table = both.groupby(["before", "after"]).agg(clients=("minor", "size"), minor=("minor", "sum")).reset_index()
    table["share"] = table["clients"] / table.groupby("before")["clients"].transform("sum")
    table["revenue"] = table["minor"] / 100
    moved = int(table.loc[(table["before"] != table["after"]) & (table["before"] != "absent"), "clients"].sum())
    note = Note("segments.movement", {"moved": moved, "clients": len(both), "months": months})
    options = {"months": months, "by": by}
    return Result(frame=table[columns], notes=(note,), as_of=seen, options=options, draw=pictures.movement)


def _groups(table: Any) -> pd.Series:
    frame = as_table(table)
    names = [name for name in frame.columns if name != "client_id"]
    if "client_id" not in frame.columns or len(names) != 1:
        raise DataError("A table of groups has client_id and one column more.", f"Got: {', '.join(frame.columns)}.")
    return frame.set_index("client_id")[names[0]].astype("str")
