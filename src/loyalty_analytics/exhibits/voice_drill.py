"""Report 05: from low scores to causes by unit, manager and time; a cause before and after a measure against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import words
from ..causes.drilldown import before_after, drill
from ..months import to_periods
from ..sources.privacy import masked_column
from .base import Exhibit, exhibit
from .table import Column, Table, total_rows
from .voice import Said
from .volume import short_name

if TYPE_CHECKING:
    from ..load import Data
    from ..results import Result

__all__ = ["low_scores", "measures"]

_LEAST_SCORES = 30
_CAUSES = 3
_MONTHS = 6


@exhibit("voice", "low_scores", needs=("feedback",))
def low_scores(data: Data, voice: Said, *, language: str) -> Exhibit:
    """Where low scores come from, and which causes stand in them: by unit, manager and month."""
    texts = voice.texts.assign(manager_id=_managers(data, voice.texts))
    name = words.say("voice.low_scores_name", language)
    scores = int(pd.to_numeric(texts["score"], errors="coerce").notna().sum())
    found = {by: drill(voice.tags, texts, by).frame for by in ("unit_id", "manager_id", "month")}
    if scores < _LEAST_SCORES or all(part.empty for part in found.values()):
        title = words.say("voice.low_few", language, n=words.count(scores, "answer", language))
        return Exhibit(name="low_scores", title=title, language=language, subtitle=name)
    rows = pd.concat([_groups(data, voice, by, part, language) for by, part in found.items()], ignore_index=True)
    rows = rows.sort_values(["p", "kind", "group", "named"], ascending=[True, True, True, False], kind="stable")
    top = rows.iloc[0]
    tests = rows.drop_duplicates(["kind", "group"])
    clear = top["p"] * len(tests) < 0.05
    title = (
        words.say(
            "voice.low_top", language, group=top["group"], k=words.number(top["low_scores"], language),
            n=words.number(top["n"], language), cause=top["label"],
        )
        if clear
        else words.say("voice.low_same", language)
    )  # fmt: skip
    return Exhibit(
        name="low_scores", language=language, title=title,
        subtitle=words.say("voice.low_sub", language, n=words.count(scores, "answer", language)),
        table=Table(frame=rows, columns=[
            Column(key="kind", label=words.say("voice.col_by", language)),
            Column(key="group", label=words.say("voice.col_group", language)),
            Column(key="n", label=words.say("voice.col_scores", language), kind="number"),
            Column(key="low_scores", label=words.say("voice.col_low", language), kind="number"),
            Column(key="share", label=words.say("voice.col_share", language), kind="percent", low="low", high="high"),
            Column(key="label", label=words.say("voice.col_cause", language)),
            Column(key="named", label=words.say("voice.col_named", language), kind="number"),
        ]),
        note=words.say("voice.low_note", language),
    )  # fmt: skip


def _managers(data: Data, texts: pd.DataFrame) -> pd.Series:
    """The manager who serves the client of each text."""
    serving = data.clients.drop_duplicates("client_id").set_index("client_id")["manager_id"]
    return texts["client_id"].map(serving)


def _groups(data: Data, voice: Said, by: str, part: pd.DataFrame, language: str) -> pd.DataFrame:
    """The first causes of each group, in the reader's words, with the chance of so many low scores."""
    from scipy.stats import hypergeom

    groups = part.drop_duplicates(by)
    rows = part.groupby(by, sort=False).head(_CAUSES).copy()
    total, low = int(groups["n"].sum()), int(groups["low_scores"].sum())
    rows["p"] = hypergeom.sf(rows["low_scores"] - 1, total, low, rows["n"])
    known = {
        "unit_id": dict(zip(data.units["unit_id"], data.units["unit_name"])),
        "manager_id": dict(zip(data.managers["manager_id"], data.managers["manager_name"].map(short_name))),
    }.get(by, {})
    rows["kind"] = words.say(f"voice.by_{by}", language)
    rows["group"] = [
        words.month(value, language, "short") if by == "month" else str(known.get(value, value)) for value in rows[by]
    ]
    rows["label"] = [voice.title(cause) if isinstance(cause, str) else "–" for cause in rows["cause"]]
    return rows.drop(columns=by)


@exhibit("voice", "measures", needs=("feedback",))
def measures(data: Data, voice: Said, tags: Result, *, language: str) -> Exhibit:
    """Complaints about a cause before and after the last measure of a head or director against it."""
    name = words.say("voice.measures_name", language)
    taken = _taken(data)
    rows = []
    for measure in taken.itertuples():
        row = before_after(tags, data.feedback, str(measure.cause), measure.since, months=_MONTHS).frame.iloc[0]
        if min(row["n_before"], row["n_after"]) >= _LEAST_SCORES:
            rows.append({**row.to_dict(), "since": measure.since, "what": measure.result})
    if not rows:
        title = words.say("voice.measures_none", language)
        return Exhibit(name="measures", title=title, language=language, subtitle=name)
    frame = pd.DataFrame(rows)
    frame["label"] = [voice.titles.get(cause, cause) for cause in frame["cause"]]
    frame["said"] = [words.say(f"voice.verdict_{verdict.replace(' ', '_')}", language) for verdict in frame["verdict"]]
    sure = frame[frame["verdict"] != "cannot tell"].sort_values("change", kind="stable")
    title = words.say("voice.measures_same", language)
    if len(sure):
        one = sure.iloc[0]
        title = words.say(
            f"voice.measures_{one['verdict']}", language, cause=one["label"],
            before=words.percent(one["before"], language), after=words.percent(one["after"], language),
        )  # fmt: skip
    return Exhibit(
        name="measures", language=language, title=title,
        subtitle=words.say("voice.measures_sub", language, months=words.number(_MONTHS, language)),
        table=Table(frame=frame, columns=[
            Column(key="label", label=words.say("voice.col_cause", language)),
            Column(key="what", label=words.say("voice.col_measure", language)),
            Column(key="since", label=words.say("voice.col_since", language), kind="month"),
            Column(key="before", label=words.say("voice.col_share_before", language), kind="percent"),
            Column(key="after", label=words.say("voice.col_share_after", language), kind="percent"),
            Column(key="change", label=words.say("voice.col_change", language), kind="percent", low="low", high="high"),
            Column(key="said", label=words.say("voice.col_verdict", language)),
        ], totals=total_rows("label", language, {"voice.sum_months": {"what": words.number(_MONTHS, language)}})),
        note=words.say("voice.measures_note", language, months=words.number(_MONTHS, language)),
    )  # fmt: skip


def _taken(data: Data) -> pd.DataFrame:
    """The last measure against each cause that a head or director closed early enough to be judged."""
    actions = data.actions
    closed = actions[actions["closed_at"].notna() & actions["cause"].notna() & actions["level"].isin(["middle", "top"])]
    month = to_periods(closed["closed_at"])
    closed = closed.assign(since=month)[np.asarray(month <= data.as_of.last_whole - _MONTHS + 1)]
    last = closed.sort_values(["closed_at", "action_id"], kind="stable").drop_duplicates("cause", keep="last")
    last = last.assign(result=masked_column(last["result"], data.contacts))
    return last.sort_values("cause", kind="stable").fillna({"result": "–"})[["cause", "since", "result"]]
