"""Groups, exact tests, pooling, KPI and the gate for bonuses."""

from __future__ import annotations

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.survey.compare import compare_groups, self_scores, shift_test
from loyalty_analytics.survey.kpi import kpi_matrix


@pytest.mark.parametrize(("one", "others"), [([1, 1, 0, 1], [-1, 0, 0, -1, 1]), ([9, 10, 3], [4, 5, 6, 10, 2])])
def test_shift_test_is_the_full_permutation(one: list[int], others: list[int]) -> None:
    pooled = np.array(one + others)
    seen = abs(sum(one) - len(one) * pooled.mean())
    draws = [abs(pooled[list(chosen)].sum() - len(one) * pooled.mean())
             for chosen in combinations(range(len(pooled)), len(one))]  # fmt: skip
    assert shift_test(one, others) == pytest.approx(np.mean(np.array(draws) >= seen - 1e-9))


def test_shift_test_of_two_classes_is_fisher() -> None:
    from scipy.stats import fisher_exact

    # Equal sizes make the law symmetric, where both definitions of two sides agree.
    one, others = [1] * 9 + [0] * 3, [1] * 4 + [0] * 8
    assert shift_test(one, others) == pytest.approx(fisher_exact([[9, 3], [4, 8]])[1])


def votes(shares: dict[str, tuple[int, int, int]]) -> pd.DataFrame:
    rows = [(name, vote) for name, counts in shares.items() for vote, n in zip((1, 0, -1), counts) for _ in range(n)]
    return pd.DataFrame(rows, columns=["manager_id", "vote"])


def test_the_odd_manager_is_found_and_small_ones_are_left_out() -> None:
    table = compare_groups(
        votes({"good": (14, 4, 2), "like": (13, 5, 2), "bad": (2, 4, 14), "small": (0, 0, 5), "tiny": (1, 0, 1)}),
        "manager_id",
    ).table.set_index("manager_id")
    assert table["differs"].to_dict() == {"good": False, "like": False, "bad": True, "small": False, "tiny": False}
    assert table.loc["good", "alike"] == table.loc["like", "alike"] != table.loc["bad", "alike"]
    assert table.loc[["small", "tiny"], "rank"].isna().all()
    assert table.loc[["small", "tiny"], "p_value"].isna().all()
    assert pd.isna(table.loc["tiny", "score"])
    assert table.loc["small", "score"] == -100
    assert table["rank"].dropna().tolist() == [1, 2, 3]


def test_pooling_pulls_small_groups_to_the_common_score() -> None:
    table = compare_groups(
        votes({"a": (10, 6, 4), "b": (9, 7, 4), "c": (11, 5, 4), "small": (3, 0, 0)}), "manager_id"
    ).table.set_index("manager_id")
    assert 20 < table.loc["small", "pooled"] < 80 < table.loc["small", "score"]
    width = table["pooled_high"] - table["pooled_low"]
    assert (width < table["high"] - table["low"]).loc[["a", "b", "c"]].all()


def test_alike_managers_are_seldom_called_different() -> None:
    rng = np.random.default_rng(40)
    alarms = 0
    for _ in range(30):
        table = pd.DataFrame({"manager_id": np.repeat(np.arange(5), 12),
                              "vote": rng.choice([1, 0, -1], 60, p=[0.5, 0.3, 0.2])})  # fmt: skip
        alarms += bool(compare_groups(table, "manager_id").table["differs"].any())
    assert alarms <= 5  # 5 % of 30 is 1.5; nearly three errors more


def test_means_are_compared_too() -> None:
    scores = pd.DataFrame({"unit_id": ["x"] * 12 + ["y"] * 12, "score": [9, 10] * 6 + [4, 6] * 6})
    table = compare_groups(scores, "unit_id", kind="mean").table.set_index("unit_id")
    assert table.loc["x", "score"] == 9.5
    assert bool(table.loc["y", "differs"])
    assert 1 <= table.loc["y", "low"] < 5 < table.loc["y", "high"]


