"""Report 05: its sentences, variant by variant, from comments of a few clients."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import small
from variants import Cases, cells

from loyalty_analytics.causes.codebook import read_codebook
from loyalty_analytics.causes.drivers import cause_drivers
from loyalty_analytics.causes.trust import rule_report
from loyalty_analytics.exhibits import voice, voice_drill, voice_words
from loyalty_analytics.results import Result

cases = Cases("voice")
SPEED, PRICE, STAFF = "service.speed", "price.level", "staff.attitude"
BOOK = read_codebook("general")
#: Of thirty clients the first fifteen are of one industry and manager, the others of another.
CLIENTS = pd.DataFrame({
    "client_id": [f"C{n:02}" for n in range(30)], "client_name": [f"ООО «Клиент {n}»" for n in range(30)],
    "industry": ["Медицина"] * 15 + ["Торговля"] * 15, "manager_id": ["M1"] * 15 + ["M2"] * 15,
})  # fmt: skip
MANAGERS = pd.DataFrame({"manager_id": ["M1", "M2"], "manager_name": ["Лаптева Ольга Сергеевна", "Быков Пётр"]})


def _said(
    language: str, *named: tuple[range, str, str], n: int = 12, day: str = "2026-10-05", before: str = "2026-10-05",
    field: str | None = None, quotable: bool = False, noun: str = "client", money: float = 0.0,
    scores: list[int] | None = None,
) -> voice.Said:  # fmt: skip
    """One comment of each of n clients; ``named``: which of them name a cause, with what sentiment.

    The first half of the comments is of the day ``before``, the other of ``day``.
    """
    texts = pd.DataFrame({
        "feedback_id": range(n), "client_id": CLIENTS["client_id"].head(n), "who": CLIENTS["client_id"].head(n),
        "created_at": pd.to_datetime([before] * (n // 2) + [day] * (n - n // 2)), "field": field,
        "text": [f"Отзыв «номер {number}»" for number in range(n)], "may_quote": quotable, "unit_id": None,
        "score": scores if scores else [5] * n,
    })  # fmt: skip
    rows = [(number, cause, sign) for numbers, cause, sign in named for number in numbers]
    tags = pd.DataFrame(rows, columns=["feedback_id", "cause", "sentiment"])
    columns = ["feedback_id", "who", "created_at", "field", "text", "may_quote"]
    causes = sorted(set(tags["cause"]))
    return voice.Said(
        texts, tags.merge(texts[columns], on="feedback_id"), {cause: BOOK.title(cause, language) for cause in causes},
        {cause: BOOK.causes[cause].owner for cause in causes},
        {cause: BOOK.causes[cause].advice.get(language, "") for cause in causes}, noun,
        pd.Series(money, index=CLIENTS["client_id"]) if money else pd.Series(dtype=float),
    )  # fmt: skip


def _data(**frames: Any) -> Any:
    return small.data(clients=CLIENTS, managers=MANAGERS, **frames)


def _bad(n: int, cause: str = SPEED) -> tuple[range, str, str]:
    return range(n), cause, "negative"


def _good(n: int, cause: str = STAFF) -> tuple[range, str, str]:
    return range(n), cause, "positive"


def _drivers(named: int, critics: int, *, n: int = 60, metric: str = "nps") -> Result:
    """Drivers of n scores: of those who name speed so many are critics, all others are content."""
    scores = pd.DataFrame({"feedback_id": range(n), "question_id": "Q", "score": [3] * critics + [9] * (n - critics)})
    tags = pd.DataFrame({"feedback_id": range(named), "cause": SPEED, "sentiment": "negative"})
    return cause_drivers(tags, scores, questions=pd.DataFrame({"question_id": ["Q"], "metric": [metric]}), draws=50)


def _page(shown: Any, rows: int = 3) -> list[str]:
    """Cells without the columns that stand in tables.xlsx only."""
    columns = [column for column in shown.table.columns if column.only != "sheet"]
    return cells(replace(shown, table=replace(shown.table, columns=columns)), rows)


def _front(language: str, said: voice.Said, drivers: Result | None = None, untagged: tuple[int, ...] = ()) -> Any:
    empty = Result(frame=pd.DataFrame({"cause": [], "odds_low": [], "critics_times": []}))
    tags = SimpleNamespace(untagged=untagged)
    return voice.front(_data(), language, voice=said, drivers=drivers or empty, tags=tags)


@cases
def front_with_money_and_critics(language: str) -> Any:
    return _front(language, _said(language, _bad(5), _good(2), money=1_250_000.0), _drivers(20, 18), (11,))


@cases
def front_alone(language: str) -> Any:
    return _front(language, _said(language, _bad(1), n=21))


@cases
def front_of_texts(language: str) -> Any:
    return _front(language, _said(language, _bad(3), noun="text"))


@cases
def front_without_a_complaint(language: str) -> Any:
    return _front(language, _said(language, _good(3), n=21))


@cases
def front_with_few(language: str) -> Any:
    return _front(language, _said(language, _bad(1), n=1)).summary


@cases
def front_without_comments(language: str) -> Any:
    return _front(language, _said(language, n=0, noun="text"))


@cases
def causes_two(language: str) -> Any:
    shown = voice.by_clients(_data(), _said(language, _bad(5), _bad(3, PRICE), money=250_000.0), language=language)
    return [shown, *cells(shown)]


@cases
def causes_one_of_texts(language: str) -> Any:
    shown = voice.by_clients(_data(), _said(language, _bad(5), noun="text"), language=language)
    return [shown, *cells(shown)]


@cases
def too_few(language: str) -> Any:
    data, said = _data(), _said(language, _bad(2), n=3)
    return [show(data, said, language=language) for show in (voice.by_clients, voice.tone, voice_drill.course)]


@cases
def tone_of_both(language: str) -> Any:
    shown = voice.tone(_data(), _said(language, _bad(9), _good(8)), language=language)
    return [shown, *cells(shown)]


@cases
def tone_of_one_side(language: str) -> Any:
    data = _data()
    both = _said(language, _bad(2), (range(2, 5), SPEED, "positive"), (range(5, 7), PRICE, "negative"))
    said = [_said(language, _bad(9)), _said(language, _good(9)), both,
            _said(language, _bad(2), (range(2, 5), SPEED, "positive"))]  # fmt: skip
    return [voice.tone(data, one, language=language).title for one in said]


@cases
def course_moved(language: str) -> Any:
    halves = range(12), range(12, 24)
    said = [_said(language, (half, SPEED, "negative"), n=24, before="2026-07-05") for half in halves]
    shown = [voice_drill.course(_data(), one, language=language) for one in said]
    return [shown[0].title, shown[1], *cells(shown[1])]


@cases
def course_of_texts_unmoved(language: str) -> Any:
    return voice_drill.course(_data(), _said(language, _bad(5), noun="text"), language=language)


@cases
def matters_by_scale(language: str) -> Any:
    data, said = _data(), _said(language, _bad(5))
    shown = [voice_words.matters(data, said, _drivers(20, 18, metric=metric), language=language)
             for metric in ("nps", "csat")]  # fmt: skip
    found = _drivers(20, 18)
    told = replace(found, frame=found.frame.assign(importance=0.37, importance_low=0.03, importance_high=0.66))
    note = voice_words.matters(data, said, told, language=language).note
    return [shown[0], shown[1].title, shown[1].subtitle, *cells(shown[1], 1), note]


@cases
def matters_not(language: str) -> Any:
    data, said = _data(), _said(language, _bad(5))
    even = cause_drivers(
        pd.DataFrame({"feedback_id": range(0, 60, 2), "cause": SPEED, "sentiment": "negative"}),
        pd.DataFrame({"feedback_id": range(60), "score": [3, 3, 9, 9] * 15}), draws=50,
    )  # fmt: skip
    few = voice_words.matters(data, said, _drivers(5, 3, n=21), language=language)
    return [voice_words.matters(data, said, even, language=language).title, few.title, few.subtitle]


@cases
def segments_differ(language: str) -> Any:
    shown = voice_words.segments(_data(), _said(language, _bad(14), _bad(3, PRICE), n=30), language=language)
    return [shown, *cells(shown)]


@cases
def segments_alike(language: str) -> Any:
    alike = _said(language, (range(10, 20), SPEED, "negative"), n=30)
    few = voice_words.segments(_data(), _said(language, _bad(5)), language=language)
    return [voice_words.segments(_data(), alike, language=language).title, few.title, few.subtitle]


@cases
def fields_of_the_form(language: str) -> Any:
    like = _said(language, _good(5), field="like", quotable=True, money=90_000.0)
    blame = _said(language, _bad(3), field="dislike", quotable=True, money=90_000.0)
    tags = pd.concat([like.tags, blame.tags, blame.tags.assign(field="improve"), blame.tags.assign(field="strengthen")])
    both = voice.Said(like.texts, tags, like.titles | blame.titles, like.owners | blame.owners, {}, "client",
                      like.money)  # fmt: skip
    shown = voice_words.fields(_data(), both, language=language)
    return [shown, *cells(shown, 4)]


@cases
def fields_of_one_side_or_none(language: str) -> Any:
    one = voice_words.fields(_data(), _said(language, _good(5), field="like"), language=language)
    none = voice_words.fields(_data(), _said(language, _good(5)), language=language)
    return [one.title, none.title, none.subtitle]


@cases
def quotes_to_show(language: str) -> Any:
    shown = voice_words.quotes(_data(), _said(language, _good(5), quotable=True), language=language)
    none = voice_words.quotes(_data(), _said(language, _good(5)), language=language)
    return [shown, *cells(shown, 1), none.title, none.subtitle]


def _themes(language: str, n: int, before: int, *rows: tuple[str, str, int, int, str]) -> Any:
    names = ["theme", "kind", "n", "n_before", "snippet"]
    frame = pd.DataFrame(rows, columns=names).assign(
        q_value=0.003, example="Ваш «самокат» опять у входа", would_catch=14, would_catch_before=2)  # fmt: skip
    found = Result(frame=frame, overview=pd.DataFrame([{"themes": len(rows), "n": n, "before": before}]))
    return voice_words.themes(_data(), _said(language, _bad(5)), found, language=language)


@cases
def themes_found(language: str) -> Any:
    snippet = "causes:\n  company.new_theme:\n    ru:\n      words: |\n        самокат, вход\n"
    shown = _themes(language, 51, 321, ("самокат, вход", "theme", 12, 1, snippet), (SPEED, "cause", 9, 2, ""))
    assert shown.table.frame["snippet"].iloc[0] == snippet
    return [shown, *_page(shown)]


@cases
def themes_not_found(language: str) -> Any:
    none, few = _themes(language, 51, 321), _themes(language, 21, 321)
    return [none, few.title, few.subtitle]


def _trust(language: str, corrections: Any = None) -> Any:
    tags = pd.DataFrame({
        "feedback_id": [0, 1, 2], "cause": SPEED, "sentiment": ["negative", "negative", "mixed"], "evidence": "долго",
        "rule": f"{SPEED}:negative:долго",
    })  # fmt: skip
    texts = pd.DataFrame({"feedback_id": range(4), "text": ["Долго", "Долго!", "Долго, но", "Иное"]})
    report = rule_report(tags, corrections, feedback=texts, codebook="general")
    shown = voice_words.trust(_data(), _said(language, _bad(3)), report, language=language)
    assert shown.table.frame["silent"].sum() == len(report.silent) > 100
    return [shown, *_page(shown, 1)]


@cases
def trust_unchecked(language: str) -> Any:
    return _trust(language)


@cases
def trust_checked(language: str) -> Any:
    said = pd.DataFrame({"text": ["Долго", "Долго!"], "cause": [SPEED, None], "sentiment": ["negative", None]})
    return _trust(language, said)


@cases
def low_scores_of_a_manager(language: str) -> Any:
    scores = [3] * 14 + [9] * 16
    shown = voice_drill.low_scores(_data(), _said(language, _bad(14), n=30, scores=scores), language=language)
    return [shown, *cells(shown, 2)]


@cases
def low_scores_alike_or_few(language: str) -> Any:
    alike = _said(language, (range(10, 20), SPEED, "negative"), n=30, scores=[9] * 10 + [3] * 10 + [9] * 10)
    few = voice_drill.low_scores(_data(), _said(language, _bad(5)), language=language)
    units = alike.texts.assign(unit_id="U1")
    kept = voice.Said(units, alike.tags, alike.titles, alike.owners, alike.advice, "client", alike.money)
    data = _data(units=pd.DataFrame({"unit_id": ["U1"], "unit_name": ["Центр"]}))
    shown = voice_drill.low_scores(data, kept, language=language)
    return [shown.title, *cells(shown, 3), few.title, few.subtitle]


def _measures(language: str, before: int, after: int) -> Any:
    """So many of 40 comments before and of 40 after March name speed."""
    when = pd.to_datetime(["2026-01-15"] * 40 + ["2026-04-15"] * 40)
    feedback = pd.DataFrame({"feedback_id": range(80), "created_at": when})
    rows = [*range(before), *range(40, 40 + after)]
    tags = Result(frame=pd.DataFrame({"feedback_id": rows, "cause": SPEED, "sentiment": "negative"}))
    actions = pd.DataFrame({
        "action_id": ["A1"], "closed_at": pd.to_datetime(["2026-03-10"]), "cause": [SPEED], "level": ["middle"],
        "result": ["дали срок ответа"],
    })  # fmt: skip
    return voice_drill.measures(_data(feedback=feedback, actions=actions), _said(language, _bad(5)), tags,
                                language=language)  # fmt: skip


@cases
def measures_judged(language: str) -> Any:
    fell, rose, same = _measures(language, 20, 3), _measures(language, 3, 20), _measures(language, 5, 6)
    return [fell, *cells(fell), rose.title, *cells(rose, 1)[:1], same.title, *cells(same, 1)[:1]]


@cases
def measures_none(language: str) -> Any:
    shown = voice_drill.measures(_data(), _said(language, _bad(5)), Result(frame=pd.DataFrame()), language=language)
    return [shown.title, shown.subtitle]


@cases
def trust_without_comments(language: str) -> Any:
    item = voice_words.trust(small.data(missing=("feedback",)), None, None, language=language)
    assert item.missing
    return item
