"""Report 04: its sentences, variant by variant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import small
from matplotlib.text import Text
from variants import Cases, cells

from loyalty_analytics import tables, words
from loyalty_analytics.exhibits import loyalty, loyalty_groups, loyalty_journey, loyalty_silent
from loyalty_analytics.orders import Orders
from loyalty_analytics.plots import loyalty as plots
from loyalty_analytics.survey.nps import nps
from loyalty_analytics.survey.response import silent, statuses

cases = Cases("loyalty")
CLIENTS = [f"C{at}" for at in range(24)]
NOBODY = loyalty.Loyalty(None, None, None, None, None, pd.DataFrame({"status": []}), None, None)
QUESTIONS = pd.DataFrame(
    [("q_nps", "nps", "Порекомендуете?", "Would you recommend us?", 0, 10, None, None),
     ("q_csat", "csat", "Как вам сотрудничество?", "How is the cooperation?", 1, 10, None, "cooperation"),
     ("q_price", "factor", "Оцените цены", "Rate the prices", 1, 10, "price.level", "documents"),
     ("q_staff", "factor", "Оцените людей", "Rate our people", 1, 10, "staff", "Демо")],
    columns=["question_id", "metric", "text_ru", "text_en", "scale_min", "scale_max", "cause", "stage"],
)  # fmt: skip


def _answers(scores: Any, question: str = "q_nps", day: str = "2026-10-05") -> pd.DataFrame:
    """One answer per client, from C0 on; None = no answer."""
    rows = [(f"{question}{day}{client}", client, question, pd.Timestamp(day) + pd.Timedelta(minutes=7 * at), score)
            for at, (client, score) in enumerate(zip(CLIENTS, scores)) if score is not None]  # fmt: skip
    columns = ["answer_id", "client_id", "question_id", "answered_at", "score"]
    return pd.DataFrame(rows, columns=columns).assign(contact_id=None, text=None, manager_id=None, unit_id=None)


def _asked(answered: Any, question: str | None = None, day: str = "2026-10-04", silent: str = "no_answer") -> Any:
    """An invitation per client: True where it answered."""
    rows = [(f"i{day}{client}", client, "answered" if yes else silent) for client, yes in zip(CLIENTS, answered)]
    table = pd.DataFrame(rows, columns=["invitation_id", "client_id", "status"])
    return table.assign(wave="w", question_id=question, sent_at=pd.Timestamp(day), channel="phone", contact_id=None,
                        unit_id=None, ask_probability=1.0, stage=None)  # fmt: skip


def _data(answers: Any = (), asked: Any = None, managers: str | None = "ABC", clients: int = 24, **frames: Any) -> Any:
    said = pd.concat(answers, ignore_index=True) if len(answers) else _answers([])
    cards = pd.DataFrame({"client_id": CLIENTS[:clients], "client_name": [f"ООО «{one}»" for one in CLIENTS[:clients]],
                          "client_type": "regular", "status": "active", "unit_id": None, "industry": None,
                          "manager_id": [f"M{managers[at % len(managers)]}" if managers else None
                                         for at in range(clients)]})  # fmt: skip
    staff = pd.DataFrame(
        {"manager_id": ["MA", "MB", "MC"], "manager_name": ["Белова А. И.", "Корнев А. В.", "Юдин С. А."]}
    )
    given = {"clients": cards, "managers": staff, "questions": QUESTIONS, "survey_answers": said,
             "survey_invitations": asked if asked is not None else _asked([])} | frames  # fmt: skip
    data = small.data(
        frames.pop("revenue", dict.fromkeys(CLIENTS[:clients], 100_000.0)),
        missing=frames.pop("missing", ()),
        **{k: v for k, v in given.items() if k in _TABLES},
    )
    data.has = lambda *names: all(len(getattr(data, name)) for name in names)
    data.transactions = pd.DataFrame({
        "transaction_id": range(len(data.panel)), "client_id": data.panel["client_id"], "date": data.panel["month"],
        "amount": data.panel["revenue"]})  # fmt: skip
    orders = tables.conform(data.transactions, "transactions")
    data.orders = Orders(Path("none"), lambda empty: orders)
    return data


_TABLES = {"clients", "managers", "units", "questions", "survey_answers", "survey_invitations", "meetings", "offers",
           "contacts", "actions"}  # fmt: skip


def _measured(data: Any) -> loyalty.Loyalty:
    """The parts of `loyalty.measure` that cost little: no months, no changes."""
    given = {"questions": data.questions, "clients": data.clients, "as_of": data.as_of}
    answers, asked = data.survey_answers, data.survey_invitations
    status = statuses(asked, answers, as_of=data.as_of) if len(asked) else pd.DataFrame({"status": []})
    score = nps(answers, **given) if (answers["question_id"] == "q_nps").any() else None
    hushed = silent(answers, asked, transactions=data.transactions, **given) if score and len(asked) else None
    return replace(NOBODY, score=score, silent=hushed, statuses=status)


def _change(change: float = 0.0, *, changed: bool = False, n: int = 30, both: int = 0, before: float = 10.0) -> Any:
    row = {"change": change, "low": change - 9, "high": change + 9, "before": before, "now": before + change,
           "n_before": n, "n_now": n, "n_both": both, "noise": 25.0, "changed": changed}  # fmt: skip
    return SimpleNamespace(frame=pd.DataFrame([row]), movers=pd.DataFrame(), reasked=pd.DataFrame([{"n": both}]))


def _score(nps: float | None = 14.0, n: int = 35, population: int | None = 55) -> Any:
    row = {"nps": nps, "low": -2.0, "high": 29.0, "n": n, "population": population}
    return SimpleNamespace(frame=pd.DataFrame([row]).astype({"nps": float}))


def _trend(population: float | None = 55.0, nps: float | None = 14.0) -> Any:
    months = pd.date_range("2026-05-01", periods=6, freq="MS")
    frame = pd.DataFrame({"month": months, "nps": nps, "low": -2.0, "high": 29.0, "n": 35, "population": population,
                          "promoters": 13, "passives": 14, "detractors": 8}).astype({"nps": float})  # fmt: skip
    return SimpleNamespace(frame=frame)


_MEANS = SimpleNamespace(frame=pd.DataFrame([{"metric": "csat", "mean": 7.66, "low": 7.5, "high": 7.8, "n": 132,
                                              "population": None, "scale_max": 10.0}]))  # fmt: skip


# --- the first screen -------------------------------------------------------------------------------------------------


@cases
def scores(language: str) -> Any:
    states = [
        replace(NOBODY, score=_score()), replace(NOBODY, score=_score(population=None)),
        *(replace(NOBODY, score=_score(None, n)) for n in (1, 2)), NOBODY, replace(NOBODY, means=_MEANS),
    ]  # fmt: skip
    return [loyalty.score_sentence(state, language) for state in states]


@cases
def changes(language: str) -> Any:
    states = [_change(n=5), _change(4.0), _change(30.0, changed=True), _change(-28.0, changed=True, before=31.0)]
    return [loyalty.change_sentence(state, language) for state in states]


@cases
def front_with_the_silent(language: str) -> Any:
    data = _data([_answers([9] * 8 + [5] * 4), _answers([8] * 12, "q_csat")], _asked([True] * 12 + [False] * 2))
    measured = replace(loyalty.measure(data), change=_change(4.0))
    return loyalty.front(data, language, measured)


@cases
def front_without_a_survey(language: str) -> Any:
    return loyalty.front(_data(), language, NOBODY)


# --- months and classes -----------------------------------------------------------------------------------------------


def _state(**change: Any) -> loyalty.Loyalty:
    return replace(NOBODY, score=_score(), trend=_trend(), change=_change(4.0, both=31), **change)


@cases
def trend_of_a_base_as_last_year(language: str) -> Any:
    item = loyalty.trend(_data(), _state(year=_change(-5.0, both=27)), language=language)
    return [item, *cells(item, 1)]


@cases
def trend_of_a_process_above_last_year(language: str) -> Any:
    state = replace(_state(year=_change(20.0, changed=True)), trend=_trend(None), change=_change(-28.0, changed=True))
    return loyalty.trend(_data(), state, language=language)


@cases
def trend_below_last_year(language: str) -> Any:
    return loyalty.trend(_data(), _state(year=_change(-20.0, changed=True)), language=language).note


@cases
def trend_without_question_or_answers(language: str) -> Any:
    few = replace(NOBODY, trend=_trend(nps=None))
    made = [loyalty.trend(_data(), state, language=language) for state in (NOBODY, few)]
    return [text for item in made for text in (item.title, item.note) if text]


@cases
def classes(language: str) -> Any:
    item = loyalty.classes(_data(), _state(), language=language)
    return [item, *cells(item, 1), *(text.get_text() for text in item.draw(False).findobj(Text) if text.get_text())]


@cases
def classes_without_answers(language: str) -> Any:
    state = replace(NOBODY, trend=SimpleNamespace(frame=_trend().frame[:0]))
    return loyalty.classes(_data(), state, language=language)


def _moved(*moves: tuple[int, int], change: float = 6.0, both: int = 31) -> Any:
    rows = [(CLIENTS[at], was, now, "climber" if now > was else "faller") for at, (was, now) in enumerate(moves)]
    return SimpleNamespace(
        movers=pd.DataFrame(rows, columns=["client_id", "before", "now", "move"]),
        reasked=pd.DataFrame([{"n": both, "change": change, "low": change - 15, "high": change + 16}]),
    )  # fmt: skip


def _movers(language: str, *moves: tuple[int, int], **options: Any) -> Any:
    return loyalty.movers(_data(), replace(NOBODY, change=_moved(*moves, **options)), language=language)


@cases
def movers_some(language: str) -> Any:
    item = _movers(language, (6, 9), (9, 5))
    return [item, *cells(item)]


@cases
def movers_many_and_their_score_moved(language: str) -> Any:
    return _movers(language, *[(6, 9)] * 9, (9, 5), change=40.0)


@cases
def movers_none(language: str) -> Any:
    return [_movers(language), _movers(language, both=0).title]


# --- scores -----------------------------------------------------------------------------------------------------------


def _means(language: str, price: int, people: int, asked: Any = None, questions: Any = QUESTIONS, n: int = 9) -> Any:
    said = [_answers([8, 9] * 5, "q_csat"), _answers([price, price + 1] * 5, "q_price"),
            _answers([people, people + 1] * 5, "q_staff")]  # fmt: skip
    data = _data([one.head(n) for one in said], asked, clients=10, questions=questions)
    return loyalty_journey.means(data, loyalty.measure(data), language=language)


@cases
def means_one_below(language: str) -> Any:
    return _means(language, 4, 8)


@cases
def means_two_below_one_question_each(language: str) -> Any:
    return _means(language, 4, 4, _asked([True] * 10, "q_csat"))


@cases
def means_alike_on_two_scales(language: str) -> Any:
    wide = QUESTIONS.assign(scale_max=[10, 10, 10, 20])
    item = _means(language, 8, 8, questions=wide)
    return [item, *cells(item, 1)]


@cases
def means_of_one_question(language: str) -> Any:
    data = _data([_answers([8, 9] * 5, "q_csat")], clients=10)
    return loyalty_journey.means(data, loyalty.measure(data), language=language).title


@cases
def means_of_few(language: str) -> Any:
    return _means(language, 4, 8, n=1)


def _stages(language: str, *scores: tuple[str, int, str], questions: Any = QUESTIONS) -> Any:
    data = _data(
        [_answers([score, score + 1] * 5, question, day) for question, score, day in scores], questions=questions
    )
    return loyalty_journey.stages(data, language=language)


@cases
def stages_in_order(language: str) -> Any:
    day = "2026-10-05"
    return [
        _stages(language, ("q_csat", 8, day), ("q_price", 4, day), ("q_staff", 8, day)),
        *(_stages(language, *rows, questions=QUESTIONS.head(n)).title for n, rows in (
            (4, [("q_csat", 8, day), ("q_price", 8, day), ("q_staff", 8, day)]),
            (4, [("q_csat", 8, day), ("q_price", 4, day), ("q_staff", 4, day)]),
            (2, [("q_csat", 8, day)]))),
    ]  # fmt: skip


@cases
def stages_not_measured(language: str) -> Any:
    item = _stages(language, ("q_csat", 8, "2026-10-05"), ("q_price", 4, "2026-05-05"))
    drawn = {text.get_text() for text in item.draw(False).findobj(Text)}
    return [item, *cells(item), *(drawn & {loyalty.say("not_measured", language)})]


@cases
def stages_unknown(language: str) -> Any:
    return _stages(language, ("q_csat", 8, "2026-10-05"), questions=QUESTIONS.assign(stage=None)).note


def _meetings(criteria: Any, own: float = 9.0) -> pd.DataFrame:
    n = len(criteria)
    return pd.DataFrame({"meeting_id": range(n), "client_id": CLIENTS[:n], "manager_id": ["MA", "MB"] * (n // 2),
                         "visitor_id": "MC", "held_at": pd.Timestamp("2026-10-01"), "choice_criteria": criteria,
                         "manager_self_score": own, "status": "held"})  # fmt: skip


@cases
def criteria(language: str) -> Any:
    offers = pd.DataFrame({"offer_id": range(3), "client_id": CLIENTS[:3], "outcome": ["won", "lost", "lost"],
                           "offered_at": pd.Timestamp("2026-09-01"),
                           "decided_at": pd.Timestamp("2026-09-09")})  # fmt: skip
    item = loyalty_journey.criteria(_data(meetings=_meetings([["цена"], ["цена", "охват"]] * 3), offers=offers),
                                    language=language)  # fmt: skip
    drawn = [text.get_text() for text in item.draw(False).findobj(Text) if "/" in text.get_text()]
    return [item, *cells(item), *(text.replace("   ", ", ") for text in drawn)]


@cases
def criteria_not_recorded(language: str) -> Any:
    return loyalty_journey.criteria(_data(meetings=_meetings([None] * 4)), language=language).note


# --- groups -----------------------------------------------------------------------------------------------------------


def _groups(language: str, pattern: Any, managers: str = "ABC", clients: int = 24, **frames: Any) -> Any:
    data = _data([_answers((list(pattern) * 24)[:clients])], managers=managers, clients=clients, **frames)
    return loyalty_groups.groups(data, _measured(data), language=language)


@cases
def groups_alike(language: str) -> Any:
    item = _groups(language, [10, 10, 10, 5, 5, 5, 8, 8, 8])
    return [item, *cells(item, 1)]


@cases
def groups_one_differs(language: str) -> Any:
    return _groups(language, [10, 2, 10]).title


@cases
def groups_two_differ(language: str) -> Any:
    return _groups(language, [10, 2], managers="AB").title


@cases
def groups_of_few_answers(language: str) -> Any:
    return [_groups(language, [9, 5], clients=n).title for n in (12, 2)]


@cases
def groups_units_alike(language: str) -> Any:
    answers = _answers([9, 9, 5, 5] * 6).assign(client_id=None, unit_id=["U1", "U2"] * 12)
    data = _data([answers], clients=0)
    data.units = pd.DataFrame({"unit_id": ["U1", "U2"], "unit_name": ["Север", "Юг"]})
    return loyalty_groups.groups(data, _measured(data), language=language).title


@cases
def groups_unknown(language: str) -> Any:
    return _groups(language, [9, 5], managers="").note


def _own(language: str, own: float, said: tuple[int, int], clients: int = 20) -> Any:
    data = _data([_answers(list(said) * (clients // 2), "q_csat")], meetings=_meetings([None] * clients, own))
    return loyalty_groups.own_scores(data, language=language)


@cases
def own_scores_higher(language: str) -> Any:
    item = _own(language, 9.0, (6, 7))
    return [item, *cells(item)]


@cases
def own_scores_lower(language: str) -> Any:
    return _own(language, 4.0, (6, 7)).title


@cases
def own_scores_alike(language: str) -> Any:
    data = _data([_answers([6, 6, 7, 7] * 5, "q_csat")], meetings=_meetings([None] * 20, 6.5))
    return loyalty_groups.own_scores(data, language=language).title


@cases
def own_scores_together_apart(language: str) -> Any:
    return [_own(language, own, (6, 6), clients=14).title for own in (7.0, 5.0)]


@cases
def own_scores_of_few(language: str) -> Any:
    return _own(language, 9.0, (6, 7), clients=2).title


def _bonus(language: str, answered: int, clients: int = 24) -> Any:
    data = _data([_answers([9, 9, 10, 9][at % 4] for at in range(answered))], _asked([True] * answered + [False] * 9),
                 managers="A", clients=clients)  # fmt: skip
    return loyalty_groups.fit_for_bonus(data, _measured(data), language=language)


@cases
def bonus_ready(language: str) -> Any:
    item = _bonus(language, 24)
    return [item, *cells(item)]


@cases
def bonus_for_nobody(language: str) -> Any:
    return [_bonus(language, 4).title, *cells(_bonus(language, 4), 1)]


# --- silence ----------------------------------------------------------------------------------------------------------


def _ways(language: str, answered: int, silent: int, score: int = 9) -> Any:
    data = _data(
        [_answers([score, score, 5][at % 3] for at in range(answered))], _asked([True] * answered + [False] * silent)
    )
    return loyalty_silent.ways(data, _measured(data), language=language)


@cases
def ways_with_silent(language: str) -> Any:
    item = _ways(language, 12, 8)
    return [item, *cells(item, 5)]


@cases
def ways_nobody_silent(language: str) -> Any:
    return _ways(language, 12, 0)


@cases
def ways_of_few(language: str) -> Any:
    return [_ways(language, 2, 1).title, loyalty_silent.ways(_data(), NOBODY, language=language).note]


def _response(language: str, pattern: Any, managers: str = "AB", many: int = 24, **change: Any) -> Any:
    asked = _asked((list(pattern) * 24)[:many])
    answered = asked.loc[asked["status"] == "answered", "client_id"]
    data = _data([_answers([9 if one in set(answered) else None for one in CLIENTS])], asked, managers=managers)
    data.clients = data.clients.assign(**change)
    return loyalty_silent.response(data, _measured(data), language=language)


@cases
def response_alike(language: str) -> Any:
    item = _response(language, [True, True, False, False])
    return [item, *cells(item)]


@cases
def response_apart(language: str) -> Any:
    item = _response(language, [False, False, True] * 3 + [False] * 15, managers="ABC")
    return [item.title, *cells(item)]


@cases
def response_one_differs(language: str) -> Any:
    return _response(language, [True, False, False], managers="ABC").title


@cases
def response_untested(language: str) -> Any:
    return _response(language, [True, False, True, False], many=4).title


@cases
def response_of_nobody(language: str) -> Any:
    data = _data()
    item = loyalty_silent.response(data, NOBODY, language=language)
    other = loyalty_silent.response_industry(data, NOBODY, language=language)
    return [item.title, other.title, other.note]


@cases
def those_who_answered_differ_from_the_base(language: str) -> Any:
    region = ["Север"] * 12 + ["Юг"] * 12
    attributes = {"industry": region, "region": region, "company_size": ["small"] * 12 + ["large"] * 12}
    return _response(language, [True] * 12 + [False] * 12, **attributes).note


def _silent(language: str, silent: int, asked: bool = True, **frames: Any) -> Any:
    data = _data([_answers([9] * 12)], _asked(([True] * 12 + [False] * silent) if asked else []), **frames)
    return loyalty_silent.silent_clients(data, _measured(data), language=language)


@cases
def silent_clients_with_money(language: str) -> Any:
    item = _silent(language, 2)
    return [item, *cells(item)]


@cases
def silent_clients_without_money(language: str) -> Any:
    return _silent(language, 1, revenue={}).title


@cases
def silent_nobody(language: str) -> Any:
    return [_silent(language, 0).title, _silent(language, 0, asked=False).title]


@cases
def later(language: str) -> Any:
    asked = _asked([True] * 12 + [False] * 12, day="2026-04-10")
    made = []
    for fall in (0.5, 1.0):
        wave = np.resize([0.97, 1.03], 12)
        gone = {one: [1e5] * 18 + [1e5 * fall * up] * 6 for one, up in zip(CLIENTS[12:], wave)}
        stays = {one: [1e5] * 18 + [1e5 * up] * 6 for one, up in zip(CLIENTS[:12], wave)}
        data = _data([_answers([9] * 12, day="2026-04-11")], asked, revenue=stays | gone)
        data.survey_invitations = pd.concat([asked, _asked([False])], ignore_index=True)
        item = loyalty_silent.silent_clients(data, replace(NOBODY, statuses=_status()), language=language)
        made += [item.note, *cells(item, 0)[-2:]]
    return made


def _status() -> pd.DataFrame:
    return pd.DataFrame({"client_id": ["C0"], "status": ["no_answer"], "asked_at": [pd.Timestamp("2026-10-04")]})


def _burden(language: str, days: list[str], clients: int = 4) -> Any:
    asked = pd.concat([_asked([True, False] * (clients // 2), day=day) for day in days], ignore_index=True)
    return loyalty_silent.burden(_data(asked=asked), language=language)


@cases
def burden_fine(language: str) -> Any:
    item = _burden(language, ["2026-05-01", "2026-09-01"])
    return [item, *cells(item)]


@cases
def burden_too_much(language: str) -> Any:
    return _burden(language, ["2026-07-01", "2026-08-01", "2026-09-01"]).title


@cases
def burden_of_few(language: str) -> Any:
    return _burden(language, ["2026-07-01"], clients=2).title


# --- quality, and what figures say ------------------------------------------------------------------------------------


@cases
def needs(language: str) -> Any:
    data = _data(missing=("survey_answers",))
    return [loyalty_groups.fit_for_bonus(data, NOBODY, language=language),
            loyalty_groups.own_scores(data, language=language)]  # fmt: skip


@cases
def quality_flags(language: str) -> Any:
    twice = pd.concat([_answers([9, 8, 7]), _answers([9])], ignore_index=True).assign(
        answer_id=range(4), answered_at=pd.Timestamp("2026-10-05 10:00"))  # fmt: skip
    item = loyalty_journey.quality(_data([twice]), language=language)
    return [item, *cells(item)]


@cases
def quality_fine(language: str) -> Any:
    return loyalty_journey.quality(_data([_answers([9, 8, 7])]), language=language)


def _visits(language: str, second: list[int]) -> Any:
    """Two visitors, each of whom asked twelve clients; the second one's clients said so."""
    answers = _answers([9, 7] * 6 + second * 6).assign(manager_id=["MA", "MB"] * 12)
    held = pd.DataFrame({"meeting_id": range(24), "client_id": CLIENTS, "manager_id": "MC", "status": "held",
                         "visitor_id": ["MA"] * 12 + ["MB"] * 12, "held_at": answers["answered_at"],
                         "choice_criteria": None, "manager_self_score": None})  # fmt: skip
    return loyalty_journey.quality(_data([answers], meetings=held), language=language)


@cases
def quality_visitors(language: str) -> Any:
    return [_visits(language, second).note for second in ([10, 9], [9, 7])]


@cases
def quality_clients_not_visited(language: str) -> Any:
    return loyalty_journey.quality(_data([_answers([9])], meetings=_meetings([None] * 2)), language=language).note


@cases
def flags_and_stages(language: str) -> Any:
    names = [f"flag_{name}" for name in ("duplicate", "batch", "straight_line", "speeder", "asked_about_himself")]
    return [loyalty.say(name, language) for name in names]


@cases
def ranks_of_drivers(language: str) -> Any:
    rows = pd.DataFrame(
        {
            "driver": ["price", "staff"],
            "share": [0.6, 0.4],
            "share_low": [0.4, 0.2],
            "share_high": [0.8, 0.6],
            "rank": [1, 2],
            "rank_low": [1, 1],
            "rank_high": [1, 2],
        }
    )
    texts = plots.driver_bars(rows, language=language).get_figure().findobj(Text)
    return [
        text.get_text() for text in texts if words.say("loyalty.rank", language, rank="").strip() in text.get_text()
    ]
