"""From money to what is scanned: logs of months with a purchase, less the market, less stray months."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from .kernels import NOISES, SEASONS, parts, tables

__all__ = ["LONGEST", "Prepared", "market_path", "prepare", "stray_months"]

LONGEST = 120  # months of history that are looked at
_PASSES = 3
_BESIDE, _BOTH = 4, 0.5  # months on each side, share of the error that both sides must show
_STRAY = 3.8  # robust standard deviations from both sides
_FLEXIBLE = SEASONS.index((0.8, 0.2)) * len(NOISES) + NOISES.index(("walk", 0.3))
_FEW = 8  # clients below which no market can be seen


@dataclass(frozen=True, eq=False)
class Prepared:
    """Arrays clients × months of the last `LONGEST` months.

    Attributes
    ----------
    log : float array
        Log of volume, less the market and the client's median; 0 where not bought.
    used : bool array
        Months that the level is judged by: bought and not stray.
    bought, known : bool arrays
    first : int array
        Month of the first purchase (number of months where none).
    centre : float array
        Median that was taken off.
    market : float array (months,)
        Log of the common path that was taken off.
    """

    log: np.ndarray
    used: np.ndarray
    bought: np.ndarray
    known: np.ndarray
    first: np.ndarray
    centre: np.ndarray
    market: np.ndarray


def prepare(values: np.ndarray, calendar: np.ndarray) -> Prepared:
    """Logs, the market's path and the first purchase."""
    known = ~np.isnan(values)
    bought = known & (values > 0)
    months = values.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(bought, np.log(values), np.nan)
    first = np.where(bought.any(1), bought.argmax(1) if months else 0, months)
    market = market_path(log, calendar) if len(values) >= _FEW else np.zeros(months)
    log = log - market
    centre = row_median(log)
    return Prepared(np.where(bought, log - centre[:, None], 0.0), bought.copy(), bought, known, first, centre, market)


