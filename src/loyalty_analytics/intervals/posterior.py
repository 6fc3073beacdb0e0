"""Quantiles of the mean score of a base of which some clients were asked: the sums under `intervals`.

The clients not asked follow a Dirichlet-multinomial law. It is the law of independent negative binomial counts
given their total, and with the success rate below all factors stay within the range of floats.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["dirichlet_quantile", "finite_bounds"]

_EXACT_CLASSES = 600  # clients not asked up to which two and three classes are summed exactly
_EXACT_LATTICE = 540  # (clients not asked × span of the scale) up to which longer scales are summed exactly
_CELLS = 400_000  # floats in a working array: stays in the cache of one core
_BLOCK = 40_000  # the same where several such arrays are alive
_TIE = 1e-12  # probabilities this close are equal: rounding must not move a bound by a client


def finite_bounds(
    counts: np.ndarray, size: np.ndarray, points: np.ndarray, prior: np.ndarray, level: float, hold_point: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Equal-tailed bounds per row.

    Parameters
    ----------
    counts : (rows, categories) answers
    size : (rows,) clients in the base, inf = endless
    points : (categories,) whole scores in rising order
    prior : (categories,) weights
    level : float
    hold_point : whether the bounds must hold the mean of the answers

    Returns
    -------
    low, high : (rows,)
    """
    n = counts.sum(axis=1)
    rest = size - n
    mean = np.divide(counts @ points, n, out=np.full(len(n), np.nan), where=n > 0)
    low, high = mean.copy(), mean.copy()
    span = points[-1] - points[0]
    short = len(points) == 2 or (len(points) == 3 and np.all(np.diff(points) == 1))
    exact = (rest > 0) & (rest <= _EXACT_CLASSES if short else rest * span <= _EXACT_LATTICE)
    law = _classes_law if short else _lattice_law
    tails = (0.5 - level / 2, 0.5 + level / 2)
    for rows in _chunks(np.flatnonzero(exact), rest, 2 if short else 0, int(span)):
        many = rest[rows].astype(np.int64)
        cumulated = law(counts[rows] + prior, many, points - points[0])
        known = counts[rows] @ points + many * points[0]
        first, last = _ends(cumulated, tails, middle=not short)
        low[rows], high[rows] = (known + first) / size[rows], (known + last) / size[rows]
    rows = np.flatnonzero((rest > 0) & ~exact)
    if len(rows):
        low[rows], high[rows] = _limit(counts[rows], size[rows], points, prior, tails)
    if not hold_point:
        return low, high
    # Where all answers are the best or the worst, the bound on that side is the answer itself (Brown et al., 4.1.2).
    return np.fmin(low, mean), np.fmax(high, mean)


def _ends(cumulated: np.ndarray, tails: tuple[float, float], middle: bool) -> tuple[np.ndarray, np.ndarray]:
    """First and last sum that the interval holds.

    Few classes jump so much that a bound must hold its tail in full. On long scales that would cover .97-.98
    where .95 is promised: there the sum at the bound counts half (mid-probability).
    """
    if not middle:
        first, last = ((cumulated < tail - _TIE).sum(axis=1) for tail in tails)
        return first, last
    half = cumulated - 0.5 * np.diff(cumulated, axis=1, prepend=0.0)
    return (half < tails[0] - _TIE).sum(axis=1), (half <= tails[1] + _TIE).sum(axis=1) - 1


