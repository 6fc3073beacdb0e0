"""Report 03: dated facts around the recent falls, as lines of time and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .. import words
from ..months import month_start
from ..plots import reasons as plots
from .base import Exhibit, drawn, exhibit
from .breaks import best_reason, listed_reasons, recent_falls, unseen
from .table import Column, Table
from .volume import figure_names

if TYPE_CHECKING:
    from ..breaks.find import BreaksResult
    from ..breaks.reasons import ReasonsResult
    from ..load import Data

__all__ = ["timeline"]

_KEYS = ["client_id", "break_month"]
_LINES, _ROWS = 10, 8
_NEAR = -31, 122  # days before the break within which a fact stands near it


@exhibit("breaks", "timeline", needs=("transactions",))
def timeline(data: Data, breaks: BreaksResult, result: ReasonsResult, *, language: str) -> Exhibit:
    """Dated facts around the recent falls."""
    rows = best_reason(recent_falls(data, breaks), result).head(_LINES)
    facts = result.facts
    near = rows[[*_KEYS, "name"]].assign(place=range(len(rows))).merge(facts, on=_KEYS)
    if not len(near):
        if early := unseen("timeline", breaks, language):
            return early
        title = words.say("breaks.timeline_none", language)
        return Exhibit(name="timeline", title=title, language=language)
    order = rows[[*_KEYS, "low", "high"]].assign(place=range(len(rows)))
    table = result.table.assign(break_month=month_start(result.frame["break_month"]))
    table = order.merge(table, on=_KEYS).sort_values("place", kind="stable")
    close = near.loc[near["days_before"].between(*_NEAR), "client_id"].nunique()
    strong = int((rows["grade"] == "strong").sum())
    return Exhibit(
        name="timeline",
        title=words.say(
            "breaks.timeline_title", language, near=words.number(close, language),
            n=words.count(len(rows), "clients_of", language), strong=words.number(strong, language),
        ),
        language=language,
        subtitle=words.say("breaks.timeline_sub", language, n=words.number(len(rows), language)),
        draw=drawn(
            plots.timeline, facts, table, language=language, names=figure_names(data).to_dict(), most=_LINES,
            height=70 + 34 * len(rows), narrow_height=70 + 34 * min(len(rows), 6),
        ),
        alt=words.say("breaks.timeline_alt", language, list="; ".join(listed_reasons(rows, language))),
        table=_facts(near, {"near": close, "strong": strong, "shown": len(rows)}, language),
    )  # fmt: skip


def _facts(near: pd.DataFrame, sums: dict[str, int], language: str) -> Table:
    """Facts by client, those nearest to the break first."""
    near = near.assign(
        far=near["days_before"].abs(), fact=[words.say(f"breaks.kind_{reason}", language) for reason in near["reason"]],
        where=[words.say(f"breaks.source_{source}", language) for source in near["source"]],
    ).sort_values(["place", "far", "date", "fact"], kind="stable", ignore_index=True)  # fmt: skip
    return Table(
        frame=near,
        columns=[
            Column(key="name", label=words.say("breaks.col_client", language)),
            Column(key="break_month", label=words.say("breaks.col_month", language), kind="month"),
            Column(key="fact", label=words.say("breaks.col_fact", language)),
            Column(key="where", label=words.say("breaks.col_where", language)),
            Column(key="date", label=words.say("breaks.col_date", language), kind="day"),
            Column(key="days_before", label=words.say("breaks.col_days", language), kind="number"),
        ],
        rows=_ROWS,
        totals=[
            {"name": words.say(f"breaks.sum_{key}", language), "fact": words.count(count, "client", language)}
            for key, count in sums.items()
        ],
    )
