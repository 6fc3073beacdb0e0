"""Report 01, second half: causes up and down, visits of next month, what the data cannot say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..causes.codebook import read_codebook
from ..months import to_periods
from ..plots import brief as plots
from ..survey.change import nps_change
from ..survey.nps import nps
from ..survey.response import response_rate, silent
from .base import Exhibit, drawn, exhibit
from .table import Column, Table
from .volume import label_of, names, short_name

if TYPE_CHECKING:
    from ..load import Data
    from ..results import Result

__all__ = ["Voice", "cause_counts", "causes", "survey", "top_cause", "unknowns", "visit_tables", "visited", "visits"]

_QUARTER = 3
_FEW = 8  # clients with comments below which shares of causes are not compared
_CAUSES = 8  # lines of the slope


@dataclass(frozen=True, eq=False)
class Voice:
    """Survey results of the brief; None where the client has nothing of the kind."""

    nps: Result | None
    silent: Result | None
    response: Result | None
    history: pd.DataFrame  # nps of quarters that share no answers: month, nps, low, high, n
    change: Result | None = None  # against the quarter before

    @property
    def silent_clients(self) -> pd.DataFrame:
        """Clients who were asked and said nothing, with their revenue."""
        return getattr(self.silent, "clients", pd.DataFrame())


def survey(data: Data) -> Voice:
    """NPS by rolling quarter, the silent and the response of the last three months."""
    has_score = "survey_answers" not in data.missing and (data.questions["metric"] == "nps").any()
    tables = {"questions": data.questions, "clients": data.clients, "contacts": data.contacts}
    options = {**tables, "transactions": data.orders, **data.params.nps}
    response = None
    if "survey_invitations" not in data.missing:
        response = response_rate(
            data.survey_invitations, data.survey_answers, clients=data.clients, transactions=data.orders,
            as_of=data.as_of,
        )  # fmt: skip
    if not has_score:
        return Voice(None, None, response, pd.DataFrame(columns=["month", "nps", "low", "high", "n"]))
    score = nps(data.survey_answers, as_of=data.as_of, **options)
    hushed = None
    if response is not None and "clients" not in data.missing:
        hushed = silent(data.survey_answers, data.survey_invitations, as_of=data.as_of, **options)
    rows = []
    for back in (9, 6, 3, 0):
        month = data.as_of.last_whole - back
        row = nps(data.survey_answers, as_of=month, **options).frame.iloc[0]
        rows.append({"month": month.to_timestamp(), **row[["nps", "low", "high", "n"]].to_dict()})
    change = nps_change(data.survey_answers, as_of=data.as_of, **options)
    return Voice(score, hushed, response, pd.DataFrame(rows), change)


def cause_counts(data: Data, tags: Result) -> pd.DataFrame:
    """Clients who named each cause as bad, in the last three months and the three before.

    Returns
    -------
    DataFrame
        cause, after, before (clients), n_after, n_before (clients with a comment), most named first. Where no
        comment bears a client, comments are counted (``attrs['noun']`` is 'text'); ``attrs['n']`` = n_after and
        n_before, also where no row names a cause.
    """
    named_clients = data.feedback["client_id"].notna().any()
    texts = data.feedback.assign(who=data.feedback["client_id" if named_clients else "feedback_id"]).dropna(
        subset=["who"]
    )
    age = _age(data, texts)
    windows = [(age >= 0) & (age < _QUARTER), (age >= _QUARTER) & (age < 2 * _QUARTER)]
    texts = texts.assign(window=np.select(windows, ["after", "before"], ""))
    texts = texts[texts["window"] != ""]
    base = texts.groupby("window")["who"].nunique()
    bad = tags.frame[tags.frame["sentiment"].isin(["negative", "mixed"])]
    named = bad.merge(texts[["feedback_id", "who", "window"]], on="feedback_id")
    once = named.drop_duplicates(["who", "window", "cause"])
    table = once.groupby(["cause", "window"]).size().unstack("window")
    table = table.reindex(columns=["after", "before"]).fillna(0).astype("int64").reset_index()
    table_n = {side: int(base.get(side, 0)) for side in ("after", "before")}
    table["n_after"], table["n_before"] = table_n["after"], table_n["before"]
    table = table.sort_values(["after", "before", "cause"], ascending=[False, False, True], ignore_index=True)
    table.attrs |= {"noun": "client" if named_clients else "text", "n": (table_n["after"], table_n["before"])}
    return table


def _age(data: Data, texts: pd.DataFrame) -> np.ndarray:
    """Whole months between a text and the report's month."""
    month = data.as_of.last_whole
    periods = to_periods(texts["created_at"])
    return (month.year - np.asarray(periods.year)) * 12 + month.month - np.asarray(periods.month)


