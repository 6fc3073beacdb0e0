"""When: one break or two, their months with intervals, shape and size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .kernels import AFTER, BEFORE, CHANGE_SD
from .model import DOF, SD
from .prepare import masked_inverse, missing_groups

__all__ = ["Pairs", "date_interval", "pairs"]

_NEAR = ((-2, 0.62), (-1, 0.86), (0, 1.0), (1, 0.86), (2, 0.62))
_APART = 3  # months between two breaks
_AROUND = 3  # months around the other break of the best pair
# Prior of two changes: one that goes back is common, one the same way is mostly a slope seen as steps.
_RETURN, _AGAIN = 0.5, -1.0
_CHUNK = 32  # clients at once: what stays in the processor's cache


def date_interval(dates: np.ndarray, level: float, widen: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Month with the most posterior mass around it, and the shortest run of months that holds ``level``.

    >>> date_interval(np.array([[0.0, 0.02, 0.9, 0.06, 0.02]]), 0.95)
    (array([2]), array([2]), array([3]))
    """
    near = np.zeros_like(dates)
    for shift, weight in _NEAR:
        near += weight * np.roll(np.pad(dates, ((0, 0), (2, 2))), shift, 1)[:, 2:-2]
    at = near.argmax(1)
    sharp = dates**widen
    sharp = sharp / np.maximum(sharp.sum(1, keepdims=True), 1e-300)
    cdf = np.pad(np.cumsum(sharp, 1), ((0, 0), (1, 0)))
    months = dates.shape[1]
    # For each first month the shortest run that reaches the level and holds the date.
    lift = 3.0 * np.arange(len(cdf))[:, None]  # makes one ascending row of all
    wanted = cdf[:, :-1] + (level - 1e-9)
    end = np.searchsorted((cdf + lift).ravel(), (wanted + lift).ravel()).reshape(wanted.shape)
    end -= (months + 1) * np.arange(len(cdf))[:, None]  # first month after the run
    end = np.maximum(end, at[:, None] + 1)
    first = np.arange(months)
    width = np.where((first <= at[:, None]) & (end <= months), end - first, months + 1)
    low = width.argmin(1)
    whole = width[np.arange(len(at)), low] > months
    low = np.where(whole, 0, low)
    high = np.where(whole, months - 1, end[np.arange(len(at)), low] - 1)
    return at, low, high


@dataclass(frozen=True, eq=False)
class Pairs:
    """Two steps at once.

    Attributes
    ----------
    odds : float array (clients,)
        Log Bayes factor of two steps against one step or shape.
    first, second : float arrays (clients, months)
        Posterior of the two months.
    """

    odds: np.ndarray
    first: np.ndarray
    second: np.ndarray


def projected(used: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Precision of each client (clients, months, months) with its missing months unknown."""
    full = precision.copy()
    for rows, places, real in missing_groups(~used):
        own = precision[rows]
        each = np.arange(len(rows))[:, None]
        block = own[each[:, :, None], places[:, :, None], places[:, None, :]]
        cross = own[each, places] * real[:, :, None]
        full[rows] -= cross.transpose(0, 2, 1) @ (masked_inverse(block, real) @ cross)
    return full


def pairs(z: np.ndarray, used: np.ndarray, precision: np.ndarray, one: np.ndarray, dof: np.ndarray) -> Pairs:
    """Evidence of every pair of steps under each client's own quiet model.

    Parameters
    ----------
    z, used : arrays (clients, months)
        Log volume, 0 where not used.
    precision : array (clients, months, months)
        As `projected` gives it.
    one : float array
        Log evidence of a single break under that model relative to none.
    dof : float array
    """
    first, second = np.zeros((2, *z.shape))
    odds = np.empty(len(z))
    for begin in range(0, len(z), _CHUNK):
        rows = slice(begin, begin + _CHUNK)
        odds[rows], first[rows], second[rows] = _pairs(z[rows], used[rows], precision[rows], dof[rows])
    return Pairs(odds - one, first, second)


def _pairs(
    z: np.ndarray, used: np.ndarray, precision: np.ndarray, dof: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log evidence of two steps and posterior of their months."""
    months, every = z.shape[1], np.arange(len(z))
    a, b = np.triu_indices(months, _APART)
    kept = (a >= BEFORE) & (b <= months - _APART)
    a, b = a[kept], b[kept]
    if not len(a):
        return np.full(len(z), -1e9), *np.zeros((2, *z.shape))
    score = (precision @ z[:, :, None])[:, :, 0]
    rss = np.maximum((score * z).sum(1), 1e-9)
    base = rss + np.float32(DOF * SD**2)
    u = score[:, ::-1].cumsum(1)[:, ::-1]
    gram = precision[:, ::-1, ::-1].cumsum(1).cumsum(2)[:, ::-1, ::-1]
    ratio = CHANGE_SD[0] ** 2 / (base / dof)
    held = np.einsum("nii->ni", gram) + 1 / ratio[:, None]
    both, one, two = gram[:, a, b], held[:, a], held[:, b]
    determinant = np.maximum(one * two - both**2, 1e-6)
    ua, ub = u[:, a], u[:, b]
    gain = two * ua**2 + one * ub**2 - 2 * both * ua * ub
    gain /= determinant
    gain *= (-1 / base)[:, None]
    value = np.log(np.maximum(gain, -0.999 * (rss / base)[:, None]) + 1)
    value *= (-0.5 * dof)[:, None]
    value -= 0.5 * np.log(determinant * ratio[:, None] ** 2)
    value[~_allowed(used, a, b)] = -np.inf
    back = (two * ua - both * ub) * (one * ub - both * ua) < 0  # the second change goes the other way
    value += np.where(back, _RETURN, _AGAIN)
    value -= np.log(max(months - BEFORE - 2, 1) ** 2 / 2)
    peak = np.maximum(value.max(1), -1e9)
    mass = np.exp(value - peak[:, None])
    total = np.maximum(mass.sum(1), 1e-30)
    # Around the best pair alone: elsewhere one strong step goes with any other month.
    top = mass.argmax(1)
    row = np.repeat(every * months, len(a)).reshape(mass.shape)
    out = []
    for own, other in ((a, b), (b, a)):
        near = np.where(np.abs(other - other[top][:, None]) <= _AROUND, mass, 0)
        part = np.bincount((row + own).ravel(), near.ravel(), minlength=z.size).reshape(z.shape)
        out.append(part / np.maximum(part.sum(1, keepdims=True), 1e-30))
    return peak + np.log(total), *out


def _allowed(used: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Enough months with a purchase before, between and after."""
    count = np.cumsum(used, 1)
    before = count - used  # strictly before each month
    start = (before >= BEFORE) & (count[:, -1:] - before >= AFTER[0])
    return start[:, first] & start[:, second] & (before[:, second] - before[:, first] >= _APART)
