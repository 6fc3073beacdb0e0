"""Report 03: each variant of its sentences, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics import words
from loyalty_analytics.exhibits import breaks as report
from loyalty_analytics.exhibits import breaks_facts, breaks_months, brief
from loyalty_analytics.exhibits import breaks_why as why
from loyalty_analytics.results import Result


@pytest.fixture(scope="module")
def found(root):
    data = la.load("radio", month="2026-10", root=root)
    breaks = la.find_breaks(data.panel, as_of="2026-10", **data.params.breaks)
    reasons = la.explain_breaks(breaks, **brief.evidence(data), as_of="2026-10", **data.params.reasons)
    return data, report.own(breaks, reasons), reasons


def _with(breaks, rows=None, **measures):
    overview = breaks.overview.copy()
    for name, value in measures.items():
        overview.loc[overview["measure"] == name, "value"] = value
    return replace(breaks, frame=breaks.frame if rows is None else rows, overview=overview)


def _plain(text):
    return text.replace("\u00a0", " ")


NONE = {
    "ru": {
        "scan": "Переломов не найдено среди 48 клиентов",
        "short": "Мало данных: из 60 клиентов перелом можно искать у 5",
        "multiples": "За последние двенадцать месяцев падений с переломом нет", "months": "Переломов нет",
        "reasons": "Переломов нет, причин искать не у чего",
        "questions": "Переломов вниз за год нет, особых вопросов нет",
        "parts": "Падений с переломом за год нет", "timeline": "Датированных фактов рядом с переломами нет",
        "quiet": "За последние двенадцать месяцев падений с переломом нет среди 48 клиентов.",
        "few": "Мало данных: перелом можно искать у 5 из 60 клиентов, нужен год покупок.",
    },
    "en": {
        "scan": "No break found; 48 clients judged",
        "short": "Too little data: breaks can be sought for 5 of 60 clients",
        "multiples": "No downward break in the last twelve months", "months": "No breaks",
        "reasons": "No breaks, so no reasons to look for",
        "questions": "No downward break within a year, no special questions",
        "parts": "No downward break within a year", "timeline": "No dated facts near the breaks",
        "quiet": "No downward break in the last twelve months; 48 clients judged.",
        "few": "Too little data: breaks can be sought for 5 of 60 clients; a year of purchases is needed.",
    },
}  # fmt: skip


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_nothing_happened_and_too_little_data(found, language):
    data, breaks, reasons = found
    none, few = (_with(breaks, breaks.frame.head(0), judged=judged, clients=60) for judged in (48, 5))
    shown = {
        "scan": report.scan(data, none, language=language), "short": report.scan(data, few, language=language),
        "multiples": report.multiples(data, none, language=language),
        "months": breaks_months.by_manager(data, none, language=language),
        "reasons": why.reasons(data, none, reasons, language=language),
        "questions": why.questions(data, none, reasons, language=language),
        "parts": why.parts(data, none, reasons, language=language),
        "timeline": breaks_facts.timeline(data, none, reasons, language=language),
    }  # fmt: skip
    said = {name: _plain(item.title) for name, item in shown.items()}
    said["quiet"] = _plain(report.front(data, language, breaks=none, reasons=reasons).summary)
    said["few"] = _plain(report.front(data, language, breaks=few, reasons=reasons).summary)
    assert said == NONE[language]


def test_only_rises_are_no_loss(found):
    data, breaks, _ = found
    up = breaks.frame[breaks.frame["direction"] > 0].sort_values("lost").head(1)
    shown = report.scan(data, _with(breaks, up), language="ru")
    assert _plain(shown.title) == (
        "Падений нет: 1 перелом вверх, больше всех прибавил клиент ООО Сеть аптек «Мята»: 3,8 млн ₽"
    )
    assert "−" not in report.scan(data, _with(breaks, up), language="en").title


def test_reasons_by_their_grade(found):
    data, breaks, reasons = found
    titles, n = [], words.count(len(report.listed(data, breaks)), "breaks.breaks_of", "ru").replace("\u00a0", " ")
    for grade in ("strong", "possible", "none"):
        rows = reasons.frame.assign(grade=grade)
        shown = why.reasons(data, breaks, replace(reasons, frame=rows), language="ru")
        titles.append(_plain(shown.title))
    assert titles[0].startswith("Вероятная причина найдена у ")
    assert f" из {n}; чаще всего " in titles[0]
    assert titles[1].startswith(f"Вероятной причины нет ни у одного из {n}; совпало по времени у ")
    assert titles[2] == f"Причина не найдена ни у одного из {n}"


def test_one_fall_has_no_others(found):
    data, breaks, reasons = found
    one = breaks.frame[breaks.frame["client_id"] == report.recent_falls(data, breaks)["client_id"].iloc[0]]
    shown = why.questions(data, _with(breaks, one), reasons, language="ru")
    assert shown.title == "Вопросы к встрече с клиентом АО Застройщик «Высокий берег»"
    assert _plain(report.multiples(data, _with(breaks, one), language="ru").title) == (
        "Перелом вниз у одного клиента: АО Застройщик «Высокий берег» с июля 2026"
    )


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_slice_is_named_and_nothing_is_said_without_a_year(found, language):
    data, _, _ = found
    overview = pd.DataFrame([{"before": 9e6, "after": 6e6, "change": -3e6, "cells": 12}])
    frame = pd.DataFrame({"industry": ["Медицина"], "region": [None], "amount_before": [5e6], "amount_after": [2e6],
                          "part": [-3e6]})  # fmt: skip
    some = why.where(data, Result(frame=frame, overview=overview), language=language)
    assert "Медицина" in some.title
    spread = why.where(data, Result(frame=frame.head(0), overview=overview), language=language)
    none = why.where(data, Result(frame=frame, overview=overview.assign(before=0.0)), language=language)
    assert len({some.title, spread.title, none.title}) == 3
    assert none.table is None


# Genitive after «у» and «на», by the rules of Russian grammar.
@pytest.mark.parametrize("n, clients", [(1, "1 клиента"), (2, "2 клиентов"), (5, "5 клиентов"), (11, "11 клиентов"),
                                        (21, "21 клиента")])  # fmt: skip
def test_counts_in_the_genitive(n, clients):
    counted = words.count(n, "clients_of", "ru")
    said = [
        words.say("brief.falls", "ru", clients=counted, share="60 %", broken=""),
        words.say("breaks.scan_none", "ru", judged=counted),
        words.say("breaks.counts", "ru", clients=counted, list="…"),
        words.say("brief.debt_some", "ru", sum="1 ₽", n=counted, client="А", own="1 ₽", days="2 дня"),
    ]
    assert all(clients in _plain(text) for text in said)


@pytest.mark.parametrize("n, days", [(1, "1 день"), (2, "2 дня"), (5, "5 дней"), (11, "11 дней"), (21, "21 день")])
def test_days_late(n, days):
    late = {"n": words.count(n, "client", "ru"), "days": words.count(n, "day", "ru")}
    said = words.say("brief.late_some", "ru", client="А", **late)
    assert _plain(said).endswith(f"дольше всех А, на {days}")
