"""Leads by stage, with doubt, against plan and the period before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..intervals import wilson
from ..months import as_of as read_as_of
from ..months import month_number
from ..results import Note, Result, as_table, no_rows
from . import pictures

__all__ = ["STAGES", "funnel"]

STAGES = ("awareness", "interest", "desire", "action", "loyalty")
_COLUMNS = ["group", "stage", "order", "leads", "entered", "share", "share_low", "share_high", "step", "step_low",
            "step_high", "before_leads", "before_step", "plan_step", "plan_share", "changed"]  # fmt: skip


def funnel(
    funnel_events: Any, as_of: Any = None, *, by: str | None = None, clients: Any = None, targets: Any = None,
    months: int = 12, level: float = 0.95,
) -> Result:  # fmt: skip
    """How many leads of a period reached each stage.

    Parameters
    ----------
    funnel_events : table
        lead_id, stage, entered_at; optional stage_order, channel, manager_id, client_id.
    as_of : month or day, optional
        Events after it are not seen.
    by : str, optional
        A column of the events (channel, manager_id) or of ``clients`` (industry, company_size …).
    clients, targets : tables, optional
        Plan: rows of ``targets`` with metric ``conversion``, amount a share or per cent. Of the company: level_id
        names a stage, amount the leads that should come to it from the stage before. Of a manager or unit: level_id
        names the group, amount its leads that should come to the last stage.
    months : int
        Leads that first appeared in so many last months; the period before is as long.
    level : float
        Of the Wilson intervals.

    Returns
    -------
    Result
        ``.table``: group (null = all), stage, order, leads (reached the stage or a later one), entered (leads of the
        group), share (leads / entered) with interval, step (leads / leads of the stage before) with interval,
        before_leads, before_step (the period before), plan_step,
        plan_share (of the group, at its last stage), changed (bool: the step's interval does not hold before_step).

    Notes
    -----
    A lead that jumped over a stage has reached it: stages are an order, not a checklist. The last leads of
    a period have had less time, so a fall of the last stages may be youth.

    Examples
    --------
    >>> events = pd.DataFrame({"lead_id": [1, 1, 2], "stage": ["awareness", "action", "awareness"],
    ...                        "entered_at": ["2026-10-01", "2026-10-09", "2026-10-02"]})
    >>> funnel(events, "2026-10").table[["stage", "leads", "share"]].head(4)
           stage  leads  share
    0  awareness      2    1.0
    1   interest      1    0.5
    2     desire      1    0.5
    3     action      1    0.5
    """
    table = as_table(funnel_events)
    if table.empty:
        return Result(frame=_none(), notes=(Note("acquisition.no_funnel"),))
    entered = pd.to_datetime(table["entered_at"])
    seen = read_as_of(as_of, latest=entered.max().to_period("M"))
    table = table[(entered <= seen.end).to_numpy()].reset_index(drop=True)
    if table.empty:
        return Result(frame=_none(), as_of=seen, notes=(Note("acquisition.no_funnel"),))
    order = _order(table)
    names = [name for name, _ in sorted(order.items(), key=lambda item: (item[1], str(item[0])))]
    leads = _leads(table, order, by, clients)
    end = seen.number
    now = leads[leads["number"] > end - months]
    before = leads[(leads["number"] <= end - months) & (leads["number"] > end - 2 * months)]
    groups: list[Any] = [None] if by is None else sorted(now["group"].dropna().unique(), key=str)
    frames = [_stages(now, before, names, order, group, level) for group in groups]
    frame = pd.concat(frames, ignore_index=True) if frames else _none()
    frame["plan_step"] = frame["stage"].map(_plan(targets, end)).astype("float64")
    own = _plan(targets, end, str(by).removesuffix("_id")) if by else {}
    frame["plan_share"] = frame["group"].map(own).where(frame["stage"] == names[-1]).astype("float64")
    note = Note("acquisition.funnel", {"leads": len(now)})
    return Result(frame=frame[_COLUMNS], notes=(note,), as_of=seen, options={"by": by, "months": months},
                  draw=pictures.funnel)  # fmt: skip


def _order(table: pd.DataFrame) -> dict[Any, int]:
    """Stage → place: the five of the canon, or what stage_order says."""
    stages = table["stage"].dropna().unique()
    if "stage_order" in table and table["stage_order"].notna().any():
        return table.groupby("stage")["stage_order"].min().astype(int).to_dict()
    strange = sorted(set(map(str, stages)) - set(STAGES))
    if strange:
        raise DataError(
            f"Stages {', '.join(strange)} have no order.", f"Fill stage_order, or map them to {', '.join(STAGES)}."
        )
    return {stage: place for place, stage in enumerate(STAGES)}


def _leads(table: pd.DataFrame, order: dict[Any, int], by: str | None, clients: Any) -> pd.DataFrame:
    place = table["stage"].map(order).astype("float64")
    rows = table.assign(place=place, number=month_number(pd.to_datetime(table["entered_at"]), "entered_at"))
    leads = rows.groupby("lead_id", as_index=False).agg({"place": "max", "number": "min"})
    leads["group"] = None
    if by is None:
        return leads
    if by in table.columns:
        owner = rows.dropna(subset=[by]).drop_duplicates("lead_id").set_index("lead_id")[by]
    else:
        people = as_table(clients)
        if by not in people or "client_id" not in table:
            raise DataError(f"by={by!r} is no column of funnel_events or clients.", "Give channel or manager_id.")
        known = rows.dropna(subset=["client_id"]).drop_duplicates("lead_id").set_index("lead_id")["client_id"]
        owner = known.map(people.set_index("client_id")[by])
    leads["group"] = leads["lead_id"].map(owner).astype("object")
    return leads


def _stages(
    now: pd.DataFrame, before: pd.DataFrame, names: Sequence[Any], order: dict[Any, int], group: Any, level: float
) -> pd.DataFrame:
    if group is not None:
        now, before = now[now["group"] == group], before[before["group"] == group]
    places = np.array([order[name] for name in names])
    reached = (now["place"].to_numpy()[:, None] >= places).sum(axis=0)
    earlier = (before["place"].to_numpy()[:, None] >= places).sum(axis=0)
    from_stage = np.concatenate([[len(now)], reached[:-1]])
    frame = pd.DataFrame({"group": group, "stage": names, "order": places, "leads": reached, "entered": len(now)})
    frame["share"], (frame["share_low"], frame["share_high"]) = _share(reached, np.full(len(places), len(now)), level)
    frame["step"], (frame["step_low"], frame["step_high"]) = _share(reached, from_stage, level)
    frame["before_leads"] = earlier
    frame["before_step"], _ = _share(earlier, np.concatenate([[len(before)], earlier[:-1]]), level)
    frame["changed"] = (frame["before_step"] < frame["step_low"]) | (frame["before_step"] > frame["step_high"])
    return frame


def _share(part: np.ndarray, whole: np.ndarray, level: float) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Share and Wilson interval; nothing of nothing is unknown."""
    some = whole > 0
    share = np.where(some, part / np.maximum(whole, 1), np.nan)
    low, high = wilson(part, np.maximum(whole, 1), level)
    return share, (np.where(some, low, np.nan), np.where(some, high, np.nan))


def _plan(targets: Any, end: int, level: str = "company") -> dict[Any, float]:
    table = as_table(targets)
    if table.empty:
        return {}
    of_level = table["level"].fillna("company") == level if "level" in table else level == "company"
    rows = table[((table["metric"] == "conversion") & of_level).to_numpy()]
    rows = rows[month_number(rows["period_start"], "period_start") <= end] if len(rows) else rows
    if rows.empty:
        return {}
    last = rows.sort_values("period_start").drop_duplicates("level_id", keep="last")
    amount = last["amount"].astype("float64")
    return dict(zip(last["level_id"], amount.where(amount <= 1, amount / 100), strict=True))


def _none() -> pd.DataFrame:
    return no_rows(_COLUMNS, group="object", stage="str", changed="bool")