def row_median(values: np.ndarray) -> np.ndarray:
    """Median of each row without its NaN (0 where there is none)."""
    if not values.shape[1]:
        return np.zeros(len(values))
    ordered = np.sort(values, axis=1)  # NaN stand last
    count = (~np.isnan(values)).sum(1)
    row = np.arange(len(values))
    low, high = ordered[row, np.maximum(count - 1, 0) // 2], ordered[row, np.minimum(count // 2, values.shape[1] - 1)]
    return np.where(count > 0, (low + high) / 2, 0.0)


def market_path(log: np.ndarray, calendar: np.ndarray) -> np.ndarray:
    """Common path of all clients: the median month of the year, and single months that stand out of it.

    Medians of rows and columns are taken off in turn (Tukey's polish). A month's own part is
    shrunk by the non-negative garrote: noise vanishes, a shock or a moving holiday stays whole.
    """
    path = np.zeros(log.shape[1])
    for _ in range(3):
        path = row_median((log - row_median(log - path)[:, None]).T)
    rest = log - row_median(log - path)[:, None] - path
    count = np.maximum((~np.isnan(rest)).sum(0), 1)
    spread = 1.4826 * float(np.median(row_median(np.abs(rest.T)))) if rest.size else 0.0
    error2 = (1.2533 * spread) ** 2 / count
    profile = np.zeros(12)
    for month in np.unique(calendar):
        same = calendar == month
        profile[month] = np.median(path[same])
    own = path - profile[calendar]
    own = own * np.maximum(1 - 4 * error2 / np.maximum(own**2, 1e-12), 0)
    own[count < _FEW] = 0
    seen = np.bincount(calendar, weights=count, minlength=12)
    season = profile - np.average(profile, weights=np.maximum(seen, 1e-9))
    error_season = (1.2533 * spread) ** 2 / np.maximum(seen, 1)
    season = season * np.maximum(1 - 4 * error_season / np.maximum(season**2, 1e-12), 0)
    return season[calendar] + own


def stray_months(log: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Single months far from what both neighbours and all the rest make expected.

    Each month is predicted from all others under a flexible quiet model (walk and season). A step
    leaves large errors of opposite signs on both its sides, a stray month stands alone. Two stray
    months side by side hide each other, so the search is repeated without those found.
    """
    stray = np.zeros(log.shape, dtype=bool)
    rows = np.arange(len(log))
    for _ in range(_PASSES):
        more = _stray(log[rows], used[rows] & ~stray[rows])
        stray[rows] |= more
        rows = rows[more.any(1)]
        if not len(rows):
            break
    return stray


def _stray(log: np.ndarray, used: np.ndarray) -> np.ndarray:
    months = log.shape[1]
    precision = tables(months, 1).precision[_FLEXIBLE]
    score, information = conditional(precision, log.astype(np.float32), used)
    error = np.where(used, score / information, 0)
    size = np.where(used, np.abs(score) / np.sqrt(information), 0)
    scale = np.maximum(1.4826 * row_median(np.where(used, size, np.nan)), 1e-6)[:, None]
    alone = size > _STRAY * scale
    for shift in (-2, -1, 1, 2):
        alone &= size >= _shifted(size, shift, 0.0)
    rows = np.flatnonzero(alone.any(1))
    if not len(rows):
        return alone
    # Far from the usual level before and after: a step is far from one of them only.
    waves = parts(months, NOISES[_FLEXIBLE % len(NOISES)], SEASONS[_FLEXIBLE // len(NOISES)])[1]
    level = np.where(used[rows], log[rows] - np.where(used[rows], score[rows], 0) @ waves, np.nan)
    sign, least = np.sign(error[rows]), _BOTH * np.abs(error[rows])
    for side in (1, -1):
        around = np.stack([_shifted(level, side * k, np.nan) for k in range(1, _BESIDE + 1)], axis=2)
        usual = row_median(around.reshape(-1, _BESIDE)).reshape(level.shape)
        alone[rows] &= np.isnan(around).all(2) | (sign * (level - usual) > least)
    return alone


def _shifted(values: np.ndarray, shift: int, empty: float) -> np.ndarray:
    """Each month's neighbour ``shift`` months before it."""
    out = np.full_like(values, empty)
    if shift > 0:
        out[:, shift:] = values[:, :-shift]
    else:
        out[:, :shift] = values[:, -shift:]
    return out


def conditional(precision: np.ndarray, log: np.ndarray, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Score and information of each used month, the others being unknown."""
    score = np.where(used, log, 0).astype(np.float32) @ precision
    information = np.broadcast_to(np.diag(precision), log.shape).copy()
    for rows, places, real in missing_groups(~used):
        block = precision[places[:, :, None], places[:, None, :]]
        inverse = masked_inverse(block, real)
        cross = precision[places] * real[:, :, None]
        weight = inverse @ cross
        right = np.take_along_axis(score[rows], places, 1) * real
        score[rows] -= np.einsum("nm,nmt->nt", right, weight)
        information[rows] -= (cross * weight).sum(1)
    score[~used], information[~used] = 0, 1
    return score, np.maximum(information, 1e-4)


def missing_groups(missing: np.ndarray, chunk: int = 64) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows with missing months in groups of like number: rows, places (padded), which places are real."""
    count = missing.sum(1)
    groups = []
    order = np.argsort(count, kind="stable")
    order = order[count[order] > 0]
    edges = [0, *np.flatnonzero(np.diff(_size_class(count[order]))) + 1, len(order)] if len(order) else []
    for low, high in itertools.pairwise(edges):
        for begin in range(low, high, chunk):
            rows = order[begin : min(begin + chunk, high)]
            most = int(count[rows].max())
            places = np.argsort(~missing[rows], axis=1, kind="stable")[:, :most]
            groups.append((rows, places, np.take_along_axis(missing[rows], places, 1)))
    return groups


def _size_class(count: np.ndarray) -> np.ndarray:
    return np.searchsorted([2, 8, 18, 30, 44], count)


def masked_inverse(block: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Inverse of the real rows and columns of each block, zero elsewhere."""
    both = real[:, :, None] & real[:, None, :]
    eye = np.eye(block.shape[-1], dtype=block.dtype)
    return np.linalg.inv(np.where(both, block, eye)) * both