def cause_titles(data: Data, causes: Any, language: str) -> dict[str, str]:
    """Causes in the reader's words, from the client's codebook."""
    codebook = read_codebook(data.params.codebook)
    return {cause: codebook.title(cause, language) for cause in causes}


def top_cause(data: Data, counts: pd.DataFrame, language: str) -> dict[str, Any]:
    """The cause that most clients name as bad: title, a (of them), n (with a comment), noun of what is counted."""
    n, noun = counts.attrs.get("n", (0, 0))[0], counts.attrs.get("noun", "client")
    if not len(counts) or not counts["after"].iloc[0]:
        return {"title": "", "a": 0, "n": n, "noun": noun}
    row = counts.iloc[0]
    title = cause_titles(data, [row["cause"]], language)[row["cause"]]
    return {"title": title, "a": int(row["after"]), "n": n, "noun": noun}


@exhibit("brief", "causes", needs=("feedback",))
def causes(data: Data, counts: pd.DataFrame, *, language: str) -> Exhibit:
    """Causes that grow or fade: share of clients who name them as bad, this quarter and the one before."""
    noun = counts.attrs.get("noun", "client")
    titles = cause_titles(data, counts["cause"], language)
    n = counts.attrs.get("n", (0, 0))
    name = words.say("brief.causes_name", language)
    if min(n) < _FEW:
        few = words.say("brief.causes_few", language, n=words.count(min(n), noun, language))
        return Exhibit(name="causes", title=few, language=language, subtitle=name)
    if not len(counts):
        return Exhibit(name="causes", title=words.say("brief.causes_calm", language), language=language, subtitle=name)
    rows = counts.copy()
    rows["share_after"], rows["share_before"] = rows["after"] / n[0], rows["before"] / n[1]
    rows["p_value"] = _p_values(rows["after"], n[0], rows["before"], n[1])
    sure = rows["p_value"] < 0.05
    rows["change"] = np.where(sure, np.sign(rows["share_after"] - rows["share_before"]), 0).astype(int)
    rows["label"] = [titles.get(cause, cause) for cause in rows["cause"]]
    shown = rows.head(_CAUSES).assign(before=rows["share_before"], after=rows["share_after"])
    month = data.as_of.last_whole
    periods = [
        f"{words.month(month - back - 2, language, 'short', year=False)}–{words.month(month - back, language, 'short')}"
        for back in (_QUARTER, 0)
    ]
    listed = "; ".join(
        f"{label} {words.percent(was, language)} → {words.percent(now, language)}"
        for label, was, now in zip(shown["label"], shown["share_before"], shown["share_after"])
    )
    return Exhibit(
        name="causes",
        title=_causes_title(rows, language),
        language=language,
        subtitle=words.say(
            "brief.causes_sub" if noun == "client" else "brief.causes_sub_text", language,
            before_period=periods[0], after_period=periods[1],
            n_before=words.count(n[1], noun, language), n_after=words.count(n[0], noun, language),
        ),
        draw=drawn(
            plots.slope, shown, language=language, left=periods[0], right=periods[1], height=380, narrow_height=380
        ),
        alt=words.say("brief.causes_alt", language, list=listed),
        table=Table(
            frame=rows,
            columns=[
                Column(key="label", label=words.say("brief.col_cause", language)),
                Column(key="share_before", label=words.say("brief.col_before", language), kind="percent"),
                Column(key="share_after", label=words.say("brief.col_after", language), kind="percent", bar=True),
                Column(key="after", label=words.say(f"brief.col_now_{noun}s", language), kind="number"),
            ],
            rows=_CAUSES,
            totals=[{"label": words.say(f"brief.sum_{noun}s", language), "share_before": words.number(n[1], language),
                     "share_after": words.number(n[0], language)}],
        ),
        note=words.say("brief.causes_note", language),
    )  # fmt: skip


