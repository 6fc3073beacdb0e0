"""Report 04: sentences with their variants, numbers that stand in the tables, and one missing table at a time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from loyalty_analytics import tables, words
from loyalty_analytics.exhibits import loyalty as report
from loyalty_analytics.exhibits import loyalty_groups as groups
from loyalty_analytics.exhibits import loyalty_journey as journey
from loyalty_analytics.exhibits import loyalty_silent as silence
from loyalty_analytics.months import as_of
from loyalty_analytics.orders import Orders
from loyalty_analytics.plots import loyalty as plots

WITH_MEASURES = (report.trend, report.classes, journey.means, report.movers, groups.groups, groups.fit_for_bonus,
                 silence.ways, silence.response, silence.silent_clients)  # fmt: skip
PLAIN = (journey.stages, journey.criteria, journey.quality, groups.own_scores, silence.burden)


def data_of(made: SimpleNamespace, drop: tuple[str, ...] = ()) -> SimpleNamespace:
    """What `la.load` would give: every canonical table, the dropped ones empty."""
    whole: dict[str, Any] = {name: tables.empty(name) for name in tables.names()}
    whole |= {name: tables.conform(table, name) for name, table in vars(made).items() if name not in drop}
    absent = tuple(name for name in whole if not len(whole[name]))
    deals = whole["transactions"]
    panel = pd.DataFrame(columns=["client_id", "month", "revenue"])
    if len(deals):
        month = deals["date"].dt.to_period("M").dt.to_timestamp().rename("month")
        panel = deals.groupby(["client_id", month])["amount"].sum().rename("revenue").reset_index()
    params = SimpleNamespace(currency="RUB", nps={}, title_in=lambda language: "Sample")
    return SimpleNamespace(
        **whole, missing=absent, as_of=as_of("2026-10"), params=params, panel=panel, client="sample",
        orders=Orders.of(whole["transactions"]),
        has=lambda *names: all(len(whole[name]) for name in names), passport_line=lambda language: "passport",
        passport={"clients": 60, "deals": 0, "answers": 0, "answered": 0, "invited": 0,
                  "findings": {"error": 0, "warning": 0, "note": 0}},
    )  # fmt: skip


def every(data: SimpleNamespace, language: str) -> list[Any]:
    measured = report.measure(data)
    industry = silence.response_industry(data, measured, language=language)
    measured_ones = [f(data, measured, language=language) for f in WITH_MEASURES]
    return [*measured_ones, industry, *(f(data, language=language) for f in PLAIN)]


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_all_exhibits_speak(make_world, language: str) -> None:
    data = data_of(make_world())
    exhibits = every(data, language)
    assert len({exhibit.name for exhibit in exhibits}) == len(exhibits)
    for exhibit in exhibits:
        assert exhibit.title
        assert not exhibit.missing or exhibit.name == "stages"  # no question names one
        shown = " ".join([exhibit.title, exhibit.subtitle, exhibit.note, exhibit.alt])
        if exhibit.table is not None:
            shown += exhibit.table.html("caption", language)
        assert "nan" not in shown.lower()
        assert "{" not in exhibit.title + exhibit.note + exhibit.subtitle
    front = report.front(data, language, report.measure(data))
    assert len(front.summary.split()) <= 120
    assert len(front.tiles) <= 6


DROPS = [("survey_answers",), ("survey_invitations",), ("questions",), ("clients",), ("contacts",), ("transactions",),
         ("meetings",), ("offers",), ("actions",), ("clients", "contacts", "transactions", "meetings", "offers"),
         ("survey_answers", "survey_invitations", "questions")]  # fmt: skip


@pytest.mark.parametrize("drop", DROPS, ids="-".join)
def test_each_missing_table_costs_only_its_exhibits(make_world, drop: tuple[str, ...]) -> None:
    data = data_of(make_world(), drop)
    exhibits = every(data, "en")
    assert all(exhibit.title for exhibit in exhibits)
    for exhibit in exhibits:
        if exhibit.missing:
            assert exhibit.note, exhibit.name
    report.front(data, "ru", report.measure(data))
    if drop == ("contacts",):
        assert {exhibit.name for exhibit in exhibits if exhibit.missing} == {"stages"}  # no question names one


def test_the_first_screen_says_score_silence_and_noise(make_world) -> None:
    data = data_of(make_world())
    measured = report.measure(data)
    row, ways = measured.row, measured.silent.frame.set_index("way")["nps"]
    summary = report.front(data, "en", measured).summary
    assert f"NPS {words.number(row['nps'], 'en')} {words.interval(row['low'], row['high'], 'en')}" in summary
    assert f"n = {row['n']} of {row['population']}" in summary.replace("\u00a0", " ")
    assert f"from {words.number(ways['detractors'], 'en')} to {words.number(ways['promoters'], 'en')}" in summary
    assert "unchanged (within ±" in summary


def test_without_the_question_the_cooperation_stands_in(make_world) -> None:
    made = make_world()
    made.survey_answers = made.survey_answers[made.survey_answers["question_id"] != "recommend"]
    made.questions = made.questions[made.questions["question_id"] != "recommend"]
    data = data_of(made)
    measured = report.measure(data)
    assert measured.score is None
    row = measured.cooperation
    sentence = report.score_sentence(measured, "ru")
    assert sentence.startswith(f"Сотрудничество: {words.number(row['mean'], 'ru', 1)} из 10 [")
    assert "no 0–10 recommendation question" in report.trend(data, measured, language="en").note


def test_too_little_data_is_said(make_world) -> None:
    made = make_world()
    last = made.survey_answers[made.survey_answers["answered_at"] >= "2026-10-01"]
    made.survey_answers = last[last["client_id"].isin(last["client_id"].unique()[:2])]
    made.questions = made.questions[made.questions["metric"] == "nps"]
    data = data_of(made)
    measured = report.measure(data)
    assert "Too little data for a score: 2" in report.score_sentence(measured, "en").replace("\u00a0", " ")
    assert report.change_sentence(measured.change, "en") == "Too few answers to compare with the quarter before"
    assert "Too little data" in report.trend(data, measured, language="en").title


def change_of(before: int, now: int, low: float, high: float, changed: bool) -> Any:
    frame = pd.DataFrame([{
        "before": before, "now": now, "change": now - before, "low": low, "high": high, "n_before": 30, "n_now": 30,
        "n_both": 9, "changed": changed, "noise": (high - low) / 2,
    }])  # fmt: skip
    return SimpleNamespace(frame=frame)


@pytest.mark.parametrize(("change", "text"), [
    (change_of(10, 40, 5, 55, True), "NPS up by 30: 10 before, 40 now, change [5; 55]"),
    (change_of(40, 10, -55, -5, True), "NPS down by 30: 40 before, 10 now, change [−55; −5]"),
    (change_of(10, 20, -15, 35, False), "NPS unchanged (within ±25)"),
])  # fmt: skip
def test_a_change_inside_the_noise_is_no_change(change: Any, text: str) -> None:
    assert report.change_sentence(change, "en") == text


def test_groups_are_named_only_where_they_differ(make_world) -> None:
    made = make_world()
    chosen = made.clients.loc[made.clients["manager_id"].isin(["M1", "M3"]), "client_id"]
    said = made.survey_answers.copy()
    said.loc[(said["question_id"] == "recommend") & said["client_id"].isin(chosen), "score"] = 10.0
    said.loc[(said["question_id"] == "recommend") & ~said["client_id"].isin(chosen), "score"] = 2.0
    made.survey_answers = said
    data = data_of(made)
    exhibit = groups.groups(data, report.measure(data), language="en")
    assert exhibit.title.startswith("M1 (100), M2 (−100)")
    quiet = data_of(make_world())
    assert "do not tell the managers apart" in groups.groups(quiet, report.measure(quiet), language="en").title


def test_pictures_show_the_numbers() -> None:
    rows = pd.DataFrame({"label": ["a", "b"], "value": [10.0, -20.0], "low": [0.0, -40.0], "high": [30.0, 5.0]})
    ax = plots.dots(rows, language="en")
    places = ax.collections[-1].get_offsets()
    assert np.asarray(places).tolist() == [[10.0, 1.0], [-20.0, 0.0]]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    assert {"10", "−20"} <= {text.get_text() for text in ax.texts}
    bars = plots.class_bars(
        pd.DataFrame({"label": ["q"], "detractors": [1], "passives": [1], "promoters": [2]}), language="en"
    )
    assert [patch.get_width() for patch in bars.patches] == [0.25, 0.25, 0.5]
    trend = pd.DataFrame({"month": pd.to_datetime(["2026-09-01", "2026-10-01"]), "nps": [5.0, 12.0],
                          "low": [-10.0, 0.0], "high": [20.0, 30.0], "n": [30, 31]})  # fmt: skip
    drawn = plots.nps_by_month(trend, language="en")
    assert {"12", "30", "31"} <= {text.get_text() for text in drawn.texts}
    import matplotlib.pyplot as plt

    plt.close("all")


def test_demo_clients_have_the_report(root) -> None:
    import loyalty_analytics as la

    radio, clinic = (la.load(name, month="2026-10", root=root) for name in ("radio", "clinic"))
    assert not any(exhibit.missing for exhibit in every(radio, "ru"))
    missing = {exhibit.name for exhibit in every(clinic, "ru") if exhibit.missing}
    assert missing == {"movers", "silent_clients", "criteria", "own_scores", "burden", "response_industry"}
