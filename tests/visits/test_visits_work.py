"""Compliance, priorities, replanning, complaints, movement and retention: small worlds counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.visits.compliance import kept_rules
from loyalty_analytics.visits.needs import needs_by_manager, stated_plans
from loyalty_analytics.visits.priority import priorities
from loyalty_analytics.visits.touch import activity, class_movement, complaint_loop, retention_heard, worked_on


def _held(*rows):
    table = pd.DataFrame(rows, columns=["client_id", "held_at", "format"])
    return table.assign(held_at=pd.to_datetime(table["held_at"]), status="held", planned_at=pd.NaT)


def test_a_year_of_rules_by_hand():
    clients = pd.DataFrame(
        {"client_id": ["A", "B"], "client_type": "regular", "is_anchor": [True, False], "manager_id": "M"}
    )
    meetings = _held(
        ("A", "2025-02-03", "meeting"), ("A", "2025-05-03", "call"), ("A", "2025-08-03", "call"),
        ("A", "2025-12-10", "online"),
    )  # fmt: skip
    found = kept_rules(clients, meetings, "2025-12").table
    found = found.set_index(["client_id", "rule"]).sort_index()
    assert found.loc[("A", "gap"), "kept"].tolist() == [True] * 4
    assert found.loc[("A", "december"), "kept"]
    assert found.loc[("A", "twice"), "kept"]
    assert found.loc[("B", "gap"), "kept"].tolist() == [False] * 4
    assert not found.loc[("B", "twice"), "kept"]
    assert ("B", "december") not in found.index


def test_problems_want_a_contact_in_their_month_or_the_next():
    clients = pd.DataFrame({"client_id": ["A", "B"], "client_type": "one_off"})
    problems = pd.DataFrame({"client_id": ["A", "B"], "opened_at": ["2025-06-20", "2025-06-20"]})
    meetings = _held(("A", "2025-07-31", "call"), ("B", "2025-06-19", "call"), ("B", "2025-08-01", "call"))
    found = kept_rules(clients, meetings, "2025-12", problems=problems).table.set_index("client_id")
    assert found["kept"].to_dict() == {"A": True, "B": False}


def test_a_new_client_is_judged_from_its_first_contact_on():
    clients = pd.DataFrame({"client_id": ["N"], "client_type": "regular", "first_contact_date": ["2025-08-15"]})
    found = kept_rules(clients, _held(("X", "2025-01-01", "call")), "2025-11").table
    assert len(found[found["rule"] == "gap"]) == 1


def test_points_and_reasons_of_a_client():
    clients = pd.DataFrame({"client_id": ["A", "B", "C"]})
    panel = pd.DataFrame({"client_id": ["A", "B", "C"], "month": "2026-09", "revenue": [900.0, 90.0, 10.0]})
    breaks = pd.DataFrame(
        {"client_id": ["B", "C"], "break_month": ["2026-09", "2025-01"], "direction": -1, "lost": 5.0}
    )
    actions = pd.DataFrame({"client_id": ["C"], "due_at": ["2026-10-21"], "closed_at": [None], "action_id": ["1"]})
    meetings = _held(("A", "2026-10-02", "call"), ("B", "2026-10-02", "call"), ("C", "2026-10-02", "call"))
    found = priorities(
        clients, "2026-10", panel=panel, breaks=breaks, actions=actions, meetings=meetings,
        silent=pd.Series(["A"]),
    ).table.set_index("client_id")  # fmt: skip
    assert found["reasons"].to_dict() == {"A": "silence, money", "B": "break, money", "C": "promise"}
    assert found["points"].to_dict() == {"A": 3, "B": 4, "C": 2}
    assert found.loc["C", "promise_days"] == 10


@pytest.mark.parametrize("seed", range(4))
def test_a_replan_in_the_middle_of_the_quarter_keeps_what_is_agreed(seed):
    dice = np.random.default_rng(seed)
    clients = pd.DataFrame({"client_id": range(40), "manager_id": dice.choice(["M", "N"], 40)})
    start = pd.Timestamp("2026-06-05") + pd.to_timedelta(dice.integers(0, 115, 40), unit="D")
    held = pd.DataFrame({"client_id": range(40), "held_at": start, "status": "held", "format": "meeting"})
    held["planned_at"] = pd.NaT
    plan = la.plan_visits(clients, held, "2026-09", capacity=(3, 6)).table
    # October went as planned; the rest is agreed now.
    october = plan["month"] == "2026-10-01"
    agreed = plan.assign(status=np.where(october, "held", "planned"), planned_at=plan["week"].where(~october))
    agreed["planned_at"] = agreed["planned_at"].where(
        agreed["planned_at"].isna() | (agreed["planned_at"] >= plan["month"]), plan["month"]
    )
    agreed["held_at"] = plan["month"].where(october)
    replan = la.plan_visits(clients, pd.concat([held, agreed]), "2026-10", months=2, capacity=(3, 6))
    stages = replan.overview.set_index("stage")["value"]
    assert stages["changes"] == 0
    assert replan.table["agreed"].sum() == (~october).sum()
    # A new problem adds one contact and moves nothing.
    problem = pd.DataFrame({"client_id": [0], "opened_at": ["2026-10-31"]})
    again = la.plan_visits(clients, pd.concat([held, agreed]), "2026-10", months=2, capacity=(3, 6), problems=problem)
    assert again.overview.set_index("stage")["value"]["changes"] == 0


def test_exceptions_are_summed_by_month_and_manager_with_what_calls_solve():
    clients = pd.DataFrame({"client_id": range(9), "manager_id": "M"})
    plan = la.plan_visits(clients, None, "2026-02", months=1, capacity=(0, 4), calls=False)
    row = plan.shortage.iloc[0]
    assert row[["rules", "clients", "missing", "calls_would_do"]].tolist() == [5, 5, 5, 5]
    anchors = clients.assign(is_anchor=True, client_type="one_off")
    plan = la.plan_visits(anchors, None, "2026-11", months=1, capacity=(0, 4))
    assert plan.shortage["calls_would_do"].tolist() == [0]


def test_priority_decides_who_comes_first_in_a_month():
    clients = pd.DataFrame({"client_id": ["A", "B", "C", "D"], "manager_id": "M"})
    order = pd.DataFrame({"client_id": ["D"], "points": [5], "reasons": ["break"]})
    table = la.plan_visits(clients, None, "2026-02", months=1, priority=order).table.set_index("client_id")
    assert table["week"].idxmin() == "D"
    assert table.loc["D", ["priority", "why"]].tolist() == [5, "break"]


def test_complaints_by_hand():
    rows = pd.DataFrame(
        {
            "created_at": pd.to_datetime(["2026-10-01 10:00", "2026-10-01 10:00", "2026-10-31 10:00"]),
            "first_response_at": pd.to_datetime(["2026-10-03 10:00", "2026-10-03 10:01", None]),
            "resolved_at": pd.to_datetime(["2026-10-05", None, None]),
            "reopened": pd.array([True, False, None], dtype="boolean"),
            "compensation": [0.0, 500.0, None],
            "score_after": [8.0, None, None],
        }
    )
    found = complaint_loop(rows, "2026-10")
    table = found.table.set_index("step")
    assert table["judged"].to_dict() == {"answered": 2, "solved": 2}  # the third is younger than 48 h
    assert table.loc["answered", "in_time"] == 0.5
    assert found.overview.loc[0, ["n", "open", "reopened", "reopened_known", "paid"]].tolist() == [3, 2, 1, 2, 1]


def test_movement_between_the_four_classes():
    questions = pd.DataFrame({"question_id": ["Q"], "metric": "nps", "scale_min": 0, "scale_max": 10})
    answers = pd.DataFrame(
        {"client_id": list("AABBCC"), "question_id": "Q", "score": [3, 10, 9, 9, 8, 5],
         "answered_at": pd.to_datetime(["2025-03-01", "2026-03-01"] * 3)}
    )  # fmt: skip
    given = pd.DataFrame({"referrer_client_id": ["A"], "given_at": pd.to_datetime(["2026-05-01"])})
    found = class_movement(answers, questions, given, "2026-10")
    moved = found.table[found.table["clients"] > 0]
    assert set(zip(moved["before"], moved["after"])) == {
        ("detractor", "recommender"), ("promoter", "promoter"), ("passive", "detractor")
    }  # fmt: skip
    assert found.overview.loc[0].tolist() == [3, 1, 1, 1]


def test_the_silent_who_left_are_seen():
    sent = pd.Timestamp("2026-01-15")
    invitations = pd.DataFrame(
        {"client_id": range(40), "sent_at": sent, "status": ["answered"] * 20 + ["no_answer"] * 20}
    )
    early = pd.DataFrame({"client_id": range(40), "month": "2026-01", "revenue": 1.0})
    late = pd.DataFrame({"client_id": range(25), "month": "2026-09", "revenue": 1.0})
    found = retention_heard(invitations, pd.concat([early, late]), "2026-10")
    assert found.table[["n", "kept"]].values.tolist() == [[20, 20], [20, 5]]
    assert found.overview.loc[0, "low"] > 0


def test_worked_on_takes_the_worst_tone_of_a_text():
    feedback = pd.DataFrame(
        {"feedback_id": ["1", "2"], "created_at": pd.to_datetime(["2026-10-01"] * 2), "channel": "web",
         "replied_at": pd.to_datetime(["2026-10-02", "2026-11-02"])}
    )  # fmt: skip
    tags = pd.DataFrame({"feedback_id": ["1", "1"], "sentiment": ["positive", "negative"]})
    found = worked_on(feedback, tags, "2026-10").table.set_index("polarity")
    assert found["replied"].to_dict() == {"negative": 1, "unknown": 0}  # an answer of November is not known yet


def test_replies_to_public_reviews_are_counted_by_tone():
    feedback = pd.DataFrame(
        {"feedback_id": range(6), "created_at": pd.Timestamp("2026-10-01"),
         "channel": ["Maps", "maps", "maps", "2GIS", "web", "web"],
         "replied_at": pd.to_datetime(["2026-10-02", None, None, "2026-10-03", None, "2026-10-02"])}
    )  # fmt: skip
    tags = pd.DataFrame({"feedback_id": range(6), "sentiment": ["negative", "negative", "positive"] * 2})
    found = worked_on(feedback, tags, "2026-10").table
    assert set(found.loc[found["public"], "channel"]) == {"Maps", "maps"}
    named = worked_on(feedback, tags, "2026-10", public=["maps", "2gis"]).table
    tones = named[named["public"]].groupby("polarity")[["n", "replied"]].sum()
    assert tones.loc[["negative", "positive"]].values.tolist() == [[3, 2], [1, 0]]


def test_activity_counts_ninety_days_and_each_client_once():
    none = pd.DataFrame({"client_id": []})
    answers = pd.DataFrame({"client_id": ["A", "A", "B"], "answered_at": ["2026-10-01", "2026-10-02", "2026-07-01"]})
    found = activity(
        pd.DataFrame({"client_id": ["A", "B"]}), "2026-10", answers=answers, referrals=none, feedback=none,
        complaints=none, meetings=none,
    ).table.set_index("kind")  # fmt: skip
    assert found.loc[["answers", "any"], "clients"].tolist() == [1, 1]


def test_an_offer_fits_where_three_others_of_the_trade_bought_it_in_that_season():
    clients = pd.DataFrame({"client_id": list("ABCDE"), "industry": "food", "manager_id": "M"})
    orders = pd.DataFrame({"client_id": list("BCD"), "date": pd.to_datetime(["2025-11-05"] * 3), "product_id": "P"})
    offers = pd.DataFrame(
        {"client_id": ["A", "A"], "offered_at": pd.to_datetime(["2026-10-05", "2026-05-05"]), "product_id": "P",
         "outcome": ["won", "lost"]}
    )  # fmt: skip
    none = pd.DataFrame({"client_id": []})
    row = needs_by_manager(clients, "2026-10", offers=offers, meetings=none, actions=none, transactions=orders).table
    assert row[["offers", "won", "decided", "fitting"]].values.tolist() == [[2, 1, 2, 1]]


@pytest.mark.parametrize(
    "period, fact", [("2026-09", 3.0), ("2026Q3", 6.0), ("2026-Q3", 6.0), ("2026", None), ("soon", None)]
)
def test_stated_plans_read_months_quarters_and_years(period, fact):
    told = pd.DataFrame({"client_id": ["A"], "held_at": ["2026-01-10"], "plan_amount": [10.0], "plan_period": [period]})
    panel = pd.DataFrame({"client_id": "A", "month": ["2026-07", "2026-08", "2026-09"], "revenue": [1.0, 2.0, 3.0]})
    found = stated_plans(told, panel, "2026-10").table["fact"].tolist()
    assert found == ([] if fact is None else [fact])
