"""Sentences of the monthly brief: each variant, in both languages, and numbers that stand in the tables."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import small

from loyalty_analytics import words
from loyalty_analytics.economics import receivables
from loyalty_analytics.exhibits import brief_money, brief_voice, volume
from loyalty_analytics.exhibits.matrix import matrix
from loyalty_analytics.results import Result
from loyalty_analytics.segments.movement import bridge
from loyalty_analytics.words import LANGUAGES


def test_volume_sentence_knows_plan_last_year_and_neither():
    steady = small.plain(small.front(small.data(), "ru").summary)
    assert steady.startswith("Объём за октябрь 2026: 150 тыс. ₽, столько же, сколько в октябре 2025.")
    revenue = {"A": np.r_[np.full(23, 100_000.0), 50_000.0]}
    fallen = small.plain(small.front(small.data(revenue, targets=small.plan(100_000.0)), "en").summary)
    assert fallen.startswith(
        "Volume in October 2026: RUB 50 k, 50% of plan, 50% below October 2025; 95% of plan since January."
    )
    young = small.plain(small.front(small.data({"A": np.r_[np.zeros(20), np.full(4, 1e6)]}), "ru").summary)
    assert young.startswith("Объём за октябрь 2026: 1,0 млн ₽.")
    nothing = small.plain(small.front(small.data({"A": np.r_[np.full(23, 1e5), 0.0]}), "en").summary)
    assert nothing.startswith("There were no sales in October 2026.")


def test_falls_are_told_from_breaks():
    fallen = small.data({"A": np.r_[np.full(23, 100_000.0), 50_000.0], "B": 50_000.0})
    assert "На 1 клиента приходится 100 % суммы всех падений, перелома у него не найдено" in small.plain(
        small.front(fallen, "ru").summary
    )
    found = small.plain(small.front(fallen, "ru", small.found([small.fall()])).summary)
    assert "приходится 100 % суммы всех падений, у него перелом с июля 2026." in found
    assert "Падений к прошлому году нет." in small.plain(small.front(small.data(), "ru").summary)


def test_one_proposal_the_most_urgent():
    late = pd.DataFrame([{"client_id": "B", "days_late": 20}])
    broken = small.found([small.fall()])
    assert "Предлагаем встретиться: ООО «Альфа»." in small.front(small.data(), "ru", broken, late, 3).summary
    assert "просроченные обещания: 3" in small.front(small.data(), "ru", late=late, overdue=3).summary
    assert "опаздывает с заказом: ООО «Бета»." in small.front(small.data(), "ru", late=late).summary
    assert "Срочных встреч не требуется." in small.front(small.data(), "ru").summary


def test_old_breaks_are_no_news():
    assert "ООО «Альфа»" not in small.front(small.data(), "ru", small.found([small.fall(month="2025-10-01")])).summary


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_client_without_money_gets_the_survey_brief(language):
    data = small.data({}, missing=("transactions", "clients"))
    front = small.front(data, language)
    assert front.title != small.front(small.data(), language).title
    assert len(front.summary.split()) < 60


@pytest.mark.parametrize("language", LANGUAGES)
def test_bridge_titles(language):
    titles = {}
    for name, last in (("down", 50_000.0), ("up", 200_000.0), ("same", 100_000.0)):
        data = small.data({"A": np.r_[np.full(23, 100_000.0), last], "B": 10_000.0})
        shown = brief_money.bridge(data, bridge(data.panel, "2026-10"), language=language)
        titles[name] = shown.title
        assert shown.table.frame["change"].sum() == pytest.approx(last - 100_000.0)
    assert len(set(titles.values())) == 3
    young = small.data({"A": np.r_[np.zeros(20), np.full(4, 1e5)]})
    assert brief_money.bridge(young, bridge(young.panel, "2026-10"), language=language).table is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_breaks_titles(language):
    data = small.data()
    some = brief_money.worst_breaks(data, small.found([small.fall()]), language=language)
    assert "ООО «Альфа»" in some.title
    none = brief_money.worst_breaks(data, small.found(), language=language)
    short = brief_money.worst_breaks(data, small.found(judged=0), language=language)
    assert len({some.title, none.title, short.title}) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_debts(language):
    bills = pd.DataFrame({"client_id": ["A"], "date": ["2026-08-01"], "amount": [70_000.0], "due_date": ["2026-09-01"],
                          "paid_date": [None], "paid_amount": [None]})  # fmt: skip
    data = small.data()
    some = brief_money.debt(data, receivables(bills, "2026-10"), language=language)
    none = brief_money.debt(data, receivables(bills, "2026-08"), language=language)
    assert "ООО «Альфа»" in some.title
    assert none.table is None


def _tagged(n_after, a_after, n_before, a_before):
    """Comments of clients in the last quarter and the one before, with those that name a slow answer."""
    rows = [(f"{w}{i}", f"c{i}", stamp) for w, n, stamp in (("a", n_after, "2026-09-10"), ("b", n_before, "2026-06-10"))
            for i in range(n)]  # fmt: skip
    feedback = pd.DataFrame(rows, columns=["feedback_id", "client_id", "created_at"]).assign(text="x")
    feedback["created_at"] = pd.to_datetime(feedback["created_at"])
    ids = [f"a{i}" for i in range(a_after)] + [f"b{i}" for i in range(a_before)]
    tags = pd.DataFrame({"feedback_id": ids, "cause": "service.speed", "sentiment": "negative"})
    data = small.data(feedback=feedback)
    return data, brief_voice.cause_counts(data, Result(frame=tags))


def test_a_change_of_causes_must_exceed_the_noise():
    titles = []
    for counts in ((30, 20, 30, 3), (30, 3, 30, 20), (30, 9, 30, 7), (4, 2, 30, 7)):
        data, table = _tagged(*counts)
        titles.append(brief_voice.causes(data, table, language="ru").title)
    assert "Чаще прежнего" in titles[0]
    assert "Реже прежнего" in titles[1]
    assert "не чаще и не реже" in titles[2]
    assert "рано" in titles[3]


def test_the_top_cause_counts_clients_not_texts():
    data, table = _tagged(10, 4, 10, 1)
    assert brief_voice.top_cause(data, table, "ru")["a"] == 4
    assert "4 из 10 клиентов" in small.plain(small.front(data, "ru", counts=table).summary)


@pytest.mark.parametrize("worlds", [60, pytest.param(400, marks=pytest.mark.proof)])
def test_nothing_moves_nothing_is_claimed(worlds, monkeypatch):
    """With the same share in both quarters a change is claimed in at most 5 % of the worlds."""
    monkeypatch.setattr(brief_voice, "read_codebook", cache(brief_voice.read_codebook))
    dice = np.random.default_rng(11)
    claims = 0
    for _ in range(worlds):
        data, table = _tagged(35, int(dice.binomial(35, 0.2)), 35, int(dice.binomial(35, 0.2)))
        claims += "прежнего" in brief_voice.causes(data, table, language="ru").title.replace(
            "не чаще и не реже прежнего", ""
        )
    assert claims <= worlds / 20


def test_a_declared_anchor_beats_a_computed_one():
    kinds = pd.DataFrame({"client_id": list("abc"), "is_anchor": [True, False, True]})
    card = pd.DataFrame({"client_id": list("ba"), "is_anchor": pd.array([True, False], "boolean")})
    assert volume.anchors(SimpleNamespace(clients=card), kinds).to_dict() == {"a": False, "b": True, "c": True}
    unknown = card.assign(is_anchor=pd.array([None, None], "boolean"))
    assert volume.anchors(SimpleNamespace(clients=unknown), kinds).to_dict() == {"a": True, "b": False, "c": True}


@pytest.mark.parametrize("language", LANGUAGES)
def test_visits_and_gaps(language):
    data = small.data(missing=("targets", "events"))
    columns = ["client_id", "month", "week", "format", "reason", "visitor_id"]
    rows = [("A", pd.Timestamp("2026-11-01"), pd.Timestamp("2026-11-02"), "meeting", "problem, gap", "M1")]
    for listed in (rows, []):
        frame = pd.DataFrame(listed, columns=columns).astype({"month": "datetime64[us]"})
        plan = SimpleNamespace(frame=frame, exceptions=pd.DataFrame())
        shown = brief_voice.visits(data, plan, language=language)
        assert ("ООО «Альфа»" in shown.title) == bool(listed)
    gaps = brief_voice.unknowns(data, breaks=small.found(judged=1), language=language)
    assert len(gaps.table.frame) == 3
    assert brief_voice.unknowns(small.data(), language=language).table is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_exhibit_says_which_table_it_misses(language):
    data = small.data(missing=("transactions", "units"))
    shown = brief_money.volume_chart(data, language=language)
    assert shown.missing
    assert shown.note
    assert matrix(data, language=language).missing


def test_falls_name_the_fewest_clients():
    changes = pd.DataFrame({"client_id": list("abcd"), "change": [-50.0, -30.0, -10.0, 40.0]})
    down = volume.falls(changes, small.found([small.fall("b")]).frame)
    assert down["clients"] == ["a", "b"]
    assert down["share"] == pytest.approx(80 / 90)
    assert down["broken"] == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_debt_is_claimed_only_where_bills_have_due_dates(language):
    orders = pd.DataFrame({"client_id": ["A"], "date": [pd.Timestamp("2026-09-01")]})
    empty = SimpleNamespace(frame=pd.DataFrame({"client_id": [], "overdue": []}))
    titles = {}
    for name, due in (("unknown", pd.NaT), ("none", pd.Timestamp("2026-10-01"))):
        data = small.data(transactions=orders.assign(due_date=[due]))
        titles[name] = brief_money.debt(data, empty, language=language).title
    assert titles == {name: words.say(f"brief.debt_{name}", language) for name in ("unknown", "none")}
