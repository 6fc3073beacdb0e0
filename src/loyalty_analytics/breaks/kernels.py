"""What a quiet client may look like and which shapes a break may have, per length of history.

A quiet client's log volume is Gaussian: a level of its own, a slow trend, a season and noise. Noise
and season come in several strengths (`NOISES`, `SEASONS`), all relative to the client's own
standard deviation. A break adds one of the `SHAPES`, starting in any month. All that depends only
on the number of months is computed once per length and kept in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

__all__ = ["CHANGE_SD", "FAMILY", "NOISES", "SEASONS", "SHAPES", "SHAPE_PRIOR", "Tables", "tables"]

# Autocorrelation of the first order; monthly innovation of a random walk; standard deviation of a
# steady yearly trend; size of a newcomer's start; log of the growth of the noise itself.
NOISES = (
    ("ar", 0.0), ("ar", 0.25), ("ar", 0.5), ("ar", 0.7),
    ("walk", 0.15), ("walk", 0.3), ("walk", 0.6), ("walk", 1.2), ("walk", 3.0),
    ("trend", 0.8), ("start", 3.0), ("uneven", 1.0),
)  # fmt: skip
# How a quiet client behaves: steady, moving (its level or its noise changes slowly), sticky (what a random walk
# looks like beside a step).
FAMILY = np.array([(2 if size > 0.6 else 0) if kind == "ar" else 1 for kind, size in NOISES])
# Standard deviation of a season's long waves (year, half-year) and short waves, in units of the noise.
SEASONS = ((0.15, 0.15), (0.8, 0.2), (2.0, 0.4), (5.0, 1.5))
_TREND = 0.2  # standard deviation of the yearly trend, in units of the noise
_STARTUP, _STARTUP_MONTHS = 0.4, 8.0  # size, in units of the noise, and length of a newcomer's start
_INNER = 0.2  # autocorrelation of the noise around a random walk

SHAPES = ("step", "decay", "deep_decay", "slope", "deep_slope", "pulse")
SHAPE_PRIOR = np.array([0.43, 0.18, 0.10, 0.08, 0.08, 0.13])
# Standard deviation of the log change, per shape.
CHANGE_SD = np.array([0.75, 0.8, 1.3, 0.8, 1.7, 0.8], dtype=np.float32)
_DECAYS = ((0.45, 3.3), (0.78, 3.8))  # share lost in the end, months to lose two thirds of it
_SLOPES = (0.5, 0.85)  # a slope is linear in money down to this share lost in the last month
_PULSES = (6, 9, 14)
RECENT, _RECENT_WEIGHT = 6, 4.0  # a break in the last months is the one that can still be mended
BEFORE, AFTER = 6, np.array([2, 2, 2, 6, 6, 6])  # months with a purchase needed on both sides, per shape


@dataclass(frozen=True, eq=False)
class Tables:
    """Everything that depends on the number of months alone.

    Attributes
    ----------
    precision : float32 array (kernels, months, months)
        Inverse covariance with the level projected out.
    logdet : float array (kernels,)
    scores : float32 array (kernels, months, shapes)
        Precision times each dated shape.
    information : float32 array (kernels, shapes)
    shapes : float32 array (months, dated shapes)
    start, end, shape : int arrays
        First month of the new regime, month of return (−1 = none), index into `SHAPES`.
    prior : float32 array
        Log prior of each dated shape.
    dates : float32 array (dated shapes, months)
        One where a dated shape starts in a month.
    """

    precision: np.ndarray
    logdet: np.ndarray
    scores: np.ndarray
    information: np.ndarray
    shapes: np.ndarray
    start: np.ndarray
    end: np.ndarray
    shape: np.ndarray
    prior: np.ndarray
    dates: np.ndarray

    @property
    def months(self) -> int:
        """Length of the histories that these tables serve."""
        return self.precision.shape[1]


def parts(months: int, noise: tuple[str, float], season: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of the slow movement (trend, walk) and of the season."""
    t = np.arange(months)
    years = (t - t.mean()) / 12
    kind, size = noise
    start = np.exp(-t / _STARTUP_MONTHS)
    newcomer = size if kind == "start" else _STARTUP
    slow = (size if kind == "trend" else _TREND) ** 2 * np.outer(years, years) + newcomer**2 * np.outer(start, start)
    if kind == "walk":
        slow = slow + size**2 * np.minimum(t[:, None], t[None, :])
    angle = 2 * np.pi * np.abs(t[:, None] - t[None, :]) / 12
    long, short = season
    waves = long**2 * np.cos(np.multiply.outer((1, 2), angle)).sum(0)
    waves = waves + short**2 * np.cos(np.multiply.outer((3, 4, 5, 6), angle)).sum(0)
    return slow, waves


