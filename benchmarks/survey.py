"""Speed of the survey engine beside plain alternatives: `python benchmarks/survey.py [segments]`.

Coverage is no timing: it is proved by `pytest tests/survey -m proof`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

import loyalty_analytics as la


def _timed(name: str, call: Callable[[], object]) -> None:
    call()  # imports and caches
    best = min(_once(call) for _ in range(3))
    print(f"{name:64s} {best:8.3f} s")


def _once(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _simulated(votes: np.ndarray, size: int, draws: int, rng: np.random.Generator) -> None:
    """The usual way: draw the posterior of one segment after the other."""
    for row in votes:
        theta = rng.dirichlet(row + 0.5, size=draws)
        rest = rng.multinomial(size - row.sum(), theta)
        np.quantile((row[0] - row[2] + rest[:, 0] - rest[:, 2]) / size, [0.025, 0.975])


def main(segments: int) -> None:
    rng = np.random.default_rng(1)
    votes = np.array([rng.multinomial(rng.integers(8, 60), rng.dirichlet([1, 1, 1])) for _ in range(segments)])
    scores = {score: rng.integers(0, 4, segments) for score in range(1, 11)}
    print(f"{segments} segments")
    _timed("nps_interval, base 100, exact", lambda: la.nps_interval(*votes.T, population=100))
    _timed("nps_interval, base 600, exact", lambda: la.nps_interval(*votes[:1000].T, population=600))
    _timed("nps_interval, endless", lambda: la.nps_interval(*votes.T))
    _timed("mean_interval, base 50", lambda: la.mean_interval(scores, population=50))
    _timed("mean_interval, base 200", lambda: la.mean_interval(scores, population=200))
    _timed("one nps_interval", lambda: la.nps_interval(12, 7, 4, population=50))
    few = votes[: segments // 20]
    _timed(f"simulation of 6000 draws, {len(few)} segments", lambda: _simulated(few, 100, 6000, rng))
    clients = 100_000
    answers = pd.DataFrame({
        "client_id": rng.integers(0, clients, 200_000), "score": rng.integers(0, 11, 200_000),
        "answered_at": pd.Timestamp("2026-08-01") + pd.to_timedelta(rng.integers(0, 90, 200_000), unit="D"),
        "manager_id": rng.integers(0, 1000, 200_000),
    })  # fmt: skip
    _timed("nps, 200 000 answers of 100 000 clients", lambda: la.nps(answers, clients))
    _timed("nps by 1000 managers", lambda: la.nps(answers, by="manager_id"))
    items = pd.DataFrame(rng.normal(size=(250, 11)) @ (np.eye(11) + 0.3), columns=[*"abcdefghij", "csat"])
    _timed("key_drivers, 10 items, 1000 bootstrap draws", lambda: la.key_drivers(items, "csat"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
