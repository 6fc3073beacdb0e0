"""Base metrics, channels, payback: hand-made numbers, published intervals, laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loyalty_analytics as la
from loyalty_analytics.economics import cheque_spread, keeping_and_winning, payback
from loyalty_analytics.economics.channels import poisson_interval


def _base() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ten old clients bring 3,360 a year each, ten new ones 840; the year's spend is 10,000."""
    months = pd.period_range("2024-01", "2025-12", freq="M")
    old = [pd.DataFrame({"client_id": i, "month": months, "orders": 1, "revenue": 280.0}) for i in range(10)]
    new = [pd.DataFrame({"client_id": 100 + i, "month": months[12:], "orders": 1, "revenue": 70.0}) for i in range(10)]
    panel = pd.concat([*old, *new], ignore_index=True).assign(gross_profit=lambda t: t["revenue"] / 2)
    spend = pd.DataFrame({
        "period_start": ["2025-01", "2025-02", "2024-05"], "channel": ["fair", "gifts", "fair"],
        "amount": [8000.0, 2000.0, 5.0], "purpose": ["acquisition", "retention", "acquisition"],
    })  # fmt: skip
    return panel, spend


def test_trade_form_and_cohort_form_disagree_as_in_the_issue() -> None:
    # The figures of the design: 4.2 by the trade's formula where the new clients alone give 0.84.
    panel, spend = _base()
    result = la.base_metrics(panel, "2025-12", marketing_spend=spend)
    value = result.table.set_index("metric")["value"]
    assert value["payback_revenue"] == pytest.approx((10 * 3360 + 10 * 840) / 10_000)
    assert value["payback_revenue"] == pytest.approx(4.2)
    assert value["cohort_revenue"] == pytest.approx(0.84)
    assert value[["cac", "cac_acquisition"]].tolist() == [1000.0, 800.0]
    assert value["cohort_profit_acquisition"] == pytest.approx(0.5 * 8400 / 8000)
    keys = [note.key for note in result.notes]
    assert "acquisition.disagree" in keys
    assert "acquisition.no_pay" in keys
    with_pay = pd.concat([spend, spend.iloc[:1].assign(channel="Зарплата продавцов")])
    again = la.base_metrics(panel, "2025-12", marketing_spend=with_pay)
    assert "acquisition.no_pay" not in [note.key for note in again.notes]


def test_no_warning_where_the_two_forms_agree() -> None:
    panel, spend = _base()
    cheap = la.base_metrics(panel, "2025-12", marketing_spend=spend.assign(amount=spend["amount"] / 100))
    assert "acquisition.disagree" not in [note.key for note in cheap.notes]


def test_counts_repeat_orders_and_cheque() -> None:
    panel, _ = _base()
    deals = pd.DataFrame({
        "client_id": [1, 1, 2, 2], "date": ["2025-03-01"] * 4, "amount": [10.0, 20.0, 90.0, -5.0],
        "gross_profit": [1.0, 2.0, 9.0, -1.0], "kind": ["sale", "sale", "sale", "return"],
    })  # fmt: skip
    value = la.base_metrics(panel, "2025-12", transactions=deals, dissatisfied=[1, 2, 77]).table
    value = value.set_index("metric")["value"]
    assert value[["clients", "active", "inactive", "new", "dissatisfied"]].tolist() == [20, 20, 0, 10, 2]
    assert value["repeat_orders"] == 12 * 20 - 10
    assert value[["cheque_mean", "cheque_median", "profit_mean", "profit_median"]].tolist() == [40.0, 20.0, 4.0, 2.0]


def test_unknown_is_null_and_empty_is_empty() -> None:
    panel, _ = _base()
    value = la.base_metrics(panel.drop(columns="gross_profit"), "2025-12").table.set_index("metric")["value"]
    assert value[["spend", "cac", "gross_profit", "cheque_median"]].isna().all()
    empty = la.monthly_panel(pd.DataFrame({"client_id": [], "date": [], "amount": []}))
    assert la.base_metrics(empty).table["value"].isna().all()
    assert len(la.channels(empty)) == 0
    assert len(la.wallet_share(empty)) == 0


@given(seed=st.integers(0, 500), factor=st.sampled_from([0.01, 100, 1000]))
@settings(max_examples=12, deadline=None)
def test_units_of_money_and_rows_do_not_matter(seed: int, factor: float) -> None:
    panel, spend = _base()
    one = la.base_metrics(panel, "2025-12", marketing_spend=spend).table.set_index("metric")
    scaled = panel.assign(revenue=panel["revenue"] * factor, gross_profit=panel["gross_profit"] * factor)
    mixed, dear = scaled.sample(frac=1, random_state=seed), spend.assign(amount=spend["amount"] * factor)
    other = la.base_metrics(mixed, "2025-12", marketing_spend=dear).table.set_index("metric")
    money = one["unit"] == "money"
    np.testing.assert_allclose(other.loc[money, "value"], one.loc[money, "value"] * factor, rtol=1e-9)
    pd.testing.assert_frame_equal(other[~money], one[~money])


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0, 3.689), (1, 0.025, 5.572), (5, 1.623, 11.668),
                                                    (10, 4.795, 18.390), (50, 37.11, 65.92)])  # fmt: skip
