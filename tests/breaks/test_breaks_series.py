"""Breaks of one series: levels, lines, walks, counts and shares."""

from __future__ import annotations

import numpy as np
import pytest

import loyalty_analytics as la
from loyalty_analytics.breaks.series import SERIES_COLUMNS


def _positions(values: object, **options: object) -> list[int]:
    return la.find_series_breaks(values, **options).table["position"].tolist()


@pytest.mark.parametrize("at", [7, 13, 22, 31])
def test_a_step_is_found_at_its_place(at: int) -> None:
    rng = np.random.default_rng(at)
    y = rng.normal(size=45) + 5 * (np.arange(45) >= at)
    table = la.find_series_breaks(y).table
    assert list(table.columns) == SERIES_COLUMNS
    assert table["position"].tolist() == [at]
    assert (table["low"] <= at).all()
    assert (table["high"] >= at).all()
    assert table["after"].iloc[0] - table["before"].iloc[0] == pytest.approx(5, abs=1)
    assert table["p_value"].iloc[0] < 0.001


def test_sign_scale_and_shift_do_not_matter() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=80) + 4 * (np.arange(80) >= 50) + 30
    assert _positions(y) == _positions(-y) == _positions(1000 * y) == _positions(y - 5) == [50]


def test_walks_lines_and_noise_have_no_break() -> None:
    found = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        e = rng.normal(size=90)
        found += [len(_positions(x)) for x in (e, np.cumsum(e), 0.1 * np.arange(90) + e)]
    assert np.mean(np.array(found) > 0) <= 0.12


def test_a_season_hides_nothing() -> None:
    rng = np.random.default_rng(5)
    t = np.arange(96)
    y = 3 * np.sin(2 * np.pi * t / 12) + 0.7 * rng.normal(size=96) - 3 * (t >= 60)
    for options in ({}, {"period": 12}):
        assert [p for p in _positions(y, **options) if abs(p - 60) <= 2]


def test_counts_and_shares_have_their_own_law() -> None:
    rng = np.random.default_rng(7)
    counts = rng.poisson(np.where(np.arange(50) < 30, 4, 9))
    assert _positions(counts, kind="count") == [30]
    size = rng.integers(20, 60, 50)
    share = rng.binomial(size, np.where(np.arange(50) < 30, 0.3, 0.6)) / size
    assert _positions(share, kind="share", size=size) == [30]
    quiet = [len(_positions(np.random.default_rng(s).poisson(3, 60), kind="count")) for s in range(25)]
    assert np.mean(np.array(quiet) > 0) <= 0.12


def test_gaps_keep_the_places() -> None:
    rng = np.random.default_rng(9)
    y = rng.normal(size=60) + 6 * (np.arange(60) >= 40)
    y[[3, 20, 21, 50]] = np.nan
    assert _positions(y) == [40]


@pytest.mark.parametrize("values", [[], [1], [1, 2], [3.0] * 20, [np.nan] * 9, [0, 0, 0, 5, 0, 0, 0, 0, 0]])
def test_odd_series_get_an_answer(values: list[float]) -> None:
    assert _positions(values) == []


def test_long_series_are_quick_and_right() -> None:
    rng = np.random.default_rng(11)
    y = rng.normal(size=3000) + 2 * (np.arange(3000) >= 1700)
    assert abs(_positions(y)[0] - 1700) <= 8


def test_errors_tell_what_to_do() -> None:
    with pytest.raises(la.LoyaltyError, match="holds numbers"):
        la.find_series_breaks(["a"])
    with pytest.raises(la.LoyaltyError, match="negative"):
        la.find_series_breaks([-1, 2, 3], kind="count")
    with pytest.raises(la.LoyaltyError, match="between 0 and 1"):
        la.find_series_breaks([50, 60], kind="share")
    with pytest.raises(la.LoyaltyError, match="count"):
        la.find_series_breaks([1, 2], kind="counts")


def test_p_values_of_noise_are_no_smaller_than_uniform() -> None:
    from loyalty_analytics.breaks.series import _Model, _rho, _rows, _Series

    small = []
    for seed in range(60):
        y = np.random.default_rng(seed).normal(size=50)
        rest = [float(np.abs(y[:k].mean() - y[k:].mean()) * np.sqrt(k * (50 - k))) for k in range(3, 48)]
        best = 3 + int(np.argmax(rest))
        series = _Series(y, np.arange(50), np.ones(50))
        small.append(_rows(series, series, _Model(0.0, 1, _rho(y, [best]), [best]), "number", 0.95)[0][-1] < 0.1)
    assert np.mean(small) <= 0.15
