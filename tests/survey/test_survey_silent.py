"""The silent: statuses, ways of counting, response and likeness."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.errors import DataError
from loyalty_analytics.survey.profile import sample_like_base, silent_later
from loyalty_analytics.survey.response import statuses


def test_ways_by_hand() -> None:
    result = la.silent({"promoters": 12, "passives": 5, "detractors": 3, "refused": 3, "no_answer": 5}, population=50)
    nps = result.table.set_index("way")["nps"]
    assert nps["respondents"] == pytest.approx(100 * 9 / 20)
    assert nps["passives"] == pytest.approx(nps["respondents"] * 20 / 28)  # NPS × response rate
    assert nps["detractors"] == pytest.approx(100 * (12 - 11) / 28)
    assert nps["half"] == pytest.approx(100 * (12 - 7) / 28)
    assert nps["promoters"] == pytest.approx(100 * (20 - 3) / 28)
    assert result.break_even is None  # even all eight as detractors leave +1
    assert result.table.set_index("bound").loc[["lower", "upper"], "way"].tolist() == ["detractors", "promoters"]


def test_break_even_is_the_share_that_makes_zero() -> None:
    result = la.silent({"promoters": 10, "passives": 5, "detractors": 6, "silent": 10})
    assert result.break_even == pytest.approx(0.4)
    assert 10 - 6 - 0.4 * 10 == 0


def test_not_asked_widen_and_not_delivered_are_no_silence() -> None:
    counts = {"promoters": 10, "passives": 5, "detractors": 5, "silent": 5}
    asked = la.silent(counts, population=25).table
    more = la.silent({**counts, "not_asked": 60, "not_delivered": 4})
    assert asked.loc[1, "low"] == asked.loc[1, "high"] == asked.loc[1, "nps"]
    assert more.table["population"].iloc[0] == 89
    assert more.table["silent"].iloc[0] == 5
    assert more.table.loc[1, "low"] < asked.loc[1, "low"]
    assert "survey.silent_undelivered" in [note.key for note in more.notes]
    with pytest.raises(DataError, match="is not refused"):
        la.silent({**counts, "refused": 1, "no_answer": 1})
    with pytest.raises(DataError, match="Did you mean 'promoters'"):
        la.silent({"promotors": 3})


def test_best_status_per_client() -> None:
    sent = pd.DataFrame({
        "client_id": ["A", "A", "B", "B", "C", "D", "E"], "invitation_id": range(7),
        "sent_at": ["2026-09-01", "2026-10-01", "2026-09-01", "2026-10-02", "2026-10-02", "2026-10-03", "2026-10-03"],
        "status": ["no_answer", "answered", "no_answer", "refused", "not_delivered", "no_answer", "no_answer"],
    })  # fmt: skip
    said = pd.DataFrame({"client_id": ["D"], "answered_at": ["2026-10-09"], "score": [9]})
    known = statuses(sent, said, as_of="2026-10").set_index("client_id")["status"].to_dict()
    assert known == {"A": "answered", "B": "refused", "C": "not_delivered", "D": "answered", "E": "no_answer"}
    rate = la.response_rate(sent, said, as_of="2026-10").table.iloc[0]
    assert (rate["answered"], rate["asked"], rate["not_delivered"]) == (2, 4, 1)
    assert rate["rate"] == 0.5
    with pytest.raises(DataError, match="Unknown status 'silent'"):
        statuses(sent.assign(status="silent"))


def test_silent_clients_come_with_money(demo: SimpleNamespace) -> None:
    result = la.silent(demo.survey_answers, demo.survey_invitations, questions=demo.questions, clients=demo.clients,
                       transactions=demo.transactions, as_of="2026-10")  # fmt: skip
    assert len(result.clients) == result.table["silent"].iloc[0]
    assert result.clients["revenue"].is_monotonic_decreasing
    assert set(result.clients["status"]) <= {"refused", "no_answer"}
    voters = la.nps(demo.survey_answers, questions=demo.questions, as_of="2026-10").votes["client_id"]
    assert not set(result.clients["client_id"]) & set(voters)


def test_another_question_is_no_silence() -> None:
    """One random question per visitor: who got another question did not refuse this one."""
    questions = pd.DataFrame({"question_id": ["n", "x"], "metric": ["nps", "factor"]})
    sent = pd.DataFrame({
        "invitation_id": range(8), "client_id": None, "unit_id": "K1", "sent_at": "2026-10-03",
        "question_id": ["n"] * 4 + ["x"] * 4, "status": ["answered"] * 3 + ["no_answer"] * 5,
    })  # fmt: skip
    said = pd.DataFrame({"invitation_id": range(3), "client_id": None, "question_id": "n", "score": [9, 8, 3],
                         "answered_at": "2026-10-03"})  # fmt: skip
    assert la.silent(said, sent, questions=questions).table["silent"].iloc[0] == 1


def test_response_by_group_finds_the_planted_difference() -> None:
    rng = np.random.default_rng(1)
    sent = pd.DataFrame({"client_id": range(120), "manager_id": np.repeat(["a", "b", "c"], 40)})
    sent["sent_at"] = "2026-10-03"
    chance = np.repeat([0.9, 0.9, 0.3], 40)
    sent["status"] = np.where(rng.random(120) < chance, "answered", "no_answer")
    deals = pd.DataFrame({"client_id": range(120), "date": "2026-10-01", "amount": 10.0})
    result = la.response_rate(sent, by="manager_id", transactions=deals, as_of="2026-10")
    table = result.table.set_index("manager_id")
    assert table.loc["c", "p_value"] < 0.001
    assert result.test["p_value"] < 0.001
    assert table["revenue_share"].to_dict() == pytest.approx(table["rate"].to_dict())
    assert (table["low"] < table["rate"]).all()


def test_sample_unlike_the_base_is_named() -> None:
    clients = pd.DataFrame({"client_id": range(60), "industry": np.repeat(["food", "auto"], 30),
                            "region": ["n", "s"] * 30})  # fmt: skip
    money = pd.Series(np.where(np.arange(60) < 30, 100.0, 1.0), index=range(60))
    result = sample_like_base(list(range(25)), clients, revenue=money)
    table = result.table.set_index("attribute")
    assert table.loc["industry", "p_value"] < 0.05 < table.loc["region", "p_value"]
    assert table.loc["industry", "category"] == "auto" or table.loc["industry", "category"] == "food"
    assert table.loc["revenue", "sample"] == pytest.approx(2500 / 3030)
    fair = sample_like_base([i for i in range(60) if i % 4 < 2], clients)
    assert "resemble" in fair.notes[0].text("en")
    few = sample_like_base([1, 2], clients)
    assert few.table["p_value"].isna().all()


def test_what_became_of_the_silent() -> None:
    months = pd.period_range("2025-10", "2026-09", freq="M")
    rows, known = [], []
    for client in range(40):
        hushed = client >= 20
        known.append((client, "no_answer" if hushed else "answered", "2026-03-15"))
        for month in months:
            later = month > pd.Period("2026-03", "M")
            rows.append((client, month, 50.0 + client if later and hushed else 100.0 + client))
    panel = pd.DataFrame(rows, columns=["client_id", "month", "revenue"])
    status = pd.DataFrame(known, columns=["client_id", "status", "asked_at"])
    result = silent_later(status, panel, as_of="2026-09").table.set_index("status")
    assert result.loc["answered", "change"] == 0
    assert result.loc["silent", "change"] == pytest.approx(-50 / (100 + np.arange(20, 40).mean()), abs=1e-9)
    assert result.loc["silent", "p_value"] < 0.001
    early = silent_later(status, panel, as_of="2026-05")  # three whole months have not passed
    assert early.table["n"].sum() == 0


def test_respondents_are_the_nps_itself(demo: SimpleNamespace) -> None:
    """The first way is `la.nps`, also where nobody is passive or nobody a detractor."""
    for counts in ((9, 0, 3), (9, 4, 0), (5, 3, 2)):
        row = la.silent(dict(zip(("promoters", "passives", "detractors"), counts), silent=3), population=40).table
        assert tuple(row.loc[0, ["low", "high"]]) == la.nps_interval(*counts, population=40)
    options = {"questions": demo.questions, "clients": demo.clients, "as_of": "2026-10"}
    score = la.nps(demo.survey_answers, **options).table.iloc[0]
    first = la.silent(demo.survey_answers, demo.survey_invitations, **options).table.iloc[0]
    assert first[["nps", "low", "high", "n"]].tolist() == score[["nps", "low", "high", "n"]].tolist()


def test_likeness_of_a_large_base_agrees_with_permutations() -> None:
    rng = np.random.default_rng(14)
    p_values = {}
    for size in (2000, 2001):
        clients = pd.DataFrame({"client_id": range(size), "industry": np.arange(size) % 4})
        clients["region"] = np.where(np.arange(size) < 900, "n", "s")
        some = rng.choice(size, 400, replace=False) if size == 2000 else some  # noqa: F821
        money = pd.Series(np.arange(size, dtype=float) % 97, index=range(size))
        table = sample_like_base(list(some), clients, revenue=money).table.set_index("attribute")
        p_values[size] = table["p_value"]
    assert p_values[2000].to_numpy() == pytest.approx(p_values[2001].to_numpy(), abs=0.05)
