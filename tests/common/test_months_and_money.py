"""Months in all accepted forms, the last second of a day, and sums of money to the kopeck."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_analytics import money, months
from loyalty_analytics.errors import DataError


@pytest.mark.parametrize("value", ["2024-02", pd.Period("2024-02", "M"), pd.Timestamp("2024-02-01"), "2024-02-29"])
def test_a_month_is_whole_up_to_its_last_second(value):
    seen = months.as_of(value)
    assert seen.whole
    assert seen.end >= pd.Timestamp("2024-02-29 23:59:59.999")
    assert seen.end < pd.Timestamp("2024-03-01")
    assert str(seen.last_whole) == "2024-02"


@pytest.mark.parametrize("value", ["2024-02-28", dt.date(2024, 2, 28), pd.Timestamp("2024-02-28 10:00")])
def test_a_day_leaves_the_month_unfinished(value):
    seen = months.as_of(value)
    assert not seen.whole
    assert seen.end >= pd.Timestamp("2024-02-28 23:59:59.999")
    assert str(seen.last_whole) == "2024-01"


@pytest.mark.parametrize("value", [None, pd.NaT, "2026-13", "October", "01-2026", "yesterday", 202610, 3.5])
def test_what_is_no_month_is_refused(value):
    with pytest.raises(DataError):
        months.as_of(value)


@pytest.mark.parametrize(
    "values",
    [
        ["2025-12", "2026-01"],
        pd.to_datetime(["2025-12-01", "2026-01-01"]),
        pd.PeriodIndex(["2025-12", "2026-01"], freq="M"),
    ],
)
def test_forms_of_months_agree(values):
    assert months.month_number(values).tolist() == [2025 * 12 + 11, 2026 * 12]
    assert list(months.from_number(months.month_number(values))) == list(months.month_start(values))


def test_integers_are_no_months():
    with pytest.raises(DataError, match="numbers"):
        months.to_periods([202610])


@pytest.mark.parametrize("text", ["October", "2026", "05.10.2026", "10:30", "2026Q3"])
def test_months_are_never_guessed(text):
    with pytest.raises(DataError, match="yyyy-mm"):
        months.to_periods(["2026-09", text])


@given(st.lists(st.integers(-(10**13), 10**13), max_size=50))
def test_money_is_exact(kopecks):
    units = [float(Decimal(value) / 100) for value in kopecks]
    minor = money.to_minor(pd.Series(units, dtype="float64"))
    assert int(minor.sum()) == sum(kopecks)
    assert np.array_equal(money.from_minor(minor).to_numpy(), np.array(units, dtype=float))


def test_infinite_money_is_refused():
    with pytest.raises(DataError):
        money.to_minor([float("inf")])
