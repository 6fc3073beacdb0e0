"""Report 07: its sentences, variant by variant."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import small
from matplotlib.text import Text
from variants import Cases, cells

from loyalty_analytics.exhibits import client, client_talk
from loyalty_analytics.results import Note, Result
from loyalty_analytics.visits.dossier import Dossier

cases = Cases("client")
_LEVELS = dict.fromkeys(("management", "power", "structure", "partners", "plans"), 2.0)
_CARD = pd.Series({"client_id": "A", "client_name": "ООО «Альфа»", **{f"knowledge_{k}": v for k, v in _LEVELS.items()}})
_COLUMNS = {
    "wallet": ["period_start", "category", "total_budget", "our_amount", "share", "source"],
    "offers": ["offered_at", "product_id", "product_name", "amount", "outcome", "lost_reason", "fits"],
    "people": ["role", "position", "full_name", "attitude", "last_contact", "interviewed", "known", "phone", "consent"],
    "scores": ["answered_at", "question_id", "metric", "score", "scale_max"],
    "own_view": ["held_at", "client_score", "manager_score"], "quotes": ["date", "text"],
    "promises": ["due_at", "overdue", "owner_id"], "dates": ["date", "note"],
    "plans": ["plan_amount", "plan_period", "new_product_plan", "strategy_change", "choice_criteria"],
}  # fmt: skip
_DAY = pd.Timestamp("2026-10-05")


def _page(quarter: float = 300.0, year_ago: float | None = 200.0, **parts: Any) -> Dossier:
    """A dossier with these parts as lists of rows; the rest is blank."""
    frames = {name: pd.DataFrame(parts.pop(name, []), columns=columns) for name, columns in _COLUMNS.items()}
    change = np.nan if year_ago is None else quarter / year_ago - 1
    rows = [{"measure": name, "quarter": value, "previous": value, "year_ago": year_ago, "change_previous": 0.0,
             "change_year": change} for name, value in (("revenue", quarter * 1e3), ("orders", 21.0), ("cheque", 5e4))]
    months = pd.DataFrame({"month": small.MONTHS.to_timestamp(), "revenue": quarter * 1e3 / 3, "previous": 70_000.0})
    given = {"card": _CARD, "fields": pd.DataFrame({"field": ["industry", "region"], "filled": [True, False]}),
             "months": months, "holes": (), "fitting": (), **parts}  # fmt: skip
    return Dossier(frame=pd.DataFrame(rows), notes=(Note("visits.personal"),), **{**frames, **given})


def _front(language: str, page: Dossier, breaks: Any = None) -> Any:
    return client.front(small.data(), page, breaks or small.found(), language)


def _offer(outcome: str, reason: str | None = None) -> tuple[Any, ...]:
    return (_DAY, "p1", "Прайм «Берег»", 150_000.0, outcome, reason, outcome == "won")


def _score(day: str, question: str, score: float, metric: str = "csat") -> tuple[Any, ...]:
    return (pd.Timestamp(day), question, metric, score, 10.0)


# --- the first screen -------------------------------------------------------------------------------------------------


@cases
def front_nothing_known(language: str) -> Any:
    return _front(language, _page(), small.found([small.fall()]))


@cases
def front_all_known(language: str) -> Any:
    page = _page(
        wallet=[(_DAY, "radio", 1e6, 6e5, 0.62, "public")], offers=[_offer("won"), _offer("lost", "дорого")],
        holes=("influencer", "payer"), scores=[_score("2026-10-05", "q1", 8.0, "nps")],
        promises=[(_DAY, True, "M1"), (_DAY, False, "M1")],
    )  # fmt: skip
    rise = (*small.fall()[:4], 1, 0.37, 0.2, 0.5, 0.0, False)
    return _front(language, page, small.found([rise]))


@cases
def front_budget_below_our_sales(language: str) -> Any:
    page = _page(wallet=[(_DAY, "radio", 1e6, 6e5, 1.3, "public")], scores=[_score("2026-10-05", "q1", 8.0)])
    gone = (*small.fall()[:5], -1.0, -1.0, -1.0, 0.0, False)
    return _front(language, page, small.found([gone]))


# --- volume -----------------------------------------------------------------------------------------------------------


def _volume(language: str, page: Dossier, breaks: Any = None) -> Any:
    return client.volume(small.data(), page, breaks or small.found(), language=language)


@cases
def volume_up(language: str) -> Any:
    item = _volume(language, _page(wallet=[(_DAY, "radio", 1e6, 6e5, 0.62, "public")]))
    drawn = [text.get_text() for text in item.draw(False).findobj(Text)]
    return [item, *cells(item), *dict.fromkeys(text for text in drawn if ":" in text)]


@cases
def volume_otherwise(language: str) -> Any:
    new = {"first_month": pd.Period("2026-08", "M")}
    pages = [_page(100.0), _page(200.0), _page(200.0, None), _page(200.0, None, **new), _page(0.0, None)]
    return [_volume(language, page).title for page in pages]


@cases
def mark_of_a_break(language: str) -> Any:
    figure = _volume(language, _page(), small.found([small.fall()])).draw(True)
    return [text.get_text() for text in figure.findobj(Text) if "▼" in text.get_text()]


# --- what to ask, people, promises ------------------------------------------------------------------------------------

_REASONS = pd.DataFrame(columns=["client_id", "break_month", "reason", "part", "change", "evidence", "grade",
                                 "probability"])  # fmt: skip


def _ask(language: str, page: Dossier, *reasons: tuple[Any, ...]) -> Any:
    found = Result(frame=pd.DataFrame(list(reasons), columns=_REASONS.columns))
    return client.ask(small.data(), page, found, language=language)


@cases
def ask_what_is_not_known(language: str) -> Any:
    pages = [_page(holes=("decision_maker", "influencer")), _page(holes=("user", "payer"))]
    made = [_ask(language, page) for page in pages]
    return [made[0], *cells(made[0], 9), *cells(made[1], 2)]


@cases
def ask_about_the_break(language: str) -> Any:
    month = pd.Timestamp("2026-07-01")
    possible = _ask(language, _page(), ("A", month, "competitor", None, -1.0, "", "possible", 0.4))
    none = _ask(language, _page(), ("A", month, "frequency", "frequency", -1.0, "", "none", 0.0))
    return [possible, *cells(possible, 3), none.note]


@cases
def people_known(language: str) -> Any:
    rows = [
        ("decision_maker", "директор", "Борисов Игорь", 1, _DAY, True, True, "+7 495 000-10-00", True),
        ("technical", "инженер", "Орлова Анна", -2, pd.NaT, False, True, None, False),
        ("gatekeeper", None, "Тарасова Юлия", 0, pd.NaT, False, False, "+7 495 000-10-37", True),
        ("user", None, "Ким Лев", 0, pd.NaT, False, False, None, False),
    ]  # fmt: skip
    item = client_talk.people(small.data(), _page(people=rows), language=language)
    return [item, *cells(item, 4)]


@cases
def people_unknown(language: str) -> Any:
    holes = ("decision_maker", "influencer", "user", "payer")
    return client_talk.people(small.data(), _page(holes=holes), language=language)


@cases
def promises(language: str) -> Any:
    pages = [
        _page(promises=[(_DAY, True, "M1"), (_DAY, False, None)], dates=[(_DAY, "день рождения компании")]),
        _page(promises=[(_DAY, False, "M1")]), _page(),
    ]  # fmt: skip
    made = [client.promises(small.data(), page, language=language) for page in pages]
    return [made[0], *cells(made[0]), *(item.title for item in made[1:])]


@cases
def more_than_two_sheets_hold(language: str) -> Any:
    item = client.promises(small.data(), _page(promises=[(_DAY, False, "M1")] * 8), language=language)
    return re.findall('<p class="note more">(.*?)</p>', item.table.html("", language))


# --- what was said ----------------------------------------------------------------------------------------------------


@cases
def offers(language: str) -> Any:
    rows = [
        [_offer("won"), _offer("open"), _offer("lost", "дорого"), _offer("lost", "дорого"), _offer("lost", "сезон")],
        [_offer("lost", "дорого"), _offer("lost", "сезон")], [_offer("lost", "дорого")], [],
    ]  # fmt: skip
    made = [client_talk.offers(small.data(), _page(offers=one, fitting=("День «Берег»",)), language=language)
            for one in rows]  # fmt: skip
    return [made[0], *cells(made[0]), *(item.title for item in made[1:])]


def _scores(language: str, manager: float | None, *rows: tuple[Any, ...]) -> Any:
    asked = pd.DataFrame({"question_id": ["q1"], "text_ru": ["Как вам?"], "text_en": ["How is it?"]})
    data = small.data(questions=asked)
    seen = [] if manager is None else [(_DAY, 7.0, manager)]
    return client_talk.scores(data, _page(scores=list(rows), own_view=seen), language=language)


@cases
def scores(language: str) -> Any:
    rows = [_score("2026-10-05", "q1", 7.0), _score("2026-06-05", "q1", 9.0)]
    item = _scores(language, 9.0, *rows)
    return [item, *cells(item), *(_scores(language, own, *rows).title for own in (5.0, 7.0, None))]


@cases
def scores_of_a_silent_client(language: str) -> Any:
    asked = pd.DataFrame({"client_id": "A", "sent_at": pd.date_range("2026-07-01", periods=4, freq="MS"),
                          "status": ["answered", "refused", "no_answer", "not_delivered"]})  # fmt: skip
    item, lost = (client_talk.scores(small.data(survey_invitations=rows), _page(), language=language)
                  for rows in (asked, asked.tail(1)))  # fmt: skip
    return [item, *cells(item, 4), lost.title, _scores(language, None).title]


def _voice(language: str, *causes: str) -> Any:
    ids = range(len(causes))
    data = small.data(feedback=pd.DataFrame({"feedback_id": ids, "client_id": "A", "text": "…"}))
    tags = Result(frame=pd.DataFrame({"feedback_id": ids, "cause": causes, "sentiment": "negative"}))
    quotes = [(_DAY, f"Слова {at}") for at in range(max(len(causes), 1))]
    return client_talk.voice(data, _page(quotes=quotes), tags, language=language)


@cases
def voice(language: str) -> Any:
    item = _voice(language, "price.level", "price.level", "staff.contact")
    tied = [_voice(language, *rows).title for rows in (
        ("price.level", "price.level", "staff.contact", "staff.contact"), ("price.level",), ())]  # fmt: skip
    return [item, *cells(item), *tied, client_talk.voice(small.data(), _page(), None, language=language).title]


# --- the card ---------------------------------------------------------------------------------------------------------


@cases
def card(language: str) -> Any:
    plans = [(680_000.0, "2026-11", "новый сайт", True, ["охват", "цена"])]
    item = client.card(small.data(), _page(plans=plans, verified_days=21.0), language=language)
    return [item, *cells(item, 9)]


@cases
def card_never_checked(language: str) -> Any:
    known = _CARD.copy()
    known[["knowledge_power", "knowledge_plans"]] = np.nan
    plans = [(680_000.0, "до лета", None, None, None)]
    item = client.card(small.data(), _page(card=known, plans=plans), language=language)
    return [item.title, *cells(item, 9)]
