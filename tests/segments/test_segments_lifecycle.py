"""Lifecycle, lateness and flows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.segments.flows import flows
from loyalty_analytics.segments.late import late
from loyalty_analytics.segments.lifecycle import STATUSES

World = Callable[..., tuple[pd.DataFrame, pd.DataFrame]]
MONTHS = pd.period_range("2021-01", "2024-12", freq="M")


def _clients(*orders: Any) -> pd.DataFrame:
    """A base of regular clients with the given ones (48 months of orders) as ids 1000, 1001 …"""
    rng = np.random.default_rng(3)
    rows = [pd.DataFrame({"client_id": i, "month": MONTHS, "orders": rng.poisson(2, 48)}) for i in range(40)]
    rows += [pd.DataFrame({"client_id": 1000 + i, "month": MONTHS, "orders": one}) for i, one in enumerate(orders)]
    return pd.concat(rows, ignore_index=True).assign(revenue=lambda t: t["orders"] * 10.0)


def test_lost_clients_of_the_shared_base(base: Any) -> None:
    deals, _, truth = base
    both = truth[truth["n_orders"] > 0].merge(la.lifecycle(la.monthly_panel(deals)).table, on="client_id")
    gone, lost = both["churn_month"].notna(), both["status"] == "lost"
    steady = both["rhythm"].isin(["regular", "seasonal"])
    f1 = 2 * (lost & gone & steady).sum() / ((lost & steady).sum() + (gone & steady).sum())
    seasonal = both["rhythm"] == "seasonal"
    assert f1 >= 0.93
    assert (lost & ~gone & seasonal).sum() / (~gone & seasonal).sum() <= 0.08


def test_alive_probability_is_calibrated(world: World) -> None:
    panel, truth = world(41, clients=4000)
    both = truth.merge(la.lifecycle(panel, "2024-12").table, on="client_id")
    both = both[both["rhythm"].isin(["regular", "seasonal"])]
    for low, high in ((0.0, 0.05), (0.05, 0.5), (0.5, 0.95), (0.95, 1.0)):
        bin_ = both[both["p_alive"].between(low, high)]
        said = bin_["p_alive"].mean()
        assert abs((~bin_["churned"]).mean() - said) <= 3 * np.sqrt(said * (1 - said) / len(bin_)) + 0.05


def test_out_of_season_is_not_lost() -> None:
    # A summer client in December has been silent for four months, as each year.
    summer = np.where(np.isin(MONTHS.month, [6, 7, 8]), 4, 0)
    gone = np.where(pd.Period("2024-01") > MONTHS, summer, 0)
    table = la.lifecycle(_clients(summer, gone)).table.set_index("client_id")
    assert table.loc[1000, "status"] == "active"
    assert table.loc[1000, "p_alive"] > 0.95
    assert table.loc[1000, "days_late"] == 0
    assert table.loc[1001, "status"] == "lost"
    assert 200 < table.loc[1000, "expected_gap"] < 330  # June is nine months after August


@pytest.mark.parametrize("stop", [7, 13, 22])
def test_a_regular_client_that_stops_is_lost_soon(stop: int) -> None:
    orders = np.where(np.arange(48) < stop, 2, 0)
    end = str(MONTHS[stop - 1] + 5)
    table = la.lifecycle(_clients(orders), end).table.set_index("client_id")
    assert table.loc[1000, "status"] == "lost"
    assert str(table.loc[1000, "last_month"].to_period("M")) == str(MONTHS[stop - 1])
    before = la.lifecycle(_clients(orders), str(MONTHS[stop - 1])).table.set_index("client_id")
    assert before.loc[1000, "status"] in ("active", "new")


def test_new_returned_and_censored() -> None:
    fresh = np.where(np.arange(48) >= 46, 2, 0)
    pause = np.where((np.arange(48) >= 20) & (np.arange(48) < 46), 0, 3)
    table = la.lifecycle(_clients(fresh, pause)).table.set_index("client_id")
    assert table.loc[1000, "status"] == "new"
    assert table.loc[1001, "status"] == "reactivated"
    # All were there in the first month of the data: that month proves nobody new.
    early = la.lifecycle(_clients(fresh, pause), "2021-02").table
    assert not (early["status"] == "new").any()
    assert early["left_censored"].all()


def test_columns_and_statuses(world: World) -> None:
    table = la.lifecycle(world(12, clients=300)[0], "2024-12").table
    assert list(table.columns)[:6] == ["client_id", "status", "p_alive", "last_month", "expected_gap", "days_late"]
    assert set(table["status"]) <= set(STATUSES)
    assert table["p_alive"].between(0, 1).all()
    assert (table["expected_gap"] > 0).all()
    assert (table["days_late"] >= 0).all()


def test_an_order_in_the_unfinished_month_is_life() -> None:
    orders = np.where(np.arange(48) < 40, 2, 0)
    orders[47] = 1
    panel = _clients(orders)
    panel["last_date"] = panel["month"].map(lambda month: month.to_timestamp() + pd.Timedelta(days=3))
    table = la.lifecycle(panel, "2024-12-10").table.set_index("client_id")
    assert table.loc[1000, "p_alive"] > 0.999
    assert str(table.loc[1000, "last_month"].date()) == "2024-12-01"


def test_late_names_the_right_clients() -> None:
    slow = np.where(np.arange(48) < 46, 3, 0)
    table = late(_clients(slow, np.full(48, 3))).table
    assert 1000 in set(table["client_id"])
    assert 1001 not in set(table["client_id"])
    row = table.set_index("client_id").loc[1000]
    assert row["usual_order"] == pytest.approx(10.0)
    assert row["year_before"] == pytest.approx(12 * 30.0)
    assert row["days_silent"] == 61


def test_the_usual_order_is_a_deal_whatever_its_months_and_lines() -> None:
    """A deal a quarter, on the air for three months, its bill in two lines: the panel sees thirds of it."""
    slow = np.where(np.arange(48) < 45, 1, 0)
    panel = _clients(slow)
    begin = pd.date_range("2021-01-05", periods=15, freq="QS-JAN") + pd.Timedelta(days=4)
    deals = pd.DataFrame({"transaction_id": [f"d{i}" for i in range(15)], "client_id": 1000, "date": begin,
                          "amount": 20.0})  # fmt: skip
    lines = pd.concat([deals, deals.assign(amount=10.0), deals.tail(1).assign(transaction_id="r", amount=-30.0),
                       deals.tail(1).assign(transaction_id="p", amount=900.0, status="planned"),
                       deals.head(9).assign(transaction_id=[f"old{i}" for i in range(9)], amount=1.0)])  # fmt: skip
    alone, told = late(panel).table, late(panel, transactions=lines).table
    assert alone["usual_order"].tolist() == pytest.approx([10.0])
    assert told["usual_order"].tolist() == [30.0]
    pd.testing.assert_frame_equal(told.drop(columns="usual_order"), alone.drop(columns="usual_order"))
    pd.testing.assert_frame_equal(late(panel, transactions=lines.head(0)).table, alone)


def test_few_regular_clients_are_called_late_by_chance(world: World) -> None:
    panel, truth = world(14, clients=2000)
    table = late(panel, "2024-12").table.merge(truth, on="client_id")
    alive = ((truth["rhythm"] == "regular") & ~truth["churned"]).sum()
    false = ((table["rhythm"] == "regular") & ~table["churned"]).sum()
    assert false / alive <= 0.08


def test_flows_add_up(world: World) -> None:
    panel, _ = world(15, clients=400)
    table = flows(panel, "2024-12", kinds=la.client_kinds(panel, "2024-12"), months=24).table
    net = table["new"] + table["returned"] - table["left"] - table["season_over"]
    assert (table["active"].diff().iloc[1:] == net.iloc[1:]).all()


def test_empty_panel_gives_empty_tables() -> None:
    empty = la.monthly_panel(pd.DataFrame({"client_id": [], "date": [], "amount": []}))
    for engine in (la.lifecycle, la.client_kinds, la.rfm, la.cohorts, la.movement):
        assert len(engine(empty)) == 0
