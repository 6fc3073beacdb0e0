"""Report 04, the journey: cooperation and opinions, stages, criteria of choice, quality of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .. import words
from ..plots import loyalty as plots
from ..survey.monitor import criteria as stated
from ..survey.monitor import stages as journey
from ..survey.quality import answer_quality
from .base import Exhibit, drawn, exhibit
from .loyalty import Loyalty, listing, nothing, say
from .loyalty_groups import group_labels
from .table import Column, Table

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["criteria", "means", "quality", "stages"]


@exhibit("loyalty", "means", needs=("survey_answers", "questions"))
def means(data: Data, loyalty: Loyalty, *, language: str) -> Exhibit:
    """Cooperation, the manager, ease and the six opinions on one scale."""
    rows = pd.DataFrame() if loyalty.means is None else loyalty.means.frame
    rows = rows[rows["metric"].isin(["csat", "manager_csat", "ces", "factor"])] if len(rows) else rows
    known = rows[rows["mean"].notna()] if len(rows) else rows
    if not len(known):
        return nothing("means", language)
    text = known[f"text_{language}"].where(known[f"text_{language}"].notna(), known["question_id"].astype(str))
    known = known.assign(text=text, label=_short(known, text, language))
    known = known.sort_values(["mean", "question_id"], ascending=[False, True], kind="stable")
    title = lowest("means", known[::-1], language)
    columns = [
        Column(key="text", label=say("col_question", language)),
        Column(key="mean", label=say("col_mean", language), kind="number", digits=1, low="low", high="high"),
        Column(key="top2", label=say("col_top2", language), kind="percent", low="top2_low", high="top2_high"),
        Column(key="n", label=say("col_answers", language), kind="number"),
    ]
    listed = listing(known, "mean", language, 1)
    ends = float(known["scale_min"].min()), float(known["scale_max"].max())
    scales = known[["scale_min", "scale_max"]].drop_duplicates()
    note = say("means_one_each" if _one_each(data) else "means_note", language)
    if len(scales) == 1:
        note += " " + say("means_scale", language, low=words.number(ends[0], language),
                          high=words.number(ends[1], language))  # fmt: skip
    else:
        columns.append(Column(key="scale", label=say("col_scale", language)))
        known = known.assign(scale=[f"{low:g}–{high:g}" for low, high in zip(known["scale_min"], known["scale_max"])])
    return Exhibit(
        name="means", title=title, language=language,
        subtitle=say("means_sub", language, n=_span(known["n"], language)),
        draw=drawn(plots.mean_dots, known, language=language, limits=ends, height=60 + 38 * len(known)),
        alt=say("means_alt", language, listed=listed), table=Table(frame=known, columns=columns),
        note=note,
    )  # fmt: skip


def _one_each(data: Data) -> bool:
    """Whether everybody was asked one random question."""
    return data.has("survey_invitations") and bool(data.survey_invitations["question_id"].notna().any())


def lowest(name: str, rows: pd.DataFrame, language: str) -> str:
    """Which rows (lowest mean first) fall below the best beyond doubt; those beside the lowest are named with it.

    Parameters
    ----------
    name : beginning of the keys: means, stages
    rows : label, mean, low, high
    """
    worst, best = rows.iloc[0], rows.iloc[-1]
    below = rows[rows["high"] < best["low"]]
    if not len(below) or worst["high"] >= best["low"]:
        return say(f"{name}_alike" if len(rows) > 1 else f"{name}_one", language,
                   x=words.number(worst["mean"], language, 1), worst=words.quoted(str(worst["label"]), language),
                   interval=words.interval(worst["low"], worst["high"], language, 1))  # fmt: skip
    beside = [words.quoted(str(label), language) for label in below["label"].iloc[1:4]]
    title = say(f"{name}_apart", language, worst=words.quoted(str(worst["label"]), language),
                x=words.number(worst["mean"], language, 1),
                interval=words.interval(worst["low"], worst["high"], language, 1))  # fmt: skip
    return title + (say("lowest_beside", language, names=", ".join(beside)) if beside else "")


def _short(rows: pd.DataFrame, text: pd.Series, language: str) -> pd.Series:
    """One or two words per question for the figure; two questions of one kind keep their whole text."""
    topic = rows["cause"].astype("object").where(rows["cause"].notna(), "").map(lambda cause: str(cause).split(".")[0])
    kind = topic.where(rows["metric"] == "factor", rows["metric"])
    key = [f"loyalty.opinion_{name}" for name in kind]
    named = pd.Series([words.say(k, language) if words.known(k, language) else "" for k in key], index=rows.index)
    alone = (named != "") & ~named.duplicated(keep=False)
    return named.where(alone, text)


def _span(values: pd.Series, language: str) -> str:
    low, high = (words.number(value, language) for value in (values.min(), values.max()))
    return low if low == high else f"{low}–{high}"


@exhibit("loyalty", "stages", needs=("survey_answers", "questions"))
def stages(data: Data, *, language: str) -> Exhibit:
    """Score and drop-off by stage, and the stages that nobody measured for 90 days."""
    result = journey(data.survey_answers, data.questions, invitations=data.survey_invitations, as_of=data.as_of)
    rows = result.frame
    if not len(rows):
        return nothing("stages", language, "stages_unknown", missing=True)
    rows = rows.assign(label=[_stage(name, language) for name in rows["stage"]])
    rows = rows.sort_values(["mean", "label"], kind="stable", na_position="last")
    missing = rows.loc[~rows["measured"], "label"].tolist()
    number = rows[rows["mean"].notna()]
    if missing:
        title = say("stages_missing", language, names=", ".join(missing))
    elif len(number):
        title = lowest("stages", number, language)
    else:
        title = say("few", language)
    columns = [
        Column(key="label", label=say("col_stage", language)),
        Column(key="mean", label=say("col_mean", language), kind="number", digits=1, low="low", high="high"),
        Column(key="n", label=say("col_answers", language), kind="number"),
        Column(key="drop_off", label=say("col_drop_off", language), kind="percent"),
        Column(key="last_measured", label=say("col_last", language), kind="day"),
    ]
    listed = listing(rows, "mean", language, 1)
    return Exhibit(
        name="stages", title=title, language=language, subtitle=say("stages_sub", language),
        draw=drawn(plots.stage_dots, rows, language=language, height=60 + 38 * len(rows)),
        alt=say("stages_alt", language, listed=listed), table=Table(frame=rows, columns=columns),
        note=say("stages_note", language),
    )  # fmt: skip


def _stage(name: str, language: str) -> str:
    key = f"loyalty.stage_{name}"
    return words.say(key, language) if words.known(key, language) else name


@exhibit("loyalty", "criteria", needs=("meetings",))
def criteria(data: Data, *, language: str) -> Exhibit:
    """By which criteria clients choose, and how our offers fare with those who name them."""
    result = stated(data.meetings, data.offers, as_of=data.as_of)
    rows = result.frame
    if not len(rows):
        return nothing("criteria", language, "criteria_none", missing=True)
    total = round(rows["clients"].iloc[0] / rows["share"].iloc[0])
    most = rows.sort_values(["clients", "criterion"], ascending=[False, True], kind="stable").iloc[0]
    title = say("criteria_title", language, criterion=words.quoted(str(most["criterion"]), language),
                a=words.number(most["clients"], language), n=words.count(total, "clients_of", language))  # fmt: skip
    rows = rows.sort_values(["clients", "weight"], ascending=False, kind="stable").assign(label=rows["criterion"])
    columns = [
        Column(key="label", label=say("col_criterion", language)),
        Column(key="clients", label=say("col_clients", language), kind="number"),
        Column(key="share", label=say("col_named", language), kind="percent", low="low", high="high"),
        Column(key="weight", label=say("col_weight", language), kind="percent"),
        Column(key="won", label=say("col_won", language), kind="number"),
        Column(key="lost", label=say("col_lost", language), kind="number"),
        Column(key="win_rate", label=say("col_win_rate", language), kind="percent", low="win_low", high="win_high"),
    ]
    shown = rows.head(10)
    listed = listing(shown, "share", language, percent=True)
    return Exhibit(
        name="criteria", title=title, language=language,
        subtitle=say("criteria_sub", language, n=words.number(total, language)),
        draw=drawn(plots.criteria_bars, shown, language=language, height=60 + 36 * len(shown)),
        alt=say("criteria_alt", language, listed=listed), note=say("criteria_note", language),
                table=Table(frame=rows, columns=columns,
                    totals=[{"label": say("sum_meetings", language), "clients": total}]),
    )  # fmt: skip


@exhibit("loyalty", "quality", needs=("survey_answers",))
def quality(data: Data, *, language: str) -> Exhibit:
    """Answers that deserve a second look, visitors whose answers differ, clients nobody visited."""
    result = answer_quality(
        data.survey_answers, invitations=data.survey_invitations, meetings=data.meetings, questions=data.questions,
        clients=data.clients, as_of=data.as_of,
    )  # fmt: skip
    flags = result.frame
    odd = result.interviewers[result.interviewers["p_value"] < 0.05] if len(result.interviewers) else pd.DataFrame()
    label = group_labels(data, "manager_id", language)
    notes = []
    if len(odd):
        named = ", ".join(label.get(one, str(one)) for one in odd["visitor_id"])
        notes.append(say("quality_visitors", language, names=named))
    elif len(result.interviewers) > 1 and result.interviewers["p_value"].notna().any():
        notes.append(say("quality_visitors_alike", language))
    if data.has("meetings") and len(result.not_visited):
        notes.append(say("quality_away", language, n=words.count(len(result.not_visited), "client", language)))
    if not len(flags):
        return Exhibit(name="quality", title=say("quality_fine", language), language=language,
                       subtitle=say("quality_name", language), note=" ".join(notes))  # fmt: skip
    counts = flags.groupby("flag", sort=False)["answer_id"].nunique().rename("answers").reset_index()
    counts["label"] = [say(f"flag_{flag}", language) for flag in counts["flag"]]
    columns = [
        Column(key="label", label=say("col_flag", language)),
        Column(key="answers", label=say("col_answers", language), kind="number"),
    ]
    title = say("quality_title", language, n=words.count(int(flags["answer_id"].nunique()), "answer", language))
    return Exhibit(name="quality", title=title, language=language, subtitle=say("quality_sub", language),
                   table=Table(frame=counts, columns=columns), note=" ".join(notes))  # fmt: skip
