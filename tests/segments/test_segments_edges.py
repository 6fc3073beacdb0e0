"""Small, odd and empty bases: every engine gives a table or says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics import economics
from loyalty_analytics.segments.flows import flows
from loyalty_analytics.segments.late import late
from loyalty_analytics.segments.movement import bridge
from loyalty_analytics.segments.profile import client_facts
from loyalty_analytics.segments.rfm import abc_xyz

MONTHS = pd.period_range("2024-01", "2025-12", freq="M")
ENGINES: list[Callable[..., Any]] = [
    la.client_kinds, la.lifecycle, la.rfm, la.cohorts, la.movement, la.base_metrics, la.channels, la.wallet_share, late,
    bridge, flows, abc_xyz, client_facts, economics.payback, economics.keeping_and_winning,
]  # fmt: skip


def _panel() -> pd.DataFrame:
    return pd.DataFrame({"client_id": "007", "month": MONTHS.astype(str), "revenue": np.arange(1.0, 25.0)})


CASES: dict[str, tuple[pd.DataFrame, Any]] = {
    "text months": (_panel(), None),
    "periods": (_panel().assign(month=MONTHS), "2025-12"),
    "timestamps": (_panel().assign(month=MONTHS.to_timestamp()), pd.Timestamp("2025-12-01")),
    "one row": (_panel().iloc[:1], None),
    "nothing known": (_panel().assign(revenue=np.nan), None),
    "returns alone": (_panel().assign(revenue=-5.0), None),
    "zeros": (_panel().assign(revenue=0.0), None),
    "wide": (pd.DataFrame(np.eye(3, 24), index=list("abc"), columns=MONTHS.astype(str)), None),
    "before the data": (_panel(), "2020-01"),
    "long after": (_panel(), "2028-06"),
    "a day": (_panel(), "2025-12-10"),
    "categories": (_panel().assign(client_id=pd.Categorical(["007"] * 24)), None),
    "many orders": (_panel().assign(orders=100_000), None),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__)
def test_odd_panels_give_tables_and_are_left_alone(engine: Callable[..., Any], case: str) -> None:
    panel, as_of = CASES[case]
    before = panel.copy()
    result = engine(panel, as_of)
    table = result if isinstance(result, pd.DataFrame) else result.table
    assert isinstance(table, pd.DataFrame)
    pd.testing.assert_frame_equal(panel, before)


@pytest.mark.parametrize("rows", [
    {"client_id": pd.Categorical(["a", "b"])},
    {"client_id": ["a", 1]},
    {"amount": [Decimal("1.10"), Decimal("2.20")]},
    {"date": pd.to_datetime(["2026-10-01T10:00", "2026-10-02T23:59"]).tz_localize("Europe/Moscow")},
    {"date": [pd.Timestamp("2026-10-01").date(), None]},
    {"kind": pd.Categorical(["sale", None])},
    {"client_id": ["a", None]},
    {"gross_profit": [None, 0.5]},
])  # fmt: skip
def test_odd_columns_of_transactions(rows: dict[str, Any]) -> None:
    deals = pd.DataFrame({"client_id": ["a", "b"], "date": ["2026-10-01", "2026-10-02"], "amount": [1.1, 2.2]} | rows)
    panel = la.monthly_panel(deals).table
    kept = deals["client_id"].notna() & pd.Series(deals["date"]).notna()
    assert panel["revenue"].sum() == pytest.approx(float(deals.loc[kept, "amount"].astype(float).sum()))
    assert sorted(map(str, panel["client_id"])) == sorted(map(str, deals.loc[kept, "client_id"]))


def test_a_day_of_another_zone_stays_that_day() -> None:
    late_evening = pd.to_datetime(["2026-10-31T23:30"]).tz_localize("Europe/Moscow")
    panel = la.monthly_panel(pd.DataFrame({"client_id": [1], "date": late_evening, "amount": [1.0]})).table
    assert str(panel["last_date"].iloc[0].date()) == "2026-10-31"


def test_months_as_numbers_are_refused() -> None:
    with pytest.raises(la.LoyaltyError, match="yyyy-mm"):
        la.rfm(pd.DataFrame({"client_id": [1], "month": [24321], "revenue": [1.0]}))


def test_a_panel_without_money_and_orders_is_refused() -> None:
    with pytest.raises(la.LoyaltyError, match=r"la\.monthly_panel"):
        la.lifecycle(pd.DataFrame({"client_id": [1], "month": ["2026-10"]}))


def test_rfm_of_equals_is_in_the_middle() -> None:
    months = pd.period_range("2025-01", "2026-10", freq="M")
    same = pd.concat([pd.DataFrame({"client_id": i, "month": months, "orders": 2, "revenue": 50.0}) for i in range(9)])
    result = la.rfm(same)
    assert (result.table[["r", "f", "m"]] == 3).all().all()
    assert set(result.table["segment"]) == {"loyal"}
    assert (la.rfm(same, parts=4).table["r"] == 3).all()
    assert set(la.rfm(same[same["client_id"] == 0]).table["segment"]) == {"loyal"}


def test_rfm_most_recent_are_not_the_worst_where_most_are_recent() -> None:
    rows = [{"client_id": i, "month": "2026-10", "orders": 3, "revenue": 9.0} for i in range(18)]
    rows += [{"client_id": i, "month": "2026-01", "orders": 1, "revenue": 9.0} for i in (18, 19)]
    result = la.rfm(pd.DataFrame(rows), "2026-10")
    table = result.table.set_index("client_id")
    assert set(table.loc[:17, "r"]) == {3}
    assert set(table.loc[18:, "r"]) == {1}
    cuts = result.overview.set_index("measure")
    for name, letter, sign in (("recency_days", "r", -1), ("frequency", "f", 1), ("monetary", "m", 1)):
        limits = sign * cuts.loc[name].to_numpy(float)
        above = (sign * table[name].to_numpy(float)[:, None] > limits) | np.isnan(limits)
        assert (1 + above.sum(axis=1) == table[letter]).all()