def test_own_scores_against_clients() -> None:
    meetings = pd.DataFrame({"client_id": range(10), "manager_id": ["M"] * 10, "held_at": "2026-10-01",
                             "manager_self_score": 9.0})  # fmt: skip
    answers = pd.DataFrame({"client_id": range(10), "score": [6.0, 7.0] * 5, "answered_at": "2026-10-02"})
    row = self_scores(answers, meetings).table.iloc[0]
    assert (row["own"], row["client"], row["gap"], row["n"]) == (9, 6.5, 2.5, 10)
    assert 0 < row["low"] < 2.5 < row["high"]
    assert row["p_value"] < 0.001
    assert self_scores(answers.head(7), meetings).table["p_value"].isna().all()  # 8 are needed to call it a gap
    assert self_scores(answers.head(2), meetings).table["low"].isna().all()


def test_kpi_matrix_and_its_gate(demo: SimpleNamespace) -> None:
    options = {"answers": demo.survey_answers, "invitations": demo.survey_invitations, "actions": demo.actions,
               "transactions": demo.transactions, "clients": demo.clients, "questions": demo.questions,
               "as_of": "2026-10"}  # fmt: skip
    table = kpi_matrix("unit_id", **options).table.set_index("unit_id")
    quarter = demo.transactions[pd.to_datetime(demo.transactions["date"]).between("2026-08-01", "2026-10-31")]
    assert table["revenue"].sum() == pytest.approx(quarter["amount"].sum(), abs=0.005)
    assert (table["response"] + table["silent_share"]).tolist() == pytest.approx([1, 1])
    assert table["n"].sum() == len(la.nps(demo.survey_answers, questions=demo.questions, as_of="2026-10").votes)
    assert table["bonus_ready"].equals(table["gate"] == "")
    groups = compare_groups(la.nps(demo.survey_answers, questions=demo.questions, as_of="2026-10").votes, "unit_id",
                            clients=demo.clients).table.set_index("unit_id").loc[table.index]  # fmt: skip
    interval = groups[["score", "low", "high"]].to_numpy()
    assert table[["nps", "nps_low", "nps_high"]].to_numpy() == pytest.approx(interval)
    strict = kpi_matrix("unit_id", **options, least=1000).table
    assert set(strict["gate"]) == {"votes"}
    assert set(kpi_matrix("unit_id", **options, widest=1).table["gate"]) == {"width"}
    assert set(kpi_matrix("unit_id", **options, widest=200, response=0.99).table["gate"]) == {"response"}
    alone = kpi_matrix("unit_id", answers=demo.survey_answers, clients=demo.clients, questions=demo.questions).table
    assert alone["revenue"].isna().all()


def test_promises_kept_to_the_day() -> None:
    work = pd.DataFrame({"unit_id": "U", "due_at": ["2026-10-05"] * 4,
                         "closed_at": ["2026-10-05 23:00", "2026-10-06 00:00", "2026-10-01", None]})  # fmt: skip
    row = kpi_matrix("unit_id", actions=work, as_of="2026-10").table.iloc[0]
    assert (row["in_time"], row["due"]) == (0.5, 4)


def test_large_groups_take_the_normal_limit() -> None:
    rng = np.random.default_rng(5)
    one, others = rng.integers(1, 11, 60), rng.integers(1, 11, 90) + (rng.random(90) < 0.2)
    exact = shift_test(one, others)
    more = shift_test(np.append(one, one[:1]), others)  # 61 against 90: the limit
    assert more == pytest.approx(exact, abs=0.03)
    assert shift_test(one, others) == shift_test(others, one)


def test_a_thousand_managers_do_not_hang() -> None:
    rng = np.random.default_rng(6)
    table = pd.DataFrame({"manager_id": np.repeat(np.arange(150), 12), "vote": rng.choice([1, 0, -1], 1800)})
    result = compare_groups(table, "manager_id").table
    assert len(result) == 150
    assert result["differs"].sum() <= 2
