"""Who votes, on which scale, in which window."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.errors import DataError
from loyalty_analytics.survey.votes import classes


def table(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["client_id", "contact_id", "answered_at", "score"])


CONTACTS = pd.DataFrame({
    "contact_id": [1, 2, 3], "client_id": ["A", "A", "B"], "role": ["user", "decision_maker", "user"],
    "decision_power": [3, 1, 2],
})  # fmt: skip


def test_cut_points() -> None:
    assert classes(pd.Series(range(11))).tolist() == [-1] * 7 + [0, 0, 1, 1]
    assert classes(pd.Series([69, 70, 89, 90, 100]), (0, 100)).tolist() == [-1, 0, 0, 1, 1]
    assert classes(pd.Series([6, 7, 9]), (1, 10)).tolist() == [-1, 0, 1]


def test_the_most_senior_contact_speaks_though_a_junior_answered_later() -> None:
    answers = table([("A", 2, "2026-10-01", 9), ("A", 1, "2026-10-20", 3), ("B", 3, "2026-10-02", 7)])
    result = la.nps(answers, 10, contacts=CONTACTS)
    assert result.votes.set_index("client_id")["score"].to_dict() == {"A": 9.0, "B": 7.0}
    lone = la.nps(answers, 10)  # without contacts: the last answer
    assert lone.votes.set_index("client_id")["score"].to_dict() == {"A": 3.0, "B": 7.0}
    other = la.nps(answers, 10, contacts=CONTACTS, roles=("user", "decision_maker"))
    assert other.votes.set_index("client_id")["score"].to_dict() == {"A": 3.0, "B": 7.0}


def test_ways_of_counting() -> None:
    answers = table([("A", 1, "2026-10-01", 10), ("A", 2, "2026-10-02", 3), ("B", 3, "2026-10-02", 9),
                     ("C", 4, "2026-10-02", 9), ("D", 5, "2026-10-03", 9)])  # fmt: skip
    deals = pd.DataFrame({"client_id": ["A", "B", "C", "D"], "date": "2026-10-05", "amount": [700.0, 100, 100, 100]})
    ways = la.nps(answers, 4, contacts=CONTACTS, transactions=deals).ways.set_index("way")
    # A's decision maker (contact 2) is a detractor: 3 of 4 promoters, 1 detractor.
    assert ways.loc["senior", "nps"] == 50
    assert ways.loc["all", "nps"] == pytest.approx(100 * 3 / 5)
    assert ways.loc["mean", "nps"] == 75
    assert ways.loc["revenue", "nps"] == pytest.approx(100 * (300 - 700) / 1000)
    note = [note.key for note in la.nps(answers, 4, contacts=CONTACTS, transactions=deals).notes]
    assert "survey.votes_differ" in note


def test_revenue_weights_have_the_error_of_a_ratio() -> None:
    rng = np.random.default_rng(8)
    n, size = 40, 200
    answers = pd.DataFrame({"client_id": range(n), "answered_at": "2026-10-03", "score": rng.integers(4, 11, n)})
    deals = pd.DataFrame({"client_id": range(n), "date": "2026-10-01", "amount": np.round(rng.lognormal(8, 1, n), 2)})
    row = la.nps(answers, size, transactions=deals, vote="revenue").table.iloc[0]
    w, v = deals["amount"].to_numpy(), classes(answers["score"]).to_numpy()
    ratio = (w * v).sum() / w.sum()
    residual = w * (v - ratio)
    # Cochran 1977, (6.13): the ratio's variance from the residuals, here with Σw in place of n·mean(w).
    error = np.sqrt((1 - n / size) * n * residual.var(ddof=1)) / w.sum()
    from scipy.stats import t

    assert row["nps"] == pytest.approx(100 * ratio)
    assert row["high"] - row["nps"] == pytest.approx(100 * t.ppf(0.975, n - 1) * error)


def test_window_takes_the_last_answer_of_the_quarter() -> None:
    answers = table([("A", 1, "2026-07-31 23:59", 2), ("A", 1, "2026-08-01", 9), ("B", 3, "2026-10-31 23:30", 9),
                     ("B", 3, "2026-11-01", 1), ("A", 1, "2026-09-01", 7)])  # fmt: skip
    row = la.nps(answers, 2, as_of="2026-10").table.iloc[0]
    assert (row["n"], row["promoters"], row["passives"]) == (2, 1, 1)
    assert la.nps(answers, 5, as_of="2026-10", window=None).table["n"].iloc[0] == 2
    assert la.nps(answers, 5).as_of is not None
    assert str(la.nps(answers, 5).as_of) == "2026-11"
    assert la.nps(answers, 5, as_of="2026-10-15").table["n"].iloc[0] == 1


@pytest.mark.parametrize(("metric", "low", "high"), [("csat", 1, 10), ("manager_csat", 1, 10)])
def test_satisfaction_is_never_an_nps(metric: str, low: int, high: int) -> None:
    questions = pd.DataFrame({"question_id": ["q"], "metric": [metric], "scale_min": [low], "scale_max": [high]})
    answers = pd.DataFrame({"client_id": [1, 2, 3], "question_id": "q", "score": [9, 9, 9]})
    assert la.nps(answers, 10, questions=questions).table["n"].iloc[0] == 0


def test_a_1_to_10_recommendation_must_be_declared() -> None:
    questions = pd.DataFrame({"question_id": ["q"], "metric": ["nps"], "scale_min": [1], "scale_max": [10]})
    answers = pd.DataFrame({"client_id": range(9), "question_id": "q", "score": [9, 9, 9, 8, 8, 7, 6, 5, 10]})
    with pytest.raises(DataError, match=r"Declare scale=\(1, 10\)"):
        la.nps(answers, 10, questions=questions)
    result = la.nps(answers, 10, questions=questions, scale=(1, 10))
    assert not result.table["comparable"].iloc[0]
    assert any("not comparable" in note.text("en") for note in result.notes)
    with pytest.raises(DataError, match="no cut points on a 1-5 scale"):
        la.nps(answers, 10, scale=(1, 5))


def test_fractions_and_foreign_scores_are_refused() -> None:
    with pytest.raises(DataError, match="2 scores are fractions"):
        la.nps([9, 8.5, 6.5, 7])
    assert la.nps([9, 8.5, 6.5, 7], fractions="floor").table["passives"].iloc[0] == 2
    assert la.nps([9, 8.5, 6.5, 7], fractions="nearest").table["promoters"].iloc[0] == 2
    with pytest.raises(DataError, match="outside 0-10"):
        la.nps([9, 85, 7])
    assert la.nps([95, 85, 60], scale=(0, 100)).table["nps"].iloc[0] == 0


def test_few_answers_give_no_number_but_a_census_does() -> None:
    assert la.nps([9, 10], 50).table["nps"].isna().all()
    assert la.nps([9, 10], 2).table["nps"].iloc[0] == 100
    empty = la.nps(pd.DataFrame({"client_id": [], "score": []}), 50)
    assert empty.table["n"].iloc[0] == 0
    assert "Too few" in empty.notes[0].text("en")


def test_order_of_rows_does_not_matter(demo: SimpleNamespace) -> None:
    options = {"questions": demo.questions, "clients": demo.clients, "contacts": demo.contacts,
               "transactions": demo.transactions, "by": "manager_id"}  # fmt: skip
    shuffled = demo.survey_answers.sample(frac=1, random_state=3)
    one, two = la.nps(demo.survey_answers, **options), la.nps(shuffled, **options)
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.ways, two.ways)


def test_ids_and_groups_come_back_as_given(demo: SimpleNamespace) -> None:
    before = demo.survey_answers.copy()
    result = la.nps(demo.survey_answers, questions=demo.questions, clients=demo.clients, by="industry")
    assert set(result.votes["client_id"]) <= set(demo.clients["client_id"])
    assert result.table["population"].sum() == len(demo.clients)
    assert result.table["n"].sum() == len(result.votes)
    pd.testing.assert_frame_equal(before, demo.survey_answers)


def test_population_by_group() -> None:
    answers = pd.DataFrame({"client_id": range(6), "unit_id": list("aaabbb"), "score": [9, 9, 8, 5, 7, 10]})
    result = la.nps(answers, {"a": 3, "b": 30}, by="unit_id").table.set_index("unit_id")
    assert result.loc["a", "low"] == result.loc["a", "high"] == result.loc["a", "nps"]
    assert result.loc["b", "high"] - result.loc["b", "low"] > 50


def test_anonymous_answers_each_count() -> None:
    answers = pd.DataFrame({"client_id": [None] * 5, "unit_id": ["K1"] * 5, "score": [9, 9, 9, 8, 3.0]})
    row = la.nps(answers).table.iloc[0]
    assert (row["n"], row["question"]) == (5, "process")


def test_response_stands_beside_the_score(demo: SimpleNamespace) -> None:
    options = {"questions": demo.questions, "clients": demo.clients, "as_of": "2026-10"}
    row = la.nps(demo.survey_answers, invitations=demo.survey_invitations, **options).table.iloc[0]
    rate = la.response_rate(demo.survey_invitations, demo.survey_answers, as_of="2026-10").table.iloc[0]
    assert row["response"] == rate["rate"]
    by = la.nps(demo.survey_answers, invitations=demo.survey_invitations, by="manager_id", **options).table
    assert by["response"].between(0, 1).all()
    assert la.nps(demo.survey_answers, **options).table["response"].isna().all()


def test_several_questions_are_not_mixed() -> None:
    answers = pd.DataFrame({"client_id": [1, 1, 2, 2], "question_id": ["n", "csat"] * 2, "score": [9, 4, 8, 5]})
    with pytest.raises(DataError, match=r"several questions \(csat, n"):
        la.nps(answers, 10)
    assert la.nps(answers[answers["question_id"] == "n"], 2).table["promoters"].iloc[0] == 1


def test_one_number_is_not_the_base_of_each_group() -> None:
    answers = pd.DataFrame({"client_id": range(12), "unit_id": list("ab") * 6, "score": [9, 8, 3] * 4})
    assert set(la.nps(answers, 40, by="unit_id").table["question"]) == {"process"}
    clients = pd.DataFrame({"client_id": range(40), "unit_id": list("ab") * 20})
    assert la.nps(answers, 40, by="unit_id", clients=clients).table["population"].tolist() == [20, 20]
