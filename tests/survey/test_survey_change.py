"""Change between two waves: coverage, who moved, and no change claimed inside the noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from loyalty_analytics.errors import DataError
from loyalty_analytics.intervals import nps_interval
from loyalty_analytics.survey.change import change_interval, nps_change, nps_trend

DELTA = np.subtract.outer(np.arange(3), np.arange(3)).T.ravel()  # now − before for cell (before, now)


def joint_bases(size: int = 50) -> list[np.ndarray]:
    """3 × 3 tables of a base: 50-80 % unchanged, several starts, drifts up and down."""
    bases = []
    for stay in (0.5, 0.6, 0.7, 0.8):
        for first in ((0.2, 0.3, 0.5), (0.1, 0.3, 0.6), (0.3, 0.4, 0.3), (0.5, 0.3, 0.2), (0.45, 0.05, 0.5)):
            for drift in (0.0, 0.5, -0.5, 1.0):
                table = np.zeros((3, 3))
                for i in range(3):
                    pull = np.array([(j > i) * (1 + drift) + (j < i) * (1 - drift) for j in range(3)])
                    pull = pull if pull.sum() else np.array([float(j != i) for j in range(3)])
                    table[i] = first[i] * (1 - stay) * pull / pull.sum()
                    table[i, i] = first[i] * stay
                exact = table.ravel() * size
                whole = np.floor(exact).astype(int)
                whole[np.argsort(whole - exact, kind="stable")[: size - whole.sum()]] += 1
                bases.append(whole)
    return bases


def paired_coverage(base: np.ndarray, n: int, draws: int, rng: np.random.Generator) -> tuple[float, float, float]:
    """Coverage, mean width and mean width of the unpaired interval."""
    drawn = rng.multivariate_hypergeometric(base, n, size=draws).reshape(-1, 3, 3)
    size, truth = base.sum(), 100 * base @ DELTA / base.sum()
    bounds = np.array([change_interval(table, population=size) for table in drawn])
    hit = (bounds[:, 0] - 1e-9 <= truth) & (truth <= bounds[:, 1] + 1e-9)
    waves = [drawn.sum(axis=2), drawn.sum(axis=1)]
    widths = [np.diff(nps_interval(w[:, 2], w[:, 1], w[:, 0], size), axis=0)[0] for w in waves]
    return float(hit.mean()), float(np.diff(bounds, axis=1).mean()), float(np.hypot(*widths).mean())


@pytest.mark.parametrize("n", [15, 25])
def test_reasked_change_covers_and_is_narrower_than_unpaired(n: int) -> None:
    rng = np.random.default_rng(4)
    results = [paired_coverage(base, n, 60, rng) for base in joint_bases()[::8]]
    assert np.mean([covered for covered, _, _ in results]) >= 0.93
    assert all(paired < unpaired for _, paired, unpaired in results)


@pytest.mark.proof
@pytest.mark.parametrize("n", [15, 25])
def test_reasked_change_in_full(n: int) -> None:
    rng = np.random.default_rng(20)
    results = [paired_coverage(base, n, 1500, rng) for base in joint_bases()]
    assert min(covered for covered, _, _ in results) >= 0.93
    assert all(paired < unpaired for _, paired, unpaired in results)


def test_overlapping_waves_are_between_paired_and_unpaired() -> None:
    pairs = np.array([[4, 1, 0], [1, 6, 1], [0, 2, 9]])
    paired = np.diff(change_interval(pairs))[0]
    half = np.diff(change_interval(pairs // 2, pairs.sum(axis=1) - (pairs // 2).sum(axis=1),
                                   pairs.sum(axis=0) - (pairs // 2).sum(axis=0)))[0]  # fmt: skip
    apart = np.diff(change_interval(np.zeros((3, 3)), pairs.sum(axis=1), pairs.sum(axis=0)))[0]
    assert paired < half < apart
    with pytest.raises(DataError, match="3 × 3"):
        change_interval([[1, 2], [3, 4]])


def quiet_world(seed: int, noise: float, clients: int = 50, visits: int = 12) -> pd.DataFrame:
    """Clients keep their liking; answers wobble; 12 of 50 are asked each month."""
    rng = np.random.default_rng(seed)
    liking = rng.choice(11, clients, p=np.array([1, 1, 1, 1, 2, 4, 6, 12, 20, 25, 27]) / 100)
    parts = []
    for month in pd.period_range("2025-01", periods=18, freq="M"):
        who = rng.choice(clients, visits, replace=False)
        wobble = np.where(rng.random(visits) < noise, rng.integers(-2, 3, visits), 0)
        when = month.start_time + pd.to_timedelta(rng.integers(0, 28, visits), unit="D")
        parts.append(pd.DataFrame({"client_id": who, "answered_at": when,
                                   "score": np.clip(liking[who] + wobble, 0, 10)}))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def false_changes(seeds: range, noise: float) -> float:
    claims = [
        bool(nps_change(answers, 50, as_of=month).frame["changed"].iloc[0])
        for answers in (quiet_world(seed, noise) for seed in seeds)
        for month in pd.period_range("2025-07", periods=12, freq="M")
    ]
    return float(np.mean(claims))


def test_a_quiet_base_does_not_change() -> None:
    assert false_changes(range(500, 503), 0.3) <= 0.12  # 36 months: 5 % and two errors


@pytest.mark.proof
@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_a_quiet_base_does_not_change_in_full(noise: float) -> None:
    assert false_changes(range(31_000, 31_200), noise) <= 0.05


def test_a_real_change_is_seen_and_movers_named() -> None:
    rows = []
    for client in range(40):
        rows += [(client, "2026-05-10", 9), (client, "2026-09-10", 4 if client < 30 else 9)]
    answers = pd.DataFrame(rows, columns=["client_id", "answered_at", "score"])
    change = nps_change(answers, 50, as_of="2026-10")
    row = change.table.iloc[0]
    assert bool(row["changed"])
    assert (row["before"], row["now"], row["n_both"]) == (100, -50, 40)
    assert row["low"] <= -150 <= row["high"] < 0
    assert len(change.movers) == 30
    assert set(change.movers["move"]) == {"faller"}
    assert change.pairs.loc[1, -1] == 30
    again = change.reasked.iloc[0]
    assert again["low"] <= -150 <= again["high"]


def test_few_answers_are_not_compared() -> None:
    answers = pd.DataFrame({"client_id": range(12), "answered_at": ["2026-05-10"] * 6 + ["2026-09-10"] * 6,
                            "score": [10] * 6 + [0] * 6})  # fmt: skip
    change = nps_change(answers, 50, as_of="2026-10")
    assert not change.table["changed"].iloc[0]
    assert "Too few answers to compare" in change.notes[0].text("en")


def test_trend_rows_are_the_single_calls() -> None:
    from loyalty_analytics.survey.nps import nps

    answers = quiet_world(3, 0.3)
    trend = nps_trend(answers, 50, as_of="2026-06", months=5).table
    assert trend["month"].dt.strftime("%Y-%m").tolist() == ["2026-02", "2026-03", "2026-04", "2026-05", "2026-06"]
    for row in trend.itertuples():
        single = nps(answers, 50, as_of=f"{row.month:%Y-%m}").table.iloc[0]
        assert (row.nps, row.low, row.high, row.n) == (single["nps"], single["low"], single["high"], single["n"])
