"""Intervals of shares, NPS and means: against plain sums, other programs and the promised coverage."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import loyalty_analytics as la
from loyalty_analytics.errors import DataError
from loyalty_analytics.intervals import score_interval, share_interval, wilson
from loyalty_analytics.intervals.posterior import dirichlet_quantile


def plain_posterior(counts: list[int], prior: list[float], points: list[int], size: int) -> dict[float, float]:
    """Law of the base's mean by adding up every way the rest could answer."""
    weights = [c + a for c, a in zip(counts, prior)]
    total, rest, n = sum(weights), size - sum(counts), sum(counts)
    law: dict[float, float] = {}
    for drawn in itertools.product(range(rest + 1), repeat=len(counts)):
        if sum(drawn) != rest:
            continue
        log = math.lgamma(rest + 1) + math.lgamma(total) - math.lgamma(total + rest)
        log += sum(math.lgamma(k + w) - math.lgamma(w) - math.lgamma(k + 1) for k, w in zip(drawn, weights))
        value = (np.dot(counts, points) + np.dot(drawn, points)) / (n + rest)
        law[round(float(value), 10)] = law.get(round(float(value), 10), 0.0) + math.exp(log)
    return law


def test_nps_interval_is_the_plain_sum() -> None:
    law = plain_posterior([2, 3, 4], [0.5] * 3, [-1, 0, 1], 17)
    values, mass = np.array(sorted(law)), np.array([law[v] for v in sorted(law)])
    assert mass.sum() == pytest.approx(1)
    low = values[np.searchsorted(np.cumsum(mass), 0.025)]
    high = values[np.searchsorted(np.cumsum(mass), 0.975)]
    assert la.nps_interval(4, 3, 2, population=17) == pytest.approx((100 * low, 100 * high))


def test_mean_interval_is_the_plain_sum_with_mid_probability() -> None:
    law = plain_posterior([1, 0, 2, 3], [0.1] * 4, [1, 2, 3, 4], 12)
    values, mass = np.array(sorted(law)), np.array([law[v] for v in sorted(law)])
    middle = np.cumsum(mass) - mass / 2
    low, high = values[middle >= 0.025][0], values[middle <= 0.975][-1]
    assert la.mean_interval({1: 1, 3: 2, 4: 3}, population=12, scale=(1, 4)) == pytest.approx((low, high))


def test_share_interval_is_beta_binomial_and_beta() -> None:
    law = stats.betabinom(40, 9.5, 3.5)
    low, high = share_interval(9, 12, population=52)
    assert (round(low * 52) - 9, round(high * 52) - 9) == (law.ppf(0.025), law.ppf(0.975))
    endless = share_interval(9, 12)
    assert endless == pytest.approx(tuple(stats.beta(9.5, 3.5).ppf([0.025, 0.975])), abs=1e-7)


@pytest.mark.parametrize("weights", [(0.5, 10.5), (0.5, 120.5), (1.5, 900.5), (0.1, 4000.5), (0.5, 60000.5)])
def test_endless_quantiles_against_the_beta_law(weights: tuple[float, float]) -> None:
    for tail in (0.025, 0.1, 0.975):
        mine = dirichlet_quantile(np.array([weights]), np.array([0.0, 1.0]), tail)[0]
        assert mine == pytest.approx(stats.beta.ppf(tail, weights[1], weights[0]), abs=1e-6)


def test_endless_mean_against_simulation() -> None:
    rng = np.random.default_rng(11)
    counts = np.array([0, 0, 1, 0, 2, 1, 4, 9, 6, 3])
    drawn = rng.dirichlet(counts + 0.1, size=400_000) @ np.arange(1, 11)
    low, high = la.mean_interval(dict(zip(range(1, 11), counts)))
    assert (low, high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.01)


def test_large_bases_join_the_exact_sums() -> None:
    # 600 clients not asked are summed, 601 not: no jump between them.
    exact, limit = la.nps_interval(20, 12, 8, 640), la.nps_interval(20, 12, 8, 641)
    assert exact == pytest.approx(limit, abs=0.5)
    assert la.nps_interval(20, 12, 8, 10**7) == pytest.approx(la.nps_interval(20, 12, 8), abs=0.01)
    scores = {9: 20, 8: 15, 5: 5}
    assert la.mean_interval(scores, 100) == pytest.approx(la.mean_interval(scores, 101), abs=0.02)


def test_wilson_against_statsmodels() -> None:
    from statsmodels.stats.proportion import proportion_confint

    k, n = np.array([0, 1, 5, 9, 10]), np.full(5, 10)
    low, high = wilson(k, n)
    expected = proportion_confint(k, n, method="wilson")
    assert np.allclose(low, expected[0])
    assert np.allclose(high, expected[1])
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_census_knows_and_nothing_knows_nothing() -> None:
    assert la.nps_interval(25, 15, 10, population=50) == (30.0, 30.0)
    assert la.mean_interval({10: 2, 5: 2}, population=4) == (7.5, 7.5)
    assert la.nps_interval(0, 0, 0, population=50) == (-100.0, 100.0)
    assert la.mean_interval({}, population=50) == (1.0, 10.0)
    low, high = la.nps_interval(10, 0, 0, population=50)
    assert low < high == 100


counts = st.integers(0, 25)


