"""Report 07, what was said: offers and answers, who decides, scores, the client's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import words
from .base import Exhibit
from .brief_voice import cause_titles
from .table import Column, Table

if TYPE_CHECKING:
    from ..load import Data
    from ..results import Result
    from ..visits.dossier import Dossier

__all__ = ["holes_sentence", "offers", "offers_sentence", "people", "scores", "voice"]

_FEW = 6  # rows of a table: two printed pages hold the whole dossier


def offers_sentence(page: Dossier, language: str) -> str:
    """How many offers were made and how many of them accepted."""
    if not len(page.offers):
        return words.say("client.offers_none", language)
    won = int((page.offers["outcome"] == "won").sum())
    return words.say(
        "client.offers", language, n=words.number(len(page.offers), language), won=words.number(won, language)
    )


def holes_sentence(page: Dossier, language: str) -> str:
    """Which roles of the buying centre nobody here knows."""
    if not page.holes:
        return words.say("client.holes_none", language)
    roles = ", ".join(words.say(f"client.role_{role}", language) for role in page.holes)
    return words.say("client.holes", language, roles=roles)


def offers(data: Data, page: Dossier, *, language: str) -> Exhibit:
    """Offers made, what became of them and why."""
    if not len(page.offers):
        return Exhibit(name="offers", title=words.say("client.offers_none", language), language=language)
    rows = page.offers.copy()
    lost = rows.loc[rows["outcome"] == "lost", "lost_reason"].dropna()
    title = offers_sentence(page, language).rstrip(".")
    if len(lost):
        title += "; " + words.say("client.offers_lost", language, reason=lost.value_counts(sort=True).index[0])
    rows["result"] = [
        words.say(f"client.outcome_{outcome}", language) if pd.notna(outcome) else "–" for outcome in rows["outcome"]
    ]
    rows["fit"] = [words.say("common.yes" if fits else "common.no", language) for fits in rows["fits"]]
    rows["product"] = rows["product_name"].fillna(rows["product_id"])
    thousand = words.unit_words("k", data.params.currency, language)
    return Exhibit(
        name="offers",
        title=title,
        language=language,
        subtitle=words.say("client.offers_sub", language),
        note=words.say("client.offers_fitting", language, products=", ".join(page.fitting)) if page.fitting else "",
        table=Table(
            frame=rows,
            columns=[
                Column(key="offered_at", label=words.say("client.col_date", language), kind="day"),
                Column(key="product", label=words.say("client.col_product", language)),
                Column(key="amount", label=words.say("client.col_amount", language, unit=thousand), kind="money",
                       unit="k"),
                Column(key="result", label=words.say("client.col_outcome", language)),
                Column(key="lost_reason", label=words.say("client.col_why", language)),
                Column(key="fit", label=words.say("client.col_fit", language)),
            ],
            rows=_FEW,
            more="client.more_rows",
        ),
    )  # fmt: skip


def people(data: Data, page: Dossier, *, language: str) -> Exhibit:
    """Buying centre: who decides, influences, uses, pays; whom we do not know."""
    title = holes_sentence(page, language).rstrip(".")
    if not len(page.people):
        return Exhibit(name="people", title=title, language=language)
    rows = page.people.copy()
    rows["role_name"] = [words.say(f"client.role_{role}", language) if pd.notna(role) else "–" for role in rows["role"]]
    rows["spoken"] = [
        words.say("client.interviewed" if asked else "common.yes" if known else "common.no", language)
        for known, asked in zip(rows["known"], rows["interviewed"])
    ]
    # Signs that keep a number on one line.
    phones = rows["phone"].fillna("–").str.replace(" ", "\u00a0").str.replace("-", "\u2011")
    agreed = rows["consent"].fillna(False).astype(bool)
    rows["reach"] = phones.where(agreed, words.say("client.no_consent", language))
    return Exhibit(
        name="people",
        title=title,
        language=language,
        subtitle=words.say("client.people_sub", language),
        table=Table(
            frame=rows,
            columns=[
                Column(key="role_name", label=words.say("client.col_role", language)),
                Column(key="full_name", label=words.say("client.col_name", language)),
                Column(key="position", label=words.say("client.col_position", language)),
                Column(key="attitude", label=words.say("client.col_attitude", language), kind="number", sign=True),
                Column(key="spoken", label=words.say("client.col_spoken", language)),
                Column(key="last_contact", label=words.say("client.col_last", language), kind="day"),
                Column(key="reach", label=words.say("client.col_phone", language)),
            ],
            rows=_FEW,
            more="client.more_rows",
        ),
    )


def scores(data: Data, page: Dossier, *, language: str) -> Exhibit:
    """Scores of the last interviews; the client's view of the cooperation beside the manager's."""
    if not len(page.scores):
        return _unanswered(data, page, language)
    text = data.questions.drop_duplicates("question_id").set_index("question_id")[f"text_{language}"]
    days = sorted(page.scores["answered_at"].dt.normalize().unique())[-3:]
    rows = page.scores[page.scores["answered_at"] >= days[0]]
    table = rows.pivot_table(
        index="question_id", columns=rows["answered_at"].dt.normalize(), values="score"
    ).reset_index()
    table.columns = ["question_id", *(f"d{at}" for at in range(len(days)))]
    table["question"] = table["question_id"].map(text).fillna(table["question_id"])
    columns = [Column(key="question", label=words.say("client.col_question", language))]
    columns += [Column(key=f"d{at}", label=words.day(day, language), kind="number") for at, day in enumerate(days)]
    return Exhibit(
        name="scores",
        title=_view_title(page, language),
        language=language,
        subtitle=words.say("client.scores_sub", language),
        table=Table(
            frame=table, columns=columns, rows=10, more="client.more_rows", totals=_views(page, len(days), language)
        ),
    )


def _unanswered(data: Data, page: Dossier, language: str) -> Exhibit:
    """Whoever was asked and did not answer is silent, not unasked."""
    asked = data.survey_invitations
    asked = asked[(asked["client_id"] == page.card["client_id"]).to_numpy(bool)]
    if not len(asked):
        return Exhibit(name="scores", title=words.say("client.scores_none", language), language=language)
    rows = asked.sort_values("sent_at", ascending=False, kind="stable", ignore_index=True)
    rows["outcome"] = [words.say(f"client.asked_{status}", language) for status in rows["status"]]
    return Exhibit(
        name="scores",
        title=words.say("client.scores_silent", language, day=words.day(rows["sent_at"].iloc[0], language)),
        language=language,
        subtitle=words.say("client.asked_sub", language),
        table=Table(
            frame=rows,
            columns=[
                Column(key="sent_at", label=words.say("client.col_date", language), kind="day"),
                Column(key="outcome", label=words.say("client.col_outcome", language)),
            ],
            rows=_FEW,
            more="client.more_rows",
        ),
    )


def _views(page: Dossier, days: int, language: str) -> list[dict[str, Any]]:
    """The row below the scores: the last cooperation as the manager and as the client see it."""
    both = page.own_view.dropna(subset=["client_score", "manager_score"])
    return [
        {"question": words.say("client.sum_views", language, day=words.day(row["held_at"], language)),
         f"d{days - 1}": " / ".join(words.number(row[f"{name}_score"], language, 1) for name in ("manager", "client"))}
        for _, row in both.head(1).iterrows()
    ]  # fmt: skip


def _view_title(page: Dossier, language: str) -> str:
    both = page.own_view.dropna(subset=["client_score", "manager_score"])
    if not len(both):
        row = page.scores.iloc[0]
        return words.say("client.scores_last", language, day=words.day(row["answered_at"], language))
    row = both.iloc[0]
    values = {name: words.number(row[f"{name}_score"], language, 1) for name in ("client", "manager")}
    gap = row["manager_score"] - row["client_score"]
    key = "client.view_higher" if gap >= 1 else "client.view_lower" if gap <= -1 else "client.view_same"
    return words.say(key, language, day=words.day(row["held_at"], language), **values)


def voice(data: Data, page: Dossier, tags: Result, *, language: str) -> Exhibit:
    """What the client said, newest first, and which causes it names most."""
    if not len(page.quotes):
        return Exhibit(name="voice", title=words.say("client.voice_none", language), language=language)
    ids = data.feedback.loc[data.feedback["client_id"] == page.card["client_id"], "feedback_id"]
    own = tags.frame[tags.frame["feedback_id"].isin(ids)]
    bad = own[own["sentiment"].isin(["negative", "mixed"])]["cause"].value_counts()
    said = [words.count(len(page.quotes), "text", language)]
    title = words.say("client.voice_some", language, n=said[0])
    if len(bad):
        top = sorted(bad.index[bad == bad.iloc[0]])[0]
        cause = cause_titles(data, [top], language)[top]
        title = words.say(
            "client.voice_cause", language, cause=cause, n=words.count(int(bad.iloc[0]), "text", language)
        )
        said.append(f"{cause}: {words.count(int(bad.iloc[0]), 'text', language)}")
    return Exhibit(
        name="voice",
        title=title,
        language=language,
        subtitle=words.say("client.voice_sub", language),
        table=Table(
            frame=page.quotes,
            columns=[
                Column(key="date", label=words.say("client.col_date", language), kind="day"),
                Column(key="text", label=words.say("client.col_said", language)),
            ],
            rows=4,
            more="client.more_rows",
            totals=[{"date": words.say("common.sum_all", language), "text": "; ".join(said)}],
        ),
    )