def _causes_title(rows: pd.DataFrame, language: str) -> str:
    moved = rows[rows["change"] != 0].sort_values("p_value", kind="stable")
    if not len(moved):
        return words.say("brief.causes_same", language)
    row = moved.iloc[0]
    return words.say(
        "brief.causes_up" if row["change"] > 0 else "brief.causes_down", language, cause=row["label"],
        after=words.percent(row["share_after"], language), before=words.percent(row["share_before"], language),
    )  # fmt: skip


def _p_values(after: pd.Series, n_after: int, before: pd.Series, n_before: int) -> np.ndarray:
    """Fisher's exact test per cause, Holm's correction over causes.

    Many clients speak in both quarters, which makes the test careful rather than rash.
    """
    from scipy.stats import fisher_exact

    raw = np.array([fisher_exact([[a, n_after - a], [b, n_before - b]])[1] for a, b in zip(after, before)])
    order = np.argsort(raw, kind="stable")
    corrected = np.empty_like(raw)
    corrected[order] = np.minimum(np.maximum.accumulate(raw[order] * (len(raw) - np.arange(len(raw)))), 1.0)
    return corrected


def visited(data: Data, life: Result) -> pd.DataFrame:
    """Clients that are visited: neither the card nor the ledger calls them lost.

    Where no client has a manager there is nobody who visits, and the table is empty.
    """
    clients = data.clients
    gone = life.frame.loc[life.frame["status"] == "lost", "client_id"]
    lost = (clients["status"] == "lost").fillna(False) | clients["client_id"].isin(gone)
    return clients[~lost.to_numpy(bool) & clients["manager_id"].notna().any()]


def visit_tables(data: Data) -> dict[str, pd.DataFrame]:
    """Campaigns, problems and managers for `la.plan_visits`.

    A campaign is one campaign_id of a client; a problem is an open complaint or a case that waits for its
    first contact.
    """
    campaign = ["campaign_id", "campaign_start", "campaign_end"]
    orders = data.orders.read("client_id", *campaign, filled=campaign)
    spans = orders.groupby(["client_id", "campaign_id"]).agg(
        start=("campaign_start", "min"), end=("campaign_end", "max")
    )
    open_complaints = data.complaints[data.complaints["resolved_at"].isna()]
    waiting = data.actions[data.actions["first_contact_at"].isna() & data.actions["closed_at"].isna()]
    problems = pd.concat(
        [
            open_complaints[["client_id", "created_at"]].rename(columns={"created_at": "opened_at"}),
            waiting[["client_id", "opened_at"]],
        ]
    ).dropna()
    return {"campaigns": spans.reset_index(), "problems": problems, "managers": data.managers}


