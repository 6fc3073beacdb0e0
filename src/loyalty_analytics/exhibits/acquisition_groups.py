"""Report 08: the funnel by channel, manager and segment; deliveries by mode and region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..plots.loyalty import dots
from ..results import Result
from ..survey.compare import compare_groups
from .acquisition import column, say, stage_name
from .base import Exhibit, drawn, exhibit
from .table import Column, Table, total_rows
from .volume import short_name

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["delivery_groups", "funnel_groups"]

_FEWEST = 8  # leads below which a group is not compared
_CLOSED = {"company_size": "segments.value", "mode": "acquisition.mode"}  # columns of our own lists
_KNOWN = 0.5  # of the leads a grouping must know, or it shows only those that became clients


def _value(by: str, group: object, data: Data, language: str) -> str:
    """A group as the reader names it."""
    if by == "manager_id":
        people = data.managers.drop_duplicates("manager_id").set_index("manager_id")["manager_name"]
        return short_name(str(people.get(group, group)))
    key = f"{_CLOSED.get(by, by)}_{group}"  # a client's own channel may be called as a word of ours
    return words.say(key, language) if by in _CLOSED and words.known(key, language) else str(group)


def _apart(table: pd.DataFrame, part: str, whole: str) -> np.ndarray:
    """Groups of one grouping whose share differs from the others': exact permutation test, Holm's steps."""
    differs = np.zeros(len(table), dtype=bool)
    number, yes = table[whole].to_numpy(int), table[part].to_numpy(int)
    for what in table["what"].unique():
        big = np.flatnonzero((table["what"] == what).to_numpy() & (number >= _FEWEST))
        score = [np.arange(n) < k for n, k in zip(number[big], yes[big])]
        if len(big) > 1:
            votes = pd.DataFrame({"place": np.repeat(big, number[big]), "score": np.concatenate(score)})
            found = compare_groups(votes, "place", kind="mean", scale=(0, 1)).frame
            differs[found.loc[found["differs"], "place"].to_numpy(int)] = True
    return differs


def _rows(whole: Result, parts: Mapping[str, Result], data: Data, language: str) -> tuple[pd.DataFrame, list[str]]:
    """One row per group: its leads, how many came to the end, and the same a period before; groupings left out."""
    total, rows, left = int(whole.frame["entered"].iloc[0]), [], []
    for by, result in parts.items():
        table = result.frame
        known = int(table.drop_duplicates("group")["entered"].sum()) if len(table) else 0
        if known < _KNOWN * total:
            share = words.percent(known / total, language)
            left.append(say("groups_left", language, what=say(f"by_{by}", language), share=share))
            continue
        for group, own in table.groupby("group", sort=False):
            first, last = own.iloc[0], own.iloc[-1]
            before = last["before_leads"] / first["before_leads"] if first["before_leads"] else np.nan
            rows.append({"what": say(f"by_{by}", language), "group": _value(by, group, data, language),
                         "entered": first["entered"], "came": last["leads"], "share": last["share"],
                         "low": last["share_low"], "high": last["share_high"], "before": before,
                         "plan": last["plan_share"]})  # fmt: skip
    return pd.DataFrame(rows), left


@exhibit("acquisition", "funnel_groups", needs=("funnel_events",))
def funnel_groups(data: Data, whole: Result, parts: Mapping[str, Result], *, language: str) -> Exhibit:
    """Share of leads that reached the last stage, by group, with Wilson intervals.

    Parameters
    ----------
    whole : result of `economics.funnel`
    parts : column of the grouping -> result of `economics.funnel` by it
    """
    if whole.frame.empty:
        return Exhibit(name="funnel_groups", title=say("funnel_none", language), language=language)
    table, left = _rows(whole, parts, data, language)
    last = whole.frame.iloc[-1]
    stage, total = stage_name(last["stage"], language), int(last["entered"])
    sound = table[table["entered"] >= _FEWEST] if len(table) else table
    if total < _FEWEST or sound.empty:
        few = words.count(total, "acquisition.lead", language)
        return Exhibit(name="funnel_groups", title=say("groups_few", language, n=few), language=language,
                       note=" ".join(left))  # fmt: skip
    table["differs"] = _apart(table, "came", "entered")
    apart, below = table[table["differs"]], table[(table["plan"] > table["high"]) & (table["entered"] >= _FEWEST)]
    values = {"stage": stage, "share": words.percent(last["share"], language),
              "a": words.number(last["leads"], language), "n": words.number(total, language),
              "list": _listed(apart, language)}  # fmt: skip
    shown = table[table["entered"] >= _FEWEST].assign(
        label=lambda t: t["group"], value=lambda t: t["share"],
        text=lambda t: [f"n = {words.number(n, language)}" for n in t["entered"]],
    )  # fmt: skip
    high, reach = 30 * len(shown) + 60, 1.05 * float(shown["high"].max())
    return Exhibit(
        name="funnel_groups",
        title=say("groups_title" if len(apart) else "groups_same", language, **values)
        + (say("groups_below", language, list=_listed(below, language)) if len(below) else ""),
        language=language,
        subtitle=say("groups_sub", language, stage=stage, n=values["n"]),
        draw=drawn(dots, shown, language=language, percent=True, middle=float(last["share"]),
                   highlight=list(shown["differs"]), limits=(-0.1 * reach, min(reach, 1.02)),
                   height=high, narrow_height=high),
        alt=say("groups_alt", language, list="; ".join(
            f"{one}: {words.percent(share, language)}" for one, share in zip(shown["group"], shown["share"]))),
        table=Table(
            frame=table.assign(mark=np.where(table["differs"], say("groups_apart", language), "")),
            columns=[
                column("group", language), column("what", language), column("entered", language, "number"),
                column("came", language, "number"), column("share", language, "percent", low="low", high="high"),
                *(column(key, language, "percent") for key in ("before", "plan") if table[key].notna().any()),
                *([column("mark", language)] if len(apart) else []),
            ],
            totals=total_rows("group", language, {
                "acquisition.all": {"entered": total, "came": int(last["leads"]), "share": float(last["share"])},
            }),
        ),
        note=" ".join([say("groups_note", language), *left]),
    )  # fmt: skip


def _listed(rows: pd.DataFrame, language: str) -> str:
    """«Выставки (2 %)», four at most."""
    shown = rows.head(4)
    return ", ".join(f"{one} ({words.percent(share, language)})" for one, share in zip(shown["group"], shown["share"]))


def _named(row: Mapping[Any, Any] | pd.Series) -> str:
    return f"{row['name']} ({row['what'].lower()})"


@exhibit("acquisition", "delivery_groups", needs=("transactions", "deliveries"))
def delivery_groups(data: Data, parts: Mapping[str, Result], *, language: str) -> Exhibit:
    """Deliveries by mode and region: late, defective, cost share, customs and packaging.

    Parameters
    ----------
    parts : column of the grouping -> result of `economics.deliveries` by it
    """
    frames = [
        result.frame.assign(
            what=say(f"by_{by}", language), name=[_value(by, one, data, language) for one in result.frame[by]]
        ).drop(columns=by)
        for by, result in parts.items()
        if len(result.frame) and not result.frame[by].isna().all()
    ]
    if not frames or not sum(int(frame["known"].sum()) for frame in frames):
        return Exhibit(name="delivery_groups", title=say("no_deliveries", language).rstrip("."), language=language)
    table = pd.concat(frames, ignore_index=True)
    compared = table[table["known"] >= _FEWEST]
    table["differs"] = _apart(table, "late", "known")
    first = table[table["what"] == table["what"].iloc[0]]  # every delivery once
    late, known = int(first["late"].sum()), int(first["known"].sum())
    usual = late / known if known else 0.0
    apart = table[table["differs"]].sort_values("late_share", ascending=False, kind="stable")
    more = apart[apart["late_share"] > usual]
    named = more if len(more) else apart[::-1]
    values = {"late": words.number(late, language), "of": words.number(known, language),
              "list": "; ".join(f"{_named(row)}: {words.percent(row['late_share'], language)}"
                                for row in named.head(3).to_dict("records"))}  # fmt: skip
    key = "groups_late" if len(more) else "groups_less" if len(apart) else "groups_late_same"
    title = say(key if late else "groups_in_time", language, **values)
    dear = compared[compared["cost_share"] == compared["cost_share"].max()]
    if len(dear) and len(compared) > 1:
        title += say("groups_cost", language, name=_named(dear.iloc[0]),
                     share=words.percent(dear["cost_share"].iloc[0], language, 1))  # fmt: skip
    count = "deliveries" if table["known"].equals(table["deliveries"]) else "known"
    columns = [
        Column(key="name", label=say("col_group", language)), column("what", language),
        column("deliveries", language, "number"), *([column("known", language, "number")] if count == "known" else []),
        column("late", language, "number"),
        column("late_share", language, "percent"), column("defects", language, "number"),
        column("defect_share", language, "percent", digits=1), column("cost_share", language, "percent", digits=1),
        column("customs_share", language, "percent"), column("packaging_share", language, "percent"),
        *([column("mark", language)] if table["differs"].any() else []),
    ]  # fmt: skip
    table["mark"] = np.where(table["differs"], say("groups_apart", language), "")
    return Exhibit(
        name="delivery_groups",
        title=title,
        language=language,
        subtitle=say("delivery_groups_sub", language),
        table=Table(
            frame=table, columns=[one for one in columns if table[one.key].notna().any()],
            totals=total_rows("what", language, {
                "acquisition.all": {count: known, "late": late, "late_share": usual if known else np.nan},
                "acquisition.sum_compared": {count: _FEWEST},
            }),
        ),
        note=say("delivery_groups_note", language, n=words.number(_FEWEST, language)),
    )
