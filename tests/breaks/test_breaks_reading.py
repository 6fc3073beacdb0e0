"""Long and wide panels, months in all forms, days in the middle of a month, gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.breaks.panels import read_volume

MONTHS = pd.period_range("2022-03", periods=40, freq="M")


@pytest.fixture(scope="module")
def wide() -> pd.DataFrame:
    rng = np.random.default_rng(12)
    money = np.exp(rng.normal(7, 0.5, (20, 1)) + rng.normal(0, 0.15, (20, 40)))
    money[rng.random((20, 40)) < 0.05] = 0
    money[0, 25:] *= 0.3
    money[1, :10] = np.nan
    money[2, 15:18] = np.nan
    return pd.DataFrame(money, index=range(100, 120), columns=MONTHS)


def _long(wide: pd.DataFrame, months: object = None) -> pd.DataFrame:
    frame = wide.stack().rename("revenue").rename_axis(["client_id", "month"]).reset_index()
    gaps = wide.isna().stack()
    frame = frame[(frame["revenue"] > 0) | gaps.loc[list(zip(frame["client_id"], frame["month"]))].to_numpy()]
    frame = frame[frame["revenue"] > 0]
    known = [(c, m, np.nan) for c in wide.index for m in wide.columns if np.isnan(wide.loc[c, m])]
    begun = wide.gt(0).cumsum(axis=1).gt(0)
    gap = pd.DataFrame([k for k in known if begun.loc[k[0], k[1]]], columns=["client_id", "month", "revenue"])
    frame = pd.concat([frame, gap], ignore_index=True)
    return frame.assign(month=frame["month"].dt.strftime("%Y-%m")).sample(frac=1, random_state=3)


def _same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    keys = ["client_id", "break_month"]
    a, b = (x.sort_values(keys).reset_index(drop=True) for x in (a, b))
    pd.testing.assert_frame_equal(a, b, check_dtype=False, rtol=1e-3)


def test_long_and_wide_say_the_same(wide: pd.DataFrame) -> None:
    expected = la.find_breaks(wide).table
    assert 100 in set(expected["client_id"])
    _same(la.find_breaks(_long(wide)).table, expected)


@pytest.mark.parametrize("form", ["text", "stamp", "period"])
def test_months_in_every_form(wide: pd.DataFrame, form: str) -> None:
    columns = {"text": [str(m) for m in MONTHS], "stamp": MONTHS.to_timestamp(), "period": MONTHS}[form]
    shuffled = wide.set_axis(columns, axis=1).iloc[:, ::-1]
    _same(la.find_breaks(shuffled).table, la.find_breaks(wide).table)


def test_a_missing_row_is_no_purchase_and_null_is_no_data(wide: pd.DataFrame) -> None:
    read = read_volume(_long(wide))
    by_id = pd.DataFrame(read.values, index=read.ids).loc[list(wide.index)].to_numpy()
    expected = wide.to_numpy()
    expected = np.where(np.cumsum(np.nan_to_num(expected) > 0, axis=1) > 0, expected, np.nan)
    assert np.allclose(by_id, expected, equal_nan=True)


def test_a_day_leaves_its_month_out(wide: pd.DataFrame) -> None:
    half = wide.copy()
    half[MONTHS[-1]] *= 0.3  # half a month of revenue
    cut = la.find_breaks(wide.iloc[:, :-1]).table
    _same(la.find_breaks(half, as_of=f"{MONTHS[-1]}-14").table, cut)
    _same(la.find_breaks(_long(half), as_of=f"{MONTHS[-1]}-14").table, cut)
    _same(la.find_breaks(half, as_of=str(MONTHS[-2])).table, cut)


def test_later_months_are_not_seen(wide: pd.DataFrame) -> None:
    early = la.find_breaks(wide, as_of=str(MONTHS[30])).table
    _same(early, la.find_breaks(wide.iloc[:, :31]).table)


def test_a_panel_of_orders_is_accepted() -> None:
    rng = np.random.default_rng(2)
    days = pd.date_range("2022-01-05", "2025-12-28", freq="7D")
    orders = pd.DataFrame(
        {"client_id": rng.integers(0, 12, len(days) * 6), "date": np.repeat(days, 6), "amount": 100.0}
    )
    late = (orders["client_id"] == 4) & (orders["date"] >= "2025-03-01")
    panel = la.monthly_panel(orders[~late])
    table = la.find_breaks(panel).table
    gone = table[table["kind"] == "churn"]
    assert gone["client_id"].tolist() == [4]
    assert gone["break_month"].tolist() == [pd.Timestamp("2025-03-01")]
    assert gone["effect"].tolist() == [-1.0]


def test_missing_columns_are_named() -> None:
    with pytest.raises(la.LoyaltyError, match="lacks revenue"):
        la.find_breaks(pd.DataFrame({"client_id": [1], "month": ["2026-01"]}))
    with pytest.raises(la.LoyaltyError, match="months"):
        la.find_breaks(pd.DataFrame({"a": [1.0], "b": [2.0]}))


def test_ids_come_back_as_given(wide: pd.DataFrame) -> None:
    text = wide.set_axis([f"{i:05d}" for i in wide.index])
    assert set(la.find_breaks(text).table["client_id"]) == {f"{i:05d}" for i in la.find_breaks(wide).table["client_id"]}
    assert la.find_breaks(wide).table["client_id"].dtype == wide.index.dtype


def test_panels_of_other_types_and_times(wide: pd.DataFrame) -> None:
    expected = la.find_breaks(wide.round(), as_of="2030-01").table
    _same(la.find_breaks(wide.round().astype("Float64"), as_of="2030-01").table, expected)
    _same(la.find_breaks(wide.round().astype(object)).table, expected)
    assert len(la.find_breaks(wide, as_of="2019-01")) == 0
    assert len(la.find_breaks(_long(wide).iloc[:0])) == 0
    # A long panel that ends years before the month of the report: all have left, and together.
    gone = la.find_breaks(_long(wide), as_of="2030-01").table
    assert set(gone["kind"]) >= {"churn"}
    assert gone.loc[gone["kind"] == "churn", "market"].all()