def covariance(months: int, noise: tuple[str, float], season: tuple[float, float]) -> np.ndarray:
    """Covariance of a quiet client's log volume around its level, noise variance one."""
    t = np.arange(months)
    kind, size = noise
    inner = size if kind == "ar" else _INNER
    slow, waves = parts(months, noise, season)
    grown = np.exp(size * (t / max(months - 1, 1) - 0.5)) if kind == "uneven" else np.ones(months)
    return inner ** np.abs(t[:, None] - t[None, :]) * np.outer(grown, grown) + slow + waves


def dated_shapes(months: int, thin: int) -> tuple[np.ndarray, ...]:
    """Columns of all shapes at all dates, their start, end, kind and the months each stands for."""
    t = np.arange(months)
    rows: list[tuple[np.ndarray, int, int, int, int]] = []

    def add(kind: int, least: int, step: int, column: Callable[[int], np.ndarray], length: int = 0) -> None:
        step = step * thin if thin else 1
        for b in range(BEFORE, months - least + 1, step):
            rows.append((column(b), b, b + length if length else -1, kind, step))

    # A first look takes the shallow decay and the deep slope alone: the others look alike at few dates.
    decays, slopes = (1, 1) if thin else (2, 2)
    add(0, 3, 2, lambda b: (t >= b).astype(float))
    for kind, (share, pace) in list(enumerate(_DECAYS, start=1))[:decays]:
        add(kind, 3, 3, partial(_decay, t, share, pace))
    for kind, share in list(enumerate(_SLOPES, start=3))[-slopes:]:
        add(kind, 8, 4, partial(_slope, t, share))
    lengths = _PULSES[::2] if thin else _PULSES
    for length in lengths:
        add(5, length + 3, 4, partial(_pulse, t, length), length)
    columns, start, end, kind_of, stands = (np.array(part) for part in zip(*rows))
    stands = np.where(kind_of == 5, stands * len(_PULSES) / len(lengths), stands)
    return columns.T, start, end, kind_of, stands


def _decay(t: np.ndarray, share: float, pace: float, b: int) -> np.ndarray:
    return _fall(share * -np.expm1(-np.maximum(t - b + 1, 0) / pace), share)


def _slope(t: np.ndarray, share: float, b: int) -> np.ndarray:
    return _fall(share * np.maximum(t - b + 1, 0) / (len(t) - b), share)


def _pulse(t: np.ndarray, length: int, b: int) -> np.ndarray:
    return ((t >= b) & (t < b + length)).astype(float)


def _fall(gone: np.ndarray, share: float) -> np.ndarray:
    """Log of the money left, one where ``share`` of it is lost."""
    return np.log1p(-gone) / np.log1p(-share)


@lru_cache(maxsize=256)
def quiet_tables(months: int) -> tuple[np.ndarray, np.ndarray]:
    """Inverse covariance with the level projected out, and log determinant, of every quiet model."""
    precision, logdet = [], []
    for season in SEASONS:
        for noise in NOISES:
            cov = covariance(months, noise, season)
            inverse = np.linalg.inv(cov)
            ones = inverse.sum(1)
            precision.append(inverse - np.outer(ones, ones) / ones.sum())
            logdet.append(np.linalg.slogdet(cov)[1] + np.log(ones.sum()))
    return np.array(precision), np.array(logdet)


@lru_cache(maxsize=512)
def tables(months: int, thin: int = 0) -> Tables:
    """The tables of one length: every date (0), few dates for a first look (1), fewer still (2)."""
    columns, start, end, kind, stands = dated_shapes(months, thin)
    precision, logdet = quiet_tables(months)
    scores = precision @ columns
    weight = np.where(start >= months - RECENT, _RECENT_WEIGHT, 1.0) * stands
    weight = weight * SHAPE_PRIOR[kind] / max(months - BEFORE - 2, 1)
    dates = np.zeros((len(start), months), dtype=np.float32)
    dates[np.arange(len(start)), start] = 1
    return Tables(
        precision=precision.astype(np.float32),
        logdet=logdet,
        scores=scores.astype(np.float32),
        information=np.maximum((columns * scores).sum(1), 1e-4).astype(np.float32),
        shapes=columns.astype(np.float32),
        start=start,
        end=end,
        shape=kind,
        prior=np.log(weight).astype(np.float32),
        dates=dates,
    )
