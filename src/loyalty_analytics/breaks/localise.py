"""Where in the business: the smallest set of slices that carries a change of the total."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..money import from_minor, to_minor
from ..results import Note, Result, as_table

__all__ = ["localise"]

_SHIFTS = np.concatenate([np.arange(0.2, 2.01, 0.15), -np.arange(0.2, 2.01, 0.15)])
_INSIDE = 0.1  # scatter of the shift between leaves of one slice
_CLIP = 3.0  # what one leaf may say for or against a slice


def localise(
    before: Result | pd.DataFrame,
    after: Result | pd.DataFrame,
    dimensions: Sequence[str],
    *,
    deepest: int | None = None,
    most: int = 8,
    least: float = 12.0,
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
    found = _search(codes, [len(known) for known in values], _evidence(f, v), deepest or len(names), most, least)
    frame = _table(cells, codes, values, names, found)
    total = from_minor(pd.Series([int(cells["after"].sum() - cells["before"].sum())]))[0]
    overview = pd.DataFrame(
        {"change": [total], "explained": [float(frame["part"].sum())], "slices": [len(frame)], "cells": [len(cells)]}
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


def _evidence(f: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Log-likelihood ratio of each leaf: shifted by each of the shifts against not shifted."""
    total = f + v
    d = np.where(total > 0, 2 * (v - f) / np.where(total > 0, total, 1), 0.0)
    if not len(d):
        return np.zeros((len(_SHIFTS), 0))
    d = d - np.median(d)  # the market's own move belongs to no slice
    noise = max(1.4826 * np.median(np.abs(d)), np.quantile(np.abs(d), 0.7), 0.02)
    width = np.hypot(noise, _INSIDE)
    quiet = 0.5 * (d / noise) ** 2 + np.log(noise / width)
    return np.clip(quiet - 0.5 * ((d - _SHIFTS[:, None]) / width) ** 2, -_CLIP, _CLIP)


def _search(
    codes: list[np.ndarray], sizes: list[int], llr: np.ndarray, deepest: int, most: int, least: float
) -> list[tuple[float, tuple[int, ...], np.ndarray]]:
    cuboids = [c for k in range(1, deepest + 1) for c in combinations(range(len(codes)), k)]
    keys = []
    for cuboid in cuboids:
        key = np.zeros(llr.shape[1], np.int64)
        for j in cuboid:
            key = key * sizes[j] + codes[j]
        keys.append(pd.factorize(key)[0] if llr.shape[1] else key)
    searched = np.log(max(sum(int(key.max(initial=-1)) + 1 for key in keys), 1))
    alive, found = np.ones(llr.shape[1], bool), []
    while len(found) < most and alive.any():
        best = (least, -1, -1)
        for i, key in enumerate(keys):
            for row in llr:
                score = np.bincount(key[alive], row[alive])
                j = int(np.argmax(score))
                value = float(score[j]) - searched - len(cuboids[i])
                if value > best[0]:
                    best = (value, i, j)
        if best[1] < 0:
            break
        inside = keys[best[1]] == best[2]
        found.append((best[0], cuboids[best[1]], inside & alive))
        alive &= ~inside
    return found


def _table(
    cells: pd.DataFrame,
    codes: list[np.ndarray],
    values: list[pd.Index],
    names: list[str],
    found: list[tuple[float, tuple[int, ...], np.ndarray]],
) -> pd.DataFrame:
    rows = []
    for evidence, cuboid, inside in found:
        first = int(np.argmax(inside))
        row = {name: values[j][codes[j][first]] if j in cuboid else None for j, name in enumerate(names)}
        f, v = (int(cells.loc[inside, side].sum()) for side in ("before", "after"))
        rows.append({**row, "part": v - f, "before": f, "after": v, "evidence": evidence})
    frame = pd.DataFrame(rows, columns=[*names, "part", "before", "after", "evidence"])
    for name in ("part", "before", "after"):
        frame[name] = from_minor(frame[name].astype("Int64")).astype("float64")
    frame["evidence"] = frame["evidence"].astype("float64")
    return frame
