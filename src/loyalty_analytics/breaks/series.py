"""Breaks of one series of any kind: a KPI, a count, a share.

The least-squares (or least-deviance) partitions of `reference` for pieces that are flat and pieces
that are lines, compared by a likelihood whose errors are autocorrelated, so that a wandering series
is not cut into steps.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, ParamsError, nearest
from ..results import Note, Result
from .reference import segment_costs, segmentations

__all__ = ["SERIES_COLUMNS", "find_series_breaks"]

SERIES_COLUMNS = ["position", "low", "high", "before", "after", "p_value"]
KINDS = ("number", "count", "share")
_MOST = 8  # breaks at most
_LONG = 800  # longer series are looked at in blocks
_COST = 1.5  # penalty per parameter in units of log n; the place of a break counts as one and a half
_STRAY = 5.0  # robust standard deviations from the running median
_SEASONS = (4, 7, 12, 24, 52)
_SEASON_SEEN = 0.4  # autocorrelation of the differences from which a season is taken as there
_RHO_MOST = 0.98
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
    For m = 0, 1, … breaks the best partition is exact (Bai and Perron 2003). With residuals e the
    criterion is n log Σ(e_t − ρ e_{t−1})² + c·log n·(parameters), ρ estimated for each partition
    (Cochrane and Orcutt 1949), a break counting as its coefficients and 1.5 for its place.

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
        clean = _without_season(series, period)
        score, family, positions = _best(clean, kind)
        if kind == "number" and (series.x > 0).all() and series.x.max() > _RATIO * series.x.min():
            logs = _Series(np.log(series.x), series.where, series.weight)
            logged = _without_season(logs, period)
            other = _best(logged, kind)
            # The same values on another scale: the Jacobian makes the two likelihoods comparable.
            if other[0] + 2 * float(logs.x.sum()) < score:
                clean, (_, family, positions) = logged, other
        rows = _rows(clean, series, family, positions, kind, level)
    table = pd.DataFrame(rows, columns=SERIES_COLUMNS).astype({"position": int, "low": int, "high": int})
    note = Note(
        "breaks_scan.series_found" if len(table) else "breaks_scan.series_none",
        {"breaks": len(table), "n": len(series.x)},
    )
    return Result(frame=table, notes=(note,), options={"period": period, "kind": kind, "level": level})


@dataclass(frozen=True, eq=False)
class _Series:
    """Known values, where they stand and what they weigh."""

    x: np.ndarray
    where: np.ndarray
    weight: np.ndarray


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
    """Single stray values pulled to the running median of five."""
    if len(x) < 9:
        return x
    padded = np.pad(x, 2, mode="reflect")
    running = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    rest = x - running
    scale = max(1.4826 * float(np.median(np.abs(rest - np.median(rest)))), 1e-6 * float(np.ptp(x)))
    return np.where(np.abs(rest) > _STRAY * scale, running, x)


def _design(n: int, family: int) -> np.ndarray:
    t = np.linspace(-1, 1, n)
    return np.column_stack([np.ones(n), t, t**2])[:, :family]


def _costs(series: _Series, family: int, kind: str, h: int) -> np.ndarray:
    if kind == "number":
        return segment_costs(_pulled(series.x), _design(len(series.x), family), h)
    return _deviance(series, kind, h)


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


def _best(series: _Series, kind: str) -> tuple[float, int, list[int]]:
    """Criterion, number of coefficients per piece and first positions of the new pieces."""
    n = len(series.x)
    step = -(-n // _LONG)
    if step > 1:
        used = n // step * step
        means = series.x[:used].reshape(-1, step).mean(1)
        weight = series.weight[:used].reshape(-1, step).sum(1)
        coarse = _Series(means * (step if kind == "count" else 1), np.arange(len(means)), weight)
        score, family, positions = _best(coarse, kind)
        return score * step, family, [p * step for p in positions]
    choices = []
    for family in (1, 2, 3) if kind == "number" else (1,):
        h = max(family + 1, 3, int(np.ceil(0.02 * n)))
        most = min(_MOST, n // h - 1, max(n // 8, 1))
        for rss, found in segmentations(_costs(series, family, kind, h), h, max(most, 0)):
            if np.isfinite(rss):
                positions = [int(p) for p in found]
                choices.append((_criterion(series, family, positions, kind, rss), family, positions))
    score, family, positions = min(choices, key=lambda choice: choice[0])
    return score, family, positions


def _residuals(x: np.ndarray, family: int, positions: list[int]) -> np.ndarray:
    rest = np.empty(len(x))
    for a, b in itertools.pairwise([0, *positions, len(x)]):
        design = _design(b - a, family) if b - a > 1 else np.ones((1, 1))
        rest[a:b] = x[a:b] - design @ np.linalg.lstsq(design, x[a:b], rcond=None)[0]
    return rest


def _rho(rest: np.ndarray) -> float:
    """Autocorrelation of the residuals, with the bias of a fitted mean taken off."""
    total = float((rest**2).sum())
    if total <= 0 or len(rest) < 4:
        return 0.0
    raw = float((rest[1:] * rest[:-1]).sum()) / total
    return float(np.clip(raw + (1 + 3 * raw) / len(rest), 0.0, _RHO_MOST))


def _criterion(series: _Series, family: int, positions: list[int], kind: str, rss: float) -> float:
    n, m = len(series.x), len(positions)
    parameters = family * (m + 1) + 1.5 * m + 1
    if kind != "number":
        return rss / _dispersion(series, kind) + _COST * np.log(n) * parameters
    x = _pulled(series.x)
    rest = _residuals(x, family, positions)
    rho = _rho(rest)
    # No partition may claim less noise than rounding of the values makes.
    floor = max(n * (1e-4 * float(np.std(x))) ** 2, np.finfo(float).tiny)
    innovations = (1 - rho**2) * rest[0] ** 2 + float(((rest[1:] - rho * rest[:-1]) ** 2).sum())
    return n * np.log(innovations + floor) - np.log(1 - rho**2) + _COST * np.log(n) * parameters


def _dispersion(series: _Series, kind: str) -> float:
    """Spread of neighbours against that of the law; at least one."""
    w = np.ones(len(series.x)) if kind == "count" else series.weight
    rate = np.average(series.x, weights=w)
    spread = rate if kind == "count" else rate * (1 - rate)
    d = np.diff(series.x)
    expected = spread * (1 / w[1:] + 1 / w[:-1]) if kind == "share" else 2 * spread
    return float(max(np.mean(d**2 / np.maximum(expected, 1e-12)), 1.0))


def _rows(
    clean: _Series, series: _Series, family: int, positions: list[int], kind: str, level: float
) -> list[tuple[Any, ...]]:
    """Interval, means on both sides and p-value of every break."""
    from scipy.special import betainc

    x = _pulled(clean.x) if kind == "number" else clean.x
    rest = _residuals(x, family, positions)
    rho = _rho(rest)
    inflate = (1 + rho) / (1 - rho)
    variance = max(float((rest**2).sum()) / max(len(x) - family * (len(positions) + 1), 1), 1e-300)
    edges = [0, *positions, len(x)]
    rows = []
    for left, at, right in zip(edges[:-2], edges[1:-1], edges[2:]):
        gain = _gains(x[left:right], family)
        k = at - left
        weight = np.exp(np.clip((gain - gain[k]) / (2 * variance * inflate), -700, 50))
        cdf = np.cumsum(weight) / weight.sum()
        tail = (1 - level) / 2
        low = left + min(int((cdf < tail).sum()), k)
        high = left + max(int((cdf < 1 - tail).sum()), k)
        dof = max((right - left) / inflate - 2 * family, 1.0)
        f = gain[k] / (variance * inflate) / family
        single = float(betainc(dof / 2, family / 2, dof / (dof + family * f)))  # upper tail of F
        tried = max((right - left) / inflate, 2.0)
        p = float(-np.expm1(tried * np.log1p(-min(single, 1 - 1e-12))))
        before, after = (
            float(np.average(series.x[a:b], weights=series.weight[a:b])) for a, b in ((left, at), (at, right))
        )
        place = series.where
        rows.append((int(place[at]), int(place[low]), int(place[min(high, len(place) - 1)]), before, after, p))
    return rows


def _gains(part: np.ndarray, family: int) -> np.ndarray:
    """Fall of the sum of squares when a piece is cut before each of its values."""
    n = len(part)
    whole = float((_residuals(part, family, []) ** 2).sum())
    gain = np.zeros(n)
    for cut in range(family + 1, n - family):
        gain[cut] = whole - float((_residuals(part, family, [cut]) ** 2).sum())
    return gain
