"""Report 07, what was said: offers and answers, who decides, scores, the client's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import words
from .base import Exhibit
from .brief_voice import cause_titles
from .table import Column, Table
from .wording import Wording

if TYPE_CHECKING:
    from ..load import Data
    from ..results import Result
    from ..visits.dossier import Dossier

__all__ = ["holes_sentence", "offers", "offers_sentence", "people", "scores", "voice"]

_FEW = 6  # rows of a table: two printed pages hold the whole dossier
_WORDS = Wording("client")
say, column, money_column = _WORDS.say, _WORDS.column, _WORDS.money_column


def offers_sentence(page: Dossier, language: str) -> str:
    """How many offers were made and how many of them accepted."""
    if not len(page.offers):
        return say("offers_none", language)
    won = int((page.offers["outcome"] == "won").sum())
    return say(
        "offers", language, n=words.number(len(page.offers), language), won=words.number(won, language)
    )


def holes_sentence(page: Dossier, language: str) -> str:
    """Which roles of the buying centre nobody here knows."""
    if not page.holes:
        return say("holes_none", language)
    roles = ", ".join(say(f"role_{role}", language) for role in page.holes)
    return say("holes", language, roles=roles)


def offers(data: Data, page: Dossier, *, language: str) -> Exhibit:
    """Offers made, what became of them and why."""
    if not len(page.offers):
        return Exhibit(name="offers", title=say("offers_none", language).rstrip("."), language=language)
    rows = page.offers.copy()
    lost = rows.loc[rows["outcome"] == "lost", "lost_reason"].dropna()
    title = offers_sentence(page, language).rstrip(".")
    if len(lost):
        title += "; " + _lost_sentence(lost, language)
    rows["result"] = [
        say(f"outcome_{outcome}", language) if pd.notna(outcome) else "–" for outcome in rows["outcome"]
    ]
    rows["fit"] = [words.say("common.yes" if fits else "common.no", language) for fits in rows["fits"]]
    rows["product"] = rows["product_name"].fillna(rows["product_id"])
    return Exhibit(
        name="offers",
        title=title,
        language=language,
        subtitle=say("offers_sub", language),
        note=say("offers_fitting", language, products=", ".join(page.fitting)) if page.fitting else "",
        table=Table(
            frame=rows,
            columns=[
                column("offered_at", language, "day", head="date"),
                column("product", language),
                money_column("amount", data, language),
                column("result", language, head="outcome"),
                column("lost_reason", language, head="why"),
                column("fit", language),
            ],
            rows=_FEW,
            more="client.more_rows",
        ),
    )  # fmt: skip


def _lost_sentence(lost: pd.Series, language: str) -> str:
    """The reason that most refusals share; none of several told once each is the first."""
    counts = lost.value_counts()
    most = counts.index[counts == counts.iloc[0]]
    if counts.iloc[0] > 1 and len(most) == 1:
        return say("offers_lost", language, reason=most[0])
    return say("offers_lost_once", language, reason=most[0]) if len(counts) == 1 else say("offers_lost_each", language)


def people(data: Data, page: Dossier, *, language: str) -> Exhibit:
    """Buying centre: who decides, influences, uses, pays; whom we do not know."""
    title = holes_sentence(page, language).rstrip(".")
    if not len(page.people):
        return Exhibit(name="people", title=title, language=language)
    rows = page.people.copy()
    rows["role_name"] = [say(f"role_{role}", language) if pd.notna(role) else "–" for role in rows["role"]]
    rows["spoken"] = [
        say("interviewed", language) if asked else words.say("common.yes" if known else "common.no", language)
        for known, asked in zip(rows["known"], rows["interviewed"])
    ]
    # Signs that keep a number on one line.
    phones = rows["phone"].fillna("–").str.replace(" ", "\u00a0").str.replace("-", "\u2011")
    agreed = rows["consent"].fillna(False).astype(bool)
    rows["reach"] = phones.where(agreed, say("no_consent", language))
    return Exhibit(
        name="people",
        title=title,
        language=language,
        subtitle=say("people_sub", language),
        table=Table(
            frame=rows,
            columns=[
                column("role_name", language, head="role"),
                column("full_name", language, head="name"),
                column("position", language),
                column("attitude", language, "number", sign=True),
                column("spoken", language),
                column("last_contact", language, "day", head="last"),
                column("reach", language, head="phone"),
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
    columns = [column("question", language)]
    columns += [Column(key=f"d{at}", label=words.day(day, language), kind="number") for at, day in enumerate(days)]
    return Exhibit(
        name="scores",
        title=_view_title(page, language),
        language=language,
        subtitle=say("scores_sub", language),
        table=Table(
            frame=table, columns=columns, rows=10, more="client.more_rows", totals=_views(page, len(days), language)
        ),
    )


def _unanswered(data: Data, page: Dossier, language: str) -> Exhibit:
    """Whoever was asked and did not answer is silent, not unasked."""
    asked = data.survey_invitations
    asked = asked[(asked["client_id"] == page.card["client_id"]).to_numpy(bool)]
    if not len(asked):
        return Exhibit(name="scores", title=say("scores_none", language), language=language)
    rows = asked.sort_values("sent_at", ascending=False, kind="stable", ignore_index=True)
    rows["outcome"] = [say(f"asked_{status}", language) for status in rows["status"]]
    key = "scores_undelivered" if (rows["status"] == "not_delivered").all() else "scores_silent"
    return Exhibit(
        name="scores",
        title=say(key, language, day=words.day(rows["sent_at"].iloc[0], language)),
        language=language,
        subtitle=say("asked_sub", language),
        table=Table(
            frame=rows,
            columns=[
                column("sent_at", language, "day", head="date"),
                column("outcome", language),
            ],
            rows=_FEW,
            more="client.more_rows",
        ),
    )


def _views(page: Dossier, days: int, language: str) -> list[dict[str, Any]]:
    """The row below the scores: the last cooperation as the manager and as the client see it."""
    both = page.own_view.dropna(subset=["client_score", "manager_score"])
    return [
        {"question": say("sum_views", language, day=words.day(row["held_at"], language)),
         f"d{days - 1}": " / ".join(words.number(row[f"{name}_score"], language, 1) for name in ("manager", "client"))}
        for _, row in both.head(1).iterrows()
    ]  # fmt: skip


def _view_title(page: Dossier, language: str) -> str:
    both = page.own_view.dropna(subset=["client_score", "manager_score"])
    if not len(both):
        row = page.scores.iloc[0]
        return say("scores_last", language, day=words.day(row["answered_at"], language))
    row = both.iloc[0]
    values = {name: words.number(row[f"{name}_score"], language, 1) for name in ("client", "manager")}
    gap = row["manager_score"] - row["client_score"]
    key = "view_higher" if gap >= 1 else "view_lower" if gap <= -1 else "view_same"
    return say(key, language, day=words.day(row["held_at"], language), **values)


def voice(data: Data, page: Dossier, tags: Result, *, language: str) -> Exhibit:
    """What the client said, newest first, and which causes it names most."""
    if not len(page.quotes):
        return Exhibit(name="voice", title=say("voice_none", language), language=language)
    ids = data.feedback.loc[data.feedback["client_id"] == page.card["client_id"], "feedback_id"]
    own = tags.frame[tags.frame["feedback_id"].isin(ids)]
    bad = own[own["sentiment"].isin(["negative", "mixed"])]["cause"].value_counts()
    said = [words.count(len(page.quotes), "text", language)]
    title = say("voice_some", language, n=said[0])
    if len(bad):
        most = sorted(bad.index[bad == bad.iloc[0]])[:2]
        named = cause_titles(data, most, language)
        n = words.count(int(bad.iloc[0]), "text", language)
        causes = ", ".join(words.quoted(named[cause], language) for cause in most)
        key = "voice_once" if bad.iloc[0] == 1 else "voice_cause" if len(most) == 1 else "voice_causes"
        title = say(key, language, cause=causes, n=n)
        said += [f"{named[cause]}: {n}" for cause in most]
    return Exhibit(
        name="voice",
        title=title,
        language=language,
        subtitle=say("voice_sub", language),
        table=Table(
            frame=page.quotes,
            columns=[
                column("date", language, "day"),
                column("text", language, head="said"),
            ],
            rows=4,
            more="client.more_rows",
            totals=[{"text": f"{words.say('common.sum_all', language)}: {'; '.join(said)}"}],
        ),
    )
