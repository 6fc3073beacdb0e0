"""Funnel, wallet, plan, receivables, products, referrals, deliveries, stated plans."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.economics import (
    deliveries,
    funnel,
    next_products,
    plan_fact,
    receivables,
    referrals,
    stated_plans,
)
from loyalty_analytics.economics.wallet import rank_share
from loyalty_analytics.errors import DataError


def _leads(counts: dict[str, int], when: str = "2026-10-01") -> pd.DataFrame:
    """Leads that reached each stage: awareness first, the rest nested."""
    rows = [(f"{when}-{i}", stage, when) for stage, n in counts.items() for i in range(n)]
    return pd.DataFrame(rows, columns=["lead_id", "stage", "entered_at"])


def test_funnel_by_hand_with_wilson() -> None:
    table = funnel(_leads({"awareness": 100, "interest": 50, "desire": 10, "action": 9}), "2026-10").table
    assert table["leads"].tolist() == [100, 50, 10, 9, 0]
    action = table.set_index("stage").loc["action"]
    # Wilson's interval of 9 of 10: Wilson 1927; R: prop.test(9, 10, correct = FALSE)$conf.int
    assert (action["step_low"], action["step_high"]) == pytest.approx((0.5958, 0.9821), abs=1e-4)


def test_funnel_jump_over_a_stage_plan_and_year_before() -> None:
    now = pd.DataFrame({"lead_id": [1, 1], "stage": ["awareness", "action"], "entered_at": "2026-10-01"})
    before = _leads({"awareness": 4, "interest": 1}, "2025-10-01")
    plan = pd.DataFrame({"period_start": ["2026-01"], "metric": "conversion", "level": "company", "amount": [40.0]})
    plan["level_id"] = "interest"
    table = funnel(pd.concat([now, before]), "2026-10", targets=plan).table.set_index("stage")
    assert table["leads"].tolist() == [1, 1, 1, 1, 0]
    assert table.loc["interest", "before_step"] == 0.25
    assert table.loc["interest", "plan_step"] == 0.4


def test_funnel_by_group_and_unknown_stages() -> None:
    events = _leads({"awareness": 6, "interest": 3}).assign(channel=["a", "a", "b", "b", "b", "b", "a", "a", "b"])
    table = funnel(events, "2026-10", by="channel").table
    assert table[table["stage"] == "interest"].set_index("group")["leads"].to_dict() == {"a": 2, "b": 1}
    with pytest.raises(DataError, match="stage_order"):
        funnel(events.replace({"interest": "звонок"}), "2026-10")
    own = events.replace({"interest": "звонок"}).assign(stage_order=[1] * 6 + [2] * 3)
    assert funnel(own, "2026-10").table["stage"].tolist() == ["awareness", "звонок"]


def test_wallet_rule_and_flags() -> None:
    # Wallet allocation rule: with two brands the first has two thirds (Keiningham et al., HBR, October 2011).
    assert [rank_share(rank, 2) for rank in (1, 2)] == pytest.approx([2 / 3, 1 / 3])
    for brands in range(1, 9):
        assert sum(rank_share(rank, brands) for rank in range(1, brands + 1)) == pytest.approx(1)
    months = pd.period_range("2026-01", "2026-06", freq="M")
    panel = pd.concat([pd.DataFrame({"client_id": i, "month": months, "revenue": 10.0}) for i in (1, 2, 3)])
    told = pd.DataFrame({
        "client_id": [1, 1, 2, 3], "category": "radio", "total_budget": [90.0, 240.0, 50.0, 5.0],
        "period_start": ["2026-01-01", "2026-01-01", "2026-01-01", "2024-01-01"],
        "period_end": ["2026-03-31", "2026-12-31", "2026-06-30", "2024-12-31"],
        "our_amount": [30.0, np.nan, 60.0, np.nan],
    })  # fmt: skip
    result = la.wallet_share(panel, "2026-06", client_budgets=told)
    table = result.table.set_index("client_id")
    # The running year counts up to June: half of 240.
    assert table.loc[1, ["total_budget", "ours", "share", "gap", "flag"]].tolist() == [120.0, 60.0, 0.5, 60.0, "ok"]
    assert table.loc[2, "flag"] == "above_budget"
    assert table.loc[2, "gap"] == 0
    assert table.loc[3, "flag"] == "old"
    row = result.overview.iloc[0]
    assert (row["clients"], row["with_budget"], row["contradictions"]) == (3, 2, 1)


def test_plan_against_fact_by_level() -> None:
    panel = pd.DataFrame({"client_id": [1, 2, 1], "month": ["2026-01", "2026-01", "2026-02"]})
    panel["revenue"] = [60.0, 40.0, 30.0]
    people = pd.DataFrame({"client_id": [1, 2], "manager_id": ["M1", "M2"]})
    plan = pd.DataFrame({
        "period_start": ["2026-01", "2026-02", "2026-01", "2026-02", "2026-03", "2026-01"],
        "metric": ["revenue"] * 5 + ["new_clients"], "level": ["company"] * 2 + ["manager"] * 3 + ["company"],
        "level_id": [None, None, "M1", "M2", "M1", None], "amount": [100.0, 50, 30, 20, 1, 4],
    })  # fmt: skip
    table = plan_fact(panel, "2026-02", targets=plan, clients=people).table
    company = table[(table["level"] == "company") & (table["metric"] == "revenue")]
    assert company["fact"].tolist() == [100.0, 30.0]
    assert company["share_to_date"].tolist() == pytest.approx([1.0, 130 / 150])
    managers = table[table["level"] == "manager"].set_index("level_id")["fact"].to_dict()
    assert managers == {"M1": 60.0, "M2": 0.0}  # nothing sold is a fact, the month to come is not
    assert table[table["metric"] == "new_clients"]["share"].tolist() == [0.5]
    facts = pd.DataFrame({"month": ["2026-01"], "metric": ["meetings"], "amount": [7.0]})
    meetings = plan.iloc[:1].assign(metric="meetings", amount=10.0)
    assert plan_fact(panel, "2026-02", targets=meetings, facts=facts).table["share"].tolist() == [0.7]


def test_a_change_of_manager_does_not_move_the_past() -> None:
    panel = pd.DataFrame({"client_id": 1, "month": ["2026-01", "2026-02", "2026-03"], "revenue": [10.0, 20.0, 30.0]})
    deals = pd.DataFrame({"client_id": 1, "date": ["2026-01-05", "2026-03-02"], "manager_id": ["M1", "M2"]})
    people = pd.DataFrame({"client_id": [1], "manager_id": ["M2"]})
    months = ["2026-01", "2026-02", "2026-03"] * 2
    plan = pd.DataFrame({"period_start": months, "metric": "revenue", "level": "manager", "amount": 1.0})
    plan["level_id"] = ["M1"] * 3 + ["M2"] * 3
    table = plan_fact(panel, "2026-03", targets=plan, clients=people, transactions=deals).table
    assert table["fact"].tolist() == [10.0, 20.0, 0.0, 0.0, 0.0, 30.0]
    assert table["fact"].sum() == panel["revenue"].sum()


def test_parts_of_managers_add_up_to_the_kopeck() -> None:
    rng = np.random.default_rng(4)
    deals = pd.DataFrame({
        "client_id": rng.integers(0, 20, 600), "amount": rng.lognormal(5, 1, 600).round(2),
        "date": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 180, 600), unit="D"),
        "unit_id": rng.choice(["S1", "S2", "S3"], 600),
    })  # fmt: skip
    panel = la.monthly_panel(deals, "2026-06").table.assign(revenue=lambda t: (t["revenue"] * 1.37).round(2))
    months = pd.period_range("2026-01", "2026-06", freq="M").astype(str)
    plan = pd.DataFrame([(m, u) for m in months for u in ("S1", "S2", "S3")], columns=["period_start", "level_id"])
    plan = plan.assign(metric="revenue", level="unit", amount=1.0)
    table = plan_fact(panel, "2026-06", targets=plan, transactions=deals).table
    by_month = (table.groupby("month")["fact"].sum() * 100).round().astype(int)
    assert by_month.tolist() == (panel.groupby("month")["revenue"].sum() * 100).round().astype(int).tolist()
    own = deals.groupby("unit_id")["amount"].sum() * 1.37
    assert table.groupby("level_id")["fact"].sum().to_dict() == pytest.approx(own.to_dict(), rel=1e-3)


def test_receivables_know_only_what_was_paid_by_then() -> None:
    bills = pd.DataFrame({
        "client_id": ["a", "a", "b", "c"], "date": "2026-08-01", "amount": [100.0, 50, 30, 20],
        "due_date": ["2026-09-30", "2026-11-15", "2026-10-31", "2026-09-01"],
        "paid_date": [None, None, None, "2026-11-02"], "paid_amount": [40.0, None, None, 20.0],
    })  # fmt: skip
    table = receivables(bills, "2026-10").table.set_index("client_id")
    assert table.loc["a", ["debt", "overdue", "bills", "days_overdue"]].tolist() == [110.0, 60.0, 1, 31]
    assert table.loc["b", "overdue"] == 0  # due on the last day: not overdue yet
    assert table.loc["c", "overdue"] == 20  # paid in November, not known in October
    later = receivables(bills, "2026-11").table
    assert "c" not in set(later["client_id"])
    assert len(receivables(bills.drop(columns="due_date"))) == 0


def test_next_products_against_a_plain_loop() -> None:
    rng = np.random.default_rng(2)
    deals = pd.DataFrame({
        "client_id": rng.integers(0, 60, 400), "product_id": rng.choice(list("abcd"), 400),
        "date": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 300, 400), unit="D"), "amount": 1.0,
    })  # fmt: skip
    table = next_products(deals, "2026-12").table.set_index(["product_id", "next_product_id"])
    first = deals.groupby(["client_id", "product_id"])["date"].min()
    for one, other in (("a", "b"), ("c", "d"), ("d", "a")):
        owners = bought = 0
        for client in deals["client_id"].unique():
            own = first[client]
            if one in own and not (other in own and own[other] <= own[one]):
                owners += 1
                bought += other in own
        if bought:
            assert table.loc[(one, other), ["owners", "bought_next"]].tolist() == [owners, bought]


def test_a_planted_next_product_has_the_best_lift() -> None:
    rng = np.random.default_rng(3)
    rows = []
    for client in range(300):
        rows.append((client, "2026-01-05", rng.choice(["a", "b", "c"])))
        if (rows[-1][2] == "a" and rng.random() < 0.7) or rng.random() < 0.1:
            rows.append((client, "2026-05-05", "d"))
    table = next_products(pd.DataFrame(rows, columns=["client_id", "date", "product_id"])).table
    best = table.iloc[0]
    assert (best["product_id"], best["next_product_id"]) == ("a", "d")
    assert best["share_low"] > best["base"]


def test_referrals_count_money_of_the_recommended() -> None:
    panel = pd.DataFrame({"client_id": [2, 3], "month": ["2026-10", "2026-10"], "revenue": [70.0, 30.0]})
    given = pd.DataFrame({
        "referrer_client_id": [1, 1, 9], "given_at": ["2026-09-01", "2026-09-02", "2026-12-01"],
        "new_client_id": [2, 3, None], "first_purchase_at": ["2026-10-05", "2026-11-05", None],
        "bonus_amount": [5.0, 5, None],
    })  # fmt: skip
    result = referrals(given, panel, "2026-10")
    assert result.table[["referrer_client_id", "given", "used", "bonus", "revenue"]].to_numpy().tolist() == [
        [1, 2, 1, 5.0, 70.0]
    ]


def test_deliveries_late_lost_and_cost() -> None:
    sent = pd.DataFrame({
        "transaction_id": [1, 2, 3, 4], "planned_at": ["2026-10-01 10:00"] * 4,
        "actual_at": ["2026-10-01 10:30", "2026-10-01 12:00", None, "2026-10-01 09:00"], "mode": "delivery",
        "cost": [1.0, 2, 3, 4], "defect": [True, False, False, None],
    })  # fmt: skip
    deals = pd.DataFrame({"transaction_id": [1, 2, 3, 4], "client_id": list("aabb"), "amount": [10.0, 20, 30, 40]})
    table = deliveries(sent, deals, "2026-10").table.set_index("client_id")
    assert table["late"].to_dict() == {"a": 1, "b": 1}  # half an hour is in time; never delivered is late
    assert table["defects"].to_dict() == {"a": 1.0, "b": 0.0}
    assert table.loc["a", "cost_share"] == pytest.approx(0.1)
    by_mode = deliveries(sent, deals, "2026-10", by="mode").table
    assert by_mode["deliveries"].tolist() == [4]


@pytest.mark.parametrize(
    ("told", "fact", "over"), [("2026-09", 10.0, True), ("2026-Q3", 30.0, True), ("2026-11", None, False)]
)
def test_stated_plans_wait_until_the_period_is_over(told: str, fact: float | None, over: bool) -> None:
    months = pd.period_range("2026-01", "2026-10", freq="M")
    panel = pd.DataFrame({"client_id": 1, "month": months, "revenue": 10.0})
    met = pd.DataFrame({"meeting_id": [1], "client_id": [1], "held_at": ["2026-06-10"], "plan_amount": [20.0],
                        "plan_period": [told]})  # fmt: skip
    row = stated_plans(panel, met, "2026-10").table.iloc[0]
    assert row["over"] == over
    assert row["share"] == pytest.approx(fact / 20) if fact else np.isnan(row["fact"])


@pytest.mark.parametrize("kind", ["sale", "return"])
def test_one_product_or_returns_alone_have_no_pairs(kind):
    deals = pd.DataFrame({"client_id": [1, 2], "date": "2026-01-05", "product_id": "spot", "kind": kind})
    assert next_products(deals).table.empty


def test_a_manager_s_plan_stands_at_its_last_stage():
    events = pd.DataFrame({"lead_id": [1, 1, 2, 3], "stage": ["awareness", "loyalty", "awareness", "awareness"],
                           "entered_at": "2026-03-01", "manager_id": ["M1", "M1", "M1", "M2"]})  # fmt: skip
    plan = pd.DataFrame({"period_start": "2026-01", "metric": "conversion", "level": ["manager", "company"],
                         "level_id": ["M1", "loyalty"], "amount": [40.0, 0.2]})  # fmt: skip
    table = funnel(events, "2026-03", by="manager_id", targets=plan).table.set_index(["group", "stage"])
    assert table["plan_share"].dropna().to_dict() == {("M1", "loyalty"): 0.4}
    assert table["plan_step"].dropna().to_dict() == {("M1", "loyalty"): 0.2, ("M2", "loyalty"): 0.2}
