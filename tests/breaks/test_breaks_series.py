"""Breaks of one series: levels, lines, walks, counts and shares."""

from __future__ import annotations

import numpy as np
import pytest

import loyalty_analytics as la
from loyalty_analytics.breaks.series import SERIES_COLUMNS, _evidence, _Model, _rho, _rows, _Series, _squares


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


def test_long_series_are_dated_among_their_single_values() -> None:
    rng = np.random.default_rng(11)
    y = rng.normal(size=3000) + 4 * (np.arange(3000) >= 1703)
    assert len(found := _positions(y)) == 1
    assert abs(found[0] - 1703) <= 1


def _whitened(part: np.ndarray, t: np.ndarray, family: int, rho: float) -> tuple[np.ndarray, np.ndarray]:
    """A piece and its design times the inverse root of the correlation of an AR(1) process."""
    lags = np.abs(np.subtract.outer(np.arange(len(part)), np.arange(len(part))))
    root = np.linalg.inv(np.linalg.cholesky(rho**lags / (1 - rho**2)))
    return root @ part, root @ np.column_stack([np.ones(len(part)), t])[:, :family]


@pytest.mark.parametrize("family", [1, 2])
@pytest.mark.parametrize("rho", [0.2, 0.6, 0.96])
def test_sums_of_squares_are_those_of_generalised_least_squares(family: int, rho: float) -> None:
    x = np.cumsum(np.random.default_rng(13).normal(size=30))
    squares = _squares(x, family, rho)
    for i, j in ((0, 30), (4, 11), (17, 30)):
        y, design = _whitened(x[i:j], np.arange(i, j), family, rho)
        rest = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        assert squares(np.array([i]), np.array([j]))[0] == pytest.approx(rest @ rest, rel=1e-8)


@pytest.mark.parametrize("rho", [0.2, 0.92])
def test_evidence_counts_what_each_piece_tells(rho: float) -> None:
    told = 0.0
    for length in (7, 12):
        _, design = _whitened(np.zeros(length), np.linspace(-1, 1, length), 2, rho)
        told += np.linalg.slogdet(np.eye(2) + 3.0 * 19 / 5.0 * design.T @ design)[1]
    slow = 19 * np.log(5.0) + told - 2 * np.log(1 - rho**2) + 2 * np.log(19) + 3
    assert _evidence(5.0, np.array([7, 12]), 2, rho, 3.0) == pytest.approx(slow)


def test_a_walk_that_jumps_is_cut_at_the_jump_only() -> None:
    found = []
    for seed in range(10):
        y = np.cumsum(np.random.default_rng(seed).normal(size=80)) + 10 * (np.arange(80) >= 47)
        found.append(_positions(y))
    assert np.mean([got == [47] for got in found]) >= 0.8


def test_bends_of_a_line_are_found() -> None:
    t = np.arange(70)
    found = [_positions(0.8 * np.maximum(t - 40, 0) + np.random.default_rng(s).normal(size=70)) for s in range(10)]
    assert np.mean([len(got) == 1 and abs(got[0] - 40) <= 5 for got in found]) >= 0.8


def test_stray_values_are_no_regimes() -> None:
    y = np.random.default_rng(17).normal(size=60)
    y[[14, 33, 48]] += [12, -15, 20]
    assert _positions(y) == []


def test_intervals_cover_the_places() -> None:
    inside, seen = 0, 0
    for seed in range(40):
        y = np.random.default_rng(seed).normal(size=60) + 2.0 * (np.arange(60) >= 33)
        table = la.find_series_breaks(y).table
        near = table.loc[(table["position"] - 33).abs() <= 10]
        seen += len(near)
        inside += int(((near["low"] <= 33) & (near["high"] >= 33)).sum())
    assert seen >= 25
    assert inside / seen >= 0.85


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
    small = []
    for seed in range(60):
        y = np.random.default_rng(seed).normal(size=50)
        rest = [float(np.abs(y[:k].mean() - y[k:].mean()) * np.sqrt(k * (50 - k))) for k in range(3, 48)]
        best = 3 + int(np.argmax(rest))
        series = _Series(y, np.arange(50), np.ones(50))
        small.append(_rows(series, series, _Model(0.0, 1, _rho(y, [best]), [best]), "number", 0.95)[0][-1] < 0.1)
    assert np.mean(small) <= 0.15
