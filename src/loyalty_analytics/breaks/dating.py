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
    end = (cdf[:, None, :] < (cdf[:, :-1, None] + level - 1e-9)).sum(2)  # first month after the run
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
    months = z.shape[1]
    score = (precision @ z[:, :, None])[:, :, 0]
    rss = np.maximum((score * z).sum(1), 1e-9)
    base = rss + np.float32(DOF * SD**2)
    u = score[:, ::-1].cumsum(1)[:, ::-1]
    gram = precision[:, ::-1, ::-1].cumsum(1).cumsum(2)[:, ::-1, ::-1]
    ratio = CHANGE_SD[0] ** 2 / (base / dof)
    held = np.einsum("nii->ni", gram) + 1 / ratio[:, None]
    determinant = np.maximum(held[:, :, None] * held[:, None, :] - gram**2, 1e-6)
    square = u**2
    gain = held[:, None, :] * square[:, :, None]
    gain += held[:, :, None] * square[:, None, :]
    gain -= 2 * gram * (u[:, :, None] * u[:, None, :])
    gain /= determinant
    gain *= (-1 / base)[:, None, None]
    value = np.log(np.maximum(gain, -0.999 * (rss / base)[:, None, None]) + 1)
    value *= (-0.5 * dof)[:, None, None]
    value -= 0.5 * np.log(determinant * ratio[:, None, None] ** 2)
    value[~_allowed(used)] = -np.inf
    value += 2 * np.log(1 / max(months - BEFORE - 2, 1))
    peak = np.maximum(value.max((1, 2)), -1e9)
    mass = np.exp(value - peak[:, None, None])
    total = np.maximum(mass.sum((1, 2)), 1e-30)
    # Around the best pair alone: elsewhere one strong step goes with any other month.
    top = mass.reshape(len(z), -1).argmax(1)
    t = np.arange(months)
    near = [np.abs(t - best[:, None]) <= _AROUND for best in (top // months, top % months)]
    first, second = (mass * near[1][:, None, :]).sum(2), (mass * near[0][:, :, None]).sum(1)
    first, second = (part / np.maximum(part.sum(1, keepdims=True), 1e-30) for part in (first, second))
    return Pairs(peak + np.log(total) - one, first, second)


def _allowed(used: np.ndarray) -> np.ndarray:
    """Enough months with a purchase before, between and after."""
    count = np.cumsum(used, 1)
    before = count - used  # strictly before each month
    start = (before >= BEFORE) & (count[:, -1:] - before >= AFTER[0])
    between = before[:, None, :] - before[:, :, None] >= _APART
    return start[:, :, None] & start[:, None, :] & between
