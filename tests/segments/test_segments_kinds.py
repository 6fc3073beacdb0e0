"""Rhythm and anchors against known truth."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.grid import grid
from loyalty_analytics.segments.calendar import Calendar, fit, infer
from loyalty_analytics.segments.kinds import anchors, concentration

World = Callable[..., tuple[pd.DataFrame, pd.DataFrame]]


def test_shared_base_reaches_the_bars(base: Any, rhythm: ModuleType) -> None:
    deals, _, truth = base
    table = la.client_kinds(la.monthly_panel(deals)).table
    both = truth[truth["n_orders"] > 0].merge(table, on="client_id", how="left")
    y, said = both["rhythm_x"].astype(str).to_numpy(), both["rhythm_y"].to_numpy()
    assert both["rhythm_y"].notna().all()  # clients known by returns alone too
    f1 = [2 * ((y == k) & (said == k)).sum() / ((y == k).sum() + (said == k).sum()) for k in rhythm.RHYTHMS]
    covered = said != "unknown"
    assert np.mean(f1) >= 0.90
    assert covered.mean() >= 0.85
    assert (y == said)[covered].mean() >= 0.95
    seasonal = both[(y == "seasonal") & (said == "seasonal")]
    apart = (seasonal["season_first_month"] - seasonal["season_start"] + 6) % 12 - 6
    assert (apart.abs() <= 1).mean() >= 0.95
    assert (seasonal["season_width"] == seasonal["season_months"]).mean() >= 0.85
    anchor, called = both["anchor"].to_numpy(), both["is_anchor"].to_numpy()
    assert (anchor & called).sum() / called.sum() >= 0.85
    assert (anchor & called).sum() / anchor.sum() >= 0.72


@pytest.mark.parametrize("name", ["window", "smooth", "two_peaks"])
def test_own_worlds(name: str, rhythm: ModuleType) -> None:
    figures = rhythm.score(*rhythm.world(77, clients=2000, **rhythm.WORLDS[name]))
    assert figures["macro_f1"] >= 0.86
    assert figures["accuracy"] >= 0.93
    assert figures["coverage"] >= 0.88
    assert figures["calibration_error"] <= 0.04
    assert figures["lost_f1"] >= 0.93
    assert figures["false_alarm_seasonal"] <= 0.08


@pytest.mark.proof
@pytest.mark.parametrize(
    ("name", "macro", "at_85", "lost"),
    [("window", 0.895, 0.965, 0.95), ("smooth", 0.875, 0.95, 0.95), ("two_peaks", 0.90, 0.965, 0.95),
     ("window_24", 0.84, 0.94, 0.88), ("smooth_24", 0.81, 0.92, 0.88), ("two_peaks_24", 0.845, 0.94, 0.88)],
)  # fmt: skip
def test_own_worlds_over_many_seeds(name: str, macro: float, at_85: float, lost: float, rhythm: ModuleType) -> None:
    runs = pd.DataFrame([rhythm.score(*rhythm.world(500 + seed, **rhythm.WORLDS[name])) for seed in range(10)]).mean()
    assert runs["macro_f1"] >= macro
    assert runs["accuracy_at_85"] >= at_85
    assert runs["coverage"] >= 0.84
    assert runs["calibration_error"] <= 0.03
    assert runs["lost_f1"] >= lost
    assert runs["false_alarm_seasonal"] <= 0.08


def test_probabilities_are_calibrated(world: World) -> None:
    panel, truth = world(31, clients=3000)
    both = truth.merge(la.client_kinds(panel, "2024-12").table, on="client_id")
    right = (both["rhythm_x"] == both["best_guess"]).to_numpy()
    for low, high in ((0.5, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 1.0)):
        bin_ = both["probability"].between(low, high, inclusive="right").to_numpy()
        said = both["probability"][bin_].mean()
        doubt = 3 * np.sqrt(said * (1 - said) / bin_.sum())
        assert abs(right[bin_].mean() - said) <= doubt + 0.03


def test_parameters_of_the_world_are_found(world: World) -> None:
    panel, _ = world(8, clients=2500)
    g = grid(panel, "2024-12")
    assert g is not None
    calendar = fit(g)
    assert calendar.hazard == pytest.approx([0.015] * 3, abs=0.005)
    assert calendar.rate[0, 0] / calendar.rate[0, 1] == pytest.approx(3.2 * 0.7, rel=0.15)
    assert calendar.market[11] == pytest.approx(1.34, abs=0.08)
    assert calendar.burst == pytest.approx(0, abs=0.03)


def test_rows_ids_and_money_units_do_not_matter(world: World) -> None:
    panel, _ = world(5, clients=300)
    one = la.client_kinds(panel, "2024-12").table
    other = panel.sample(frac=1, random_state=1).assign(revenue=panel["revenue"] * 1000)
    other["client_id"] = other["client_id"].map(lambda i: f"{9999 - i}")
    two = la.client_kinds(other, "2024-12").table
    two["client_id"] = 9999 - two["client_id"].astype(int)
    two = two.sort_values("client_id").reset_index(drop=True)
    pd.testing.assert_frame_equal(one, two, check_dtype=False, atol=1e-4)


def test_a_month_without_data_is_no_silence() -> None:
    months = pd.period_range("2022-01", "2025-12", freq="M")
    full = pd.DataFrame({"client_id": 1, "month": months, "orders": 2.0, "revenue": 10.0})
    gap = full.copy()
    gap.loc[24:, ["orders", "revenue"]] = np.nan  # nothing is known of the last two years
    silent = full.copy()
    silent.loc[24:, ["orders", "revenue"]] = 0.0
    alive = [la.lifecycle(panel, "2025-12").table["p_alive"].iloc[0] for panel in (full, gap, silent)]
    assert alive[0] > 0.99
    assert alive[1] > 0.5
    assert alive[2] < 0.01


def test_two_peaks_are_two_seasons() -> None:
    rng = np.random.default_rng(1)
    months = pd.period_range("2021-01", "2024-12", freq="M")
    inside = np.isin(months.month, [3, 4, 10, 11])
    regular = [pd.DataFrame({"client_id": i, "month": months, "orders": rng.poisson(2, 48)}) for i in range(60)]
    double = pd.DataFrame({"client_id": 99, "month": months, "orders": rng.poisson(np.where(inside, 5, 0.1))})
    panel = pd.concat([*regular, double]).assign(revenue=lambda t: t["orders"] * 1.0)
    row = la.client_kinds(panel).table.set_index("client_id").loc[99]
    assert row["rhythm"] == "seasonal"
    starts = {row["season_start"], row["season2_start"]}
    assert starts == {3, 10}
    assert row["season_months"] == 2
    assert row["season2_months"] == 2


def test_season_columns_are_null_unless_seasonal(world: World) -> None:
    table = la.client_kinds(world(6, clients=300)[0], "2024-12").table
    seasonal = table["rhythm"] == "seasonal"
    assert table.loc[seasonal, ["season_start", "season_months"]].notna().all().all()
    assert table.loc[~seasonal, ["season_start", "season_months"]].isna().all().all()
    assert table.loc[seasonal, "season_months"].between(1, 11).all()
    assert table["is_anchor"].dtype == bool


@pytest.mark.parametrize("months", [12, 17, 18, 24])
def test_a_season_seen_once_is_not_said(world: World, months: int) -> None:
    table = la.client_kinds(world(9, clients=800, months=months)[0]).table
    sure = (table["best_guess"] == "seasonal") & (table["probability"] >= 0.65)
    assert sure.sum() > 50
    assert (table.loc[sure, "rhythm"] == ("seasonal" if months >= 18 else "unknown")).all()
    assert (table["p_seasonal"][sure] >= 0.65).all()
    assert table.loc[table["rhythm"] != "seasonal", "season_start"].isna().all()


def test_anchor_rules_and_ties() -> None:
    revenue = np.array([40, 20, 20, 10, 10, 0])
    assert anchors(revenue, share=0.5).tolist() == [True, True, True, False, False, False]
    assert anchors(revenue, top=2).tolist() == [True, True, True, False, False, False]
    assert not anchors(revenue, top=0).any()
    assert anchors(revenue, share=1.0).tolist() == [True] * 5 + [False]
    # Three times the mean of a base of 200 is 1.5 % of the money; in a base of 6 the floor stays at 3 %.
    assert anchors(np.r_[np.full(180, 1.0), np.full(20, 5.0)], share=1.0, times=3.0).sum() == 20
    assert anchors(np.full(200, 1.0), share=1.0, times=3.0).sum() == 0
    assert anchors(revenue, share=1.0, times=3.0).sum() == 5


def test_an_anchor_that_left_stays_an_anchor(world: World) -> None:
    panel, _ = world(9, clients=300)
    top = panel.groupby("client_id")["revenue"].sum().idxmax()
    gone = panel[(panel["client_id"] != top) | (panel["month"] < "2023-01-01")]
    gone = gone.assign(revenue=gone["revenue"].where(gone["client_id"] != top, gone["revenue"] * 5))
    table = la.client_kinds(gone, "2024-12").table.set_index("client_id")
    assert table.loc[top, "is_anchor"]
    largest = la.client_kinds(gone, "2024-12", anchor_top=1).table
    assert largest.loc[largest["is_anchor"], "client_id"].tolist() == [top]


def test_concentration_ends_at_one(world: World) -> None:
    curve = concentration(world(7, clients=200)[0], "2024-12")
    assert curve["share_revenue"].is_monotonic_increasing
    assert curve["share_revenue"].iloc[-1] == pytest.approx(1)
    assert curve["decile"].between(1, 10).all()


def test_slow_twin_of_the_posterior() -> None:
    """One client, numeric integration over the rate and over every month of death, no intervals, no closed form."""
    months = pd.period_range("2023-01", "2024-06", freq="M")
    orders = [2, 1, 3, 0, 2, 2, 1, 0, 2, 3, 1, 2, 0, 0, 0, 0, 0, 0]
    panel = pd.DataFrame({"client_id": "a", "month": months, "orders": orders, "revenue": 1.0})
    g = grid(panel, "2024-06")
    assert g is not None
    # Regular or one-off alone, so that the twin stays short.
    share, rates = np.array([0.9, 1e-12, 1e-12, 0.1]), np.array([[2.0, 1.0]] * 3)
    calendar = Calendar(share=share, rate=rates, hazard=np.full(3, 0.03))
    seen = infer(g, calendar)
    rate = np.linspace(1e-4, 12, 4000)
    prior = rate * np.exp(-rate)  # gamma(2, 1)
    last, total = 11, sum(orders)
    by_death = []
    for death in range(last + 1, len(orders) + 1):  # months lived; the last = alive
        lived = death - 0.5
        likelihood = np.trapezoid(prior * rate ** (total - 1) * np.exp(-rate * lived), rate)
        weight = 0.97 ** (death - last - 1) * (1 if death == len(orders) else 0.03)
        by_death.append(likelihood * weight)
    expected = by_death[-1] / sum(by_death)
    assert seen.alive[0] == pytest.approx(expected, abs=0.01)
    assert 0.0 < expected < 0.3
