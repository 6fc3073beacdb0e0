"""Breaks of single series on invented kinds and, where the folder is there, on the Turing change point data.

`python benchmarks/series.py [--tcpd FOLDER] [--count N] [--seed S]`. FOLDER holds NAME.json and annotations.json
of github.com/alan-turing-institute/TCPD (its series keep their own licences and are no part of this package).
F1 (margin 5) and cover as defined by van den Burg and Williams (2020, arXiv:2003.06222). Peers run where
ruptures is installed: `python -m pip install -r benchmarks/requirements.txt`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

Finder = Callable[[np.ndarray], list[int]]
World = tuple[np.ndarray, list[int]]
MARGIN = 5


# ---------------------------------------------------------------------------------------- scores
def f1(truths: Iterable[Iterable[int]], found: Iterable[int], margin: int = MARGIN) -> float:
    """Precision against what anyone marked, recall averaged over those who marked; 0 is in every set."""
    sets = [{0, *truth} for truth in truths]
    found = {0, *found}
    precision = _hits(set().union(*sets), found, margin) / len(found)
    recall = float(np.mean([_hits(one, found, margin) / len(one) for one in sets]))
    return 2 * precision * recall / (precision + recall)


def _hits(truth: set[int], found: set[int], margin: int) -> int:
    left, hits = set(found), 0
    for at in truth:
        near = min(left, key=lambda x: (abs(x - at), x), default=None)
        if near is not None and abs(near - at) <= margin:
            left.remove(near)
            hits += 1
    return hits


def cover(truths: Iterable[Iterable[int]], found: Iterable[int], n: int) -> float:
    """Best overlap of each marked piece with a found one, weighted by length, averaged over those who marked."""
    ours = _pieces(found, n)
    scores = []
    for truth in truths:
        best = [
            (b - a) * max(max(0, min(b, d) - max(a, c)) / (max(b, d) - min(a, c)) for c, d in ours)
            for a, b in _pieces(truth, n)
        ]
        scores.append(sum(best) / n)
    return float(np.mean(scores))


def _pieces(points: Iterable[int], n: int) -> list[tuple[int, int]]:
    edges = [0, *sorted({int(p) for p in points if 0 < p < n}), n]
    return list(itertools.pairwise(edges))


# ---------------------------------------------------------------------------------------- invented kinds
def _noise(rng: np.random.Generator, n: int, rho: float = 0.0) -> np.ndarray:
    e = rng.normal(size=n)
    for t in range(1, n):
        e[t] = rho * e[t - 1] + np.sqrt(1 - rho**2) * e[t]
    return e


def _places(rng: np.random.Generator, n: int, most: int = 3) -> list[int]:
    """One to ``most`` places that leave an eighth of the series, and three values, to each piece."""
    apart = max(3, n // 8)
    count = int(rng.integers(1, most + 1))
    while True:
        places = sorted(int(p) for p in rng.integers(apart, n - apart + 1, count))
        if all(b - a >= apart for a, b in itertools.pairwise(places)):
            return places
        count = max(1, count - 1)


def _steps(rng: np.random.Generator, n: int, places: list[int], size: tuple[float, float] = (2, 5)) -> np.ndarray:
    level = np.zeros(n)
    for at in places:
        level[at:] += rng.uniform(*size) * rng.choice([-1, 1])
    return level


def _bends(rng: np.random.Generator, n: int, places: list[int]) -> np.ndarray:
    """Slopes that change by enough to move the level by 8 to 25 noises over the piece after the bend."""
    t, level = np.arange(n), rng.uniform(-0.1, 0.1) * np.arange(n)
    for at, end in zip(places, [*places[1:], n]):
        level = level + rng.choice([-1, 1]) * rng.uniform(8, 25) / (end - at) * np.clip(t - at, 0, None)
    return level


def _drift(rng: np.random.Generator, n: int, places: list[int]) -> np.ndarray:
    """A walk that jumps by 6 to 12 of its own steps."""
    return np.cumsum(rng.normal(size=n)) + _steps(rng, n, places, (6, 12))


def _season(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.uniform(2, 5) * np.sin(2 * np.pi * (np.arange(n) + rng.integers(12)) / 12)


def _stray(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    at = rng.choice(len(x), max(1, len(x) // 40), replace=False)
    return x + np.where(np.isin(np.arange(len(x)), at), rng.choice([-1, 1], len(x)) * rng.uniform(6, 15, len(x)), 0)


def _growth(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.exp(rng.uniform(1, 3) * np.arange(n) / n) * np.exp(0.03 * np.cumsum(rng.normal(size=n)) * np.sqrt(60 / n))


def kinds() -> dict[str, Callable[[np.random.Generator, int, list[int]], np.ndarray]]:
    """Kinds of series as functions of (generator, length, places); no places = the quiet twin."""
    return {
        "levels": lambda g, n, p: _steps(g, n, p) + _noise(g, n),
        "levels, sticky": lambda g, n, p: _steps(g, n, p, (3, 7)) + _noise(g, n, 0.6),
        "levels, heavy tails": lambda g, n, p: _steps(g, n, p, (3, 6)) + g.standard_t(3, n) / 1.3,
        "levels, stray values": lambda g, n, p: _stray(g, _steps(g, n, p, (3, 6)) + _noise(g, n)),
        "levels on a trend": lambda g, n, p: (
            _steps(g, n, p, (4, 8)) + g.uniform(-0.2, 0.2) * np.arange(n) + _noise(g, n)
        ),
        "bends": lambda g, n, p: _bends(g, n, p) + _noise(g, n),
        "bends, smooth": lambda g, n, p: _bends(g, n, p) + 0.7 * _noise(g, n, 0.7),
        "jumping walk": _drift,
        "season": lambda g, n, p: _season(g, n) + _steps(g, n, p, (3, 6)) + _noise(g, n),
        "growth": lambda g, n, p: _growth(g, n) * np.exp(_steps(g, n, p, (0.25, 0.5))),
        "counts": lambda g, n, p: g.poisson(12 * np.exp(_steps(g, n, p, (0.4, 0.8)))).astype(float),
        "shares": lambda g, n, p: g.binomial(80, 1 / (1 + np.exp(-_steps(g, n, p, (0.6, 1.2))))) / 80,
    }


def world(kind: str, seed: int, quiet: bool) -> World:
    """One series of 20 to 240 values and its breaks."""
    rng = np.random.default_rng([seed, sorted(kinds()).index(kind), quiet])
    n = int(np.exp(rng.uniform(np.log(20), np.log(240))))
    places = [] if quiet else _places(rng, n)
    return kinds()[kind](rng, n, places), places


# ---------------------------------------------------------------------------------------- runs
def here(values: np.ndarray) -> list[int]:
    """The default call."""
    import loyalty_analytics as la

    return la.find_series_breaks(values).table["position"].tolist()


def peers() -> dict[str, Finder]:
    """Usual uses of ruptures on standardised values; empty where it is not installed."""
    try:
        import ruptures as rpt
    except ImportError:
        return {}

    def run(values: np.ndarray, search: Callable[[int], object], penalty: float) -> list[int]:
        where = np.flatnonzero(np.isfinite(values))
        x = values[where]
        x = (x - x.mean()) / (x.std() or 1.0)
        if len(x) < 8:
            return []
        found = search(len(x)).fit(x).predict(pen=penalty * np.log(len(x)))  # type: ignore[attr-defined]
        return [int(where[p]) for p in found[:-1]]

    # Penalties in units of log n times the variance of the noise, taken from the differences.
    def scale(values: np.ndarray) -> float:
        x = values[np.isfinite(values)]
        return float(np.median(np.abs(np.diff(x))) ** 2 / (0.954**2 * (x.var() or 1.0)))

    return {
        "PELT l2, 2 log n": lambda v: run(v, lambda n: rpt.Pelt(model="l2", min_size=2, jump=1), 2.0),
        "PELT l2, noise of differences": lambda v: run(
            v, lambda n: rpt.Pelt(model="l2", min_size=2, jump=1), max(3 * scale(v), 1e-3)
        ),
        "PELT rbf, log n": lambda v: run(v, lambda n: rpt.Pelt(model="rbf", min_size=2, jump=1), 1.0),
        "binseg l2, 2 log n": lambda v: run(v, lambda n: rpt.Binseg(model="l2", min_size=2, jump=1), 2.0),
    }


def invented(find: Finder, count: int, seed: int) -> dict[str, tuple[float, float, float]]:
    """F1, cover and share of quiet twins alarmed by kind."""
    table = {}
    for kind in kinds():
        broken = [world(kind, seed + i, False) for i in range(count)]
        found = [find(x) for x, _ in broken]
        table[kind] = (
            float(np.mean([f1([truth], got) for (_, truth), got in zip(broken, found)])),
            float(np.mean([cover([truth], got, len(x)) for (x, truth), got in zip(broken, found)])),
            float(np.mean([bool(find(world(kind, seed + i, True)[0])) for i in range(count)])),
        )
    return table


def turing(folder: Path) -> dict[str, tuple[np.ndarray, list[list[int]]]]:
    """Univariate series of the folder in alphabetical order with what each annotator marked."""
    marked = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    series = {}
    for name in sorted(marked):
        path = next(iter(sorted(folder.rglob(f"{name}.json"))), None)
        content = json.loads(path.read_text(encoding="utf-8")) if path else {}
        if content.get("n_dim") == 1:
            raw = content["series"][0]["raw"]
            series[name] = (np.array([np.nan if v is None else v for v in raw], float), list(marked[name].values()))
    return series


def _print_turing(folder: Path, methods: dict[str, Finder]) -> None:
    series = turing(folder)
    print(f"\nTuring change point data: {len(series)} series; a = 1st, 3rd, … of the alphabet, b = the others")
    print(f"{'':32s}{'F1 a':>8s}{'cover a':>8s}{'F1 b':>8s}{'cover b':>8s}{'F1':>8s}{'cover':>8s}")
    for name, find in {"no change": lambda _: [], **methods}.items():
        rows = np.array([(f1(m, g := find(x)), cover(m, g, len(x))) for x, m in series.values()])
        figures = np.concatenate([rows[::2].mean(0), rows[1::2].mean(0), rows.mean(0)])
        print(f"{name:32s}" + "".join(f"{v:8.3f}" for v in figures))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Breaks of single series")
    parser.add_argument("--tcpd", type=Path, help="folder with the series and annotations.json")
    parser.add_argument("--count", type=int, default=40, help="series per kind")
    parser.add_argument("--seed", type=int, default=7000)
    options = parser.parse_args()
    methods: dict[str, Finder] = {"find_series_breaks": here, **peers()}
    for name, find in methods.items():
        start = time.process_time()
        table = invented(find, options.count, options.seed)
        print(f"\n{name}: {options.count} series a kind, {time.process_time() - start:.1f} CPU s")
        for kind, row in {**table, "mean": tuple(np.mean(list(table.values()), 0))}.items():
            print(f"  {kind:24s} F1 {row[0]:.2f}  cover {row[1]:.2f}  quiet twin alarmed {row[2]:.3f}")
    if len(methods) == 1:
        print("\nNo peers: ruptures is not installed.")
    if options.tcpd is None or not (options.tcpd / "annotations.json").is_file():
        print("\nTuring change point data: skipped, --tcpd names no folder with annotations.json.")
        return
    _print_turing(options.tcpd, methods)


if __name__ == "__main__":
    main()
