"""Where in the business: the smallest set of slices that carries a change of the total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..money import from_minor, to_minor
from ..results import Note, Result, as_table
from .reason_noise import bins_of, leaf_evidence, relative_change

__all__ = ["localise"]


def localise(
    before: Result | pd.DataFrame,
    after: Result | pd.DataFrame,
    dimensions: Sequence[str],
    *,
    deepest: int | None = None,
    most: int = 8,
    least: float = 1.0,
) -> Result:
    """The smallest set of slices (manager × product × …) that explains a change of the total.

    Parameters
    ----------
    before, after : tables of leaf cells
        The dimensions and ``amount`` (currency units); several rows of one cell are summed, a cell
        absent from one table counts 0 there.
    dimensions : sequence of str
        1 to 6 columns of both tables.
    deepest : int or None
        Largest number of dimensions that one slice may fix; None = all.
    most : int
        Largest number of slices.
    least : float
        Evidence (natural log of the likelihood ratio, less the log of the number of slices searched)
        below which a slice is not named.

    Returns
    -------
    Result
        ``.table``: the dimensions (null = any value), ``part`` (change of the slice in currency units,
        cells of an earlier slice not counted again), ``before``, ``after``, ``evidence``. Empty where no
        slice stands out, so also where the whole market moved.
    """
    names = list(dimensions)
    cells = _joined(as_table(before), as_table(after), names)
    codes, values = _coded(cells, names)
    f, v = cells["before"].to_numpy(float), cells["after"].to_numpy(float)
    cuboids = _cuboids(codes, [len(known) for known in values], deepest or len(names))
    found = _search(cuboids, f, v, most, least)
    frame = _table(cells, codes, values, names, found)
    before_sum, after_sum = (int(cells[side].sum()) for side in ("before", "after"))
    total, was, now = from_minor(pd.Series([after_sum - before_sum, before_sum, after_sum]))
    overview = pd.DataFrame(
        {
            "change": [total],
            "before": [was],
            "after": [now],
            "explained": [float(frame["part"].sum())],
            "slices": [len(frame)],
            "cells": [len(cells)],
        }
    )
    key = "breaks.slices_found" if len(frame) else "breaks.no_slice"
    return Result(
        frame=frame,
        overview=overview,
        notes=(Note(key, {"n": len(frame)}),),
        options={"deepest": deepest, "most": most, "least": least},
    )


def _joined(before: pd.DataFrame, after: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """One row per cell with minor units before and after, in an order that the rows given do not decide."""
    if not names or len(set(names)) != len(names):
        raise DataError(f"dimensions={names!r} must name at least one column, each once.", "Example: ['manager_id'].")
    sums = []
    for table, name in ((before, "before"), (after, "after")):
        missing = [column for column in [*names, "amount"] if column not in table.columns]
        if missing:
            raise DataError(f"Table {name} has no column {missing[0]!r}.", nearest(missing[0], map(str, table.columns)))
        minor = to_minor(table["amount"]).fillna(0).astype("int64")
        keys = table[names].astype("object").where(table[names].notna(), None)
        sums.append(keys.assign(**{name: minor}).groupby(names, dropna=False, sort=False)[name].sum())
    both = pd.concat(sums, axis=1).fillna(0).astype("int64").reset_index()
    order = both[names].map(lambda value: (value is None or value != value, str(value)))
    return both.loc[order.sort_values(names, kind="stable").index].reset_index(drop=True)


def _coded(cells: pd.DataFrame, names: list[str]) -> tuple[list[np.ndarray], list[pd.Index]]:
    pairs = [pd.factorize(cells[name], use_na_sentinel=False) for name in names]
    return [codes for codes, _ in pairs], [pd.Index(known) for _, known in pairs]


def _cuboids(codes: list[np.ndarray], sizes: list[int], deepest: int) -> list[_Cuboid]:
    """All combinations of up to ``deepest`` dimensions, each leaf's slice numbered from 0."""
    made = []
    combos = [c for k in range(1, deepest + 1) for c in combinations(range(len(codes)), k)]
    for combo in combos:
        key = np.zeros(len(codes[0]), np.int64)
        for j in combo:
            key = key * sizes[j] + codes[j]
        span = int(np.prod([sizes[j] for j in combo]))
        if span > 4 * len(key):
            key = np.unique(key, return_inverse=True)[1]
            span = int(key.max(initial=-1)) + 1
        # Naming a slice takes the choice of the dimensions and of a value of each.
        made.append(_Cuboid(combo, key, span, np.log(len(combos)) + np.log(max(span, 1))))
    return made


@dataclass(frozen=True)
class _Cuboid:
    dimensions: tuple[int, ...]
    key: np.ndarray
    size: int
    cost: float


@dataclass(frozen=True)
class _Found:
    score: float
    cuboid: _Cuboid
    slice: int

    @property
    def inside(self) -> np.ndarray:
        return self.cuboid.key == self.slice


