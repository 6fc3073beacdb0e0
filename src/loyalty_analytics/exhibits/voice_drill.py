"""Report 05: causes by quarter, from low scores to causes by unit, manager and time, before and after a measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..causes.drilldown import before_after, drill
from ..intervals import share_interval
from ..months import to_periods
from ..plots import voice as plots
from ..sources.privacy import masked_column
from .base import Exhibit, exhibit
from .table import Column, Table, total_rows
from .voice import FEW, Said, few, ranking
from .volume import short_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..load import Data
    from ..results import Result

__all__ = ["course", "low_scores", "measures"]

_PANELS = 6
_LEAST_SCORES = 30
_CAUSES = 3
_MONTHS = 6


@exhibit("voice", "course", needs=("feedback",))
def course(data: Data, voice: Said, *, language: str) -> Exhibit:
    """Share of clients who complain about a cause, by quarter, on one scale."""
    rows = _by_quarter(data, voice)
    if not len(rows) or voice.n < FEW:
        return few("course", voice, language)
    moved = _moved(rows)
    shown = rows["label"].nunique()
    listed = "; ".join(
        f"{label} {words.percent(part['share'].iloc[0], language)} → {words.percent(part['share'].iloc[-1], language)}"
        for label, part in rows.groupby("label", sort=False)
    )

    def draw(narrow: bool) -> Figure:
        from ..plots import theme

        columns = 2 if narrow else 3
        lines = -(-shown // columns)
        figure, axs = theme.figure(150 * lines, narrow, nrows=lines, ncols=columns, squeeze=False)
        plots.course(rows, axs, language=language, narrow=narrow)
        return figure

    title = (
        words.say(
            "voice.course_up" if moved["up"] else "voice.course_down", language, cause=moved["label"],
            before=words.percent(moved["before"], language), after=words.percent(moved["after"], language),
        )
        if moved
        else words.say("voice.course_same", language)
    )  # fmt: skip
    base = rows.drop_duplicates("month")["n"]
    return Exhibit(
        name="course", language=language, title=title,
        subtitle=words.say(
            f"voice.course_sub_{voice.noun}", language,
            n="–".join(words.number(n, language) for n in sorted({int(base.min()), int(base.max())})),
        ),
        draw=draw, alt=words.say("voice.course_alt", language, list=listed),
        table=_quarters(rows, voice, language),
        note=words.say("voice.course_note", language),
    )  # fmt: skip


def _quarters(rows: pd.DataFrame, voice: Said, language: str) -> Table:
    """A row per cause, a column per quarter; the last one with its interval."""
    wide = rows.pivot(index="label", columns="month", values="share").loc[rows["label"].unique()]
    ends = [words.month(month, language, "short") for month in wide.columns]
    wide = wide.set_axis(ends, axis=1).reset_index(names="label")
    last = rows.groupby("label", sort=False)[["low", "high"]].last()
    base = rows.drop_duplicates("month")["n"]
    return Table(
        frame=wide.assign(low=last["low"].to_numpy(), high=last["high"].to_numpy()),
        columns=[
            Column(key="label", label=words.say("voice.col_cause", language)),
            *(Column(key=end, label=end, kind="percent") for end in ends[:-1]),
            Column(key=ends[-1], label=ends[-1], kind="percent", low="low", high="high"),
        ],
        totals=total_rows("label", language, {
            f"voice.col_{voice.noun}s_all": {end: words.number(n, language) for end, n in zip(ends, base)}
        }),
    )  # fmt: skip


def _by_quarter(data: Data, voice: Said) -> pd.DataFrame:
    """Share of complainers by cause and quarter: label, month, share, low, high, k, n."""
    month = data.as_of.last_whole
    when = voice.texts["created_at"].dt
    age = ((month.year - when.year) * 12 + month.month - when.month) // 3
    base = voice.texts.assign(quarter=age).groupby("quarter")["who"].nunique()
    bad = voice.bad.merge(voice.texts.assign(quarter=age)[["feedback_id", "quarter"]], on="feedback_id")
    named = bad.drop_duplicates(["who", "quarter", "cause"]).groupby(["cause", "quarter"]).size()
    rows = []
    for cause in ranking(voice)["cause"].head(_PANELS):
        for quarter in range(3, -1, -1):
            n, k = int(base.get(quarter, 0)), int(named.get((cause, quarter), 0))
            if n < 3:
                continue
            low, high = share_interval(k, n)
            rows.append({
                "label": voice.title(cause), "month": (month - 3 * quarter).to_timestamp(), "share": k / n,
                "low": float(low), "high": float(high), "k": k, "n": n,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _moved(rows: pd.DataFrame) -> dict[str, Any]:
    """The surest change between the last two quarters, or nothing (Fisher's test, Holm over causes)."""
    from scipy.stats import fisher_exact

    found = []
    for label, part in rows.groupby("label", sort=False):
        if len(part) < 2:
            continue
        was, now = part.iloc[-2], part.iloc[-1]
        cells = [[now["k"], now["n"] - now["k"]], [was["k"], was["n"] - was["k"]]]
        found.append((float(fisher_exact(cells)[1]), label, was["share"], now["share"]))
    found.sort(key=lambda entry: entry[0])
    if not found or found[0][0] * len(found) >= 0.05:
        return {}
    _, label, before, after = found[0]
    return {"label": label, "before": before, "after": after, "up": after > before}


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
            Column(key="group", label=words.say("voice.col_group", language)),
            Column(key="kind", label=words.say("voice.col_by", language)),
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
    frame = frame.assign(**{f"{name}_points": 100 * frame[name].astype(float) for name in ("change", "low", "high")})
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
            Column(key="change_points", label=words.say("voice.col_change", language), kind="number", sign=True,
                   low="low_points", high="high_points"),
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
