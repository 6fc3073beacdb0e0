"""Breaks of one series of any kind: a KPI, a count, a share.

Pieces that are flat or lines around which autocorrelated errors wander; exact partitions for each strength
of the autocorrelation, compared by their evidence, so that a wandering series is not cut into steps. Counts
and shares have deviances of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, ParamsError, nearest
from ..results import Note, Result
from .reference import segmentations

__all__ = ["SERIES_COLUMNS", "find_series_breaks"]

SERIES_COLUMNS = ["position", "low", "high", "before", "after", "p_value"]
KINDS = ("number", "count", "share")
_MOST = 8  # breaks at most
_LONG = 400  # longer series are looked at in blocks, then each break is placed among single values
_COST = 1.5  # counts and shares: penalty per parameter in units of log n; a place counts as one and a half
_STRAY = 4.0  # robust standard deviations from what stands on both sides
_RHOS = (0.0, 0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.96, 0.985)
_LENGTHS = {1: 3, 2: 5}  # shortest piece by number of coefficients
_DOUBT = 3.0  # twice the log odds against any break at all
_SEASONS = (4, 7, 12, 24, 52)
_SEASON_SEEN = 0.4  # autocorrelation of the differences from which a season is taken as there
_RATIO = 2.0  # largest to smallest value from which a log scale is tried


def find_series_breaks(
    values: Any, period: int | None = None, *, kind: str = "number", size: Any = None, level: float = 0.95
) -> Result:
    """Where one series changes its level or its slope.

    Parameters
    ----------
    values : sequence of float
        In order of time; NaN = no data.
    period : int, optional
        Length of the season; None looks for one, 0 or 1 means none.
    kind : {'number', 'count', 'share'}
        Law of the values: any number, a count of cases (Poisson, more spread allowed), a share 0-1
        of ``size`` cases (binomial, more spread allowed).
    size : sequence of float, optional
        Cases behind each share; 1 where not given.
    level : float
        Level of the intervals of the positions.

    Returns
    -------
    Result
        ``.table``: position (0-based, first of the new regime), low, high (interval, inclusive),
        before, after (mean of the pieces on both sides), p_value (of the change at the best place,
        allowing for the search between its neighbours and for autocorrelation).

    Raises
    ------
    DataError
        Values are not numbers, counts are negative, shares lie outside 0-1.
    ParamsError
        ``kind`` is unknown.

    Notes
    -----
    Pieces are levels or lines plus errors e_t = ρ e_{t−1} + u_t. For each ρ, shape and number m of breaks
    the best partition is exact (Bai and Perron 2003, on the sums S of squares of u). They compete by
    n log S + Σ log det(I + (s²n/S) Z′Z) − (m + 1) log(1 − ρ²) + 2m log n + 3·[m > 0], twice the negative
    log evidence with coefficients as wide as the values (s), designs Z and uniform places.

    Examples
    --------
    >>> find_series_breaks([5, 6, 5, 6, 5, 6, 5, 9, 10, 9, 10, 9, 10, 9]).table[["position", "before", "after"]]
       position    before    after
    0         7  5.428571  9.428571
    """
    if kind not in KINDS:
        raise ParamsError(f"kind={kind!r} is unknown.", nearest(str(kind), KINDS))
    series = _read(values, size, kind)
    rows: list[tuple[Any, ...]] = []
    if len(series.x) >= 6 and np.ptp(series.x) > 0:
        clean, model = _fitted(series, period, kind)
        rows = _rows(clean, series, model, kind, level)
    table = pd.DataFrame(rows, columns=SERIES_COLUMNS).astype({"position": int, "low": int, "high": int})
    note = Note(
        "breaks_scan.series_found" if len(table) else "breaks_scan.series_none",
        {"breaks": len(table), "n": len(series.x)},
    )
    return Result(frame=table, notes=(note,), options={"period": period, "kind": kind, "level": level})


def _fitted(series: _Series, period: int | None, kind: str) -> tuple[_Series, _Model]:
    """The series without its season and its best model, on the scale, plain or logarithmic, that it speaks for."""
    clean = _without_season(series, period)
    model = _best(clean, kind)
    if kind == "number" and (series.x > 0).all() and series.x.max() > _RATIO * series.x.min():
        logs = _Series(np.log(series.x), series.where, series.weight)
        logged = _without_season(logs, period)
        other = _best(logged, kind)
        # The same values on another scale: the Jacobian makes the two likelihoods comparable.
        if other.score + 2 * float(logs.x.sum()) < model.score:
            return logged, other
    return clean, model


@dataclass(frozen=True, eq=False)
class _Series:
    """Known values, where they stand and what they weigh."""

    x: np.ndarray
    where: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class _Model:
    """What was chosen: score (less is better), coefficients per piece, autocorrelation, first positions."""

    score: float
    family: int
    rho: float
    positions: list[int]


def _read(values: Any, size: Any, kind: str) -> _Series:
    try:
        y = np.asarray(values, dtype=float).ravel()
        weight = np.ones(len(y)) if size is None else np.asarray(size, dtype=float).ravel()
    except (TypeError, ValueError):
        raise DataError("A series holds numbers.", "Turn text into numbers first.") from None
    if len(weight) != len(y):
        raise DataError(f"values has {len(y)} entries, size has {len(weight)}.")
    where = np.flatnonzero(np.isfinite(y) & np.isfinite(weight) & (weight > 0))
    x = y[where]
    if kind == "count" and (x < 0).any():
        raise DataError("Counts cannot be negative.", "Use kind='number'.")
    if kind == "share" and ((x < 0) | (x > 1)).any():
        raise DataError("Shares lie between 0 and 1.", "Divide per cent by 100.")
    return _Series(x, where, weight[where])


def _without_season(series: _Series, period: int | None) -> _Series:
    """Season taken off as the mean of each phase around a running mean; stray values pulled in."""
    x = series.x.astype(float)
    found = _period(x) if period is None else int(period)
    if found > 1 and len(x) >= 2 * found:
        smooth = np.convolve(np.pad(x, found // 2, mode="edge"), np.ones(found) / found, mode="same")
        rest = x - smooth[found // 2 : found // 2 + len(x)]
        phase = series.where % found
        profile = np.array([np.median(rest[phase == k]) if (phase == k).any() else 0.0 for k in range(found)])
        x = x - (profile - profile.mean())[phase]
    return _Series(x, series.where, series.weight)


def _period(x: np.ndarray) -> int:
    """A season that the differences repeat clearly; 0 where there is none."""
    d = np.diff(x)
    d = np.clip(d - np.median(d), *np.quantile(d - np.median(d), [0.02, 0.98])) if len(d) > 8 else d
    total = float((d**2).sum())
    seen = {
        p: float((d[p:] * d[:-p]).sum()) / total * len(d) / (len(d) - p)
        for p in _SEASONS
        if len(x) >= 3 * p and total > 0
    }
    best = max(seen, key=lambda p: seen[p], default=0)
    return best if best and seen[best] > _SEASON_SEEN else 0


def _pulled(x: np.ndarray) -> np.ndarray:
    """Single values far from what stands on both sides, on the same side of both, pulled between them."""
    if len(x) < 9:
        return x
    padded = np.pad(x, 2, mode="reflect")
    before, after = (padded[:-4] + padded[1:-3]) / 2, (padded[3:-1] + padded[4:]) / 2
    left, right = x - before, x - after
    scale = 1.4826 * float(np.median(np.abs(np.concatenate([left[2:], right[:-2]]))))
    far = np.minimum(np.abs(left), np.abs(right)) > _STRAY * max(scale, 1e-6 * float(np.ptp(x)))
    far &= left * right > 0
    far[[0, -1]] = False
    return np.where(far, (before + after) / 2, x)


def _squares(x: np.ndarray, family: int, rho: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Sum of squared innovations of pieces [i, j), as a function of arrays i and j."""
    t = np.linspace(-1, 1, len(x))
    full = np.column_stack([*[np.ones(len(x)), t][:family], x - x.mean()])
    step = full[1:] - rho * full[:-1]
    sums = np.zeros((len(x) + 1, family + 1, family + 1))
    sums[2:] = np.cumsum(step[:, :, None] * step[:, None, :], 0)
    # The first value of a piece has the spread of the process itself, not of an innovation.
    start = (1 - rho**2) * full[:, :, None] * full[:, None, :] - sums[1:]

    def of(i: np.ndarray, j: np.ndarray) -> np.ndarray:
        m = sums[j] + start[i]
        a, b, s = m[:, 0, 0], m[:, 0, -1], m[:, -1, -1]
        rest = s - b**2 / a
        if family == 2:
            slope = m[:, 1, 1] - m[:, 0, 1] ** 2 / a
            rest = rest - (m[:, 1, 2] - m[:, 0, 1] * b / a) ** 2 / np.maximum(slope, 1e-300)
        return np.maximum(rest, 0.0)

    return of


