"""Laws: what the order of rows, the names of clients, the unit of money and split orders may not change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.segments.flows import flows
from loyalty_analytics.segments.late import late
from loyalty_analytics.segments.movement import bridge
from loyalty_analytics.segments.rfm import abc_xyz

END = "2024-12"
ENGINES: dict[str, Callable[..., Any]] = {
    "kinds": la.client_kinds, "lifecycle": la.lifecycle, "rfm": la.rfm, "abc_xyz": abc_xyz, "late": late,
    "bridge": bridge, "movement": la.movement, "cohorts": la.cohorts, "flows": flows, "metrics": la.base_metrics,
}  # fmt: skip
MONEY = {
    "rfm": ("monetary",), "abc_xyz": ("revenue", "mean_month"), "late": ("usual_order", "year_before"),
    "bridge": ("before", "after", "change"), "movement": ("revenue",), "cohorts": ("revenue", "revenue_to_date"),
    "flows": ("revenue_left",),
}  # fmt: skip


@pytest.fixture(scope="module", params=[3])
def deals(world: Any, request: Any) -> pd.DataFrame:
    """Transactions, one or more a day, of a world of 120 clients."""
    panel, _ = world(request.param, clients=120)
    dice = np.random.default_rng(request.param)
    rows = panel.loc[panel.index.repeat(panel["orders"])].reset_index(drop=True)
    date = rows["month"] + pd.to_timedelta(dice.integers(0, 28, len(rows)), unit="D")
    amount = np.round(rows["revenue"] / rows["orders"], 2)
    return pd.DataFrame({"client_id": rows["client_id"], "date": date, "amount": amount})


def _table(engine: str, deals: pd.DataFrame) -> pd.DataFrame:
    return ENGINES[engine](la.monthly_panel(deals, END), END).table


def _same(one: pd.DataFrame, other: pd.DataFrame, key: str | None = None) -> None:
    if key in one.columns:
        one, other = (table.sort_values(key, kind="stable").reset_index(drop=True) for table in (one, other))
    pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_order_of_rows(engine: str, deals: pd.DataFrame) -> None:
    _same(_table(engine, deals), _table(engine, deals.sample(frac=1, random_state=1)), "client_id")


@pytest.mark.parametrize("engine", ENGINES)
def test_names_of_clients(engine: str, deals: pd.DataFrame) -> None:
    """Other ids of another type in another order."""
    ids = np.sort(deals["client_id"].unique())
    mixed = np.random.default_rng(5).permutation(len(ids))
    name = dict(zip(ids, [f"к-{n:04d}" for n in mixed], strict=True))
    before, after = _table(engine, deals), _table(engine, deals.assign(client_id=deals["client_id"].map(name)))
    if "client_id" in before:
        back = {text: number for number, text in name.items()}
        after = after.assign(client_id=after["client_id"].map(back).astype(before["client_id"].dtype))
    _same(before, after, "client_id")


@pytest.mark.parametrize("engine", ENGINES)
def test_unit_of_money(engine: str, deals: pd.DataFrame) -> None:
    """Thousandths in place of roubles scale money and nothing else."""
    before, after = _table(engine, deals), _table(engine, deals.assign(amount=deals["amount"] * 1000))
    if engine == "metrics":
        money = (before["unit"] == "money").to_numpy()
        scaled = before["value"].where(~money, before["value"] * 1000)
        np.testing.assert_allclose(after["value"], scaled, rtol=1e-9, equal_nan=True)
        return
    for name in MONEY.get(engine, ()):
        np.testing.assert_allclose(after[name], before[name] * 1000, rtol=1e-9, equal_nan=True)
        after[name] = before[name]
    _same(before, after, "client_id")


@pytest.mark.parametrize("engine", ["kinds", "lifecycle", "abc_xyz", "bridge", "movement", "cohorts", "flows"])
def test_orders_split_into_documents(engine: str, deals: pd.DataFrame) -> None:
    """An order in two documents of one day is the same rhythm, life and money."""
    first = np.round(deals["amount"] / 3, 2)
    parts = [deals.assign(amount=first), deals.assign(amount=np.round(deals["amount"] - first, 2))]
    before, after = _table(engine, deals), _table(engine, pd.concat(parts, ignore_index=True))
    counts = [name for name in before.columns if name in ("orders", "usual_orders")]
    _same(before.drop(columns=counts), after.drop(columns=counts), "client_id")
