"""RFM, ABC and XYZ, cohorts, movement, bridge, portrait: laws and hand-made numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loyalty_analytics as la
from loyalty_analytics.errors import DataError
from loyalty_analytics.segments.boxes import loyalty_boxes
from loyalty_analytics.segments.movement import bridge
from loyalty_analytics.segments.profile import best_traits, client_facts, price_facts
from loyalty_analytics.segments.rfm import abc_xyz

World = Callable[..., tuple[pd.DataFrame, pd.DataFrame]]


def test_rfm_ties_share_a_score_in_any_order(world: World) -> None:
    panel = world(21, clients=400)[0]
    table = la.rfm(panel, "2024-12").table
    for letter, measure in (("r", "recency_days"), ("f", "frequency"), ("m", "monetary")):
        assert (table.groupby(measure)[letter].nunique() == 1).all()
    shuffled = la.rfm(panel.sample(frac=1, random_state=2), "2024-12").table
    pd.testing.assert_frame_equal(table, shuffled)


def test_rfm_scores_follow_the_printed_cut_points(world: World) -> None:
    result = la.rfm(world(22, clients=500)[0], "2024-12")
    cuts = result.overview.set_index("measure")
    table = result.table
    for letter, measure, sign in (("f", "frequency", 1), ("m", "monetary", 1), ("r", "recency_days", -1)):
        above = [sign * table[measure] > sign * cuts.loc[measure, f"cut_{k}"] for k in range(1, 5)]
        assert (table[letter] == 1 + sum(one.astype(int) for one in above)).all()
    # Without ties a fifth of the clients has each score of money.
    assert table["m"].value_counts(normalize=True).between(0.19, 0.21).all()


def test_rfm_window_and_wrong_options(world: World) -> None:
    panel = world(23, clients=200)[0]
    year = la.rfm(panel, "2024-12", months=12).table
    assert (year["recency_days"] <= 366).all()
    with pytest.raises(DataError, match="parts=12"):
        la.rfm(panel, parts=12)


def test_abc_xyz_by_hand() -> None:
    # a: 60, 60; b: 30, 0; c: 5, 5 of 160 in all. XYZ: variation 0, 1 (or √2 as a sample), 0.
    panel = pd.DataFrame({
        "client_id": ["a", "a", "b", "c", "c"], "month": ["2026-09", "2026-10", "2026-09", "2026-09", "2026-10"],
        "revenue": [60.0, 60, 30, 5, 5],
    })  # fmt: skip
    table = abc_xyz(panel, months=2).table.set_index("client_id")
    assert table["abc"].to_dict() == {"a": "A", "b": "A", "c": "B"}
    assert table["variation"].to_dict() == pytest.approx({"a": 0, "b": 1, "c": 0})
    sample = abc_xyz(panel, months=2, ddof=1).table.set_index("client_id")
    assert sample.loc["b", "variation"] == pytest.approx(np.sqrt(2))


def test_cohorts_by_hand() -> None:
    panel = pd.DataFrame({
        "client_id": [1, 1, 1, 2, 3, 3], "month": ["2026-01", "2026-02", "2026-04", "2026-01", "2026-03", "2026-04"],
        "revenue": [10.0, 20, 30, 5, 7, 8],
    })  # fmt: skip
    table = la.cohorts(panel, by="month", censored_months=0).table
    wide = table.pivot(index="cohort", columns="age", values="active")
    assert wide.loc["2026-01-01"].tolist() == [2, 1, 0, 1]
    assert wide.loc["2026-03-01"].tolist()[:2] == [1, 1]
    january = table[table["cohort"] == "2026-01-01"].set_index("age")
    assert january["revenue_to_date"].tolist() == [15.0, 35.0, 35.0, 65.0]
    assert january["share"].tolist() == [1.0, 0.5, 0.0, 0.5]


def test_cohorts_hold_every_order_and_kopeck(world: World) -> None:
    panel = world(24, clients=300)[0]
    for by in ("month", "quarter", "year"):
        table = la.cohorts(panel, "2024-12", by=by).table
        assert table["orders"].sum() == panel["orders"].sum()
        assert table["revenue"].sum() == pytest.approx(panel["revenue"].sum())
        assert table.loc[table["age"] == 0, "share"].eq(1).all()


@given(seed=st.integers(0, 1000), against=st.sampled_from(["year", "before"]), months=st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_bridge_adds_up_to_the_kopeck(seed: int, against: str, months: int) -> None:
    rng = np.random.default_rng(seed)
    n = 300
    panel = pd.DataFrame({
        "client_id": rng.integers(0, 40, n), "month": pd.Timestamp("2024-01-01") + pd.to_timedelta(
            rng.integers(0, 700, n), unit="D"),
        "revenue": np.round(rng.normal(100, 120, n), 2),
    })  # fmt: skip
    panel["month"] = panel["month"].dt.to_period("M")
    result = bridge(panel, "2025-11", months=months, against=against)
    parts = result.overview.set_index("part")["minor"]
    assert parts["before"] + parts[["new", "growth", "fall", "lost"]].sum() == parts["after"]
    end = panel["month"] <= pd.Period("2025-11")
    wanted = panel[end & (panel["month"] > pd.Period("2025-11") - months)]["revenue"]
    assert parts["after"] == round(wanted.mul(100).round().sum())
    assert (result.table["change"] * 100).round().sum() == parts["after"] - parts["before"]


def test_bridge_names_parts() -> None:
    panel = pd.DataFrame({
        "client_id": ["new", "up", "up", "same", "same", "down", "down", "lost"],
        "month": ["2026-10", "2025-10", "2026-10", "2025-10", "2026-10", "2025-10", "2026-10", "2025-10"],
        "revenue": [1.0, 1, 2, 3, 3, 5, 4, 7],
    })  # fmt: skip
    parts = bridge(panel).table.set_index("client_id")["part"].to_dict()
    assert parts == {"new": "new", "up": "growth", "same": "same", "down": "fall", "lost": "lost"}
    with pytest.raises(DataError, match="against='quarter'"):
        bridge(panel, against="quarter")


def test_movement_counts_every_client_once(world: World) -> None:
    panel = world(25, clients=300)[0]
    result = la.movement(panel, "2024-12")
    assert result.table["clients"].sum() == panel["client_id"].nunique()
    assert result.table.groupby("before")["share"].sum().to_numpy() == pytest.approx(1)
    by_segment = la.movement(panel, "2024-12", by="segment").table
    assert by_segment["clients"].sum() == panel["client_id"].nunique()
    with pytest.raises(DataError, match="by='size'"):
        la.movement(panel, by="size")


def test_movement_sees_what_was_known_then(world: World) -> None:
    panel = world(26, clients=200)[0]
    then = la.lifecycle(panel, "2024-09").table["status"].value_counts()
    moved = la.movement(panel, "2024-12").table
    before = moved[moved["before"] != "absent"].groupby("before")["clients"].sum()
    assert before.to_dict() == then.to_dict()


def test_portrait_finds_a_planted_trait_and_little_else() -> None:
    found, false = [], []
    revenue = np.concatenate([np.full(30, 100.0), np.full(170, 1.0)])
    panel = pd.DataFrame({"client_id": np.arange(200), "month": "2026-10", "revenue": revenue})
    for seed in range(20):
        rng = np.random.default_rng(seed)
        who = pd.DataFrame({
            "client_id": np.arange(200),
            "industry": np.where(rng.random(200) < np.where(revenue > 50, 0.7, 0.2), "auto", "food"),
            "region": rng.choice(list("abcdef"), 200),
        })  # fmt: skip
        table = best_traits(panel, who, best=range(30)).table.set_index("value")
        found.append(table.loc["auto", "verdict"] == "more")
        false.append((table.loc[table["field"] == "region", "verdict"] != "same").mean())
    assert np.mean(found) >= 0.95
    assert np.mean(false) <= 0.08


def test_facts_hold_one_row_per_client(world: World) -> None:
    panel = world(27, clients=120)[0]
    people = pd.DataFrame({"client_id": panel["client_id"].unique()}).assign(industry="auto", client_name="x")
    table = client_facts(
        panel, "2024-12", clients=people, kinds=la.client_kinds(panel, "2024-12"), life=la.lifecycle(panel, "2024-12"),
        rfm=la.rfm(panel, "2024-12"),
    )  # fmt: skip
    assert table["client_id"].is_unique
    assert len(table) == panel["client_id"].nunique()
    assert table["share"].sum() == pytest.approx(1)
    assert table["industry_share"].sum() == pytest.approx(1)
    assert {"rhythm", "status", "segment", "change_year"} <= set(table.columns)


def test_price_index_weighs_by_quantity() -> None:
    deals = pd.DataFrame({
        "client_id": ["a", "a", "b"], "date": "2026-10-01", "amount": [80.0, 10.0, 20.0], "product_id": ["x", "y", "y"],
        "quantity": [8, 1, 1], "unit_price": [10.0, 10.0, 20.0], "discount_pct": [0.0, 50.0, 0.0],
        "due_date": "2026-10-05", "paid_date": ["2026-10-03", "2026-10-09", None],
    })  # fmt: skip
    listed = pd.DataFrame({"product_id": ["x", "y"], "list_price": [10.0, 20.0]})
    table = price_facts(deals, "2026-10", products=listed).set_index("client_id")
    assert table.loc["a", "price_index"] == pytest.approx((80 + 10) / (80 + 20))
    assert table.loc["a", "discount"] == pytest.approx(50 * 10 / 90)
    assert table.loc["a", "delay"] == 1  # median of −2 and 4
    assert np.isnan(table.loc["b", "delay"])


def test_boxes_take_the_last_answer_of_the_year() -> None:
    panel = pd.DataFrame({"client_id": [1, 2], "month": "2026-10", "revenue": [90.0, 10.0]})
    told = pd.DataFrame({
        "client_id": [1, 1, 2, 3], "question_id": ["q", "q", "q", "q"],
        "answered_at": ["2026-01-01", "2026-10-05", "2024-01-01", "2026-10-01"], "score": [3, 8, 9, 9],
    })  # fmt: skip
    table = loyalty_boxes(panel, told, "2026-10", questions=pd.DataFrame({"question_id": ["q"], "metric": ["nps"]}))
    assert table[["client_id", "loyalty", "money"]].to_numpy().tolist() == [[1, "middle", "large"]]
