"""Intervals that stay honest for a base of 50 clients and 12 answers.

One engine answers "what does the base say now?": the clients who were asked are known, the others
follow the posterior of a Dirichlet-multinomial model. With ``population=None`` the base is endless and the
same engine answers "is the process different?".

Sources: Jeffreys prior for shares, Brown, Cai and DasGupta, Statistical Science 16 (2001) 101-133;
finite bases, Ericson, JRSS B 31 (1969) 195-233; law of a Dirichlet mean as the sign of a sum of
gammas, inverted as in Imhof, Biometrika 48 (1961) 419-426.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import DataError

__all__ = ["mean_interval", "nps_interval", "score_interval", "share_interval", "wilson"]

NPS_SCORES = (-1, 0, 1)
NPS_PRIOR = 0.5  # Jeffreys
_SPLIT_TAIL = 0.7  # of the tails where nobody is in the middle
_UNSEEN_PRIOR = 0.1  # of an end class that nobody chose, for the bound on its side
MEAN_PRIOR = 0.1  # per category of a 1-10 scale: a half would pull the mean of 8 answers to 5.5


def _numbers(values: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"{name} must be numbers, got {values!r:.60}.", "Give a number or an array of numbers."
        ) from None


def _whole(values: Any, name: str) -> np.ndarray:
    """Counts as float64, checked: whole, not negative."""
    array = _numbers(values, name)
    if not np.all(np.isfinite(array)) or np.any(array < 0) or np.any(array != np.rint(array)):
        raise DataError(f"{name} must be whole numbers, 0 or more.", "Count answers; leave no blanks.")
    return array


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise DataError(f"level={level!r} is not between 0 and 1.", "Write 0.95 for 95 %.")


def _size(population: Any, n: np.ndarray, level: float) -> np.ndarray:
    """Size of the base as float64 (inf = endless), checked against the answers."""
    _check_level(level)
    if population is None:
        return np.full(n.shape, np.inf)
    size = _numbers(population, "population")
    size = np.where(np.isnan(size), np.inf, size)
    if np.any(size != np.floor(size)):
        raise DataError("population must be whole numbers.", "Count the clients of the base; None = endless.")
    if size.ndim and size.shape != n.shape:
        raise DataError(
            f"population has shape {size.shape}, the counts of answers {n.shape}.", "Give one number, or one per count."
        )
    size = np.broadcast_to(size, n.shape)
    if np.any(size < n):
        raise DataError(
            f"A base of {int(np.min(size[size < n]))} clients cannot give more answers than clients.",
            "Count one vote per client, and in population the whole base.",
        )
    return size


def _pair(low: np.ndarray, high: np.ndarray) -> tuple[Any, Any]:
    if low.ndim == 0:
        return float(low), float(high)
    return low, high


def _part_and_whole(successes: Any, n: Any) -> tuple[np.ndarray, np.ndarray]:
    part, whole = np.broadcast_arrays(_whole(successes, "successes"), _whole(n, "n"))
    if np.any(part > whole):
        raise DataError("successes is larger than n.", "Count both over the same answers.")
    return part, whole


def wilson(successes: Any, n: Any, level: float = 0.95) -> tuple[Any, Any]:
    """Wilson's score interval of a share.

    Parameters
    ----------
    successes, n : int or array of int
    level : float

    Returns
    -------
    (low, high) : floats or arrays, shares 0..1; (0, 1) where n is 0

    Source: Wilson, JASA 22 (1927) 209-212.

    Examples
    --------
    >>> low, high = wilson(9, 10)
    >>> round(low, 4), round(high, 4)
    (0.5958, 0.9821)
    """
    from scipy.special import ndtri

    _check_level(level)
    k, m = _part_and_whole(successes, n)
    z2 = float(ndtri(0.5 + level / 2)) ** 2
    safe = np.where(m > 0, m, 1.0)
    share = k / safe
    centre = (share + z2 / (2 * safe)) / (1 + z2 / safe)
    half = np.sqrt(z2 * (share * (1 - share) / safe + z2 / (4 * safe**2))) / (1 + z2 / safe)
    # At 0 and n the algebra gives the ends exactly; rounding must not leave 1e-17.
    low = np.where((m > 0) & (k > 0), np.clip(centre - half, 0, 1), 0.0)
    high = np.where((m > 0) & (k < m), np.clip(centre + half, 0, 1), 1.0)
    return _pair(low, high)


def share_interval(successes: Any, n: Any, population: Any = None, level: float = 0.95) -> tuple[Any, Any]:
    """Interval of a share in a finite or endless base.

    Parameters
    ----------
    successes, n : int or array of int
        Answers of the wanted kind, and all answers.
    population : int, array of int or None
        Clients in the base; None (or NaN in an array) = endless.
    level : float

    Returns
    -------
    (low, high) : floats or arrays, shares 0..1
        At a census the point itself; (0, 1) where n is 0.

    Formula: Jeffreys prior Beta(1/2, 1/2); the N − n others are beta-binomial.

    Examples
    --------
    >>> [round(bound, 3) for bound in share_interval(9, 10, population=12)]
    [0.75, 0.917]
    """
    k, m = _part_and_whole(successes, n)
    counts = np.stack([m - k, k], axis=-1)
    low, high = score_interval(counts, (0, 1), NPS_PRIOR, population, level)
    return _pair(np.asarray(low), np.asarray(high))


def nps_interval(
    promoters: Any, passives: Any, detractors: Any, population: Any = None, level: float = 0.95
) -> tuple[Any, Any]:
    """Interval of the NPS, in points −100..100, of a finite or endless base.

    Parameters
    ----------
    promoters, passives, detractors : int or array of int
        Clients who answered 9-10, 7-8, 0-6; one vote per client.
    population : int, array of int or None
        Clients in the base ("what does the base say?"); None = endless ("is the process different?").
    level : float

    Returns
    -------
    (low, high) : floats or arrays
        At a census the point itself; (−100, 100) without answers.

    Raises
    ------
    DataError
        Counts that are negative or not whole, more answers than clients, a level outside 0..1.

    Notes
    -----
    The clients not asked follow the Dirichlet-multinomial posterior of the Jeffreys prior (1/2, 1/2, 1/2), summed
    exactly up to 600 of them, above that through the law of the Dirichlet mean. Two outcomes get more room, because
    there the plain posterior covers too little: without a passive vote the score jumps in double steps, and the
    tails are cut to 0.7 of their size; without a detractor the upper bound (without a promoter the lower) is the
    wider of the plain one and of one whose prior for that class is 0.1, since it need not exist.

    Examples
    --------
    >>> [round(bound, 1) for bound in nps_interval(8, 3, 1, population=50)]
    [18.0, 80.0]
    >>> nps_interval(25, 15, 10, population=50)
    (30.0, 30.0)
    """
    classes = [_whole(values, name) for values, name in (
        (detractors, "detractors"), (passives, "passives"), (promoters, "promoters"))]  # fmt: skip
    counts = np.stack(np.broadcast_arrays(*classes), axis=-1)
    size = _size(population, counts.sum(axis=-1), level)
    low, high = (np.asarray(bound) for bound in score_interval(counts, NPS_SCORES, NPS_PRIOR, size, level))
    split = (counts[..., 1] == 0) & (counts.sum(axis=-1) > 0)
    if split.any():
        wide = score_interval(counts[split], NPS_SCORES, NPS_PRIOR, size[split], 1 - _SPLIT_TAIL * (1 - level))
        low, high = _put(low, split, wide[0]), _put(high, split, wide[1])
    for side in (0, 2):
        none = (counts[..., side] == 0) & (counts.sum(axis=-1) > 0)
        if none.any():
            prior = np.where(np.arange(3) == side, _UNSEEN_PRIOR, NPS_PRIOR)
            bounds = score_interval(counts[none], NPS_SCORES, prior, size[none], level)
            if side == 0:
                high = _put(high, none, np.maximum(high[none], bounds[1]))
            else:
                low = _put(low, none, np.minimum(low[none], bounds[0]))
    return _pair(100 * low, 100 * high)


def _put(values: np.ndarray, where: np.ndarray, new: np.ndarray) -> np.ndarray:
    changed = values.copy()
    changed[where] = new
    return changed


def mean_interval(
    counts: Mapping[Any, Any],
    population: Any = None,
    level: float = 0.95,
    *,
    scale: tuple[int, int] | None = None,
    prior: float = MEAN_PRIOR,
) -> tuple[Any, Any]:
    """Interval of the mean score of a finite or endless base.

    Parameters
    ----------
    counts : {score: number of answers}, numbers may be arrays (one element per segment)
    population : int, array of int or None
        Clients in the base; None = endless.
    level : float
    scale : (lowest, highest) score that could be given, whole numbers
        None = 1-10, or 0-10 where a 0 was given.
    prior : float
        Weight of the prior per category of the scale.

    Returns
    -------
    (low, high) : floats or arrays, in points of the scale
        At a census the mean itself; the ends of the scale without answers.

    Examples
    --------
    >>> [round(bound, 2) for bound in mean_interval({10: 6, 9: 4, 7: 2}, population=50)]
    [8.04, 9.5]
    """
    given: dict[float, np.ndarray] = {}
    for score, number in counts.items():
        name = float(_numbers(score, "The scores of counts"))
        given[name] = given.get(name, 0.0) + _whole(number, f"counts[{score!r}]")
    if prior <= 0:
        raise DataError(f"prior={prior!r} is not above 0.", f"Leave it at {MEAN_PRIOR}.")
    ends = scale or ((0, 10) if 0.0 in given else (1, 10))
    if not ends[0] < ends[1]:
        raise DataError(f"scale={scale!r} does not rise.", "Write (lowest, highest): (1, 10).")
    scores = np.arange(ends[0], ends[1] + 1)
    outside = sorted(score for score in given if score not in scores)
    if outside:
        raise DataError(
            f"The score {outside[0]:g} is not on the scale {ends[0]}-{ends[1]}.",
            "Give scale=(lowest, highest), or repair the score; fractions are not averaged into whole scores.",
        )
    zero = np.zeros_like(next(iter(given.values()))) if given else np.zeros(())
    table = np.stack(np.broadcast_arrays(*(given.get(float(score), zero) for score in scores)), axis=-1)
    low, high = score_interval(table, scores, prior, population, level)
    return _pair(np.asarray(low), np.asarray(high))


def score_interval(
    counts: Any, scores: Any, prior: Any, population: Any = None, level: float = 0.95, *, hold_point: bool = True
) -> tuple[Any, Any]:
    """Equal-tailed interval of the mean score of the base: the engine under the intervals above.

    Parameters
    ----------
    counts : array (…, categories) of answers
    scores : (categories,) whole scores of the categories
    prior : float or (categories,) weights of the Dirichlet prior
    population : int, array (…) or None
    level : float
    hold_point : whether the interval must hold the mean of the answers; False for priors that pool groups

    Returns
    -------
    (low, high) : floats or arrays (…)
    """
    from .posterior import finite_bounds

    table = np.asarray(counts, dtype=np.float64)
    shape = table.shape[:-1]
    n = table.sum(axis=-1)
    size = _size(population, n, level)
    points = np.asarray(scores, dtype=np.float64)
    weights = np.broadcast_to(np.asarray(prior, dtype=np.float64), points.shape)
    rows = np.column_stack([table.reshape(-1, len(points)), size.reshape(-1)])
    # Segments repeat one another (the same few counts): each is summed once.
    unique, back = np.unique(rows, axis=0, return_inverse=True)
    low, high = finite_bounds(unique[:, :-1], unique[:, -1], points, weights, level, hold_point)
    nothing = unique[:, :-1].sum(axis=1) == 0
    low, high = np.where(nothing, points.min(), low), np.where(nothing, points.max(), high)
    back = np.asarray(back).reshape(shape)
    if not shape:
        return float(low[back]), float(high[back])
    return low[back], high[back]
