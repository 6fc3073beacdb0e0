"""The wait for the first order against numerical integration, and what the base says of its clients' start."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from loyalty_analytics.segments import arrivals as module
from loyalty_analytics.segments.arrivals import arrivals, once


@pytest.mark.parametrize("month", [0, 3, 11, 17])
@pytest.mark.parametrize("old", [0.1, 0.7])
def test_the_table_is_the_integral_over_all_times_of_coming(month: int, old: float) -> None:
    months = 18
    weight = np.where(np.arange(months) % 12 < 4, 2.5, 0.25)[:, None]
    table = arrivals(weight, np.array([old]))

    def lived(until: float) -> float:
        whole = int(until)
        return weight[:whole, 0].sum() + (until - whole) * (weight[whole, 0] if whole < months else 0.0)

    at = month + module.HALF
    for rate in module._LEVELS[[2, 7, 12]].astype(float):
        breaks = [point for point in range(1, months) if point < at]
        came = quad(lambda s, r=rate: np.exp(-r * (lived(at) - lived(s))), 0, at, points=breaks or None, limit=200)[0]
        there = old * np.exp(-rate * lived(at))
        both = there + (1 - old) / months * came
        row = table.rows(np.array([rate]), np.array([month]))[0]
        assert table.log[row, 0] == pytest.approx(np.log(rate * both), abs=2e-3)
        assert table.begun[row, 0] == pytest.approx(there / both, abs=2e-3)


def test_a_season_is_entered_at_its_start() -> None:
    """Who buys in March to June only shows up in March at least twice as often as in May."""
    weight = np.where((np.arange(48) % 12 >= 2) & (np.arange(48) % 12 < 6), 2.8, 0.1)[:, None]
    table = arrivals(weight, np.array([0.3]))
    march, may = table.log[table.rows(np.array([2.0, 2.0]), np.array([26, 28])), 0]
    assert march > may + np.log(2)


def test_the_month_of_a_one_off_client_is_a_distribution() -> None:
    log, begun = once(np.arange(36), 36, 0.4)
    assert np.exp(log).sum() == pytest.approx(1.0)
    assert begun[0] > 0.9
    assert not begun[1:].any()