def _costs(x: np.ndarray, family: int, rho: float, h: int) -> np.ndarray:
    i, j = np.triu_indices(len(x) + 1, h)
    costs = np.full((len(x) + 1, len(x) + 1), np.inf)
    costs[i, j] = _squares(x, family, rho)(i, j)
    return costs


def _deviance(series: _Series, kind: str, h: int) -> np.ndarray:
    """Poisson or binomial deviance of every segment with one rate."""
    w = np.ones(len(series.x)) if kind == "count" else series.weight
    hits = series.x if kind == "count" else series.x * w
    s, n = (np.concatenate([[0.0], np.cumsum(part)]) for part in (hits, w))
    sums, sizes = s[None, :] - s[:, None], n[None, :] - n[:, None]
    rate = np.divide(sums, sizes, out=np.zeros_like(sums), where=sizes > 0)
    own = _log_part(hits, w, kind).cumsum()
    own = np.concatenate([[0.0], own])
    cost = 2 * ((own[None, :] - own[:, None]) - sizes * _log_part(rate, 1.0, kind))
    length = np.arange(len(s))[None, :] - np.arange(len(s))[:, None]
    return np.where(length >= h, np.maximum(cost, 0), np.inf)


def _log_part(hits: Any, size: Any, kind: str) -> Any:
    """Largest log likelihood of hits out of size, without constants."""
    rate = np.clip(hits / size, 1e-12, None)
    if kind == "count":
        return hits * np.log(rate) - hits
    rest = np.clip(1 - rate, 1e-12, 1)
    return size * (rate * np.log(np.clip(rate, 1e-12, 1)) + (1 - rate).clip(0) * np.log(rest))


