"""The batched evidence against its plain form for one client."""

from __future__ import annotations

import numpy as np
import pytest

from loyalty_analytics.breaks.dating import date_interval, pairs, projected
from loyalty_analytics.breaks.engine import Rules, candidates, scan
from loyalty_analytics.breaks.kernels import AFTER, CHANGE_SD, NOISES, SEASONS, covariance, tables
from loyalty_analytics.breaks.model import DOF, SD, block_evidence, inverse_and_logdet, quiet_block, reference_hyper
from loyalty_analytics.breaks.prepare import market_path, row_median, stray_months

MONTHS = 40


def _client(seed: int, missing: list[int]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    log = rng.normal(0, 0.2, MONTHS) + np.where(np.arange(MONTHS) >= 25, -0.4, 0)
    used = np.ones(MONTHS, dtype=bool)
    used[missing] = False
    return log - np.median(log), used


def _plain(log: np.ndarray, used: np.ndarray, model: int, column: np.ndarray | None, sd: float, tau: float) -> float:
    """Log marginal likelihood of the used months: flat level, normal change, inverse gamma variance."""
    season, noise = divmod(model, len(NOISES))
    cov = covariance(MONTHS, NOISES[noise], SEASONS[season])[np.ix_(used, used)]
    if column is not None:
        cov = cov + (tau / sd) ** 2 * np.outer(column[used], column[used])
    inverse = np.linalg.inv(cov)
    ones = inverse.sum(1)
    rss = log[used] @ (inverse - np.outer(ones, ones) / ones.sum()) @ log[used]
    dof = used.sum() - 1 + DOF
    return -0.5 * (np.linalg.slogdet(cov)[1] + np.log(ones.sum())) - 0.5 * dof * np.log(DOF * SD**2 + rss)


@pytest.mark.parametrize("missing", [[], [7], [3, 4, 20, 33]])
@pytest.mark.parametrize("model", [1, 9, 21])
def test_evidence_equals_the_plain_formula(missing: list[int], model: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_FALL", "_RISE"):  # the prior of the direction apart, the formula is this
        monkeypatch.setattr(f"loyalty_analytics.breaks.model.{name}", np.float32(0))
    log, used = _client(5, missing)
    kept = np.array([model])
    block = quiet_block(log[None], used[None], np.zeros((1, MONTHS)), kept)
    quiet = _plain(log, used, model, None, 1, 0)
    assert block.quiet[0, 0] == pytest.approx(quiet, abs=2e-3)
    table = tables(MONTHS)
    evidence = block_evidence(block, reference_hyper())
    sd = float(np.sqrt(block.base[0, 0] / block.dof[0]))
    before = np.concatenate([[0], np.cumsum(used)])
    steps = [
        c
        for c in np.flatnonzero(table.shape == 0)
        if before[table.start[c]] >= 6 and before[-1] - before[table.start[c]] >= AFTER[0]
    ]
    plain = [
        _plain(log, used, model, table.shapes[:, c].astype(float), sd, float(CHANGE_SD[0])) + table.prior[c]
        for c in steps
    ]
    assert evidence.broken[0, 0, 0] == pytest.approx(np.logaddexp.reduce(plain), abs=0.02)


@pytest.mark.parametrize("size", [1, 2, 7, 40])
def test_many_small_inverses_equal_lapack(size: int) -> None:
    rng = np.random.default_rng(size)
    root = rng.normal(size=(3, 5, size, size + 3))
    block = root @ root.transpose(0, 1, 3, 2) / size + np.eye(size)
    inverse, logdet = inverse_and_logdet(block)
    assert np.allclose(inverse, np.linalg.inv(block), rtol=1e-6, atol=1e-8)
    assert np.allclose(logdet, np.linalg.slogdet(block)[1])


def test_an_earlier_look_sees_what_an_earlier_panel_shows() -> None:
    rng = np.random.default_rng(12)
    money = np.exp(rng.normal(8, 0.2, (6, 60)))
    money[0, 30:] *= 0.4
    money[1, 50:] = 0
    whole = scan(money, 2020 * 12)
    two = np.full(6, 2)
    rows, p, _, _ = candidates(whole, np.arange(6), two)
    assert set(rows.loc[rows["row"] == 1, "kind"]) == {"churn"}
    earlier = scan(money[:, :-2], 2020 * 12, Rules())
    both = rows.assign(break_month=rows["break_month"] - 2).merge(earlier.rows, on=["row", "break_month"])
    assert {0, 1} <= set(both["row"])
    assert p[:2] == pytest.approx(earlier.clients["p_value"][:2], abs=1e-3)


def test_projected_precision_is_that_of_the_known_months() -> None:
    _, used = _client(1, [2, 10, 11, 30])
    precision = tables(MONTHS).precision[14]
    full = projected(used[None], precision[None])[0]
    season, noise = divmod(14, len(NOISES))
    inverse = np.linalg.inv(covariance(MONTHS, NOISES[noise], SEASONS[season])[np.ix_(used, used)])
    ones = inverse.sum(1)
    assert np.allclose(full[np.ix_(used, used)], inverse - np.outer(ones, ones) / ones.sum(), atol=2e-3)
    assert np.allclose(full[~used], 0, atol=2e-4)


def test_pair_of_steps_is_found_at_its_months() -> None:
    rng = np.random.default_rng(3)
    t = np.arange(MONTHS)
    z = (rng.normal(0, 0.1, MONTHS) - 0.8 * ((t >= 15) & (t < 27))).astype(np.float32)[None]
    used = np.ones((1, MONTHS), dtype=bool)
    precision = projected(used, tables(MONTHS).precision[[0]])
    found = pairs(z, used, precision, np.zeros(1), np.array([MONTHS + 3.0], dtype=np.float32))
    assert (found.first.argmax(1)[0], found.second.argmax(1)[0]) == (15, 27)
    assert found.odds[0] > 5


def test_interval_is_the_shortest_run_that_holds_the_level() -> None:
    rng = np.random.default_rng(8)
    dates = rng.dirichlet(np.full(30, 0.3), size=50)
    at, low, high = date_interval(dates, 0.8)
    for row, a, lo, hi in zip(dates, at, low, high):
        assert lo <= a <= hi
        assert row[lo : hi + 1].sum() >= 0.8 - 1e-6
        shorter = [row[i : i + hi - lo].sum() for i in range(30 - (hi - lo) + 1) if i <= a < i + hi - lo]
        assert max(shorter, default=0) < 0.8


def test_stray_month_is_dropped_and_a_step_is_not() -> None:
    rng = np.random.default_rng(4)
    log = rng.normal(0, 0.08, (3, 60))
    log[0, 20] += 1.5
    log[1, 30:] -= 0.9
    log[2, 40], log[2, 41] = -1.6, 1.1  # a payment that moved
    stray = stray_months(log, np.ones(log.shape, dtype=bool))
    assert np.flatnonzero(stray[0]).tolist() == [20]
    assert not stray[1].any()
    assert {40, 41} <= set(np.flatnonzero(stray[2]))


def test_market_path_takes_a_shock_whole_and_no_noise() -> None:
    rng = np.random.default_rng(9)
    log = rng.normal(0, 0.3, (400, 48)) + rng.normal(10, 1, (400, 1))
    log[:, 30:] -= 0.5
    path = market_path(log, np.arange(48) % 12)
    step = path[30:].mean() - path[:30].mean()
    assert step == pytest.approx(-0.5, abs=0.05)
    assert np.abs(np.diff(path[:30])).max() < 0.12


def test_row_median_equals_numpy() -> None:
    rng = np.random.default_rng(2)
    values = np.where(rng.random((40, 11)) < 0.3, np.nan, rng.normal(size=(40, 11)))
    values[:, 0] = 0.0
    assert np.allclose(row_median(values), np.nanmedian(values, axis=1))
