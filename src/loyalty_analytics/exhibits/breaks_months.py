"""Report 03: in which months falls began, by manager and by industry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import words
from ..months import to_periods
from ..plots import reasons as plots
from .base import Exhibit, drawn, exhibit
from .breaks import listed, unseen
from .table import Column, Table
from .volume import short_name

if TYPE_CHECKING:
    from ..breaks.find import BreaksResult
    from ..load import Data

__all__ = ["by_industry", "by_manager"]


@exhibit("breaks", "by_manager", needs=("transactions",))
def by_manager(data: Data, breaks: BreaksResult, *, language: str) -> Exhibit:
    """In which months falls began, by the manager of today."""
    return _months(data, breaks, "manager_id", "by_manager", language)


@exhibit("breaks", "by_industry", needs=("transactions",))
def by_industry(data: Data, breaks: BreaksResult, *, language: str) -> Exhibit:
    """In which months falls began, by industry."""
    return _months(data, breaks, "industry", "by_industry", language)


def _months(data: Data, breaks: BreaksResult, by: str, name: str, language: str) -> Exhibit:
    rows = listed(data, breaks)
    falls = rows[rows["direction"] < 0]
    hidden = None if len(falls) else unseen(name, breaks, language)
    if hidden is not None:
        return hidden
    named = words.say(f"breaks.{name}_name", language)
    known = data.clients.drop_duplicates("client_id").set_index("client_id")[by]
    group = falls["client_id"].map(known)
    if (group if len(falls) else known).isna().all():
        note = words.say(f"breaks.unknown_{by}", language)
        return Exhibit(name=name, title=named, language=language, note=note, missing=True)
    if not len(falls):
        return Exhibit(name=name, title=words.say("breaks.months_none", language), language=language, subtitle=named)
    falls = falls.assign(group=_labelled(data, group, by, language))
    largest = falls["group"].value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable").index[:3]
    drawn_rows = falls.assign(
        shown=falls["group"].where(falls["group"].isin(largest), words.say("breaks.group_other", language))
    )
    shown = drawn_rows["shown"].nunique() + 1  # a line for all
    counts = falls.groupby(to_periods(falls["break_month"])).size()
    n = words.number(len(falls), language)
    by_group = falls.groupby("group", sort=True).size().sort_values(ascending=False, kind="stable")
    table = by_group.rename("falls").reset_index()
    said = "; ".join(f"{words.month(month, language)}: {count}" for month, count in counts.items())
    return Exhibit(
        name=name,
        title=_months_title(falls, counts, language),
        language=language,
        subtitle=words.say(f"breaks.months_sub_{by}", language, n=n),
        draw=drawn(
            plots.fall_months, drawn_rows, by="shown", rest=words.say("breaks.group_other", language),
            language=language, height=56 + 46 * shown, narrow_height=56 + 46 * shown,
        ),
        alt=words.say("breaks.months_alt", language, list=said),
        table=Table(
            frame=table,
            columns=[
                Column(key="group", label=words.say(f"breaks.col_{by}", language)),
                Column(key="falls", label=words.say("breaks.col_falls", language), kind="number", bar=True),
            ],
            totals=_busiest(falls, counts, language),
        ),
    )  # fmt: skip


def _labelled(data: Data, group: pd.Series, by: str, language: str) -> pd.Series:
    group = group.astype(object)
    if by == "manager_id" and len(data.managers):
        people = data.managers.drop_duplicates("manager_id").set_index("manager_id")["manager_name"].dropna()
        group = group.map(lambda key: short_name(str(people[key])) if key in people.index else key)
    return group.where(group.notna(), words.say("breaks.group_unknown", language)).astype(str)


def _busiest(falls: pd.DataFrame, counts: pd.Series, language: str) -> list[dict[str, Any]]:
    """The month in which most falls began, in all and of the group with most of them."""
    month = counts.idxmax()
    inside = falls.loc[to_periods(falls["break_month"]) == month, "group"].value_counts()
    name = words.month(month, language)
    return [
        {"group": words.say("breaks.sum_month", language, month=name), "falls": int(counts.max())},
        {"group": words.say("breaks.sum_month_group", language, month=name, group=inside.index[0]),
         "falls": int(inside.iloc[0])},
    ]  # fmt: skip


def _months_title(falls: pd.DataFrame, counts: pd.Series, language: str) -> str:
    month, most = counts.idxmax(), int(counts.max())
    if most < 3:
        return words.say("breaks.months_flat", language, n=words.number(most, language))
    inside = falls.loc[to_periods(falls["break_month"]) == month, "group"].value_counts()
    alone = inside.iloc[0] >= max(2, most / 2)
    case = "prepositional" if language == "ru" else "nominative"
    key = "months_title" if alone else "months_spread"
    return words.say(
        f"breaks.{key}", language, month=words.month(month, language, case), n=words.number(most, language),
        k=words.number(int(inside.iloc[0]), language), group=inside.index[0],
    )  # fmt: skip
