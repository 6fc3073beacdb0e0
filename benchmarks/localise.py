"""Localisation on generated worlds: `python -m benchmarks.localise [worlds per kind] [seed]`.

Worlds in the manner of the generator published with RiskLoc (Kalander 2022, arXiv:2205.10004): Weibull
leaves, a share of empty ones, relative noise on either side, slices of one to three dimensions whose
leaves fall by one severity. Written anew; two further kinds look like the ledgers of a small seller, and
the last kinds have no slice at all. A slice counts only when exact.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import pandas as pd
from benchmarks._table import show

Slice = tuple[tuple[str, str], ...]
World = tuple[pd.DataFrame, pd.DataFrame, list[str], set[Slice]]


def _grid(sizes: list[int]) -> pd.DataFrame:
    names = list("mnopqr"[: len(sizes)])
    values = [[f"{name}{i}" for i in range(size)] for name, size in zip(names, sizes)]
    return pd.DataFrame(list(product(*values)), columns=names)


def _slices(rng: np.random.Generator, cells: pd.DataFrame, count: int, deepest: int, least: int) -> list[Slice]:
    """Slices that do not lie inside one another and hold at least ``least`` cells."""
    names, found = list(cells.columns), []
    for _ in range(500):
        if len(found) == count:
            break
        depth = int(rng.integers(1, min(deepest, len(names)) + 1))
        row = cells.iloc[int(rng.integers(len(cells)))]
        new = tuple(sorted((name, row[name]) for name in rng.choice(names, depth, replace=False)))
        inside = _inside(cells, new)
        apart = all(not (inside & _inside(cells, old)).any() for old in found)
        if inside.sum() >= least and inside.mean() <= 0.3 and apart:
            found.append(new)
    return found


def _inside(cells: pd.DataFrame, slice_: Slice) -> np.ndarray:
    return np.logical_and.reduce([cells[name].to_numpy() == value for name, value in slice_])


def weibull(
    rng: np.random.Generator,
    noise: tuple[float, float],
    sizes: list[int] | None = None,
    above: float = 1.0,
    least: int = 10,
) -> World:
    """1-3 slices among Weibull leaves with relative noise on one of the two sides."""
    if sizes is None:
        sizes = [int(size) for size in rng.integers(5, 11, int(rng.integers(3, 6)))]
    cells = _grid(sizes)
    level = rng.uniform(*noise)
    real = rng.weibull(rng.uniform(0.5, 1.0), len(cells)) * 100
    real = real * (rng.random(len(cells)) > rng.uniform(0, 0.25))
    told = np.maximum(real * (1 + rng.normal(0, level, len(cells))), 0)
    swap = rng.random(len(cells)) < 0.5
    before, after = np.where(swap, real, told), np.where(swap, told, real)
    slices = _slices(rng, cells, int(rng.integers(1, 4)), 3, least)
    down = before.sum() > after.sum()
    for slice_ in slices:
        inside = _inside(cells, slice_)
        base = before[inside] if down else after[inside]
        severity = rng.uniform(0.2, 1.0) + above * level
        changed = np.maximum(base * (1 - rng.normal(severity, rng.uniform(0, 0.1), len(base))), 0)
        if down:
            after[inside] = changed
        else:
            before[inside] = changed
    return cells.assign(amount=before), cells.assign(amount=after), list(cells), _seen(cells, slices, before, after)


def _seen(cells: pd.DataFrame, slices: list[Slice], before: np.ndarray, after: np.ndarray) -> set[Slice]:
    """Slices in which something can be seen at all."""
    return {s for s in slices if (before[_inside(cells, s)] != after[_inside(cells, s)]).any()}


def business(
    rng: np.random.Generator,
    *,
    noise: float = 0.25,
    partial: bool = False,
    market: float = 0.0,
    slices: int | None = None,
) -> World:
    """A seller's cells: few of the possible ones, skewed shares, lognormal noise inside slices too.

    ``partial``: small slices of which a fifth of the cells does not fall.
    """
    sizes = [int(size) for size in rng.integers(4, 11, int(rng.integers(3, 7)))]
    wanted = int(rng.integers(400, 2500))
    columns = {}
    for name, size in zip("mnopqr", sizes):
        share = rng.dirichlet(np.full(size, 2.0))
        columns[name] = np.array([f"{name}{i}" for i in range(size)])[rng.choice(size, wanted, p=share)]
    cells = pd.DataFrame(columns).drop_duplicates(ignore_index=True)
    base = rng.lognormal(10, 1.2, len(cells))
    moved = 1 + rng.uniform(-market, market)
    before = base * rng.lognormal(0, noise / 2**0.5, len(cells))
    after = base * moved * rng.lognormal(0, noise / 2**0.5, len(cells))
    gone = 0.02
    before, after = before * (rng.random(len(cells)) > gone), after * (rng.random(len(cells)) > gone)
    count = int(rng.integers(1, 4)) if slices is None else slices
    planted = _slices(rng, cells, count, 2 if partial else 3, 12) if count else []
    if partial:
        planted = [s for s in planted if _inside(cells, s).sum() <= 0.1 * len(cells)] or planted[:1]
    for slice_ in planted:
        inside = _inside(cells, slice_)
        hit = inside & (rng.random(len(cells)) < (0.8 if partial else 1.0))
        after[hit] *= 1 - rng.uniform(0.35, 0.6) if partial else 1 - rng.uniform(0.4, 0.9)
    return cells.assign(amount=before), cells.assign(amount=after), list(cells), set(planted)


KINDS: dict[str, Callable[[np.random.Generator], World]] = {
    "Weibull, noise to .10": lambda rng: weibull(rng, (0.0, 0.10)),
    "Weibull, noise to .25": lambda rng: weibull(rng, (0.0, 0.25)),
    "Weibull, noise to .50": lambda rng: weibull(rng, (0.0, 0.50)),
    "Weibull, noise .25 to .50": lambda rng: weibull(rng, (0.25, 0.50)),
    "Weibull, noise .25 to .50, faint": lambda rng: weibull(rng, (0.25, 0.50), above=0.0),
    "Weibull, noise .50, faint": lambda rng: weibull(rng, (0.50, 0.50), above=0.0),
    "Weibull to .25, tiny slices": lambda rng: weibull(rng, (0.0, 0.25), least=1),
    "business, noise inside": lambda rng: business(rng),
    "small and partial, heavy noise": lambda rng: business(rng, noise=0.5, partial=True, market=0.3),
    "no slice, market moved": lambda rng: business(rng, noise=rng.uniform(0.1, 0.6), market=0.4, slices=0),
    "no slice, Weibull": lambda rng: _quiet(rng),
}


def _quiet(rng: np.random.Generator) -> World:
    cells = _grid([int(size) for size in rng.integers(4, 11, 4)])
    before = rng.weibull(rng.uniform(0.5, 1.0), len(cells)) * 100
    after = before * np.maximum(rng.uniform(0.6, 1.3) * (1 + rng.normal(0, rng.uniform(0, 0.5), len(cells))), 0)
    return cells.assign(amount=before), cells.assign(amount=after), list(cells), set()


def named(table: pd.DataFrame, names: list[str]) -> set[Slice]:
    """Slices of an answer as the worlds write them."""
    return {
        tuple(sorted((name, row[name]) for name in names if pd.notna(row[name]))) for row in table.to_dict("records")
    }


def score(
    find: Callable[[pd.DataFrame, pd.DataFrame, list[str]], set[Slice]],
    world: Callable[[np.random.Generator], World],
    count: int,
    seed: int,
) -> dict[str, float]:
    """Micro F1 over worlds; where nothing is planted, the share of worlds without an answer."""
    hits = answers = truths = silent = 0
    spent = 0.0
    for i in range(count):
        before, after, names, truth = world(np.random.default_rng([seed, i]))
        start = time.process_time()
        found = find(before, after, names)
        spent += time.process_time() - start
        hits, answers, truths = hits + len(found & truth), answers + len(found), truths + len(truth)
        silent += not found
    quality = 2 * hits / (answers + truths) if truths else silent / count
    return {
        "score": quality,
        "precision": hits / max(answers, 1),
        "recall": hits / max(truths, 1),
        "seconds": spent / count,
    }


def adtributor(before: pd.DataFrame, after: pd.DataFrame, names: list[str]) -> set[Slice]:
    """The method of Bhagwan et al. (NSDI 2014), plainly: one dimension, values of large surprise.

    A value is taken when it explains at least a tenth of the change, until two thirds are explained; the
    dimension with the largest total surprise (Jensen-Shannon term) is the answer.
    """
    best: tuple[float, list[Slice]] = (-np.inf, [])
    total = after["amount"].sum() - before["amount"].sum()
    for name in names:
        sums = pd.concat([table.groupby(name)["amount"].sum() for table in (before, after)], axis=1).fillna(0)
        f, v = sums.to_numpy().T
        p, q = f / f.sum(), v / v.sum()
        middle = np.maximum((p + q) / 2, 1e-300)
        surprise = (p * np.log(np.maximum(p, 1e-300) / middle) + q * np.log(np.maximum(q, 1e-300) / middle)) / 2
        chosen: list[Slice] = []
        explained = gathered = 0.0
        for j in np.argsort(-surprise, kind="stable"):
            share = (v[j] - f[j]) / total
            if share >= 0.1:
                chosen.append(((name, sums.index[j]),))
                explained, gathered = explained + share, gathered + surprise[j]
            if explained > 0.67:
                best = max(best, (gathered, chosen))
                break
    return set(best[1])


def rows(count: int, seed: int) -> Iterator[dict[str, object]]:
    """One row per kind of world."""
    import loyalty_analytics as la

    for name, world in KINDS.items():
        own = score(lambda b, a, d: named(la.localise(b, a, d).frame, d), world, count, seed)
        peer = score(adtributor, world, count, seed)
        yield {"world": name, "loyalty_analytics": own["score"], "Adtributor": peer["score"],
               "ms here": 1000 * own["seconds"], "ms Adtributor": 1000 * peer["seconds"]}  # fmt: skip


def timed(sizes: list[int], seed: int) -> str:
    """Seconds for one world of a size."""
    import loyalty_analytics as la

    before, after, names, truth = weibull(np.random.default_rng(seed), (0.0, 0.25), sizes)
    start = time.process_time()
    found = named(la.localise(before, after, names).frame, names)
    spent = time.process_time() - start
    return f"{len(before):,} cells, {len(names)} dimensions: {spent:.2f} CPU s, exact {found == truth}"


def main() -> None:
    """Print the table and the time of 100,000 leaf cells."""
    given = [int(value) for value in sys.argv[1:]]
    count, seed = (*given, 40, 1)[:2] if len(given) != 1 else (given[0], 1)
    show(f"Slices that carry a change, {count} worlds of each kind", rows(count, seed),
         "F1, a slice counts only when exact; without a slice the share of worlds without an answer.")  # fmt: skip
    for sizes in ([10] * 5, [10, 10, 10, 10, 5, 2], [250, 20, 20]):
        print(f"- {timed(sizes, seed)}")


if __name__ == "__main__":
    main()
