"""Where in the business: the smallest set of slices that carries a change of the total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..money import from_minor, to_minor
from ..results import Note, Result, as_table, takes
from .reason_noise import bins_of, leaf_evidence, market_move, relative_change

__all__ = ["localise"]

_ADDED = ("part", "amount_before", "amount_after", "evidence")
_MUCH = 0.35  # share of cells in slices from which the norm itself is in doubt


@takes(before=["amount"], after=["amount"])
def localise(
    before: Result | pd.DataFrame,
    after: Result | pd.DataFrame,
    dimensions: Sequence[str],
    *,
    deepest: int | None = None,
    most: int = 12,
    least: float = 2.0,
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
        cells of an earlier slice not counted again), ``amount_before``, ``amount_after``, ``evidence``. Empty where no
        slice stands out, so also where the whole market moved.

    Examples
    --------
    >>> cells = pd.MultiIndex.from_product([["Ann", "Bob", "Eve"], list("abcd")], names=["manager", "product"])
    >>> before = cells.to_frame(index=False).assign(amount=[float(100 + number) for number in range(12)])
    >>> after = before.assign(amount=before["amount"].where(before["manager"] != "Bob", before["amount"] / 2))
    >>> localise(before, after, ["manager", "product"]).table[["manager", "product", "part"]].values.tolist()
    [['Bob', None, -211.0]]
    """
    names = list(dimensions)
    cells = _joined(as_table(before), as_table(after), names)
    cuboids = _cuboids(cells.codes, [len(known) for known in cells.values], deepest or len(names))
    found = _search(cuboids, cells.before.astype(float), cells.after.astype(float), most, least)
    frame = _table(cells, names, found)
    was, now = int(cells.before.sum()), int(cells.after.sum())
    sums = from_minor(pd.Series([now - was, was, now]))
    overview = pd.DataFrame(
        [[*sums, float(frame["part"].sum()), len(frame), len(cells.before)]],
        columns=["change", "before", "after", "explained", "slices", "cells"],
    )
    key = "breaks.slices_found" if len(frame) else "breaks.no_slice"
    return Result(
        frame=frame,
        overview=overview,
        notes=(Note(key, {"n": len(frame)}),),
        options={"deepest": deepest, "most": most, "least": least},
    )


@dataclass(frozen=True)
class _Cells:
    """Leaf cells in an order that the rows given do not decide: a code per dimension, minor units of both sides."""

    codes: list[np.ndarray]
    values: list[list[Any]]
    before: np.ndarray
    after: np.ndarray


def _joined(before: pd.DataFrame, after: pd.DataFrame, names: list[str]) -> _Cells:
    if not names or len(set(names)) != len(names) or set(names) & set(_ADDED):
        raise DataError(
            f"dimensions={names!r} must name at least one column, each once, none of {', '.join(_ADDED)}.",
            "Example: ['manager_id', 'product_id'].",
        )
    for table, side in ((before, "before"), (after, "after")):
        missing = [column for column in [*names, "amount"] if column not in table.columns]
        if missing:
            raise DataError(f"Table {side} has no column {missing[0]!r}.", nearest(missing[0], map(str, table.columns)))
    minor = [to_minor(table["amount"]).fillna(0).to_numpy("int64") for table in (before, after)]
    codes, values = [], []
    for name in names:
        column = pd.concat([table[name].astype("object") for table in (before, after)], ignore_index=True)
        code, known = pd.factorize(column.where(column.notna(), None), use_na_sentinel=False)
        order = sorted(range(len(known)), key=lambda i, known=known: (pd.isna(known[i]), str(known[i])))  # type: ignore[misc]
        codes.append(np.argsort(order)[code] if len(order) else code)
        values.append([None if pd.isna(known[i]) else known[i] for i in order])
    sides = np.repeat([0, 1], [len(minor[0]), len(minor[1])])
    frame = pd.DataFrame(dict(enumerate(codes)))
    amount = np.concatenate(minor)
    frame["f"], frame["v"] = np.where(sides == 0, amount, 0), np.where(sides == 1, amount, 0)
    sums = frame.groupby(list(range(len(names))), sort=True)[["f", "v"]].sum()
    index = sums.index.to_frame(index=False)
    return _Cells([index[i].to_numpy() for i in index], values, sums["f"].to_numpy(), sums["v"].to_numpy())


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
    """The slices; where they hold much of the business, also sought as if the market had not moved.

    When most cells fall, the median calls the fall the norm and what stayed a rise. The answer with fewer
    slices is taken, of two equal ones that with the smaller move of the market.
    """
    found = _sought(cuboids, f, v, most, least, None)
    if not found or (~_unclaimed(found, len(f))).mean() < _MUCH:
        return found
    other = _sought(cuboids, f, v, most, least, 1.0)
    moves = [abs(np.log(market_move(f, v, _unclaimed(slices, len(f))))) for slices in (other, found)]
    better = (len(other), moves[0]) < (len(found), moves[1])
    return other if other and better else found


def _sought(
    cuboids: list[_Cuboid], f: np.ndarray, v: np.ndarray, most: int, least: float, move: float | None
) -> list[_Found]:
    """Forward: the best slice, noise learned again without it, the next. Then each has to stand without itself."""
    found: list[_Found] = []
    while len(found) < most:
        free = _unclaimed(found, len(f))
        if not free.any():
            break
        table = _told(f, v, free, one_sided=True, move=None if found else move)
        best = _best(cuboids, *table, free, least)
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


def _told(
    f: np.ndarray, v: np.ndarray, quiet: np.ndarray, *, one_sided: bool, move: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Evidence (hypotheses, bins) and the bin of every leaf; empty leaves are no evidence."""
    d = relative_change(f, v, market_move(f, v, quiet) if move is None else move)
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
    # Neighbouring severities overlap: the hypotheses count as the root of their number.
    price = least + np.log(len(table)) / 2
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


def _table(cells: _Cells, names: list[str], found: list[_Found]) -> pd.DataFrame:
    rows = []
    claimed = np.zeros(len(cells.before), bool)
    for slice_ in found:
        inside = slice_.inside & ~claimed
        claimed |= slice_.inside
        first, fixed = int(np.argmax(slice_.inside)), slice_.cuboid.dimensions
        row = {name: cells.values[j][cells.codes[j][first]] if j in fixed else None for j, name in enumerate(names)}
        f, v = int(cells.before[inside].sum()), int(cells.after[inside].sum())
        rows.append({**row, "part": v - f, "amount_before": f, "amount_after": v, "evidence": slice_.score})
    frame = pd.DataFrame(rows, columns=[*names, *_ADDED])
    for name in _ADDED[:-1]:
        frame[name] = from_minor(frame[name].astype("Int64")).astype("float64")
    frame["evidence"] = frame["evidence"].astype("float64")
    return frame
