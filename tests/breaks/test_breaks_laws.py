"""What must not matter does not, and odd series get an answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loyalty_analytics as la
from loyalty_analytics.breaks.find import COLUMNS

MONTHS = pd.period_range("2021-01", periods=60, freq="M")


def _panel(seed: int = 0, clients: int = 24, months: pd.PeriodIndex = MONTHS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    money = np.exp(rng.normal(8, 1, (clients, 1)) + rng.normal(0, 0.15, (clients, len(months))))
    for row in range(0, clients, 4):
        money[row, len(months) // 2 + row % 7 :] *= 0.4
    money[1, -7:] = 0
    return pd.DataFrame(money.round(2), index=[f"C{i:02d}" for i in range(clients)], columns=months)


def _same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    names = ["client_id", "break_month", "low", "high", "kind", "direction", "market"]
    a, b = (x.sort_values(["client_id", "break_month"]).reset_index(drop=True) for x in (a, b))
    pd.testing.assert_frame_equal(a[names], b[names], check_dtype=False)
    assert np.allclose(a["effect"], b["effect"], atol=2e-3)
    assert np.allclose(np.log(a["p_value"]), np.log(b["p_value"]), atol=0.05)


def test_contract_columns_and_types() -> None:
    table = la.find_breaks(_panel()).table
    assert list(table.columns[: len(COLUMNS)]) == COLUMNS
    assert len(table) >= 6
    assert table["market"].dtype == bool
    assert set(table["kind"]) <= {"level", "slope", "decay", "churn", "recovery", "rise"}
    assert (table["low"] <= table["break_month"]).all()
    assert (table["break_month"] <= table["high"]).all()
    assert set(table["direction"]) <= {-1, 1}
    assert ((table["effect"] < 0) == (table["direction"] < 0)).all()
    assert table["break_month"].dt.is_month_start.all()


@settings(max_examples=6, deadline=None)
@given(factor=st.sampled_from([0.001, 0.37, 100.0, 4e6]), seed=st.integers(0, 50))
def test_units_of_money_do_not_matter(factor: float, seed: int) -> None:
    panel = _panel(seed)
    plain, scaled = la.find_breaks(panel).table, la.find_breaks(panel * factor).table
    _same(plain, scaled)
    assert np.allclose(plain["lost"] * factor, scaled["lost"], rtol=5e-3, atol=factor)


def test_order_of_clients_does_not_matter() -> None:
    panel = _panel(3, 60)
    shuffled = panel.sample(frac=1, random_state=1)
    _same(la.find_breaks(panel).table, la.find_breaks(shuffled).table)


def test_a_client_without_data_changes_nothing() -> None:
    panel = _panel(5)
    more = panel.copy()
    more.loc["empty"] = np.nan
    result = la.find_breaks(more)
    _same(la.find_breaks(panel).table, result.table)
    row = result.clients.set_index("client_id").loc["empty"]
    assert not row["judged"]
    assert row["reason"] == "no_data"


def test_a_fall_upside_down_is_a_rise() -> None:
    panel = _panel(7).drop(index="C01")
    up = 1e8 / panel
    down_table, up_table = la.find_breaks(panel).table, la.find_breaks(up).table
    steps = down_table["kind"] == "level"
    both = down_table[steps].merge(up_table, on=["client_id", "break_month"])
    assert len(both) >= 0.8 * steps.sum()
    assert (both["direction_x"] == -both["direction_y"]).all()


@pytest.mark.parametrize("at", [7, 13, 22, 31, 44])
def test_months_are_dated_right(at: int) -> None:
    rng = np.random.default_rng(at)
    money = 1000 * np.exp(rng.normal(0, 0.08, (30, 60)))
    money[0, at:] *= 0.5
    table = la.find_breaks(pd.DataFrame(money, columns=MONTHS)).table
    own = table[table["client_id"] == 0]
    assert own["break_month"].tolist() == [MONTHS[at].to_timestamp()]
    assert own["kind"].tolist() == ["level"]
    assert own["effect"].iloc[0] == pytest.approx(-0.5, abs=0.08)
    lost = 1000 * (60 - at) * 0.5
    assert own["lost"].iloc[0] == pytest.approx(lost, rel=0.25)


def test_odd_series_get_an_answer() -> None:
    rng = np.random.default_rng(1)
    odd = pd.DataFrame(np.nan, index=["constant", "zero", "spike", "two", "one", "late", "returns"], columns=MONTHS)
    odd.loc["constant"] = 100.0
    odd.loc["zero"] = 0.0
    odd.loc["spike"] = [0.0] * 20 + [500.0] + [0.0] * 39
    odd.loc["two", MONTHS[:2]] = [10.0, 20.0]
    odd.loc["one", MONTHS[-1]] = 5.0
    odd.loc["late", MONTHS[-8:]] = 100 * np.exp(rng.normal(0, 0.1, 8))
    odd.loc["returns"] = np.where(np.arange(60) % 9 == 8, -50.0, 100.0)
    for panel in (odd, pd.concat([odd, _panel()])):
        result = la.find_breaks(panel)
        about = result.clients.set_index("client_id")
        assert not about.loc[["zero", "spike", "two", "one", "late"], "judged"].any()
        assert about.loc["zero", "reason"] == "no_data"
        assert about.loc["late", "reason"] == "short"
        assert about.loc["spike", "reason"] == "sparse"
        assert not result.frame["client_id"].isin(["constant", "returns"]).any()


def test_a_young_client_that_fell_silent_is_judged_by_its_silence() -> None:
    panel = _panel(4, 30)
    panel.loc["young"] = np.nan
    panel.loc["young", MONTHS[30:39]] = 100.0  # nine purchases: too few for a level
    panel.loc["young", MONTHS[39:]] = 0.0
    result = la.find_breaks(panel)
    row = result.frame.set_index("client_id").loc["young"]
    assert row["kind"] == "churn"
    assert row["break_month"] == MONTHS[39].to_timestamp()
    assert result.clients.set_index("client_id").loc["young", "judged"]


@pytest.mark.parametrize("shape", [(0, 0), (0, 30), (3, 0), (1, 1), (1, 2), (2, 13)])
def test_small_panels_get_an_answer(shape: tuple[int, int]) -> None:
    months = pd.period_range("2024-01", periods=shape[1], freq="M")
    panel = pd.DataFrame(np.full(shape, 7.0), columns=months)
    result = la.find_breaks(panel)
    assert list(result.table.columns[: len(COLUMNS)]) == COLUMNS
    assert len(result) == 0
    assert len(result.clients) == shape[0]


def test_argument_stays_as_it_was() -> None:
    panel = _panel()
    before = panel.copy()
    la.find_breaks(panel)
    pd.testing.assert_frame_equal(panel, before)


def test_options_are_checked() -> None:
    for options, text in (
        ({"setting": "stric"}, "strict"), ({"false_discovery": 0.9}, "up to 0.5"), ({"level": 2}, "between 0.5 and 1"),
        ({"min_months": 3}, "fewer than 8"),
    ):  # fmt: skip
        with pytest.raises(la.LoyaltyError, match=text):
            la.find_breaks(_panel(), **options)
