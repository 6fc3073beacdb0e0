"""Exact least-squares segmentation of one regression: the trusted reference (Bai and Perron 2003)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, ParamsError
from ..results import Note, Result

__all__ = ["Breakpoints", "breakpoints", "segment_costs", "segmentations"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Breakpoints(Result):
    """Segmentation of one regression.

    Attributes
    ----------
    positions : int array
        Last observation of each segment but the last, counted from 1.
    intervals : int array (m, 2)
        Interval of each position in the same count, not clipped to the sample.
    rss, bic : float
        Of the chosen segmentation.
    sup_f, sup_f_p : float
        Largest F statistic of one break against none over all places that leave ``trim`` on both
        sides (Andrews 1993; (RSS₀ − RSS₁) / (RSS₁ / (n − 2k)), not divided by k) and its p-value
        (approximation of DeLong 1981 to the law of the largest of a squared Bessel process).
    """

    positions: np.ndarray
    intervals: np.ndarray
    rss: float
    bic: float
    sup_f: float
    sup_f_p: float


def breakpoints(
    y: Any, X: Any = None, *, breaks: int | None = None, trim: float = 0.15, level: float = 0.95
) -> Breakpoints:
    """Exact least-squares segmentation of Bai and Perron.

    Parameters
    ----------
    y : sequence of float, length n
    X : array (n, k), optional
        The whole design, no constant is added; None = a constant (means).
    breaks : int, optional
        Number of breaks; None chooses by BIC.
    trim : float
        Shortest segment: below 1 a share (floor(n·trim)), else a count.
    level : float
        Level of the intervals (Bai 1997, regressors and errors may differ between regimes).

    Returns
    -------
    Breakpoints
        ``.positions``, ``.rss``, ``.bic``, ``.intervals``; ``.table``: position, low, high;
        ``.overview``: breaks, rss, bic.

    Raises
    ------
    ParamsError
        Segments of that length do not fit.
    DataError
        y or X hold no finite numbers or differ in length.

    Notes
    -----
    RSS is the least over all partitions by the dynamic program of Bai and Perron (2003, J. Appl.
    Econometrics 18, 1-22). BIC = n (log RSS + 1 − log n + log 2π) + log n · ((k + 1)(m + 1)), with
    m breaks. Intervals: Bai (1997, Review of Economics and Statistics 79, 551-563).

    Examples
    --------
    >>> found = breakpoints([5.0, 6, 5, 6, 5, 6, 9, 10, 9, 10, 9, 10], trim=3)
    >>> found.positions
    array([6])
    """
    y, X = _data(y, X)
    n, k = X.shape
    h, most = _lengths(n, k, trim, breaks)
    costs = segment_costs(y, X, h)
    options = segmentations(costs, h, most if breaks is None else breaks)
    sup = _sup_f(costs, n, k)
    bic = np.array([_bic(n, k, m, rss) for m, (rss, _) in enumerate(options)])
    chosen = int(np.argmin(bic)) if breaks is None else breaks
    rss, positions = options[chosen]
    intervals = _intervals(y, X, positions, level)
    table = pd.DataFrame({"position": positions, "low": intervals[:, 0], "high": intervals[:, 1]})
    overview = pd.DataFrame({
        "breaks": np.arange(len(options)), "rss": [rss for rss, _ in options], "bic": bic
    })  # fmt: skip
    return Breakpoints(
        frame=table,
        overview=overview,
        notes=(Note("breaks_scan.reference", {"breaks": chosen, "n": n}),),
        options={"breaks": breaks, "trim": trim, "level": level},
        positions=positions,
        intervals=intervals,
        rss=float(rss),
        bic=float(bic[chosen]),
        sup_f=sup,
        sup_f_p=sup_f_p(sup, k, h / n),
    )


def _lengths(n: int, k: int, trim: float, breaks: int | None) -> tuple[int, int]:
    """Rows of the shortest segment, and how many breaks fit."""
    h = int(np.floor(n * trim + 1e-9)) if trim < 1 else int(trim)
    if h <= k:
        raise ParamsError(f"trim={trim!r} gives segments of {h} rows for {k} coefficients.", "Raise trim.")
    most = n // h - 1
    if most < 0 or h > n // 2:
        raise ParamsError(f"trim={trim!r}: no two segments of {h} rows fit into {n}.", "Lower trim.")
    if breaks is not None and not 0 <= breaks <= most:
        raise ParamsError(f"breaks={breaks!r}: between 0 and {most} fit.", "Lower breaks or trim.")
    return h, most


def _sup_f(costs: np.ndarray, n: int, k: int) -> float:
    split = float(np.min(costs[0] + costs[:, n]))
    return (float(costs[0, n]) - split) / max(split / (n - 2 * k), np.finfo(float).tiny)


def sup_f_p(statistic: float, k: int, share: float) -> float:
    """p-value of the largest F statistic with ``k`` coefficients and ``share`` of the rows trimmed on each side.

    >>> round(sup_f_p(8.85, 1, 0.15), 2)  # 5 % critical value of Andrews (1993), table 1
    0.05
    """
    from scipy.special import gammaln

    if statistic <= k:
        return 1.0
    span = 2 * np.log((1 - share) / share)
    log = k / 2 * np.log(statistic / 2) - statistic / 2 - gammaln(k / 2)
    return float(min(np.exp(log) * (span * (1 - k / statistic) + 2 / statistic), 1.0))


def _data(y: Any, X: Any) -> tuple[np.ndarray, np.ndarray]:
    y = np.asarray(y, dtype=float).ravel()
    design = np.ones((len(y), 1)) if X is None else np.asarray(X, dtype=float)
    design = design[:, None] if design.ndim == 1 else design
    if len(design) != len(y):
        raise DataError(f"y has {len(y)} rows, X has {len(design)}.")
    if not (np.isfinite(y).all() and np.isfinite(design).all()):
        raise DataError("y and X must hold finite numbers.", "Drop or fill the gaps first.")
    return y, design


def _bic(n: int, k: int, m: int, rss: float) -> float:
    return n * (np.log(max(rss, np.finfo(float).tiny)) + 1 - np.log(n) + np.log(2 * np.pi)) + np.log(n) * (k + 1) * (
        m + 1
    )


def segment_costs(y: np.ndarray, X: np.ndarray, h: int) -> np.ndarray:
    """RSS of every segment [i, j) of at least ``h`` rows, by recursive residuals; inf elsewhere."""
    n, _k = X.shape
    costs = np.full((n + 1, n + 1), np.inf)
    # Segments starting at different rows advance together: one rank-one update per length.
    starts = np.arange(n - h + 1)
    xx = np.stack([X[i : i + h].T @ X[i : i + h] for i in starts])
    xy = np.stack([X[i : i + h].T @ y[i : i + h] for i in starts])
    inverse = np.linalg.pinv(xx, hermitian=True)
    beta = np.einsum("ijk,ik->ij", inverse, xy)
    rss = np.array([((y[i : i + h] - X[i : i + h] @ b) ** 2).sum() for i, b in zip(starts, beta)])
    costs[starts, starts + h] = rss
    for length in range(h, n):
        live = n - length
        inverse, beta, rss = inverse[:live], beta[:live], rss[:live]
        x, target = X[length:], y[length:]
        gain = np.einsum("ijk,ik->ij", inverse, x)
        spread = 1 + np.einsum("ij,ij->i", gain, x)
        error = target - np.einsum("ij,ij->i", beta, x)
        rss = rss + error**2 / spread
        beta = beta + gain * (error / spread)[:, None]
        inverse = inverse - gain[:, :, None] * gain[:, None, :] / spread[:, None, None]
        costs[starts[:live], starts[:live] + length + 1] = rss
    return costs


def segmentations(costs: np.ndarray, h: int, most: int) -> list[tuple[float, np.ndarray]]:
    """Best (rss, positions) with 0, 1, …, ``most`` breaks."""
    n = len(costs) - 1
    best = costs[0].copy()
    options = [(float(best[n]), np.array([], dtype=np.int64))]
    trail: list[np.ndarray] = []
    for _ in range(most):
        total = best[:, None] + costs
        trail.append(total.argmin(0))
        best = total.min(0)
        ends, at = [], n
        for step in reversed(trail):
            at = int(step[at])
            ends.append(at)
        options.append((float(best[n]), np.array(ends[::-1], dtype=np.int64)))
    return options


def _intervals(y: np.ndarray, X: np.ndarray, positions: np.ndarray, level: float) -> np.ndarray:
    edges = np.r_[0, positions, len(y)]
    fits = []
    for a, b in itertools.pairwise(edges):
        x = X[a:b]
        beta, *_ = np.linalg.lstsq(x, y[a:b], rcond=None)
        errors = y[a:b] - x @ beta
        sigma2 = float(errors @ errors) / len(x)
        fits.append((beta, sigma2, x.T @ x / len(x)))
    out = []
    for at, (b1, s1, q1), (b2, s2, q2) in zip(positions, fits[:-1], fits[1:]):
        d = b2 - b1
        v1, v2 = float(d @ q1 @ d), float(d @ q2 @ d)
        if s1 <= 0 or s2 <= 0 or v1 <= 0 or v2 <= 0:
            out.append((at, at))
            continue
        xi, scale, tail = v2 / v1, s1 / v1, (1 - level) / 2
        phi = xi * s2 / s1
        upper, lower = (_quantile(q, xi, phi) for q in (1 - tail, tail))
        out.append((int(np.floor(at - upper * scale)), int(np.ceil(at - lower * scale))))
    return np.array(out, dtype=np.int64).reshape(-1, 2)


def _quantile(target: float, xi: float, phi: float) -> float:
    from scipy.optimize import brentq

    edge = 1.0 if target > argmax_cdf(0.0, xi, phi) else -1.0
    while (argmax_cdf(edge, xi, phi) - target) * np.sign(edge) < 0:
        edge *= 2
    return float(brentq(lambda x: argmax_cdf(x, xi, phi) - target, min(0.0, edge), max(0.0, edge), xtol=1e-12))


def argmax_cdf(x: float, xi: float = 1.0, phi: float = 1.0) -> float:
    """Distribution of the place where a two-sided Brownian motion with drift is highest (Bai 1997).

    ``xi`` is the ratio of the squared changes after and before, ``phi`` that of the variances.

    >>> argmax_cdf(0.0), round(argmax_cdf(11.03), 4)
    (0.5, 0.975)
    """
    from scipy.special import log_ndtr

    size, total = abs(x), phi + xi
    root = np.sqrt(size)
    if x < 0:
        share = xi / phi
        near = root * np.exp(-size / 8) / np.sqrt(2 * np.pi)
        far = (phi / xi) * (phi + 2 * xi) / total
        bend = np.exp(share * (1 + share) * size / 2 + log_ndtr(-(0.5 + share) * root))
        rest = (size / 2 - 2 + (phi + 2 * xi) ** 2 / (total * xi)) * np.exp(log_ndtr(-root / 2))
        return float(rest - near - far * bend)
    share = xi * xi / phi
    near = np.sqrt(share) * root * np.exp(-share * size / 8) / np.sqrt(2 * np.pi)
    far = (xi / phi) * (2 * phi + xi) / total
    bend = np.exp(total * size / 2 + log_ndtr(-(phi + xi / 2) / np.sqrt(phi) * root))
    rest = ((2 * phi + xi) ** 2 / (total * phi) - 2 + share * size / 2) * np.exp(log_ndtr(-np.sqrt(share) * root / 2))
    return float(1 + near + far * bend - rest)