def test_poisson_interval_against_the_published_table(count: int, low: float, high: float) -> None:
    # Garwood, Biometrika 28 (1936), table 1 (95 %), as reprinted in Biometrika Tables for Statisticians I, table 40.
    a, b = poisson_interval(count)
    assert float(a) == pytest.approx(low, abs=6e-3)
    assert float(b) == pytest.approx(high, abs=6e-3)


def _channels(won: int, income: float, spend: float, months: int = 12) -> pd.Series:
    """One channel whose new clients come in January 2025 and bring ``income`` a month each."""
    ahead = pd.period_range("2025-01", periods=months, freq="M")
    old = pd.DataFrame({"client_id": -1, "month": pd.period_range("2024-01", "2025-12", freq="M"), "revenue": 1.0})
    rows = [pd.DataFrame({"client_id": i, "month": ahead, "revenue": income}) for i in range(won)]
    people = pd.DataFrame({"client_id": range(won), "acquisition_channel": "fair"})
    paid = pd.DataFrame({"period_start": ["2025-01"], "channel": ["fair"], "amount": [spend]})
    table = la.channels(pd.concat([old, *rows]), "2025-12", clients=people, marketing_spend=paid).table
    return table.iloc[0]


def test_verdicts() -> None:
    keep = _channels(10, 50.0, 1000.0)
    assert (keep["verdict"], keep["months_to_pay_back"], keep["cac"]) == ("keep", 2, 100.0)
    assert _channels(7, 50.0, 1000.0)["verdict"] == "too_few"
    assert _channels(10, 1.0, 10_000.0)["verdict"] == "stop"
    assert _channels(10, 80.0, 10_000.0)["verdict"] == "fix"


def test_cac_interval_comes_from_the_count() -> None:
    row = _channels(10, 50.0, 1000.0)
    assert row["cac_low"] == pytest.approx(1000 / 18.390, rel=1e-3)
    assert row["cac_high"] == pytest.approx(1000 / 4.795, rel=1e-3)


def test_interval_of_cac_covers() -> None:
    rng = np.random.default_rng(5)
    low, high = poisson_interval(rng.poisson(9, 4000))
    assert ((low <= 9) & (high >= 9)).mean() >= 0.95


def test_channels_of_the_shared_base(shared: Any) -> None:
    folder = shared / "data" / "transactions" / "b2b_simulated_2000"
    deals = pd.read_parquet(folder / "transactions.parquet").rename(columns={"order_date": "date", "revenue": "amount"})
    people = pd.read_parquet(folder / "clients.parquet").rename(columns={"channel": "acquisition_channel"})
    spend = pd.read_parquet(folder / "spend.parquet").rename(columns={"month": "period_start", "spend": "amount"})
    panel = la.monthly_panel(deals)
    table = la.channels(panel, "2024-12", clients=people, marketing_spend=spend, months=48).table
    assert table["spend"].sum() == pytest.approx(spend["amount"].sum())
    first = panel.table[panel.table["orders"] > 0].groupby("client_id")["month"].min()
    assert table["new_clients"].sum() == first.index.isin(people["client_id"]).sum()


def test_payback_by_hand_and_law() -> None:
    panel, spend = _base()
    result = payback(panel, "2025-12", marketing_spend=spend, by="year", months=24)
    row = result.table
    assert row["clients"].unique().tolist() == [10]
    assert row["cac"].unique().tolist() == [800.0]
    assert row["paid"].tolist() == pytest.approx([350 * (age + 1) / 8000 for age in range(12)])
    assert row["months_to_pay_back"].isna().all()
    cheap = payback(panel, "2025-12", marketing_spend=spend.assign(amount=spend["amount"] / 10), by="year", months=24)
    assert cheap.table["months_to_pay_back"].unique().tolist() == [3.0]


def test_keeping_and_winning() -> None:
    panel, spend = _base()
    table = keeping_and_winning(panel, "2025-12", marketing_spend=spend).table.set_index("what")
    assert table.loc["keep", ["spend", "clients", "cost"]].tolist() == [2000.0, 10, 200.0]
    assert table.loc["win", ["spend", "clients", "cost", "ratio"]].tolist() == [8000.0, 10, 800.0, 4.0]


def test_cheque_spread_holds_every_sale() -> None:
    rng = np.random.default_rng(1)
    deals = pd.DataFrame({"client_id": 1, "date": "2026-10-01", "amount": rng.lognormal(5, 1, 500).round(2)})
    result = cheque_spread(deals)
    assert result.table["orders"].sum() == 500
    assert result.table["revenue"].sum() == pytest.approx(deals["amount"].sum())
    assert result.overview["median"].iloc[0] == pytest.approx(deals["amount"].median())