def _chunks(rows: np.ndarray, rest: np.ndarray, width: int, span: int) -> Iterator[np.ndarray]:
    """Rows of like size, so many that a working array stays small; width 0 = rest² × span floats a row."""

    def fits(row: int) -> int:
        many = rest[row] + 1
        return max(1, int(_CELLS // (width * many if width else span * many**2)))

    rows = rows[np.argsort(rest[rows], kind="stable")]
    start = 0
    while start < len(rows):
        take = fits(rows[start])
        # The last row of the chunk is the largest and sets the width: look once more.
        take = min(take, fits(rows[min(start + take, len(rows)) - 1]))
        yield rows[start : start + take]
        start += take


def _negative_binomial(shape: np.ndarray, rate: np.ndarray, most: int) -> np.ndarray:
    """Probabilities of 0…most per row, by the ratio of neighbours."""
    step = np.arange(most, dtype=np.float64)
    table = np.empty((len(shape), most + 1))
    # (1 - rate)^shape ≥ exp(-clients not asked): no underflow below 700 of them.
    table[:, 0] = np.exp(shape * np.log1p(-rate))
    table[:, 1:] = rate[:, None] * (step + shape[:, None]) / (step + 1)
    return np.cumprod(table, axis=1, out=table)


def _classes_law(weights: np.ndarray, rest: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Distribution function of Σ offset·count over 0 … largest sum, for two or three neighbouring classes."""
    most = int(rest.max())
    rate = rest / (rest + weights.sum(axis=1))
    top = _negative_binomial(weights[:, -1], rate, most)
    bottom = _negative_binomial(weights[:, 0], rate, most)
    # bottom read from its end: reverse[r, j] = P(bottom = rest − j), 0 beyond
    turn = rest[:, None] - np.arange(most + 1)
    reverse = np.where(turn >= 0, np.take_along_axis(bottom, np.maximum(turn, 0), axis=1), 0.0)
    if len(offsets) == 2:
        law = top * reverse
    else:
        middle = _negative_binomial(weights[:, 1], rate, most)
        law = np.zeros((len(rest), 2 * most + 1))
        # k in the middle, j on top, the others at the bottom: the sum is k + 2j
        for k in range(most + 1):
            law[:, k : 2 * most - k + 1 : 2] += middle[:, k, None] * (top[:, : most - k + 1] * reverse[:, k:])
    law = np.cumsum(law, axis=1)
    return law / law[:, -1:]


def _lattice_law(weights: np.ndarray, rest: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The same for any whole scores: the generating function Π (1 − x·z^offset)^−weight, its coefficient of x^rest."""
    from scipy.fft import irfft, next_fast_len, rfft

    most, span = int(rest.max()), int(offsets[-1])
    width = next_fast_len(span * most + 1, real=True)
    line = np.zeros((len(weights), width))
    line[:, offsets.astype(np.int64)] = weights
    spectrum = rfft(line, axis=1)
    spectrum = np.concatenate([spectrum, np.conj(spectrum[:, (width - 1) // 2 : 0 : -1])], axis=1)
    places = np.arange(width // 2 + 1)
    sums = np.stack([spectrum[:, (places * i) % width] for i in range(1, most + 1)])
    series = np.empty((most + 1, *sums.shape[1:]), dtype=np.complex128)
    series[0] = 1.0
    for j in range(1, most + 1):  # j·h_j = Σ s_i h_(j−i), the derivative of the logarithm
        np.einsum("irk,irk->rk", sums[:j], series[j - 1 :: -1], out=series[j])
        series[j] /= j
    chosen = series[rest, np.arange(len(rest))]
    law = np.cumsum(np.clip(irfft(chosen, width, axis=1), 0, None), axis=1)
    return law / law[:, -1:]


def _limit(
    counts: np.ndarray, size: np.ndarray, points: np.ndarray, prior: np.ndarray, tails: tuple[float, float]
) -> list[np.ndarray]:
    """Large or endless bases: the Dirichlet mean, stretched to the spread that a finite rest adds."""
    weights = counts + prior
    total, n = weights.sum(axis=1), counts.sum(axis=1)
    rest = size - n
    endless = np.isinf(rest)
    stretch = np.where(endless, 1.0, np.sqrt((rest + total) / np.where(endless, 1.0, rest)))
    middle = weights @ points / total
    share = np.where(endless, 1.0, rest / np.where(endless, 1.0, size))  # of the base that was not asked
    asked = np.where(endless, 0.0, counts @ points / np.where(endless, 1.0, size))
    bounds = []
    for tail in tails:
        mean = middle + stretch * (dirichlet_quantile(weights, points, tail) - middle)
        bounds.append(asked + share * np.clip(mean, points[0], points[-1]))
    return bounds


def dirichlet_quantile(weights: np.ndarray, points: np.ndarray, tail: float) -> np.ndarray:
    """Quantile of Σ θ·point per row, θ ~ Dirichlet(weights): exact to about 1e-7 of the span.

    Above a total weight of 5000 the beta law with the same mean and variance (exact for two classes) stands in.
    """
    from scipy.special import betaincinv

    total = weights.sum(axis=1)
    span = points[-1] - points[0]
    where = weights @ (points - points[0]) / (total * span)
    spread = weights @ (points - points[0]) ** 2 / (total * span**2) - where**2
    size = where * (1 - where) * (total + 1) / spread - 1
    quantile = points[0] + span * betaincinv(where * size, (1 - where) * size, tail)
    class_of = np.searchsorted(_TOTALS, total)
    for k in range(len(_TOTALS)):
        rows = np.flatnonzero(class_of == k)
        if len(rows):
            # A root closer to the end of the scale than floats can tell leaves the beta law standing.
            inverted = _invert(weights[rows], points, tail, _STEPS[k], quantile[rows])
            quantile[rows] = np.where(np.isnan(inverted), quantile[rows], inverted)
    return quantile


# Nodes of the trapezoid rule in the logarithm of the frequency: the integrand is analytic there and dies at
# both ends, so the rule converges geometrically; much weight on one category makes it oscillate and asks for more.
_TOTALS = np.array([12.0, 40.0, 150.0, 1500.0, 5000.0])
_STEPS = (0.25, 0.125, 0.0625, 0.03, 0.015)


def _invert(weights: np.ndarray, points: np.ndarray, tail: float, step: float, start: np.ndarray) -> np.ndarray:
    """Quantiles by the secant from a good start; what does not settle is bracketed."""
    nodes = np.exp(np.arange(-18.0, 14.0 + step, step))
    span = points[-1] - points[0]
    # So much of the slope is known: the start is the quantile of a law with the right mean and variance.
    value = np.clip(start, points[0] + 1e-9 * span, points[-1] - 1e-9 * span)
    before = np.clip(value + 0.01 * span * np.where(tail < 0.5, 1, -1), points[0], points[-1])
    miss, miss_before = (_mean_below(at, weights, points, nodes) - tail for at in (value, before))
    open_rows = np.arange(len(value))
    for _ in range(8):
        rise = miss[open_rows] - miss_before[open_rows]
        with np.errstate(divide="ignore", invalid="ignore"):
            move = -miss[open_rows] * (value[open_rows] - before[open_rows]) / rise
        move = np.clip(np.nan_to_num(move), -0.05 * span, 0.05 * span)
        before[open_rows], miss_before[open_rows] = value[open_rows], miss[open_rows]
        value[open_rows] = np.clip(value[open_rows] + move, points[0], points[-1])
        open_rows = open_rows[np.abs(move) > 1e-9 * span]
        if not len(open_rows):
            break
        miss[open_rows] = _mean_below(value[open_rows], weights[open_rows], points, nodes) - tail
    astray = (np.abs(miss_before) > 1e-6) | (value <= points[0]) | (value >= points[-1])
    rows = np.union1d(open_rows, np.flatnonzero(astray))
    if len(rows):
        value[rows] = _bracket(weights[rows], points, tail, nodes)
    return value


def _bracket(weights: np.ndarray, points: np.ndarray, tail: float, nodes: np.ndarray) -> np.ndarray:
    from scipy.optimize import elementwise

    def miss(value: np.ndarray, row: np.ndarray) -> np.ndarray:
        return _mean_below(value, weights[row.astype(np.int64)], points, nodes) - tail

    span = points[-1] - points[0]
    ends = (np.full(len(weights), points[0]), np.full(len(weights), points[-1]))
    rows = np.arange(len(weights), dtype=np.float64)
    return elementwise.find_root(miss, ends, args=(rows,), tolerances={"xatol": 1e-9 * span, "xrtol": 1e-12}).x


def _mean_below(value: np.ndarray, weights: np.ndarray, points: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """P(Σ θ·point ≤ value) = P(Σ (point − value)·gamma(weight) ≤ 0), by inversion of its characteristic function."""
    below = np.empty(len(value))
    step = np.log(nodes[1] / nodes[0])
    block = max(1, _BLOCK // len(nodes))
    for start in range(0, len(value), block):
        part = slice(start, start + block)
        gap = points - value[part, None]
        scale = np.sqrt((weights[part] * gap**2).sum(axis=1))
        angle = np.zeros((len(scale), len(nodes)))
        size = np.zeros_like(angle)
        for c in range(len(points)):
            product = (gap[:, c] / scale)[:, None] * nodes
            weight = weights[part, c, None]
            angle += weight * np.arctan(product)
            size += weight * np.log1p(product**2)
        below[part] = 0.5 - step / np.pi * (np.sin(angle) * np.exp(-0.5 * size)).sum(axis=1)
    return below
