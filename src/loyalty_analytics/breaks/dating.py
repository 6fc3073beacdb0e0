"""When: one break or two, their months with intervals, shape and size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .kernels import AFTER, BEFORE, CHANGE_SD, SHAPES, tables
from .prepare import masked_inverse, missing_groups

__all__ = ["Pairs", "date_interval", "pairs"]

_NEAR = ((-2, 0.4), (-1, 0.7), (0, 1.0), (1, 0.7), (2, 0.4))
_APART = 3  # months between two breaks
_CHUNK = 128


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
    low, high = at.copy(), at.copy()
    # For each first month the shortest run that reaches the level and contains the date.
    width = np.full(len(dates), months + 1)
    for first in range(months):
        end = (cdf < (cdf[:, first] + level - 1e-9)[:, None]).sum(1)  # first month after the run
        end = np.maximum(end, at + 1)
        good = (first <= at) & (end <= months) & (end - first < width)
        width = np.where(good, end - first, width)
        low, high = np.where(good, first, low), np.where(good, end - 1, high)
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


def pairs(
    log: np.ndarray, used: np.ndarray, kernel: np.ndarray, one: np.ndarray, variance: np.ndarray, dof: np.ndarray
) -> Pairs:
    """Evidence of every pair of steps under each client's own quiet model.

    Parameters
    ----------
    log, used : arrays (clients, months)
    kernel : int array
        Quiet model of each client.
    one : float array
        Log evidence of a single break under that model relative to none.
    """
    months = log.shape[1]
    odds = np.full(len(log), -np.inf)
    first, second = np.zeros((2, len(log), months))
    for g in np.unique(kernel):
        rows = np.flatnonzero(kernel == g)
        for begin in range(0, len(rows), _CHUNK):
            part = rows[begin : begin + _CHUNK]
            value, a, b = _pairs(log[part], used[part], int(g), variance[part], dof[part])
            odds[part], first[part], second[part] = value - one[part], a, b
    return Pairs(odds, first, second)


def projected(log: np.ndarray, used: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Precision of each client with its missing months unknown."""
    full = np.repeat(precision[None], len(log), 0)
    for rows, places, real in missing_groups(~used):
        inverse = masked_inverse(precision[places[:, :, None], places[:, None, :]], real)
        cross = precision[places] * real[:, :, None]
        full[rows] -= cross.transpose(0, 2, 1) @ (inverse @ cross)
    return full


def _pairs(
    log: np.ndarray, used: np.ndarray, kernel: int, variance: np.ndarray, dof: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    months = log.shape[1]
    precision = projected(log, used, tables(months).precision[kernel])
    z = np.where(used, log, 0).astype(np.float32)
    score = (precision @ z[:, :, None])[:, :, 0]
    rss = np.maximum((score * z).sum(1), 1e-9)
    base = (variance * dof).astype(np.float32)
    u = score[:, ::-1].cumsum(1)[:, ::-1]
    gram = precision[:, ::-1, ::-1].cumsum(1).cumsum(2)[:, ::-1, ::-1]
    ratio = (CHANGE_SD[0] ** 2 / variance).astype(np.float32)
    held = np.einsum("nii->ni", gram) + 1 / ratio[:, None]
    determinant = np.maximum(held[:, :, None] * held[:, None, :] - gram**2, 1e-6)
    gain = (
        held[:, None, :] * (u**2)[:, :, None] + held[:, :, None] * (u**2)[:, None, :]
        - 2 * gram * (u[:, :, None] * u[:, None, :])
    ) / determinant  # fmt: skip
    gain = np.minimum(gain, 0.999 * rss[:, None, None])
    value = -0.5 * dof[:, None, None].astype(np.float32) * np.log1p(-gain / base[:, None, None])
    value -= 0.5 * np.log(determinant * ratio[:, None, None] ** 2)
    value[~_allowed(used)] = -np.inf
    value += 2 * np.log(1 / max(months - BEFORE - 2, 1))
    value = value.reshape(len(log), -1)
    peak = np.maximum(value.max(1), -1e9)
    mass = np.exp(value - peak[:, None]).reshape(len(log), months, months)
    total = np.maximum(mass.sum((1, 2)), 1e-30)
    return peak + np.log(total), mass.sum(2) / total[:, None], mass.sum(1) / total[:, None]


def _allowed(used: np.ndarray) -> np.ndarray:
    """Enough months with a purchase before, between and after."""
    count = np.cumsum(used, 1)
    before = count - used  # strictly before each month
    start = (before >= BEFORE) & (count[:, -1:] - before >= AFTER[0])
    between = before[:, None, :] - before[:, :, None] >= _APART
    return start[:, :, None] & start[:, None, :] & between
