"""Rota, means per question, burden, stages, criteria and quality of answers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics import tables
from loyalty_analytics.errors import DataError
from loyalty_analytics.survey.means import question_means
from loyalty_analytics.survey.monitor import burden, criteria, stages
from loyalty_analytics.survey.questions import OPINIONS, question_bank, rota


def test_the_bank_is_a_canonical_table() -> None:
    bank = question_bank()
    assert list(bank.columns)[:3] == ["question_id", "metric", "text_ru"]
    assert bank["question_id"].is_unique
    assert set(bank.loc[bank["metric"] == "factor", "cause"]) == set(OPINIONS)
    assert bank[["text_ru", "text_en"]].notna().all(axis=None)
    scored = bank[bank["metric"] != "text"]
    assert scored[["scale_min", "scale_max"]].notna().all(axis=None)
    assert set(bank["metric"]) <= set(tables.column("questions", "metric").allowed)


def test_everybody_meets_every_question_though_clients_come_and_go() -> None:
    questions, log = list("abcde"), None
    for wave in range(10):
        ids = list(range(wave, 30 + 2 * wave))
        deal = rota(ids, questions, wave, log=log, anchor="nps", seed=9)
        log = deal if log is None else pd.concat([log, deal], ignore_index=True)
        spread = deal.loc[~deal["anchor"], "question_id"].value_counts()
        assert spread.sum() == len(ids)
        assert spread.max() - spread.min() <= 6
    asked = log[~log["anchor"]]
    stayed = asked[asked["client_id"].between(9, 29)]
    for start in range(6):
        part = stayed[stayed["wave"].between(start, start + 4)]
        assert (part.groupby("client_id")["question_id"].nunique() == 5).all()
    assert (asked["ask_probability"] == 0.2).all()
    assert (log.loc[log["anchor"], "ask_probability"] == 1).all()


def test_the_draw_is_seeded_and_does_not_depend_on_order() -> None:
    ids = [f"C{i}" for i in range(50)]
    one, two = rota(ids, list("abc"), 4, seed=1), rota(ids[::-1], list("abc"), 4, seed=1)
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(rota(ids, list("abc"), 4, seed=2))
    # Over seeds each client gets each question equally often: the logged probability is true.
    first = [rota(ids, list("abc"), 0, seed=s)["question_id"].iloc[0] for s in range(300)]
    assert pd.Series(first).value_counts(normalize=True).between(0.24, 0.43).all()
    with pytest.raises(DataError, match="no question"):
        rota(ids, [], 0)


def test_means_weigh_with_the_chance_of_being_asked() -> None:
    """Unit a is asked with chance .9, b with .1; the plain mean is wrong, the weighted right."""
    rng = np.random.default_rng(2)
    unit = np.repeat(["a", "b"], 2000)
    chance = np.where(unit == "a", 0.9, 0.1)
    score = np.where(unit == "a", 9, 5)
    asked = rng.random(4000) < chance
    answers = pd.DataFrame({"client_id": np.arange(4000)[asked], "question_id": "q", "score": score[asked],
                            "ask_probability": chance[asked]})  # fmt: skip
    row = question_means(answers).table.iloc[0]
    assert row["low"] < 7 < row["high"]
    assert row["mean"] == pytest.approx(7, abs=0.3)
    assert question_means(answers.drop(columns="ask_probability")).table["mean"].iloc[0] > 8.3
    with pytest.raises(DataError, match="ask_probability"):
        question_means(answers.assign(ask_probability=0.0))


def test_equal_chances_give_the_plain_interval() -> None:
    answers = pd.DataFrame({"client_id": range(12), "question_id": "q", "score": [10] * 6 + [9] * 4 + [7] * 2})
    row = question_means(answers.assign(ask_probability=0.25), 50).table.iloc[0]
    assert (row["low"], row["high"]) == la.mean_interval({10: 6, 9: 4, 7: 2}, population=50)
    assert row["top2"] == pytest.approx(10 / 12)
    with pytest.raises(DataError, match="outside 1-10"):
        question_means(answers.assign(score=11), scale=(1, 10))


def test_burden_counts_requests_not_questions() -> None:
    sent = pd.DataFrame({
        "contact_id": [1, 1, 1, 1, 2, 2, 3], "client_id": "A",
        "sent_at": ["2026-07-01 10:00", "2026-07-01 10:00", "2026-08-01", "2026-09-01", "2026-07-05", "2026-10-02",
                    "2026-10-02"],
        "status": ["answered", "answered", "no_answer", "refused", "answered", "answered", "not_delivered"],
    })  # fmt: skip
    result = burden(sent, as_of="2026-10")
    assert result.table["asked"].tolist() == [2, 2, 1]
    assert result.overview.set_index("quarter")["over_asked"].to_dict() == {"2026Q3": 1, "2026Q4": 0}
    assert dict(result.notes[0].values) == {"over": 1, "contacts": 2, "most": 2}


def test_stages_name_what_nobody_measured() -> None:
    questions = pd.DataFrame({"question_id": ["o", "d", "x"], "stage": ["order", "delivery", None]})
    answers = pd.DataFrame({"question_id": ["o"] * 5 + ["d"] * 5 + ["x"] * 3, "score": [8] * 5 + [3] * 5 + [1] * 3,
                            "answered_at": ["2026-10-01"] * 5 + ["2026-07-01"] * 5 + ["2026-10-01"] * 3})  # fmt: skip
    sent = pd.DataFrame({"stage": "order", "sent_at": "2026-10-01", "status": ["answered"] * 5 + ["no_answer"] * 5})
    result = stages(answers, questions, invitations=sent, expected=["order", "delivery", "service"], as_of="2026-10")
    table = result.table.set_index("stage")
    assert table["measured"].to_dict() == {"order": True, "delivery": False, "service": False}
    assert table["measured"].dtype == bool
    assert table.loc["order", ["mean", "drop_off", "n"]].tolist() == [8, 0.5, 5]
    assert table.loc["delivery", "days_since"] == 122
    assert "delivery, service" in result.notes[0].text("en")


def test_criteria_weights_and_offers() -> None:
    meetings = pd.DataFrame({"client_id": ["A", "A", "B", "C"], "held_at": ["2026-01-01", "2026-10-01", "2026-10-01",
                                                                          "2026-10-02"],
                             "choice_criteria": [["speed"], ["Price", "quality"], ["price "], None]})  # fmt: skip
    offers = pd.DataFrame({"client_id": list("AAABBC"), "offered_at": "2026-10-05",
                           "outcome": ["won", "lost", "open", "won", "won", "lost"]})  # fmt: skip
    table = criteria(meetings, offers, as_of="2026-10").table.set_index("criterion")
    assert table.loc["price", ["clients", "won", "lost"]].tolist() == [2, 3, 1]
    assert table.loc["price", "weight"] == pytest.approx((2 / 3 + 1) / 2)
    assert table["weight"].sum() == pytest.approx(1)
    assert table.loc["price", "win_rate"] == 0.75
    assert pd.isna(table.loc["quality", "win_rate"])  # two decided offers are too few
    assert "speed" not in table.index
    assert len(criteria(tables.empty("meetings"))) == 0


def test_flags_never_delete() -> None:
    answers = pd.DataFrame({
        "answer_id": range(12), "client_id": ["A", "A", "B", "C", "D", "E", "E", "E", "E", "F", "G", "H"],
        "question_id": ["n", "n", "n", "n", "n", "a", "b", "c", "n", "m", "n", "n"],
        "score": [9, 9, 8, 7, 6, 5, 5, 5, 5, 10, 9, 9], "manager_id": ["M1"] * 12,
        "answered_at": ["2026-10-01 10:00", "2026-10-01 18:00", "2026-10-02 12:00:05", "2026-10-02 12:00:20",
                        "2026-10-02 12:00:40", *["2026-10-03 09:00"] * 4, "2026-10-04 11:00", "2026-10-05",
                        "2026-10-05"],
    })  # fmt: skip
    questions = pd.DataFrame({"question_id": ["n", "m"], "metric": ["nps", "manager_csat"]})
    meetings = pd.DataFrame({"client_id": ["F"], "held_at": ["2026-10-04"], "visitor_id": ["M1"], "status": ["held"]})
    clients = pd.DataFrame({"client_id": list("ABCDEFGH"), "status": "active"})
    result = la.answer_quality(answers, meetings=meetings, questions=questions, clients=clients, as_of="2026-10")
    flags = result.table.groupby("flag")["answer_id"].agg(list).to_dict()
    assert flags == {"duplicate": [1], "batch": [2, 3, 4], "straight_line": [5, 6, 7, 8], "asked_about_himself": [9]}
    assert "F" not in set(result.not_visited["client_id"])
    assert len(result.not_visited) == 7


def test_speeders_need_a_hundred() -> None:
    rng = np.random.default_rng(6)
    n = 150
    sent = pd.DataFrame({"invitation_id": range(n), "channel": "device", "sent_at": pd.Timestamp("2026-10-05 10:00"),
                         "status": "answered"})  # fmt: skip
    spent = rng.integers(40, 90, n)
    spent[:3] = 5
    when = sent["sent_at"] + pd.to_timedelta(spent + 3600 * np.arange(n), unit="s")
    sent["sent_at"] = sent["sent_at"] + pd.to_timedelta(3600 * np.arange(n), unit="s")
    answers = pd.DataFrame({"answer_id": range(n), "invitation_id": range(n), "client_id": range(n),
                            "question_id": "q", "score": 8, "answered_at": when})  # fmt: skip
    flagged = la.answer_quality(answers, invitations=sent).table
    assert flagged.loc[flagged["flag"] == "speeder", "answer_id"].tolist() == [0, 1, 2]
    assert len(la.answer_quality(answers.head(99), invitations=sent).table) == 0


def test_a_visitor_with_other_answers_is_seen(demo: SimpleNamespace) -> None:
    rows = pd.DataFrame({"client_id": range(80), "question_id": "n", "answered_at": "2026-10-06",
                         "score": [10] * 20 + [9, 7, 6] * 20, "answer_id": range(80)})  # fmt: skip
    meetings = pd.DataFrame({"client_id": range(80), "held_at": "2026-10-06", "status": "held",
                             "visitor_id": ["own"] * 20 + ["head"] * 60})  # fmt: skip
    table = la.answer_quality(rows, meetings=meetings).interviewers.set_index("visitor_id")
    assert table.loc["own", "share"] == 1
    assert table.loc["own", "others"] == pytest.approx(1 / 3)
    assert table.loc["own", "p_value"] < 0.001
    fair = la.answer_quality(demo.survey_answers, meetings=demo.meetings, questions=demo.questions, as_of="2026-10")
    assert (fair.interviewers["p_value"].dropna() > 0.05).all()


@pytest.mark.parametrize("name", ["nps", "response_rate", "answer_quality", "question_means", "burden", "criteria"])
def test_empty_tables_give_empty_answers(name: str) -> None:
    calls = {
        "nps": lambda: la.nps(tables.empty("survey_answers"), by="manager_id"),
        "response_rate": lambda: la.response_rate(tables.empty("survey_invitations"), by="wave"),
        "answer_quality": lambda: la.answer_quality(tables.empty("survey_answers")),
        "question_means": lambda: question_means(tables.empty("survey_answers")),
        "burden": lambda: burden(tables.empty("survey_invitations")),
        "criteria": lambda: criteria(tables.empty("meetings")),
    }
    result = calls[name]()
    assert len(result) == 0
    assert len(result.table.columns) > 2
