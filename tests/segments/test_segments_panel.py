"""The panel: exact money, laws, unfinished months."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loyalty_analytics as la
from loyalty_analytics.errors import DataError

SAME = ["orders", "revenue", "gross_profit", "last_date", "days"]


def _deals(seed: int, rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    day = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 500, rows), unit="D")
    amount = np.round(rng.lognormal(6, 1, rows), 2) * np.where(rng.random(rows) < 0.05, -1, 1)
    return pd.DataFrame({
        "transaction_id": np.arange(rows), "client_id": rng.integers(1, 30, rows), "date": day, "amount": amount,
        "gross_profit": np.round(amount / 3, 2), "kind": np.where(amount < 0, "return", "sale"),
    })  # fmt: skip


def test_totals_of_the_shared_base_to_the_kopeck(base: Any, shared: Path) -> None:
    # Totals counted in integers by the generator of the data.
    folder = shared / "data" / "transactions" / "b2b_simulated_2000"
    totals = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    panel = la.monthly_panel(base[0]).table
    minor = (panel["revenue"] * 100).round().astype("int64")
    assert minor.sum() == totals["totals"]["revenue_kopecks"]
    by_month = minor.groupby(panel["month"].dt.strftime("%Y-%m")).sum()
    assert by_month.to_dict() == {row["month"]: row["revenue_kopecks"] for row in totals["months"]}
    clients = panel.groupby(panel["month"].dt.strftime("%Y-%m"))["client_id"].nunique()
    assert clients.to_dict() == {row["month"]: row["active_clients"] for row in totals["months"]}


@given(seed=st.integers(0, 50))
@settings(max_examples=8, deadline=None)
def test_order_of_rows_does_not_matter(seed: int) -> None:
    deals = _deals(seed)
    shuffled = deals.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(la.monthly_panel(deals).table, la.monthly_panel(shuffled).table)


@pytest.mark.parametrize("make", [lambda i: f"{i:03d}", lambda i: i * 7 + 1, lambda i: f"клиент {i:02d}"])
def test_ids_come_back_as_given_and_names_change_nothing(make: Any) -> None:
    deals = _deals(3)
    renamed = deals.assign(client_id=deals["client_id"].map(make))
    one, other = la.monthly_panel(deals).table, la.monthly_panel(renamed).table
    assert other["client_id"].tolist() == [make(i) for i in one["client_id"]]
    assert other["client_id"].dtype == renamed["client_id"].dtype
    pd.testing.assert_frame_equal(one[SAME], other[SAME])


def test_another_currency_unit_scales_money_alone() -> None:
    deals = _deals(4)
    small = deals.assign(amount=deals["amount"] * 100, gross_profit=deals["gross_profit"] * 100)
    one, other = la.monthly_panel(deals).table, la.monthly_panel(small).table
    np.testing.assert_allclose(other["revenue"], one["revenue"] * 100, rtol=1e-12)
    pd.testing.assert_frame_equal(one[["orders", "last_date", "days"]], other[["orders", "last_date", "days"]])


def test_split_orders_change_orders_alone() -> None:
    deals = _deals(5)
    halves = pd.concat([deals.assign(amount=(deals["amount"] * 0.5).round(2))] * 2, ignore_index=True)
    halves.loc[: len(deals) - 1, "amount"] = (deals["amount"] - halves["amount"].iloc[len(deals) :].to_numpy()).round(2)
    split = halves.assign(transaction_id=np.arange(len(halves)), gross_profit=halves["amount"] * 0)
    one, other = la.monthly_panel(deals).table, la.monthly_panel(split).table
    pd.testing.assert_frame_equal(one[["revenue", "last_date", "days"]], other[["revenue", "last_date", "days"]])
    assert (other["orders"] == 2 * one["orders"]).all()
    # Lines that share the number of their order stay one order.
    pd.testing.assert_frame_equal(one[["orders"]], la.monthly_panel(halves).table[["orders"]])


def test_returns_lower_revenue_and_are_no_orders() -> None:
    deals = pd.DataFrame({"client_id": [1, 1], "date": ["2026-10-01", "2026-10-20"], "amount": [100.0, -30.0]})
    row = la.monthly_panel(deals).table.iloc[0]
    assert (row["orders"], row["revenue"], str(row["last_date"].date()), row["days"]) == (1, 70.0, "2026-10-01", 1)


def test_planned_cancelled_and_later_rows_are_not_seen() -> None:
    deals = pd.DataFrame({
        "client_id": [1] * 4, "date": ["2026-10-01", "2026-10-02", "2026-10-03", "2026-11-01"], "amount": [1.0] * 4,
        "status": ["done", "planned", "cancelled", None],
    })  # fmt: skip
    assert la.monthly_panel(deals, "2026-10").table["revenue"].tolist() == [1.0]
    assert la.monthly_panel(deals, "2026-11").table["revenue"].tolist() == [1.0, 1.0]


def test_a_day_leaves_its_month_unfinished() -> None:
    deals = pd.DataFrame({"client_id": [1, 1], "date": ["2026-09-30", "2026-10-02"], "amount": [5.0, 5.0]})
    panel = la.monthly_panel(deals, "2026-10-15")
    assert panel.table["whole"].tolist() == [True, False]
    assert not panel.as_of.whole
    assert la.monthly_panel(deals, "2026-10-31").table["whole"].all()


def test_unfinished_december_of_online_retail_is_seen_without_being_told(shared: Path) -> None:
    deals = pd.read_parquet(shared / "data" / "transactions" / "online_retail_2009_2010.parquet")
    deals = deals.rename(columns={"Invoice": "transaction_id", "Customer ID": "client_id", "InvoiceDate": "date"})
    panel = la.monthly_panel(deals.assign(amount=deals["Quantity"] * deals["Price"]))
    assert str(panel.as_of.end.date()) == "2010-12-09"
    months = panel.table.groupby("month")["revenue"].sum()
    assert months.iloc[-1] < 0.5 * months.iloc[-2]  # the fall that is none
    assert not panel.table.loc[panel.table["month"] == "2010-12-01", "whole"].any()
    metrics = la.base_metrics(panel, months=1).table.set_index("metric")["value"]
    assert metrics["revenue"] == pytest.approx(months.iloc[-2])


def test_a_quiet_end_of_the_year_is_no_unfinished_month() -> None:
    days = [f"2026-{month:02d}-{day:02d}" for month in range(1, 13) for day in (3, 24)]
    panel = la.monthly_panel(pd.DataFrame({"client_id": 1, "date": days, "amount": 1.0}))
    assert panel.as_of.whole


def test_money_unknown_is_null_and_empty_stays_empty() -> None:
    deals = pd.DataFrame({"client_id": [1, 1], "date": ["2026-10-01"] * 2, "amount": [np.nan, np.nan]})
    assert np.isnan(la.monthly_panel(deals).table["revenue"].iloc[0])
    empty = la.monthly_panel(deals.iloc[:0])
    assert len(empty) == 0
    assert list(empty.table.columns)[:6] == ["client_id", "month", "orders", "revenue", "gross_profit", "last_date"]


def test_a_missing_column_is_named_with_the_nearest() -> None:
    with pytest.raises(DataError, match=r"lack amount.*Did you mean 'amounts'"):
        la.monthly_panel(pd.DataFrame({"client_id": [1], "date": ["2026-10-01"], "amounts": [1.0]}))


# Ibis 12 calls a method that DuckDB 2 has renamed; the caller's own connection is not ours to quieten.
@pytest.mark.filterwarnings("ignore:fetch_arrow_table")
def test_parquet_and_ibis_give_what_a_frame_gives(tmp_path: Path) -> None:
    import ibis

    deals = _deals(6)
    deals.to_parquet(tmp_path / "deals.parquet")
    one = la.monthly_panel(deals, "2026-03").table
    pd.testing.assert_frame_equal(one, la.monthly_panel(tmp_path / "deals.parquet", "2026-03").table)
    table = ibis.duckdb.connect().read_parquet(str(tmp_path / "deals.parquet"))
    pd.testing.assert_frame_equal(one, la.monthly_panel(table, "2026-03").table)