@settings(max_examples=60, deadline=None)
@given(counts, counts, counts, st.integers(0, 120))
def test_nps_laws(promoters: int, passives: int, detractors: int, rest: int) -> None:
    n = promoters + passives + detractors
    size = n + rest if n + rest else None
    low, high = la.nps_interval(promoters, passives, detractors, size)
    mirrored = la.nps_interval(detractors, passives, promoters, size)
    # Rounding of a bound to a client may go the other way in the mirror; never by more than one step.
    step = 2 * 100 / size if size else 1e-4
    assert -100 <= low <= high <= 100
    assert (-mirrored[1], -mirrored[0]) == pytest.approx((low, high), abs=step + 1e-6)
    if n:
        assert low - 1e-9 <= 100 * (promoters - detractors) / n <= high + 1e-9
    wider = la.nps_interval(promoters, passives, detractors, size, level=0.99)
    assert wider[0] <= low
    assert wider[1] >= high


def test_arrays_are_the_loop() -> None:
    rng = np.random.default_rng(3)
    votes = rng.integers(0, 12, (40, 3))
    size = votes.sum(axis=1) + rng.integers(0, 700, 40)
    low, high = la.nps_interval(votes[:, 0], votes[:, 1], votes[:, 2], size)
    for i in range(40):
        single = la.nps_interval(*votes[i], int(size[i]))
        assert single == pytest.approx((low[i], high[i]), abs=1e-9)
    tables = rng.integers(0, 5, (25, 10))
    sizes = tables.sum(axis=1) + rng.integers(0, 90, 25)
    low, high = la.mean_interval({score + 1: tables[:, score] for score in range(10)}, sizes)
    for i in range(25):
        single = la.mean_interval({score + 1: int(tables[i, score]) for score in range(10)}, int(sizes[i]))
        assert single == pytest.approx((low[i], high[i]), abs=1e-9)


def test_faults_are_named() -> None:
    with pytest.raises(DataError, match="more answers than clients"):
        la.nps_interval(5, 5, 5, population=10)
    with pytest.raises(DataError, match="promoters must be whole"):
        la.nps_interval(1.5, 2, 3)
    with pytest.raises(DataError, match="between 0 and 1"):
        la.nps_interval(1, 2, 3, level=95)
    with pytest.raises(DataError, match="score 12 is not on the scale 1-10"):
        la.mean_interval({12: 1})
    with pytest.raises(DataError, match="larger than n"):
        share_interval(5, 4)


# ------------------------------------------------------------------------------------------ coverage
SHAPES = {"middle": (30, 40, 30), "polar": (50, 0, 50), "top": (84, 12, 4), "no detractor": (95, 5, 0)}


@pytest.mark.parametrize("shape", SHAPES)
def test_nps_coverage_is_exact_and_kept(shape: str) -> None:
    """Every sample of 12 from 50, weighted with its probability."""
    share = np.array(SHAPES[shape])
    base = (share * 50 // 100).astype(int)
    base[1] += 50 - base.sum()
    n = 12
    p, d = (grid.ravel() for grid in np.meshgrid(range(n + 1), range(n + 1), indexing="ij"))
    keep = p + d <= n
    p, d = p[keep], d[keep]
    chance = stats.multivariate_hypergeom.pmf(np.stack([p, n - p - d, d], axis=1), base, n)
    low, high = la.nps_interval(p, n - p - d, d, 50)
    truth = 100 * (base[0] - base[2]) / 50
    covered = chance[(low - 1e-9 <= truth) & (truth <= high + 1e-9)].sum()
    assert 0.92 <= covered <= 0.995


def candidate(scores: list[int], size: int | None, level: float) -> tuple[float, float]:
    value = np.asarray(scores)
    top, low = int((value >= 9).sum()), int((value <= 6).sum())
    return la.nps_interval(top, len(value) - top - low, low, size, level)


@pytest.mark.proof
def test_nps_coverage_on_the_full_grid(shared: Path, module_at: Callable[[Path], ModuleType]) -> None:
    tool = module_at(shared / "tools" / "coverage.py")
    rows, _ = tool.evaluate(candidate)
    summary, checks = tool.accept(rows)
    assert all(checks.values()), checks
    assert summary["min"] >= 0.91
    assert summary["p05"] >= 0.94
    assert summary["width"] <= 57.5
    assert tool.census_check(candidate) < 1e-9


FORMS = {
    "ceiling": [0, 0, 0, 0, 0.02, 0.03, 0.05, 0.1, 0.25, 0.55],
    "skewed": [0.02, 0.02, 0.03, 0.04, 0.05, 0.07, 0.12, 0.2, 0.25, 0.2],
    "bimodal": [0.2, 0.1, 0.03, 0.02, 0.02, 0.03, 0.05, 0.1, 0.2, 0.25],
}


def mean_coverage(form: str, n: int, size: int, draws: int, seed: int) -> float:
    share = np.array(FORMS[form]) * size
    base = np.floor(share).astype(int)
    base[np.argsort(base - share, kind="stable")[: size - base.sum()]] += 1
    drawn = np.random.default_rng(seed).multivariate_hypergeometric(base, n, size=draws)
    low, high = score_interval(drawn, np.arange(1, 11), 0.1, size)
    truth = base @ np.arange(1, 11) / size
    return float(np.mean((low - 1e-9 <= truth) & (truth <= high + 1e-9)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("n", "size"), [(8, 50), (30, 50), (15, 200)])
def test_mean_coverage(form: str, n: int, size: int) -> None:
    assert 0.89 <= mean_coverage(form, n, size, 600, seed=5) <= 0.985  # two errors of 600 draws around .91-.97


@pytest.mark.proof
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("n", "size"), [(8, 50), (12, 50), (15, 50), (20, 50), (30, 50), (15, 200)])
def test_mean_coverage_in_full(form: str, n: int, size: int) -> None:
    assert 0.91 <= mean_coverage(form, n, size, 10_000, seed=77) <= 0.97
