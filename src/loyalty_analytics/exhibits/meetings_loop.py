"""Report 06, the closed loop: steps of cases, complaints, feedback worked on, touches, activity, movement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import words
from ..plots import meetings as plots
from ..visits import touch
from ..visits.loop import durations
from ..visits.survival import kaplan_meier, quantile
from .base import Exhibit, drawn, exhibit
from .loyalty import capital
from .meetings import Visits, client_head, nothing, say, staff
from .table import Column, Table, total_rows
from .volume import label_of, names

if TYPE_CHECKING:
    from ..load import Data
    from ..results import Result

__all__ = ["activity", "complaints", "movement", "overdue", "steps", "touches", "worked"]

_FEW = 8
_TONES = ("negative", "mixed", "neutral", "positive", "unknown")


def _days(value: float, low: float, high: float, *, language: str) -> str:
    """«2,1 [1,8; 2,6]» in days; «–» where the figure is not reached."""
    if pd.isna(value):
        return "–"
    return f"{words.number(value, language, 1)} {words.interval(low, high, language, 1)}"


def _with_days(rows: pd.DataFrame, language: str) -> pd.DataFrame:
    """The half and nine tenths of steps as texts, in median_days and q90_days."""
    told = {
        f"{name}_days": [_days(*values, language=language) for values in
                         rows[[name, f"{name}_low", f"{name}_high"]].to_numpy(float)] for name in ("median", "q90")
    }  # fmt: skip
    return rows.assign(**told)


@exhibit("meetings", "steps", needs=("actions",))
def steps(data: Data, visits: Visits, *, language: str) -> Exhibit:
    """Share of cases that reached each step and how long it took."""
    loop = visits.loop
    if loop is None or not loop.frame["n"].iloc[0]:
        return nothing("steps", language, "steps_none")
    rows = loop.frame.copy()
    rows["label"] = [say(f"step_{step}", language) for step in rows["step"]]
    rows = _with_days(rows, language)
    n = int(rows["n"].iloc[0])
    contacted, closed = rows.iloc[0], rows.iloc[2]
    judged = pd.notna(contacted["in_time"]) and pd.notna(closed["in_time"])
    title = say(
        "steps_title" if judged else "steps_young", language, n=words.number(n, language),
        heard=words.percent(contacted["in_time"], language),
        closed=words.percent(closed["share"], language), in_time=words.percent(closed["in_time"], language),
    )  # fmt: skip
    if judged and rows["share"].iloc[-1] == 0:
        title += "; " + say("steps_untold", language)
        rows = rows.iloc[:-1]  # a bar of nothing would say that nobody was told
    bars = rows.assign(
        text=["" if text == "–" else say("days_half", language, days=text) for text in rows["median_days"]]
    )
    closed_by = data.actions.loc[(data.actions["closed_at"] <= data.as_of.end).to_numpy(bool), "level"]
    level = closed_by.value_counts()
    levels = ", ".join(
        f"{say(f'level_{name}', language)} {words.number(count, language)}" for name, count in level.items()
    )
    return Exhibit(
        name="steps", title=title, language=language,
        subtitle=say("steps_sub", language, n=words.number(n, language)),
        draw=drawn(plots.steps, bars, language=language, height=220),
        alt="; ".join(f"{label} {words.percent(x, language)}" for label, x in zip(rows["label"], rows["share"])),
        table=Table(frame=rows, columns=[
            Column(key="label", label=say("col_step", language)),
            Column(key="n", label=say("col_cases", language), kind="number"),
            Column(key="share", label=say("col_reached", language), kind="percent"),
            Column(key="in_time", label=say("col_in_time", language), kind="percent"),
            Column(key="median_days", label=say("col_median", language)),
            Column(key="q90_days", label=say("col_q90", language)),
        ], totals=[{"label": say("sum_level", language, level=say(f"level_{name}", language)), "n": count}
                   for name, count in level.items()]),
        note=say("steps_note", language, levels=levels) if levels else "",
    )  # fmt: skip


@exhibit("meetings", "overdue", needs=("actions",))
def overdue(data: Data, visits: Visits, *, language: str) -> Exhibit:
    """Open cases whose day has passed, with their owner."""
    rows = visits.loop.overdue if visits.loop is not None else pd.DataFrame()
    if not len(rows):
        return nothing("overdue", language, "overdue_none")
    known, people = names(data), staff(data)
    place = data.units.drop_duplicates("unit_id").set_index("unit_id")["unit_name"]
    rows = rows.assign(
        label=[label_of(known, c) if pd.notna(c) else label_of(place, u)
               for c, u in zip(rows["client_id"], rows["unit_id"])],
        owner=[label_of(people, who) if pd.notna(who) else "–" for who in rows["owner_id"]],
        origin=[say(f"source_{s}", language) if pd.notna(s) else "–" for s in rows["source"]],
    )  # fmt: skip
    return Exhibit(
        name="overdue", language=language,
        title=say("overdue_title", language, n=words.count(len(rows), "promise", language),
                  client=rows["label"].iloc[0], days=words.count(int(rows["days_overdue"].iloc[0]), "day", language)),
        subtitle=say("overdue_sub", language),
        table=Table(frame=rows, columns=[
            client_head(rows, language),
            Column(key="origin", label=say("col_source", language)),
            Column(key="due_at", label=say("col_due", language), kind="day"),
            Column(key="days_overdue", label=say("col_late", language), kind="number", bar=True),
            Column(key="owner", label=say("col_owner", language)),
        ]),
    )  # fmt: skip


@exhibit("meetings", "complaints", needs=("complaints",))
def complaints(data: Data, *, language: str) -> Exhibit:
    """Time to the first answer and to the solution of complaints, with open ones counted."""
    clock = {name: data.params.loop[name] for name in ("clock", "country") if name in data.params.loop}
    found = touch.complaint_loop(data.complaints, data.as_of, **clock)
    facts, rows = found.overview.iloc[0], found.frame.copy()
    if facts["n"] < _FEW:
        return nothing("complaints", language, "complaints_few", n=words.number(facts["n"], language))
    curves = {}
    for step, name in (("answered", "first_response_at"), ("solved", "resolved_at")):
        days, done = durations(data.complaints, "created_at", name, data.as_of, **clock)
        curves[step] = kaplan_meier(days, done)
    half = quantile(curves["answered"], 0.5)[0]
    answered, solved = rows.iloc[0], rows.iloc[1]
    rows["label"] = [say(f"complaint_{step}", language) for step in rows["step"]]
    rows = _with_days(rows, language)
    note = [say("complaints_note", language, open=words.number(facts["open"], language))]
    if (rows["judged"] < rows["n"]).any():
        note.append(say("complaints_judged", language, answered=words.number(answered["judged"], language),
                        solved=words.number(solved["judged"], language)))  # fmt: skip
    sums: dict[str, dict[str, Any]] = {
        "meetings.sum_half": {"median_days": "–" if pd.isna(half) else say(
            "hours", language, n=words.number(half * 24, language))},
        "meetings.sum_open": {"median_days": words.number(facts["open"], language)},
    }
    if facts["reopened_known"]:
        sums["meetings.sum_reopened"] = {"median_days": words.number(facts["reopened"], language)}
        note.append(say("complaints_again", language, n=words.number(facts["reopened"], language)))
    if facts["scored"] >= 3:
        sums["meetings.sum_score"] = {"median_days": words.number(facts["score_after"], language, 1),
                                      "q90_days": say("n_is", language, n=words.number(facts["scored"], language))}
        note.append(say("complaints_score", language, score=words.number(facts["score_after"], language, 1),
                        n=words.number(facts["scored"], language)))  # fmt: skip
    if facts["paid"]:
        money = words.money(facts["compensation"], data.params.currency, language)
        sums["meetings.sum_paid"] = {"median_days": money,
                                     "q90_days": say("n_is", language, n=words.number(facts["paid"], language))}
        note.append(say("complaints_paid", language, money=money, n=words.number(facts["paid"], language)))
    return Exhibit(
        name="complaints", language=language,
        title=say("complaints_title" if pd.notna(half) else "complaints_slow", language,
                  half=words.number(half * 24, language),
                  in_time=words.percent(answered["in_time"], language),
                  solved=words.percent(solved["in_time"], language)),
        subtitle=say("complaints_sub", language, n=words.number(facts["n"], language)),
        draw=drawn(plots.survival, curves, language=language, height=300),
        alt="; ".join(f"{label}: {text}" for label, text in zip(rows["label"], rows["median_days"])),
        table=Table(frame=rows, columns=[
            Column(key="label", label=say("col_step", language)),
            Column(key="share", label=say("col_reached", language), kind="percent"),
            Column(key="in_time", label=say("col_in_sla", language), kind="percent"),
            Column(key="judged", label=say("col_judged", language), kind="number"),
            Column(key="median_days", label=say("col_median", language)),
            Column(key="q90_days", label=say("col_q90", language)),
        ], totals=total_rows("label", language, sums)),
        note=" ".join(note),
    )  # fmt: skip


@exhibit("meetings", "worked", needs=("feedback",))
def worked(data: Data, tags: Result, *, language: str) -> Exhibit:
    """Share of feedback that was answered, by channel and polarity."""
    rows = touch.worked_on(data.feedback, tags, data.as_of, **data.params.replies).frame
    if rows["n"].sum() < _FEW:
        return nothing("worked", language, "worked_few", n=words.number(rows["n"].sum(), language))
    bad = rows[rows["polarity"].isin(["negative", "mixed"])]
    n, replied = int(rows["n"].sum()), int(rows["replied"].sum())
    values = {"share": words.percent(replied / n, language)}
    key = "worked_title"
    if len(bad) and bad["n"].sum() >= _FEW:
        key = "worked_bad"
        values["bad"] = words.percent(bad["replied"].sum() / bad["n"].sum(), language)
    sums: dict[str, dict[str, Any]] = {"common.sum_all": {"n": n, "share": replied / n}}
    if len(bad):
        sums["meetings.sum_bad"] = {"n": bad["n"].sum(), "share": bad["replied"].sum() / max(bad["n"].sum(), 1)}
    note, seen = _public_replies(rows, language)
    rows["label"] = [_name("channel", channel, language) for channel in rows["channel"]]
    rows["tone"] = [say(f"tone_{tone}", language) for tone in rows["polarity"]]
    rows = rows[rows["n"] >= 3].reset_index(drop=True)
    return Exhibit(
        name="worked", language=language, title=say(key, language, **values),
        subtitle=say("worked_sub", language, n=words.number(n, language)),
        table=Table(frame=rows, columns=[
            Column(key="label", label=say("col_channel", language)),
            Column(key="tone", label=say("col_tone", language)),
            Column(key="n", label=say("col_texts", language), kind="number"),
            Column(key="share", label=say("col_replied", language), kind="percent", low="low", high="high"),
            Column(key="days", label=say("col_days", language), kind="number", digits=1),
        ], totals=[*total_rows("label", language, sums), *seen]),
        note=note,
    )  # fmt: skip


def _public_replies(rows: pd.DataFrame, language: str) -> tuple[str, list[dict[str, Any]]]:
    """Replies to public reviews by tone: a sentence, and a row of the table for each tone."""
    open_to_all = rows[rows["public"]]
    if not len(open_to_all):
        return say("public_none", language), []
    tones = open_to_all.groupby("polarity", sort=False)[["n", "replied"]].sum()
    tones = tones.reindex([tone for tone in _TONES if tone in tones.index])
    name = say("sum_public", language)
    parts = [
        say("public_tone", language, tone=say(f"tone_{tone}", language), replied=words.number(replied, language),
            n=words.number(n, language))
        for tone, n, replied in tones.itertuples()
    ]  # fmt: skip
    listed = [
        {"label": name, "tone": say(f"tone_{tone}", language), "n": n, "share": replied / n}
        for tone, n, replied in tones.itertuples()
    ]
    return say("public", language, tones="; ".join(parts)), listed


def _name(group: str, key: str, language: str) -> str:
    return say(f"{group}_{key}", language) if words.known(f"meetings.{group}_{key}", language) else str(key)


@exhibit("meetings", "touches", needs=("clients",))
def touches(data: Data, *, language: str) -> Exhibit:
    """Contacts per client and year by channel and purpose."""
    if not any(data.has(name) for name in ("meetings", "survey_invitations", "feedback")):
        return nothing("touches", language, "touches_unknown", missing=True)
    rows = touch.touches(
        data.clients, data.as_of, meetings=data.meetings, invitations=data.survey_invitations, feedback=data.feedback
    ).frame
    if not len(rows):
        return nothing("touches", language, "touches_none")
    rows["label"] = [_name("channel", channel, language) for channel in rows["channel"]]
    rows["aim"] = [_name("purpose", purpose, language) for purpose in rows["purpose"]]
    total = rows["touches"].sum() / data.clients["client_id"].nunique()
    aims = rows.groupby("aim", sort=False)["touches"].sum().sort_values(ascending=False, kind="stable")
    most = {"aim": aims.index[0], "share": words.percent(aims.iloc[0] / aims.sum(), language)}
    return Exhibit(
        name="touches", language=language,
        title=say("touches_title", language, n=words.number(total, language, 1), **most),
        subtitle=say("touches_sub", language, n=words.number(rows["touches"].sum(), language)),
        table=Table(frame=rows, columns=[
            Column(key="label", label=say("col_channel", language)),
            Column(key="aim", label=say("col_purpose", language)),
            Column(key="touches", label=say("col_touches", language), kind="number", bar=True),
            Column(key="clients", label=say("col_clients", language), kind="number"),
            Column(key="per_client", label=say("col_each", language), kind="number", digits=1),
        ], totals=[
            *total_rows("label", language, {"common.sum_all": {"touches": aims.sum(), "per_client": total}}),
            {"label": say("sum_first", language, aim=most["aim"]), "touches": most["share"]},
        ]),
    )  # fmt: skip


@exhibit("meetings", "activity", needs=("clients",))
def activity(data: Data, *, language: str) -> Exhibit:
    """Who of the base answered, recommended, wrote, complained or met us within 90 days; do the silent leave?"""
    if not any(data.has(name) for name in ("survey_answers", "referrals", "feedback", "complaints", "meetings")):
        return nothing("activity", language, "activity_unknown", missing=True)
    found = touch.activity(
        data.clients, data.as_of, answers=data.survey_answers, referrals=data.referrals, feedback=data.feedback,
        complaints=data.complaints, meetings=data.meetings,
    )  # fmt: skip
    rows = found.frame.copy()
    rows["label"] = [say(f"kind_{kind}", language) for kind in rows["kind"]]
    whole = rows.iloc[-1]
    note, sums = "", {"meetings.sum_unheard": {"clients": whole["base"] - whole["clients"]}}
    if data.has("survey_invitations") and len(data.panel):
        stay = touch.retention_heard(data.survey_invitations, data.panel, data.as_of)
        heard, silent = stay.frame.iloc[0], stay.frame.iloc[1]
        sums["meetings.sum_heard"] = {"clients": heard["n"], "share": heard["share"]}
        sums["meetings.sum_silent"] = {"clients": silent["n"], "share": silent["share"]}
        if min(heard["n"], silent["n"]) < _FEW:
            note = say("retention_few", language, heard=words.number(heard["n"], language),
                       silent=words.number(silent["n"], language))  # fmt: skip
        else:
            apart = not stay.overview["low"].iloc[0] <= 0 <= stay.overview["high"].iloc[0]
            note = say(
                "retention_apart" if apart else "retention_alike", language,
                heard=words.percent(heard["share"], language), silent=words.percent(silent["share"], language),
                n=words.number(heard["n"], language), m=words.number(silent["n"], language),
            )  # fmt: skip
    return Exhibit(
        name="activity", language=language, note=note,
        title=say("activity_title", language, share=words.percent(whole["share"], language),
                  n=words.number(whole["base"] - whole["clients"], language)),
        subtitle=say("activity_sub", language, n=words.number(whole["base"], language)),
        table=Table(frame=rows, columns=[
            Column(key="label", label=say("col_what", language)),
            Column(key="clients", label=say("col_clients", language), kind="number", bar=True),
            Column(key="share", label=say("col_share", language), kind="percent"),
        ], totals=total_rows("label", language, sums)),
    )  # fmt: skip


@exhibit("meetings", "movement", needs=("survey_answers", "questions", "clients"))
def movement(data: Data, *, language: str) -> Exhibit:
    """Detractor → passive → promoter → recommender: a year ago and now."""
    found = touch.class_movement(data.survey_answers, data.questions, data.referrals, data.as_of)
    facts = found.overview.iloc[0]
    if facts["n"] < _FEW:
        return nothing("movement", language, "movement_few", n=words.number(facts["n"], language))
    rows = found.frame
    wide = rows.pivot(index="before", columns="after", values="clients")
    order = ["recommender", "promoter", "passive", "detractor"]
    wide = wide.loc[order, order].reset_index()
    wide["label"] = [say(f"class_{name}", language) for name in wide["before"]]
    values = {name: words.number(facts[name], language) for name in ("up", "down", "same")}
    n = words.number(facts["n"], language)
    return Exhibit(
        name="movement", language=language,
        title=say("movement_title", language, n=words.count(int(facts["n"]), "clients_of", language), **values),
        subtitle=say("movement_sub", language, n=n),
        table=Table(frame=wide, columns=[
            Column(key="label", label=say("col_before", language)),
            *(Column(key=name, label=capital(say(f"class_{name}", language)), kind="number") for name in order),
        ], totals=total_rows("label", language, {
            f"meetings.sum_{name}": {"recommender": words.number(facts[key], language)}
            for name, key in (("rose", "up"), ("fell", "down"), ("stayed", "same"), ("asked_twice", "n"))
        })),
        note=say("movement_note", language),
    )  # fmt: skip