def _search(cuboids: list[_Cuboid], f: np.ndarray, v: np.ndarray, most: int, least: float) -> list[_Found]:
    """Forward: the best slice, noise learned again without it, the next. Then each one has to stand without itself."""
    found: list[_Found] = []
    while len(found) < most:
        free = _unclaimed(found, len(f))
        if not free.any():
            break
        best = _best(cuboids, *_told(f, v, free, one_sided=True), free, least)
        if best is None:
            break
        found.append(best)
    for _ in range(4):
        before = [(id(slice_.cuboid), slice_.slice) for slice_ in found]
        found = _polished(cuboids, f, v, found, least)
        if before == [(id(slice_.cuboid), slice_.slice) for slice_ in found]:
            break
    return sorted(found, key=lambda slice_: -slice_.score)


def _unclaimed(found: list[_Found], count: int) -> np.ndarray:
    free = np.ones(count, bool)
    for slice_ in found:
        free &= ~slice_.inside
    return free


def _polished(cuboids: list[_Cuboid], f: np.ndarray, v: np.ndarray, found: list[_Found], least: float) -> list[_Found]:
    """Each slice, the weakest first, is sought again among the leaves that the others leave."""
    kept = list(found)
    for slice_ in sorted(found, key=lambda one: one.score):
        place = kept.index(slice_)
        others = kept[:place] + kept[place + 1 :]
        quiet = _unclaimed(kept, len(f))
        table = _told(f, v, quiet if quiet.any() else np.ones(len(f), bool), one_sided=False)
        best = _best(cuboids, *table, _unclaimed(others, len(f)), least)
        kept = others if best is None else [*others[:place], best, *others[place:]]
    return kept


def _told(f: np.ndarray, v: np.ndarray, quiet: np.ndarray, *, one_sided: bool) -> tuple[np.ndarray, np.ndarray]:
    """Evidence (hypotheses, bins) and the bin of every leaf; empty leaves are no evidence."""
    d = relative_change(f, v, quiet)
    known = f + v > 0
    size = np.abs(d[quiet & known])
    scale = float(np.clip(1.4826 * np.median(size), 0.01, 1.0)) if len(size) else 1.0
    bins = bins_of(scale)
    place = bins.place(d)
    counts = np.bincount(place[quiet & known], minlength=len(bins.centres)).astype(float)
    table = leaf_evidence(bins, counts, scale, one_sided)
    nothing = np.zeros((len(table), 1))
    return np.hstack([table, nothing]), np.where(known, place, table.shape[1])


def _best(
    cuboids: list[_Cuboid], table: np.ndarray, place: np.ndarray, alive: np.ndarray, least: float
) -> _Found | None:
    """The slice with the highest score: evidence less the price of naming it; None where none pays."""
    best: _Found | None = None
    price = least + np.log(len(table))
    limit = np.where(alive, np.maximum(table.max(axis=0), 0.0)[place], 0.0)
    for cuboid in cuboids:
        bound = np.bincount(cuboid.key, limit, cuboid.size)
        wanted = bound > price + cuboid.cost + (best.score if best else 0.0)
        if not wanted.any():
            continue
        number = np.cumsum(wanted) - 1
        inside = wanted[cuboid.key] & alive
        flat = number[cuboid.key[inside]] * table.shape[1] + place[inside]
        counts = np.bincount(flat, minlength=int(wanted.sum()) * table.shape[1]).reshape(-1, table.shape[1])
        score = (counts @ table.T).max(axis=1) - price - cuboid.cost
        j = int(np.argmax(score))
        if score[j] > (best.score if best else 0.0):
            best = _Found(float(score[j]), cuboid, int(np.flatnonzero(wanted)[j]))
    return best


def _table(
    cells: pd.DataFrame,
    codes: list[np.ndarray],
    values: list[pd.Index],
    names: list[str],
    found: list[_Found],
) -> pd.DataFrame:
    rows = []
    claimed = np.zeros(len(cells), bool)
    for slice_ in found:
        inside = slice_.inside & ~claimed
        claimed |= slice_.inside
        first, fixed = int(np.argmax(slice_.inside)), slice_.cuboid.dimensions
        row = {name: values[j][codes[j][first]] if j in fixed else None for j, name in enumerate(names)}
        f, v = (int(cells.loc[inside, side].sum()) for side in ("before", "after"))
        rows.append({**row, "part": v - f, "before": f, "after": v, "evidence": slice_.score})
    frame = pd.DataFrame(rows, columns=[*names, "part", "before", "after", "evidence"])
    for name in ("part", "before", "after"):
        frame[name] = from_minor(frame[name].astype("Int64")).astype("float64")
    frame["evidence"] = frame["evidence"].astype("float64")
    return frame