@exhibit("brief", "visits", needs=("clients", "managers"))
def visits(data: Data, plan: Any, *, language: str) -> Exhibit:
    """Whom to meet next month, the most urgent reason first."""
    month = data.as_of.month + 1
    rows = plan.frame[to_periods(plan.frame["month"]) == month]
    shown_month = words.month(month, language)
    if not len(rows):
        return Exhibit(
            name="visits", title=words.say("brief.visits_none", language, month=shown_month), language=language
        )
    known = names(data)
    people = data.managers.drop_duplicates("manager_id").set_index("manager_id")["manager_name"]
    urgency = ["problem", "december", "season", "before", "after", "season_after", "gap", "twice", "agreed"]
    table = rows.assign(
        name=[label_of(known, client) for client in rows["client_id"]],
        urgency=[urgency.index(reason.split(", ")[0]) for reason in rows["reason"]],
        why=[_why(reason, language) for reason in rows["reason"]],
        how=[words.say(f"brief.format_{kind}", language) for kind in rows["format"]],
        who=[short_name(label_of(people, visitor)) if pd.notna(visitor) else "–" for visitor in rows["visitor_id"]],
    ).sort_values(["urgency", "week", "name"], kind="stable", ignore_index=True)
    meetings, calls = int((rows["format"] != "call").sum()), int((rows["format"] == "call").sum())
    contacts = words.count(meetings, "meeting", language)
    if calls:
        counted = words.count(calls, "call", language)
        contacts = words.say("brief.visits_calls", language, meetings=contacts, calls=counted)
    broken = len(plan.exceptions)
    return Exhibit(
        name="visits",
        title=words.say(
            "brief.visits_some", language, month=shown_month, contacts=contacts, client=table["name"].iloc[0],
        ),
        language=language,
        subtitle=words.say(
            "brief.visits_sub", language, month=shown_month, n=words.number(rows["client_id"].nunique(), language),
            broken=words.number(broken, language),
        ),
        table=Table(
            frame=table,
            columns=[
                Column(key="name", label=words.say("brief.col_client", language)),
                Column(key="week", label=words.say("brief.col_week", language), kind="day"),
                Column(key="how", label=words.say("brief.col_format", language)),
                Column(key="why", label=words.say("brief.col_reason", language)),
                Column(key="who", label=words.say("brief.col_visitor", language)),
            ],
        ),
        note=words.say("brief.visits_note", language),
    )  # fmt: skip


def _why(reason: str, language: str) -> str:
    return ", ".join(words.say(f"brief.reason_{part}", language) for part in reason.split(", "))


def unknowns(
    data: Data,
    *,
    language: str,
    breaks: Result | None = None,
    reasons: Result | None = None,
    tags: Result | None = None,
    voice: Voice | None = None,
) -> Exhibit:
    """What the data cannot say, and what that hides."""
    rows = [
        (
            words.say("brief.unknown_table", language, table=words.say(f"tables.{table}", language)),
            words.say(f"brief.effect_{table}", language),
        )
        for table in data.missing
        if words.known(f"brief.effect_{table}", language)
    ]
    counts = _unknown_counts(data, breaks, reasons, tags, voice)
    for key, values in counts.items():
        shown = {name: words.number(value, language) for name, value in values.items()}
        if key in ("short", "not_asked"):
            shown["n"] = words.count(values["n"], "client", language)
        rows.append((words.say(f"brief.unknown_{key}", language, **shown), words.say(f"brief.effect_{key}", language)))
    if not rows:
        return Exhibit(name="unknown", title=words.say("brief.unknown_none", language), language=language)
    return Exhibit(
        name="unknown",
        title=words.say("brief.unknown_some", language, n=words.count(len(rows), "point", language)),
        language=language,
        subtitle=words.say("brief.unknown_sub", language),
        table=Table(
            frame=pd.DataFrame(rows, columns=["what", "effect"]),
            columns=[
                Column(key="what", label=words.say("brief.col_what", language)),
                Column(key="effect", label=words.say("brief.col_effect_of", language)),
            ],
        ),
    )


def _unknown_counts(
    data: Data, breaks: Result | None, reasons: Result | None, tags: Result | None, voice: Voice | None
) -> dict[str, dict[str, int]]:
    counts = {}
    if breaks is not None and len(breaks.overview):
        measure = breaks.overview.set_index("measure")["value"]
        counts["short"] = {"n": int(measure["clients"] - measure["judged"])}
    if voice is not None and voice.silent is not None:
        row = voice.silent.frame.iloc[-1]
        counts["not_asked"] = {"n": int(row["population"] - row["n"]) if pd.notna(row["population"]) else 0}
    if reasons is not None and len(reasons.frame):
        found = reasons.frame[reasons.frame["grade"].isin(["strong", "possible"])]
        explained = found[["client_id", "break_month"]].drop_duplicates()
        broken = reasons.frame[["client_id", "break_month"]].drop_duplicates()
        counts["no_reason"] = {"n": len(broken) - len(explained)}
    if tags is not None and len(data.feedback):
        counts["untagged"] = {"n": len(data.feedback) - tags.frame["feedback_id"].nunique(), "of": len(data.feedback)}
    return {key: values for key, values in counts.items() if values["n"] > 0}
