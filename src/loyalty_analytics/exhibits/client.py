"""Report 07: one client before a meeting, on two printed pages. A working paper: it holds personal data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..breaks.questions import meeting_questions
from ..months import month_start
from ..plots import client as plots
from .base import Exhibit, Front, Tile, drawn
from .brief_voice import cause_titles
from .table import Column, Table, total_rows
from .volume import label_of, names, short_name

if TYPE_CHECKING:
    from ..load import Data
    from ..results import Result
    from ..visits.dossier import Dossier

__all__ = ["ask", "card", "front", "offers", "people", "promises", "scores", "voice", "volume"]

_FEW = 6  # rows of a table: two printed pages hold the whole dossier


def front(data: Data, page: Dossier, breaks: Result, language: str) -> Front:
    """Wallet, offers, who is not known to us, and what is open."""
    currency = data.params.currency
    sentences = [
        _wallet_sentence(page, language),
        _offers_sentence(page, language),
        _holes_sentence(page, language),
        _break_sentence(page, breaks, language),
    ]
    tiles = [_quarter_tile(row, currency, language) for row in page.frame.to_dict("records")]
    if len(page.scores):
        tiles.append(_score_tile(page, language))
    late = int(page.promises["overdue"].sum())
    open_cases = words.say("client.tile_open", language, n=words.number(len(page.promises), language))
    label = words.say("client.tile_overdue", language, noun=words.plural(late, "promise", language))
    tiles.append(Tile(value=words.number(late, language), label=label, change=open_cases))
    title = words.say("client.title", language, client=label_of(names(data), page.card["client_id"]))
    summary = " ".join(sentence for sentence in sentences if sentence)
    return Front.of(data, title, language, summary, tiles, warning=page.notes[0].text(language))


def _quarter_tile(row: Mapping[Any, Any], currency: str, language: str) -> Tile:
    """Volume, orders or cheque of the quarter with the change to last year."""
    value, change = row["quarter"], row["change_year"]
    counted = row["measure"] == "orders"
    shown = words.number(value, language) if counted else words.money(value, currency, language)
    text = mood = ""
    if pd.notna(change):
        text = words.say("client.to_year", language, change=words.percent(change, language, sign=True))
        mood = "" if abs(change) < 0.005 else "better" if change > 0 else "worse"
    return Tile(value=shown, label=words.say(f"client.tile_{row['measure']}", language), change=text, mood=mood)


def _score_tile(page: Dossier, language: str) -> Tile:
    latest = page.scores.iloc[0]
    asked = page.scores[page.scores["metric"] == "nps"]
    row = asked.iloc[0] if len(asked) else latest
    value = f"{words.number(row['score'], language)} / {words.number(row['scale_max'], language)}"
    label = words.say("client.tile_score" if len(asked) else "client.tile_score_other", language)
    return Tile(value=value, label=label, change=words.day(row["answered_at"], language))


def _wallet_sentence(page: Dossier, language: str) -> str:
    if not len(page.wallet) or pd.isna(page.wallet["share"].iloc[0]):
        return words.say("client.wallet_unknown", language)
    row = page.wallet.iloc[0]
    share = words.percent(row["share"], language)
    if row["share"] > 1:
        return words.say("client.wallet_contradicts", language, share=share)
    return words.say("client.wallet", language, share=share)


def _offers_sentence(page: Dossier, language: str) -> str:
    if not len(page.offers):
        return words.say("client.offers_none", language)
    won = int((page.offers["outcome"] == "won").sum())
    return words.say(
        "client.offers", language, n=words.number(len(page.offers), language), won=words.number(won, language)
    )


def _holes_sentence(page: Dossier, language: str) -> str:
    if not page.holes:
        return words.say("client.holes_none", language)
    roles = ", ".join(words.say(f"client.role_{role}", language) for role in page.holes)
    return words.say("client.holes", language, roles=roles)


def _break_sentence(page: Dossier, breaks: Result, language: str) -> str:
    own = _own(breaks.frame, page)
    if not len(own):
        return ""
    row = own.sort_values("break_month").iloc[-1]
    key = "client.break_down" if row["direction"] < 0 else "client.break_up"
    effect = words.percent(abs(row["effect"]), language)
    return words.say(key, language, month=words.month(row["break_month"], language, "genitive"), effect=effect)


def _own(table: pd.DataFrame, page: Dossier) -> pd.DataFrame:
    return table[table["client_id"] == page.card["client_id"]]


def volume(data: Data, page: Dossier, breaks: Result, *, language: str) -> Exhibit:
    """Months against last year with the break; volume, frequency and cheque of the quarter below."""
    table, currency = page.frame.copy(), data.params.currency
    if not page.months["revenue"].fillna(0).any():
        title = words.say("client.volume_none", language)
        return Exhibit(name="volume", title=title, language=language)
    row = table.iloc[0]
    key = "client.volume_new"
    if pd.notna(row["change_year"]):
        key = "client.volume_up" if row["change_year"] > 0.005 else "client.volume_same"
        key = "client.volume_down" if row["change_year"] < -0.005 else key
    values = {"value": words.money(row["quarter"], currency, language)}
    if key in ("client.volume_up", "client.volume_down"):
        values["change"] = words.percent(abs(row["change_year"]), language)
    thousand = words.unit_words("k", currency, language)
    own = _own(breaks.frame, page)
    shown = page.months.assign(revenue=page.months["revenue"] / 1e3, previous=page.months["previous"] / 1e3)
    table["label"] = [
        words.say(f"client.measure_{name}", language, **({} if name == "orders" else {"unit": thousand}))
        for name in table["measure"]
    ]
    for name in ("quarter", "previous", "year_ago"):
        table[name] = np.where(table["measure"] == "orders", table[name], table[name] / 1e3)
    last = page.months.iloc[-1]
    return Exhibit(
        name="volume",
        title=words.say(key, language, **values),
        language=language,
        subtitle=words.say("client.volume_sub", language, unit=thousand),
        draw=drawn(
            plots.months_with_break, shown, own, language=language, height=220, narrow_height=220
        ),
        alt=words.say(
            "client.volume_alt", language, month=words.month(last["month"], language),
            value=words.money(last["revenue"], currency, language),
            previous=words.money(last["previous"], currency, language),
        ),
        table=Table(
            frame=table,
            columns=[
                Column(key="label", label=words.say("client.col_measure", language)),
                Column(key="quarter", label=words.say("client.col_quarter", language), kind="number"),
                Column(key="previous", label=words.say("client.col_previous", language), kind="number"),
                _percent("change_previous", "client.col_change", language),
                Column(key="year_ago", label=words.say("client.col_year_ago", language), kind="number"),
                _percent("change_year", "client.col_change_year", language),
            ],
            totals=total_rows("label", language, {"client.sum_wallet": {
                "quarter": words.percent(page.wallet["share"].iloc[0], language)}} if len(page.wallet) else {}),
        ),
    )  # fmt: skip


def _percent(key: str, label: str, language: str) -> Column:
    return Column(key=key, label=words.say(label, language), kind="percent", sign=True)


def offers(data: Data, page: Dossier, *, language: str) -> Exhibit:
    """Offers made, what became of them and why."""
    if not len(page.offers):
        return Exhibit(name="offers", title=words.say("client.offers_none", language), language=language)
    rows = page.offers.copy()
    lost = rows.loc[rows["outcome"] == "lost", "lost_reason"].dropna()
    title = _offers_sentence(page, language).rstrip(".")
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
        ),
    )  # fmt: skip


def people(data: Data, page: Dossier, *, language: str) -> Exhibit:
    """Buying centre: who decides, influences, uses, pays; whom we do not know."""
    title = _holes_sentence(page, language).rstrip(".")
    if not len(page.people):
        return Exhibit(name="people", title=title, language=language)
    rows = page.people.copy()
    rows["role_name"] = [words.say(f"client.role_{role}", language) if pd.notna(role) else "–" for role in rows["role"]]
    rows["spoken"] = [words.say("common.yes" if known else "common.no", language) for known in rows["known"]]
    rows["reach"] = [
        phone if agreed is True or agreed == 1 else words.say("client.no_consent", language)
        for phone, agreed in zip(rows["phone"].fillna("–"), rows["consent"].fillna(False))
    ]
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
        ),
    )


def scores(data: Data, page: Dossier, *, language: str) -> Exhibit:
    """Scores of the last interviews; the client's view of the cooperation beside the manager's."""
    if not len(page.scores):
        return Exhibit(name="scores", title=words.say("client.scores_none", language), language=language)
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
        table=Table(frame=table, columns=columns, rows=10, totals=_views(page, len(days), language)),
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
            totals=[{"date": words.say("common.sum_all", language),
                     "text": "; ".join(said)}],
        ),
    )


def card(data: Data, page: Dossier, *, language: str) -> Exhibit:
    """Completeness and freshness of the card, how well the client is known, its stated plans."""
    blank = page.fields.loc[~page.fields["filled"], "field"]
    filled = words.percent(page.fields["filled"].mean(), language)
    age = "client.card_never" if np.isnan(page.verified_days) else "client.card_age"
    days = {} if np.isnan(page.verified_days) else {"days": words.count(int(page.verified_days), "day", language)}
    title = words.say("client.card_title", language, share=filled) + "; " + words.say(age, language, **days)
    kept = ", ".join([filled, *days.values()])
    rows = [(words.say("client.sum_card", language), kept)] + [
        (words.say(f"client.knowledge_{name}", language), _level(page.card[f"knowledge_{name}"], language))
        for name in ("management", "power", "structure", "partners", "plans")
    ]
    named = [f"segments.card_{name}" for name in blank]
    titles = [words.say(key, language).lower() if words.known(key, language) else "" for key in named]
    shown = ", ".join(list(filter(None, titles))[:8]) or "–"
    rows.append((words.say("client.card_blank", language), shown))
    rows += [(words.say(f"client.plan_{key}", language), text) for key, text in _stated(data, page, language)]
    return Exhibit(
        name="card",
        title=title,
        language=language,
        subtitle=words.say("client.card_sub", language),
        table=Table(
            frame=pd.DataFrame(rows, columns=["what", "value"]),
            columns=[
                Column(key="what", label=words.say("client.col_what", language)),
                Column(key="value", label=words.say("client.col_value", language)),
            ],
        ),
    )


def _level(value: Any, language: str) -> str:
    return words.say("client.knowledge_unknown", language) if pd.isna(value) else f"{int(value)} / 3"


def _stated(data: Data, page: Dossier, language: str) -> list[tuple[str, str]]:
    """Plans told in the last meetings: volume, product, change of strategy, criteria of choice."""
    out = []
    plans = page.plans
    told = plans[plans["plan_amount"].notna()]
    if len(told):
        amount = words.money(told["plan_amount"].iloc[0], data.params.currency, language)
        out.append(("amount", f"{amount} ({told['plan_period'].iloc[0]})"))
    for key in ("new_product_plan", "choice_criteria"):
        said = plans[plans[key].notna()][key]
        if len(said):
            value = said.iloc[0]
            out.append(
                (key, ", ".join(map(str, value)) if isinstance(value, (list, tuple, np.ndarray)) else str(value))
            )
    return out


def promises(data: Data, page: Dossier, *, language: str) -> Exhibit:
    """Open cases with their due days, and useful dates of the next 60 days."""
    late = int(page.promises["overdue"].sum())
    key = (
        "client.promises_none" if not len(page.promises) else "client.promises_late" if late else "client.promises_open"
    )
    values = {}
    if len(page.promises):
        values["n"] = words.number(len(page.promises), language)
    if late:
        values["late"] = words.number(late, language)
    staff = data.managers.drop_duplicates("manager_id").set_index("manager_id")["manager_name"]
    rows = [
        (
            row.due_at,
            words.say("client.is_overdue" if row.overdue else "client.is_open", language),
            _who(staff, row.owner_id),
        )
        for row in page.promises.itertuples()
    ]
    rows += [(row.date, str(row.note), "") for row in page.dates.itertuples()]
    if not rows:
        return Exhibit(name="promises", title=words.say(key, language), language=language)
    return Exhibit(
        name="promises",
        title=words.say(key, language, **values),
        language=language,
        subtitle=words.say("client.promises_sub", language),
        table=Table(
            frame=pd.DataFrame(rows, columns=["date", "what", "who"]),
            columns=[
                Column(key="date", label=words.say("client.col_date", language), kind="day"),
                Column(key="what", label=words.say("client.col_what", language)),
                Column(key="who", label=words.say("client.col_who", language)),
            ],
            rows=_FEW,
        ),
    )


def _who(staff: pd.Series, owner: Any) -> str:
    return short_name(label_of(staff, owner)) if pd.notna(owner) else "–"


def ask(data: Data, page: Dossier, reasons: Result, *, language: str) -> Exhibit:
    """Three questions of the break, the roles to get to know, the blanks of the card."""
    own = reasons.frame[reasons.frame["client_id"] == page.card["client_id"]]
    questions = []
    if len(own):
        latest = own[month_start(own["break_month"]) == month_start(own["break_month"]).max()]
        questions = meeting_questions(latest, language)["question"].tolist()
    questions += [
        words.say("client.ask_role", language, role=words.say(f"client.role_{role}", language))
        for role in page.holes[:2]
    ]
    if not page.plans["plan_amount"].notna().any():
        questions.append(words.say("client.ask_plan", language))
    if not len(page.wallet):
        questions.append(words.say("client.ask_budget", language))
    questions.append(words.say("client.ask_recommend", language))
    frame = pd.DataFrame({"n": range(1, len(questions) + 1), "question": questions})
    return Exhibit(
        name="ask",
        title=words.say("client.ask_title", language, n=words.count(len(frame), "question", language)),
        language=language,
        subtitle=words.say("client.ask_sub", language),
        table=Table(
            frame=frame,
            columns=[
                Column(key="question", label=words.say("client.col_question", language)),
            ],
        ),
    )