def _best(series: _Series, kind: str) -> _Model:
    """The likeliest partition; long series in blocks first."""
    n = len(series.x)
    step = -(-n // _LONG)
    if step > 1:
        used = n // step * step
        means = series.x[:used].reshape(-1, step).mean(1)
        weight = series.weight[:used].reshape(-1, step).sum(1)
        coarse = _Series(means * (step if kind == "count" else 1), np.arange(len(means)), weight)
        return _placed(series, _best(coarse, kind), step, kind)
    if kind == "number":
        return _best_number(_pulled(series.x))
    h, most = _room(n, 1)
    return min(
        (
            _Model(_criterion(series, len(found), kind, rss), 1, 0.0, [int(p) for p in found])
            for rss, found in segmentations(_deviance(series, kind, h), h, most)
            if np.isfinite(rss)
        ),
        key=lambda model: model.score,
    )


def _room(n: int, family: int) -> tuple[int, int]:
    """Shortest piece and largest number of breaks."""
    h = max(_LENGTHS[family], int(np.ceil(0.02 * n)))
    return h, max(min(_MOST, n // h - 1, max(n // 8, 1)), 0)


def _best_number(x: np.ndarray) -> _Model:
    n, spread = len(x), float(x.var())
    # No partition may claim less noise than rounding of the values makes.
    floor = max(n * 1e-8 * spread, np.finfo(float).tiny)
    best = _Model(np.inf, 1, 0.0, [])
    for family, rho in itertools.product(_LENGTHS, _RHOS):
        h, most = _room(n, family)
        if h > n:
            continue
        for rss, found in segmentations(_costs(x, family, rho, h), h, most):
            if np.isfinite(rss):
                lengths = np.diff([0, *found, n])
                score = _evidence(rss + floor, lengths, family, rho, spread)
                if score < best.score:
                    best = _Model(score, family, rho, [int(p) for p in found])
    return best


def _evidence(rss: float, lengths: np.ndarray, family: int, rho: float, spread: float) -> float:
    """Twice the negative log evidence of a partition (formula: `find_series_breaks`)."""
    n, m = int(lengths.sum()), len(lengths) - 1
    wide = spread * n / rss
    rest, inner = 1 - rho**2, lengths - 1
    # Z′Z of a piece is diagonal for a time that runs from -1 to 1 within it.
    told = np.log1p(wide * (rest + inner * (1 - rho) ** 2)).sum()
    if family == 2:
        squares = lengths * (lengths + 1) / (3 * inner) - 1
        told += np.log1p(
            wide * (rest + (1 - rho) ** 2 * squares + 4 * rho * (1 - rho) / inner + 4 * rho**2 / inner)
        ).sum()
    return float(n * np.log(rss) + told - (m + 1) * np.log(rest) + 2 * m * np.log(n) + _DOUBT * (m > 0))


def _placed(series: _Series, coarse: _Model, step: int, kind: str) -> _Model:
    """Each break of a search in blocks moved to its best place among the single values."""
    x = _pulled(series.x) if kind == "number" else series.x
    edges = [0, *(p * step for p in coarse.positions), len(x)]
    squares = _squares(x, coarse.family, coarse.rho)
    for k in range(1, len(edges) - 1):
        tried = np.arange(edges[k] - step, edges[k] + step + 1)
        tried = tried[(tried - edges[k - 1] > coarse.family) & (edges[k + 1] - tried > coarse.family)]
        total = squares(np.full(len(tried), edges[k - 1]), tried) + squares(tried, np.full(len(tried), edges[k + 1]))
        edges[k] = int(tried[np.argmin(total)])
    return _Model(coarse.score * step, coarse.family, coarse.rho, edges[1:-1])


def _rho(x: np.ndarray, positions: list[int]) -> float:
    """Autocorrelation around the levels of the pieces, with the bias of a fitted mean taken off."""
    rest = np.concatenate([part - part.mean() for part in np.split(x, positions)])
    total = float((rest**2).sum())
    if total <= 0 or len(rest) < 4:
        return 0.0
    raw = float((rest[1:] * rest[:-1]).sum()) / total
    return float(np.clip(raw + (1 + 3 * raw) / len(rest), 0.0, _RHOS[-1]))


def _criterion(series: _Series, breaks: int, kind: str, rss: float) -> float:
    return rss / _dispersion(series, kind) + _COST * np.log(len(series.x)) * (2.5 * breaks + 2)


def _dispersion(series: _Series, kind: str) -> float:
    """Spread of neighbours against that of the law; at least one."""
    w = np.ones(len(series.x)) if kind == "count" else series.weight
    rate = np.average(series.x, weights=w)
    spread = rate if kind == "count" else rate * (1 - rate)
    d = np.diff(series.x)
    expected = spread * (1 / w[1:] + 1 / w[:-1]) if kind == "share" else 2 * spread
    return float(max(np.mean(d**2 / np.maximum(expected, 1e-12)), 1.0))


def _rows(clean: _Series, series: _Series, model: _Model, kind: str, level: float) -> list[tuple[Any, ...]]:
    """Interval, means on both sides and p-value of every break."""
    from scipy.special import betainc

    family, positions = model.family, model.positions
    x = _pulled(clean.x) if kind == "number" else clean.x
    squares = _squares(x, family, model.rho if kind == "number" else _rho(x, positions))
    edges = np.array([0, *positions, len(x)])
    known = max(len(x) - family * (len(positions) + 1), 1)
    variance = max(float(squares(edges[:-1], edges[1:]).sum()) / known, 1e-12 * float(x.var()), 1e-300)
    rows, place, tail = [], series.where, (1 - level) / 2
    for left, at, right in zip(edges[:-2], edges[1:-1], edges[2:]):
        cuts = np.arange(min(left + family + 1, at), max(right - family, at + 1))
        split = squares(np.full(len(cuts), left), cuts) + squares(cuts, np.full(len(cuts), right))
        gain = (squares(edges[:1] * 0 + left, edges[:1] * 0 + right) - split) / variance
        k = int(at - cuts[0])
        cdf = np.cumsum(np.exp(np.clip((gain - gain[k]) / 2, -700, 50)))
        low, high = (int(cuts[min(int((cdf < share * cdf[-1]).sum()), len(cuts) - 1)]) for share in (tail, 1 - tail))
        dof = max(int(right - left) - 2 * family, 1)
        single = float(betainc(dof / 2, family / 2, dof / (dof + max(gain[k], 0.0))))  # upper tail of F
        p = float(-np.expm1(max(int(right - left), 2) * np.log1p(-min(single, 1 - 1e-12))))
        before, after = (
            float(np.average(series.x[a:b], weights=series.weight[a:b])) for a, b in ((left, at), (at, right))
        )
        rows.append((int(place[at]), int(place[min(low, at)]), int(place[max(high, at)]), before, after, p))
    return rows
